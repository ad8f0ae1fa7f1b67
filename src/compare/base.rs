//! The address of a Wirescope server, and what a lane asks for there.

use url::Url;

use super::error::CompareError;
use crate::model::{Endpoint, LaneSpec, Options, TransportKind};

/// Where a server is, and what opens it.
#[derive(Debug, Clone)]
pub(super) struct Base {
    url: Url,
    /// It without user and password.
    shown: String,
    join: Option<String>,
}

impl Base {
    /// Reads an address such as `http://192.0.2.7:4100/?join=7F3K-22QD`. Without a scheme it is
    /// `http`, as no Wirescope server speaks TLS by itself.
    pub(super) fn parse(typed: &str) -> Result<Self, CompareError> {
        let mut url = Endpoint::parse(&complete(typed))?.url;
        let join = url.query_pairs().find(|(name, _)| name == "join");
        let join = join.map(|(_, token)| token.into_owned());
        url.set_query(None);
        url.set_fragment(None);
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let plain = match url.scheme() {
            "ws" => Some("http"),
            "wss" => Some("https"),
            _ => None,
        };
        if let Some(plain) = plain {
            // Both are special schemes, so this is never refused.
            let _ = url.set_scheme(plain);
        }
        let mut shown = url.clone();
        // Neither is refused where there is a host, as there is here.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let shown = shown.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, shown, join })
    }

    /// The same with a token.
    pub(super) fn with_token(self, join: Option<String>) -> Self {
        Self { join: join.or(self.join), ..self }
    }

    /// The address as people are shown it: without user, password and token.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether it brought a token.
    pub(super) fn has_token(&self) -> bool {
        self.join.is_some()
    }

    /// A path of it with parameters.
    pub(super) fn path(&self, path: &str, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path()));
        let token = self.join.as_deref().map(|token| ("join", token));
        let pairs: Vec<_> = parameters.iter().copied().chain(token).collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }
}

/// An address as it was typed, with a scheme.
pub(super) fn complete(typed: &str) -> String {
    let typed = typed.trim();
    if typed.contains("://") { typed.to_owned() } else { format!("http://{typed}") }
}

/// What a lane follows: where, which messages, and by what name it says who it is.
#[derive(Debug, Clone)]
pub(super) struct Follows {
    pub(super) base: Base,
    pub(super) topic: String,
    pub(super) client: String,
    pub(super) options: Options,
}

impl Follows {
    /// The endpoint of one transport, going on after `since`.
    pub(super) fn endpoint(&self, kind: TransportKind, since: Option<u64>) -> Endpoint {
        let path = match kind {
            TransportKind::Websocket => "ws",
            TransportKind::Sse => "sse",
            TransportKind::LongPoll => "poll",
            TransportKind::ShortPoll => "short",
            TransportKind::Stream => "stream",
        };
        let since = since.map(|id| id.to_string());
        let mut parameters = vec![("topic", self.topic.as_str()), ("client", &self.client)];
        let mut options = self.options.clone();
        match (kind, since.as_deref()) {
            // It has no way of its own to say it, so it says it as the server wants it.
            (TransportKind::Websocket, Some(id)) => parameters.push(("since", id)),
            _ => options.last_event_id.clone_from(&since),
        }
        let url = self.base.path(path, &parameters);
        Endpoint { url, transport: Some(kind), options }
    }

    /// The endpoint of a lane that finds its transport by itself.
    pub(super) fn anywhere(&self) -> Endpoint {
        let parameters = [("topic", self.topic.as_str()), ("client", &self.client)];
        let url = self.base.path("", &parameters);
        Endpoint { url, transport: None, options: self.options.clone() }
    }
}

/// What a lane's options are, as anybody would have them.
pub(super) fn options(spec: &LaneSpec, ts_path: Option<&str>) -> Options {
    let usual = Options::default();
    Options {
        resume: spec.resumes,
        retries: spec.retries.unwrap_or(usual.retries),
        ts_path: ts_path.map(str::to_owned),
        ..usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let table = [
            ("192.0.2.7:4100", "http://192.0.2.7:4100/sse"),
            ("http://h:4100/", "http://h:4100/sse"),
            ("http://h:4100/?join=7F3K-22QD", "http://h:4100/sse?join=7F3K-22QD"),
            ("https://h/behind/a/proxy?join=a%20b#x", "https://h/behind/a/proxy/sse?join=a+b"),
            ("wss://h/", "https://h/sse"),
        ];
        for (typed, expected) in table {
            let base = Base::parse(typed).unwrap_or_else(|error| unreachable!("{typed}: {error}"));
            assert_eq!(base.path("sse", &[]).as_str(), expected);
        }
        for wrong in ["", "ftp://h/", "http://"] {
            assert!(Base::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_opens_it() {
        let table = [
            ("192.0.2.7:4100/?join=7F3K-22QD", "http://192.0.2.7:4100"),
            ("me:hunter2@h:4100", "http://h:4100"),
            ("wss://me:hunter2@h/behind/?join=t#x", "https://h/behind"),
        ];
        for (typed, expected) in table {
            let base = Base::parse(typed).unwrap_or_else(|error| unreachable!("{typed}: {error}"));
            assert_eq!(base.shown(), expected);
        }
    }

    #[test]
    fn a_websocket_says_in_its_address_where_it_was() {
        let base = Base::parse("http://h/?join=t").unwrap_or_else(|error| unreachable!("{error}"));
        let follows = Follows {
            base,
            topic: String::from("default"),
            client: String::from("run-1"),
            options: Options::default(),
        };
        let websocket = follows.endpoint(TransportKind::Websocket, Some(7));
        assert_eq!(websocket.url.as_str(), "http://h/ws?topic=default&client=run-1&since=7&join=t");
        assert_eq!(websocket.options.last_event_id, None);
        let sse = follows.endpoint(TransportKind::Sse, Some(7));
        assert_eq!(sse.url.as_str(), "http://h/sse?topic=default&client=run-1&join=t");
        assert_eq!(sse.options.last_event_id.as_deref(), Some("7"));
    }
}
