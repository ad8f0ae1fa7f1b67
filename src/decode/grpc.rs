//! gRPC-Web: messages behind five bytes each, and trailers at the end (grpc.io, PROTOCOL-WEB).

use super::bytes::Cursor;
use super::{Body, Builder, Context, Decoder, Fit, Part, Read, Unreadable};

pub(super) const DECODER: Decoder = Decoder { id: "grpc", label: "gRPC-Web", fit, read };

fn fit(context: &Context<'_>) -> Fit {
    match context.content_type.filter(|name| name.starts_with("application/grpc")) {
        Some(name) => Fit::content_type(name),
        None if context.speaks("grpc-websockets") => Fit::subprotocol("grpc-websockets"),
        None => Fit::No,
    }
}

fn read(context: &Context<'_>) -> Result<Read, Unreadable> {
    let mut cursor = Cursor::new(context.payload);
    let mut tree = Builder::default();
    let mut parts = Vec::new();
    tree.array();
    while !cursor.is_empty() && !tree.is_full() {
        let flags = cursor.u8()?;
        if flags & 0x7e != 0 {
            return Err(cursor.wrong("a message begins with flags that are not known"));
        }
        let length = cursor.u32()? as usize;
        let bytes = cursor.take(length)?;
        let is_trailers = flags & 0x80 != 0;
        let is_compressed = flags & 1 != 0;
        tree.object();
        tree.key("frame").text(if is_trailers { "trailers" } else { "message" });
        tree.key("compressed").bool(is_compressed);
        tree.key("length").number(length).close();
        let payload = context.payload.slice_ref(bytes);
        parts.push(match (is_trailers, is_compressed) {
            (true, false) => Part::text("Trailers", payload),
            (false, false) => {
                Part::bytes("Message", payload).content_type("application/x-protobuf")
            }
            _ => Part::bytes("Compressed", payload),
        });
    }
    tree.close();
    let count = parts.len();
    let summary = format!("{count} {}", if count == 1 { "frame" } else { "frames" });
    let read = Read::from(Body::Tree(tree.finish()?)).summary(summary);
    Ok(parts.into_iter().fold(read, Read::part))
}
