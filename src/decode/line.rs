//! Words for a summary: one line of bounded length, whatever a peer wrote.

/// Characters of a peer's text that a summary shows, at most.
const LONGEST: usize = 60;
/// Of several packets in one payload, so many are told.
const TOLD: usize = 3;

/// A peer's text as a part of a line: cut, and without what would break the line or turn its
/// direction.
pub(super) fn word(text: &str) -> String {
    let plain = |letter: char| {
        let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || turns { char::REPLACEMENT_CHARACTER } else { letter }
    };
    let mut word: String = text.chars().take(LONGEST).map(plain).collect();
    if text.chars().nth(LONGEST).is_some() {
        word.push('…');
    }
    word
}

/// So many things, as `1 argument` and `2 arguments`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

/// A size, as `1,024 B`.
pub(super) fn size(bytes: usize) -> String {
    format!("{} B", thousands(bytes))
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The lines of several packets as one.
#[derive(Debug, Default)]
pub(super) struct Several {
    told: Vec<String>,
    count: usize,
}

impl Several {
    /// Adds a packet; its line is made only when it will be told.
    pub(super) fn add(&mut self, line: impl FnOnce() -> String) {
        if self.count < TOLD {
            self.told.push(line());
        }
        self.count += 1;
    }

    /// How many packets there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// All of them in one line.
    pub(super) fn line(self) -> String {
        let more = self.count - self.told.len();
        let told = self.told.join("; ");
        if more == 0 { told } else { format!("{told}; and {} more", thousands(more)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_text_stays_one_short_line() {
        assert_eq!(word("a\nb\u{202e}c"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(word(&"ü".repeat(61)), format!("{}…", "ü".repeat(60)));
        assert_eq!(word(&"ü".repeat(60)), "ü".repeat(60));
    }

    #[test]
    fn numbers_are_grouped_and_nouns_agree() {
        assert_eq!(
            (count(1, "event"), count(1_000, "event")),
            ("1 event".into(), "1,000 events".into())
        );
        assert_eq!(size(1_234_567), "1,234,567 B");
    }

    #[test]
    fn of_many_packets_the_first_are_told() {
        let mut lines = Several::default();
        for number in 0..5 {
            lines.add(|| number.to_string());
        }
        assert_eq!(lines.line(), "0; 1; 2; and 2 more");
    }
}
