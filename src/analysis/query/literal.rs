//! Values as they are written in a query and found in a payload, and how they compare: numbers as
//! numbers, text as text, and nothing with what is of another type.

use std::cmp::Ordering;
use std::fmt;

use super::pattern::Glob;
use crate::analysis::json::Number;

/// A value in a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// Text.
    Text(String),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl Literal {
    /// What a word without quotes stands for.
    pub(super) fn of_word(word: &str) -> Self {
        match word {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            "null" => Self::Null,
            _ => Number::parse(word).map_or_else(|| Self::Text(word.to_owned()), Self::Number),
        }
    }
}

/// A value of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'v> {
    /// Text of a JSON field.
    Text(&'v str),
    /// Text that may stand for a number, as ids do.
    Loose(&'v [u8]),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// An object or a list.
    Nested,
}

impl<'v> Value<'v> {
    /// Its text, where it is one.
    pub(super) fn text(self) -> Option<&'v [u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Loose(text) => Some(text),
            _ => None,
        }
    }

    /// How it compares with what a query holds; `None` where the types differ.
    pub(super) fn compare(self, with: &Literal) -> Option<Ordering> {
        match (self, with) {
            (Self::Text(text), Literal::Text(other)) => Some(text.cmp(other)),
            (Self::Number(number), Literal::Number(other)) => number.compare(*other),
            (Self::Bool(is), Literal::Bool(other)) => Some(is.cmp(other)),
            (Self::Null, Literal::Null) => Some(Ordering::Equal),
            (Self::Loose(text), Literal::Text(other)) => Some(text.cmp(other.as_bytes())),
            (Self::Loose(text), Literal::Number(other)) => {
                Number::parse(std::str::from_utf8(text).ok()?)?.compare(*other)
            }
            (Self::Loose(text), Literal::Bool(_) | Literal::Null) => {
                let other = with.to_string();
                Some(text.cmp(other.as_bytes()))
            }
            _ => None,
        }
    }

    /// Whether it is like this, whatever its type.
    pub(super) fn is_like(self, glob: &Glob) -> bool {
        match self {
            Self::Text(text) => glob.matches(text.as_bytes()),
            Self::Loose(text) => glob.matches(text),
            Self::Number(number) => {
                let same = || Number::parse(glob.text())?.compare(number);
                same() == Some(Ordering::Equal) || glob.matches(number.to_string().as_bytes())
            }
            Self::Bool(is) => glob.matches(is.to_string().as_bytes()),
            Self::Null => glob.matches(b"null"),
            Self::Nested => glob.matches_all(),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => number.fmt(f),
            Self::Bool(is) => is.fmt(f),
            Self::Null => f.write_str("null"),
        }
    }
}
