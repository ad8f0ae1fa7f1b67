//! A value of a tree as JSON, without recursion.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Kind, Value, escape};

pub(super) fn json(value: Value<'_>) -> String {
    let mut out = Vec::new();
    // What is open: whether it is an object, and how many children are still to come.
    let mut open: Vec<(bool, usize)> = Vec::new();
    for at in value.at..value.after() {
        let value = Value { at, ..value };
        if let Some((is_object, left)) = open.last_mut() {
            *left -= 1;
            if !matches!(out.last(), Some(b'{' | b'[')) {
                out.push(b',');
            }
            if *is_object {
                escape::write(&mut out, &value.key().unwrap_or_default());
                out.push(b':');
            }
        }
        if value.is_container() {
            let is_object = value.node().kind == Kind::Object;
            out.push(if is_object { b'{' } else { b'[' });
            open.push((is_object, value.len()));
        } else {
            leaf(&mut out, value);
        }
        while let Some((is_object, 0)) = open.last() {
            out.push(if *is_object { b'}' } else { b']' });
            open.pop();
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

fn leaf(out: &mut Vec<u8>, value: Value<'_>) {
    let raw = value.raw();
    match value.node().kind {
        Kind::Escaped => {
            out.push(b'"');
            out.extend_from_slice(raw);
            out.push(b'"');
        }
        Kind::Bytes => escape::write(out, &STANDARD.encode(raw)),
        Kind::Number if is_json_number(raw) => out.extend_from_slice(raw),
        Kind::Word if matches!(raw, b"true" | b"false" | b"null") => out.extend_from_slice(raw),
        _ => escape::write(out, &String::from_utf8_lossy(raw)),
    }
}

/// JSON has no word for `NaN` and the infinite.
fn is_json_number(raw: &[u8]) -> bool {
    raw.last().is_some_and(u8::is_ascii_digit)
}
