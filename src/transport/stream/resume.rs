//! Where a stream goes on after its connection was lost: what its messages tell of their place, by
//! the rules of a dialect.

use super::super::poll::{Cursor, Dialect, checked};
use crate::model::{Event, Options};
use crate::net::Ask;
use crate::transport::TransportError;

/// The dialect unless another is chosen.
const LINES: &str = include_str!("../../../assets/dialects/lines.toml");

/// A stream's cursor, and the dialect it is told and said in.
#[derive(Debug)]
pub(super) struct Resume {
    dialect: Dialect,
    cursor: Cursor,
}

/// What a message says of its place.
pub(super) struct Moved {
    pub(super) to: Cursor,
    pub(super) id: Option<Box<str>>,
    pub(super) note: Option<String>,
}

impl Resume {
    pub(super) fn new(options: &Options) -> Result<Self, TransportError> {
        let dialect = match &options.dialect {
            Some(name) => Dialect::load(name),
            None => Dialect::parse(LINES, "lines"),
        };
        let dialect = dialect.map_err(|e| TransportError::Options(e.to_string()))?;
        let cursor = Cursor::from_text(&dialect, options.last_event_id.as_deref());
        Ok(Self { dialect, cursor })
    }

    /// The cursor as text.
    pub(super) fn text(&self) -> Option<String> {
        self.cursor.text()
    }

    /// Makes a request ask for what comes after.
    pub(super) fn say(&self, ask: &mut Ask) {
        self.cursor.say(&self.dialect, ask);
    }

    /// Where a message moves the cursor, if it says so.
    pub(super) fn read(&self, message: &Event) -> Option<Moved> {
        if message.payload.first() != Some(&b'{') || message.meta().truncated.is_some() {
            return None;
        }
        let json = checked(&message.payload).ok()?;
        let id = self.dialect.messages.id.as_ref().and_then(|path| path.texts(json).pop());
        let moved = self.cursor.after_message(&self.dialect, json);
        Some(Moved { to: moved.to, id: id.map(String::into_boxed_str), note: moved.note })
    }

    /// Goes on from here.
    pub(super) fn go_on(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }
}
