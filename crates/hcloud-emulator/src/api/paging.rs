//! Pages of a list: which part is asked for, and how the answer describes it.

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{error::ApiError, parameters::Parameters};

/// Entries on a page where the request does not say.
const DEFAULT_PER_PAGE: u64 = 25;

/// Most entries on a page.
const MAX_PER_PAGE: u64 = 50;

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    number: u64,
    size: u64,
}

/// `meta.pagination` of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Pagination {
    page: u64,
    per_page: u64,
    previous_page: Option<u64>,
    next_page: Option<u64>,
    last_page: Option<u64>,
    total_entries: Option<u64>,
}

impl Page {
    /// Reads `page` and `per_page`.
    pub(crate) fn from(parameters: &Parameters) -> Result<Self, ApiError> {
        let number = parameters.number("page")?.unwrap_or(1);
        let size = parameters.number("per_page")?.unwrap_or(DEFAULT_PER_PAGE);
        if number == 0 {
            return Err(ApiError::invalid_field("page", "Must be greater than or equal to 1."));
        }
        if !(1..=MAX_PER_PAGE).contains(&size) {
            return Err(ApiError::invalid_field("per_page", "Must be between 1 and 50."));
        }
        Ok(Self { number, size })
    }

    /// The entries on this page.
    pub(crate) fn cut<T>(self, items: Vec<T>) -> Vec<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let before = usize::try_from(self.number - 1).unwrap_or(usize::MAX).saturating_mul(size);
        items.into_iter().skip(before).take(size).collect()
    }

    /// What the answer says about a list of `total` entries.
    pub(crate) fn describe(self, total: usize) -> Pagination {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let last = total.div_ceil(self.size).max(1);
        Pagination {
            page: self.number,
            per_page: self.size,
            previous_page: (self.number > 1).then(|| self.number - 1),
            next_page: (self.number < last).then_some(self.number + 1),
            last_page: Some(last),
            total_entries: Some(total),
        }
    }
}

impl Pagination {
    /// The `Link` header.
    pub(crate) fn link(&self, parameters: &Parameters) -> String {
        [("prev", self.previous_page), ("next", self.next_page), ("last", self.last_page)]
            .into_iter()
            .filter_map(|(name, page)| {
                page.map(|page| format!("<{}>; rel=\"{name}\"", parameters.link(page, self.per_page)))
            })
            .collect::<Vec<_>>()
            .join(", ")
    }
}
