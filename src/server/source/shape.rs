//! What the source's messages say: prices, chat, orders, a model's tokens, bytes. Made from a
//! counter alone, so that every run says the same.
//!
//! The size of a source is that of a message's content, exactly: the bytes of `text`, for tokens of
//! `text` and `pad` together, for bytes those of `data` before Base64. The rest of the message, some
//! 80 to 130 bytes, comes on top.

use std::f64::consts::TAU;

use bytes::Bytes;

use super::super::message::Draft;
use super::corpus::{ANSWER, CHAT, Corpus, GOODS, NOISE, USERS, WORDS};
use crate::model::Shape;

const SYMBOLS: [(&str, f64); 8] = [
    ("AAPL", 231.4),
    ("MSFT", 428.15),
    ("NVDA", 141.95),
    ("SAP", 222.3),
    ("ASML", 671.2),
    ("TSLA", 345.16),
    ("EURUSD", 1.0542),
    ("BTCUSD", 98_350.0),
];
const STATES: [&str; 5] = ["placed", "paid", "packed", "shipped", "delivered"];
/// Orders that are under way at a time.
const UNDER_WAY: u64 = 4;
/// Bytes repeat after so many messages.
const SHIFTS: usize = 256;

/// Makes the messages of one source.
#[derive(Debug)]
pub(super) struct Shaper {
    shape: Shape,
    size: usize,
    corpus: Corpus,
    bytes: Bytes,
}

impl Shaper {
    pub(super) fn new(shape: Shape, size: usize) -> Self {
        let lines: &[&str] = match shape {
            Shape::Ticks => &WORDS,
            Shape::Chat => &CHAT,
            Shape::Orders => &GOODS,
            Shape::Tokens => &NOISE,
            Shape::Binary => &[],
        };
        let bytes = if shape == Shape::Binary { scattered(size + SHIFTS) } else { Vec::new() };
        Self { shape, size, corpus: Corpus::new(lines, size), bytes: bytes.into() }
    }

    /// What the message after `n` others of its topic says.
    pub(super) fn draft(&self, n: u64) -> Draft {
        match self.shape {
            Shape::Ticks => self.tick(n),
            Shape::Chat => self.chat(n),
            Shape::Orders => self.order(n),
            Shape::Tokens => self.token(n),
            Shape::Binary => {
                let from = n as usize % SHIFTS;
                Draft::bytes("binary", self.bytes.slice(from..from + self.size))
            }
        }
    }

    fn tick(&self, n: u64) -> Draft {
        let (symbol, base) = SYMBOLS[n as usize % SYMBOLS.len()];
        // Two waves that never meet again at the same place; remainders keep them exact for ever.
        let round = n / SYMBOLS.len() as u64;
        let wave = |length: u64| ((round % length) as f64 / length as f64 * TAU).sin();
        let price = base * (1.0 + 0.01 * wave(997) + 0.002 * wave(61));
        let digits = if base < 10.0 { 4 } else { 2 };
        let text = self.corpus.whole();
        let fields =
            format!("\"symbol\":\"{symbol}\",\"price\":{price:.digits$},\"text\":\"{text}\"");
        Draft::made("tick", &fields)
    }

    fn chat(&self, n: u64) -> Draft {
        let user = USERS[scatter(n) as usize % USERS.len()];
        let text = self.corpus.nth(n);
        Draft::made("chat", &format!("\"user\":\"{user}\",\"text\":\"{text}\""))
    }

    fn order(&self, n: u64) -> Draft {
        let cycle = UNDER_WAY * STATES.len() as u64;
        let number = n / cycle * UNDER_WAY + n % UNDER_WAY;
        let state = STATES[(n % cycle / UNDER_WAY) as usize];
        let cents = 500 + scatter(number) % 25_000;
        let text = self.corpus.nth(number);
        let fields = format!(
            "\"order\":{},\"state\":\"{state}\",\"total\":{}.{:02},\"text\":\"{text}\"",
            10_001 + number,
            cents / 100,
            cents % 100
        );
        Draft::made("order", &fields)
    }

    fn token(&self, n: u64) -> Draft {
        let length = ANSWER.len() as u64;
        let token = ANSWER[(n % length) as usize];
        let token = &token[..token.len().min(self.size)];
        let mut fields = format!("\"answer\":{},\"text\":\"{token}\"", 1 + n / length);
        // As services do that hide from listeners how long each token is.
        let pad = &self.corpus.nth(n)[token.len()..];
        if !pad.is_empty() {
            fields.push_str(",\"pad\":\"");
            fields.push_str(pad);
            fields.push('"');
        }
        if n % length == length - 1 {
            fields.push_str(",\"done\":true");
        }
        Draft::made("token", &fields)
    }
}

