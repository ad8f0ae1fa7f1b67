//! Where a stream goes on after its connection was lost: what its messages say of their place, by
//! rules that are data.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::Options;
use crate::net::Ask;
use crate::transport::poll::JsonPath;
use crate::transport::{TransportError, query};

const BUILT_IN: &str = include_str!("../../../assets/streams.toml");
/// Messages that are looked at before a stream counts as one whose messages have no place.
const TRIES: u32 = 32;

#[derive(Deserialize)]
struct File {
    dialect: Vec<Dialect>,
}

/// How the messages of a stream say their place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialect {
    name: String,
    has: Vec<JsonPath>,
    place: Vec<JsonPath>,
    to: String,
    #[serde(default)]
    numbers: bool,
    gone: Option<Gone>,
}

/// What means that the server no longer knows a place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    status: u16,
    path: JsonPath,
}

/// A stream's place, and the dialect it is told and said in, once that is known.
#[derive(Debug)]
pub(super) struct Resume {
    candidates: Vec<Dialect>,
    tries: u32,
    place: Option<String>,
}

/// What a message says of the stream's place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is here.
    Here(String),
    /// The place that was asked for is gone, in a sentence.
    Gone(String),
}

impl Resume {
    pub(super) fn new(options: &Options) -> Result<Self, TransportError> {
        let candidates = Self::named(options.dialect.as_deref())?;
        Ok(Self { candidates, tries: TRIES, place: options.last_event_id.clone() })
    }

    /// The dialect of this name, or all of them.
    pub(super) fn named(wanted: Option<&str>) -> Result<Vec<Dialect>, TransportError> {
        let file: File = toml::from_str(BUILT_IN)
            .map_err(|error| TransportError::Options(format!("streams.toml: {error}")))?;
        let Some(wanted) = wanted else { return Ok(file.dialect) };
        let (found, others): (Vec<_>, Vec<_>) =
            file.dialect.into_iter().partition(|dialect| dialect.name == wanted);
        if found.is_empty() {
            let known: Vec<_> = others.into_iter().map(|dialect| dialect.name).collect();
            let known = known.join(", ");
            return Err(TransportError::Options(format!(
                "there is no stream dialect “{wanted}”; use {known}, or leave it out"
            )));
        }
        Ok(found)
    }

    /// The place as text.
    pub(super) fn text(&self) -> Option<String> {
        self.place.clone()
    }

    /// Makes a request ask for what comes after.
    pub(super) fn say(&self, ask: &mut Ask) {
        let Some(place) = &self.place else { return };
        // Before any message told the dialect, the address shows which parameter is meant.
        let given = |dialect: &&Dialect| query::has(&ask.url, &dialect.to);
        let dialect = self.candidates.iter().find(given).or(self.candidates.last());
        if let Some(name) = dialect.map(|dialect| dialect.to.clone()) {
            query::set(&mut ask.url, &name, Some(place));
        }
    }

    /// What a message says, if it says anything.
    pub(super) fn read(&mut self, message: &Bytes) -> Option<Told> {
        if message.first() != Some(&b'{') || self.candidates.is_empty() {
            return None;
        }
        let json: &RawValue = serde_json::from_slice(message).ok()?;
        if self.tries > 0 {
            self.decide(json);
        }
        let [dialect] = &self.candidates[..] else { return None };
        if let Some(gone) = &dialect.gone
            && gone.path.texts(json).first().is_some_and(|code| *code == gone.status.to_string())
        {
            return Some(Told::Gone(self.gone_words()));
        }
        dialect.place_in(json).map(Told::Here)
    }

    /// Whether an answer with this status means that the place is gone; in a sentence.
    pub(super) fn is_gone(&self, status: u16) -> Option<String> {
        self.place.as_ref()?;
        let says_so = |dialect: &Dialect| dialect.gone.as_ref().is_some_and(|g| g.status == status);
        self.candidates.iter().any(says_so).then(|| self.gone_words())
    }

    /// Goes on from here, or from the start.
    pub(super) fn go_on(&mut self, place: Option<String>) {
        self.place = place;
    }

    fn decide(&mut self, json: &RawValue) {
        self.tries -= 1;
        if let Some(at) = self.candidates.iter().position(|dialect| dialect.fits(json)) {
            self.candidates = vec![self.candidates.swap_remove(at)];
            self.tries = 0;
        } else if self.tries == 0 && self.place.is_none() {
            self.candidates.clear();
        }
    }

