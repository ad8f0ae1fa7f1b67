//! What the built-in server's source sends: how often, how much, what it looks like, and to whom.

use serde::{Deserialize, Serialize};

/// The topic of those who name none, and of a source that is told nothing else.
pub const DEFAULT_TOPIC: &str = "default";

/// What the messages of the source look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Prices that move: `symbol`, `price`, filled up with text.
    #[default]
    Ticks,
    /// People who talk: `user`, `text`.
    Chat,
    /// Orders that change their state: `order`, `state`, `total`.
    Orders,
    /// The tokens of a language model's answer: `answer`, `text`, a `done` at its end.
    Tokens,
    /// Bytes, in `data`: over WebSocket a binary message (a MessagePack map), over the others Base64
    /// in JSON.
    Binary,
}

impl Shape {
    /// Every shape, in the order the window lists them.
    pub const ALL: [Self; 5] = [Self::Ticks, Self::Chat, Self::Orders, Self::Tokens, Self::Binary];

    /// The word of `--shape` and of lessons.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ticks => "ticks",
            Self::Chat => "chat",
            Self::Orders => "orders",
            Self::Tokens => "tokens",
            Self::Binary => "binary",
        }
    }

    /// The shape a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.word() == word)
    }
}

/// What the source sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Messages a second; 0 sends only what is published.
    pub rate: f64,
    /// Messages that go out together: at a rate of 10 and a burst of 5, five every half second.
    pub burst: u32,
    /// Bytes of content in a message, exactly: those of its `text`, for tokens of `text` and `pad`
    /// together, for bytes those of `data` before Base64. The rest of the message comes on top.
    pub size: usize,
    /// What they look like.
    pub shape: Shape,
    /// Where they go, each message to the next of these; each topic tells its own story.
    pub topics: Vec<String>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            rate: 10.0,
            burst: 1,
            size: 100,
            shape: Shape::default(),
            topics: vec![DEFAULT_TOPIC.to_owned()],
        }
    }
}
