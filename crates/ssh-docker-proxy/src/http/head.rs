//! The heads of requests and answers.

/// The largest head that is understood, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// The greatest number of headers that is understood.
pub const MAX_HEADERS: usize = 256;

/// The head of a request, as the client sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, for instance `GET`. Empty if the client speaks something else than HTTP/1: see [`Self::is_opaque`].
    pub method: String,
    /// The target, for instance `/v1.41/containers/json?all=1`.
    pub target: String,
    /// The minor version: 0 or 1 for HTTP/1.0 or HTTP/1.1.
    pub minor_version: u8,
    /// Names and values in order of appearance. Values need not be UTF-8.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl RequestHead {
    /// Stands for bytes that are not understood as a request; they are forwarded as they are.
    #[must_use]
    pub fn opaque() -> Self {
        Self { method: String::new(), target: String::new(), minor_version: 1, headers: Vec::new() }
    }

    /// Whether the client's bytes were not understood as a request.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.method.is_empty()
    }

    /// The path, without query and without the API version that Docker clients put before it: `/v1.41/info?x` gives
    /// `/info`.
    #[must_use]
    pub fn path_without_version(&self) -> &str {
        let path = self.path();
        let Some(rest) = path.strip_prefix("/v") else {
            return path;
        };
        let Some(slash) = rest.find('/') else {
            return path;
        };
        let (version, tail) = rest.split_at(slash);
        let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match version.split_once('.') {
            Some((major, minor)) if numeric(major) && numeric(minor) => tail,
            Some(_) | None => path,
        }
    }

    /// The path, without query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query, without its question mark; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first value of a header, if it is text. Names compare without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }
}

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) minor_version: u8,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

/// What a buffer begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed<T> {
    /// The beginning of a head, as far as can be told.
    Partial,
    /// A whole head of this many bytes.
    Complete(T, usize),
    /// Something that is not understood, or a head too large to be kept.
    Opaque,
}

/// Looks for the head of a request at the beginning of `bytes`.
pub(crate) fn parse_request(bytes: &[u8]) -> Parsed<RequestHead> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let status = request.parse(bytes);
    conclude(bytes, status, || RequestHead {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        minor_version: request.version.unwrap_or_default(),
        headers: owned(request.headers),
    })
}

/// Looks for the head of an answer at the beginning of `bytes`.
pub(crate) fn parse_response(bytes: &[u8]) -> Parsed<ResponseHead> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let status = response.parse(bytes);
    conclude(bytes, status, || ResponseHead {
        status: response.code.unwrap_or_default(),
        minor_version: response.version.unwrap_or_default(),
        headers: owned(response.headers),
    })
}

/// Applies the bound on size, in such a way that the verdict does not depend on how the bytes arrived.
fn conclude<T>(bytes: &[u8], status: httparse::Result<usize>, head: impl FnOnce() -> T) -> Parsed<T> {
    match status {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD_BYTES => Parsed::Complete(head(), length),
        Ok(httparse::Status::Partial) if bytes.len() <= MAX_HEAD_BYTES => Parsed::Partial,
        Ok(httparse::Status::Complete(_) | httparse::Status::Partial) | Err(_) => Parsed::Opaque,
    }
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect()
}

#[cfg(test)]
mod tests;
