//! The words of a command line as a POSIX shell would make them, `$'…'` included, and as browsers
//! write them for cmd.exe. Nothing is run or filled in: what a shell would fill in is only noticed.

use super::PastedError;

/// The words of one command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// The command and its arguments.
    pub(super) list: Vec<String>,
    /// What comes after the command, from its pipe, redirection or semicolon on.
    pub(super) rest: Option<String>,
    /// Variables and commands that a shell would have filled in.
    pub(super) unfilled: Vec<String>,
}

/// Names of variables that are kept for a note.
const UNFILLED: usize = 8;

/// Splits a command line.
///
/// # Errors
/// [`PastedError::Quote`] for a quote that is never closed.
pub(super) fn split(line: &str) -> Result<Words, PastedError> {
    if is_for_cmd(line) {
        return Reader::new(&without_carets(line), false).read();
    }
    Reader::new(line, true).read()
}

/// Whether browsers wrote the line for cmd.exe, where every quote has a caret before it.
fn is_for_cmd(line: &str) -> bool {
    line.split_once(char::is_whitespace)
        .is_some_and(|(_, arguments)| arguments.trim_start().starts_with("^\""))
}

/// The line as cmd.exe hands it on: a caret stands for the character after it, or for nothing at
/// the end of a line.
fn without_carets(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars().filter(|c| *c != '\r');
    while let Some(letter) = letters.next() {
        match letter {
            '^' => match letters.next() {
                // What follows the end of the line is taken as it is, as a line break inside a
                // quote is written.
                Some('\n') => plain.extend(letters.next()),
                Some(escaped) => plain.push(escaped),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

struct Reader<'a> {
    line: &'a str,
    /// Where in the line, in bytes.
    at: usize,
    is_posix: bool,
    /// The word so far. Bytes, since `$'\xc3\xbc'` writes a character byte by byte.
    word: Vec<u8>,
    /// Whether there is a word, even an empty one.
    in_word: bool,
    found: Words,
}

impl<'a> Reader<'a> {
    fn new(line: &'a str, is_posix: bool) -> Self {
        Self { line, at: 0, is_posix, word: Vec::new(), in_word: false, found: Words::default() }
    }

    fn peek(&self) -> Option<char> {
        self.line.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn push(&mut self, letter: char) {
        self.in_word = true;
        self.word.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn end_word(&mut self) {
        if std::mem::take(&mut self.in_word) {
            let bytes = std::mem::take(&mut self.word);
            self.found.list.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }

    fn read(mut self) -> Result<Words, PastedError> {
        while let Some(letter) = self.next() {
            match letter {
                '"' => self.double()?,
                '\'' if self.is_posix => self.single()?,
                '\\' if self.is_posix => self.escaped(),
                '$' if self.is_posix && self.peek() == Some('\'') => self.ansi()?,
                '$' | '`' if self.is_posix => self.unfilled(letter),
                '\n' if self.is_posix && !self.found.list.is_empty() => {
                    self.at -= 1;
                    return Ok(self.stopped());
                }
                letter if letter.is_whitespace() => self.end_word(),
                '#' if self.is_posix && !self.in_word => {
                    while self.peek().is_some_and(|letter| letter != '\n') {
                        self.next();
                    }
                }
                '|' | ';' | '<' | '>' if self.is_posix => {
                    self.at -= 1;
                    return Ok(self.stopped());
                }
                // Within a word it is the address of someone who forgot the quotes.
                '&' if self.is_posix && (!self.in_word || self.ends_here()) => {
                    self.at -= 1;
                    return Ok(self.stopped());
                }
                letter => self.push(letter),
            }
        }
        self.end_word();
        Ok(self.found)
    }

    fn ends_here(&self) -> bool {
        self.peek().is_none_or(|next| next.is_whitespace() || next == '&')
    }

    /// The end of the command, with another behind it.
    fn stopped(mut self) -> Words {
        // `2>&1`: the number belongs to the redirection.
        let is_number = !self.word.is_empty() && self.word.iter().all(u8::is_ascii_digit);
        if is_number && self.peek().is_some_and(|next| matches!(next, '<' | '>')) {
            self.word.clear();
            self.in_word = false;
        }
        self.end_word();
        let rest = self.line[self.at..].trim();
        self.found.rest = (!rest.is_empty()).then(|| rest.to_owned());
        self.found
    }

    fn escaped(&mut self) {
        match self.next() {
            Some('\r') if self.peek() == Some('\n') => drop(self.next()),
            Some('\n') | None => {}
            Some(letter) => self.push(letter),
        }
    }

    fn single(&mut self) -> Result<(), PastedError> {
        self.in_word = true;
        let rest = &self.line[self.at..];
        let end = rest.find('\'').ok_or(PastedError::Quote('\''))?;
        self.word.extend_from_slice(&rest.as_bytes()[..end]);
        self.at += end + 1;
        Ok(())
    }

    fn double(&mut self) -> Result<(), PastedError> {
        self.in_word = true;
        while let Some(letter) = self.next() {
            match letter {
                '"' => return Ok(()),
                '\\' => match self.peek() {
                    Some('\n') if self.is_posix => drop(self.next()),
                    Some(next @ ('"' | '\\')) => {
                        self.next();
                        self.push(next);
                    }
                    Some(next @ ('$' | '`')) if self.is_posix => {
                        self.next();
                        self.push(next);
                    }
                    _ => self.push('\\'),
                },
                '$' | '`' if self.is_posix => self.unfilled(letter),
                letter => self.push(letter),
            }
        }
        Err(PastedError::Quote('"'))
    }

    /// Notes what a shell would fill in here, and keeps it as it stands.
    fn unfilled(&mut self, letter: char) {
        let rest = &self.line[self.at..];
        let name: String = rest.chars().take(64).take_while(|c| is_of_name(*c)).collect();
        let opens = rest.starts_with(['{', '(']);
        let is_filled =
            letter == '`' || opens || name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if is_filled && self.found.unfilled.len() < UNFILLED {
            let shown = match (letter, opens) {
                ('`', _) => String::from("`…`"),
                (_, true) => String::from("${…}"),
                _ => format!("${name}"),
            };
            if !self.found.unfilled.contains(&shown) {
                self.found.unfilled.push(shown);
            }
        }
        self.push(letter);
    }

    /// `$'…'`, after its dollar.
    fn ansi(&mut self) -> Result<(), PastedError> {
        self.next();
        self.in_word = true;
        while let Some(letter) = self.next() {
            match letter {
                '\'' => return Ok(()),
                '\\' => self.ansi_escape(),
                letter => self.push(letter),
            }
        }
        Err(PastedError::Quote('\''))
    }

    fn ansi_escape(&mut self) {
        let Some(letter) = self.next() else { return };
        match letter {
            'n' => self.push('\n'),
            't' => self.push('\t'),
            'r' => self.push('\r'),
            'a' => self.push('\u{7}'),
            'b' => self.push('\u{8}'),
            'v' => self.push('\u{b}'),
            'f' => self.push('\u{c}'),
            'e' | 'E' => self.push('\u{1b}'),
            'x' => {
                if let Some(byte) = self.digits(16, 2) {
                    self.word.push(byte as u8);
                }
            }
            'u' => self.unicode(4),
            'U' => self.unicode(8),
            '0'..='7' => {
                self.at -= 1;
                if let Some(byte) = self.digits(8, 3) {
                    self.word.push(byte as u8);
                }
            }
            '\\' | '\'' | '"' | '?' => self.push(letter),
            other => {
                self.push('\\');
                self.push(other);
            }
        }
    }

    fn unicode(&mut self, most: usize) {
        let Some(mut number) = self.digits(16, most) else { return };
        // Browsers write what lies beyond the first plane as two surrogates, which bash does not
        // know.
        let is_high = (0xd800..0xdc00).contains(&number);
        if is_high && self.line[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            match self.digits(16, 4) {
                Some(low) if (0xdc00..0xe000).contains(&low) => {
                    number = 0x1_0000 + ((number - 0xd800) << 10) + (low - 0xdc00);
                }
                _ => self.at = before,
            }
        }
        self.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let mut number = None;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) else { break };
            self.next();
            number = Some(number.unwrap_or(0_u32).wrapping_mul(radix).wrapping_add(digit));
        }
        number
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line).map(|found| found.list).unwrap_or_default()
    }

    #[test]
    fn words_are_those_of_a_shell() {
        let table: [(&str, &[&str]); 14] = [
            ("a  b\tc", &["a", "b", "c"]),
            ("a 'b c' \"d e\"f", &["a", "b c", "d ef"]),
            (r#"a 'it'\''s' "say \"hi\" \x""#, &["a", "it's", r#"say "hi" \x"#]),
            ("a '' \"\"", &["a", "", ""]),
            ("a \\\n  b \\\r\n c", &["a", "b", "c"]),
            (r"a $'b\'c\n\x41\u00fc\101\xc3\xbc'", &["a", "b'c\nAüAü"]),
            (r"a $'\ud83d\ude00 \ud83d'", &["a", "😀 \u{fffd}"]),
            ("a b # c", &["a", "b"]),
            ("a b#c", &["a", "b#c"]),
            ("a http://h/?x=1&y=2", &["a", "http://h/?x=1&y=2"]),
            ("a b 2>/dev/null", &["a", "b"]),
            ("a \"b\nc\"", &["a", "b\nc"]),
            (
                "curl ^\"http://h/?a=1^&b=^%^41^\" ^\n  -H ^\"a: \\^\"b\\^\"^\"",
                &["curl", "http://h/?a=1&b=%41", "-H", "a: \"b\""],
            ),
            ("curl ^\"h^\" -d ^\"a^\n\nb^\"", &["curl", "h", "-d", "a\nb"]),
        ];
        for (line, wanted) in table {
            assert_eq!(words(line), wanted, "{line}");
        }
    }

    #[test]
    fn what_follows_the_command_is_told_apart() {
        let rest = |line: &str| split(line).ok().and_then(|found| found.rest);
        assert_eq!(rest("a b | jq .").as_deref(), Some("| jq ."));
        assert_eq!(rest("a b && c").as_deref(), Some("&& c"));
        assert_eq!(rest("a b\nc d").as_deref(), Some("c d"));
        assert_eq!(rest("a b\n"), None);
        assert_eq!(rest("a 'b | c'"), None);
    }

    #[test]
    fn what_a_shell_would_fill_in_is_noticed() {
        let unfilled = |line: &str| split(line).map(|found| found.unfilled).unwrap_or_default();
        assert_eq!(unfilled("a \"Bearer $TOKEN\" ${X} `id` $TOKEN"), ["$TOKEN", "${…}", "`…`"]);
        assert!(unfilled("a '$TOKEN' \\$TOKEN 'costs $5' $5").is_empty());
    }

    #[test]
    fn quotes_must_be_closed() {
        for line in ["a 'b", "a \"b", "a $'b", "a \"b\\", "a $'b\\"] {
            assert!(matches!(split(line), Err(PastedError::Quote(_))), "{line}");
        }
    }
}
