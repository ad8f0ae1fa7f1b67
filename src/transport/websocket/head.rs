//! HTTP heads as they were on the wire, with the spelling and the order the HTTP library forgets.

use crate::model::Headers;

/// A request's or a response's first line and header fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Request line or status line.
    pub(super) line: String,
    /// The fields in their order.
    pub(super) headers: Headers,
}

impl Head {
    /// The first head in `bytes` and how long it is; `None` where it is not whole.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut head = Self::default();
        let mut at = 0;
        loop {
            let rest = bytes.get(at..)?;
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let line = rest.get(..end)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            at += end + 1;
            match (head.line.is_empty(), line.is_empty()) {
                // Empty lines before a head are to be ignored (RFC 9112, section 2.2).
                (true, true) => {}
                (true, false) => head.line = latin1(line),
                (false, true) => return Some((head, at)),
                (false, false) => head.add(&latin1(line)),
            }
        }
    }

    /// The last head in `bytes`: the answer itself, after the interim ones (RFC 9110, section
    /// 15.2).
    pub(super) fn last(bytes: &[u8]) -> Option<Self> {
        let (mut head, mut at) = Self::parse(bytes)?;
        while head.is_interim() {
            let (next, length) = Self::parse(bytes.get(at..)?)?;
            (head, at) = (next, at + length);
        }
        Some(head)
    }

    /// Whether it is an answer before the answer.
    pub(super) fn is_interim(&self) -> bool {
        let (_, status, _) = self.status();
        (100..200).contains(&status) && status != 101
    }

    /// Version, status and reason of an answer; the status is 0 where there is none.
    pub(super) fn status(&self) -> (String, u16, String) {
        let mut words = self.line.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        (word().to_owned(), word().parse().unwrap_or_default(), word().trim().to_owned())
    }

    fn add(&mut self, line: &str) {
        if line.starts_with([' ', '\t'])
            && let Some((_, value)) = self.headers.last_mut()
        {
            // A folded line, obsolete but still sent (RFC 9112, section 5.2).
            value.push(' ');
            value.push_str(line.trim());
            return;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        self.headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// Header fields are bytes; the first 256 characters are the same in Unicode.
fn latin1(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(head: &Head) -> Vec<(&str, &str)> {
        head.headers.iter().map(|(name, value)| (&name[..], &value[..])).collect()
    }

    #[test]
    fn spelling_order_and_repetition_stay() {
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nupGRADE: websocket\r\nX-b:1\r\nx-A:  2 \r\nX-b: \xe9\r\n\r\n\x81\x00";
        let parsed = Head::parse(bytes);
        assert_eq!(parsed.as_ref().map(|(_, length)| *length), Some(bytes.len() - 2));
        let head = parsed.unwrap_or_default().0;
        assert_eq!(head.line, "HTTP/1.1 101 Switching Protocols");
        let expected = [("upGRADE", "websocket"), ("X-b", "1"), ("x-A", "2"), ("X-b", "é")];
        assert_eq!(pairs(&head), expected);
    }

    #[test]
    fn interim_answers_are_passed_over() {
        let bytes =
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n";
        assert_eq!(Head::last(bytes).map(|head| head.line), Some("HTTP/1.1 200 OK".to_owned()));
        let switching = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00\n\n";
        let line = Head::last(switching).map(|head| head.line);
        assert_eq!(line.as_deref(), Some("HTTP/1.1 101 Switching Protocols"));
    }

    #[test]
    fn lenient_where_servers_are_sloppy() {
        let bytes = b"\r\nHTTP/1.0 403 Forbidden\nA: b\n\tc\nno colon\n\n";
        let head = Head::parse(bytes).unwrap_or_default().0;
        assert_eq!(pairs(&head), [("A", "b c"), ("no colon", "")]);
        for at in 0..bytes.len() {
            assert_eq!(Head::parse(&bytes[..at]), None);
        }
    }
}
