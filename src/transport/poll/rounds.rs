//! Round after round: a request, its answer whole or piece by piece, the events it becomes, and
//! only then the next step of the session.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};

use super::Poll;
use super::asking::Stage;
use super::pace::Pace;
use super::piece::{control, message};
use super::take::{BodyMessage, Got, Taken, Verdict};
use crate::model::{Event, Headers, Kind, Meta, Wire};
use crate::net::{Answer, Http, HttpError, Sizes, Whole};
use crate::transport::exchange::{Asked, Composer, start_of_body};
use crate::transport::hop::{Hop, hop};
use crate::transport::sse::EVENT_STREAM;
use crate::transport::{Link, Outcome, TransportError};

/// A round that was completed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Round {
    /// It brought something that the next one will not bring again.
    pub(super) is_news: bool,
    /// There is more to be asked for at once.
    pub(super) is_more: bool,
    /// The session has to begin anew.
    pub(super) is_reset: bool,
    /// The wait the server asked for.
    pub(super) wait: Option<Duration>,
}

/// What a piece of an answer means for the rest of it.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing.
    On,
    /// The session has to begin anew, for this reason.
    BeginAnew(String),
}

/// The work of an attempt: everything but the poll itself.
pub(super) struct Desk<'a> {
    pub(super) link: &'a mut Link,
    pub(super) composer: Composer,
    pub(super) stage: Stage,
    /// How much of the answer came.
    pub(super) sizes: Sizes,
    pace: Pace,
    patience: Duration,
    /// The wait the server asked for before it is polled again.
    asked_wait: Duration,
    began: Instant,
}

