//! The texts that messages are cut from. Plain ASCII without quotation marks, so that any part of
//! them stands in JSON as it is.

pub(super) const WORDS: [&str; 1] = ["The quick brown fox jumps over the lazy dog."];

pub(super) const USERS: [&str; 6] = ["ada", "grace", "linus", "margaret", "ken", "barbara"];

pub(super) const CHAT: [&str; 16] = [
    "Morning! Is the board live for everybody?",
    "Mine just came back after the train went through the tunnel.",
    "How late are your messages? I see about forty milliseconds.",
    "Same here, over the phone it is more like ninety.",
    "The proxy at the office eats the upgrade, so I am on the event stream.",
    "Can somebody cut me off once? I want to see it resume.",
    "Done. Did you lose anything?",
    "Nothing, it asked for everything after the last id.",
    "Then the history was long enough.",
    "Try it again with two thousand a second.",
    "The short poll is half a second behind, as you would expect.",
    "And it asked sixty times for nothing in the last minute.",
    "Who opened seven tabs? The last one waits.",
    "Six connections to one host, that is the browser.",
    "Lunch at noon?",
    "Yes, after the herd comes back.",
];

pub(super) const GOODS: [&str; 8] = [
    "2 x espresso cup, 1 x teapot, white",
    "1 x desk lamp, brass; leave at the door",
    "6 x notebook, dotted, A5",
    "1 x rain jacket, size M, dark green",
    "3 x seed mix, summer meadow; gift wrap",
    "1 x chess clock, 12 x pencil, soft",
    "1 x record player, 2 x record, used, good",
    "4 x bicycle tube, 28 inch",
];

pub(super) const NOISE: [&str; 4] = ["q7Zt0bK2", "mX4vR9aL1s", "Jd8Wc3", "yN5gPe6HfU0T"];

/// One answer, token by token.
#[rustfmt::skip]
pub(super) const ANSWER: [&str; 51] = [
    "An", " event", " stream", " is", " enough", " where", " only", " the", " server", " speaks",
    ":", " it", " passes", " proxies", ",", " comes", " back", " by", " itself", " and",
    " asks", " for", " what", " it", " missed", ".", " Take", " a", " Web", "Socket", " where",
    " the", " client", " sends", " often", ",", " too", ".", " Poll", " where", " a", " minute",
    "'s", " delay", " hurts", " nobody", " and", " nothing", " else", " passes", ".",
];

/// Lines that follow each other in a ring, of which any stretch of one size can be had.
#[derive(Debug)]
pub(super) struct Corpus {
    /// The ring and as much of its beginning again as a stretch is long.
    text: String,
    /// Where the lines begin.
    starts: Vec<usize>,
    size: usize,
}

impl Corpus {
    /// For stretches of `size` bytes. Without lines every stretch is empty.
    pub(super) fn new(lines: &[&str], size: usize) -> Self {
        let ring: usize = lines.iter().map(|line| line.len() + 1).sum();
        let mut text = String::with_capacity(2 * ring + size);
        let mut starts = Vec::with_capacity(lines.len());
        for line in lines.iter().cycle() {
            if starts.len() < lines.len() {
                starts.push(text.len());
            } else if text.len() >= ring + size {
                break;
            }
            text.push_str(line);
            text.push(' ');
        }
        Self { text, starts, size }
    }

    /// The stretch that begins with the first line.
    pub(super) fn whole(&self) -> &str {
        self.nth(0)
    }

    /// The stretch that begins with the `n`th line, counted around the ring.
    pub(super) fn nth(&self, n: u64) -> &str {
        let place = n.checked_rem(self.starts.len() as u64).unwrap_or(0) as usize;
        let from = self.starts.get(place).copied().unwrap_or(0);
        self.text.get(from..from + self.size).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::message::quoted;
    use super::*;

    #[test]
    fn any_part_stands_in_json_as_it_is() {
        let all = [&WORDS[..], &USERS, &CHAT, &GOODS, &NOISE, &ANSWER].concat();
        for text in all {
            assert!(text.is_ascii(), "{text}");
            assert_eq!(quoted(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn a_stretch_begins_with_its_line_and_goes_around() {
        let corpus = Corpus::new(&["ab", "c"], 8);
        assert_eq!(corpus.nth(0), "ab c ab ");
        assert_eq!(corpus.nth(1), "c ab c a");
        assert_eq!(corpus.nth(u64::MAX), corpus.nth(1));
        assert_eq!(Corpus::new(&[], 0).nth(5), "");
    }
}
