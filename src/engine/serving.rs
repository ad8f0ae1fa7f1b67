//! The built-in server as the engine sees it: stopped, starting, running or stopping. Its messages
//! outlive it, so that clients resume where they were when it is started again.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::join::join;
use super::snapshot::{ClientView, JoinView, ServerView, TopicView, TransportStats};
use super::user_agent;
use super::work::{Done, Work};
use crate::compare::Lesson;
use crate::model::{Network, Restart, ServerOptions, Source, TransportKind};
use crate::server::{Carrier, Client, Control, Draft, Hub, Server, ServerError};

/// Messages the demo keeps at least: whoever waits out the longest backoff still finds all of them
/// at its usual rate.
const DEMO_HISTORY: usize = 1000;
/// Clients that are listed.
const LISTED: usize = 500;

/// The server, or why there is none.
pub(super) type Started = Result<Server, ServerError>;

#[derive(Default)]
enum State {
    #[default]
    Stopped,
    /// What was asked for meanwhile is done once it runs.
    Starting {
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
    join: Option<Arc<JoinView>>,
    is_restarting: bool,
    error: Option<String>,
}

impl Serving {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// What steers it while it runs.
    pub(super) fn control(&self) -> Option<Control> {
        match &self.state {
            State::Running(server) => Some(server.control()),
            _ => None,
        }
    }

    /// The settings of the last start, with what was changed since.
    pub(super) fn options(&self) -> ServerOptions {
        self.control().map_or_else(|| self.options.clone(), |control| control.options())
    }

    /// Starts it, unless it runs already. `demo` takes another port where the usual one is in use.
    pub(super) fn start(&mut self, mut options: ServerOptions, demo: bool, work: &Work) {
        if demo {
            options.history = options.history.max(DEMO_HISTORY);
        }
        if matches!(self.state, State::Stopped) {
            self.begin(None, options, demo, work);
        }
    }

    /// Starts it with these options, after `before` has stopped.
    fn begin(&mut self, before: Option<Server>, options: ServerOptions, demo: bool, work: &Work) {
        self.error = None;
        self.state = State::Starting { stop: false };
        self.options = options.clone();
        let hub = self.hub.clone().unwrap_or_else(|| Hub::new(options.history));
        self.hub = Some(hub.clone());
        work.spawn(async move {
            if let Some(before) = before {
                before.stop().await;
            }
            Done::ServerStarted(Box::new(start(options, hub, demo).await))
        });
    }

    /// Takes the outcome of a start; what steers the server, if it runs now.
    pub(super) fn started(&mut self, result: Started, work: &Work) -> Option<Control> {
        let State::Starting { stop } = self.state else { return None };
        match result {
            Ok(server) => {
                let control = server.control();
                // A restart has to be found where this one was.
                self.options = control.options();
                self.options.listen = server.addr();
                self.join = control.join_url().map(|url| Arc::new(join(url)));
                self.state = State::Running(server);
                if stop {
                    self.stop(work);
                    return None;
                }
                Some(control)
            }
            Err(error) => {
                self.error = Some(error.to_string());
                // The room that could not be opened is not asked for again by the next start.
                self.options.join = None;
                self.state = State::Stopped;
                None
            }
        }
    }

    pub(super) fn stop(&mut self, work: &Work) {
        match std::mem::replace(&mut self.state, State::Stopping) {
            State::Running(server) => {
                self.options = server.control().options();
                self.join = None;
                work.spawn(async move {
                    server.stop().await;
                    Done::ServerStopped
                });
            }
            State::Starting { .. } => self.state = State::Starting { stop: true },
            other => self.state = other,
        }
    }

    pub(super) fn stopped(&mut self) {
        self.state = State::Stopped;
    }

    /// Changes what it sends.
    pub(super) fn set_source(&mut self, source: Source) {
        let set = match self.control() {
            Some(control) => control.set_source(source),
            None => source.checked().map(|source| self.options.source = source),
        };
        self.error = set.err().map(|error| error.to_string());
    }

    /// Changes what is done to its connections.
    pub(super) fn set_network(&mut self, network: Network) {
        match self.control() {
            Some(control) => control.set_network(network),
            None => self.options.network = network,
        }
    }

