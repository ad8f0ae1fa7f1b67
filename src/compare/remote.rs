//! Another Wirescope server, somewhere in the network: the run publishes to it by itself, into a
//! topic of its own, and asks it what it has counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use url::Url;

use super::base::Base;
use super::counter::Ledger;
use super::error::CompareError;
use super::side::{OWN_TS, is_short};
use crate::model::{Clock, Options, Shape, Source};
use crate::net::{Ask, Http, HttpError};
use crate::server::Account;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// POSTs on their way at a time.
const AT_ONCE: usize = 32;
/// Behind by more than this, sending goes on from now: the server cannot take as much.
const BEHIND: Duration = Duration::from_secs(1);
/// Bytes of an answer that are read.
const ANSWER: usize = 64 << 10;
const WORDS: &str = "The quick brown fox jumps over the lazy dog. ";

/// A server that answered as Wirescope's do.
#[derive(Debug)]
pub(super) struct Remote {
    base: Base,
    http: Http,
    source: Source,
    topic: String,
    /// Answers with an id, and the largest of these ids.
    sent: AtomicU64,
    last: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    /// What it said when it refused, or how it failed, the last time.
    words: Mutex<Option<String>>,
}

impl Remote {
    /// Looks whether there is a Wirescope server that lets us in.
    pub(super) async fn reach(base: &Base, source: Source) -> Result<Self, CompareError> {
        let url = base.path("stats", &[]);
        let unreachable =
            |error| CompareError::Unreachable(base.shown().to_owned(), Box::new(error));
        let http = Http::new(&url, &Options::default()).map_err(unreachable)?;
        let (status, body) = ask(&http, Ask::get(url)).await.map_err(unreachable)?;
        let is_ours = serde_json::from_slice::<serde_json::Value>(&body)
            .is_ok_and(|stats| stats.pointer("/transports/websocket").is_some());
        match status {
            200 if is_ours => {}
            401 | 403 => {
                return Err(CompareError::NotLetIn {
                    url: base.shown().to_owned(),
                    has_token: base.has_token(),
                    words: first_line(&body),
                });
            }
            _ => return Err(CompareError::NotWirescope(base.shown().to_owned(), status)),
        }
        let topic = format!("run-{}", super::run::random_name());
        Ok(Self {
            base: base.clone(),
            http,
            source,
            topic,
            sent: AtomicU64::new(0),
            last: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            words: Mutex::new(None),
        })
    }

    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Publishes at the rate of the source until `stop`, and waits for the answers to all of it.
    pub(super) async fn publish(&self, clock: Clock, stop: impl Future<Output = ()>) {
        let url = self.base.path("publish", &[("topic", &self.topic)]);
        let text: String = WORDS.chars().cycle().take(self.source.size).collect();
        let mut posts = FuturesUnordered::new();
        tokio::select! {
            () = stop => {}
            () = self.keep_on(&mut posts, || self.post(&url, &text, clock)) => {}
        }
        while posts.next().await.is_some() {}
    }

    /// Adds posts as they fall due, for ever.
    async fn keep_on<P: Future<Output = ()>>(
        &self,
        posts: &mut FuturesUnordered<P>,
        post: impl Fn() -> P,
    ) {
        let burst = self.source.burst.max(1);
        let between = f64::from(burst) / self.source.rate;
        let Ok(between) = Duration::try_from_secs_f64(between) else {
            return std::future::pending().await;
        };
        let mut due = Instant::now();
        loop {
            for _ in 0..burst {
                while posts.len() >= AT_ONCE {
                    posts.next().await;
                }
                posts.push(post());
            }
            let Some(next) = due.checked_add(between) else {
                return std::future::pending().await;
            };
            due = if next.elapsed() > BEHIND { Instant::now() } else { next };
            let mut waiting = std::pin::pin!(tokio::time::sleep_until(due.into()));
            loop {
                tokio::select! {
                    () = &mut waiting => break,
                    Some(()) = posts.next() => {}
                }
            }
        }
    }

    async fn post(&self, url: &Url, text: &str, clock: Clock) {
        let ms = (clock.wall_ns() as f64 + clock.now() as f64) / 1e6;
        let body = format!("{{\"type\":\"tick\",\"{OWN_TS}\":{ms:.3},\"text\":\"{text}\"}}");
        let post = Ask {
            method: String::from("POST"),
            headers: vec![(String::from("content-type"), String::from("application/json"))],
            body: Some(Bytes::from(body)),
            ..Ask::get(url.clone())
        };
        let words = match ask(&self.http, post).await {
            Ok((200, body)) => {
                #[derive(Deserialize)]
                struct Published {
                    id: u64,
                }
                match serde_json::from_slice::<Published>(&body) {
                    Ok(Published { id }) => {
                        self.sent.fetch_add(1, Ordering::Relaxed);
                        self.last.fetch_max(id, Ordering::Relaxed);
                        return;
                    }
                    Err(error) => format!("its answer has no id: {error}"),
                }
            }
            Ok((status, body)) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                format!("{status}: {}", first_line(&body))
            }
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                error.to_string()
            }
        };
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    /// What it counted for one of its clients.
    pub(super) async fn ledger(&self, client: &str) -> Option<Ledger> {
        let url = self.base.path("stats", &[("client", client)]);
        let (status, body) = ask(&self.http, Ask::get(url)).await.ok()?;
        // A server that does not know the parameter answers with everything it has.
        let account: Account = serde_json::from_slice(&body).ok().filter(|_| status == 200)?;
        Some(account.into())
    }

    /// What went otherwise than asked for.
    pub(super) fn notes(&self, seconds: f64) -> Vec<String> {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let words = words.unwrap_or_default();
        let (sent, refused, failed) =
            (count(&self.sent), count(&self.refused), count(&self.failed));
        let mut notes = Vec::new();
        if refused > 0 {
            notes
                .push(format!("The server refused {refused} messages ({words}); try a lower rate"));
        }
        if failed > 0 {
            notes.push(format!("{failed} messages could not be published ({words})"));
        }
        if self.source.shape != Shape::default() {
            notes.push(String::from(
                "What is published to another server is plain text of the size asked for, whatever \
                 shape was",
            ));
        }
        if refused + failed == 0 && is_short(self.source.rate, sent, seconds) {
            notes.push(format!(
                "{:.0} messages a second were published instead of {}: the way to the server or the \
                 server takes no more",
                sent as f64 / seconds,
                self.source.rate
            ));
        }
        notes
    }
}

async fn ask(http: &Http, ask: Ask) -> Result<(u16, Bytes), HttpError> {
    let exchange = async {
        let mut answer = http.send(http.prepare(&ask)?).await?;
        let mut body = BytesMut::new();
        // To its end, so that the connection can be used again.
        while let Some(chunk) = answer.chunk().await? {
            let room = ANSWER.saturating_sub(body.len());
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok((answer.status, body.freeze()))
    };
    tokio::time::timeout(PATIENCE, exchange).await.unwrap_or(Err(HttpError::TimedOut(PATIENCE)))
}

/// The first line of what a server says, as far as it fits into a sentence.
fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}
