//! JSON (RFC 8259): checked by serde_json, then listed where it stands. Numbers keep their spelling,
//! and a name that comes twice is there twice.

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::tree::{Index, end_of_string};
use super::{Body, Context, Decoder, Fit, Read, Tree, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "json", label: "JSON", fit, read };

/// Content types that are one JSON document; a message of a stream of documents is one, too.
const TYPES: [&str; 4] = ["application/json", "text/json", "application/x-ndjson", "json-seq"];

fn fit(context: &Context<'_>) -> Fit {
    let Some(text) = context.text else { return Fit::No };
    if let Some(name) = context.content_type
        && (TYPES.iter().any(|known| name.contains(known)) || name.ends_with("+json"))
        && !text.trim_ascii().contains('\n')
    {
        return Fit::content_type(name);
    }
    let mut parts = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    match (parts.next(), parts.next()) {
        (Some(b'{'), Some(b'"' | b'}')) => Fit::Looks("it begins as an object does"),
        (Some(b'['), Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9')) => {
            Fit::Looks("it begins as an array does")
        }
        (Some(b'['), Some(b't' | b'f' | b'n')) => Fit::May("it may be an array"),
        _ => Fit::No,
    }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    Ok(Body::Tree(tree(context.payload)?).into())
}

/// Lists a document where it stands.
pub(super) fn tree(source: &Bytes) -> Result<Tree, Unreadable> {
    let text = std::str::from_utf8(source)
        .map_err(|error| Unreadable::new("it is no UTF-8").at(error.valid_up_to()))?;
    check(text)?;
    let mut found = Index::default();
    index(&mut found, source, 0, 0);
    found.finish(source.clone())
}

/// Whether a text is one JSON document, of any depth.
pub(super) fn check(text: &str) -> Result<(), Unreadable> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(Unreadable::new(error.to_string())),
    }
}

/// Lists the document that begins at `from` and ends with the data. It is known to be JSON.
pub(super) fn index(found: &mut Index, data: &[u8], from: usize, key: usize) {
    let (mut at, mut key) = (from, key);
    while let Some(byte) = data.get(at).filter(|_| !found.is_full()) {
        let mut next = at + 1;
        match byte {
            b'{' | b'[' => found.open(*byte == b'{', std::mem::take(&mut key)),
            b'}' | b']' => found.close(),
            b'"' => {
                next = end_of_string(data, at);
                // At the root a name may come from outside, hence the look at what is open.
                if found.is_in_object() && key == 0 {
                    key = at + 1;
                } else {
                    let text = &data[at + 1..(next - 1).max(at + 1)];
                    let escaped = memchr::memchr(b'\\', text).is_some();
                    found.text(std::mem::take(&mut key), at + 1, text.len(), escaped);
                }
            }
            b'-' | b'0'..=b'9' => {
                let is_part =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                next = at + data[at..].iter().take_while(|byte| is_part(byte)).count();
                found.number(std::mem::take(&mut key), at, next - at);
            }
            b't' | b'f' | b'n' => {
                next = at + if *byte == b'f' { 5 } else { 4 };
                found.word(std::mem::take(&mut key), at, next - at);
            }
            // Space, commas and colons.
            _ => {}
        }
        at = next;
    }
}
