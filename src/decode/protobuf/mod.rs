//! Protobuf: by number and look where nobody described the message, by name where a descriptor set
//! did.

mod described;
mod guess;
mod wire;

use prost_reflect::MessageDescriptor;

use super::bytes::Cursor;
use super::{Body, Builder, Context, Decoder, Fit, Read, Schema, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "protobuf", label: "Protobuf", fit, read };

/// Field numbers above this are rare; where nothing names the form they speak against it.
const USUAL: u32 = 2000;
/// Payloads up to this many bytes are tried against every message of a descriptor set.
const TRIED: usize = 1 << 20;
/// Messages that are tried, at most.
const MESSAGES: usize = 2000;

fn fit(context: &Context<'_>) -> Fit {
    if let Some(name) = context.content_type.filter(|name| name.contains("protobuf")) {
        return Fit::content_type(name);
    }
    if context.text.is_some() || context.payload.is_empty() {
        return Fit::No;
    }
    if context.schema.is_some() {
        return Fit::May("a descriptor set is given");
    }
    match wire::next(&mut Cursor::new(context.payload)) {
        Ok(first) if first.number <= USUAL => Fit::May("it reads as fields of Protobuf"),
        _ => Fit::No,
    }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let payload = &context.payload[..];
    let is_named = context.chosen || context.content_type.is_some();
    plausible(payload, is_named || context.schema.is_some())?;
    let (message, summary) = match context.schema {
        None => (None, None),
        Some(schema) => {
            let found = message(schema, payload);
            let told = match &found {
                Some(message) if schema.message.is_none() => message.full_name().to_owned(),
                Some(message) if described::fits(payload, message, 0) => {
                    message.full_name().to_owned()
                }
                Some(message) => format!("{}, which does not fit everywhere", message.full_name()),
                None => String::from("No message of the descriptor set fits; fields by number"),
            };
            (found, Some(told))
        }
    };
    let mut tree = Builder::default();
    tree.object();
    match &message {
        Some(message) => described::fields(&mut tree, payload, message, 0)?,
        None => guess::fields(&mut tree, payload, 0)?,
    }
    tree.close();
    let read = Read::from(Body::Tree(tree.finish()?));
    Ok(match summary {
        Some(summary) => read.summary(summary),
        None => read,
    })
}

/// Whether the payload is fields from end to end; where nothing but its look speaks for it, of
/// usual numbers.
fn plausible(payload: &[u8], is_sure: bool) -> Result<(), Unreadable> {
    let mut cursor = Cursor::new(payload);
    while !cursor.is_empty() {
        let from = cursor.at();
        let field = wire::next(&mut cursor)?;
        if !is_sure && (field.number > USUAL || matches!(field.value, wire::Raw::Group(_))) {
            return Err(Unreadable::new("it has a field of an unusual number").at(from));
        }
    }
    Ok(())
}

/// The message the person named, or the first that fits.
fn message(schema: &Schema, payload: &[u8]) -> Option<MessageDescriptor> {
    if let Some(name) = &schema.message {
        return schema.pool.get_message_by_name(name);
    }
    let mut known = schema.pool.all_messages().take(MESSAGES).filter(|m| !m.is_map_entry());
    if payload.len() > TRIED {
        return None;
    }
    known.find(|message| described::fits(payload, message, 0))
}

#[cfg(test)]
mod tests;
