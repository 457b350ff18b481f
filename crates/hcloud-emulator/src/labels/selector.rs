//! The label selector language: `k=v`, `k==v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`, joined by commas.

use super::{Labels, key_fault, value_fault};

/// A parsed selector: all of its terms must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    terms: Vec<Term>,
}

/// One condition on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Present(String),
    Absent(String),
    In(String, Vec<String>),
    /// Holds where the key is absent, too: its value is then none of these.
    NotIn(String, Vec<String>),
}

/// The selector cannot be read; the text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SelectorError(String);

impl Selector {
    /// Reads a selector. An empty one selects everything.
    pub(crate) fn parse(text: &str) -> Result<Self, SelectorError> {
        if text.trim().is_empty() {
            return Ok(Self { terms: Vec::new() });
        }
        let terms = split_terms(text)?.into_iter().map(Term::parse).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Whether these labels fulfil every term.
    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Present(key) => labels.contains_key(key),
            Term::Absent(key) => !labels.contains_key(key),
            Term::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Term::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
        })
    }
}

/// Splits at the commas that are not inside parentheses.
fn split_terms(text: &str) -> Result<Vec<&str>, SelectorError> {
    let mut terms = Vec::new();
    let mut inside = false;
    let mut start = 0;
    for (position, character) in text.char_indices() {
        match character {
            '(' if inside => return Err(SelectorError("parentheses cannot be nested".to_owned())),
            '(' => inside = true,
            ')' if !inside => return Err(SelectorError("unexpected ')'".to_owned())),
            ')' => inside = false,
            ',' if !inside => {
                terms.push(&text[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err(SelectorError("missing ')'".to_owned()));
    }
    terms.push(&text[start..]);
    Ok(terms)
}

impl Term {
    fn parse(text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        if let Some(key) = text.strip_prefix('!') {
            return Ok(Self::Absent(key_of(key)?));
        }
        let end = text.find(|c: char| c.is_whitespace() || "=!(".contains(c)).unwrap_or(text.len());
        let (key, rest) = text.split_at(end);
        let key = key_of(key)?;
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(Self::Present(key));
        }
        if let Some(value) = rest.strip_prefix("!=") {
            return Ok(Self::NotIn(key, vec![value_of(value)?]));
        }
        if let Some(value) = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')) {
            return Ok(Self::In(key, vec![value_of(value)?]));
        }
        if let Some(set) = rest.strip_prefix("notin") {
            return Ok(Self::NotIn(key, values_of(set)?));
        }
        if let Some(set) = rest.strip_prefix("in") {
            return Ok(Self::In(key, values_of(set)?));
        }
        Err(SelectorError(format!("'{rest}' is not an operator")))
    }
}

fn key_of(text: &str) -> Result<String, SelectorError> {
    let key = text.trim();
    // A selector may name reserved keys, so only the form is of interest here.
    match key_fault(key) {
        Some(fault) if !fault.contains("reserved") => Err(SelectorError(format!("'{key}': {fault}"))),
        _ => Ok(key.to_owned()),
    }
}

fn value_of(text: &str) -> Result<String, SelectorError> {
    let value = text.trim();
    value_fault(value).map_or_else(|| Ok(value.to_owned()), |fault| Err(SelectorError(format!("'{value}': {fault}"))))
}

fn values_of(text: &str) -> Result<Vec<String>, SelectorError> {
    let inner = text
        .trim()
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .ok_or_else(|| SelectorError("a set of values must stand in parentheses".to_owned()))?;
    inner.split(',').map(value_of).collect()
}
