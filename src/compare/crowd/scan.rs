//! Finds the numbers that matter in messages as their bytes pass, in pieces of any size and without
//! keeping any of them: `"id":`, `"ts":` and `"lastId":`.

/// What a number stands after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Place of a message in its topic.
    Id,
    /// When it was published, given in microseconds since 1970.
    Ts,
    /// Where a poll goes on.
    LastId,
}

impl Key {
    const ALL: [Self; 3] = [Self::Id, Self::Ts, Self::LastId];

    const fn spelt(self) -> &'static [u8] {
        match self {
            Self::Id => b"\"id\":",
            Self::Ts => b"\"ts\":",
            Self::LastId => b"\"lastId\":",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Elsewhere,
    /// A quotation mark came.
    Quote,
    /// So many bytes of a key came.
    InKey(Key, u8),
    /// Digits before the point, so many.
    Whole(Key, u8),
    /// Digits behind it, so many.
    Fraction(u8),
}

/// Reads on where the last piece ended.
///
/// Inside a JSON string a quotation mark stands behind a backslash, so that no text can look like a
/// key.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    state: State,
    number: u64,
}

impl Scanner {
    /// Takes the next bytes and hands on every number that ends in them. Numbers too large for 64
    /// bits are the largest there is.
    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut impl FnMut(Key, u64)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.state == State::Elsewhere {
                let Some(quote) = memchr::memchr(b'"', rest) else { return };
                self.state = State::Quote;
                rest = &rest[quote + 1..];
            } else {
                self.step(rest[0], found);
                rest = &rest[1..];
            }
        }
    }

    fn step(&mut self, byte: u8, found: &mut impl FnMut(Key, u64)) {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        self.state = match self.state {
            State::Quote => {
                let begins = |key: &Key| key.spelt()[1] == byte;
                Key::ALL
                    .into_iter()
                    .find(begins)
                    .map_or_else(|| other(byte), |key| State::InKey(key, 2))
            }
            State::InKey(key, came) if key.spelt().get(usize::from(came)) == Some(&byte) => {
                if usize::from(came) + 1 == key.spelt().len() {
                    self.number = 0;
                    State::Whole(key, 0)
                } else {
                    State::InKey(key, came + 1)
                }
            }
            State::Whole(key, 0) if byte == b' ' => State::Whole(key, 0),
            State::Whole(key, came) if byte.is_ascii_digit() => {
                self.number = self.number.saturating_mul(10).saturating_add(digit);
                State::Whole(key, came.saturating_add(1))
            }
            State::Whole(Key::Ts, 1..) if byte == b'.' => State::Fraction(0),
            State::Fraction(came) if byte.is_ascii_digit() => {
                if came < 3 {
                    self.number = self.number.saturating_mul(10).saturating_add(digit);
                }
                State::Fraction(came.saturating_add(1))
            }
            State::Whole(Key::Ts, 1..) => {
                found(Key::Ts, self.number.saturating_mul(1000));
                other(byte)
            }
            State::Whole(key, 1..) => {
                found(key, self.number);
                other(byte)
            }
            State::Fraction(came) => {
                let missing = 10_u64.pow(3 - u32::from(came.min(3)));
                found(Key::Ts, self.number.saturating_mul(missing));
                other(byte)
            }
            State::Elsewhere | State::InKey(..) | State::Whole(_, 0) => other(byte),
        };
    }
}

fn other(byte: u8) -> State {
    if byte == b'"' { State::Quote } else { State::Elsewhere }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Vec<(Key, u64)> {
        let (mut scanner, mut found) = (Scanner::default(), Vec::new());
        for piece in pieces {
            scanner.feed(piece, &mut |key, number| found.push((key, number)));
        }
        found
    }

    const POLL: &[u8] = br#"{"messages":[{"id":12,"topic":"a\"id\":9","ts":1795351572123.456,"type":"tick","text":"\"ts\":7"},{"id":13,"topic":"","ts":7.5}],"lastId":13}"#;

    #[test]
    fn numbers_are_found_however_the_bytes_are_cut() {
        let whole = all(&[POLL]);
        let wanted = [
            (Key::Id, 12),
            (Key::Ts, 1_795_351_572_123_456),
            (Key::Id, 13),
            (Key::Ts, 7_500),
            (Key::LastId, 13),
        ];
        assert_eq!(whole, wanted);
        for size in 1..POLL.len() {
            let pieces: Vec<&[u8]> = POLL.chunks(size).collect();
            assert_eq!(all(&pieces), wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_passed_over() {
        for text in
            [r#""id":"7""#, r#""id":,"#, r#""idx":7,"#, r#""i"d":7,"#, r#""ts":.5,"#, "id:7,"]
        {
            assert_eq!(all(&[text.as_bytes()]), [], "{text}");
        }
        assert_eq!(all(&[br#"""id": 7}"#]), [(Key::Id, 7)]);
        assert_eq!(all(&[br#""ts":7}"#]), [(Key::Ts, 7_000)]);
        assert_eq!(all(&[br#""ts":7.}"#]), [(Key::Ts, 7_000)]);
        assert_eq!(all(&[br#""ts":7.1234567}"#]), [(Key::Ts, 7_123)]);
        let long =
            format!("\"id\":{},\"ts\":{}.{} ", "9".repeat(400), "9".repeat(400), "9".repeat(400));
        assert_eq!(all(&[long.as_bytes()]), [(Key::Id, u64::MAX), (Key::Ts, u64::MAX)]);
    }
}
