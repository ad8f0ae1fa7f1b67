//! WebSocket (RFC 6455). tokio-tungstenite steers the protocol; what is told as events is decoded
//! from the bytes themselves, in both directions, by the tap below it.

mod answer;
mod body;
mod deflate;
mod extension;
mod frame;
mod handshake;
mod head;
mod heartbeat;
mod message;
mod offer;
mod pump;
mod rule;
mod tap;
mod utf8;
mod voice;

use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::handshake::{Elsewhere, Opened, Shaken, shake};
use self::offer::Offer;
use self::pump::Pump;
use self::tap::{Rules, Tap};
use self::voice::Voice;
use super::redirect::Redirects;
use super::{Entry, Link, Outcome, Transport, TransportError};
use crate::model::{Endpoint, TransportKind, Wire};
use crate::net::{DialError, TlsClient, TlsOptions, Via, dial};

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

    /// Dials and shakes hands, wherever redirects lead.
    async fn open(&mut self, link: &mut Link) -> Result<Opened, TransportError> {
        let (mut endpoint, mut offer) = (self.endpoint.clone(), self.offer.clone());
        let mut redirects = Redirects::default();
        loop {
            let Elsewhere { hop, mut answer } = match self.ask(&offer, &mut redirects, link).await?
            {
                Shaken::Open(opened) => return Ok(*opened),
                Shaken::Elsewhere(elsewhere) => *elsewhere,
            };
            let (next, left) = offer::elsewhere(&endpoint, &hop);
            if let Some(meta) = answer.meta.as_mut().filter(|_| !left.is_empty()) {
                let names = left.join(", ");
                meta.cause = Some(format!("{names} stay behind: it leads to another server"));
            }
            link.push(answer).await?;
            link.flush().await?;
            offer = Offer::new(&next)?;
            endpoint = next;
        }
    }

    /// Dials and asks once.
    async fn ask(
        &mut self,
        offer: &Offer,
        redirects: &mut Redirects,
        link: &mut Link,
    ) -> Result<Shaken, TransportError> {
        let began = Instant::now();
        let via = Via::to(&offer.url, &self.endpoint.options.proxy)?;
        let is_encrypted = offer.secure || via.as_ref().is_some_and(Via::is_encrypted);
        let is_elsewhere = offer.target != self.offer.target;
        let tls = if is_encrypted { Some(self.tls(is_elsewhere).await?) } else { None };
        let dialled = dial(&offer.target, offer.secure, via.as_ref(), tls.as_ref()).await?;
        shake(offer, dialled, began, self.endpoint.options.max_message, redirects, link).await
    }

    /// The client for the endpoint, or for another server that it redirects to.
    async fn tls(&mut self, is_elsewhere: bool) -> Result<TlsClient, DialError> {
        let is_known = !is_elsewhere || self.endpoint.options.cert_file.is_none();
        if let Some(ready) = self.tls.as_ref().filter(|_| is_known) {
            return Ok(ready.clone());
        }
        let mut options = TlsOptions::of(&self.endpoint.options, &["http/1.1"]);
        if !is_known {
            options = options.without_identity();
        }
        let made = tokio::task::spawn_blocking(move || TlsClient::new(&options)).await;
        let made = made.map_err(|error| DialError::Certificate {
            path: String::from("the certificates to trust"),
            cause: error.to_string(),
        })??;
        if is_known {
            self.tls = Some(made.clone());
        }
        Ok(made)
    }

    async fn run(&mut self, link: &mut Link) -> Outcome {
        let stopped = link.stopped();
        let opened = tokio::select! {
            biased;
            () = stopped => return Outcome::Stopped,
            opened = self.open(link) => match opened {
                Ok(opened) => opened,
                Err(error) => return Outcome::Lost(error),
            },
        };
        if link.opened_after(opened.meta, Wire::Exact(opened.wire)).await.is_err() {
            return Outcome::Unrecorded;
        }
        let options = &self.endpoint.options;
        let rules = Rules {
            limit: options.max_message,
            deflate: opened.deflate,
            answer_pings: options.answer_pings,
            one_by_one: options.echo,
        };
        let tap = Tap::new(opened.stream, link.clock(), rules, &opened.early);
        let voice = Voice::new(opened.deflate);
        Pump::new(tap, link, options.heartbeat, voice, options.echo).await.run().await
    }
}

impl Transport for WebSocket {
    fn attempt<'a>(&'a mut self, link: &'a mut Link) -> BoxFuture<'a, Outcome> {
        self.run(link).boxed()
    }
}
