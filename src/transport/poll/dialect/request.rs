//! What a dialect asks.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};

use super::parts::{Condition, status_list};
use super::template::Template;
use crate::transport::poll::path::JsonPath;

/// A kind of request. Templates may use `{cursor}`, `{hold_s}` and `{hold_ms}` (how long the server
/// may hold it), `{path}` (of the address, without a slash at its end) and what is kept or made.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// HTTP method; GET, or POST where there is a body, unless said.
    #[serde(deserialize_with = "method")]
    pub method: Option<String>,
    /// Where it goes, relative to the address; the address itself unless said.
    pub url: Option<Template>,
    /// First labels of host names and what stands in their place.
    pub host: BTreeMap<String, String>,
    /// Parameters of the query that the address does not have; an empty one is taken away.
    pub query: BTreeMap<String, Template>,
    /// Header fields that were not set in the options; an empty one is taken away.
    #[serde(deserialize_with = "headers")]
    pub headers: BTreeMap<String, Template>,
    /// The body, unless one was set in the options.
    pub body: Option<Template>,
    /// For `send`: the body of what is binary.
    pub binary: Option<Template>,
    /// For `fetch`: it is asked after any answer that has this.
    pub when: Option<Condition>,
    /// Statuses besides 200 that are as good.
    #[serde(deserialize_with = "status_list")]
    pub accept: Vec<u16>,
    /// Where its answer has the messages, if not where all have them.
    pub messages: Option<Vec<JsonPath>>,
}

impl Request {
    /// Every template in it.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let maps = self.query.values().chain(self.headers.values());
        self.url.iter().chain(&self.body).chain(&self.binary).chain(maps)
    }
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(Some(text));
    }
    Err(de::Error::custom(format!("“{text}” is no method; expected one as in GET or POST")))
}

fn headers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Template>, D::Error> {
    let fields = BTreeMap::<String, Template>::deserialize(deserializer)?;
    let is_token = |name: &&String| http_name(name);
    match fields.keys().find(|name| !is_token(name)) {
        None => Ok(fields),
        Some(name) => {
            let words = format!("“{name}” is no header name; expected one as in X-Token");
            Err(de::Error::custom(words))
        }
    }
}

/// Whether it is a field name (RFC 9110, section 5.1).
pub(super) fn http_name(name: &str) -> bool {
    let is_sign = |b: u8| b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || is_sign(b))
}
