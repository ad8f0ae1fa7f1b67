//! The built-in server as the engine sees it: stopped, starting, running or stopping. Its messages
//! outlive it, so that clients resume where they were when it is started again.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::join::join;
use super::lent::Lent;
use super::snapshot::{ClientView, JoinView, ServerView, TopicView, TransportStats};
use super::user_agent;
use super::work::{Done, Work};
use crate::compare::Lesson;
use crate::model::{Network, Restart, ServerOptions, Source, TransportKind};
use crate::server::{Carrier, Client, Control, Draft, Hub, Server, ServerError, Stats};

/// Messages the demo keeps at least: whoever waits out the longest backoff still finds all of them
/// at its usual rate.
const DEMO_HISTORY: usize = 1000;
/// How long messages outlive their server, for clients that come back to the next one. Ids go on
/// for longer.
const RESUMABLE: Duration = Duration::from_mins(1);
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
    /// What it was like before a lesson.
    lent: Option<Lent>,
    /// Dropped, messages are kept although the server is stopped.
    rest: Option<DropGuard>,
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
        match self.control() {
            // A restart has to be found where this one is.
            Some(control) => ServerOptions { listen: control.addr(), ..control.options() },
            None => self.options.clone(),
        }
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
        self.rest = None;
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
                if let Some(before) = self.lent.take() {
                    self.options = before.with(&self.options);
                }
                self.close_room();
                self.state = State::Stopped;
                None
            }
        }
    }

    pub(super) fn stop(&mut self, work: &Work) {
        let now = self.options();
        match std::mem::replace(&mut self.state, State::Stopping) {
            State::Running(server) => {
                self.options = match self.lent.take() {
                    Some(before) => before.with(&now),
                    None => now,
                };
                self.close_room();
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
        let Some(hub) = self.hub.clone() else { return };
        let rest = CancellationToken::new();
        self.rest = Some(rest.clone().drop_guard());
        // Nothing waits for this: it ends with the program.
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(RESUMABLE) => hub.trim(),
                () = rest.cancelled() => {}
            }
        });
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

    /// Starts it anew where a lesson wants it set up otherwise; whether it does.
    pub(super) fn lend(&mut self, lesson: &Lesson, work: &Work) -> bool {
        let now = self.options();
        let before = self.lent.clone().unwrap_or_else(|| Lent::of(&now));
        let wanted = lesson.server.applied(before.clone().with(&now));
        if wanted == now {
            return false;
        }
        self.lent = Some(before);
        self.start_anew(wanted, work);
        true
    }

    /// Sets it up as it was before a lesson.
    pub(super) fn take_back(&mut self, work: &Work) {
        if let Some(before) = self.lent.take() {
            let now = self.options();
            let wanted = before.with(&now);
            if wanted != now {
                self.start_anew(wanted, work);
            }
        }
    }

    /// The next start is for this machine alone.
    fn close_room(&mut self) {
        self.join = None;
        if self.options.join.take().is_some() && self.options.listen.ip().is_unspecified() {
            self.options.listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
    }

    /// Why it does not run, or did not take a setting.
    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_deref()
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
    pub(super) fn publish(&self, topic: &str, text: &str) -> Result<u64, (String, &'static str)> {
        let stopped = (String::from("the server is stopped"), "Start it and publish again");
        let control = self.control().ok_or(stopped)?;
        let draft = if text.trim_start().starts_with('{') {
            let hint = "Mend the JSON, or begin with another letter to publish it as text";
            Draft::object(text.as_bytes()).map_err(|error| (error.to_string(), hint))?
        } else {
            Draft::text("message", text)
        };
        let hint = "Publish to one of the topics on the Server page";
        control.publish(topic, &draft).map_err(|error| (error.to_string(), hint))
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
        let stats = control.stats();
        view.transports = transports(&stats);
        view.refused = stats.connections.refused;
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

fn transports(stats: &Stats) -> Vec<TransportStats> {
    stats
        .transports
        .iter()
        .filter(|counted| !matches!(counted.carrier, Carrier::Publish | Carrier::Other))
        .map(|counted| TransportStats {
            transport: counted.carrier.word().to_owned(),
            active: counted.active,
            opened: counted.opened,
            closed: counted.closed,
            requests: counted.requests,
            messages_in: counted.messages.r#in,
            messages_out: counted.messages.out,
            payload_in: counted.payload_bytes.r#in,
            payload_out: counted.payload_bytes.out,
            wire_in: counted.wire_bytes.r#in,
            wire_out: counted.wire_bytes.out,
            reconnects: counted.reconnects,
            errors: counted.errors,
            slow: counted.slow,
            duration_p50: counted.duration_ms.map(|spread| spread.p50 / 1e3),
            duration_mean: counted.duration_ms.map(|spread| spread.mean / 1e3),
            duration_p95: counted.duration_ms.map(|spread| spread.p95 / 1e3),
            duration_p99: counted.duration_ms.map(|spread| spread.p99 / 1e3),
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
