//! How clients reach a server: one endpoint a transport.

use url::form_urlencoded;

use crate::model::{Endpoint, EndpointError, TransportKind};

/// How each transport reaches the server at `base`, as in `http://127.0.0.1:4100`, in the order of
/// [`TransportKind::ALL`]; what is sent over HTTP goes to where it takes messages. Where `base`
/// says the token of a room, as in `http://192.168.1.5:4100/?join=7F3K-22QD`, every endpoint does.
///
/// # Errors
/// `base` is no address.
pub fn endpoints(base: &str) -> Result<Vec<Endpoint>, EndpointError> {
    all(base, None)
}

/// The same for a client that says who it is, so that the server keeps an account of it.
///
/// # Errors
/// As [`endpoints`].
pub fn endpoints_named(base: &str, name: &str) -> Result<Vec<Endpoint>, EndpointError> {
    all(base, Some(name))
}

fn all(base: &str, name: Option<&str>) -> Result<Vec<Endpoint>, EndpointError> {
    let base = base.split('#').next().unwrap_or_default();
    let (address, query) = base.split_once('?').unwrap_or((base, ""));
    let address = address.trim_end_matches('/');
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if key == "join" {
            pairs.append_pair("join", &value);
        }
    }
    if let Some(name) = name {
        pairs.append_pair("client", name);
    }
    let pairs = pairs.finish();
    let query = if pairs.is_empty() { pairs } else { format!("?{pairs}") };
    TransportKind::ALL
        .into_iter()
        .map(|kind| {
            let path = match kind {
                TransportKind::Websocket => "ws",
                TransportKind::Sse => "sse",
                TransportKind::LongPoll => "poll",
                TransportKind::ShortPoll => "short",
                TransportKind::Stream => "stream",
            };
            let mut endpoint = Endpoint::parse(&format!("{address}/{path}{query}"))?.over(kind);
            endpoint.options.post_to = Some(format!("/publish{query}"));
            Ok(endpoint)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_and_a_name_go_with_every_endpoint() -> Result<(), EndpointError> {
        let table = [
            ("http://127.0.0.1:4100", None, "http://127.0.0.1:4100/poll", "/publish"),
            (
                "http://h:1/",
                Some("a b&c"),
                "http://h:1/poll?client=a+b%26c",
                "/publish?client=a+b%26c",
            ),
            (
                "http://h:1/?x=y&join=7F3K-22QD#top",
                Some("sse"),
                "http://h:1/poll?join=7F3K-22QD&client=sse",
                "/publish?join=7F3K-22QD&client=sse",
            ),
            ("http://h:1?join=A", None, "http://h:1/poll?join=A", "/publish?join=A"),
        ];
        for (base, name, poll, publish) in table {
            let endpoints = all(base, name)?;
            assert_eq!(endpoints.len(), TransportKind::ALL.len());
            let found = &endpoints[TransportKind::LongPoll as usize];
            assert_eq!(found.url.as_str(), poll);
            assert_eq!(found.options.post_to.as_deref(), Some(publish));
            let to = found.post_url()?;
            assert!(to.as_str().ends_with(publish), "{to}");
        }
        Ok(())
    }
}
