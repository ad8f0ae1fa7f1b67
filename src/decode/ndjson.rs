//! NDJSON: JSON documents, one a line.

use super::tree::Index;
use super::{Body, Context, Decoder, Fit, Read, Unreadable, json};

pub(super) const DECODER: Decoder = Decoder { id: "ndjson", label: "NDJSON", fit, read };

fn fit(context: &Context<'_>) -> Fit {
    let Some(text) = context.text.map(str::trim_ascii) else { return Fit::No };
    let Some((first, second)) = text.split_once('\n') else { return Fit::No };
    if let Some(name) = context.content_type
        && ["ndjson", "jsonl", "json-lines"].iter().any(|known| name.contains(known))
    {
        return Fit::content_type(name);
    }
    let is_whole = |line: &str| {
        let line = line.trim_ascii();
        (line.starts_with('{') && line.ends_with('}'))
            || (line.starts_with('[') && line.ends_with(']'))
    };
    let second = second.trim_ascii_start().split('\n').next().unwrap_or_default();
    if is_whole(first) && is_whole(second) {
        return Fit::Looks("each of its first lines is an object or array");
    }
    Fit::No
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let text = context.utf8().ok_or_else(|| Unreadable::new("it is no UTF-8"))?;
    let mut found = Index::default();
    found.open(false, 0);
    let (mut from, mut count) = (0, 0_u64);
    for (at, line) in text.split('\n').enumerate() {
        let end = from + line.len();
        if !line.trim_ascii().is_empty() && !found.is_full() {
            json::check(line)
                .map_err(|error| Unreadable::new(format!("{error}, in line {}", at + 1)))?;
            json::index(&mut found, &text.as_bytes()[..end], from, 0);
            count += 1;
        }
        from = end + 1;
    }
    found.close();
    let tree = found.finish(context.payload.clone())?;
    let lines = if count == 1 { "document" } else { "documents" };
    Ok(Read::from(Body::Tree(tree)).summary(format!("{count} {lines}")))
}
