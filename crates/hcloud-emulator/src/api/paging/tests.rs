use proptest::prelude::*;

use super::{Page, Parameters};

fn page(pairs: &[(&str, &str)]) -> Page {
    Page::from(&Parameters::of(pairs)).unwrap()
}

#[test]
fn the_first_page_has_twenty_five_entries() {
    let page = page(&[]);
    assert_eq!(page.cut((0..60).collect()), (0..25).collect::<Vec<_>>());
    let described = page.describe(60);
    assert_eq!((described.previous_page, described.next_page, described.last_page), (None, Some(2), Some(3)));
}

#[test]
fn an_empty_list_still_has_a_last_page() {
    let described = page(&[]).describe(0);
    assert_eq!((described.next_page, described.last_page, described.total_entries), (None, Some(1), Some(0)));
}

#[test]
fn the_link_header_names_the_other_pages() {
    let parameters = Parameters::of(&[("page", "2"), ("per_page", "5")]);
    let link = Page::from(&parameters).unwrap().describe(30).link(&parameters);
    assert_eq!(
        link,
        "<http://localhost/v1/things?page=1&per_page=5>; rel=\"prev\", \
         <http://localhost/v1/things?page=3&per_page=5>; rel=\"next\", \
         <http://localhost/v1/things?page=6&per_page=5>; rel=\"last\""
    );
}

#[test]
fn wrong_numbers_are_refused() {
    for pair in [("page", "0"), ("page", "-1"), ("page", "x"), ("per_page", "0"), ("per_page", "51"), ("per_page", "")]
    {
        assert!(Page::from(&Parameters::of(&[pair])).is_err(), "{pair:?}");
    }
}

proptest! {
    #[test]
    fn all_pages_together_are_the_list(total in 0_usize..300, size in 1_u64..=50) {
        let mut seen = Vec::new();
        let mut next = Some(1);
        while let Some(number) = next {
            let page = Page { number, size };
            seen.extend(page.cut((0..total).collect()));
            next = page.describe(total).next_page;
        }
        prop_assert_eq!(seen, (0..total).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_far_behind_the_end_is_empty(number in 1_000_u64..) {
        let far = Page { number, size: 50 };
        prop_assert!(far.cut((0..10).collect::<Vec<_>>()).is_empty());
    }
}
