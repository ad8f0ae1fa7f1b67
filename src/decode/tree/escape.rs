//! Texts as JSON writes them (RFC 8259, section 7): where they end, and what they say.

use std::borrow::Cow;

/// The position behind the string whose quotation mark is at `from`.
pub(in crate::decode) fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// What a text says. An escape that is cut off is left out, half of a surrogate pair becomes U+FFFD.
pub(in crate::decode) fn read(raw: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw).is_none() {
        return String::from_utf8_lossy(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.push_str(&String::from_utf8_lossy(&rest[..at]));
        let Some((letter, length)) = escaped(&rest[at + 1..]) else { return Cow::Owned(out) };
        out.push(letter);
        rest = &rest[at + 1 + length..];
    }
    out.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(out)
}

/// The character an escape stands for, and how many bytes it takes behind its backslash.
fn escaped(rest: &[u8]) -> Option<(char, usize)> {
    let letter = match rest.first()? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(&rest[1..]),
        other => char::from(*other),
    };
    Some((letter, 1))
}

fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let hex = |from: usize| {
        let digits = std::str::from_utf8(rest.get(from..from + 4)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = hex(0)?;
    let second = (rest.get(4..6) == Some(b"\\u")).then(|| hex(6)).flatten();
    let mut pair = char::decode_utf16([Some(first), second].into_iter().flatten());
    match pair.next()? {
        Ok(letter) => Some((letter, if letter.len_utf16() == 2 { 11 } else { 5 })),
        Err(_) => Some((char::REPLACEMENT_CHARACTER, 5)),
    }
}

/// Writes a text with its quotation marks, escaped where JSON demands it.
pub(super) fn write(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn escapes_are_read_as_serde_reads_them() {
        for text in [r"a\n\t\r\b\f\/\\\u00fc", r"\ud83d\ude00!", r"\u0041b", "plain", ""] {
            let wanted: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(read(text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn halves_and_ends_do_no_harm() {
        let table = [
            (r"a\ud83d", "a\u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ude00x", "\u{fffd}x"),
            (r"a\", "a"),
            (r"a\u12", "a"),
            (r"a\u+123", "a"),
        ];
        for (raw, wanted) in table {
            assert!(read(raw.as_bytes()).starts_with(wanted), "{raw}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "a\"\\\n\r\t\u{1}ü😀";
        let mut out = Vec::new();
        write(&mut out, text);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        assert_eq!(end_of_string(&out, 0), out.len());
        assert_eq!(read(&out[1..out.len() - 1]), text);
    }
}
