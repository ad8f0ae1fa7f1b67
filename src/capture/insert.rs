//! Puts events into the file. SQLite keeps what is bound from one row to the next, so only what
//! differs from the row before is bound again.

use std::fmt::Write as _;

use rusqlite::{Connection, Result, Statement};

use crate::model::{Dir, Event, Kind, Wire};

const INSERT: &str = "INSERT INTO event(n, t_ns, attempt, dir, kind, name, id, payload, wire, \
                      meta, lane) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// The prepared statement and what is bound to it.
#[derive(Debug)]
pub(super) struct Inserter<'conn> {
    statement: Statement<'conn>,
    attempt: Option<u32>,
    dir: Option<Dir>,
    kind: Option<Kind>,
    lane: Option<u16>,
    has_name: bool,
    has_id: bool,
    has_meta: bool,
    meta: String,
}

impl<'conn> Inserter<'conn> {
    pub(super) fn new(conn: &'conn Connection) -> Result<Self> {
        Ok(Self {
            statement: conn.prepare(INSERT)?,
            attempt: None,
            dir: None,
            kind: None,
            lane: None,
            has_name: false,
            has_id: false,
            has_meta: false,
            meta: String::new(),
        })
    }

    /// Inserts `event` as row `n`.
    pub(super) fn insert(&mut self, n: u64, lane: u16, event: &Event) -> Result<()> {
        self.statement.raw_bind_parameter(1, n.cast_signed())?;
        self.statement.raw_bind_parameter(2, event.t_ns.cast_signed())?;
        self.bind_what_rarely_changes(lane, event)?;
        self.bind_what_is_rarely_there(event)?;
        self.statement.raw_bind_parameter(8, &*event.payload)?;
        match event.wire {
            Wire::Exact(bytes) => self.statement.raw_bind_parameter(9, bytes.cast_signed())?,
            Wire::Unknown | Wire::Estimated(_) => {
                self.statement.raw_bind_parameter(9, rusqlite::types::Null)?;
            }
        }
        self.statement.raw_execute()?;
        Ok(())
    }

    fn bind_what_rarely_changes(&mut self, lane: u16, event: &Event) -> Result<()> {
        if self.attempt != Some(event.attempt) {
            self.statement.raw_bind_parameter(3, event.attempt)?;
            self.attempt = Some(event.attempt);
        }
        if self.dir != Some(event.dir) {
            self.statement.raw_bind_parameter(4, event.dir.word())?;
            self.dir = Some(event.dir);
        }
        if self.kind != Some(event.kind) {
            self.statement.raw_bind_parameter(5, event.kind.word())?;
            self.kind = Some(event.kind);
        }
        if self.lane != Some(lane) {
            self.statement.raw_bind_parameter(11, lane)?;
            self.lane = Some(lane);
        }
        Ok(())
    }

    fn bind_what_is_rarely_there(&mut self, event: &Event) -> Result<()> {
        if event.name.is_some() || self.has_name {
            self.statement.raw_bind_parameter(6, event.name.as_deref())?;
            self.has_name = event.name.is_some();
        }
        if event.id.is_some() || self.has_id {
            self.statement.raw_bind_parameter(7, event.id.as_deref())?;
            self.has_id = event.id.is_some();
        }
        let has_meta = event.meta.is_some() || matches!(event.wire, Wire::Estimated(_));
        if has_meta {
            write_meta(&mut self.meta, event);
            self.statement.raw_bind_parameter(10, self.meta.as_str())?;
        } else if self.has_meta {
            self.statement.raw_bind_parameter(10, rusqlite::types::Null)?;
        }
        self.has_meta = has_meta;
        Ok(())
    }
}

/// The details as JSON; an estimated size is one of them, so that the column `wire` adds up
/// counted bytes alone.
fn write_meta(out: &mut String, event: &Event) {
    out.clear();
    if let Some(meta) = &event.meta {
        out.push_str(&serde_json::to_string(meta).unwrap_or_else(|_| String::from("{}")));
    } else {
        out.push_str("{}");
    }
    if let Wire::Estimated(bytes) = event.wire {
        out.pop();
        let comma = if out.len() > 1 { "," } else { "" };
        let _ = write!(out, "{comma}\"wire_est\":{bytes}}}");
    }
}
