//! JSON objects and arrays (RFC 8259); a bare number or word reads better as text.

use super::Decoded;

/// Reads a JSON object or array.
pub(super) fn decode(payload: &[u8]) -> Option<Decoded> {
    let first = payload.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !matches!(first, b'{' | b'[') {
        return None;
    }
    serde_json::from_slice(payload).ok().map(Decoded::Json)
}
