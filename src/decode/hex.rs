//! Bytes as they are: what remains when nothing else reads them.

use super::{Body, Context, Decoder, Fit, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "hex", label: "Binary", fit, read };

fn fit(_: &Context<'_>) -> Fit {
    Fit::May("nothing else reads it")
}

// The signature is that of every decoder.
#[allow(clippy::unnecessary_wraps)]
fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    Ok(Body::Bytes(context.payload.clone()).into())
}
