//! Tells by the start of an answer which of the built-in dialects its server speaks.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;

use super::Dialect;
use super::shelf::BUILT_IN;
use crate::model::Headers;

/// What an answer has that no other dialect's has; all of it has to be there. Without any of it
/// the dialect is only taken where it is named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recognise {
    /// Header fields that are there.
    pub headers: Vec<String>,
    /// Header fields that are there and whose value has no quotes.
    pub bare: Vec<String>,
    /// Names the body has at its top, as it is a JSON object.
    pub json: Vec<String>,
    /// How the body begins.
    pub begins: Option<String>,
    /// The answer only greets: the dialect's own requests go elsewhere.
    pub greeting: bool,
    /// The reason, as it is told after “because”.
    pub because: String,
}

impl Dialect {
    /// The built-in dialect of which a good answer with these fields, whose body begins with
    /// `start`, gives itself away; and the reason. The more of the body, the surer.
    pub fn recognised(status: u16, headers: &Headers, start: &[u8]) -> Option<(Self, String)> {
        if status != 200 {
            return None;
        }
        let names = top_names(start);
        let fits = |dialect: &Self| dialect.recognise.fits(headers, start, &names);
        // A test reads them all, so none is left out here.
        let dialect =
            BUILT_IN.iter().filter_map(|(name, text)| Self::parse(text, name).ok()).find(fits)?;
        let because = dialect.recognise.because.clone();
        Some((dialect, because))
    }
}

impl Recognise {
    fn fits(&self, headers: &Headers, start: &[u8], names: &BTreeSet<Cow<str>>) -> bool {
        let field = |name: &str| {
            headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, v)| v)
        };
        let is_bare =
            |name: &String| field(name).is_some_and(|v| !v.is_empty() && !v.contains('"'));
        let says_nothing = self.headers.is_empty()
            && self.bare.is_empty()
            && self.json.is_empty()
            && self.begins.is_none();
        !says_nothing
            && self.headers.iter().all(|name| field(name).is_some())
            && self.bare.iter().all(is_bare)
            && self.json.iter().all(|name| names.contains(name.as_str()))
            && self.begins.as_ref().is_none_or(|text| start.starts_with(text.as_bytes()))
    }
}

/// The member names at the top of a JSON object, as far as `start` has it: it may be cut anywhere.
fn top_names(start: &[u8]) -> BTreeSet<Cow<'_, str>> {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let mut names = BTreeSet::new();
    let mut depth = 0_usize;
    let mut at = 0;
    if start.trim_ascii_start().first() != Some(&b'{') {
        return names;
    }
    while let Some(byte) = start.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let Some(length) = string_length(&start[at..]) else { return names };
                let after = start[at + length..].trim_ascii_start();
                if depth == 1
                    && after.first() == Some(&b':')
                    && let Ok(Name(name)) = serde_json::from_slice(&start[at..at + length])
                {
                    names.insert(name);
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    names
}

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

/// Bytes of the JSON string that `text` begins with, quotes included; `None` where it is cut.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognised(headers: &[(&str, &str)], start: &str) -> Option<String> {
        let headers: Headers =
            headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Dialect::recognised(200, &headers, start.as_bytes()).map(|(dialect, _)| dialect.name)
    }

    /// Header fields, the start of a body, and the dialect they belong to.
    type Given = (&'static [(&'static str, &'static str)], &'static str, Option<&'static str>);

    #[test]
    fn a_server_gives_its_dialect_away() {
        const DATED: (&str, &str) = ("Last-Modified", "Sun, 22 Nov 2026 12:46:12 GMT");
        let table: [Given; 6] = [
            (&[], r#"{"messages":[],"lastId":0}"#, Some("generic")),
            (&[], r#"{"lastId":0, "messages" : [ {"te"#, Some("generic")),
            (&[], r#"{"a":{"messages":[],"lastId":0}}"#, None),
            (&[], r#"["messages","lastId"]"#, None),
            (&[DATED, ("ETag", "3")], "hello", Some("nchan")),
            // A static file has both fields too, but a quoted tag (RFC 9110, section 8.8.3).
            (&[DATED, ("etag", "\"3\"")], "hello", None),
        ];
        for (headers, start, name) in table {
            assert_eq!(recognised(headers, start).as_deref(), name, "{headers:?} {start}");
        }
    }

    #[test]
    fn a_start_that_is_cut_anywhere_is_read_as_far_as_it_goes() {
        let whole = r#"{"a\"b": "x:", "c": [{"d": 1}], "é": null}"#;
        for cut in 0..whole.len() {
            top_names(&whole.as_bytes()[..cut]);
        }
        let names: Vec<_> = top_names(whole.as_bytes()).into_iter().collect();
        assert_eq!(names, ["a\"b", "c", "é"]);
    }
}
