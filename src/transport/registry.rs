//! Every transport there is, and which one an endpoint gets.

use super::{Entry, Transport, TransportError, poll, sse, stream, websocket};
use crate::model::{Endpoint, TransportKind};

/// Every transport, in the order the window lists them.
pub const REGISTRY: &[Entry] =
    &[websocket::ENTRY, sse::ENTRY, poll::LONG, poll::SHORT, stream::ENTRY];

/// Makes the transport for an endpoint: the one it names, or else what its address says.
///
/// # Errors
/// An option that cannot work.
pub fn build(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
    let kind = endpoint.resolved();
    if endpoint.options.echo && kind != Some(TransportKind::Websocket) {
        return Err(TransportError::Options(String::from(
            "only a WebSocket can send messages back; use --transport websocket, or leave out echoing",
        )));
    }
    match REGISTRY.iter().find(|entry| Some(entry.kind) == kind) {
        Some(entry) => (entry.build)(endpoint),
        None => super::auto::build(endpoint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echoing_is_for_websockets() {
        for (url, kind, is_fine) in [
            ("ws://h/", None, true),
            ("http://h/", Some(TransportKind::Websocket), true),
            ("http://h/", None, false),
            ("http://h/", Some(TransportKind::Sse), false),
        ] {
            let Ok(mut endpoint) = Endpoint::parse(url) else { panic!("{url}") };
            endpoint.transport = kind;
            endpoint.options.echo = true;
            let built = build(&endpoint).err().map(|error| error.to_string());
            assert_eq!(built.is_none(), is_fine, "{url} {kind:?}: {built:?}");
        }
    }

    #[test]
    fn every_transport_is_registered_once() {
        let kinds: Vec<_> = REGISTRY.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, TransportKind::ALL);
    }
}
