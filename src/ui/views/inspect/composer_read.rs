//! What the composer's text comes to: a message, a control frame or a close; and where it cannot be
//! read, at which character.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;

use crate::model::{Event, Kind, Say};

/// Payload of a control frame, at most (RFC 6455, section 5.5).
const CONTROL: usize = 125;
/// Frames of a message, at most.
pub(super) const FRAMES: usize = 1000;

/// How the text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    #[default]
    Text,
    Json,
    Hex,
    Base64,
    File,
    Ping,
    Pong,
    Close,
}

impl Mode {
    /// Every mode, its name and what it does. The control frames come last.
    pub(super) const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Text, "Text", "Sent as it stands"),
        (Self::Json, "JSON", "Checked before it is sent"),
        (Self::Hex, "Hex", "Bytes as 77 73 31, sent as a binary message"),
        (Self::Base64, "Base64", "Bytes as d3Mx, sent as a binary message"),
        (Self::File, "File", "The content of a file, sent as a binary message"),
        (Self::Ping, "Ping", "A ping frame with this payload, at most 125 bytes"),
        (Self::Pong, "Pong", "A pong frame nobody asked for, at most 125 bytes"),
        (Self::Close, "Close", "A close frame with any code and a reason"),
    ];
    /// Those that HTTP has, too.
    pub(super) const OF_HTTP: usize = 5;

    /// What stands in an empty field.
    pub(super) const fn hint(self) -> &'static str {
        match self {
            Self::Text | Self::Json => "Write a message",
            Self::Hex => "77 73 31",
            Self::Base64 => "d3Mx",
            Self::File => "/home/me/message.bin",
            Self::Ping | Self::Pong => "Payload, may be empty",
            Self::Close => "Reason, may be empty",
        }
    }

    /// Sent in data frames, of which a message may have several.
    pub(super) const fn is_data(self) -> bool {
        matches!(self, Self::Text | Self::Json | Self::Hex | Self::Base64)
    }

    /// May be sent without a text.
    pub(super) const fn may_be_empty(self) -> bool {
        !matches!(self, Self::File)
    }
}

/// Why a text cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// In words.
    pub(super) text: String,
    /// The character that is wrong, from 0.
    pub(super) at: Option<usize>,
}

impl From<&str> for Wrong {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), at: None }
    }
}

/// Reads the text. `code` is the close code as typed; nothing typed sends none.
pub(super) fn read(mode: Mode, text: &str, code: &str) -> Result<Say, Wrong> {
    match mode {
        Mode::Text => Ok(Say::Text(text.to_owned())),
        Mode::Json => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Ok(Say::Text(text.to_owned())),
            Err(error) => Err(no_json(text, &error)),
        },
        Mode::Hex => hex(text).map(|bytes| Say::Binary(bytes.into())),
        Mode::Base64 => base64(text).map(|bytes| Say::Binary(bytes.into())),
        Mode::File => Err("choose a file, or type its path".into()),
        Mode::Ping => control(text, CONTROL).map(Say::Ping),
        Mode::Pong => control(text, CONTROL).map(Say::Pong),
        Mode::Close => {
            let code = close_code(code)?;
            if code.is_none() && !text.is_empty() {
                return Err("a reason needs a code".into());
            }
            // The code takes two of the bytes.
            control(text, CONTROL - 2)?;
            Ok(Say::Close(code, text.to_owned()))
        }
    }
}

fn no_json(text: &str, error: &serde_json::Error) -> Wrong {
    // Lines and columns count from 1, columns in bytes.
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line_at: usize = before.map(str::len).sum();
    let byte = (line_at + error.column()).saturating_sub(1);
    let at = text.char_indices().position(|(start, _)| start >= byte);
    let at = at.filter(|_| !error.is_eof());
    Wrong { text: format!("no JSON: {error}"), at }
}

/// A close code as typed; any number of 16 bits.
pub(super) fn close_code(typed: &str) -> Result<Option<u16>, Wrong> {
    match typed.trim() {
        "" => Ok(None),
        typed => typed.parse().map(Some).map_err(|_| "a close code is 0 to 65535".into()),
    }
}

fn control(text: &str, most: usize) -> Result<Bytes, Wrong> {
    if text.len() > most {
        let text = format!("{} bytes are too many for a control frame: {most} fit", text.len());
        return Err(Wrong { text, at: None });
    }
    Ok(Bytes::copy_from_slice(text.as_bytes()))
}

