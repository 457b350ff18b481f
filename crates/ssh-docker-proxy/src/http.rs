//! As much of HTTP/1.1 as it takes to know where messages begin and end.

pub mod head;

pub(crate) mod body;
pub(crate) mod framing;
