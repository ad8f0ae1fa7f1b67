//! Keeps an open connection going: hands on what comes, sends what is wanted, pings, and sees the
//! connection to its end.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::heartbeat::{Beat, Heart};
use super::message::violation;
use super::rule::Rule;
use super::tap::Tap;
use super::voice::{self, Voice};
use crate::model::{Dir, Event, FeedError, Heartbeat, Kind, Meta, Say};
use crate::transport::{Link, Outcome, TransportError, Wanted};

/// How long the peer may take to end a connection that is being closed.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long it may take to answer a close frame the person sent.
const ANSWER: Duration = Duration::from_secs(5);
/// How long the socket may take to take the last bytes.
const FAREWELL: Duration = Duration::from_millis(250);
/// Frames the engine reads before it is looked after what else is wanted.
const TURN: usize = 1024;
/// The engine reads headers and control frames only.
const ENGINE_BUFFER: usize = 4 << 10;

/// Why the connection is being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// The session is to end.
    Stopped,
    /// The person sent a close frame.
    Said,
    /// The peer did, or it broke a rule.
    Peer,
}

/// What the engine read; nothing at the end of the connection.
type Read = Option<Result<Message, Error>>;

/// What the engine or the world around it brought.
enum Turn {
    Engine(Read),
    Events,
    Wanted(Wanted),
    Time,
}

