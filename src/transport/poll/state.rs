//! What a poll knows of its session: the cursor, what it kept from answers, what it made up.

use std::collections::BTreeMap;
use std::iter::repeat_with;

use super::cursor::{Cursor, Said};
use super::dialect::{Dialect, Made};

/// Longest value that is kept, in bytes.
const LONGEST: usize = 16 << 10;

/// Where a session stands.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) cursor: Cursor,
    made: BTreeMap<String, String>,
    kept: BTreeMap<String, String>,
    is_opened: bool,
}

impl State {
    /// A session that begins, perhaps after this cursor.
    pub(super) fn new(dialect: &Dialect, cursor: Option<&str>) -> Self {
        Self {
            cursor: Cursor::from_text(dialect, cursor),
            made: made(dialect),
            kept: BTreeMap::new(),
            is_opened: false,
        }
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self, dialect: &Dialect) {
        *self = Self::new(dialect, None);
    }

    /// Whether the server may take us for somebody it knows.
    pub(super) fn is_known(&self) -> bool {
        self.cursor.text().is_some() || !self.kept.is_empty() || self.is_opened
    }

    /// Whether the opening request comes next.
    pub(super) fn needs_opening(&self, dialect: &Dialect) -> bool {
        dialect.open.is_some()
            && !self.is_opened
            && !(self.cursor.is_known() && self.has_all(dialect))
    }

    /// Whether everything that is to be kept was there.
    fn has_all(&self, dialect: &Dialect) -> bool {
        dialect.keep.keys().all(|name| self.kept.contains_key(name))
    }

    /// Notes that the session was opened.
    ///
    /// # Errors
    /// Names what is still not known, without which the next request cannot be made.
    pub(super) fn opened(&mut self, dialect: &Dialect) -> Result<(), String> {
        self.is_opened = true;
        if let Some(name) = dialect.keep.keys().find(|name| !self.kept.contains_key(*name)) {
            return Err(name.clone());
        }
        let is_known = self.cursor.is_known() || dialect.cursor.is_empty();
        if is_known { Ok(()) } else { Err(String::from("cursor")) }
    }

    /// Keeps what an answer, or a piece of one, has to keep; whether that changed anything.
    pub(super) fn keep(&mut self, dialect: &Dialect, said: &Said<'_>) -> bool {
        let mut is_changed = false;
        for (name, source) in &dialect.keep {
            let told = said.texts(source).pop().filter(|value| value.len() <= LONGEST);
            if let Some(value) = told
                && self.kept.get(name) != Some(&value)
            {
                self.kept.insert(name.clone(), value);
                is_changed = true;
            }
        }
        is_changed
    }

    /// A value that was kept or made.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.kept.get(name).or_else(|| self.made.get(name)).map(String::as_str)
    }
}

fn made(dialect: &Dialect) -> BTreeMap<String, String> {
    let make = |made: Made| -> String {
        match made {
            Made::Digits(count) => repeat_with(|| fastrand::digit(10)).take(count.into()).collect(),
            Made::Letters(count) => repeat_with(fastrand::lowercase).take(count.into()).collect(),
        }
    };
    dialect.made.iter().map(|(name, kind)| (name.clone(), make(*kind))).collect()
}
