//! Texts with values in them: `{name}` stands for a value as it is, `{name:json}` for the same as
//! JSON text. Braces around anything else are themselves, so that JSON needs no escapes.

use std::ops::Range;

use serde::Deserialize;
use serde::de::Deserializer;
use toml::Spanned;

/// A text with values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    /// Where it stands in its file.
    span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value { name: String, is_json: bool },
}

impl Template {
    fn parse(text: &str, span: Range<usize>) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            rest = &from[1..];
            let Some((part, length)) = value(rest) else {
                plain.push('{');
                continue;
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(part);
            rest = &rest[length..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self { parts, span }
    }

    /// Whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Where it begins in its file, in bytes.
    pub(super) fn at(&self) -> usize {
        self.span.start
    }

    /// The names of the values in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value { name, .. } => Some(name.as_str()),
        })
    }

    /// The text with its values, each through `encode` unless it is wanted as JSON; `None` where one
    /// of them is not known.
    pub fn filled(
        &self,
        value: impl Fn(&str) -> Option<String>,
        encode: impl Fn(&str) -> String,
    ) -> Option<String> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Value { name, is_json: false } => filled.push_str(&encode(&value(name)?)),
                Part::Value { name, is_json: true } => {
                    filled.push_str(&serde_json::Value::String(value(name)?).to_string());
                }
            }
        }
        Some(filled)
    }
}

/// The value that the text after a brace names, and its length with the closing brace.
fn value(text: &str) -> Option<(Part, usize)> {
    let end = text.find('}')?;
    let inner = &text[..end];
    let (name, is_json) = match inner.strip_suffix(":json") {
        Some(name) => (name, true),
        None => (inner, false),
    };
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_name.then(|| (Part::Value { name: name.to_owned(), is_json }, end + 1))
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self::parse(text.get_ref(), text.span()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_place_of_their_names() {
        let filled = |text: &str| {
            let value = |name: &str| (name == "a").then(|| String::from("x \"y\""));
            Template::parse(text, 0..0).filled(value, |text| text.replace(' ', "+"))
        };
        let table = [
            ("", Some("")),
            ("{a}", Some("x+\"y\"")),
            ("-{a}{a:json}-", Some(r#"-x+"y""x \"y\""-"#)),
            (r#"{"k": {a:json}}"#, Some(r#"{"k": "x \"y\""}"#)),
            ("{}{ a }{A}{a:xml}{", Some("{}{ a }{A}{a:xml}{")),
            ("{b}", None),
        ];
        for (text, expected) in table {
            assert_eq!(filled(text).as_deref(), expected, "{text}");
        }
    }
}