/// An open connection.
pub(super) struct Pump<'a, S> {
    engine: WebSocketStream<Tap<S>>,
    link: &'a mut Link,
    heart: Option<Heart>,
    fresh: Vec<Event>,
    /// The engine holds bytes the socket has not taken.
    unsent: bool,
    /// There is more to read than a turn took.
    behind: bool,
    /// Why the connection is being closed, and until when that may take.
    closing: Option<(Closing, Instant)>,
    /// Code and reason of the peer's close frame.
    close: Option<(Option<u16>, String)>,
    voice: Voice,
    echo: bool,
    /// The message that goes back before anything else is read.
    back: Option<Message>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Pump<'a, S> {
    /// Takes over a connection whose handshake is done; `echo` sends every message back.
    pub(super) async fn new(
        tap: Tap<S>,
        link: &'a mut Link,
        heartbeat: Option<Heartbeat>,
        voice: Voice,
        echo: bool,
    ) -> Self {
        let config = WebSocketConfig::default().read_buffer_size(ENGINE_BUFFER);
        let engine = WebSocketStream::from_raw_socket(tap, Role::Client, Some(config)).await;
        let heart = heartbeat.map(|rules| Heart::new(rules, Instant::now()));
        Self {
            engine,
            link,
            heart,
            fresh: Vec::new(),
            unsent: false,
            behind: false,
            closing: None,
            close: None,
            voice,
            echo,
            back: None,
        }
    }

    /// Runs until the connection is over and its socket closed.
    pub(super) async fn run(mut self) -> Outcome {
        let outcome = match self.turns().await {
            Ok(outcome) => outcome,
            Err(FeedError) => Outcome::Unrecorded,
        };
        // Over TLS this says that nothing was cut off; it must not take long.
        let farewell = self.engine.get_mut().shutdown();
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        outcome
    }

    async fn turns(&mut self) -> Result<Outcome, FeedError> {
        self.hand_on().await?;
        loop {
            let turn = if let Some(last) = self.drain().await? {
                Turn::Engine(last)
            } else {
                self.link.flush().await?;
                self.wait().await
            };
            self.hand_on().await?;
            let over = match turn {
                Turn::Engine(Some(Ok(_))) | Turn::Events => None,
                Turn::Engine(last) => Some(self.ended(last.and_then(Result::err)).await?),
                Turn::Wanted(wanted) => self.serve(wanted),
                Turn::Time => self.time().await?,
            };
            if let Some(outcome) = over {
                return Ok(outcome);
            }
        }
    }

    /// Lets the engine read what is there already; what ended it, if something did.
    async fn drain(&mut self) -> Result<Option<Read>, FeedError> {
        self.behind = true;
        for _ in 0..TURN {
            match self.engine.next().now_or_never() {
                Some(Some(Ok(_))) => self.hand_on().await?,
                Some(last) => return Ok(Some(last)),
                None if self.send_back() => {}
                None => {
                    self.behind = self.engine.get_ref().is_held();
                    return Ok(None);
                }
            }
        }
        // The last turn may have stopped the tap, which wakes nobody while it is stopped.
        self.send_back();
        Ok(None)
    }

    /// Sends the message back at which the tap has stopped, and lets it go on unless the socket
    /// takes no more; whether it goes on.
    fn send_back(&mut self) -> bool {
        if !self.engine.get_ref().is_held() {
            return false;
        }
        if let Some(message) = self.back.take() {
            self.send(message);
        }
        let goes_on = poll_fn(|cx| self.engine.poll_ready_unpin(cx)).now_or_never().is_some();
        if goes_on {
            self.engine.get_mut().release();
        }
        goes_on
    }

    async fn wait(&mut self) -> Turn {
        let stopped = self.link.stopped();
        let (closing, unsent) = (self.closing.map(|(why, _)| why), self.unsent);
        let link = &mut *self.link;
        // While the socket takes no more, the next message waits with whoever wants it sent.
        let wanted = async {
            match closing {
                Some(Closing::Stopped) => std::future::pending().await,
                None if !unsent => link.wanted().await,
                _ => {
                    stopped.await;
                    Wanted::Stop
                }
            }
        };
        let deadline = match self.closing {
            Some((_, until)) => Some(until),
            None => self.heart.as_ref().map(Heart::deadline),
        };
        let time = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        let (engine, unsent) = (&mut self.engine, &mut self.unsent);
        tokio::select! {
            turn = poll_fn(|cx| poll_engine(engine, unsent, cx)) => turn,
            wanted = wanted => Turn::Wanted(wanted),
            () = time => Turn::Time,
        }
    }

    /// Hands the tap's events on, and takes note of those that steer the connection.
    async fn hand_on(&mut self) -> Result<(), FeedError> {
        if self.engine.get_ref().is_quiet() {
            return Ok(());
        }
        self.engine.get_mut().hand_over(&mut self.fresh);
        for mut event in self.fresh.drain(..) {
            match (event.kind, event.dir) {
                (Kind::Text | Kind::Binary, Dir::In) if self.echo => {
                    self.back = echoed(&mut self.voice, &mut event);
                }
                (Kind::Pong, Dir::In) => {
                    if let Some(heart) = &mut self.heart {
                        heart.pong(&event.payload);
                    }
                }
                (Kind::Close, Dir::In) => {
                    let meta = event.meta();
                    self.close = Some((meta.code, meta.reason.clone().unwrap_or_default()));
                    let until = Instant::now() + GOODBYE;
                    self.closing.get_or_insert((Closing::Peer, until)).1 = until;
                }
                _ => {}
            }
            self.link.push(event).await?;
        }
        if let Some(code) = self.engine.get_mut().reply() {
            self.send(voice::close(Some(code), ""));
            self.closing.get_or_insert((Closing::Peer, Instant::now() + GOODBYE));
        }
        Ok(())
    }

    /// Gives the engine something to send; it leaves while waiting.
    fn send(&mut self, message: Message) {
        // What fails here fails for reading too, which then tells why.
        let _ = self.engine.start_send_unpin(message);
        self.unsent = true;
    }

    fn serve(&mut self, wanted: Wanted) -> Option<Outcome> {
        match wanted {
            Wanted::Say(say) => self.say(say),
            // Both sides have said goodbye, or the rest is the peer's to do: no need to wait.
            Wanted::Stop if self.closing.is_some() => return Some(Outcome::Stopped),
            Wanted::Stop => {
                self.send(voice::close(Some(1000), ""));
                self.closing = Some((Closing::Stopped, Instant::now() + GOODBYE));
            }
        }
        None
    }

    fn say(&mut self, say: Say) {
        match say {
            Say::Text(text) => {
                let message = self.voice.message(true, text.into());
                self.send(message);
            }
            Say::Binary(bytes) => {
                let message = self.voice.message(false, bytes);
                self.send(message);
            }
            Say::Fragments { is_text, parts } => {
                for frame in self.voice.fragments(is_text, parts) {
                    self.send(frame);
                }
            }
            Say::Ping(payload) => self.send(voice::ping(payload)),
            Say::Pong(payload) => self.send(voice::pong(payload)),
            Say::Close(code, reason) => {
                self.send(voice::close(code, &reason));
                self.closing = Some((Closing::Said, Instant::now() + ANSWER));
            }
            Say::AnswerPings(answer) => self.engine.get_mut().answer_pings(answer),
            // The link repeats by itself.
            Say::Repeat(_) => {}
        }
    }

    async fn time(&mut self) -> Result<Option<Outcome>, FeedError> {
        let now = Instant::now();
        if let Some((_, until)) = self.closing {
            return if now >= until { self.ended(None).await.map(Some) } else { Ok(None) };
        }
        let (heard, behind) = (self.engine.get_ref().heard(), self.behind);
        while let Some(beat) = self.heart.as_mut().and_then(|heart| heart.due(now, heard, behind)) {
            match beat {
                Beat::Ping(payload) => self.send(Message::Ping(payload)),
                Beat::Owed => {
                    let told = violation(self.link.now(), Rule::NoPong, bytes::Bytes::new());
                    self.link.push(told).await?;
                }
                Beat::Dead(patience) => {
                    return Ok(Some(Outcome::Lost(TransportError::PongOverdue(patience))));
                }
            }
        }
        Ok(None)
    }

    /// How it ended, when the engine has nothing more to say, or `error`.
    async fn ended(&mut self, error: Option<Error>) -> Result<Outcome, FeedError> {
        if matches!(self.closing, Some((Closing::Stopped | Closing::Said, _))) {
            return Ok(Outcome::Stopped);
        }
        let broken = self.engine.get_ref().broken();
        Ok(match (self.close.take(), broken, error) {
            (Some((Some(code), reason)), ..) => {
                let error = TransportError::Closed { code: Some(code), reason };
                if code == 1000 { Outcome::Finished(error) } else { Outcome::Lost(error) }
            }
            (_, Some(rule), _) => Outcome::Lost(TransportError::Protocol(rule.to_string())),
            // What stands for a close frame without a code (RFC 6455, section 7.1.5).
            (Some((None, reason)), ..) => {
                Outcome::Lost(TransportError::Closed { code: Some(1005), reason })
            }
            (None, None, error) => Outcome::Lost(self.broke(error).await?),
        })
    }

    /// Why the socket ended without a goodbye.
    async fn broke(&mut self, error: Option<Error>) -> Result<TransportError, FeedError> {
        Ok(match error {
            Some(Error::Io(error)) => TransportError::Io(error),
            None | Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                match self.engine.get_ref().unfinished() {
                    Some(rest) => TransportError::Io(std::io::Error::other(inside_a_frame(rest))),
                    None => TransportError::Closed { code: None, reason: String::new() },
                }
            }
            Some(other) => {
                // A rule the engine knows and the tap does not.
                let cause = other.to_string();
                let meta = Meta { cause: Some(cause.clone()), ..Meta::default() };
                let event = Event::new(self.link.now(), Dir::In, Kind::Violation).with_meta(meta);
                self.link.push(event).await?;
                TransportError::Protocol(cause)
            }
        })
    }
}

