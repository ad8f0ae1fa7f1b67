//! The top level of a JSON text (RFC 8259): its members or elements, each as it stands there. For
//! protocols that write their packets as JSON.

use std::borrow::Cow;
use std::str::FromStr;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::tree::{end_of_string, unescaped};
use super::{Builder, Context, Unreadable};

/// Members that a packet has, at most; one that has more belongs to none of these protocols.
const MOST: usize = 64;
/// Bytes of a text that are looked at to tell what it is.
const GLANCE: usize = 2048;

/// A member of an object or an element of an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    /// Its name as it is written, without quotation marks; nothing for an element.
    key: &'a str,
    /// The value as it is written.
    pub(super) value: &'a str,
    /// Where the value stands, in bytes from the start of the payload.
    pub(super) at: usize,
}

/// An object or an array, opened by one level.
#[derive(Debug, Clone, Default)]
pub(super) struct Level<'a> {
    /// Its first members or elements.
    pub(super) items: Vec<Item<'a>>,
    /// How many there are.
    pub(super) count: usize,
}

/// The payload as text, with the place of what is none.
pub(super) fn text<'a>(context: &Context<'a>) -> Result<&'a str, Unreadable> {
    utf8(context.payload, 0)
}

/// Bytes that begin at `at` in the payload as text.
pub(super) fn utf8(bytes: &[u8], at: usize) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes)
        .map_err(|error| Unreadable::new("it is no UTF-8").at(at + error.valid_up_to()))
}

/// Opens the object that a text is, which begins at `at` in the payload.
pub(super) fn object(text: &str, at: usize) -> Result<Level<'_>, Unreadable> {
    let level = level(open(text, at, b'{', "it is no JSON object")?);
    if level.count > MOST {
        let what = format!("it has more than {MOST} members, which no packet has");
        return Err(Unreadable::new(what).at(at));
    }
    Ok(level)
}

/// Opens the array that a text is, which begins at `at` in the payload.
pub(super) fn array(text: &str, at: usize) -> Result<Level<'_>, Unreadable> {
    elements(text, at).map(level)
}

/// The elements of the array that a text is, of any number.
pub(super) fn elements(text: &str, at: usize) -> Result<Items<'_>, Unreadable> {
    open(text, at, b'[', "it is no JSON array")
}

fn open<'a>(text: &'a str, at: usize, bracket: u8, other: &str) -> Result<Items<'a>, Unreadable> {
    let from = text.len() - text.trim_ascii_start().len();
    if text.as_bytes().get(from) != Some(&bracket) {
        return Err(Unreadable::new(other).at(at + from));
    }
    check(text, at)?;
    Ok(Items::new(text, at))
}

fn level(mut all: Items<'_>) -> Level<'_> {
    let items: Vec<_> = all.by_ref().take(MOST).collect();
    Level { count: items.len() + all.count(), items }
}

/// Whether a text is one JSON document, with the place where it is not.
pub(super) fn check(text: &str, at: usize) -> Result<(), Unreadable> {
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else { return Ok(()) };
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line: usize = lines.map(str::len).sum();
    let place = at + line + error.column().saturating_sub(1);
    let said = error.to_string();
    let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    Err(Unreadable::new(what).at(place))
}

/// Adds a text that begins at `at` in the payload as the JSON it is.
pub(super) fn put<'t>(
    tree: &'t mut Builder,
    text: &str,
    at: usize,
) -> Result<&'t mut Builder, Unreadable> {
    check(text, at)?;
    tree.json(text)
}

/// What stands at the top level of the beginning of a text, unchecked, and cut where the look ends.
pub(super) fn glance(text: &str) -> Level<'_> {
    level(Items::new(&text[..text.floor_char_boundary(GLANCE)], 0))
}

/// What stands at the top level of a text. It ends where the text is no JSON.
#[derive(Debug, Clone)]
pub(super) struct Items<'a> {
    text: &'a str,
    /// Where the text begins in the payload.
    base: usize,
    at: usize,
    is_object: bool,
}

impl<'a> Items<'a> {
    fn new(text: &'a str, base: usize) -> Self {
        let at = text.len() - text.trim_ascii_start().len();
        let first = text.as_bytes().get(at);
        let is_container = matches!(first, Some(b'{' | b'['));
        let from = if is_container { at + 1 } else { text.len() };
        Self { text, base, at: from, is_object: first == Some(&b'{') }
    }

    /// The position of what is no space, from `at` on.
    fn space(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
    }

    fn read(&mut self) -> Option<Item<'a>> {
        let (data, mut at, mut key) = (self.text.as_bytes(), self.space(self.at), "");
        if self.is_object {
            let end = end_of_string(data, at);
            let colon = self.space(end);
            if data.get(at) != Some(&b'"') || data.get(colon) != Some(&b':') {
                return None;
            }
            key = self.text.get(at + 1..end - 1)?;
            at = self.space(colon + 1);
        }
        let end = end_of_value(data, at);
        let value = self.text.get(at..end).filter(|value| !value.is_empty())?;
        let comma = self.space(end);
        self.at = if data.get(comma) == Some(&b',') { comma + 1 } else { data.len() };
        Some(Item { key, value, at: self.base + at })
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let item = if self.at < self.text.len() { self.read() } else { None };
        if item.is_none() {
            self.at = self.text.len();
        }
        item
    }
}

