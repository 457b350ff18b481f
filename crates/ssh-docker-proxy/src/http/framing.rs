//! How long a message's body is, and what an answer means for its connection.

use super::head::{RequestHead, ResponseHead};

/// How the end of a body is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After this many bytes.
    Length(u64),
    /// By the chunked coding.
    Chunked,
    /// By the end of the stream.
    UntilClose,
    /// The head contradicts itself or names a coding that is not understood.
    Opaque,
}

/// What the headers alone say about the body.
fn declared(headers: &[(String, Vec<u8>)], minor_version: u8) -> Option<Framing> {
    let values = |name: &'static str| {
        headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    };
    let mut codings = values("transfer-encoding");
    let mut lengths = values("content-length");
    match (codings.next(), lengths.next()) {
        (None, None) => None,
        // Both at once is how requests are smuggled: whoever reads them may choose either.
        (Some(_), Some(_)) => Some(Framing::Opaque),
        (Some(coding), None) => {
            let understood = minor_version == 1 && codings.next().is_none() && coding.eq_ignore_ascii_case(b"chunked");
            Some(if understood { Framing::Chunked } else { Framing::Opaque })
        }
        (None, Some(first)) => {
            let agreed = lengths.all(|other| other == first);
            Some(length(first).filter(|_| agreed).map_or(Framing::Opaque, Framing::Length))
        }
    }
}

/// Digits and nothing else: `+5`, `5, 5` and a number beyond 64 bits are not understood.
fn length(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}

impl RequestHead {
    /// How the end of this request's body is recognised.
    pub(crate) fn framing(&self) -> Framing {
        if self.is_opaque() {
            return Framing::Opaque;
        }
        declared(&self.headers, self.minor_version).unwrap_or(Framing::Length(0))
    }

    /// Whether an old client takes the connection over after a plain `200`: `attach` and `exec` without an `Upgrade`.
    fn asks_for_takeover(&self) -> bool {
        let path = self.path_without_version();
        self.method == "POST"
            && ((path.starts_with("/containers/") && path.ends_with("/attach"))
                || (path.starts_with("/exec/") && path.ends_with("/start")))
    }
}

impl ResponseHead {
    /// Whether another head follows for the same request.
    pub(crate) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// Whether both sides may send whatever they like from here on.
    pub(crate) fn takes_over(&self, request: &RequestHead) -> bool {
        let success = (200..300).contains(&self.status);
        self.status == 101
            || (success && request.method == "CONNECT")
            || (success && request.asks_for_takeover() && declared(&self.headers, self.minor_version).is_none())
    }

    /// How the end of this answer's body is recognised.
    pub(crate) fn framing(&self, request: &RequestHead) -> Framing {
        if request.method == "HEAD" || (100..200).contains(&self.status) || matches!(self.status, 204 | 304) {
            return Framing::Length(0);
        }
        declared(&self.headers, self.minor_version).unwrap_or(Framing::UntilClose)
    }

    /// Whether the engine closes the connection after this answer.
    pub(crate) fn closes(&self) -> bool {
        closes(&self.headers, self.minor_version)
    }
}

impl RequestHead {
    /// Whether the client wants the connection closed after the answer to this request.
    pub(crate) fn closes(&self) -> bool {
        closes(&self.headers, self.minor_version)
    }
}

/// Connections stay open in HTTP/1.1 unless it is said otherwise, and close in HTTP/1.0 (RFC 9112, section 9.3).
fn closes(headers: &[(String, Vec<u8>)], minor_version: u8) -> bool {
    let option = |option: &[u8]| {
        headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
            .flat_map(|(_, value)| value.split(|byte| *byte == b','))
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(option))
    };
    if minor_version == 0 { !option(b"keep-alive") } else { option(b"close") }
}

#[cfg(test)]
mod tests;
