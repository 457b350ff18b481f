use proptest::prelude::*;

use super::*;

#[test]
fn white_space_around_a_token_is_ignored() {
    let token: ApiToken = " \tabc123\n".parse().unwrap();
    assert_eq!(token.expose(), "abc123");
}

#[test]
fn the_text_that_is_given_on_stays_wrapped() {
    let token: ApiToken = "abc123".parse().unwrap();
    assert_eq!(token.as_secret().expose_secret(), "abc123");
    assert!(!format!("{:?}", token.as_secret()).contains("abc123"));
}

#[test]
fn texts_that_cannot_be_a_token_are_refused() {
    for (text, expected) in [
        ("", TokenError::Empty),
        (" \n", TokenError::Empty),
        ("abc def", TokenError::WhiteSpace),
        ("abc\ndef", TokenError::WhiteSpace),
        ("abc\u{7}def", TokenError::NotPrintable),
        ("abc\0", TokenError::NotPrintable),
        ("schlüssel", TokenError::NotPrintable),
    ] {
        assert_eq!(text.parse::<ApiToken>().unwrap_err(), expected, "{text:?}");
    }
}

proptest! {
    // A failure is shown with its input; nothing is written into the source tree.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_token_is_never_shown(text in "[A-Za-z0-9]{32,64}") {
        let token: ApiToken = text.parse().unwrap();
        let shown = format!("{token} {token:?} {token:#?}");
        prop_assert!(!shown.contains(&text));
    }

    #[test]
    fn an_error_never_shows_the_text(text in "[a-z0-9]{16} [a-z0-9]{16}\u{7}?") {
        let error = text.parse::<ApiToken>().unwrap_err();
        let shown = format!("{error} {error:?}");
        prop_assert!(!shown.contains(&text[..16]));
    }
}
