//! Text in UTF-8. What is not valid is shown with U+FFFD in its place, and said.

use super::{Body, Context, Decoder, Fit, Read, Unreadable};
use crate::model::Kind;

pub(super) const DECODER: Decoder = Decoder { id: "text", label: "Text", fit, read };

fn fit(context: &Context<'_>) -> Fit {
    if context.text.is_some() {
        let is_binary = context.kind == Kind::Binary;
        return Fit::May(if is_binary { "its bytes are text" } else { "it is text" });
    }
    match context.content_type.filter(|name| name.starts_with("text/")) {
        Some(name) => Fit::content_type(name),
        None => Fit::No,
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
