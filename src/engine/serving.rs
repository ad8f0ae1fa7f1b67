//! The built-in server as the engine sees it: stopped, starting, running or stopping. Its messages
//! outlive it, so that clients resume where they were when it is started again.

use std::net::SocketAddr;
use std::sync::Arc;

use super::snapshot::{ServerView, TransportStats};
use super::work::{Done, Work};
use crate::model::{ServerOptions, Source};
use crate::server::{Carrier, Hub, Server, ServerError};

/// Messages the demo keeps at least: whoever waits out the longest backoff still finds all of them
/// at its usual rate.
const DEMO_HISTORY: usize = 1000;

/// The server, or why there is none.
pub(super) type Started = Result<Server, ServerError>;

#[derive(Default)]
enum State {
    #[default]
    Stopped,
    /// What was asked for meanwhile is done once it runs.
    Starting {
        demo: bool,
        stop: bool,
    },
    Running(Server),
    Stopping,
}

/// The built-in server and what it leaves behind.
#[derive(Default)]
pub(super) struct Serving {
    state: State,
    hub: Option<Hub>,
    options: ServerOptions,
    error: Option<String>,
}

impl Serving {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Where it can be reached while it runs.
    pub(super) fn url(&self) -> Option<String> {
        match &self.state {
            State::Running(server) => Some(server.url()),
            _ => None,
        }
    }

    /// The settings of the last start.
    pub(super) fn options(&self) -> ServerOptions {
        self.options.clone()
    }

    /// Changes what it sends.
    pub(super) fn set_source(&mut self, source: Source) {
        let State::Running(server) = &self.state else { return };
        match server.set_source(source.clone()) {
            Ok(()) => (self.options.source, self.error) = (source, None),
            Err(error) => self.error = Some(error.to_string()),
        }
    }

    /// Starts it, unless it runs already. `demo` takes another port where the usual one is in use.
    pub(super) fn start(&mut self, mut options: ServerOptions, demo: bool, work: &Work) {
        self.error = None;
        if demo {
            options.history = options.history.max(DEMO_HISTORY);
        }
        match &mut self.state {
            State::Starting { demo: wanted, .. } => *wanted |= demo,
            State::Stopped => self.begin(options, demo, work),
            State::Running(_) | State::Stopping => {}
        }
    }

    fn begin(&mut self, options: ServerOptions, demo: bool, work: &Work) {
        self.state = State::Starting { demo, stop: false };
        self.options = options.clone();
        let hub = self.hub.clone().unwrap_or_else(|| Hub::new(options.history));
        self.hub = Some(hub.clone());
        work.spawn(async move { Done::ServerStarted(Box::new(start(options, hub, demo).await)) });
    }

    /// Takes the outcome of a start; the address to connect the demo's sessions to, if wanted.
    pub(super) fn started(&mut self, result: Started, work: &Work) -> Option<String> {
        let State::Starting { demo, stop } = self.state else { return None };
        match result {
            Ok(server) => {
                // A restart has to be found where this one was.
                self.options.listen = server.addr();
                let url = server.url();
                self.state = State::Running(server);
                if stop {
                    self.stop(work);
                    return None;
                }
                demo.then_some(url)
            }
            Err(error) => {
                self.error = Some(error.to_string());
                self.state = State::Stopped;
                None
            }
        }
    }

    pub(super) fn stop(&mut self, work: &Work) {
        match std::mem::replace(&mut self.state, State::Stopping) {
            State::Running(server) => work.spawn(async move {
                server.stop().await;
                Done::ServerStopped
            }),
            State::Starting { demo, .. } => self.state = State::Starting { demo, stop: true },
            other => self.state = other,
        }
    }

    pub(super) fn stopped(&mut self) {
        self.state = State::Stopped;
    }

    /// Ends it with the program.
    pub(super) async fn close(&mut self) {
        if let State::Running(server) = std::mem::take(&mut self.state) {
            server.stop().await;
        }
    }

    pub(super) fn view(&self) -> ServerView {
        let transports = match &self.state {
            State::Running(server) => transports(server),
            _ => Vec::new(),
        };
        ServerView {
            url: self.url(),
            is_busy: matches!(self.state, State::Starting { .. } | State::Stopping),
            options: self.options.clone(),
            transports,
            join: None,
            clients: Arc::default(),
            client_count: 0,
            topics: Arc::default(),
            error: self.error.clone(),
        }
    }
}

async fn start(options: ServerOptions, hub: Hub, demo: bool) -> Started {
    hub.set_history(options.history);
    match Server::start_with(options.clone(), hub.clone()).await {
        Err(ServerError::AddressInUse(_)) if demo => {
            let listen = SocketAddr::new(options.listen.ip(), 0);
            Server::start_with(ServerOptions { listen, ..options }, hub).await
        }
        result => result,
    }
}

fn transports(server: &Server) -> Vec<TransportStats> {
    let stats = server.stats();
    stats
        .transports
        .iter()
        .filter(|counted| !matches!(counted.carrier, Carrier::Publish | Carrier::Other))
        .map(|counted| TransportStats {
            transport: counted.carrier.word().to_owned(),
            active: counted.active,
            opened: counted.opened,
            messages_out: counted.messages.out,
            wire_out: counted.wire_bytes.out,
            reconnects: counted.reconnects,
            errors: counted.errors,
            duration_p50: counted.duration_ms.map(|spread| spread.p50 / 1e3),
        })
        .collect()
}