/// Bytes that do not compress, as those of a picture or of sound.
fn scattered(length: usize) -> Vec<u8> {
    (0..length as u64).map(|n| (scatter(n) >> 32) as u8).collect()
}

/// A number that looks like chance and is none (the finisher of SplitMix64).
fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::time::UNIX_EPOCH;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::{Value, json};

    use super::*;

    const TEXTS: [Shape; 4] = [Shape::Ticks, Shape::Chat, Shape::Orders, Shape::Tokens];

    fn said(shaper: &Shaper, n: u64) -> Value {
        let message = shaper.draft(n).publish(n + 1, None, "t", UNIX_EPOCH);
        serde_json::from_slice(&message.json).expect("JSON")
    }

    fn words(shape: Shape, n: u64) -> Value {
        said(&Shaper::new(shape, 40), n)
    }

    #[test]
    fn the_content_has_exactly_the_size_asked_for() {
        for size in [1, 2, 10, 45, 100, 4_096, 1_000_000] {
            for shape in TEXTS {
                let shaper = Shaper::new(shape, size);
                for n in [0, 1, 7, 49, 50, 1_234_567, u64::MAX] {
                    let message = said(&shaper, n.min(u64::MAX - 1));
                    let length = |name| message[name].as_str().map_or(0, str::len);
                    assert_eq!(length("text") + length("pad"), size, "{shape:?} {size} {n}");
                }
            }
            let binary = said(&Shaper::new(Shape::Binary, size), 300);
            let data = BASE64_STANDARD.decode(binary["data"].as_str().expect("a string"));
            assert_eq!(data.expect("Base64").len(), size);
        }
    }

    #[test]
    fn what_comes_on_top_is_small() {
        for shape in TEXTS {
            let message =
                Shaper::new(shape, 100).draft(12_345).publish(9, None, "default", UNIX_EPOCH);
            assert!(message.json.len() < 100 + 130, "{shape:?}: {}", message.json.len());
        }
    }

    #[test]
    fn every_run_says_the_same_and_neighbours_differ() {
        for shape in Shape::ALL {
            let (one, other) = (Shaper::new(shape, 64), Shaper::new(shape, 64));
            for n in 0..100 {
                assert_eq!(one.draft(n), other.draft(n), "{shape:?} {n}");
                assert_ne!(one.draft(n), one.draft(n + 1), "{shape:?} {n}");
            }
        }
    }

    #[test]
    fn prices_move_a_little_and_stay_prices() {
        let shaper = Shaper::new(Shape::Ticks, 10);
        let mut last = None;
        for n in (0..80_000).step_by(8) {
            let message = said(&shaper, n);
            assert_eq!(message["symbol"], "AAPL");
            let price = message["price"].as_f64().expect("a number");
            assert!((225.0..238.0).contains(&price), "{price}");
            assert!(last.is_none_or(|last: f64| (last - price).abs() < 0.2));
            last = Some(price);
        }
        assert_eq!(words(Shape::Ticks, 6)["price"].to_string().split('.').count(), 2);
    }

    #[test]
    fn an_order_goes_through_its_states() {
        let mine: Vec<Value> = (0..20)
            .map(|n| words(Shape::Orders, n))
            .filter(|message| message["order"] == 10_002)
            .collect();
        let states: Vec<_> = mine.iter().map(|message| message["state"].clone()).collect();
        assert_eq!(states, STATES.map(Value::from));
        assert!(mine.iter().all(|message| message["total"] == mine[0]["total"]));
        assert_eq!(words(Shape::Orders, 20)["order"], 10_005);
    }

    #[test]
    fn tokens_make_an_answer_and_say_when_it_is_done() {
        assert!((45..=60).contains(&ANSWER.len()), "{}", ANSWER.len());
        let length = ANSWER.len() as u64;
        let text: String = (0..length)
            .map(|n| words(Shape::Tokens, n)["text"].as_str().expect("a token").to_owned())
            .collect();
        assert_eq!(text, ANSWER.concat());
        let done: Vec<u64> =
            (0..3 * length).filter(|&n| words(Shape::Tokens, n)["done"] == json!(true)).collect();
        assert_eq!(done, [length - 1, 2 * length - 1, 3 * length - 1]);
        assert_eq!(words(Shape::Tokens, length)["answer"], 2);
    }

    #[test]
    fn people_take_turns() {
        let users: std::collections::HashSet<_> =
            (0..50).map(|n| words(Shape::Chat, n)["user"].to_string()).collect();
        assert_eq!(users.len(), USERS.len());
    }
}
