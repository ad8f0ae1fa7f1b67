//! Flags and words of a command line, told apart by which flags take a value; so that a flag that
//! means nothing here never swallows the address.

use super::PastedError;

/// Which flags of a tool take a value.
pub(super) struct Syntax {
    /// Letters of short flags.
    pub(super) short: &'static str,
    /// Names of long flags, without hyphens, one behind the other.
    pub(super) long: &'static str,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    /// A flag as it was written, `-H` or `--header`, and its value where it takes one.
    Flag(String, Option<String>),
    /// Anything else.
    Word(String),
}

impl Syntax {
    fn takes_value(&self, name: &str) -> bool {
        self.long.split_ascii_whitespace().any(|known| known == name)
    }

    /// The arguments in order.
    ///
    /// # Errors
    /// [`PastedError::NoValue`] where the last flag lacks its value.
    pub(super) fn read(&self, words: Vec<String>) -> Result<Vec<Argument>, PastedError> {
        let mut found = Vec::with_capacity(words.len());
        let mut words = words.into_iter();
        let mut only_words = false;
        while let Some(word) = words.next() {
            let is_flag = !only_words && word.len() > 1 && word.starts_with('-');
            if !is_flag {
                found.push(Argument::Word(word));
            } else if word == "--" {
                only_words = true;
            } else if let Some(name) = word.strip_prefix("--") {
                found.push(self.long(name, &mut words)?);
            } else {
                self.short(&word, &mut words, &mut found)?;
            }
        }
        Ok(found)
    }

    fn long(
        &self,
        name: &str,
        words: &mut impl Iterator<Item = String>,
    ) -> Result<Argument, PastedError> {
        if let Some((name, value)) = name.split_once('=') {
            return Ok(Argument::Flag(format!("--{name}"), Some(value.to_owned())));
        }
        let flag = format!("--{name}");
        if !self.takes_value(name) {
            return Ok(Argument::Flag(flag, None));
        }
        match words.next() {
            Some(value) => Ok(Argument::Flag(flag, Some(value))),
            None => Err(PastedError::NoValue(flag)),
        }
    }

    /// `-sN`, `-XPOST`, `-X POST`.
    fn short(
        &self,
        word: &str,
        words: &mut impl Iterator<Item = String>,
        found: &mut Vec<Argument>,
    ) -> Result<(), PastedError> {
        for (at, letter) in word.char_indices().skip(1) {
            let flag = format!("-{letter}");
            if !self.short.contains(letter) {
                found.push(Argument::Flag(flag, None));
                continue;
            }
            let rest = &word[at + letter.len_utf8()..];
            let value = if rest.is_empty() { words.next() } else { Some(rest.to_owned()) };
            let value = value.ok_or_else(|| PastedError::NoValue(flag.clone()))?;
            found.push(Argument::Flag(flag, Some(value)));
            return Ok(());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_belong_to_their_flags() {
        let syntax = Syntax { short: "Hm", long: "header" };
        let read = |line: &str| {
            let words = line.split(' ').map(str::to_owned).collect();
            syntax.read(words).map(|found| {
                let text = |argument: &Argument| match argument {
                    Argument::Flag(flag, None) => flag.clone(),
                    Argument::Flag(flag, Some(value)) => format!("{flag}={value}"),
                    Argument::Word(word) => format!("“{word}”"),
                };
                found.iter().map(text).collect::<Vec<_>>().join(" ")
            })
        };
        let table = [
            ("-sN -m 10 url", "-s -N -m=10 “url”"),
            ("-sHa:b --header c --header=d -", "-s -H=a:b --header=c --header=d “-”"),
            ("-- -H --x", "“-H” “--x”"),
            ("--unknown url -ü", "--unknown “url” -ü"),
        ];
        for (line, wanted) in table {
            assert_eq!(read(line).as_deref(), Ok(wanted), "{line}");
        }
        assert_eq!(read("url -H"), Err(PastedError::NoValue("-H".into())));
        assert_eq!(read("url --header"), Err(PastedError::NoValue("--header".into())));
    }
}