/// Bytes as `77 73 31`, `77,73,31`, `0x77 0x73` or `777331`.
fn hex(text: &str) -> Result<Vec<u8>, Wrong> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u8> = None;
    let mut before = ' ';
    for (at, letter) in text.chars().enumerate() {
        let last = std::mem::replace(&mut before, letter);
        match (letter.to_digit(16), high) {
            (Some(digit), None) => high = Some(digit as u8),
            (Some(digit), Some(first)) => {
                bytes.push(first << 4 | digit as u8);
                high = None;
            }
            (None, None) if is_between(letter) => {}
            (None, Some(0)) if matches!(letter, 'x' | 'X') && last == '0' => high = None,
            (None, Some(_)) if is_between(letter) => {
                let text = format!("half a byte before character {}", at + 1);
                return Err(Wrong { text, at: Some(at.saturating_sub(1)) });
            }
            _ => return Err(unexpected(letter, at, "a hexadecimal digit")),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(Wrong {
            text: "half a byte at the end".into(),
            at: Some(text.chars().count().saturating_sub(1)),
        }),
    }
}

fn is_between(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, ',' | ':' | '-')
}

fn unexpected(letter: char, at: usize, wanted: &str) -> Wrong {
    Wrong { text: format!("“{letter}” at character {} is not {wanted}", at + 1), at: Some(at) }
}

/// Either alphabet, with or without padding, over any number of lines.
fn base64(text: &str) -> Result<Vec<u8>, Wrong> {
    let mut letters = String::with_capacity(text.len());
    let mut padding = None;
    for (at, letter) in text.chars().enumerate() {
        match letter {
            letter if letter.is_whitespace() => {}
            '=' => padding = Some(at),
            _ if padding.is_some() => return Err(unexpected(letter, at, "allowed after the end")),
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' | '-' | '_' => letters.push(letter),
            _ => return Err(unexpected(letter, at, "of the base64 alphabet")),
        }
    }
    let end = text.chars().count().saturating_sub(1);
    let engine = if letters.contains(['-', '_']) { URL_SAFE_NO_PAD } else { STANDARD_NO_PAD };
    engine.decode(&letters).map_err(|error| {
        let text = match error {
            base64::DecodeError::InvalidByte(..) => "the two base64 alphabets are mixed",
            _ => "the base64 ends inside a byte",
        };
        Wrong { text: text.into(), at: Some(end) }
    })
}

/// The message in so many frames of about equal size; as it is for one.
pub(super) fn in_frames(say: Say, count: usize) -> Say {
    let count = count.min(FRAMES);
    let (is_text, whole) = match say {
        _ if count < 2 => return say,
        Say::Text(text) => (true, Bytes::from(text)),
        Say::Binary(bytes) => (false, bytes),
        other => return other,
    };
    let cut = |part: usize| whole.len() * part / count;
    let parts = (0..count).map(|part| whole.slice(cut(part)..cut(part + 1))).collect();
    Say::Fragments { is_text, parts }
}

