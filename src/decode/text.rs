//! Text in UTF-8. What is not valid is shown with U+FFFD in its place, and said.

use super::{Body, Context, Decoder, Fit, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "text", label: "Text", fit, read };

fn fit(context: &Context<'_>) -> Fit {
    if context.text.is_some() {
        return Fit::May("it is text");
    }
    if let Some(name) = context.content_type.filter(|name| name.starts_with("text/")) {
        return Fit::content_type(name);
    }
    // Binary by kind, but nothing in it that no text has.
    let is_strange = |byte: &u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    match context.utf8() {
        Some(text) if !text.is_empty() && !text.as_bytes().iter().any(is_strange) => {
            Fit::May("its bytes are text")
        }
        _ => Fit::No,
    }
}

// The signature is that of every decoder.
#[allow(clippy::unnecessary_wraps)]
fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let read = Read::from(Body::Text(context.payload.clone()));
    Ok(match std::str::from_utf8(context.payload) {
        Ok(_) => read,
        Err(error) => {
            let at = error.valid_up_to();
            read.summary(format!("No UTF-8 from byte {at} on; what is none is shown as \u{fffd}"))
        }
    })
}
