//! What a dialect is made of besides its requests.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use super::request::http_name;
use crate::transport::poll::path::JsonPath;

/// The longest that an answer may take.
const LONGEST: Duration = Duration::from_hours(24);

/// An enum that a file writes as one of a few words, and says so where it is something else.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$note])* $variant,)*
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Word;
                impl de::Visitor<'_> for Word {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("one of", $(" `", $word, "`"),*))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        match text {
                            $($word => Ok($name::$variant),)*
                            _ => Err(E::unknown_variant(text, &[$($word),*])),
                        }
                    }
                }
                deserializer.deserialize_str(Word)
            }
        }
    };
}

/// A part of the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CursorPart {
    /// Where an answer has it, or each piece of an answer that is split.
    pub from: Source,
    /// Where the answer to the opening request has it, if elsewhere.
    pub open: Option<Source>,
    /// Which of several values counts.
    #[serde(default = "last")]
    pub fold: Fold,
    /// Where a request says it; may be empty where a template does.
    pub to: Spanned<Vec<Target>>,
}

/// A place in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A path in its JSON body.
    Json(JsonPath),
    /// A header field.
    Header(#[serde(deserialize_with = "header_name")] String),
}

/// A place in a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A parameter of the query.
    Query(String),
    /// A header field.
    Header(#[serde(deserialize_with = "header_name")] String),
}

words! {
    /// Which of several values becomes the cursor.
    Fold {
        /// The last one in the answer.
        Last = "last",
        /// The largest number.
        Max = "max",
        /// One more than the largest number.
        Next = "next",
    }
}

fn last() -> Fold {
    Fold::Last
}

/// A value that is made at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Made {
    /// This many digits.
    Digits(u8),
    /// This many small letters.
    Letters(u8),
}

/// Where an answer has its messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// Paths in its JSON body, all of which count.
    #[serde(default)]
    pub json: Vec<JsonPath>,
    /// Where none of them is there, the whole body is one message.
    #[serde(default)]
    pub body: bool,
    /// The character between the pieces of a body, which are read as they come.
    pub split: Option<Separator>,
    /// A piece that is a JSON string stands for what is in the string.
    #[serde(default)]
    pub unwrap: bool,
    /// Path of a message's id, within the message.
    pub id: Option<JsonPath>,
    /// Path of what a message is called, within the message.
    pub name: Option<JsonPath>,
}

/// An ASCII character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separator(pub u8);

impl<'de> Deserialize<'de> for Separator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_bytes() {
            [byte] => Ok(Self(*byte)),
            _ => Err(de::Error::custom(r#"expected one ASCII character, as in "\n" or "\u001e""#)),
        }
    }
}

/// What is looked for in JSON: one of these values at one of these places.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The places.
    #[serde(deserialize_with = "paths")]
    pub json: Vec<JsonPath>,
    /// The values as text; `*` at the end of one stands for anything.
    pub is: Vec<String>,
}

/// What pieces of an answer are that begin like this, or that have this in their JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// How it begins; what follows is its content.
    pub begins: Option<String>,
    /// What its JSON has.
    #[serde(rename = "where")]
    pub has: Option<Condition>,
    /// What it is.
    pub is: Spanned<Is>,
    /// What is sent back at once, as it stands.
    pub reply: Option<String>,
}

words! {
    /// What a piece is.
    Is {
        /// A message.
        Message = "message",
        /// A JSON list of messages.
        List = "list",
        /// A binary message in base64.
        Base64 = "base64",
        /// A sign of life, without news.
        Heartbeat = "heartbeat",
        /// The end of the session; its JSON may be a list of code and reason.
        Closed = "closed",
        /// An error, told as [`Errors`] says.
        Error = "error",
    }
}

/// Answers that mean that there is nothing new, besides an empty list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Empty {
    /// Statuses.
    #[serde(deserialize_with = "status_list")]
    pub status: Vec<u16>,
    /// A body of nothing but white space; where a body begins with it, it is a heartbeat.
    pub blank: bool,
    /// The cursor did not move.
    pub same: bool,
}

