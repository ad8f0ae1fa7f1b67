//! Dialects that cannot be used, told so that they can be mended: file, line, column, field, and
//! what was expected.

/// Largest dialect file, in bytes.
pub(super) const LARGEST: usize = 64 << 10;

/// A dialect that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialectError {
    /// There is none of that name.
    #[error(
        "there is no poll dialect “{name}”{}; use {}, or the path of a .toml file{}",
        nearest.as_ref().map(|name| format!(", but “{name}”")).unwrap_or_default(),
        known.join(", "),
        folder.as_ref().map(|folder| format!("; your own go into {folder}")).unwrap_or_default()
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// Those there are.
        known: Vec<String>,
        /// Where the user's own are looked for.
        folder: Option<String>,
    },
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, String),
    /// The file is larger than any dialect.
    #[error("{0} is larger than 64 KiB, so it is no dialect")]
    TooLarge(String),
    /// The file is not a dialect.
    #[error("{file}, line {line}, column {column}, {field}: {problem}")]
    Wrong {
        /// The file.
        file: String,
        /// Line in it, from 1.
        line: usize,
        /// Column in it, in characters from 1.
        column: usize,
        /// The field with its table, as in `messages.json`.
        field: String,
        /// What is wrong and what was expected.
        problem: String,
    },
}

/// What is wrong in a text that has the shape of a dialect.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) at: At,
    pub(super) problem: String,
}

/// Where something is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// At this byte.
    Byte(usize),
    /// In the table of this name.
    Table(&'static str),
}

impl At {
    pub(super) fn byte(self, text: &str) -> usize {
        let table = |name: &str| {
            let is_it = |line: &str| {
                let key = line.split('=').next().unwrap_or_default();
                key.trim().trim_matches(['[', ']']) == name
            };
            let before: Vec<&str> = text.split_inclusive('\n').take_while(|l| !is_it(l)).collect();
            before.iter().map(|line| line.len()).sum()
        };
        match self {
            Self::Byte(at) => at,
            Self::Table(name) => table(name),
        }
    }
}

impl DialectError {
    /// What is wrong at byte `at` of `text`.
    pub(super) fn wrong(text: &str, file: &str, at: usize, problem: String) -> Self {
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let field = field_at(text, line);
        Self::Wrong { file: file.to_owned(), line, column, field, problem }
    }
}

/// What a line is about: its table and key. A line within a list or a text belongs to the key above.
fn field_at(text: &str, line: usize) -> String {
    let mut key = None;
    let mut table = None;
    let above: Vec<&str> = text.lines().take(line).map(str::trim).collect();
    for (back, line) in above.iter().rev().enumerate() {
        let name = line.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
        if line.starts_with('[') && is_name(name) && line.trim_end_matches(']').ends_with(name) {
            table = Some(name);
            break;
        }
        let name = line.split('=').next().unwrap_or_default().trim();
        if key.is_none() && line.contains('=') && is_name(name) {
            key = Some(name);
        } else if back == 0 && line.is_empty() {
            break;
        }
    }
    match (table, key) {
        (Some(table), Some(key)) => format!("{table}.{key}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => String::from("the whole file"),
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
    !text.is_empty() && text.chars().all(is_letter)
}
