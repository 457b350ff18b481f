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
        Self {
            method: String::new(),
            target: String::new(),
            minor_version: 1,
            headers: Vec::new(),
        }
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
        let numeric =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match version.split_once('.') {
            Some((major, minor)) if numeric(major) && numeric(minor) => tail,
            Some(_) | None => path,
        }
    }

    /// The path, without query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query, without its question mark; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first value of a header, if it is text. Names compare without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }
}
