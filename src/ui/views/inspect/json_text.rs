//! JSON as it was sent: its numbers as they are spelled, and the same text with one field a line.
//! A parsed document rounds what a float cannot hold; the text does not.

use std::collections::HashMap;

use serde_json::Value;

/// Where a value is: the position of each step among its siblings.
pub(super) type Path = Vec<u32>;

/// Documents up to this many bytes are searched for the spelling of their numbers.
const SPELLED: usize = 4_000_000;
/// Numbers whose spelling was lost in reading, as they stand in the text. `None` where text and
/// document do not match, as with a key that occurs twice.
pub(super) fn spelled(root: &Value, source: &[u8]) -> Option<HashMap<Path, String>> {
    fn walk<'a>(
        value: &Value,
        path: &mut Path,
        tokens: &mut impl Iterator<Item = &'a str>,
        found: &mut HashMap<Path, String>,
    ) -> Option<()> {
        let mut step = |at: usize, value: &Value| {
            path.push(u32::try_from(at).ok()?);
            walk(value, path, tokens, found)?;
            path.pop();
            Some(())
        };
        match value {
            Value::Object(fields) => {
                fields.values().enumerate().try_for_each(|(at, value)| step(at, value))
            }
            Value::Array(items) => {
                items.iter().enumerate().try_for_each(|(at, value)| step(at, value))
            }
            Value::Number(number) => {
                let token = tokens.next()?;
                if number.is_f64() && number.to_string() != token {
                    found.insert(path.clone(), token.to_owned());
                }
                Some(())
            }
            _ => Some(()),
        }
    }
    let text = std::str::from_utf8(source).ok().filter(|text| text.len() <= SPELLED)?;
    let (mut tokens, mut found) = (numbers(text), HashMap::new());
    walk(root, &mut Vec::new(), &mut tokens, &mut found)?;
    tokens.next().is_none().then_some(found)
}

/// The numbers of a document in the order they stand in it.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = end_of_string(bytes, at),
                b'-' | b'0'..=b'9' => {
                    let from = at;
                    let is_part = |byte: &u8| {
                        byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
                    };
                    at += bytes[from..].iter().take_while(|byte| is_part(byte)).count();
                    return text.get(from..at);
                }
                _ => at += 1,
            }
        }
        None
    })
}

/// The position behind the string that begins at `from`.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// The document with one field a line; nothing but the space between its parts is changed, and an
/// end that is missing stays missing.
pub(super) fn pretty(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() * 2);
    let (mut at, mut depth) = (0, 0_usize);
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(byte) = bytes.get(at) {
        let mut next = at + 1;
        match byte {
            b'"' => {
                next = end_of_string(bytes, at);
                out.push_str(&text[at..next]);
            }
            b'{' | b'[' => {
                out.push(char::from(*byte));
                let rest = text[next..].trim_start();
                if rest.starts_with(['}', ']']) {
                    next = bytes.len() - rest.len() + 1;
                    out.push_str(&rest[..1]);
                } else {
                    depth += 1;
                    newline(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                newline(&mut out, depth);
                out.push(char::from(*byte));
            }
            b',' => {
                out.push(',');
                newline(&mut out, depth);
            }
            b':' => out.push_str(": "),
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                let end = bytes[at..].iter().position(|byte| b"\"{}[],: \t\r\n".contains(byte));
                next = end.map_or(bytes.len(), |end| at + end);
                out.push_str(&text[at..next]);
            }
        }
        at = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_as_they_are_spelled() {
        let text = r#"{"a":1.10,"b":[-0,1e400,"7 \" 8"],"9":12345678901234567890123}"#;
        let found: Vec<&str> = numbers(text).collect();
        assert_eq!(found, ["1.10", "-0", "1e400", "12345678901234567890123"]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_told() {
        let twice = r#"{"a":1.50,"a":2.50}"#;
        let root: Value = serde_json::from_str(twice).unwrap_or_default();
        assert_eq!(spelled(&root, twice.as_bytes()), None);
    }

    #[test]
    fn one_field_a_line_and_nothing_else_changed() {
        let table = [
            (r#"{"a":1.10,"b":[],"c":{ }}"#, "{\n  \"a\": 1.10,\n  \"b\": [],\n  \"c\": {}\n}"),
            (r#"[ 1e400, "x, {y}: \"z\"" ]"#, "[\n  1e400,\n  \"x, {y}: \\\"z\\\"\"\n]"),
            (r#"{"a":{"b":"cut o"#, "{\n  \"a\": {\n    \"b\": \"cut o"),
            ("[true,null,\"ü\"]", "[\n  true,\n  null,\n  \"ü\"\n]"),
        ];
        for (text, wanted) in table {
            assert_eq!(pretty(text), wanted);
        }
    }
}