    /// Lets others come in, with a token, or only this machine. The listener moves, so connections
    /// end; clients that resume lose nothing.
    pub(super) fn open_room(&mut self, open: bool, work: &Work) {
        let mut options = self.options();
        let ip = if open { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
        options.listen.set_ip(IpAddr::V4(ip));
        options.join = None;
        match &self.state {
            State::Running(_) => self.start_anew(options, work),
            State::Stopped if open => self.begin(None, options, false, work),
            State::Stopped => self.options = options,
            State::Starting { .. } | State::Stopping => {}
        }
    }

    /// Ends the connection of a client; one that is gone needs no ending.
    pub(super) fn cut(&self, client: u64) {
        if let Some(control) = self.control() {
            control.cut(client);
        }
    }

    /// Ends every connection.
    pub(super) fn cut_all(&self) {
        if let Some(control) = self.control() {
            control.cut_all();
        }
    }

    /// The options that a lesson asks for, where it runs with others.
    pub(super) fn unfit_for(&self, lesson: &Lesson) -> Option<ServerOptions> {
        let options = self.options();
        (!lesson.server.are_met(&options)).then(|| lesson.server.applied(options))
    }

    /// Stops it and starts it with these options, on the same port.
    pub(super) fn start_anew(&mut self, mut options: ServerOptions, work: &Work) {
        match std::mem::take(&mut self.state) {
            State::Running(server) => {
                options.listen.set_port(server.addr().port());
                self.join = None;
                self.begin(Some(server), options, false, work);
            }
            other => self.state = other,
        }
    }

    /// Ends every connection without a word and begins again.
    pub(super) fn restart(&mut self, restart: Restart, work: &Work) {
        let Some(control) = self.control() else { return };
        if !std::mem::replace(&mut self.is_restarting, true) {
            work.spawn(async move { Done::ServerRestarted(control.restart(restart).await) });
        }
    }

    /// Takes the outcome of a restart.
    pub(super) fn restarted(&mut self, result: Result<(), ServerError>, work: &Work) {
        self.is_restarting = false;
        if let Err(error) = result {
            self.stop(work);
            self.error = Some(error.to_string());
        }
    }

    /// Publishes what was typed: a JSON object as it is, anything else as the text of a message.
    pub(super) fn publish(&self, topic: &str, text: &str) -> Result<u64, String> {
        let control = self.control().ok_or("The server is stopped; start it and publish again")?;
        let draft = if text.trim_start().starts_with('{') {
            Draft::object(text.as_bytes()).map_err(|error| error.to_string())?
        } else {
            Draft::text("message", text)
        };
        control.publish(topic, &draft).map_err(|error| error.to_string())
    }

    /// Ends it with the program.
    pub(super) async fn close(&mut self) {
        if let State::Running(server) = std::mem::take(&mut self.state) {
            server.stop().await;
        }
    }

    pub(super) fn view(&self) -> ServerView {
        let is_busy = matches!(self.state, State::Starting { .. } | State::Stopping);
        let mut view = ServerView {
            is_busy: is_busy || self.is_restarting,
            options: self.options(),
            error: self.error.clone(),
            ..ServerView::default()
        };
        let Some(control) = self.control() else { return view };
        let (clients, count) = control.clients(LISTED);
        view.url = Some(control.url());
        view.transports = transports(&control);
        view.join.clone_from(&self.join);
        view.clients = clients.iter().filter_map(client).collect();
        view.client_count = count;
        view.topics = control
            .topics()
            .into_iter()
            .map(|topic| TopicView {
                name: topic.name,
                messages: topic.messages,
                followers: topic.followers,
            })
            .collect();
        view
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

fn transports(control: &Control) -> Vec<TransportStats> {
    let stats = control.stats();
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

fn client(client: &Client) -> Option<ClientView> {
    let since = client.since.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(ClientView {
        id: client.id,
        kind: TransportKind::from_word(client.carrier.word())?,
        address: client.peer.ip().to_canonical().to_string(),
        agent: user_agent::short(&client.user_agent),
        user_agent: client.user_agent.clone(),
        since_wall_ns: i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        delivered: client.delivered,
        wire: client.wire_in + client.wire_out,
        behind: client.behind,
        name: client.name.clone(),
        reported: client.reported,
    })
}
