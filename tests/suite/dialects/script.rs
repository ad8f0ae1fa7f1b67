//! Scripts: the requests a client has to make, what it is answered, and the events it has to tell.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use wirescope::model::{Body, Endpoint, Event, Kind};
use wirescope::transport::poll::LONG;

use crate::support::peer::{Peer, Request, Server, soon};
use crate::support::{Running, start};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    #[serde(skip)]
    dialect: String,
    case: Vec<Case>,
}

/// A session from its beginning to its end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    name: String,
    /// Where the client connects.
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    data: Option<String>,
    resume_after: Option<String>,
    /// Sent once the connection is open.
    #[serde(default)]
    send: Vec<String>,
    step: Vec<Step>,
    /// After the last answer, how the line begins with which it is over; without it, it ends by
    /// itself or with the request that is held.
    until: Option<String>,
    /// The events it has to tell, without those that every session has.
    tells: Vec<String>,
}

/// A request and its answer. Requests at the same time may come in any order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Method and target, or a regular expression that begins with `^`.
    asks: String,
    /// Header fields the request has, or has not where the value is empty.
    #[serde(default)]
    with: BTreeMap<String, String>,
    /// Its body.
    says: Option<String>,
    /// Status and header fields of the answer, line by line; without it, 200 and JSON.
    head: Option<String>,
    /// Body of the answer. Without it there is none: the request is held until the client goes.
    body: Option<String>,
}

/// A request that waits for its answer.
struct Waiting {
    request: Request,
    answer: oneshot::Sender<String>,
}

impl Script {
    /// The script for a dialect.
    pub fn read(dialect: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dialects");
        let text = std::fs::read_to_string(format!("{folder}/{dialect}.toml")).unwrap();
        let script: Self = toml::from_str(&text).unwrap();
        Self { dialect: dialect.to_owned(), ..script }
    }

    pub async fn play(&self) {
        for case in &self.case {
            case.play(&self.dialect).await;
        }
    }
}

impl Case {
    async fn play(&self, dialect: &str) {
        let server = Server::start().await;
        let running = self.start(&server, dialect);
        let mut requests = serve(server);
        let mut waiting = Vec::new();
        let mut held = Vec::new();
        for (number, step) in self.step.iter().enumerate() {
            let what = format!("{dialect}, {}: step {}, {}", self.name, number + 1, step.asks);
            let Waiting { request, answer } = loop {
                let fits = |waiting: &Waiting| step.fits(&waiting.request);
                if let Some(at) = waiting.iter().position(fits) {
                    break waiting.remove(at);
                }
                let next: Waiting = soon(&what, requests.recv()).await.expect("the server runs");
                let is_meant = self.step[number..].iter().any(|step| step.fits(&next.request));
                assert!(
                    is_meant,
                    "{what}\ncame: {:#?}\n{:#?}",
                    next.request,
                    running.memory.events()
                );
                waiting.push(next);
            };
            step.check(&request, &what);
            match step.answer() {
                Some(text) => answer.send(text).expect("the connection is still there"),
                None => held.push(answer),
            }
        }
        if let Some(start) = &self.until {
            let is_it = |event: &Event| told(event).is_some_and(|line| line.starts_with(start));
            running.memory.until(start, |events| events.iter().any(is_it)).await;
        }
        let goes_on = !held.is_empty() || self.until.is_some();
        let (end, memory) = if goes_on { running.stop().await } else { running.end().await };
        let told: Vec<String> = memory.events().iter().filter_map(told).collect();
        assert_eq!(told, self.tells, "{dialect}, {}: {end:?}", self.name);
    }

    fn start(&self, server: &Server, dialect: &str) -> Running {
        let mut endpoint: Endpoint = server.endpoint(&self.path);
        let options = &mut endpoint.options;
        options.dialect = Some(dialect.to_owned());
        options.headers = self.headers.clone().into_iter().collect();
        options.body = self.data.clone().map(Body::Text);
        options.last_event_id.clone_from(&self.resume_after);
        options.send.clone_from(&self.send);
        options.retries.jitter = 0.0;
        let transport = (LONG.build)(&endpoint).unwrap();
        start(endpoint, transport)
    }
}