/// Sends what is waiting, reads what has come; ready as soon as there is something to hand on.
fn poll_engine<S: AsyncRead + AsyncWrite + Unpin>(
    engine: &mut WebSocketStream<Tap<S>>,
    unsent: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Turn> {
    if *unsent && let Poll::Ready(result) = engine.poll_flush_unpin(cx) {
        *unsent = false;
        if let Err(error) = result {
            return Poll::Ready(Turn::Engine(Some(Err(error))));
        }
        return Poll::Ready(Turn::Events);
    }
    if let Poll::Ready(read) = engine.poll_next_unpin(cx) {
        return Poll::Ready(Turn::Engine(read));
    }
    if engine.get_ref().is_held() && !*unsent {
        return Poll::Ready(Turn::Events);
    }
    if engine.get_ref().is_quiet() { Poll::Pending } else { Poll::Ready(Turn::Events) }
}

/// The message that answers `event` in echoing, unless not all of it is here.
fn echoed(voice: &mut Voice, event: &mut Event) -> Option<Message> {
    if let Some(meta) = event.meta.as_mut().filter(|meta| meta.truncated.is_some()) {
        meta.cause = Some(String::from("not sent back, because not all of it was kept"));
        return None;
    }
    Some(voice.message(event.kind == Kind::Text, event.payload.clone()))
}

fn inside_a_frame((come, whole): (u64, Option<u64>)) -> String {
    match whole {
        Some(whole) => {
            format!("it ended inside a frame, of which {come} of {whole} bytes had come")
        }
        None => format!("it ended inside a frame, of which {come} bytes had come"),
    }
}
