//! The place a poll goes on from: read from answers, said by requests, never moved before the
//! messages it stands for were handed over.

use serde_json::value::RawValue;
use url::form_urlencoded::byte_serialize;

use super::dialect::{CursorPart, Dialect, Fold, Source, Target};
use crate::net::{Answer, Ask};

/// Between the parts of a cursor that has several, in text.
const BETWEEN: &str = "; ";

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

    /// Makes a request ask for what comes after.
    pub(super) fn say(&self, dialect: &Dialect, ask: &mut Ask) {
        for (part, value) in dialect.cursor.iter().zip(&self.0) {
            let Some(value) = value else { continue };
            let named: Vec<&str> = part.to.iter().filter_map(query_name).collect();
            let given: Vec<&str> =
                named.iter().copied().filter(|name| has_query(ask, name)).collect();
            // The address shows which of the names the server knows.
            for name in if given.is_empty() { named } else { given } {
                set_query(ask, name, value);
            }
            for target in &part.to {
                if let Target::Header(name) = target {
                    ask.set(name, value);
                }
            }
        }
    }

    /// Where an answer moves the cursor. `messages` is how many it brought.
    pub(super) fn after(
        &self,
        dialect: &Dialect,
        answer: &Answer,
        json: Option<&RawValue>,
        messages: usize,
    ) -> Move {
        let told: Vec<_> = dialect.cursor.iter().map(|part| told(part, answer, json)).collect();
        self.moved(dialect, told, messages)
    }

    fn moved(&self, dialect: &Dialect, told: Vec<Option<String>>, messages: usize) -> Move {
        let lower = self.0.iter().zip(&told).find_map(|(old, new)| {
            let (old, new) = (old.as_deref()?, new.as_deref()?);
            (number(new)? < number(old)?).then_some((old, new))
        });
        // Half of a cursor, as in nchan's 410, would point somewhere nobody has been.
        let is_whole = told.iter().all(Option::is_some);
        let merged = |told| if is_whole { Self(told) } else { self.clone() };
        match lower.filter(|_| dialect.restart.lower) {
            // An empty answer that counts from 0 says nothing about where we are.
            Some((_, "0")) if messages == 0 => Move { to: self.clone(), note: None },
            Some((old, new)) if messages == 0 => Move {
                note: Some(format!(
                    "the server's ids began anew: {new} comes after {old}; asking from the start"
                )),
                to: self.forgotten(),
            },
            Some((old, new)) => Move {
                note: Some(format!(
                    "the server's ids began anew: {new} comes after {old}; going on from {new}"
                )),
                to: merged(told),
            },
            None => Move { to: merged(told), note: None },
        }
    }

    /// A cursor that knows nothing.
    pub(super) fn forgotten(&self) -> Self {
        Self(vec![None; self.0.len()])
    }
}

fn told(part: &CursorPart, answer: &Answer, json: Option<&RawValue>) -> Option<String> {
    let values = match &part.from {
        Source::Header(name) => answer.header(name).map(str::to_owned).into_iter().collect(),
        Source::Json(path) => json.map(|json| path.texts(json)).unwrap_or_default(),
    };
    fold(part.fold, values)
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

fn has_query(ask: &Ask, name: &str) -> bool {
    ask.url.query().is_some_and(|query| query.split('&').any(|pair| key(pair) == name))
}

/// Sets a parameter and leaves the others as they were typed.
fn set_query(ask: &mut Ask, name: &str, value: &str) {
    let set: String = [name, "="].into_iter().chain(byte_serialize(value.as_bytes())).collect();
    let query = ask.url.query().unwrap_or_default();
    let mut pairs: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && key(pair) != name).collect();
    pairs.push(&set);
    let query = pairs.join("&");
    ask.url.set_query(Some(&query));
}

fn key(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
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
    fn values_are_folded_as_the_dialect_says() {
        let values = || vec!["9".to_owned(), "11".into(), "10".into()];
        assert_eq!(fold(Fold::Last, values()).as_deref(), Some("10"));
        assert_eq!(fold(Fold::Max, values()).as_deref(), Some("11"));
        assert_eq!(fold(Fold::Next, values()).as_deref(), Some("12"));
        assert_eq!(fold(Fold::Next, Vec::new()), None);
    }

    #[test]
    fn ids_that_begin_anew_are_followed_and_told() {
        let generic = dialect("generic");
        let at = |text: &str| Cursor::from_text(&generic, Some(text));
        let go = |told: Option<&str>, messages| {
            let moved = at("17").moved(&generic, vec![told.map(str::to_owned)], messages);
            (moved.to.text(), moved.note.is_some())
        };
        assert_eq!(go(Some("18"), 1), (Some("18".into()), false));
        assert_eq!(go(None, 1), (Some("17".into()), false));
        assert_eq!(go(Some("3"), 3), (Some("3".into()), true));
        assert_eq!(go(Some("3"), 0), (None, true));
        assert_eq!(go(Some("0"), 0), (Some("17".into()), false));
    }
}
