//! Percent-encoding (RFC 3986, section 2.1), as it stands in the user name and password of an address.

/// The bytes a text stands for; what is no escape stands for itself.
pub(crate) fn percent_decoded(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    loop {
        match rest {
            [b'%', high, low, after @ ..]
                if let (Some(high), Some(low)) = (digit(*high), digit(*low)) =>
            {
                bytes.push((high << 4 | low) as u8);
                rest = after;
            }
            [first, after @ ..] => {
                bytes.push(*first);
                rest = after;
            }
            [] => return bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_the_rest_stays() {
        let table: [(&str, &[u8]); 5] = [
            ("a%40b", b"a@b"),
            ("%c3%A9", "é".as_bytes()),
            ("%+a", b"%+a"),
            ("5%", b"5%"),
            ("", b""),
        ];
        for (text, bytes) in table {
            assert_eq!(percent_decoded(text), bytes, "{text}");
        }
    }
}
