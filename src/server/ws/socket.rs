//! The conversation over one WebSocket: rooms, messages, echo, heartbeats, and how it ends.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select_all;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use crate::server::Shared;
use crate::server::clients::Open;
use crate::server::follow::{count, take, too_slow};
use crate::server::hub::{Start, Subscription};
use crate::server::message::{Draft, Message as Published, quoted};
use crate::server::meter::Meter;
use crate::server::weather::{Outlook, Pongs, Reader, Turn};

/// Rooms that one socket may be in.
const ROOMS: usize = 16;
/// How long a client may take to answer a close, over a good network.
const GOODBYE: Duration = Duration::from_secs(1);
/// Pings in a row that may remain without an answer.
const UNANSWERED: u32 = 2;

/// An open WebSocket.
pub(super) struct Socket {
    shared: Arc<Shared>,
    meter: Arc<Meter>,
    stream: WebSocketStream<Pongs<TokioIo<Upgraded>>>,
    /// The rooms it is in; the first to be served first.
    rooms: Vec<Reader>,
    /// Where messages go that name no room.
    home: String,
    open: Open,
    /// Asks it to go, as the server does of all when it stops.
    leave: CancellationToken,
    outlook: Outlook,
    heartbeat: Option<Interval>,
    /// Pings since the last pong.
    unanswered: u32,
    /// The weather changed while something was written.
    changed: bool,
}

/// Why a socket is over.
enum End {
    /// The client went, or broke away.
    Gone,
    /// The client is asked to go.
    Close(CloseCode, String),
    /// The client broke a rule, so what else it sends is not understood.
    Broken(CloseCode, String),
}

/// What a client may say.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Said {
    Join { room: String, since: Option<u64> },
    Message { room: Option<String>, text: String },
}

