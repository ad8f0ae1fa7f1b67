//! JSON as it was sent, with one field a line.

/// The position behind the string that begins at `from`.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
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

/// The document with one field a line; nothing but the space between its parts is changed, and an
/// end that is missing stays missing.
pub(super) fn pretty(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() * 2);
    let (mut at, mut depth) = (0, 0_usize);
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(byte) = bytes.get(at) {
        let mut next = at + 1;
        match byte {
            b'"' => {
                next = end_of_string(bytes, at);
                out.push_str(&text[at..next]);
            }
            b'{' | b'[' => {
                out.push(char::from(*byte));
                let rest = text[next..].trim_start();
                if rest.starts_with(['}', ']']) {
                    next = bytes.len() - rest.len() + 1;
                    out.push_str(&rest[..1]);
                } else {
                    depth += 1;
                    newline(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                newline(&mut out, depth);
                out.push(char::from(*byte));
            }
            b',' => {
                out.push(',');
                newline(&mut out, depth);
            }
            b':' => out.push_str(": "),
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                let end = bytes[at..].iter().position(|byte| b"\"{}[],: \t\r\n".contains(byte));
                next = end.map_or(bytes.len(), |end| at + end);
                out.push_str(&text[at..next]);
            }
        }
        at = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_a_line_and_nothing_else_changed() {
        let table = [
            (r#"{"a":1.10,"b":[],"c":{ }}"#, "{\n  \"a\": 1.10,\n  \"b\": [],\n  \"c\": {}\n}"),
            (r#"[ 1e400, "x, {y}: \"z\"" ]"#, "[\n  1e400,\n  \"x, {y}: \\\"z\\\"\"\n]"),
            (r#"{"a":{"b":"cut o"#, "{\n  \"a\": {\n    \"b\": \"cut o"),
            ("[true,null,\"ü\"]", "[\n  true,\n  null,\n  \"ü\"\n]"),
        ];
        for (text, wanted) in table {
            assert_eq!(pretty(text), wanted);
        }
    }
}
