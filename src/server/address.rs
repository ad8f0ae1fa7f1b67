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
    let base = base.split('#').next().unwrap_or_default();
    let (address, query) = base.split_once('?').unwrap_or((base, ""));
    let address = address.trim_end_matches('/');
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if key == "join" {
            pairs.append_pair("join", &value);
        }
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
    fn a_token_goes_with_every_endpoint_and_nothing_else_does() -> Result<(), EndpointError> {
        let table = [
            ("http://127.0.0.1:4100", "http://127.0.0.1:4100/poll", "/publish"),
            ("http://h:1/", "http://h:1/poll", "/publish"),
            (
                "http://h:1/?x=y&join=7F3K-22QD#top",
                "http://h:1/poll?join=7F3K-22QD",
                "/publish?join=7F3K-22QD",
            ),
            ("http://h:1?join=A", "http://h:1/poll?join=A", "/publish?join=A"),
        ];
        for (base, poll, publish) in table {
            let endpoints = endpoints(base)?;
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
