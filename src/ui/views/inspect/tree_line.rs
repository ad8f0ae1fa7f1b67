//! A line of a document: what it shows of its value, whatever the size of that.

use std::borrow::Cow;

use crate::decode::{Shape, Tree, Value};
use crate::ui::format;

/// Where a value is: the position of each step among its siblings.
pub(super) type Path = Vec<u32>;

/// Bytes of an open string that are listed.
pub(super) const TEXT: usize = 200_000;
/// Bytes of a value that a line shows.
const START: usize = 400;
/// Bytes shown in hexadecimal.
const HEX: usize = 64;

/// One line.
#[derive(Debug)]
pub(super) struct TreeLine<'t> {
    pub(super) value: Value<'t>,
    pub(super) path: Path,
    pub(super) key: Cow<'t, str>,
    pub(super) shown: Shown,
}

/// What a line shows of its value.
#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    Container {
        words: String,
        is_open: bool,
    },
    Text {
        text: String,
        is_long: bool,
    },
    /// A line of an open string.
    Part(String),
    Number {
        text: String,
        time: Option<i64>,
    },
    Bytes(String),
    Word(String),
}

impl Shown {
    /// What the line of a value shows in so many columns.
    pub(super) fn new(
        value: Value<'_>,
        path: &Path,
        key: &str,
        columns: usize,
        is_open: impl Fn() -> bool,
    ) -> Self {
        let count = value.len();
        match value.shape() {
            Shape::Object => {
                let keys = if count == 1 { "key" } else { "keys" };
                let words = format!("object, {count} {keys}");
                Self::Container { words, is_open: count > 0 && is_open() }
            }
            Shape::Array => {
                let items = if count == 1 { "item" } else { "items" };
                let words = format!("array, {count} {items}");
                Self::Container { words, is_open: count > 0 && is_open() }
            }
            Shape::Text => {
                let before = path.len() * 2 + key.chars().count() + 3;
                let text = value.start(START).unwrap_or_default();
                let room = columns.saturating_sub(before);
                let is_long = value.raw().len() > START
                    || text.contains('\n')
                    || text.chars().nth(room).is_some();
                if is_long && is_open() {
                    let words = format!("string, {}", length(value));
                    return Self::Container { words, is_open: true };
                }
                Self::Text { text: text.into_owned(), is_long }
            }
            Shape::Number => {
                let text = value.start(START).unwrap_or_default().into_owned();
                let time = value.number().and_then(format::unix_time);
                Self::Number { text, time }
            }
            Shape::Bytes => Self::Bytes(hex(value.raw())),
            Shape::Word => Self::Word(value.start(START).unwrap_or_default().into_owned()),
        }
    }

    /// Whether it is open, where it can be opened and closed.
    pub(super) fn is_open(&self) -> Option<bool> {
        match self {
            Self::Container { is_open, .. } => Some(*is_open),
            Self::Text { is_long: true, .. } => Some(false),
            _ => None,
        }
    }

    /// Its words, for people who hear them, too.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Container { words, .. } => words,
            Self::Text { text, .. }
            | Self::Number { text, .. }
            | Self::Part(text)
            | Self::Bytes(text)
            | Self::Word(text) => text,
        }
    }
}

/// How long a string is; counting the characters of a very long one takes a while.
fn length(value: Value<'_>) -> String {
    if value.raw().len() > TEXT {
        return format::size(value.raw().len() as u64);
    }
    let text = value.text().unwrap_or_default();
    format::count(text.chars().count() as u64, "character")
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(HEX).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > HEX { " …" } else { "" };
    format!("{}: {}{more}", format::size(bytes.len() as u64), shown.join(" "))
}

/// The path as the options take it: `data.0.seq`.
pub(super) fn path_text(tree: &Tree, path: &Path) -> String {
    let mut value = tree.root();
    let mut steps = Vec::new();
    for at in path {
        let Some(next) = value.child(*at as usize) else { break };
        steps.push(next.key().map_or_else(|| at.to_string(), Cow::into_owned));
        value = next;
    }
    steps.join(".")
}
