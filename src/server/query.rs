//! What a request asks for: the topic and where to resume.

use std::borrow::Cow;

use axum::http::{HeaderMap, Uri};

use super::hub::Start;
use super::refusal::Refusal;
use crate::model::DEFAULT_TOPIC;

/// Characters of the name a client gives itself, at most.
const LONGEST_NAME: usize = 64;

/// The last parameter of this name.
pub(super) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<Cow<'a, str>> {
    let query = url::form_urlencoded::parse(uri.query().unwrap_or("").as_bytes());
    query.filter(|(of, _)| of == name).map(|(_, value)| value).last()
}

/// Who asks, where it says so with `?client=NAME`.
pub(super) fn client(uri: &Uri) -> Result<Option<Cow<'_, str>>, Refusal> {
    let Some(name) = parameter(uri, "client") else { return Ok(None) };
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
    if fits && !name.contains(char::is_control) {
        return Ok(Some(name));
    }
    let sentence = format!(
        "“client” is a name of 1 to {LONGEST_NAME} characters, none of them a control character"
    );
    Err(Refusal::bad_request(sentence))
}

/// The parameters of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) topic: String,
    /// `since`: the last id the client has.
    pub(super) since: Option<u64>,
    /// `lastEventId`, for clients that cannot set the header.
    last_event_id: Option<String>,
    /// `named=off`: events have no type, since pages only get those they know the types of.
    pub(super) named: bool,
}

impl Query {
    /// Reads the query of `uri`. Unknown parameters are ignored.
    pub(super) fn of(uri: &Uri) -> Result<Self, Refusal> {
        let mut query =
            Self { topic: DEFAULT_TOPIC.to_owned(), since: None, last_event_id: None, named: true };
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()) {
            match name.as_ref() {
                "topic" => query.topic = value.into_owned(),
                "since" => {
                    let since = value.parse().map_err(|_| {
                        Refusal::bad_request("“since” is the id of a message, as in ?since=12")
                    })?;
                    query.since = Some(since);
                }
                "named" => query.named = value != "off",
                "lastEventId" => query.last_event_id = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(query)
    }

    /// Where to begin: after `since`, otherwise now.
    pub(super) fn start(&self) -> Start {
        self.since.map_or(Start::Now, Start::After)
    }

    /// Where an event stream begins. A browser that reconnects repeats the address with the id it
    /// had at first, so the header counts before the parameter. An id that is no number comes from
    /// another server: such a stream begins now.
    pub(super) fn start_of_events(&self, headers: &HeaderMap) -> Start {
        let header = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let id = header.or(self.last_event_id.as_deref());
        id.and_then(|id| id.trim().parse().ok()).map_or_else(|| self.start(), Start::After)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn query(path: &str) -> Result<Query, Refusal> {
        Query::of(&path.parse().expect("a path"))
    }

    #[test]
    fn parameters_are_read_and_others_ignored() -> Result<(), Refusal> {
        assert_eq!(query("/poll")?.start(), Start::Now);
        assert_eq!(query("/poll?since=12&x=1")?.start(), Start::After(12));
        assert_eq!(query("/poll?topic=caf%C3%A9+1")?.topic, "café 1");
        for bad in ["since=", "since=-1", "since=1.5", "since=99999999999999999999"] {
            assert!(query(&format!("/poll?{bad}")).is_err(), "{bad}");
        }
        Ok(())
    }

    #[test]
    fn names_of_clients_are_read_or_refused() {
        let name = |path: &str| {
            client(&path.parse().expect("a path")).map(|name| name.map(Cow::into_owned))
        };
        assert_eq!(name("/ws"), Ok(None));
        assert_eq!(name("/ws?client=a&client=ann+1"), Ok(Some("ann 1".to_owned())));
        assert_eq!(
            name(&format!("/ws?client={}", "%C3%A9".repeat(64))).map(|n| n.is_some()),
            Ok(true)
        );
        for bad in [String::new(), "a%0Ab".to_owned(), "x".repeat(65)] {
            assert!(name(&format!("/ws?client={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_header_counts_before_the_parameter() -> Result<(), Refusal> {
        let start = |path: &str, id: Option<&'static str>| -> Result<Start, Refusal> {
            let id = id
                .map(|id| ("last-event-id".parse().expect("a name"), HeaderValue::from_static(id)));
            Ok(query(path)?.start_of_events(&id.into_iter().collect()))
        };
        assert_eq!(start("/sse?lastEventId=3", Some("7"))?, Start::After(7));
        assert_eq!(start("/sse?lastEventId=3", None)?, Start::After(3));
        assert_eq!(start("/sse?since=4", None)?, Start::After(4));
        assert_eq!(start("/sse", Some("1795316566:1"))?, Start::Now);
        assert_eq!(start("/sse", Some(""))?, Start::Now);
        Ok(())
    }
}