impl Socket {
    pub(super) fn new(
        meter: Arc<Meter>,
        stream: WebSocketStream<Pongs<TokioIo<Upgraded>>>,
        room: Subscription,
        open: Open,
        leave: CancellationToken,
        outlook: Outlook,
    ) -> Self {
        let beat = |every| {
            let mut interval = tokio::time::interval_at(Instant::now() + every, every);
            // After a stall, pings that were missed would come at once, with no time to answer.
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        let shared = Arc::clone(meter.shared());
        let heartbeat = shared.options.heartbeat.map(beat);
        let home = room.topic().to_owned();
        let rooms = vec![Reader::new(room)];
        let (unanswered, changed) = (0, false);
        Self {
            shared,
            meter,
            stream,
            rooms,
            home,
            open,
            leave,
            outlook,
            heartbeat,
            unanswered,
            changed,
        }
    }

    /// Serves the client until either side is done.
    pub(super) async fn run(mut self) {
        let end = loop {
            if let Err(end) = self.turn().await {
                break end;
            }
        };
        // A client that does not answer has had its chance.
        let patience = GOODBYE + self.outlook.detour();
        let _ = tokio::time::timeout(patience, self.goodbye(end)).await;
    }

    async fn turn(&mut self) -> Result<(), End> {
        if std::mem::take(&mut self.changed) {
            return self.weathered(Turn::Changed).await;
        }
        tokio::select! {
            () = self.leave.cancelled() => Err(going_away(&self.shared)),
            turn = self.outlook.turn() => self.weathered(turn).await,
            message = self.stream.next() => self.received(message).await,
            room = ready(&mut self.rooms) => self.deliver(room).await,
            () = beat(&mut self.heartbeat) => self.ping().await,
        }
    }

    async fn received(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        match message {
            None => Err(End::Gone),
            Some(Err(error)) => Err(self.broken(&error)),
            Some(Ok(Message::Text(text))) => {
                self.open.tally().received(text.len());
                match self.obey(&text) {
                    Ok(None) => Ok(()),
                    Ok(Some(answer)) => self.send([Message::text(answer)]).await,
                    Err(sentence) => {
                        self.open.tally().errors.add(1);
                        let answer =
                            format!("{{\"type\":\"error\",\"error\":{}}}", quoted(&sentence));
                        self.send([Message::text(answer)]).await
                    }
                }
            }
            Some(Ok(Message::Binary(bytes))) => {
                self.open.tally().received(bytes.len());
                self.send([Message::Binary(bytes)]).await
            }
            Some(Ok(Message::Pong(_))) => {
                if !self.outlook.impairment().swallows_pongs {
                    self.unanswered = 0;
                }
                Ok(())
            }
            // Pings and closes are answered by the library when it is read from next.
            Some(Ok(Message::Ping(_) | Message::Close(_) | Message::Frame(_))) => Ok(()),
        }
    }

    /// Does what the client says; the answer, if there is one, or what was wrong.
    fn obey(&mut self, text: &str) -> Result<Option<String>, String> {
        let said = serde_json::from_str(text).map_err(|e| {
            format!(
                "send {{\"type\":\"join\",\"room\":R}} or \
                 {{\"type\":\"message\",\"room\":R,\"text\":T}}: {e}"
            )
        })?;
        match said {
            Said::Join { room, since } => self.join(&room, since).map(Some),
            Said::Message { room, text } => {
                self.meter.publishes().map_err(|e| e.to_string())?;
                let room = room.as_deref().unwrap_or(&self.home);
                let published = self.shared.hub.publish(room, &Draft::text("message", &text));
                published.map(|_| None).map_err(|e| e.to_string())
            }
        }
    }

    fn join(&mut self, room: &str, since: Option<u64>) -> Result<String, String> {
        if self.rooms.iter().all(|joined| joined.subscription.topic() != room) {
            if self.rooms.len() >= ROOMS {
                return Err(format!("a connection may be in {ROOMS} rooms at most"));
            }
            let start = since.map_or(Start::Now, Start::After);
            let joined = self.shared.hub.subscribe(room, start).map_err(|e| e.to_string())?;
            self.open.entry().follows(joined.place());
            self.rooms.push(Reader::new(joined));
        }
        let last = self.shared.hub.last_id(room);
        Ok(format!("{{\"type\":\"joined\",\"room\":{},\"lastId\":{last}}}", quoted(room)))
    }

    async fn deliver(&mut self, room: usize) -> Result<(), End> {
        let Some(reader) = self.rooms.get_mut(room) else { return Ok(()) };
        let taken = take(reader, self.outlook.mangling(), &self.open)
            .map_err(|overrun| End::Close(CloseCode::Again, too_slow(overrun)))?;
        let messages: Vec<_> = taken.iter().map(|message| framed(message)).collect();
        // The others first next time, so that a busy room does not keep them waiting.
        self.rooms.rotate_left(room + 1);
        self.push(messages).await
    }

    async fn weathered(&mut self, turn: Turn) -> Result<(), End> {
        if turn == Turn::End {
            return Err(cut());
        }
        let how = self.outlook.mangling();
        let released: Vec<_> = self.rooms.iter_mut().flat_map(|room| room.release(how)).collect();
        count(&released, &self.open);
        let messages: Vec<_> = released.iter().map(|message| framed(message)).collect();
        self.push(messages).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.outlook.impairment().without_heartbeats {
            self.unanswered = 0;
            return Ok(());
        }
        if self.unanswered >= UNANSWERED {
            self.open.tally().errors.add(1);
            return Err(End::Gone);
        }
        self.unanswered += 1;
        self.push([Message::Ping(Bytes::new())]).await
    }

    /// Sends data messages and counts them.
    async fn send<const N: usize>(&mut self, messages: [Message; N]) -> Result<(), End> {
        for message in &messages {
            self.open.sent(message.len());
        }
        self.push(messages).await
    }

    /// Writes until the socket has taken everything, unless the end comes first.
    async fn push(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        let write = async {
            for message in messages {
                self.stream.feed(message).await?;
            }
            self.stream.flush().await
        };
        let mut write = pin!(write);
        loop {
            tokio::select! {
                written = &mut write => return written.map_err(|_| End::Gone),
                () = self.leave.cancelled() => return Err(going_away(&self.shared)),
                turn = self.outlook.turn() => match turn {
                    Turn::Changed => self.changed = true,
                    Turn::End => return Err(cut()),
                }
            }
        }
    }

    fn broken(&self, error: &Error) -> End {
        let (code, reason) = match error {
            Error::Capacity(_) => {
                let most = self.shared.limits.message;
                (CloseCode::Size, format!("a message has at most {most} bytes"))
            }
            Error::Utf8(_) => (CloseCode::Invalid, String::from("text must be UTF-8")),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return End::Gone,
            Error::Protocol(rule) => (CloseCode::Protocol, rule.to_string()),
            _ => return End::Gone,
        };
        self.open.tally().errors.add(1);
        End::Broken(code, reason)
    }

    async fn goodbye(mut self, end: End) {
        let (code, reason, understood) = match end {
            End::Gone => return,
            End::Close(code, reason) => (code, reason, true),
            End::Broken(code, reason) => (code, reason, false),
        };
        let frame = CloseFrame { code, reason: reason.into() };
        if self.stream.close(Some(frame)).await.is_err() {
            return;
        }
        if understood {
            while let Some(Ok(_)) = self.stream.next().await {}
            return;
        }
        // Closing with bytes unread would reset the connection, and the client might never see
        // the reason.
        let io = self.stream.get_mut();
        let _ = io.shutdown().await;
        // On the heap, and only now: as an array it would be part of every socket's task.
        let mut rest = vec![0; 4096];
        while io.read(&mut rest).await.is_ok_and(|n| n > 0) {}
    }
}

fn going_away(shared: &Shared) -> End {
    let stops = shared.stop.is_cancelled();
    let why = if stops { "the server is being stopped" } else { "cut by the presenter" };
    End::Close(CloseCode::Away, String::from(why))
}

fn cut() -> End {
    let why = "the network cuts connections here, as was asked for";
    End::Close(CloseCode::Away, String::from(why))
}

/// A message as it goes over WebSocket. What holds JSON is always text: it was made from a string.
fn framed(message: &Published) -> Message {
    let payload = message.for_websocket().clone();
    match &message.packed {
        Some(_) => Message::Binary(payload),
        None => Message::Text(Utf8Bytes::try_from(payload).unwrap_or_default()),
    }
}

/// Which room has something to say.
async fn ready(rooms: &mut [Reader]) -> usize {
    if let [only] = rooms {
        only.ready().await;
        return 0;
    }
    let waits = rooms.iter_mut().enumerate().map(|(place, room)| {
        Box::pin(async move {
            room.ready().await;
            place
        })
    });
    select_all(waits).await.0
}

async fn beat(heartbeat: &mut Option<Interval>) {
    match heartbeat {
        Some(interval) => drop(interval.tick().await),
        None => std::future::pending().await,
    }
}
