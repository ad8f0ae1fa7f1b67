//! What a query looks at: what the index knows of every event, and what has to be read.

use std::borrow::Cow;

use super::path::{Path, Step};
use crate::analysis::json::Number;
use crate::analysis::query::literal::Value;
use crate::model::{Dir, Event, Kind, Meta};

/// What an index knows of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Its number.
    pub n: u64,
    /// Nanoseconds since the session began.
    pub t_ns: u64,
    /// Nanoseconds since the event before it, where there is one.
    pub gap_ns: Option<u64>,
    /// Latency in microseconds, where known.
    pub latency_us: Option<u32>,
    /// Payload bytes.
    pub size: u64,
    /// Connection attempt.
    pub attempt: u32,
    /// Who it comes from.
    pub dir: Dir,
    /// What it is.
    pub kind: Kind,
}

/// The rest of an event, borrowed from wherever it is.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    /// The payload.
    pub payload: &'r [u8],
    /// Event type of a server-sent event.
    pub name: Option<&'r [u8]>,
    /// Its id, or the cursor of a poll.
    pub id: Option<&'r [u8]>,
    /// Bytes on the wire, where they were counted.
    pub wire: Option<u64>,
    /// Everything else.
    pub details: Details<'r>,
}

/// Close code, status, cause and the like.
#[derive(Debug, Clone, Copy)]
pub enum Details<'r> {
    /// As the program has them.
    Read(&'r Meta),
    /// As a session file has them, in JSON; nothing of it is read that is not asked for.
    Stored(&'r [u8]),
}

/// Which parts of a [`Row`] a query looks at; what it does not need may be left empty.
// Each is a column of the file.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The payload.
    pub payload: bool,
    /// Name and id.
    pub names: bool,
    /// Bytes on the wire.
    pub wire: bool,
    /// Details.
    pub details: bool,
}

impl Facts {
    /// What is known of an event that is whole; `before_ns` is when the one before it was.
    pub fn of(n: u64, event: &Event, before_ns: Option<u64>, latency_ms: Option<f64>) -> Self {
        Self {
            n,
            t_ns: event.t_ns,
            gap_ns: before_ns.map(|before| event.t_ns.saturating_sub(before)),
            latency_us: latency_ms.map(|ms| (ms * 1e3).max(0.0) as u32),
            size: event.payload.len() as u64,
            attempt: event.attempt,
            dir: event.dir,
            kind: event.kind,
        }
    }
}

impl<'r> From<&'r Event> for Row<'r> {
    fn from(event: &'r Event) -> Self {
        Self {
            payload: &event.payload,
            name: event.name.as_deref().map(str::as_bytes),
            id: event.id.as_deref().map(str::as_bytes),
            wire: event.wire.bytes(),
            details: Details::Read(event.meta()),
        }
    }
}

impl Row<'_> {
    /// Bytes on the wire, counted or computed.
    pub(super) fn wire(&self) -> Option<u64> {
        self.wire.or_else(|| match self.details {
            Details::Read(_) => None,
            Details::Stored(json) => stored_number(json, "wire_est"),
        })
    }
}

impl<'r> Details<'r> {
    pub(super) fn status(self) -> Option<u16> {
        match self {
            Self::Read(meta) => meta.status,
            Self::Stored(json) => stored_number(json, "status"),
        }
    }

    pub(super) fn code(self) -> Option<u16> {
        match self {
            Self::Read(meta) => meta.code,
            Self::Stored(json) => stored_number(json, "code"),
        }
    }

    pub(super) fn cause(self) -> Option<Cow<'r, str>> {
        match self {
            Self::Read(meta) => meta.cause.as_deref().map(Cow::Borrowed),
            Self::Stored(json) => stored_text(json, "cause").map(Cow::Owned),
        }
    }

    pub(super) fn reason(self) -> Option<Cow<'r, str>> {
        match self {
            Self::Read(meta) => meta.reason.as_deref().map(Cow::Borrowed),
            Self::Stored(json) => stored_text(json, "reason").map(Cow::Owned),
        }
    }
}

/// A member of details as they are stored; most have no such name, which is seen before anything is
/// read.
fn stored<T>(json: &[u8], name: &str, take: impl Fn(Value<'_>) -> Option<T>) -> Option<T> {
    memchr::memmem::find(json, name.as_bytes())?;
    let mut found = None;
    Path(vec![Step::To(name.into())]).any(json, |value| {
        found = take(value);
        true
    });
    found
}

fn stored_number<T: TryFrom<i64>>(json: &[u8], name: &str) -> Option<T> {
    stored(json, name, |value| match value {
        Value::Number(Number::Whole(number)) => T::try_from(number).ok(),
        _ => None,
    })
}

fn stored_text(json: &[u8], name: &str) -> Option<String> {
    stored(json, name, |value| match value {
        Value::Text(text) => Some(text.to_owned()),
        _ => None,
    })
}
