//! A handle on a running server, for those who drive it while somebody else owns it: a comparison,
//! a lesson, the engine.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::clients::Client;
use super::hub::{HubError, TopicStats};
use super::ledger::Account;
use super::message::Draft;
use super::restart::Order;
use super::room::join_url;
use super::tally::Stats;
use super::{Hub, Phase, ServerError, Shared};
use crate::model::{Network, Restart, ServerOptions, ServerOptionsError, Source};

/// Drives a server that somebody else owns. Clones are cheap and drive the same server; none keeps
/// it running. Once it is stopped, nothing said here has an effect.
#[derive(Debug, Clone)]
pub struct Control {
    pub(super) shared: Arc<Shared>,
}

impl Control {
    /// The address it listens on, with the port it got.
    pub fn addr(&self) -> SocketAddr {
        self.shared.addr
    }

    /// Its base address for clients on this machine, such as `http://127.0.0.1:4100`.
    pub fn url(&self) -> String {
        let mut addr = self.shared.addr;
        if addr.ip().is_unspecified() {
            addr.set_ip(match addr {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{addr}")
    }

    /// What [`endpoints`](super::endpoints) makes of it: its base address for clients on this
    /// machine, with the token where it asks for one.
    pub fn base(&self) -> String {
        match &self.shared.room {
            Some(room) => format!("{}/?join={}", self.url(), room.token()),
            None => self.url(),
        }
    }

    /// What others open to come in, as in `http://192.168.1.5:4100/?join=7F3K-22QD`; `None` where
    /// it asks for no token.
    pub fn join_url(&self) -> Option<String> {
        let room = self.shared.room.as_ref()?;
        Some(join_url(self.shared.addr, room.token()))
    }

    /// How it behaves now: as it was started, with the present source and network.
    pub fn options(&self) -> ServerOptions {
        ServerOptions {
            source: self.source(),
            network: Network::clone(&self.network()),
            ..self.shared.options.clone()
        }
    }

    /// Its messages. Keep a clone to start another server that goes on with them.
    pub fn hub(&self) -> &Hub {
        &self.shared.hub
    }

    /// Sends a message to every client of `topic`; its id.
    ///
    /// # Errors
    /// [`HubError`] where there is no such topic and none can be made.
    pub fn publish(&self, topic: &str, draft: &Draft) -> Result<u64, HubError> {
        self.shared.hub.publish(topic, draft)
    }

    /// Id of the newest message of `topic`; 0 where there is none.
    pub fn last_id(&self, topic: &str) -> u64 {
        self.shared.hub.last_id(topic)
    }

    /// Messages of `topic` so far, those included that a restart has forgotten.
    pub fn total(&self, topic: &str) -> u64 {
        self.shared.hub.total(topic)
    }

    /// Every topic, by name.
    pub fn topics(&self) -> Vec<TopicStats> {
        self.shared.hub.topics()
    }

    /// What the source does now.
    pub fn source(&self) -> Source {
        self.shared.source.borrow().clone()
    }

    /// Changes what the source does, from the next message on.
    ///
    /// # Errors
    /// [`ServerOptionsError`] where that is out of range; the source goes on as before.
    pub fn set_source(&self, source: Source) -> Result<(), ServerOptionsError> {
        self.shared.source.send_replace(source.checked()?);
        Ok(())
    }

    /// Resolves when the source keeps to what [`Control::set_source`] said last: no message of
    /// the one before comes after that. What is said while it waits counts as well.
    pub async fn settled(&self) {
        let is_so = |kept: &Source| *kept == *self.shared.source.borrow();
        // An error means that there is no source any more, which keeps to anything.
        let _ = self.shared.kept.clone().wait_for(is_so).await;
    }

    /// What is done to its connections.
    pub fn network(&self) -> Arc<Network> {
        self.shared.weather.network()
    }

    /// Changes what is done to its connections, from now on, those that are open too.
    pub fn set_network(&self, network: Network) {
        self.shared.weather.set(network);
    }

    /// Ends every connection without a word, listens nowhere for a while, then on the very same
    /// address again; returns when it does. What others asked for meanwhile comes after that. It is
    /// carried out even if nobody waits for it.
    ///
    /// # Errors
    /// [`ServerError::Stopped`] where the server is stopped, or is before it listens again; why it
    /// cannot listen again, which stops it.
    pub async fn restart(&self, restart: Restart) -> Result<(), ServerError> {
        let (done, told) = oneshot::channel();
        let ordered = self.shared.orders.send(Order { restart, done }).await;
        ordered.map_err(|_| ServerError::Stopped)?;
        told.await.unwrap_or(Err(ServerError::Stopped))
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.shared.phase.borrow().clone()
    }

    /// Resolves when it is stopped, or about to be; with the reason, where nobody asked for it.
    pub async fn stopped(&self) -> Option<Arc<str>> {
        let mut phase = self.shared.phase.subscribe();
        match phase.wait_for(|phase| matches!(phase, Phase::Stopped(_))).await.as_deref() {
            Ok(Phase::Stopped(why)) => why.clone(),
            _ => None,
        }
    }

    /// The `most` clients that have been connected longest, oldest first, and how many there are.
    pub fn clients(&self, most: usize) -> (Vec<Client>, u64) {
        self.shared.clients.list(most)
    }

    /// Ends the connection of one client at once, and whatever else goes over it; whether there was
    /// such a client. A WebSocket is closed with 1001 where its client reads within a second.
    pub fn cut(&self, client: u64) -> bool {
        self.shared.clients.cut(client)
    }

    /// Ends the connections of all clients, as [`Control::cut`] does.
    pub fn cut_all(&self) {
        self.shared.clients.cut_all();
    }

    /// What was counted for requests with `?client=NAME`.
    pub fn account(&self, name: &str) -> Option<Account> {
        self.shared.ledger.account(name)
    }

    /// What it has counted so far. Cheap enough for every frame of a window.
    pub fn stats(&self) -> Stats {
        self.shared.tallies.snapshot()
    }
}
