//! Every transport there is, and which one an endpoint gets.

use super::{Entry, Transport, TransportError, poll, sse, stream, websocket};
use crate::model::Endpoint;

/// Every transport, in the order the window lists them.
pub const REGISTRY: &[Entry] =
    &[websocket::ENTRY, sse::ENTRY, poll::LONG, poll::SHORT, stream::ENTRY];

/// Makes the transport for an endpoint: the one it names, or else what its address says.
///
/// # Errors
/// An option that cannot work.
pub fn build(endpoint: &Endpoint) -> Result<Box<dyn Transport>, TransportError> {
    let kind = endpoint.resolved();
    match REGISTRY.iter().find(|entry| Some(entry.kind) == kind) {
        Some(entry) => (entry.build)(endpoint),
        None => super::auto::build(endpoint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TransportKind;

    #[test]
    fn every_transport_is_registered_once() {
        let kinds: Vec<_> = REGISTRY.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, TransportKind::ALL);
    }
}