impl Desk<'_> {
    /// Runs `work` within the patience, and sends what is wanted meanwhile; `None` when the
    /// connection should end.
    pub(super) async fn patiently<T>(
        &mut self,
        deadline: Instant,
        work: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<Option<T>, TransportError> {
        let work = timeout_at(deadline, work);
        match self.composer.alongside(self.link, work).await? {
            None => Ok(None),
            Some(Err(_)) => Err(TransportError::TimedOut(self.patience)),
            Some(Ok(result)) => Ok(Some(result?)),
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    pub(super) async fn push(&mut self, mut event: Event) -> Result<(), TransportError> {
        event.t_ns = self.link.now();
        Ok(self.link.push(event).await?)
    }

    /// Tells of so many bytes of an answer.
    pub(super) async fn push_part(
        &mut self,
        event: Event,
        bytes: usize,
    ) -> Result<(), TransportError> {
        let wire = Wire::Estimated(self.sizes.on_wire(bytes as u64));
        self.push(event.with_wire(wire)).await
    }

    /// The next stage, the wait before it, and what has to be said about the wait.
    pub(super) fn next(&mut self, round: &Round) -> (Stage, Duration, Option<String>) {
        self.asked_wait = self.asked_wait.max(round.wait.unwrap_or_default());
        if round.is_more && !round.is_reset && self.stage == Stage::Poll {
            return (Stage::Fetch, Duration::ZERO, None);
        }
        let next = match (round.is_reset, round.is_more) {
            (true, _) => Stage::Open,
            (false, true) => Stage::Fetch,
            (false, false) => Stage::Poll,
        };
        let (wait, words) = match self.stage {
            Stage::Open if !round.is_reset => (Duration::ZERO, None),
            _ => self.pace.next(self.began.elapsed(), round.is_news),
        };
        let asked = std::mem::take(&mut self.asked_wait);
        if next == Stage::Poll && asked > wait {
            let words = format!(
                "the server asks to wait {} before the next request",
                humantime::format_duration(asked)
            );
            return (next, asked, Some(words));
        }
        (next, wait, words)
    }

    /// The same where the session has to begin anew.
    pub(super) fn next_after_reset(&mut self) -> (Stage, Duration) {
        let (next, wait, _) = self.next(&Round { is_reset: true, ..Round::default() });
        (next, wait)
    }
}

impl Poll {
    /// Reads the answer to a request that is on its way, and asks on until it breaks.
    pub(super) async fn rounds(
        &mut self,
        link: &mut Link,
        http: &Http,
        mut asked: Asked,
        stage: Stage,
    ) -> Result<Outcome, TransportError> {
        let composer = Composer::new(http.clone(), self.asking.base(), &self.endpoint)?;
        let (pace, patience) = (self.pace(), self.patience());
        let (asked_wait, began) = (Duration::ZERO, Instant::now());
        let sizes = Sizes::default();
        let mut desk = Desk { link, composer, stage, sizes, pace, patience, asked_wait, began };
        loop {
            desk.began = Instant::now();
            desk.composer.speak(self.asking.form(&self.state));
            let Some((next, wait)) = self.round(&mut desk, http, asked).await? else {
                return Ok(Outcome::Stopped);
            };
            // Without an opening request a new beginning is the next request.
            desk.stage = if next == Stage::Open { self.stage() } else { next };
            let sleeping = tokio::time::sleep(wait);
            if !wait.is_zero() && desk.composer.alongside(desk.link, sleeping).await?.is_none() {
                return Ok(Outcome::Stopped);
            }
            asked = self.request(desk.link, http, desk.stage).await?;
        }
    }

    /// One answer, to its end; `None` when the connection should end.
    async fn round(
        &mut self,
        desk: &mut Desk<'_>,
        http: &Http,
        mut asked: Asked,
    ) -> Result<Option<(Stage, Duration)>, TransportError> {
        let deadline = desk.deadline();
        let mut answer = loop {
            let Some(mut answer) = desk.patiently(deadline, asked).await? else {
                return Ok(None);
            };
            self.asking.use_jar(&answer.ask.jar);
            match hop(desk.link, http, &mut answer, None).await? {
                Hop::On(next) => asked = next,
                Hop::Stopped => return Ok(None),
                Hop::Here => break answer,
            }
        };
        if self.is_split(&answer, desk.stage) {
            return self.split(desk, answer).await;
        }
        let Some(body) = self.body(desk, &mut answer, deadline).await? else { return Ok(None) };
        let got = Got { answer, body, stage: desk.stage };
        match got.read(&self.dialect, &self.state) {
            Verdict::Taken(taken) => self.hand_over(desk, *taken).await.map(Some),
            Verdict::Wrong(events, error) => {
                for event in events {
                    desk.push(event).await?;
                }
                Err(*error)
            }
        }
    }

    /// Whether the answer is read piece by piece.
    fn is_split(&self, answer: &Answer, stage: Stage) -> bool {
        let is_listed = stage.request(&self.dialect).messages.is_some();
        let is_plain = answer.media_type() != EVENT_STREAM && answer.encoding().is_none();
        self.dialect.messages.split.is_some() && !is_listed && answer.status == 200 && is_plain
    }

    /// Reads a body: whole where it may hold messages, at most the limit of it kept, otherwise as
    /// much as is worth showing. White space that comes before anything else is told as it comes.
    async fn body(
        &self,
        desk: &mut Desk<'_>,
        answer: &mut Answer,
        mut deadline: Instant,
    ) -> Result<Option<Whole>, TransportError> {
        let accept = &desk.stage.request(&self.dialect).accept;
        let is_good = (answer.status == 200 || accept.contains(&answer.status))
            && answer.media_type() != EVENT_STREAM;
        if !is_good && !self.dialect.empty.status.contains(&answer.status) {
            let work = async { Ok(start_of_body(answer).await) };
            let start = desk.patiently(deadline, work).await?;
            return Ok(start.map(|bytes| Whole { bytes, excess: 0 }));
        }
        let limit = self.endpoint.options.max_message;
        let mut kept = BytesMut::new();
        let mut excess = 0;
        loop {
            let Some(chunk) = desk.patiently(deadline, answer.chunk()).await? else {
                return Ok(None);
            };
            let Some(chunk) = chunk else { break };
            if self.dialect.empty.blank && kept.is_empty() && chunk.trim_ascii().is_empty() {
                desk.push_part(control(Kind::Comment, &chunk, None), chunk.len()).await?;
                desk.link.flush().await?;
                deadline = desk.deadline();
                continue;
            }
            let room = limit.saturating_sub(kept.len()).min(chunk.len());
            kept.extend_from_slice(&chunk[..room]);
            excess += (chunk.len() - room) as u64;
        }
        Ok(Some(Whole { bytes: kept.freeze(), excess }))
    }

    /// Tells of an answer and its messages; then, and only then, moves on.
    async fn hand_over(
        &mut self,
        desk: &mut Desk<'_>,
        taken: Taken,
    ) -> Result<(Stage, Duration), TransportError> {
        let is_reset = taken.state.is_none();
        let (is_news, is_more, wait) = (taken.is_news, taken.is_more, taken.wait);
        let (next, wait, words) = desk.next(&Round { is_news, is_more, is_reset, wait });
        let mut response = taken.response;
        if let Some(meta) = response.meta.as_deref_mut() {
            if words.is_some() {
                meta.delay_ms = u64::try_from(wait.as_millis()).ok();
            }
            let notes: Vec<String> = taken.note.clone().into_iter().chain(words).collect();
            meta.cause = Some(notes.join("; ")).filter(|cause| !cause.is_empty());
        }
        let head = response.meta().clone();
        desk.push(response).await?;
        let Some(state) = taken.state else {
            return self.begin_anew(taken.note).map(|()| (next, wait));
        };
        // What is sent once the session is open may need what this answer brought.
        desk.composer.speak(self.asking.form(&state));
        self.open(desk, head, taken.request_headers).await?;
        let cursor = state.cursor.text();
        desk.sizes = taken.sizes;
        for piece in &taken.pieces {
            let step = match &taken.body {
                Some(body) => self.whole(desk, piece, body, cursor.as_deref()).await?,
                None => self.piece(desk, piece, &state, cursor.as_deref()).await?,
            };
            if let Step::BeginAnew(note) = step {
                self.begin_anew(Some(note))?;
                return Ok(desk.next_after_reset());
            }
        }
        desk.link.flush().await?;
        self.state = state;
        self.check_opened(desk.stage)?;
        Ok((next, wait))
    }

    /// Tells that the connection is open, unless it was.
    pub(super) async fn open(
        &self,
        desk: &mut Desk<'_>,
        head: Meta,
        request_headers: Headers,
    ) -> Result<(), TransportError> {
        if desk.link.is_open() {
            return Ok(());
        }
        let resume_after = self.state.cursor.text();
        let open = Meta { resume_after, request_headers, cause: None, delay_ms: None, ..head };
        Ok(desk.link.opened(open).await?)
    }

    /// Forgets the session; where what was sent into it is lost with it, the attempt ends.
    pub(super) fn begin_anew(&mut self, note: Option<String>) -> Result<(), TransportError> {
        self.state.forget(&self.dialect);
        if !self.dialect.restart.reconnect {
            return Ok(());
        }
        Err(TransportError::Told {
            cause: note.unwrap_or_else(|| String::from("the session is over")),
            hint: String::from(
                "Connect again for a new session; what was sent is to be sent again",
            ),
            is_final: false,
            retry_after: None,
            meta: Box::default(),
            body: Bytes::new(),
        })
    }

    /// After an opening request everything has to be there that the next one needs.
    pub(super) fn check_opened(&mut self, stage: Stage) -> Result<(), TransportError> {
        if stage != Stage::Open {
            return Ok(());
        }
        self.state.opened(&self.dialect).map_err(|missing| {
            TransportError::Protocol(format!(
                "the answer to the opening request does not have what the dialect calls “{missing}”"
            ))
        })
    }

    /// The whole body as one message.
    async fn whole(
        &self,
        desk: &mut Desk<'_>,
        payload: &Bytes,
        body: &BodyMessage,
        cursor: Option<&str>,
    ) -> Result<Step, TransportError> {
        let mut event =
            message(&self.dialect.messages, payload, cursor).with_payload(payload.clone());
        let meta = Meta {
            truncated: Some(body.cut).filter(|cut| *cut > 0),
            encoding: body.encoding.clone(),
            compressed: body.encoding.as_ref().map(|_| desk.sizes.received),
            ..Meta::default()
        };
        if meta != Meta::EMPTY {
            event = event.with_meta(meta);
        }
        desk.push_part(event, payload.len() + body.cut as usize).await.map(|()| Step::On)
    }
}
