//! A response that does not end: its head, and then its body as it comes, while the composer may
//! send.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;

use super::exchange::{Asked, Composer};
use super::hop::{Hop, hop};
use super::{Link, TransportError};
use crate::model::{Dir, Endpoint, Event, Kind, Meta, Wire};
use crate::net::{Answer, Ask, Http, HttpError};

/// How long the head may take: some servers only send it with their first message.
const HEAD: Duration = Duration::from_mins(5);
/// The longest line and the longest message of a stream that is kept whole, in bytes, where
/// [`Options::max_message`](crate::model::Options::max_message) allows more: what grows without an
/// end in sight is no message.
pub(super) const LONGEST: usize = 16 << 20;
/// Chunks taken without looking left and right, at most.
const IN_A_ROW: u32 = 32;

/// Waits for the head of an answer, wherever redirects lead, and tells of it, with what `note` has
/// to say of its status; `None` when the connection should end.
pub(super) async fn head(
    link: &mut Link,
    http: &Http,
    mut asked: Asked,
    note: impl FnOnce(u16) -> Option<String>,
) -> Result<Option<Answer>, TransportError> {
    loop {
        let mut answer = match link.unless_stopped(tokio::time::timeout(HEAD, asked)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(TransportError::TimedOut(HEAD)),
            Some(Ok(answer)) => answer?,
        };
        match hop(link, http, &mut answer, None).await? {
            Hop::On(next) => asked = next,
            Hop::Stopped => return Ok(None),
            Hop::Here => {
                let mut event = answer.event(link.now());
                event.meta.get_or_insert_default().cause = note(answer.status);
                link.push(event).await?;
                link.flush().await?;
                return Ok(Some(answer));
            }
        }
    }
}

/// How long a compressed stream may stop within a line, or bring bytes that give nothing.
const HELD: Duration = Duration::from_secs(5);
/// Bytes that may give nothing without a reason: the mark of a flush, and the end of a block.
const OF_FORMAT: u64 = 16;

/// What comes next of a body.
pub(super) enum Next {
    /// A piece of it.
    Chunk(Bytes),
    /// Its end, as HTTP allows it.
    End,
    /// The connection should end.
    Stopped,
}

/// The body of an answer that is being followed.
pub(super) struct Body {
    answer: Answer,
    composer: Composer,
    in_a_row: u32,
    /// Every message ends with a line.
    has_lines: bool,
    /// It may be compressed without care, and nothing was said of it yet.
    is_suspect: bool,
}

impl Body {
    pub(super) fn new(
        answer: Answer,
        http: &Http,
        ask: &Ask,
        endpoint: &Endpoint,
    ) -> Result<Self, TransportError> {
        let composer = Composer::new(http.clone(), ask, endpoint)?;
        let is_suspect = answer.decoded_from().is_some();
        Ok(Self { answer, composer, in_a_row: 0, has_lines: false, is_suspect })
    }

    /// The same for a format whose messages end with a line.
    pub(super) fn of_lines(self) -> Self {
        Self { has_lines: true, ..self }
    }

    /// An event made of this body, with what it took on its way where the body is compressed.
    pub(super) fn sized(&self, mut event: Event) -> Event {
        if let Some(bytes) = event.wire.bytes() {
            event.wire = Wire::Estimated(self.answer.sizes().on_wire(bytes));
        }
        event
    }

    /// Waits for the next piece; before it waits, what was pushed is handed over.
    ///
    /// # Errors
    /// The body broke, or the recording has ended.
    pub(super) async fn next(&mut self, link: &mut Link) -> Result<Next, TransportError> {
        // What is there already is taken before anything is handed over, but a stream that never
        // pauses must not keep the composer and the wish to stop waiting.
        self.in_a_row += 1;
        let is_patient = self.in_a_row < IN_A_ROW;
        let ready = if is_patient { self.answer.chunk().now_or_never() } else { None };
        let chunk = if let Some(chunk) = ready {
            chunk
        } else {
            self.in_a_row = 0;
            link.flush().await?;
            match self.wait(link).await? {
                Some(chunk) => chunk,
                None => return Ok(Next::Stopped),
            }
        };
        Ok(chunk?.map_or(Next::End, Next::Chunk))
    }
    /// Waits for bytes, and says when those that came are being held back.
    async fn wait(
        &mut self,
        link: &mut Link,
    ) -> Result<Option<Result<Option<Bytes>, HttpError>>, TransportError> {
        // A stream may be quiet for long before what comes is held back.
        while self.is_suspect {
            let soon = tokio::time::timeout(HELD, self.answer.chunk());
            match self.composer.alongside(link, soon).await? {
                None => return Ok(None),
                Some(Ok(chunk)) => return Ok(Some(chunk)),
                Some(Err(_)) => self.tell_held(link).await?,
            }
        }
        self.composer.alongside(link, self.answer.chunk()).await
    }

    /// Compression gathers until a block is full, unless it is told to flush; an event that waits
    /// for the next ones is not seen to be there at all.
    async fn tell_held(&mut self, link: &mut Link) -> Result<(), TransportError> {
        let coding = self.answer.decoded_from().unwrap_or_default();
        let seconds = HELD.as_secs();
        let held = self.answer.held().filter(|held| held.bytes > OF_FORMAT);
        let cause = match held {
            Some(held) => format!(
                "{} bytes came compressed as {coding} and gave nothing for {seconds} s",
                held.bytes
            ),
            None if self.has_lines && self.answer.stops_within_a_line() => {
                format!("the stream, compressed as {coding}, stopped within a line {seconds} s ago")
            }
            None => return Ok(()),
        };
        self.is_suspect = false;
        let hint = "Whoever compresses it holds back what does not fill a block; have it flush after each message, or connect without compression";
        let meta = Meta { cause: Some(cause), hint: Some(hint.to_owned()), ..Meta::default() };
        link.push(Event::new(link.now(), Dir::Local, Kind::Note).with_meta(meta)).await?;
        Ok(link.flush().await?)
    }
}
