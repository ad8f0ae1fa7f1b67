//! Following a topic on behalf of one client: messages as they come, heartbeats while it is quiet,
//! an end when the client is too slow or the server stops.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio_util::sync::CancellationToken;

use super::clients::Open;
use super::hub::Overrun;
use super::message::Message;
use super::routes::X_ACCEL_BUFFERING;
use super::tally::Carrier;
use super::weather::{Mangling, Middlebox, Outlook, Reader, Turn, takes_gzip};

/// Messages handed over at a time.
const BATCH: usize = 256;
/// Bytes handed over at a time, more or less; what a slow client holds in memory.
const BATCH_BYTES: usize = 64 << 10;

/// What happens next to a client.
#[derive(Debug)]
pub(super) enum Step {
    /// These are for it.
    Messages(Vec<Arc<Message>>),
    /// Nothing came for as long as a heartbeat takes.
    Quiet,
    /// It fell too far behind.
    TooSlow(Overrun),
    /// Something else is done to the connection from now on.
    Changed,
    /// The server stops, or the network ends the connection cleanly.
    Over,
}

/// A client's place in a topic and in the statistics.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) reader: Reader,
    pub(super) outlook: Outlook,
    pub(super) heartbeat: Option<Duration>,
    pub(super) stop: CancellationToken,
    pub(super) open: Open,
}

impl Follower {
    /// Waits for what is next. May be dropped at any time.
    pub(super) async fn step(&mut self) -> Step {
        let how = self.outlook.mangling();
        let released = self.reader.release(how);
        if !released.is_empty() {
            count(&released, &self.open);
            return Step::Messages(released);
        }
        let beats = !self.outlook.impairment().without_heartbeats;
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Step::Over,
            turn = self.outlook.turn() => match turn {
                Turn::Changed => Step::Changed,
                Turn::End => Step::Over,
            },
            () = self.reader.ready() => {
                match take(&mut self.reader, how, &self.open) {
                    Ok(messages) => Step::Messages(messages),
                    Err(overrun) => Step::TooSlow(overrun),
                }
            }
            () = pause(self.heartbeat.filter(|_| beats)) => Step::Quiet,
        }
    }
}

/// The next batch, counted as sent. A client for whom it comes too late is counted as slow.
pub(super) fn take(
    reader: &mut Reader,
    how: Mangling,
    open: &Open,
) -> Result<Vec<Arc<Message>>, Overrun> {
    let taken = reader.take(how, BATCH, BATCH_BYTES);
    if let Ok(messages) = &taken {
        count(messages, open);
    } else {
        open.tally().slow.add(1);
        open.tally().errors.add(1);
    }
    taken
}

/// Counts messages as sent.
pub(super) fn count(messages: &[Arc<Message>], open: &Open) {
    let over_websocket = open.carrier() == Carrier::Websocket;
    for message in messages {
        let payload = if over_websocket { message.for_websocket() } else { &message.json };
        open.sent(payload.len());
    }
}

/// Waits that long, or for ever.
pub(super) async fn pause(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// The answer that follows, for a client that sent these headers: `opening`, then what `say` makes
/// of each step.
pub(super) fn respond(
    follower: Follower,
    headers: &HeaderMap,
    kind: &'static str,
    opening: Bytes,
    say: fn(&Step) -> Bytes,
) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|list| list.to_str().ok());
    let takes_gzip = takes_gzip(accepted.unwrap_or_default());
    let middlebox = Middlebox::new(follower.outlook.impairment(), takes_gzip);
    let head = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (X_ACCEL_BUFFERING, "no"),
    ];
    let coding = middlebox.compresses().then_some([(header::CONTENT_ENCODING, "gzip")]);
    let flow = Flow { follower, middlebox, opening: Some(opening), is_over: false };
    let bytes = stream::unfold(flow, move |mut flow| async move {
        let bytes = flow.next(say).await?;
        Some((Ok::<_, Infallible>(bytes), flow))
    });
    (head, coding, Body::from_stream(bytes)).into_response()
}

/// What a client follows, and what stands in between.
struct Flow {
    follower: Follower,
    middlebox: Middlebox,
    opening: Option<Bytes>,
    is_over: bool,
}

impl Flow {
    /// The next bytes that reach the client.
    async fn next(&mut self, say: fn(&Step) -> Bytes) -> Option<Bytes> {
        while !self.is_over {
            let bytes = if let Some(opening) = self.opening.take() {
                self.middlebox.pass(opening)
            } else {
                self.step(say).await
            };
            if !bytes.is_empty() {
                return Some(bytes);
            }
        }
        None
    }

    async fn step(&mut self, say: fn(&Step) -> Bytes) -> Bytes {
        let step = self.follower.step().await;
        match step {
            Step::Messages(_) | Step::Quiet => self.middlebox.pass(say(&step)),
            Step::Changed => self.middlebox.change(self.follower.outlook.impairment()),
            Step::TooSlow(_) | Step::Over => {
                self.is_over = true;
                let last = self.middlebox.pass(say(&step));
                let rest = self.middlebox.end();
                if rest.is_empty() { last } else { [last, rest].concat().into() }
            }
        }
    }
}

/// What is said to a client that fell behind.
pub(super) fn too_slow(overrun: Overrun) -> String {
    format!("too slow: {} messages are gone; come back with the last id", overrun.missed)
}
