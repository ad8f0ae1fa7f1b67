//! How a stream may end: whole where its last message says so, and for good where asking again
//! might act twice.

use super::{Outcome, TransportError};
use crate::model::{Event, Kind};

/// Event types that end the answer of a language model: Anthropic's messages and OpenAI's responses.
const LAST_NAMES: [&str; 4] =
    ["message_stop", "response.completed", "response.incomplete", "response.failed"];

/// What is known of an answer when its end comes.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Its last message, where that one says that no other will follow.
    marker: Option<String>,
}

impl Ending {
    /// Takes the next event of the answer.
    pub(super) fn take(&mut self, event: &Event) {
        match event.kind {
            Kind::Event => self.marker = marker(event),
            Kind::Message => self.marker = is_done(&event.payload).then(|| DONE_FIELD.to_owned()),
            _ => {}
        }
    }

    /// What becomes of an attempt that ended with `error` after a request of this method.
    /// `knows_place` is whether the server told how to go on from there.
    pub(super) fn outcome(
        &self,
        error: TransportError,
        method: &str,
        knows_place: bool,
    ) -> Outcome {
        let is_over = matches!(error, TransportError::Ended | TransportError::Io(_));
        if let Some(marker) = self.marker.clone().filter(|_| is_over) {
            return Outcome::Finished(TransportError::Complete(marker));
        }
        if knows_place || may_repeat(method) || error.is_final() || was_not_acted_upon(&error) {
            return Outcome::Lost(error);
        }
        let has_ended = matches!(error, TransportError::Ended);
        let error = TransportError::NotRepeated(method.to_owned(), Box::new(error));
        if has_ended { Outcome::Finished(error) } else { Outcome::Lost(error) }
    }
}

/// Methods that may be sent again without asking (RFC 9110, section 9.2.2).
pub(super) fn may_repeat(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"].contains(&method)
}

/// Whether the server cannot have begun to do what was asked: it was not reached, or says so.
fn was_not_acted_upon(error: &TransportError) -> bool {
    match error {
        TransportError::Dial(_) => true,
        TransportError::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 503),
        _ => false,
    }
}

/// The end marker that an event is, if it is one.
fn marker(event: &Event) -> Option<String> {
    const DONE: &str = "[DONE]";
    match event.name.as_deref() {
        Some(name) if LAST_NAMES.contains(&name) => Some(name.to_owned()),
        _ => (event.payload.trim_ascii() == DONE.as_bytes()).then(|| DONE.to_owned()),
    }
}

const DONE_FIELD: &str = "\"done\": true";

/// Whether a message says that it is the last, as Ollama's do.
fn is_done(payload: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Last {
        done: bool,
    }
    payload.first() == Some(&b'{')
        && memchr::memmem::find(payload, b"\"done\"").is_some()
        && serde_json::from_slice::<Last>(payload).is_ok_and(|last| last.done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dir;

    fn after(kind: Kind, payload: &'static str, name: Option<&str>) -> Option<String> {
        let mut ending = Ending::default();
        let mut event = Event::new(0, Dir::In, kind).with_payload(payload);
        event.name = name.map(Into::into);
        ending.take(&event);
        ending.take(&Event::new(0, Dir::In, Kind::Comment));
        ending.marker
    }

    #[test]
    fn the_last_message_may_say_that_it_is() {
        let table = [
            (Kind::Event, "[DONE]", None, true),
            (Kind::Event, " [DONE] ", None, true),
            (Kind::Event, "\"[DONE]\"", None, false),
            (Kind::Event, "{\"type\":\"message_stop\"}", Some("message_stop"), true),
            (Kind::Event, "{}", Some("response.completed"), true),
            (Kind::Event, "{}", Some("content_block_stop"), false),
            (Kind::Event, "{\"done\":true}", None, false),
            (Kind::Message, "{\"response\":\"\",\"done\":true}", None, true),
            (Kind::Message, "{\"response\":\"x\",\"done\":false}", None, false),
            (Kind::Message, "{\"a\":{\"done\":true}}", None, false),
            (Kind::Message, "[DONE]", None, false),
        ];
        for (kind, payload, name, is_last) in table {
            assert_eq!(after(kind, payload, name).is_some(), is_last, "{payload} {name:?}");
        }
        let mut ending = Ending::default();
        for payload in ["[DONE]", "more"] {
            ending.take(&Event::new(0, Dir::In, Kind::Event).with_payload(payload));
        }
        assert_eq!(ending.marker, None, "another answer began");
    }

    #[test]
    fn what_might_act_twice_is_not_asked_again() {
        let refused = |status| TransportError::Refused {
            status,
            reason: String::new(),
            version: String::new(),
            headers: Vec::new(),
            body: bytes::Bytes::new(),
            missing: None,
            retry_after: None,
            timing: crate::model::Timing::default(),
        };
        let broken = || TransportError::Io(std::io::ErrorKind::ConnectionReset.into());
        let ending = Ending::default();
        // Error, method, whether there is a place to go on from, whether it may be asked again.
        let table = [
            (TransportError::Ended, "GET", false, true),
            (TransportError::Ended, "POST", false, false),
            (TransportError::Ended, "POST", true, true),
            (broken(), "POST", false, false),
            (broken(), "PUT", false, true),
            (refused(500), "POST", false, false),
            (refused(503), "POST", false, true),
            (refused(429), "PATCH", false, true),
        ];
        for (error, method, knows_place, again) in table {
            let words = format!("{method}: {error}");
            let is_again = match ending.outcome(error, method, knows_place) {
                Outcome::Lost(error) => !error.is_final(),
                _ => false,
            };
            assert_eq!(is_again, again, "{words}");
        }
        let ending = Ending { marker: Some(String::from("[DONE]")) };
        for error in [TransportError::Ended, broken()] {
            assert!(matches!(ending.outcome(error, "GET", true), Outcome::Finished(_)));
        }
    }
}
