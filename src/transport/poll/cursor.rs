//! The place a poll goes on from: read from answers, said by requests, never moved before the
//! messages it stands for were handed over.

use serde_json::value::RawValue;

use super::dialect::{CursorPart, Dialect, Fold, Lower, Source, Target};
use crate::model::Headers;
use crate::net::Ask;
use crate::transport::query;

/// Between the parts of a cursor that has several, in text.
const BETWEEN: &str = "; ";
/// Longest value that is sent back, in bytes: servers take no longer lines.
const LONGEST: usize = 16 << 10;

/// A cursor, part by part as its dialect has them; nothing where no answer told it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor(Vec<Option<String>>);

/// What an answer does to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Move {
    /// The cursor from then on.
    pub(super) to: Cursor,
    /// What has to be told about it.
    pub(super) note: Option<String>,
}

/// Where an answer, or a piece of one, may have values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) headers: &'a Headers,
    pub(super) json: Option<&'a RawValue>,
    /// It answers the opening request.
    pub(super) is_opening: bool,
}

impl Said<'_> {
    /// The values at a place.
    pub(super) fn texts(&self, source: &Source) -> Vec<String> {
        match source {
            Source::Header(name) => {
                let is_it = |(given, _): &&(String, String)| given.eq_ignore_ascii_case(name);
                self.headers
                    .iter()
                    .find(is_it)
                    .map(|(_, value)| value.clone())
                    .into_iter()
                    .collect()
            }
            Source::Json(path) => self.json.map(|json| path.texts(json)).unwrap_or_default(),
        }
    }
}

impl Cursor {
    /// The cursor that `text` stands for; without one, nothing is known.
    pub(super) fn from_text(dialect: &Dialect, text: Option<&str>) -> Self {
        let count = dialect.cursor.len();
        let mut parts: Vec<Option<String>> = match text {
            Some(text) => text.splitn(count, BETWEEN).map(|part| Some(part.to_owned())).collect(),
            None => Vec::new(),
        };
        parts.resize(count, None);
        Self(parts)
    }

    /// The cursor as text, for people and for [`Cursor::from_text`].
    pub(super) fn text(&self) -> Option<String> {
        let known: Vec<&str> = self.0.iter().flatten().map(String::as_str).collect();
        (!known.is_empty()).then(|| known.join(BETWEEN))
    }

    /// Whether there is one, with all its parts.
    pub(super) fn is_known(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(Option::is_some)
    }

    /// Makes a request ask for what comes after.
    pub(super) fn say(&self, dialect: &Dialect, ask: &mut Ask) {
        for (part, value) in dialect.cursor.iter().zip(&self.0) {
            let Some(value) = value else { continue };
            let targets = part.to.get_ref();
            let named: Vec<&str> = targets.iter().filter_map(query_name).collect();
            let given: Vec<&str> =
                named.iter().copied().filter(|name| query::has(&ask.url, name)).collect();
            // The address shows which of the names the server knows.
            for name in if given.is_empty() { named } else { given } {
                query::set(&mut ask.url, name, Some(value));
            }
            for target in targets {
                if let Target::Header(name) = target {
                    ask.set(name, value);
                }
            }
        }
    }

    /// Where an answer moves the cursor. `messages` is how many it brought.
    pub(super) fn after(&self, dialect: &Dialect, said: &Said<'_>, messages: usize) -> Move {
        let told = |part: &CursorPart| {
            let opening = part.open.as_ref().filter(|_| said.is_opening);
            fold(part.fold, said.texts(opening.unwrap_or(&part.from)))
        };
        self.moved(dialect, dialect.cursor.iter().map(told).collect(), messages)
    }

    fn moved(&self, dialect: &Dialect, told: Vec<Option<String>>, messages: usize) -> Move {
        let stay = |note| Move { to: self.clone(), note };
        if let Some(long) = told.iter().flatten().find(|value| value.len() > LONGEST) {
            return stay(Some(format!(
                "the cursor has {} bytes, which is too long to be sent back; staying where we were",
                long.len()
            )));
        }
        // Half of a cursor, as in nchan's 410, would point somewhere nobody has been.
        let is_whole = told.iter().all(Option::is_some);
        let lower = self.0.iter().zip(&told).find_map(|(old, new)| {
            let (old, new) = (old.as_deref()?, new.as_deref()?);
            (number(new)? < number(old)?).then_some((old, new))
        });
        match (lower, dialect.restart.lower) {
            // An empty answer that counts from 0 says nothing about where we are.
            (Some((_, "0")), Some(Lower::Follow)) if messages == 0 => stay(None),
            (Some((old, new)), Some(Lower::Follow)) if messages > 0 && is_whole => Move {
                note: Some(format!(
                    "the server's ids began anew: {new} comes after {old}; going on from {new}"
                )),
                to: Self(told),
            },
            (Some((old, new)), Some(_)) => Move {
                note: Some(format!(
                    "the server's ids began anew: {new} comes after {old}; asking from the start"
                )),
                to: self.forgotten(),
            },
            _ if is_whole => Move { to: Self(told), note: None },
            _ => stay(None),
        }
    }

