//! What the API says about how many requests are left.

use jiff::Timestamp;
use reqwest::header::HeaderMap;

/// The state of the request budget, from the headers `RateLimit-Limit`, `-Remaining` and `-Reset` of an answer.
///
/// The budget is that of the whole project, 3600 requests by default, and refills by one request a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many requests the full budget holds.
    pub limit: u64,
    /// How many requests are left now.
    pub remaining: u64,
    /// When the budget will be full again, which is later than when the next request is possible.
    pub full_at: Timestamp,
}

impl RateLimit {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        Some(Self {
            limit: number("ratelimit-limit")?.try_into().ok()?,
            remaining: number("ratelimit-remaining")?.try_into().ok()?,
            full_at: Timestamp::from_second(number("ratelimit-reset")?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests;
