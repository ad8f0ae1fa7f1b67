//! What a herd and a page with many streams are asked for, with the words lessons use.

use std::time::Duration;

/// The first wait of those who back off.
const FIRST: Duration = Duration::from_millis(250);
/// The longest wait of those who back off.
const LONGEST: Duration = Duration::from_secs(30);
/// What stands for the round trip to a server that says no. On this machine it is none at all, and
/// a herd that tries at once would measure the processor.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// How a client comes back after a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Comeback {
    /// At once, over and over: 20 ms stand for the round trip in which a server says no.
    AtOnce,
    /// After one second, each time.
    Fixed,
    /// After 250 ms, then twice as long each time, 30 s at most; all of them alike.
    Exponential,
    /// After a random time up to what the exponential one waits (“full jitter”).
    #[default]
    Jitter,
}

impl Comeback {
    /// Every policy, the worst first.
    pub const ALL: [Self; 4] = [Self::AtOnce, Self::Fixed, Self::Exponential, Self::Jitter];

    /// The word of lessons and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtOnce => "at-once",
            Self::Fixed => "fixed",
            Self::Exponential => "exponential",
            Self::Jitter => "jitter",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::AtOnce => "At once",
            Self::Fixed => "Every second",
            Self::Exponential => "Exponential backoff",
            Self::Jitter => "Exponential backoff with jitter",
        }
    }

    /// The policy a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }

    /// How long to wait before attempt `nth` since the loss, the first being 0, where `chance` is
    /// evenly spread over 0 to 1.
    pub fn wait(self, nth: u32, chance: f64) -> Duration {
        let longest = || FIRST.saturating_mul(1 << nth.min(16)).min(LONGEST);
        match self {
            Self::AtOnce => ROUND_TRIP,
            Self::Fixed => Duration::from_secs(1),
            Self::Exponential => longest(),
            Self::Jitter => longest().mul_f64(chance.clamp(0.0, 1.0)),
        }
    }
}

/// What several streams to one host travel over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A connection a stream, and six connections a host at most, as every browser has it.
    Http1,
    /// All on one connection (RFC 9113), here without TLS and with prior knowledge.
    Http2,
}

impl Protocol {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http1, Self::Http2];

    /// The word of lessons and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }

    /// The protocol a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_as_the_policy_says() {
        let ms = |policy: Comeback, chance| {
            [0, 1, 2, 7, u32::MAX].map(|nth| policy.wait(nth, chance).as_millis())
        };
        assert_eq!(ms(Comeback::AtOnce, 0.5), [20; 5]);
        assert_eq!(ms(Comeback::Fixed, 0.5), [1000; 5]);
        assert_eq!(ms(Comeback::Exponential, 0.5), [250, 500, 1000, 30_000, 30_000]);
        assert_eq!(ms(Comeback::Jitter, 0.5), [125, 250, 500, 15_000, 15_000]);
        assert_eq!(ms(Comeback::Jitter, 7.0), ms(Comeback::Exponential, 0.0));
    }

    #[test]
    fn words_stand_for_what_they_name() {
        for policy in Comeback::ALL {
            assert_eq!(Comeback::from_word(policy.word()), Some(policy));
        }
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::from_word(protocol.word()), Some(protocol));
        }
        assert_eq!(Comeback::from_word("never"), None);
    }
}