    /// A cursor that knows nothing.
    pub(super) fn forgotten(&self) -> Self {
        Self(vec![None; self.0.len()])
    }
}

fn fold(fold: Fold, mut values: Vec<String>) -> Option<String> {
    let largest = || values.iter().filter_map(|value| number(value)).max();
    match fold {
        Fold::Last => values.pop(),
        Fold::Max => largest().map(|number| number.to_string()),
        Fold::Next => largest().map(|number| number.saturating_add(1).to_string()),
    }
}

fn number(text: &str) -> Option<i128> {
    text.parse().ok()
}

fn query_name(target: &Target) -> Option<&str> {
    match target {
        Target::Query(name) => Some(name),
        Target::Header(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(name: &str) -> Dialect {
        Dialect::load(name).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn asked(dialect: &Dialect, url: &str, cursor: &str) -> Ask {
        let url = url::Url::parse(url).unwrap_or_else(|error| unreachable!("{error}"));
        let mut ask = Ask::get(url);
        Cursor::from_text(dialect, Some(cursor)).say(dialect, &mut ask);
        ask
    }

    #[test]
    fn a_request_says_the_cursor_by_the_names_the_address_has() {
        let generic = dialect("generic");
        let table = [
            ("http://h/p", "http://h/p?since=7&lastId=7"),
            ("http://h/p?a=%20b&c", "http://h/p?a=%20b&c&since=7&lastId=7"),
            ("http://h/p?since=0&x=1", "http://h/p?x=1&since=7"),
            ("http://h/p?lastId=", "http://h/p?lastId=7"),
        ];
        for (url, expected) in table {
            assert_eq!(asked(&generic, url, "7").url.as_str(), expected);
        }
        assert_eq!(
            asked(&generic, "http://h/p?since=", "a b&c").url.as_str(),
            "http://h/p?since=a+b%26c"
        );
    }

    #[test]
    fn both_parts_of_a_cursor_travel_together() {
        let nchan = dialect("nchan");
        let text = "Sun, 22 Nov 2026 12:46:12 GMT; 3";
        let ask = asked(&nchan, "http://h/p", text);
        assert_eq!(
            ask.headers,
            [
                ("If-Modified-Since".into(), "Sun, 22 Nov 2026 12:46:12 GMT".into()),
                ("If-None-Match".into(), "3".into())
            ]
        );
        assert_eq!(Cursor::from_text(&nchan, Some(text)).text().as_deref(), Some(text));
    }

    #[test]
    fn values_are_folded_as_the_dialect_says_and_keep_every_digit() {
        let values = || vec!["9".to_owned(), "11".into(), "10".into()];
        assert_eq!(fold(Fold::Last, values()).as_deref(), Some("10"));
        assert_eq!(fold(Fold::Max, values()).as_deref(), Some("11"));
        assert_eq!(fold(Fold::Next, values()).as_deref(), Some("12"));
        assert_eq!(fold(Fold::Next, Vec::new()), None);
        let large = || vec!["18446744073709551617".to_owned()];
        assert_eq!(fold(Fold::Next, large()).as_deref(), Some("18446744073709551618"));
        assert_eq!(fold(Fold::Last, vec!["0.10".into()]).as_deref(), Some("0.10"));
    }

    #[test]
    fn ids_that_begin_anew_are_followed_and_told() {
        let mut generic = dialect("generic");
        let go = |dialect: &Dialect, told: Option<&str>, messages| {
            let at = Cursor::from_text(dialect, Some("17"));
            let moved = at.moved(dialect, vec![told.map(str::to_owned)], messages);
            (moved.to.text(), moved.note.is_some())
        };
        assert_eq!(go(&generic, Some("18"), 1), (Some("18".into()), false));
        assert_eq!(go(&generic, None, 1), (Some("17".into()), false));
        assert_eq!(go(&generic, Some("3"), 3), (Some("3".into()), true));
        assert_eq!(go(&generic, Some("3"), 0), (None, true));
        assert_eq!(go(&generic, Some("0"), 0), (Some("17".into()), false));
        generic.restart.lower = Some(Lower::Forget);
        assert_eq!(go(&generic, Some("3"), 3), (None, true));
        assert_eq!(go(&generic, Some("0"), 0), (None, true));
        generic.restart.lower = None;
        assert_eq!(go(&generic, Some("3"), 3), (Some("3".into()), false));
    }

    #[test]
    fn a_cursor_too_long_for_a_request_is_not_taken() {
        let generic = dialect("generic");
        let at = Cursor::from_text(&generic, Some("17"));
        let moved = at.moved(&generic, vec![Some("9".repeat(LONGEST + 1))], 1);
        assert!(moved.to == at && moved.note.is_some(), "{moved:?}");
    }
}
