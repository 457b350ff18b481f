//! Lists that come in pages.

use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    Error, Operation,
    transport::{Query, Transport},
};

/// Entries on a page: the most that the API gives.
const PER_PAGE: u32 = 50;
/// The most pages that are read. Ten thousand entries are far beyond the limits of any project.
const MAX_PAGES: u32 = 200;

/// One page of a list, which carries its entries under the name of the resource.
pub(crate) trait Page: DeserializeOwned {
    /// What is listed.
    type Item;

    /// The entries, and where the page stands in the list.
    fn into_parts(self) -> (Vec<Self::Item>, Meta);
}

/// Where a page stands in its list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Debug, Deserialize)]
struct Pagination {
    #[serde(default)]
    next_page: Option<u32>,
}

/// Reads all the pages of a list.
pub(crate) async fn all<P: Page>(transport: &Transport, path: &str, filter: Query) -> Result<Vec<P::Item>, Error> {
    let mut items = Vec::new();
    let mut number = 1;
    let mut pages = 0;
    while pages < MAX_PAGES {
        pages += 1;
        let mut query = filter.clone();
        query.push(("page", number.to_string()));
        query.push(("per_page", PER_PAGE.to_string()));
        let page: P = transport.get(path, &query).await?;
        let (entries, meta) = page.into_parts();
        items.extend(entries);
        match meta.pagination.and_then(|pagination| pagination.next_page) {
            Some(next) if next > number => number = next,
            // A list that goes in circles has no end.
            Some(_) => break,
            None => return Ok(items),
        }
    }
    Err(Error::TooManyPages { operation: Operation::new(Method::GET, path), pages })
}

/// Declares the page of a resource: the type of its entries and the name that the list has in the answer.
macro_rules! page {
    ($page:ident, $field:ident: $item:ty) => {
        #[derive(serde::Deserialize)]
        struct $page {
            $field: Vec<$item>,
            #[serde(default, deserialize_with = "crate::decode::null_as_default")]
            meta: crate::paging::Meta,
        }

        impl crate::paging::Page for $page {
            type Item = $item;

            fn into_parts(self) -> (Vec<Self::Item>, crate::paging::Meta) {
                (self.$field, self.meta)
            }
        }
    };
}

pub(crate) use page;

/// Adds a parameter that has a value.
pub(crate) fn add(query: &mut Query, name: &'static str, value: Option<&impl ToString>) {
    if let Some(value) = value {
        query.push((name, value.to_string()));
    }
}
