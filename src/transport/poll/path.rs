//! Paths into JSON that keep what they find byte for byte, as in `rooms.join.*.timeline[*]`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Steps of a path, at most.
const DEEPEST: usize = 32;

/// A path: names joined by dots, `*` for every member of an object, `[*]` for every element of a
/// list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    EachMember,
    EachElement,
}

impl JsonPath {
    /// Reads a path; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (name, mut lists) = part.split_at(part.find('[').unwrap_or(part.len()));
            match name {
                // `[*]` alone begins at a list.
                "" if steps.is_empty() && !lists.is_empty() => {}
                "" => return None,
                "*" => steps.push(Step::EachMember),
                name => steps.push(Step::Member(name.to_owned())),
            }
            while !lists.is_empty() {
                lists = lists.strip_prefix("[*]")?;
                steps.push(Step::EachElement);
            }
            if steps.len() > DEEPEST {
                return None;
            }
        }
        Some(Self(steps))
    }

    /// The same for those who read a file.
    pub(super) fn read<E: de::Error>(text: &str) -> Result<Self, E> {
        Self::parse(text).ok_or_else(|| {
            E::custom(format!("“{text}” is no path; expected one as in data.items[*].id"))
        })
    }

    /// What the path leads to, in order. `None` when `json` does not have the way there; an empty
    /// list is found and has nothing in it, and so is `null`.
    pub fn find<'j>(&self, json: &'j RawValue) -> Option<Vec<&'j RawValue>> {
        let mut found = Vec::new();
        follow(&self.0, json, &mut found).then_some(found)
    }

    /// The scalars the path leads to, as text.
    pub fn texts(&self, json: &RawValue) -> Vec<String> {
        self.find(json).unwrap_or_default().into_iter().filter_map(scalar).collect()
    }
}

impl<'de> Deserialize<'de> for JsonPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(deserializer)?)
    }
}

fn follow<'j>(steps: &[Step], json: &'j RawValue, found: &mut Vec<&'j RawValue>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        if json.get() != "null" {
            found.push(json);
        }
        return true;
    };
    if json.get() == "null" {
        return true;
    }
    match step {
        Step::Member(name) => match serde_json::from_str::<Members<'j>>(json.get()) {
            // The last of equal names counts, as it does for most readers.
            Ok(members) => match members.0.iter().rfind(|(given, _)| given == name) {
                Some((_, value)) => follow(rest, value, found),
                None => false,
            },
            Err(_) => false,
        },
        Step::EachMember => match serde_json::from_str::<Members<'j>>(json.get()) {
            Ok(members) => {
                for (_, value) in members.0 {
                    follow(rest, value, found);
                }
                true
            }
            Err(_) => false,
        },
        Step::EachElement => match serde_json::from_str::<Vec<&'j RawValue>>(json.get()) {
            Ok(elements) => {
                for value in elements {
                    follow(rest, value, found);
                }
                true
            }
            Err(_) => false,
        },
    }
}

fn scalar(json: &RawValue) -> Option<String> {
    let text = json.get();
    match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(text.to_owned()),
    }
}

/// The members of an object in their order, values untouched.
struct Members<'j>(Vec<(Cow<'j, str>, &'j RawValue)>);

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

impl<'de: 'j, 'j> Deserialize<'de> for Members<'j> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect).map(Members)
    }
}

/// The body as JSON that was checked but not taken apart.
///
/// # Errors
/// Where and why it is no JSON.
pub(super) fn checked(body: &[u8]) -> Result<&RawValue, serde_json::Error> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str, json: &str) -> Option<Vec<String>> {
        let json: &RawValue = serde_json::from_str(json).unwrap_or(RawValue::NULL);
        let found = JsonPath::parse(path)?.find(json)?;
        Some(found.into_iter().map(|value| value.get().to_owned()).collect())
    }

    #[test]
    fn what_is_found_is_kept_byte_for_byte() {
        let some = |list: &[&str]| Some(list.iter().map(ToString::to_string).collect::<Vec<_>>());
        let table = [
            ("a", r#"{"a": 1.50}"#, some(&["1.50"])),
            ("a.b", r#"{"a": {"b": "x\u00e9"}}"#, some(&[r#""x\u00e9""#])),
            (
                "m[*]",
                r#"{"m": [ {"x": 1 }, 12345678901234567890 ]}"#,
                some(&[r#"{"x": 1 }"#, "12345678901234567890"]),
            ),
            ("m[*].id", r#"{"m": [{"id": 1}, {}, {"id": 3}]}"#, some(&["1", "3"])),
            ("[*]", "[1,2]", some(&["1", "2"])),
            ("[*][*]", "[[1],[2,3]]", some(&["1", "2", "3"])),
            ("r.*.e[*]", r#"{"r": {"x": {"e": [1]}, "y": {"e": [2]}}}"#, some(&["1", "2"])),
            ("m[*]", r#"{"m": []}"#, some(&[])),
            ("m[*]", r#"{"m": null}"#, some(&[])),
            ("m[*]", r#"{"n": []}"#, None),
            ("m[*]", r#"{"m": {}}"#, None),
            ("a", r#"{"a": 1, "a": 2}"#, some(&["2"])),
            ("é", r#"{"\u00e9": 1}"#, some(&["1"])),
        ];
        for (path, json, expected) in table {
            assert_eq!(find(path, json), expected, "{path} in {json}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", ".", "a..b", "a[1]", "a[", "a]b.", "a[*]b"] {
            assert_eq!(JsonPath::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_json_passes() {
        assert!(checked(b"\xEF\xBB\xBF{}").is_ok());
        for body in [&b""[..], b"{", b"{}x", b"\xff", b"<html>"] {
            assert!(checked(body).is_err(), "{body:?}");
        }
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert!(checked(&deep).is_ok(), "depth costs no stack");
    }
}
