//! The body of a request: a JSON object whose fields are checked one by one, so that all faults are named at once.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use serde_json::{Map, Value};

use super::error::{ApiError, FieldFault};
use crate::labels::{Labels, key_fault, value_fault};

/// The text the real API answers with for a field that is not there.
const MISSING: &str = "Missing data for required field.";

/// A request's JSON object, and what was found wrong with it so far.
#[derive(Debug, Default)]
pub(crate) struct Input {
    fields: Map<String, Value>,
    faults: Vec<FieldFault>,
}

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(ApiError::json)?;
        Self::parse(&bytes)
    }
}

impl Input {
    /// Reads a body; an empty one is an empty object.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        match serde_json::from_slice(bytes).map_err(ApiError::json)? {
            Value::Object(fields) => Ok(Self { fields, faults: Vec::new() }),
            _ => Err(ApiError::json("an object is expected")),
        }
    }

    /// Reads an object inside an array.
    pub(crate) fn nested(value: Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self { fields, faults: Vec::new() }),
            _ => None,
        }
    }

    /// Notes that a field is wrong.
    pub(crate) fn fault(&mut self, name: &str, message: impl Into<String>) {
        self.faults.push(FieldFault { name: name.to_owned(), message: message.into() });
    }

    /// Fails where anything was wrong.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::invalid_fields(&self.faults)) }
    }

    /// Takes a field that must be there: where it is not, notes that and gives the type's default.
    pub(crate) fn required<T: Default>(&mut self, name: &str, take: impl FnOnce(&mut Self, &str) -> Option<T>) -> T {
        if self.fields.get(name).is_none_or(|value| value.is_null() || value == "") {
            self.fault(name, MISSING);
        }
        take(self, name).unwrap_or_default()
    }

    fn take<T>(&mut self, name: &str, expected: &str, read: impl FnOnce(Value) -> Option<T>) -> Option<T> {
        let value = self.fields.remove(name).filter(|value| !value.is_null())?;
        let read = read(value);
        if read.is_none() {
            self.fault(name, format!("Not a valid {expected}."));
        }
        read
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, "string", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<u64> {
        self.take(name, "integer", |value| value.as_u64())
    }

    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name, "boolean", |value| value.as_bool())
    }

    pub(crate) fn array(&mut self, name: &str) -> Option<Vec<Value>> {
        self.take(name, "list", |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })
    }

    /// An object; faults found inside it are the caller's to merge with [`Input::adopt`].
    pub(crate) fn object(&mut self, name: &str) -> Option<Self> {
        self.take(name, "object", Self::nested)
    }

    /// Takes over the faults of an inner object, under its name.
    pub(crate) fn adopt(&mut self, name: &str, inner: Self) {
        for fault in inner.faults {
            self.fault(&format!("{name}.{}", fault.name), fault.message);
        }
    }

    /// An id or a name, as number or as string: different clients send different forms.
    pub(crate) fn reference(&mut self, name: &str) -> Option<String> {
        self.take(name, "id or name", reference)
    }

    pub(crate) fn references(&mut self, name: &str) -> Vec<String> {
        self.take(name, "list of ids or names", |value| items(value)?.into_iter().map(reference).collect())
            .unwrap_or_default()
    }

    pub(crate) fn numbers(&mut self, name: &str) -> Vec<u64> {
        self.take(name, "list of ids", |value| items(value)?.iter().map(Value::as_u64).collect()).unwrap_or_default()
    }

    pub(crate) fn labels(&mut self) -> Option<Labels> {
        let labels: Labels = self.take("labels", "object of strings", |value| match value {
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| match value {
                    Value::String(value) => Some((key, value)),
                    _ => None,
                })
                .collect(),
            _ => None,
        })?;
        for (key, value) in &labels {
            if let Some(fault) = key_fault(key).or_else(|| value_fault(value)) {
                self.fault("labels", format!("{key}: {fault}"));
            }
        }
        Some(labels)
    }
}

fn items(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

fn reference(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => number.as_u64().map(|id| id.to_string()),
        _ => None,
    }
}