/// The event as the composer would have sent it: mode, text and close code.
pub(super) fn written(event: &Event) -> (Mode, String, String) {
    let bytes = || event.payload.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
    let meta = event.meta();
    let (mode, text) = match (event.kind, event.text()) {
        (Kind::Close, _) => (Mode::Close, meta.reason.clone().unwrap_or_default()),
        (Kind::Ping, Some(text)) => (Mode::Ping, text.to_owned()),
        (Kind::Pong, Some(text)) => (Mode::Pong, text.to_owned()),
        (_, None) => (Mode::Hex, bytes()),
        (_, Some(text)) => {
            let is_json = text.trim_start().starts_with(['{', '['])
                && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            (if is_json { Mode::Json } else { Mode::Text }, text.to_owned())
        }
    };
    (mode, text, meta.code.map(|code| code.to_string()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Meta};

    #[test]
    fn what_is_typed_is_read_before_it_goes() {
        let binary = |bytes: &'static [u8]| Ok(Say::Binary(Bytes::from_static(bytes)));
        let table = [
            (Mode::Text, "x", Ok(Say::Text("x".into()))),
            (Mode::Json, "{\"a\":1}", Ok(Say::Text("{\"a\":1}".into()))),
            (Mode::Hex, "77 73,31", binary(b"ws1")),
            (Mode::Hex, "0x77 0x0073:31", binary(b"w\0s1")),
            (Mode::Hex, "", binary(b"")),
            (Mode::Base64, "d3\nMx", binary(b"ws1")),
            (Mode::Base64, "_-8=", binary(b"\xff\xef")),
            (Mode::Base64, "/+8", binary(b"\xff\xef")),
            (Mode::Ping, "ws1", Ok(Say::Ping(Bytes::from_static(b"ws1")))),
            (Mode::Pong, "", Ok(Say::Pong(Bytes::new()))),
        ];
        for (mode, text, wanted) in table {
            assert_eq!(read(mode, text, ""), wanted, "{text}");
        }
        assert_eq!(read(Mode::Close, "", ""), Ok(Say::Close(None, String::new())));
        assert_eq!(read(Mode::Close, "bye", "4001"), Ok(Say::Close(Some(4001), "bye".into())));
    }

    #[test]
    fn what_cannot_be_read_is_told_at_its_character() {
        let table = [
            (Mode::Hex, "77 7g", "“g” at character 5 is not a hexadecimal digit", Some(4)),
            (Mode::Hex, "7 73", "half a byte before character 2", Some(0)),
            (Mode::Hex, "77 7", "half a byte at the end", Some(3)),
            (Mode::Hex, "1x2", "“x” at character 2", Some(1)),
            (Mode::Base64, "d3ü", "“ü” at character 3 is not of the base64", Some(2)),
            (Mode::Base64, "d3=a", "“a” at character 4", Some(3)),
            (Mode::Base64, "d3Mxa", "ends inside a byte", Some(4)),
            (Mode::Base64, "d3+_", "alphabets are mixed", Some(3)),
            (Mode::Json, "{\"ü\":x}", "no JSON", Some(5)),
            (Mode::Json, "{", "no JSON", None),
            (Mode::Close, "bye", "a reason needs a code", None),
            (Mode::File, "", "choose a file", None),
        ];
        for (mode, text, wanted, at) in table {
            let Err(wrong) = read(mode, text, "") else { panic!("{text}") };
            assert!(wrong.text.contains(wanted), "{text}: {}", wrong.text);
            assert_eq!(wrong.at, at, "{text}");
        }
        assert!(read(Mode::Ping, &"x".repeat(126), "").is_err());
        assert!(read(Mode::Close, &"x".repeat(124), "1000").is_err());
        assert!(read(Mode::Close, "", "65536").is_err());
    }

    #[test]
    fn a_message_is_cut_into_frames_without_loss() {
        let sizes = |say: Say| match say {
            Say::Fragments { parts, .. } => parts.iter().map(Bytes::len).collect(),
            _ => Vec::new(),
        };
        assert_eq!(sizes(in_frames(Say::Text("abcdefg".into()), 3)), [2, 2, 3]);
        assert_eq!(sizes(in_frames(Say::Text("a".into()), 3)), [0, 0, 1]);
        assert_eq!(in_frames(Say::Text("a".into()), 1), Say::Text("a".into()));
        assert_eq!(sizes(in_frames(Say::Binary(Bytes::new()), 9_999)).len(), FRAMES);
        assert_eq!(in_frames(Say::Ping(Bytes::new()), 3), Say::Ping(Bytes::new()));
    }

    #[test]
    fn an_event_is_written_as_it_would_be_sent() {
        let event = |kind, payload: &'static [u8], meta| {
            Event::new(0, Dir::In, kind).with_payload(payload).with_meta(meta)
        };
        let close = Meta { code: Some(1001), reason: Some("bye".into()), ..Meta::default() };
        let table = [
            (event(Kind::Text, b"{\"a\":1}", Meta::default()), (Mode::Json, "{\"a\":1}", "")),
            (event(Kind::Text, b"{a", Meta::default()), (Mode::Text, "{a", "")),
            (event(Kind::Binary, b"ws1", Meta::default()), (Mode::Hex, "77 73 31", "")),
            (event(Kind::Ping, b"ws1", Meta::default()), (Mode::Ping, "ws1", "")),
            (event(Kind::Close, b"", close), (Mode::Close, "bye", "1001")),
        ];
        for (event, (mode, text, code)) in table {
            assert_eq!(written(&event), (mode, text.to_owned(), code.to_owned()));
        }
    }
}
