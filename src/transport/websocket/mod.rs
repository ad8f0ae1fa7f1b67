//! WebSocket (RFC 6455). tokio-tungstenite steers the protocol; what is told as events is decoded
//! from the bytes themselves, in both directions, by the tap below it.

mod answer;
mod frame;
mod handshake;
mod head;
mod heartbeat;
mod message;
mod offer;
mod pump;
mod rule;
mod tap;

use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::handshake::{Opened, shake};
use self::offer::Offer;
use self::pump::Pump;
use self::tap::Tap;
use super::{Entry, Link, Outcome, Transport, TransportError};
use crate::model::{Endpoint, TransportKind, Wire};
use crate::net::{DialError, TlsClient, TlsOptions, dial};

/// WebSocket in the registry. `http` and `https` addresses are taken for `ws` and `wss`.
pub const ENTRY: Entry = Entry {
    kind: TransportKind::Websocket,
    schemes: ["ws", "wss"],
    build: |endpoint| Ok(Box::new(WebSocket::new(endpoint)?)),
};

/// The WebSocket transport of one endpoint.
#[derive(Debug)]
pub struct WebSocket {
    endpoint: Endpoint,
    offer: Offer,
    /// Read once: the system's certificates are many.
    tls: Option<TlsClient>,
}

impl WebSocket {
    /// A transport for `endpoint`, which may be an `http` or `https` address too.
    ///
    /// # Errors
    /// [`TransportError::Options`] for a header or an address that cannot be sent.
    pub fn new(endpoint: &Endpoint) -> Result<Self, TransportError> {
        Ok(Self { endpoint: endpoint.clone(), offer: Offer::new(endpoint)?, tls: None })
    }

    /// Dials and shakes hands.
    async fn open(&mut self) -> Result<Opened, TransportError> {
        let began = Instant::now();
        let tls = if self.offer.secure { Some(self.tls().await?) } else { None };
        let dialled = dial(&self.offer.target, tls.as_ref()).await?;
        let mut opened = shake(&self.offer, dialled, began).await?;
        opened.meta.url = Some(self.endpoint.url.to_string());
        opened.meta.insecure = self.offer.secure && self.endpoint.options.insecure;
        Ok(opened)
    }

    async fn tls(&mut self) -> Result<TlsClient, DialError> {
        if let Some(ready) = &self.tls {
            return Ok(ready.clone());
        }
        let options = TlsOptions {
            insecure: self.endpoint.options.insecure,
            ca_file: self.endpoint.options.ca_file.clone(),
            alpn: vec![b"http/1.1".to_vec()],
        };
        let made = tokio::task::spawn_blocking(move || TlsClient::new(&options)).await;
        let made = made.map_err(|error| DialError::Certificate {
            path: String::from("the certificates to trust"),
            cause: error.to_string(),
        })??;
        Ok(self.tls.insert(made).clone())
    }

    async fn run(&mut self, link: &mut Link) -> Outcome {
        let opened = match link.unless_stopped(self.open()).await {
            None => return Outcome::Stopped,
            Some(Err(error)) => return Outcome::Lost(error),
            Some(Ok(opened)) => opened,
        };
        if link.opened_after(opened.meta, Wire::Exact(opened.wire)).await.is_err() {
            return Outcome::Unrecorded;
        }
        let options = &self.endpoint.options;
        let tap = Tap::new(opened.stream, link.clock(), options.max_message, &opened.early);
        Pump::new(tap, link, options.heartbeat).await.run().await
    }
}

impl Transport for WebSocket {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        self.run(link).boxed()
    }
}