/// The position behind the value that begins at `from`, or the end.
fn end_of_value(data: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while let Some(byte) = data.get(at) {
        let is_end = matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
        if depth == 0 && is_end {
            return at;
        }
        match byte {
            b'"' => at = end_of_string(data, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            break;
        }
    }
    at.min(data.len())
}

impl<'a> Level<'a> {
    /// The first member of this name.
    pub(super) fn get(&self, name: &str) -> Option<Item<'a>> {
        self.items.iter().find(|item| item.key() == name).copied()
    }

    /// The text that the first member of this name is.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.text()
    }

    /// Whether every member has one of these names.
    pub(super) fn has_only(&self, names: &[&str]) -> bool {
        self.items.iter().all(|item| names.iter().any(|name| item.key() == *name))
    }

    /// Adds the object member by member, with what is to be said of each.
    pub(super) fn put(
        &self,
        tree: &mut Builder,
        note: impl Fn(&str, Item<'a>) -> Option<String>,
    ) -> Result<(), Unreadable> {
        tree.object();
        for item in &self.items {
            let key = item.key();
            tree.key(&key).json(item.value)?;
            // A note belongs to what was added last, which is within an array or object.
            if let Some(note) = note(&key, *item).filter(|_| !item.is_container()) {
                tree.note(note);
            }
        }
        tree.close();
        Ok(())
    }
}

impl<'a> Item<'a> {
    /// A value that stands alone, at `at` in the payload.
    pub(super) fn new(value: &'a str, at: usize) -> Self {
        Self { key: "", value, at }
    }

    /// Its name.
    pub(super) fn key(&self) -> Cow<'a, str> {
        unescaped(self.key.as_bytes())
    }

    /// The text it is.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        self.letters().map(|letters| unescaped(letters.as_bytes()))
    }

    /// The text it is as it is written, escapes and all.
    fn letters(&self) -> Option<&'a str> {
        let letters = self.value.strip_prefix('"')?;
        Some(letters.strip_suffix('"').unwrap_or(letters))
    }

    /// The text it is, in place where it stands there without escapes.
    pub(super) fn payload(&self, payload: &Bytes) -> Option<Bytes> {
        let letters = self.letters()?;
        Some(match unescaped(letters.as_bytes()) {
            // What was not unescaped is the letters themselves.
            Cow::Borrowed(_) => {
                let from = self.at + 1;
                let in_place = payload.get(from..from + letters.len()) == Some(letters.as_bytes());
                if in_place {
                    payload.slice(from..from + letters.len())
                } else {
                    Bytes::copy_from_slice(letters.as_bytes())
                }
            }
            Cow::Owned(text) => Bytes::from(text),
        })
    }

    /// The number it is.
    pub(super) fn number<N: FromStr>(&self) -> Option<N> {
        self.value.parse().ok()
    }

    pub(super) fn is_null(&self) -> bool {
        self.value == "null"
    }

    pub(super) fn is_object(&self) -> bool {
        self.value.starts_with('{')
    }

    pub(super) fn is_array(&self) -> bool {
        self.value.starts_with('[')
    }

    fn is_container(&self) -> bool {
        self.is_object() || self.is_array()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn items_stand_where_they_stand() {
        let text = r#" {"a" : [1,{"b":"],"}] , "c\u0021":"x\"}", "d": -1.5e3 ,"a":null} "#;
        let level = object(text, 10).unwrap();
        let found: Vec<_> = level
            .items
            .iter()
            .map(|item| (item.key(), item.value, &text[item.at - 10..][..1]))
            .collect();
        let wanted = [
            ("a".into(), r#"[1,{"b":"],"}]"#, "["),
            ("c!".into(), r#""x\"}""#, "\""),
            ("d".into(), "-1.5e3", "-"),
            ("a".into(), "null", "n"),
        ];
        assert_eq!(found, wanted);
        assert_eq!(level.text("c!").as_deref(), Some("x\"}"));
        assert_eq!(level.get("d").and_then(|item| item.number::<f64>()), Some(-1500.0));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_byte() {
        let table = [
            ("[1,]", "expected value, at byte 103"),
            ("[1", "EOF while parsing a list, at byte 101"),
            ("[\n1,\nx]", "expected value, at byte 105"),
            (" {}", "it is no JSON array, at byte 101"),
            ("", "it is no JSON array, at byte 100"),
        ];
        for (text, wanted) in table {
            assert_eq!(array(text, 100).unwrap_err().to_string(), wanted, "{text}");
        }
        let many = format!("{{{}\"b\":1}}", "\"a\":1,".repeat(MOST));
        assert!(object(&many, 0).unwrap_err().to_string().contains("more than 64 members"));
        let many = format!("[{}1]", "1,".repeat(MOST));
        let level = array(&many, 0).unwrap();
        assert_eq!((level.items.len(), level.count), (MOST, MOST + 1));
    }

    #[test]
    fn a_glance_reads_what_is_there_and_no_more() {
        let long = format!(r#"{{"a":"1","b":"{}"}}"#, "ü".repeat(GLANCE));
        let level = glance(&long);
        assert_eq!(level.text("a").as_deref(), Some("1"));
        assert!(level.text("b").unwrap().len() < GLANCE);
        for text in [
            "",
            "{",
            "[",
            "{\"",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":\"",
            "{\"a\":\"\\",
            "x",
            "{,",
            "[,",
            "{\"a\":}",
            "{\"\\",
        ] {
            assert!(glance(text).items.len() <= 1, "{text}");
        }
    }
}