impl Step {
    fn fits(&self, request: &Request) -> bool {
        let line = request.line.strip_suffix(" HTTP/1.1").unwrap();
        match self.asks.strip_prefix('^') {
            Some(_) => regex::Regex::new(&format!("{}$", self.asks)).unwrap().is_match(line),
            None => self.asks == line,
        }
    }

    fn check(&self, request: &Request, what: &str) {
        for (name, value) in &self.with {
            let wanted = Some(value.as_str()).filter(|value| !value.is_empty());
            assert_eq!(request.header(name), wanted, "{what}: {name}");
        }
        if let Some(body) = &self.says {
            assert_eq!(&request.body, body, "{what}");
        }
    }

    fn answer(&self) -> Option<String> {
        let body = self.body.as_ref()?;
        let head = self.head.as_deref().unwrap_or("200 OK\nContent-Type: application/json");
        let is_empty = head.starts_with("204") || head.starts_with("304");
        let length =
            if is_empty { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        Some(format!("HTTP/1.1 {}\r\n{length}\r\n{body}", head.trim().replace('\n', "\r\n")))
    }
}

/// Every request on every connection, each with the way to answer it.
fn serve(server: Server) -> mpsc::UnboundedReceiver<Waiting> {
    let (sender, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(peer) = server.try_peer().await {
            tokio::spawn(talk(peer, sender.clone()));
        }
    });
    requests
}

async fn talk(mut peer: Peer, sender: mpsc::UnboundedSender<Waiting>) {
    while let Some(request) = peer.next_request().await {
        let (answer, answered) = oneshot::channel();
        if sender.send(Waiting { request, answer }).is_err() {
            return;
        }
        let Ok(text) = answered.await else { return };
        if !peer.try_send(text.as_bytes()).await {
            return;
        }
    }
}

/// An event in a line; nothing for what every session has.
fn told(event: &Event) -> Option<String> {
    let meta = event.meta();
    // Whether a request counts as held depends on how busy the machine is.
    let notes = meta.cause.iter().flat_map(|cause| cause.split("; "));
    let notes: Vec<&str> = notes
        .filter(|note| !note.starts_with("nothing new, and answered at once"))
        .filter(|note| !note.starts_with("the next request waits"))
        .collect();
    let cause = Some(notes.join("; ")).filter(|cause| !cause.is_empty());
    let (name, id) = (event.name.as_deref(), event.id.as_deref());
    match event.kind {
        Kind::Message => {
            let name = name.map(|name| format!(" {name}")).unwrap_or_default();
            let id = id.map(|id| format!(" #{id}")).unwrap_or_default();
            let text = event.text().map_or_else(|| format!("{:?}", event.payload), str::to_owned);
            Some(format!("message{name}{id}: {text}"))
        }
        Kind::Comment if cause.is_none() && event.payload.is_empty() => None,
        Kind::Comment => {
            let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
            Some(format!("comment: {:?}{cause}", event.text()?))
        }
        Kind::Closed | Kind::Failed if cause.as_deref() == Some("disconnected by you") => None,
        Kind::Closed | Kind::Failed => {
            let hint = meta.hint.clone().unwrap_or_default();
            Some(format!("{}: {}. {hint}", event.kind.word(), cause?))
        }
        Kind::Response | Kind::Violation => Some(format!("{}: {}", event.kind.word(), cause?)),
        Kind::Retrying => {
            // The wait is ours, unless the server asked for one.
            let wait = meta.delay_ms.filter(|wait| *wait >= 1000).map(|wait| wait / 1000);
            wait.map(|seconds| format!("retrying in {seconds} s"))
        }
        _ => None,
    }
}
