use proptest::prelude::*;

use super::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

#[test]
fn trailing_zeros_make_no_difference() {
    assert_eq!(amount("4.4900000000"), amount("4.49"));
    assert_eq!(amount("5.3880000000000000"), amount("5.388"));
    assert_eq!(amount("7"), amount("7.0"));
    assert_ne!(amount("0.0088"), amount("0.0088000000000001"));
    assert!(amount("0.0088") < amount("0.0088000000000001"));
}

#[test]
fn an_amount_is_shown_as_a_decimal() {
    assert_eq!(amount("4.4900000000").to_string(), "4.49");
    assert_eq!(amount("0.0088000000").to_string(), "0.0088");
    assert_eq!(amount("12.0000").to_string(), "12");
    assert_eq!(amount("-0.50").to_string(), "-0.5");
    assert_eq!(format!("{:.2}", amount("5.388")), "5.38");
    assert_eq!(format!("{:.2}", amount("5")), "5.00");
    assert_eq!(format!("{:.0}", amount("5.9")), "5");
}

#[test]
fn sums_and_products_are_exact() {
    assert_eq!(amount("0.1").plus(amount("0.2")), amount("0.3"));
    assert_eq!(amount("0.0572").times(30), amount("1.716"));
    assert!((amount("5.49").to_f64() - 5.49).abs() < f64::EPSILON);
}

#[test]
fn what_is_no_decimal_is_refused() {
    for text in ["", "-", ".5", "5.", "1e3", "1,5", " 1", "+1", "NaN", "0.1234567890123456789", "1000000000000"] {
        assert_eq!(text.parse::<Amount>(), Err(AmountError(text.to_owned())), "{text}");
    }
}

proptest! {
    // A failure is shown with its input; nothing is written into the source tree.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn showing_and_parsing_are_inverse(whole in 0_u64..1_000_000_000, fraction in "[0-9]{1,18}") {
        let value = amount(&format!("{whole}.{fraction}"));
        prop_assert_eq!(amount(&value.to_string()), value);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,40}") {
        if let Ok(value) = text.parse::<Amount>() {
            prop_assert_eq!(amount(&value.to_string()), value);
        }
    }
}

#[test]
fn an_amount_is_a_text_in_json() {
    let json = serde_json::to_string(&amount("0.0088000000")).unwrap();
    assert_eq!(json, r#""0.0088""#);
    assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount("0.0088"));
    assert!(serde_json::from_str::<Amount>("0.0088").is_err());
}
