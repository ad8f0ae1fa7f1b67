//! What only some events have: heads, timings, close codes, frames, certificates. Stored and exported
//! as JSON, where a key that is absent means that it is not known.

use serde::{Deserialize, Serialize};

use super::TransportKind;

/// Header fields in the order and spelling they had on the wire.
pub type Headers = Vec<(String, String)>;

/// A WebSocket frame (RFC 6455, section 5.2) without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "StoredFrame")]
pub struct Frame {
    /// Opcode, 0 for a continuation.
    pub opcode: u8,
    /// The last frame of its message.
    pub fin: bool,
    /// RSV1 to RSV3 as a number; RSV1 is 4.
    #[serde(skip_serializing_if = "is_zero")]
    pub rsv: u8,
    /// Masking key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<[u8; 4]>,
    /// Bytes of the header, masking key included.
    pub header: u8,
    /// Bytes of the payload as they were on the wire, compressed where they were.
    pub size: u64,
    /// When its last byte came or went, in nanoseconds since the session began.
    pub t_ns: u64,
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// Frames as they are in session files: the first version kept opcode, size and FIN alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredFrame {
    Short(u8, u64, bool),
    Full {
        opcode: u8,
        fin: bool,
        #[serde(default)]
        rsv: u8,
        #[serde(default)]
        mask: Option<[u8; 4]>,
        header: u8,
        size: u64,
        t_ns: u64,
    },
}

impl From<StoredFrame> for Frame {
    fn from(stored: StoredFrame) -> Self {
        match stored {
            StoredFrame::Short(opcode, size, fin) => Self { opcode, fin, size, ..Self::default() },
            StoredFrame::Full { opcode, fin, rsv, mask, header, size, t_ns } => {
                Self { opcode, fin, rsv, mask, header, size, t_ns }
            }
        }
    }
}

/// A certificate of a peer (RFC 5280), as far as people look at one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// Who it is for, as in `CN=example.com`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Names it is good for.
    pub names: Vec<String>,
    /// First moment of its validity, in RFC 3339.
    pub not_before: String,
    /// Last moment of its validity, in RFC 3339.
    pub not_after: String,
    /// SHA-256 of the certificate, in hexadecimal.
    pub sha256: String,
}

/// How long the phases of an attempt or a request took, in milliseconds; those that took place.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Timing {
    /// Looking up the host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<f64>,
    /// The TCP handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<f64>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<f64>,
    /// TCP and TLS together, where the HTTP library does not tell them apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<f64>,
    /// From the request sent to the first byte of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<f64>,
    /// From the beginning of the attempt to its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
}

/// What only some events have; kept apart so that a plain message stays small.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// Close code exactly as sent (RFC 6455, section 7.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Close reason, or the reason phrase of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// HTTP version, as in `HTTP/1.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// HTTP method of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where a request went, secrets and all; the recorder removes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Header fields of a request, a response or a handshake's answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Headers,
    /// Header fields of the handshake's request, where `headers` are its answer's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Headers,
    /// How long the phases took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Address of the peer, as in `127.0.0.1:4100`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// TLS version and cipher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// The certificate was not verified, because the user switched that off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insecure: bool,
    /// What happened, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The likely reason and what to try, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Time until the next attempt, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Which retry is being waited for, and how many there will be at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<(u32, u32)>,
    /// Reconnection time the server asked for, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// The cursor an attempt resumes after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_after: Option<String>,
    /// Bytes of the payload that were left out because it was larger than the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<u64>,
    /// The transport that was chosen, where the address did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<TransportKind>,
    /// Why it was chosen, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// The frames of a WebSocket message, where they are more than one or cannot be told from the
    /// event itself: compressed, masked, or with a length written in more bytes than it needs.
    #[serde(alias = "fragments", skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
    /// How the payload was compressed on its way: a content coding, or `permessage-deflate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What the payload took while it was compressed, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compressed: Option<u64>,
    /// The certificates the peer showed, its own first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
    /// The proxy the connection goes through, without what gives access to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
}

impl Meta {
    /// No details.
    pub const EMPTY: Self = Self {
        code: None,
        reason: None,
        status: None,
        version: None,
        method: None,
        url: None,
        headers: Vec::new(),
        request_headers: Vec::new(),
        timing: None,
        remote: None,
        tls: None,
        insecure: false,
        cause: None,
        hint: None,
        delay_ms: None,
        retry: None,
        retry_ms: None,
        resume_after: None,
        truncated: None,
        transport: None,
        chosen: None,
        frames: Vec::new(),
        encoding: None,
        compressed: None,
        certificates: Vec::new(),
        proxy: None,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_keeps_only_what_is_there() {
        let meta = Meta { code: Some(1001), ..Meta::default() };
        assert_eq!(serde_json::to_string(&meta).unwrap_or_default(), r#"{"code":1001}"#);
    }

    #[test]
    fn frames_of_older_files_are_read() {
        let old: Meta =
            serde_json::from_str(r#"{"fragments":[[1,3,false],[0,4,true]]}"#).unwrap_or_default();
        let frame = |opcode, size, fin| Frame { opcode, fin, size, ..Frame::default() };
        assert_eq!(old.frames, [frame(1, 3, false), frame(0, 4, true)]);
        let now =
            Frame { rsv: 4, mask: Some([1, 2, 3, 4]), header: 6, t_ns: 9, ..frame(1, 3, true) };
        let text = serde_json::to_string(&now).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Frame>(&text).ok(), Some(now), "{text}");
    }
}
