//! Reads rows for a search: only the columns it looks at, without a copy of what lies on a page.

use std::borrow::Cow;

use rusqlite::types::ValueRef;
use rusqlite::{Result, Row};

use super::row::{bytes, integer};

/// Columns to read; those that are not wanted are given as if there were nothing in them.
// Each is a column of the file.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// The payload.
    pub payload: bool,
    /// Name and id.
    pub names: bool,
    /// Bytes on the wire.
    pub wire: bool,
    /// The details, which are JSON.
    pub meta: bool,
}

/// Parts of an event as they stand in the file.
#[derive(Debug)]
pub struct Parts<'r> {
    /// Number in the file.
    pub n: u64,
    /// The payload.
    pub payload: Cow<'r, [u8]>,
    /// Event type of a server-sent event.
    pub name: Option<Cow<'r, [u8]>>,
    /// Its id, or the cursor of a poll.
    pub id: Option<Cow<'r, [u8]>>,
    /// Counted bytes on the wire.
    pub wire: Option<u64>,
    /// The details, in JSON.
    pub meta: Option<&'r [u8]>,
}

impl Columns {
    /// A query for the first `?3` rows from number `?1` to `?2`.
    pub(super) fn query(self) -> String {
        let or_null = |wanted: bool, column: &'static str| if wanted { column } else { "NULL" };
        format!(
            "SELECT n, {}, {}, {}, {}, {} FROM event WHERE n >= ?1 AND n <= ?2 ORDER BY n LIMIT ?3",
            or_null(self.payload, "payload"),
            or_null(self.names, "name"),
            or_null(self.names, "id"),
            or_null(self.wire, "wire"),
            or_null(self.meta, "meta"),
        )
    }
}

impl<'r> Parts<'r> {
    /// Reads a row of [`Columns::query`].
    pub(super) fn read(row: &'r Row<'_>) -> Result<Self> {
        Ok(Self {
            n: integer(row.get_ref(0)?).unwrap_or_default(),
            payload: borrowed(row.get_ref(1)?).unwrap_or_default(),
            name: borrowed(row.get_ref(2)?),
            id: borrowed(row.get_ref(3)?),
            wire: integer(row.get_ref(4)?),
            meta: match row.get_ref(5)? {
                ValueRef::Text(json) => Some(json),
                _ => None,
            },
        })
    }
}

/// What another program wrote as a number is taken as its digits, as everywhere.
fn borrowed(value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Text(text) | ValueRef::Blob(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(bytes(other).into())),
    }
}
