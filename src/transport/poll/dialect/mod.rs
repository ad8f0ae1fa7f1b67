//! Poll dialects as data: where an answer has its messages and its cursor, how the next request
//! says the cursor, and what counts as nothing new. The files are in `assets/dialects`.

mod recognise;

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::path::JsonPath;
pub use recognise::Recognise;

const GENERIC: &str = include_str!("../../../../assets/dialects/generic.toml");
const NCHAN: &str = include_str!("../../../../assets/dialects/nchan.toml");
/// The dialects that come with Wirescope.
const BUILT_IN: [(&str, &str); 2] = [("nchan", NCHAN), ("generic", GENERIC)];

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
    /// The parts of the cursor; several travel together.
    #[serde(default)]
    pub cursor: Vec<CursorPart>,
    /// Where the messages are.
    pub messages: Messages,
    /// What means that there is nothing new.
    #[serde(default)]
    pub empty: Empty,
    /// What means that the cursor is no longer good.
    #[serde(default)]
    pub restart: Restart,
    /// How long an answer may take.
    #[serde(default)]
    pub timeout: Timeout,
}

/// A part of the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CursorPart {
    /// Where an answer has it.
    pub from: Source,
    /// Which of several values counts.
    #[serde(default)]
    pub fold: Fold,
    /// Where a request says it.
    pub to: Vec<Target>,
}

/// A place in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A path in its JSON body.
    Json(JsonPath),
    /// A header field.
    Header(String),
}

/// A place in a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A parameter of the query.
    Query(String),
    /// A header field.
    Header(String),
}

/// Which of several values becomes the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fold {
    /// The last one in the answer.
    #[default]
    Last,
    /// The largest number.
    Max,
    /// One more than the largest number.
    Next,
}

/// Where an answer has its messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// Paths in its JSON body; the first that is there is taken.
    #[serde(default)]
    pub json: Vec<JsonPath>,
    /// Where none of them is there, the whole body is one message.
    #[serde(default)]
    pub body: bool,
    /// Path of a message's id, within the message.
    pub id: Option<JsonPath>,
}

/// Answers that mean that there is nothing new, besides an empty list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {
    /// HTTP statuses.
    #[serde(default)]
    pub status: Vec<u16>,
}

/// Answers that mean that the cursor is no longer good.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// HTTP statuses.
    #[serde(default)]
    pub status: Vec<u16>,
    /// A number lower than the cursor.
    #[serde(default)]
    pub lower: bool,
}

/// How long an answer may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeout {
    /// The longest the server holds a request.
    #[serde(deserialize_with = "duration")]
    pub hold: Duration,
    /// What the way there and back may take besides.
    #[serde(deserialize_with = "duration")]
    pub slack: Duration,
}

impl Default for Timeout {
    fn default() -> Self {
        Self { hold: Duration::from_secs(90), slack: Duration::from_secs(30) }
    }
}

/// A dialect that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialectError {
    /// There is none of that name.
    #[error(
        "there is no poll dialect “{0}”; use {known}, or a path to a .toml file",
        known = known()
    )]
    Unknown(String),
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, String),
    /// The file is not a dialect.
    #[error("{file}, line {line}, {field}: {problem}")]
    Wrong {
        /// The file.
        file: String,
        /// Line in it, from 1.
        line: usize,
        /// The field or table.
        field: String,
        /// What is wrong and what was expected.
        problem: String,
    },
}

impl Dialect {
    /// The dialect of this name, or in the file at this path, which has to end in `.toml`.
    ///
    /// # Errors
    /// [`DialectError`], whose text says where to look.
    pub fn load(name: &str) -> Result<Self, DialectError> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Self::parse(text, name);
        }
        let is_file = std::path::Path::new(name).extension().is_some_and(|end| end == "toml");
        if !is_file {
            return Err(DialectError::Unknown(name.to_owned()));
        }
        let text = std::fs::read_to_string(name)
            .map_err(|error| DialectError::Unreadable(name.to_owned(), error.to_string()))?;
        Self::parse(&text, name)
    }

    /// Reads a dialect; `file` is what errors call it.
    ///
    /// # Errors
    /// [`DialectError::Wrong`] with line and field.
    pub fn parse(text: &str, file: &str) -> Result<Self, DialectError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let field = field_at(text, line);
            let problem = error.message().to_owned();
            DialectError::Wrong { file: file.to_owned(), line, field, problem }
        })
    }

    /// Those that come with Wirescope, the more particular first.
    fn built_in() -> impl Iterator<Item = Self> {
        // A test reads them all, so none is left out here.
        BUILT_IN.into_iter().filter_map(|(name, text)| Self::parse(text, name).ok())
    }

    /// Whether a body has to be JSON.
    pub(super) fn wants_json(&self) -> bool {
        !self.messages.json.is_empty()
            || self.cursor.iter().any(|part| matches!(part.from, Source::Json(_)))
    }
}

/// What the line is about: its key, or the table that it begins.
fn field_at(text: &str, line: usize) -> String {
    let here = text.lines().nth(line - 1).unwrap_or_default().trim();
    let key = here.split('=').next().unwrap_or_default().trim();
    if key.is_empty() { String::from("the whole file") } else { key.to_owned() }
}

fn known() -> String {
    BUILT_IN.map(|(name, _)| name).join(", ")
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map_err(|_| de::Error::custom(format!("“{text}” is no duration; expected one as in 30s")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        match Dialect::parse(text, "mine.toml") {
            Ok(dialect) => format!("accepted: {dialect:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_dialects_that_come_with_wirescope_can_be_read() {
        for (name, _) in BUILT_IN {
            assert_eq!(Dialect::load(name).map(|dialect| dialect.name), Ok(name.to_owned()));
        }
    }

    #[test]
    fn a_wrong_file_is_told_by_line_and_field() {
        let table = [
            (
                "name = \"x\"\n[messages]\nbdy = true\n",
                "mine.toml, line 3, bdy: unknown field `bdy`",
            ),
            ("name = \"x\"\n[messages]\njson = \"a[*]\"\n", "mine.toml, line 3, json: "),
            ("name = \"x\"\n[messages]\njson = [\"a[1]\"]\n", "“a[1]” is no path"),
            (
                "name = \"x\"\n[messages]\n[timeout]\nhold = \"soon\"\n",
                "line 4, hold: “soon” is no",
            ),
            ("name = \"x\"\n", "missing field `messages`"),
            ("name = \n", "mine.toml, line 1, name: "),
            (
                "name = \"x\"\n[messages]\n[[cursor]]\nfrom = { cookie = \"a\" }\nto = []\n",
                "line 4, from: unknown variant `cookie`, expected `json` or `header`",
            ),
        ];
        for (text, part) in table {
            let said = problem(text);
            assert!(said.contains(part), "{said}\ndoes not contain\n{part}");
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let said = Dialect::load("telepathy").map_err(|error| error.to_string());
        let words = "there is no poll dialect “telepathy”; use nchan, generic, or a path to a \
                     .toml file";
        assert_eq!(said, Err(words.to_owned()));
        let said = Dialect::load("no/such.toml").map_err(|error| error.to_string());
        assert!(said.is_err_and(|words| words.starts_with("no/such.toml cannot be read: ")));
    }
}
