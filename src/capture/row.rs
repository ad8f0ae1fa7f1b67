//! Makes an event of a row again. Rows may come from a damaged file or from another program, so
//! whatever cannot be understood is said in the event's place instead of being left out.

use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Result, Row};
use serde::Deserialize;

use crate::model::{Dir, Event, Kind, Meta, Wire};

/// Columns in the order [`read`] takes them; `lane` is given apart, as it may be missing.
pub(super) const COLUMNS: &str = "n, t_ns, attempt, dir, kind, name, id, payload, wire, meta";

/// An event as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Number in the file, from 1, without gaps.
    pub n: u64,
    /// Which of the file's sessions it belongs to.
    pub lane: u16,
    /// The event.
    pub event: Event,
}

#[derive(Deserialize)]
struct Estimate {
    #[serde(default)]
    wire_est: Option<u64>,
}

/// Reads the columns of [`COLUMNS`] and the lane after them.
///
/// # Errors
/// Only where SQLite itself cannot give the row.
pub(super) fn read(row: &Row<'_>) -> Result<Recorded> {
    let n = integer(row.get_ref(0)?).unwrap_or_default();
    let (dir, kind) = (row.get_ref(3)?, row.get_ref(4)?);
    let known = word(dir).and_then(Dir::from_word).zip(word(kind).and_then(Kind::from_word));
    let mut event = match known {
        Some((dir, kind)) => Event::new(0, dir, kind),
        None => unknown(dir, kind),
    };
    event.t_ns = integer(row.get_ref(1)?).unwrap_or_default();
    event.attempt = integer(row.get_ref(2)?).and_then(|a| u32::try_from(a).ok()).unwrap_or(0);
    event.name = text(row.get_ref(5)?);
    event.id = text(row.get_ref(6)?);
    event.payload = bytes(row.get_ref(7)?);
    event.wire = integer(row.get_ref(8)?).map_or(Wire::Unknown, Wire::Exact);
    if let Some(json) = word(row.get_ref(9)?) {
        read_meta(json, &mut event);
    }
    let lane = integer(row.get_ref(10)?).and_then(|lane| u16::try_from(lane).ok());
    Ok(Recorded { n, lane: lane.unwrap_or(0), event })
}

/// Stands for a row whose direction or kind is no word of ours.
fn unknown(dir: ValueRef<'_>, kind: ValueRef<'_>) -> Event {
    let say = |value| word(value).unwrap_or("?").chars().take(40).collect::<String>();
    let cause = format!("the file has an event “{} {}” here", say(dir), say(kind));
    let hint = "the file is damaged, or was written by another program or a newer Wirescope";
    let meta = Meta { cause: Some(cause), hint: Some(hint.to_owned()), ..Meta::default() };
    Event::new(0, Dir::Local, Kind::Violation).with_meta(meta)
}

fn read_meta(json: &str, event: &mut Event) {
    if json.contains("\"wire_est\"")
        && let Ok(Estimate { wire_est: Some(bytes) }) = serde_json::from_str(json)
    {
        event.wire = Wire::Estimated(bytes);
    }
    match serde_json::from_str::<Meta>(json) {
        Ok(meta) if meta == Meta::EMPTY => {}
        // What makes a row unknown is worth more than its details.
        Ok(_) if event.meta.is_some() => {}
        Ok(meta) => event.meta = Some(Box::new(meta)),
        Err(error) => {
            let cause = Some(format!("the file's details of this event are unreadable: {error}"));
            event.meta.get_or_insert_with(|| Box::new(Meta { cause, ..Meta::default() }));
        }
    }
}

pub(super) fn integer(value: ValueRef<'_>) -> Option<u64> {
    match value {
        ValueRef::Integer(value) => u64::try_from(value).ok(),
        _ => None,
    }
}

fn word(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

fn text(value: ValueRef<'_>) -> Option<Box<str>> {
    match value {
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Some(String::from_utf8_lossy(text).into_owned().into_boxed_str())
        }
        ValueRef::Integer(number) => Some(number.to_string().into_boxed_str()),
        _ => None,
    }
}

pub(super) fn bytes(value: ValueRef<'_>) -> Bytes {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Bytes::copy_from_slice(bytes),
        ValueRef::Integer(number) => number.to_string().into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Null => Bytes::new(),
    }
}
