use super::*;

#[test]
fn pauses_double_up_to_a_minute() {
    let seconds: Vec<_> = [0, 1, 2, 3, 4, 5, 6, 7, u32::MAX].map(|failures| pause(failures).as_secs()).into();
    assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}
