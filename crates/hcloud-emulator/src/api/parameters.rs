//! The query string of a request, and the id in its path.

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::{HeaderMap, header, request::Parts},
};

use super::error::ApiError;

/// A query string whose keys may be repeated, and the address it came to.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    /// Scheme, host, path and the beginning of a query with all but the page, for links to other pages.
    address: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| ApiError::invalid(error.body_text()))?;
        let query = without_page(parts.uri.query().unwrap_or_default());
        Ok(Self { pairs, address: format!("http://{}{}?{query}", host(&parts.headers), parts.uri.path()) })
    }
}

/// The parts of a query that do not say which page is wanted, as they were sent, each with an ampersand behind it.
fn without_page(query: &str) -> String {
    query
        .split('&')
        .filter(|part| !part.is_empty() && !matches!(part.split('=').next(), Some("page" | "per_page")))
        .fold(String::new(), |all, part| all + part + "&")
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost")
}

impl Parameters {
    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self { pairs, address: "http://localhost/v1/things?".to_owned() }
    }

    /// The first value of a key.
    pub(crate) fn first(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of a repeated key.
    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether `value` is among the values of a key, or the key is not there at all.
    pub(crate) fn admits(&self, key: &str, value: &str) -> bool {
        let mut wanted = self.all(key).peekable();
        wanted.peek().is_none() || wanted.any(|each| each == value)
    }

    /// A number; a fault where it is none.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, ApiError> {
        self.first(key)
            .map(|text| text.parse().map_err(|_| ApiError::invalid_field(key, "Not a valid integer.")))
            .transpose()
    }

    /// The address of another page of the same list.
    pub(crate) fn link(&self, page: u64, per_page: u64) -> String {
        format!("{}page={page}&per_page={per_page}", self.address)
    }
}

/// The ids in the path; whatever is not a number cannot be found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id<T = u64>(pub(crate) T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned + Send> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) = Path::<T>::from_request_parts(parts, state).await.map_err(|_| ApiError::no_route())?;
        Ok(Self(id))
    }
}
