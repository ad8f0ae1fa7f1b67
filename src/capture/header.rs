//! What a session file says about itself: the rows of its `session` table.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::error::CaptureError;
use crate::model::{Endpoint, Options, TransportKind};

/// How a recording ended while it has not: a file that still says so when nobody writes it was
/// left behind by a crash.
pub const RECORDING: &str = "recording";

/// The transport of a session whose address did not say, until an answer has.
pub(super) const AUTO: &str = "auto";

/// Sessions that may share a file: each of them is opened with it.
const MOST_LANES: usize = 64;

/// One of the sessions that share a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// Its transport by the word of `--transport`.
    pub transport: String,
    /// Its address without secrets.
    pub url: String,
    /// How it is called in lists.
    pub title: String,
}

impl Lane {
    /// The lane of this endpoint.
    pub fn of(endpoint: &Endpoint) -> Self {
        Self {
            transport: endpoint.resolved().map_or(AUTO, TransportKind::word).to_owned(),
            url: endpoint.redacted().url.into(),
            title: endpoint.title(),
        }
    }
}

/// What a file says about its recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// What was connected to, without secrets; `None` where the file says it in a way that is not
    /// understood.
    pub endpoint: Option<Endpoint>,
    /// The sessions in the file, by the number its events carry as their lane. At least one.
    pub lanes: Vec<Lane>,
    /// Wall clock at the start, in nanoseconds since the Unix epoch; events count from there.
    pub start_ns: i64,
    /// Version of the program that recorded it.
    pub version: String,
    /// How it ended, in a word or a sentence; [`RECORDING`] while it has not.
    pub ended: String,
}

impl Header {
    /// The header of a recording that begins with one session at wall clock `start_ns`
    /// ([`Clock::wall_ns`](crate::model::Clock::wall_ns)). Secrets are left out.
    pub fn new(endpoint: &Endpoint, start_ns: i64) -> Self {
        Self {
            endpoint: Some(endpoint.redacted()),
            lanes: vec![Lane::of(endpoint)],
            start_ns,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ended: RECORDING.to_owned(),
        }
    }

    /// The same header with one more session in the file; its lane is the next number.
    #[must_use]
    pub fn beside(mut self, endpoint: &Endpoint) -> Self {
        self.lanes.push(Lane::of(endpoint));
        self
    }

    /// Whether the recording came to its end, whatever that was.
    pub fn has_ended(&self) -> bool {
        self.ended != RECORDING
    }

    /// The word of its transport, or of the first where several share the file.
    pub fn transport(&self) -> &str {
        self.lanes.first().map_or("", |lane| lane.transport.as_str())
    }

    /// How it is called in lists.
    pub fn title(&self) -> &str {
        self.lanes.first().map_or("", |lane| lane.title.as_str())
    }

    pub(super) fn write(&self, conn: &Connection, path: &Path) -> Result<(), CaptureError> {
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let endpoint = self.endpoint.as_ref().map(Endpoint::redacted);
        let rows = || {
            conn.execute_batch("BEGIN")?;
            if let Some(endpoint) = &endpoint {
                put(conn, "endpoint", json(serde_json::to_string(endpoint)))?;
                put(conn, "options", json(serde_json::to_string(&endpoint.options)))?;
            }
            put(conn, "transport", self.transport())?;
            put(conn, "lanes", json(serde_json::to_string(&self.lanes)))?;
            put(conn, "start", self.start_ns)?;
            put(conn, "version", &self.version)?;
            put(conn, "ended", &self.ended)?;
            conn.execute_batch("COMMIT")
        };
        rows().map_err(|e| CaptureError::sqlite(path, e))
    }

    pub(super) fn write_ended(conn: &Connection, ended: &str) -> rusqlite::Result<()> {
        put(conn, "ended", ended)
    }

    /// Files a session under the transport that was chosen for it.
    pub(super) fn write_chosen(
        conn: &Connection,
        lane: u16,
        chosen: TransportKind,
    ) -> rusqlite::Result<()> {
        let mut header = Self::read_rows(conn)?;
        let Some(lane) = header.lanes.get_mut(usize::from(lane)) else { return Ok(()) };
        if lane.transport != AUTO {
            return Ok(());
        }
        chosen.word().clone_into(&mut lane.transport);
        put(conn, "transport", header.transport())?;
        put(conn, "lanes", serde_json::to_string(&header.lanes).unwrap_or_default())
    }

    /// Reads it from the file at `path`.
    pub(super) fn read(conn: &Connection, path: &Path) -> Result<Self, CaptureError> {
        let header = Self::read_rows(conn).map_err(|e| CaptureError::sqlite(path, e))?;
        if header.lanes.len() > MOST_LANES {
            return Err(CaptureError::Damaged(path.to_owned()));
        }
        Ok(header)
    }

    fn read_rows(conn: &Connection) -> rusqlite::Result<Self> {
        let mut texts: HashMap<String, String> = HashMap::new();
        let mut start_ns = 0;
        let mut query = conn.prepare("SELECT key, value FROM session")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (Ok(key), value) = (row.get::<_, String>(0), row.get_ref(1)?) else { continue };
            match value {
                ValueRef::Integer(value) if key == "start" => start_ns = value,
                ValueRef::Text(text) | ValueRef::Blob(text) => {
                    texts.insert(key, String::from_utf8_lossy(text).into_owned());
                }
                _ => {}
            }
        }
        let mut text = |key| texts.remove(key).unwrap_or_default();
        let endpoint = read_endpoint(&text("endpoint"), &text("options"));
        let transport = text("transport");
        let mut lanes: Vec<Lane> = serde_json::from_str(&text("lanes")).unwrap_or_default();
        if lanes.is_empty() {
            lanes.push(lane_without_list(transport, endpoint.as_ref()));
        }
        Ok(Self { endpoint, lanes, start_ns, version: text("version"), ended: text("ended") })
    }
}

/// Other programs may write the address alone, so that is taken as well.
fn read_endpoint(endpoint: &str, options: &str) -> Option<Endpoint> {
    if let Ok(endpoint) = serde_json::from_str(endpoint) {
        return Some(endpoint);
    }
    let mut plain = Endpoint::parse(endpoint.trim_matches('"')).ok()?;
    plain.options = serde_json::from_str::<Options>(options).unwrap_or_default();
    Some(plain)
}

fn lane_without_list(transport: String, endpoint: Option<&Endpoint>) -> Lane {
    Lane {
        transport,
        url: endpoint.map(|e| e.url.to_string()).unwrap_or_default(),
        title: endpoint.map(Endpoint::title).unwrap_or_default(),
    }
}

fn put(conn: &Connection, key: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
    conn.execute("INSERT OR REPLACE INTO session VALUES (?1, ?2)", params![key, value])?;
    Ok(())
}
