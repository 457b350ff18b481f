use proptest::prelude::*;

use super::*;

/// Feeds `bytes` in the given portions and returns how many were taken for the message.
fn feed(framing: Framing, bytes: &[u8], portions: &[usize]) -> (usize, BodyScanner) {
    let mut scanner = BodyScanner::new(framing);
    let mut taken = 0;
    let mut rest = bytes;
    let mut portions = portions.iter().copied().cycle();
    while !rest.is_empty() && !scanner.is_done() {
        let portion = portions.next().unwrap_or(1).clamp(1, rest.len());
        let (now, later) = rest.split_at(portion);
        let here = scanner.scan(now);
        taken += here;
        if here < now.len() {
            assert!(scanner.is_done(), "bytes are left over only behind the end");
        }
        rest = later;
    }
    (taken, scanner)
}

fn chunked(chunks: &[Vec<u8>], extension: &str, trailers: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
        bytes.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n");
    for trailer in trailers {
        bytes.extend(format!("{trailer}\r\n").bytes());
    }
    bytes.extend(b"\r\n");
    bytes
}

#[test]
fn a_body_may_be_empty() {
    assert!(BodyScanner::new(Framing::Length(0)).is_done());
    assert_eq!(feed(Framing::Chunked, b"0\r\n\r\nGET /", &[1]).0, 5);
    assert!(!BodyScanner::new(Framing::Length(1)).may_end());
    assert!(BodyScanner::new(Framing::UntilClose).may_end());
}

#[test]
fn bad_chunks_are_let_through() {
    let endless_size = format!("1;{}", "x".repeat(MAX_LINE));
    let endless_trailer = format!("0\r\nX: {}", "x".repeat(MAX_LINE));
    for bytes in [
        "x\r\n",
        "\r\n",
        "-1\r\n",
        "0x5\r\nhello\r\n",
        "5\r\nhelloX",
        "5\r\nhello\rX",
        "fffffffffffffffff\r\n",
        ";x\r\n",
        &endless_size,
        &endless_trailer,
    ] {
        let bytes = format!("{bytes}{}", "tail".repeat(10));
        let (taken, scanner) = feed(Framing::Chunked, bytes.as_bytes(), &[7, 3]);
        assert!(scanner.is_opaque(), "{bytes:.40}");
        assert_eq!(taken, bytes.len());
    }
}

proptest! {
    #[test]
    fn a_length_ends_where_it_says(length in 0usize..300, extra in 0usize..50, portions in prop::collection::vec(1usize..40, 1..6)) {
        let (taken, scanner) = feed(Framing::Length(length as u64), &vec![7; length + extra], &portions);
        prop_assert_eq!(taken, length);
        prop_assert!(scanner.is_done());
    }

    #[test]
    fn chunks_end_in_the_same_place_however_they_arrive(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8),
        extension in "(;[a-z]{1,5}(=[a-z]{0,3})?)?| ",
        trailers in prop::collection::vec("[A-Za-z]{1,9}: [ -~]{0,12}", 0..3),
        tail in prop::collection::vec(any::<u8>(), 0..30),
        portions in prop::collection::vec(1usize..40, 1..6),
    ) {
        let mut bytes = chunked(&chunks, &extension, &trailers);
        let length = bytes.len();
        bytes.extend(tail);
        let (taken, scanner) = feed(Framing::Chunked, &bytes, &portions);
        prop_assert_eq!(taken, length);
        prop_assert!(scanner.is_done());
        let (taken, scanner) = feed(Framing::Chunked, &bytes[..length - 1], &portions);
        prop_assert_eq!(taken, length - 1);
        prop_assert!(!scanner.is_done() && !scanner.may_end());
    }

    #[test]
    fn garbage_is_cut_the_same_however_it_arrives(bytes in prop::collection::vec(prop::sample::select(b"05af;\r\n x".to_vec()), 0..200), portions in prop::collection::vec(1usize..9, 1..6)) {
        let whole = feed(Framing::Chunked, &bytes, &[bytes.len().max(1)]);
        let parts = feed(Framing::Chunked, &bytes, &portions);
        prop_assert_eq!(whole.0, parts.0);
        prop_assert_eq!(whole.1.state, parts.1.state);
    }
}