/// Answers that mean that the cursor is no longer good.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Restart {
    /// Statuses, where there is a cursor or something kept.
    #[serde(deserialize_with = "status_list")]
    pub status: Vec<u16>,
    /// Words by which errors are called.
    pub code: Vec<String>,
    /// What a number lower than the cursor does.
    pub lower: Option<Lower>,
    /// What was sent went into a session that is gone: connect again, and send it again.
    pub reconnect: bool,
}

words! {
    /// What a number lower than the cursor does.
    Lower {
        /// It is the new cursor.
        Follow = "follow",
        /// There is no cursor any more.
        Forget = "forget",
    }
}

/// Answers that tell of something they left out, where there was a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// What they have.
    #[serde(rename = "where")]
    pub has: Condition,
    /// What that means, as part of a sentence.
    pub say: String,
}

/// Where errors are told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Errors {
    /// Where JSON has the status that counts instead of that of HTTP.
    #[serde(deserialize_with = "paths")]
    pub status: Vec<JsonPath>,
    /// Where JSON has the word by which an error is called.
    #[serde(deserialize_with = "paths")]
    pub code: Vec<JsonPath>,
    /// Where JSON has a sentence for people.
    #[serde(deserialize_with = "paths")]
    pub reason: Vec<JsonPath>,
    /// Where JSON has the wait before the next request.
    pub retry_after: Option<RetryAfter>,
    /// What particular errors mean.
    pub rule: Vec<Rule>,
}

/// A wait that an answer asks for, besides `Retry-After`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryAfter {
    /// Where JSON has it.
    pub json: JsonPath,
    /// What it counts.
    pub unit: Unit,
}

words! {
    /// A unit of time.
    Unit {
        /// Seconds.
        Seconds = "s",
        /// Milliseconds.
        Millis = "ms",
    }
}

/// What a particular error means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Statuses it has.
    #[serde(default, deserialize_with = "status_list")]
    pub status: Vec<u16>,
    /// Words by which it is called.
    #[serde(default)]
    pub code: Vec<String>,
    /// The likely reason and what to try.
    pub say: String,
    /// Whether asking again would meet the same answer; by its status unless said.
    #[serde(rename = "final")]
    pub is_final: Option<bool>,
}

/// How long an answer may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeout {
    /// The longest the server holds a request.
    #[serde(deserialize_with = "duration")]
    pub hold: Duration,
    /// What the way there and back may take besides.
    #[serde(deserialize_with = "duration")]
    pub slack: Duration,
}

impl Default for Timeout {
    fn default() -> Self {
        Self { hold: Duration::from_secs(90), slack: Duration::from_secs(30) }
    }
}

/// Whether `text` is one of `patterns`; `*` at the end of one stands for anything.
pub(in crate::transport::poll) fn is_one_of(text: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == pattern,
    })
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let found = humantime::parse_duration(&text).ok().filter(|found| *found <= LONGEST);
    found.ok_or_else(|| {
        let words = format!("“{text}” is no duration; expected one as in 30s, of a day at most");
        de::Error::custom(words)
    })
}

fn header_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if http_name(&name) {
        return Ok(name);
    }
    let words = format!("“{name}” is no header name; expected one as in X-Token");
    Err(de::Error::custom(words))
}

pub(super) fn status_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u16>, D::Error> {
    let list = Vec::<i64>::deserialize(deserializer)?;
    let status = |number: i64| {
        u16::try_from(number).ok().filter(|number| (100..1000).contains(number)).ok_or_else(|| {
            de::Error::custom(format!("{number} is no status; expected one from 100 to 999"))
        })
    };
    list.into_iter().map(status).collect()
}

/// One path, or a list of them.
fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<JsonPath>, D::Error> {
    struct OneOrMany;
    impl<'de> de::Visitor<'de> for OneOrMany {
        type Value = Vec<JsonPath>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a path as in data.items[*].id, or a list of paths")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            JsonPath::read(text).map(|path| vec![path])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut paths = Vec::new();
            while let Some(path) = list.next_element()? {
                paths.push(path);
            }
            Ok(paths)
        }
    }
    deserializer.deserialize_any(OneOrMany)
}
