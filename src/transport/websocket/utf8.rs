//! Whether text that comes in pieces is UTF-8, told at the first byte that is not (RFC 6455, section
//! 8.1).

/// Follows a text from its first byte on.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose rest has not come.
    open: Vec<u8>,
}

impl Utf8 {
    /// Whether the text may go on as `bytes` do.
    pub(super) fn goes_on(&mut self, mut bytes: &[u8]) -> bool {
        while !self.open.is_empty() {
            let Some((first, rest)) = bytes.split_first() else { return true };
            self.open.push(*first);
            bytes = rest;
            match std::str::from_utf8(&self.open) {
                Ok(_) => self.open.clear(),
                Err(error) if error.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => true,
            Err(error) if error.error_len().is_some() => false,
            Err(error) => {
                self.open.extend_from_slice(bytes.get(error.valid_up_to()..).unwrap_or_default());
                true
            }
        }
    }

    /// Whether the text may end here.
    pub(super) fn may_end(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `pieces` are a text, and if not, how many bytes were fine.
    fn judge<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(), usize> {
        let (mut utf8, mut fine) = (Utf8::default(), 0);
        for piece in pieces {
            if !utf8.goes_on(piece) {
                return Err(fine);
            }
            fine += piece.len();
        }
        if utf8.may_end() { Ok(()) } else { Err(fine) }
    }

    #[test]
    fn a_text_is_judged_alike_however_it_is_split() {
        let texts: [&[u8]; 9] = [
            "κόσμε, \u{10ffff} and é".as_bytes(),
            b"",
            b"\xce\xba\xf4\x90\x80\x80",
            b"a\xed\xa0\x80",
            b"\xc0\xaf",
            b"ab\xe2\x82",
            b"\x80",
            b"\xf0\x9f\x98\x80\xff",
            b"\xe2\x28\xa1",
        ];
        for text in texts {
            let whole = std::str::from_utf8(text).is_ok();
            for at in 0..=text.len() {
                let (left, right) = text.split_at(at);
                assert_eq!(judge([left, right]).is_ok(), whole, "{text:x?} at {at}");
            }
            assert_eq!(judge(text.chunks(1)).is_ok(), whole, "{text:x?}");
        }
    }

    #[test]
    fn the_first_bad_byte_is_enough() {
        assert_eq!(judge(b"\xce\xba\xf4\x90abc".chunks(1)), Err(3));
        assert_eq!(judge(b"ab\xe2\x28".chunks(1)), Err(3));
        assert_eq!(judge(b"ab\xe2\x82".chunks(1)), Err(4), "it ends inside a character");
    }
}