    fn gone_words(&self) -> String {
        let place = self.place.as_deref().unwrap_or_default();
        format!(
            "the server does not know the place “{place}” (any more); asking from the start, so \
             something may be missing or come again"
        )
    }
}

/// Bytes of a place, at most: a request line of more is refused.
const LONGEST: usize = 16 << 10;

impl Dialect {
    fn fits(&self, json: &RawValue) -> bool {
        self.has.iter().all(|path| path.find(json).is_some()) && self.place_in(json).is_some()
    }

    fn place_in(&self, json: &RawValue) -> Option<String> {
        let place = self.place.iter().find_map(|path| path.texts(json).pop())?;
        let is_number = || !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit());
        (place.len() <= LONGEST && (!self.numbers || is_number())).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resume(options: &Options) -> Resume {
        Resume::new(options).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn told(resume: &mut Resume, message: &'static str) -> Option<Told> {
        let told = resume.read(&Bytes::from_static(message.as_bytes()));
        if let Some(Told::Here(place)) = &told {
            resume.go_on(Some(place.clone()));
        }
        told
    }

    fn asked(resume: &Resume, url: &str) -> String {
        let url = url::Url::parse(url).unwrap_or_else(|error| unreachable!("{error}"));
        let mut ask = Ask::get(url);
        resume.say(&mut ask);
        ask.url.into()
    }

    #[test]
    fn an_early_message_tells_how_places_are_said() {
        // Messages, and what is asked for after them.
        let table: [(&[&str], &str); 7] = [
            (&[r#"{"hello":1}"#, r#"{"id":7}"#, r#"{"id":8}"#, "{}"], "since=8"),
            (
                &[r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"52"}}}"#],
                "resourceVersion=52",
            ),
            (
                &[
                    r#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"60"}}}"#,
                ],
                "resourceVersion=60",
            ),
            (&[r#"{"seq":"3-g1A","id":"doc","changes":[{"rev":"1"}]}"#], "since=3-g1A"),
            (&[r#"{"seq":4,"id":"doc","changes":[]}"#, r#"{"last_seq":9,"pending":0}"#], "since=9"),
            (&[r#"{"id":"a document"}"#, r#"{"id":1.5}"#], ""),
            (&["[1]", "{broken", r#"{"ID":1}"#], ""),
        ];
        for (messages, query) in table {
            let mut resume = resume(&Options::default());
            for message in messages {
                told(&mut resume, message);
            }
            let between = if query.is_empty() { "" } else { "&" };
            let wanted = format!("http://h/p?a=%20b{between}{query}");
            assert_eq!(asked(&resume, "http://h/p?a=%20b"), wanted, "{messages:?}");
        }
    }

    #[test]
    fn a_place_that_is_gone_is_told() {
        let mut resume = resume(&Options::default());
        told(&mut resume, r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"52"}}}"#);
        let error = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#;
        let Some(Told::Gone(words)) = told(&mut resume, error) else { panic!("not told") };
        assert!(words.contains("“52”"), "{words}");
        assert!(resume.is_gone(410).is_some() && resume.is_gone(404).is_none());
        resume.go_on(None);
        assert_eq!((resume.is_gone(410), resume.text()), (None, None));
    }

    #[test]
    fn messages_without_a_place_are_looked_at_no_further() {
        let mut resume = resume(&Options::default());
        for _ in 0..TRIES {
            assert_eq!(told(&mut resume, r#"{"a":1}"#), None);
        }
        assert_eq!(told(&mut resume, r#"{"id":1}"#), None);
    }

    #[test]
    fn the_dialect_may_be_named() {
        let named = |name: &str| Options { dialect: Some(name.to_owned()), ..Options::default() };
        let mut lines = resume(&named("lines"));
        told(&mut lines, r#"{"seq":4,"id":7,"changes":[]}"#);
        assert_eq!(lines.text().as_deref(), Some("7"));
        let error = Resume::new(&named("morse")).err().map(|error| error.to_string());
        let words =
            "there is no stream dialect “morse”; use kubernetes, couchdb, lines, or leave it out";
        assert_eq!(error.as_deref(), Some(words));
        let since = Options { last_event_id: Some("41".into()), ..Options::default() };
        assert_eq!(asked(&resume(&since), "http://h/?x=1"), "http://h/?x=1&since=41");
        let url = "http://h/?resourceVersion=0&watch=1";
        assert_eq!(asked(&resume(&since), url), "http://h/?watch=1&resourceVersion=41");
    }
}
