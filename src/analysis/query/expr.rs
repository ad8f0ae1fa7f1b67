//! A query as it was understood: conditions joined by and, or and not. Shown as it is grouped, which
//! is what tests read.

use std::fmt;

use super::literal::Literal;
use super::path::Path;
use super::pattern::{Glob, Pattern};
use crate::model::{Dir, Kind};

/// A condition, or several.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    /// All of them; none at all lets everything through.
    All(Vec<Expr>),
    /// One of them.
    Any(Vec<Expr>),
    /// Not this one.
    Not(Box<Expr>),
    /// A single one.
    Term(Term),
}

/// A single condition.
#[derive(Debug, Clone)]
pub(super) enum Term {
    /// Occurs anywhere, whatever the case of ASCII letters.
    Word(String),
    /// Matches anywhere.
    Regex(Pattern),
    /// Is of one of these kinds.
    Kind(Vec<Kind>),
    /// Comes from one of these.
    Dir(Vec<Dir>),
    /// A number of the event is so.
    Number(NumberField, NumberTest),
    /// A text of the event is so.
    Text(TextField, Test),
    /// A field of the payload's JSON is so.
    Json(Path, Test),
}

/// Numbers that events have. Sizes are in bytes, times in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberField {
    /// Number of the event.
    N,
    /// Connection attempt.
    Attempt,
    /// Time since the session began.
    T,
    /// Time since the event before it.
    Gap,
    /// Latency.
    Latency,
    /// Payload bytes.
    Size,
    /// Bytes on the wire.
    Wire,
    /// HTTP status.
    Status,
    /// Close code.
    Code,
}

impl NumberField {
    /// Its name in queries.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::N => "n",
            Self::Attempt => "attempt",
            Self::T => "t",
            Self::Gap => "gap",
            Self::Latency => "latency",
            Self::Size => "size",
            Self::Wire => "wire",
            Self::Status => "status",
            Self::Code => "code",
        }
    }
}

/// Texts that events have beside their payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextField {
    /// Event type of a server-sent event.
    Name,
    /// Id of a server-sent event, or a poll's cursor.
    Id,
}

impl TextField {
    /// Its name in queries.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Id => "id",
        }
    }
}

/// How two values are to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Op {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    /// Whether it asks for more or less rather than the same.
    pub(super) const fn is_order(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }

    /// Whether values that compare so are meant; `None` are values that do not compare.
    pub(super) fn takes(self, found: Option<std::cmp::Ordering>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self {
            Self::Eq => found == Some(Equal),
            Self::Ne => found != Some(Equal),
            Self::Lt => found == Some(Less),
            Self::Le => matches!(found, Some(Less | Equal)),
            Self::Gt => found == Some(Greater),
            Self::Ge => matches!(found, Some(Greater | Equal)),
        }
    }
}

/// What a number has to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NumberTest {
    /// There at all.
    Known,
    /// In this relation to another.
    Is(Op, f64),
    /// Within one of these, ends included.
    OneOf(Vec<(f64, f64)>),
    /// Known, but within none of these.
    NoneOf(Vec<(f64, f64)>),
}

/// What a value has to be.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// There at all.
    Known,
    /// In this relation to another, of the same type.
    Is(Op, Literal),
    /// Like one of these, whatever its type and case.
    Like(Vec<Glob>),
    /// One of these.
    OneOf(Vec<Literal>),
    /// A text that holds this, whatever its case.
    Has(String),
    /// A text that matches.
    Matches(Pattern),
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |f: &mut fmt::Formatter<'_>, name: &str, parts: &[Self]| {
            write!(f, "({name}")?;
            parts.iter().try_for_each(|part| write!(f, " {part}"))?;
            f.write_str(")")
        };
        match self {
            Self::All(parts) => group(f, "and", parts),
            Self::Any(parts) => group(f, "or", parts),
            Self::Not(part) => write!(f, "(not {part})"),
            Self::Term(term) => term.fmt(f),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |words: Vec<&str>| words.join(" ");
        match self {
            Self::Word(word) => write!(f, "{word:?}"),
            Self::Regex(pattern) => pattern.fmt(f),
            Self::Kind(kinds) => {
                let others = || Kind::ALL.into_iter().filter(|kind| !kinds.contains(kind));
                let of = |kinds: Vec<Kind>| words(kinds.iter().map(|kind| kind.word()).collect());
                if kinds.len() * 2 > Kind::ALL.len() {
                    write!(f, "(kind not {})", of(others().collect()))
                } else {
                    write!(f, "(kind {})", of(kinds.clone()))
                }
            }
            Self::Dir(dirs) => {
                write!(f, "(dir {})", words(dirs.iter().map(|dir| dir.word()).collect()))
            }
            Self::Number(field, test) => write!(f, "({} {test})", field.name()),
            Self::Text(field, test) => write!(f, "({} {test})", field.name()),
            Self::Json(path, test) => write!(f, "({path} {test})"),
        }
    }
}

impl fmt::Display for NumberTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = |f: &mut fmt::Formatter<'_>, ranges: &[(f64, f64)]| {
            ranges.iter().try_for_each(|(low, high)| match low.total_cmp(high) {
                std::cmp::Ordering::Equal => write!(f, " {low}"),
                _ => write!(f, " {low}..{high}"),
            })
        };
        match self {
            Self::Known => f.write_str("known"),
            Self::Is(op, value) => write!(f, "{} {value}", op.sign()),
            Self::OneOf(values) => f.write_str("in").and_then(|()| ranges(f, values)),
            Self::NoneOf(values) => f.write_str("not in").and_then(|()| ranges(f, values)),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known => f.write_str("known"),
            Self::Is(op, value) => write!(f, "{} {value}", op.sign()),
            Self::Like(globs) => {
                f.write_str("like")?;
                globs.iter().try_for_each(|glob| write!(f, " {glob}"))
            }
            Self::OneOf(values) => {
                f.write_str("in")?;
                values.iter().try_for_each(|value| write!(f, " {value}"))
            }
            Self::Has(text) => write!(f, "has {text:?}"),
            Self::Matches(pattern) => write!(f, "~ {pattern}"),
        }
    }
}
