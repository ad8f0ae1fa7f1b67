//! Poll dialects as data: what is asked, where an answer has its messages and its cursor, how the
//! next request says the cursor, and what counts as nothing new, as a new beginning or as an error.
//! The files are in `assets/dialects`; `generic.toml` there explains every field.

mod check;
mod error;
mod parts;
mod recognise;
mod request;
mod shelf;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use error::DialectError;
pub use parts::{
    Condition, CursorPart, Empty, Errors, Fold, Gap, Is, Lower, Made, Messages, Piece, Restart,
    RetryAfter, Rule, Separator, Source, Target, Timeout, Unit,
};
pub use recognise::Recognise;
pub use request::Request;
pub use shelf::{Known, Shelf};
pub use template::Template;

pub(super) use parts::is_one_of;

/// How an endpoint wants to be polled.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// What it is called.
    pub name: String,
    /// What it is for, in a line.
    #[serde(default)]
    pub about: String,
    /// What an answer has that gives the dialect away.
    #[serde(default)]
    pub recognise: Recognise,
    /// Values that are made at random when a session begins, by their names in templates.
    #[serde(default)]
    pub made: BTreeMap<String, Made>,
    /// Values that are kept from any answer that has them, by their names in templates.
    #[serde(default)]
    pub keep: BTreeMap<String, Source>,
    /// What is asked before anything else, and again after a restart.
    pub open: Option<Request>,
    /// What is asked again and again.
    #[serde(default)]
    pub request: Request,
    /// What is asked at once where an answer only says that there is something.
    pub fetch: Option<Request>,
    /// How what the person at the window says is sent; a plain POST unless said.
    pub send: Option<Request>,
    /// The parts of the cursor; several travel together.
    #[serde(default)]
    pub cursor: Vec<CursorPart>,
    /// Where the messages are.
    pub messages: Messages,
    /// What a piece of an answer is; the first that fits counts, and none means a message.
    #[serde(default)]
    pub piece: Vec<Piece>,
    /// What means that there is nothing new.
    #[serde(default)]
    pub empty: Empty,
    /// What means that the cursor is no longer good.
    #[serde(default)]
    pub restart: Restart,
    /// What means that something was left out.
    pub gap: Option<Gap>,
    /// Where errors are told.
    #[serde(default)]
    pub error: Errors,
    /// How long an answer may take.
    #[serde(default)]
    pub timeout: Timeout,
}

impl Dialect {
    /// The dialect of this name, the user's own before a built-in one, or in the file at this path,
    /// which has to end in `.toml` or have a slash in it.
    ///
    /// # Errors
    /// [`DialectError`], whose text says where to look.
    pub fn load(name: &str) -> Result<Self, DialectError> {
        Shelf::usual().load(name).map(|(dialect, _)| dialect)
    }

    /// Every dialect that can be named, the user's own included. Reads their folder.
    pub fn known() -> Vec<Known> {
        Shelf::usual().known()
    }

    /// Reads a dialect; `file` is what errors call it.
    ///
    /// # Errors
    /// [`DialectError::Wrong`] with line, column and field.
    pub fn parse(text: &str, file: &str) -> Result<Self, DialectError> {
        if text.len() > error::LARGEST {
            return Err(DialectError::TooLarge(file.to_owned()));
        }
        let dialect: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            DialectError::wrong(text, file, at, error.message().to_owned())
        })?;
        match dialect.check() {
            Ok(()) => Ok(dialect),
            Err(wrong) => Err(DialectError::wrong(text, file, wrong.at.byte(text), wrong.problem)),
        }
    }

    /// Whether a body, or each piece of one, has to be JSON.
    pub(super) fn wants_json(&self) -> bool {
        let is_json = |source: &Source| matches!(source, Source::Json(_));
        !self.messages.json.is_empty()
            || self.cursor.iter().any(|part| is_json(&part.from))
            || self.keep.values().any(is_json) && !self.has_prefixes()
    }

    /// Whether pieces are told apart by how they begin, so that one that fits nothing is wrong.
    pub(super) fn has_prefixes(&self) -> bool {
        self.piece.iter().any(|piece| piece.begins.is_some())
    }
}
