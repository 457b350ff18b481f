//! Lists: filtered by name and labels, sorted, and sent page by page.

use std::cmp::Ordering;

use axum::http::{HeaderValue, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    error::ApiError,
    paging::Page,
    parameters::Parameters,
    reply::{self, Reply},
};
use crate::labels::{Labels, Selector};

/// A key a list can be sorted by, and the order it stands for.
pub(crate) type SortKey<T> = (&'static str, fn(&T, &T) -> Ordering);

/// A list on its way to the client.
#[derive(Debug)]
pub(crate) struct Listing<'a, T> {
    items: Vec<&'a T>,
    parameters: &'a Parameters,
}

impl<'a, T> Listing<'a, T> {
    /// Starts with all items.
    pub(crate) fn new(items: impl IntoIterator<Item = &'a T>, parameters: &'a Parameters) -> Self {
        Self { items: items.into_iter().collect(), parameters }
    }

    /// Keeps the items that `keep` admits.
    pub(crate) fn filter(mut self, keep: impl Fn(&T) -> bool) -> Self {
        self.items.retain(|item| keep(item));
        self
    }

    /// Keeps the items whose text is what the parameter `key` asks for, where it asks.
    pub(crate) fn matching(self, key: &str, text: impl Fn(&T) -> &str) -> Self {
        let parameters = self.parameters;
        self.filter(|item| parameters.admits(key, text(item)))
    }

    /// Keeps the items that `label_selector` selects.
    pub(crate) fn labelled(self, labels: impl Fn(&T) -> &Labels) -> Result<Self, ApiError> {
        let Some(text) = self.parameters.first("label_selector") else {
            return Ok(self);
        };
        let selector =
            Selector::parse(text).map_err(|error| ApiError::invalid_field("label_selector", error.to_string()))?;
        Ok(self.filter(|item| selector.matches(labels(item))))
    }

    /// Sorts by the `sort` parameters, the first one counting most.
    pub(crate) fn sorted(mut self, keys: &[SortKey<T>]) -> Result<Self, ApiError> {
        let mut order = Vec::new();
        for wanted in self.parameters.all("sort") {
            let (name, reverse) = match wanted.split_once(':') {
                None | Some((_, "asc")) => (wanted.trim_end_matches(":asc"), false),
                Some((name, "desc")) => (name, true),
                Some(_) => return Err(unknown_sort(wanted)),
            };
            let (_, compare) = keys.iter().find(|(key, _)| *key == name).ok_or_else(|| unknown_sort(wanted))?;
            order.push((compare, reverse));
        }
        self.items.sort_by(|one, two| {
            order.iter().fold(Ordering::Equal, |so_far, (compare, reverse)| {
                let this = compare(one, two);
                so_far.then(if *reverse { this.reverse() } else { this })
            })
        });
        Ok(self)
    }

    /// Sends the page that is asked for, under `key`.
    pub(crate) fn reply<W: Serialize>(self, key: &str, render: impl Fn(&T) -> W) -> Reply {
        let page = Page::from(self.parameters)?;
        let pagination = page.describe(self.items.len());
        let entries: Vec<Value> = page.cut(self.items).into_iter().map(|item| json!(render(item))).collect();
        let mut response = reply::ok(&json!({key: entries, "meta": {"pagination": pagination}}))?;
        if let Ok(link) = HeaderValue::from_str(&pagination.link(self.parameters)) {
            response.headers_mut().insert(header::LINK, link);
        }
        Ok(response)
    }
}

fn unknown_sort(wanted: &str) -> ApiError {
    ApiError::invalid_field("sort", format!("'{wanted}' is not a valid sort order."))
}
