//! Pieces of an answer as events: those of a list, and those that come one by one while the answer
//! is still going on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Poll;
use super::asking::Stage;
use super::cursor::Said;
use super::fault::Fault;
use super::path::checked;
use super::piece::{Content, Read, Splitter, TooLong, control, message, read};
use super::rounds::{Desk, Round, Step};
use super::state::State;
use super::take::violation;
use crate::model::{Headers, Kind, Meta};
use crate::net::Answer;
use crate::transport::TransportError;

impl Poll {
    /// Reads an answer piece by piece, each as it comes; `None` when the connection should end.
    pub(super) async fn split(
        &mut self,
        desk: &mut Desk<'_>,
        mut answer: Answer,
    ) -> Result<Option<(Stage, Duration)>, TransportError> {
        let separator = self.dialect.messages.split.map_or(b'\n', |separator| separator.0);
        let mut splitter = Splitter::new(separator, self.endpoint.options.max_message);
        let head = answer.event(0);
        let meta = head.meta().clone();
        desk.push(head).await?;
        // Where the answer opens the session, what is to be sent waits for its first piece.
        let mut opening = Some((meta, std::mem::take(&mut answer.request_headers)));
        let mut is_news = false;
        loop {
            if desk.stage != Stage::Open
                && let Some((meta, request_headers)) = opening.take()
            {
                self.open(desk, meta, request_headers).await?;
            }
            desk.link.flush().await?;
            let deadline = desk.deadline();
            let Some(chunk) = desk.patiently(deadline, answer.chunk()).await? else {
                return Ok(None);
            };
            desk.sizes = answer.sizes();
            let is_end = chunk.is_none();
            splitter.push(&chunk.unwrap_or_default());
            while let Some(raw) = cut(desk, &mut splitter, is_end).await? {
                if let Step::BeginAnew(note) = self.stream(desk, &raw, &answer.headers).await? {
                    self.begin_anew(Some(note))?;
                    return Ok(Some(desk.next_after_reset()));
                }
                if let Some((meta, request_headers)) = opening.take() {
                    self.open(desk, meta, request_headers).await?;
                }
                is_news = true;
            }
            if is_end {
                break;
            }
        }
        self.check_opened(desk.stage)?;
        let (next, wait, words) = desk.next(&Round { is_news, ..Round::default() });
        if words.is_some() {
            desk.push(control(Kind::Comment, &Bytes::new(), words)).await?;
        }
        Ok(Some((next, wait)))
    }

    /// A piece of an answer that goes on: it moves the session by itself.
    async fn stream(
        &mut self,
        desk: &mut Desk<'_>,
        raw: &Bytes,
        headers: &Headers,
    ) -> Result<Step, TransportError> {
        if raw.trim_ascii().is_empty() {
            return Ok(Step::On);
        }
        let mut state = self.state.clone();
        let dialect = Arc::clone(&self.dialect);
        let read = read(&dialect, raw);
        let said =
            Said { headers, json: checked(&read.json).ok(), is_opening: desk.stage == Stage::Open };
        let moved = state.cursor.after(&self.dialect, &said, 1);
        state.cursor = moved.to;
        let is_message = matches!(read.content, Content::Messages(_));
        // What an application says in its messages is not the protocol's.
        if !is_message && state.keep(&dialect, &said) {
            desk.composer.speak(self.asking.form(&state));
        }
        let cursor = state.cursor.text();
        let step = self.tell(desk, raw, read, &state, cursor.as_deref()).await?;
        if moved.note.is_some() {
            desk.push(control(Kind::Comment, &Bytes::new(), moved.note)).await?;
        }
        self.state = state;
        Ok(step)
    }

    /// Tells of a piece that came with others, as the session stands in `state` after all of them.
    pub(super) async fn piece(
        &self,
        desk: &mut Desk<'_>,
        raw: &Bytes,
        state: &State,
        cursor: Option<&str>,
    ) -> Result<Step, TransportError> {
        self.tell(desk, raw, read(&self.dialect, raw), state, cursor).await
    }

    async fn tell(
        &self,
        desk: &mut Desk<'_>,
        raw: &Bytes,
        read: Read<'_>,
        state: &State,
        cursor: Option<&str>,
    ) -> Result<Step, TransportError> {
        match read.content {
            Content::Messages(texts) => {
                for text in texts {
                    // Copied, because one slice would keep the whole answer in memory.
                    let event = message(&self.dialect.messages, &text, cursor);
                    let event = event.with_payload(Bytes::copy_from_slice(&text));
                    desk.push_part(event, text.len()).await?;
                }
            }
            Content::Heartbeat => {
                desk.push_part(control(Kind::Comment, raw, None), raw.len()).await?;
            }
            Content::Closed(code, reason) => {
                desk.push_part(control(Kind::Comment, raw, None), raw.len()).await?;
                return Err(closed(code, reason));
            }
            Content::Error => return self.failed(desk, raw, &read.json).await,
            Content::Wrong(rule) => {
                let (event, error) = violation(raw, rule.to_owned());
                desk.push(event).await?;
                return Err(error);
            }
        }
        if let Some(reply) = read.reply {
            let base = desk.composer.base().clone();
            desk.composer.owe(self.asking.post(&base, state, reply.to_owned().into()));
        }
        Ok(Step::On)
    }

    async fn failed(
        &self,
        desk: &mut Desk<'_>,
        raw: &Bytes,
        json: &Bytes,
    ) -> Result<Step, TransportError> {
        let fault = Fault::read(&self.dialect, checked(json).ok());
        let status = fault.status.unwrap_or(500);
        if fault.is_restart(&self.dialect, status) {
            let note = String::from(
                "the server does not know the cursor any more; asking from the start, so something \
                 may be missing or come again",
            );
            desk.push_part(control(Kind::Comment, raw, Some(note.clone())), raw.len()).await?;
            return Ok(Step::BeginAnew(note));
        }
        desk.push_part(control(Kind::Comment, raw, None), raw.len()).await?;
        let cause = format!("the server sent an error, {status}");
        let meta = Meta { status: Some(status), ..Meta::default() };
        Err(fault.error(&self.dialect, status, &cause, meta, raw.clone()))
    }
}

/// The next piece; at the end of the body also the one without a separator.
async fn cut(
    desk: &mut Desk<'_>,
    splitter: &mut Splitter,
    is_end: bool,
) -> Result<Option<Bytes>, TransportError> {
    match splitter.next() {
        Ok(None) if is_end => Ok(Some(splitter.rest()).filter(|rest| !rest.is_empty())),
        Ok(piece) => Ok(piece),
        Err(TooLong(start)) => {
            let rule =
                format!("a piece of the answer is longer than the limit, {} bytes", start.len());
            let (event, error) = violation(&start, rule);
            desk.push(event).await?;
            Err(error)
        }
    }
}

fn closed(code: Option<u16>, reason: String) -> TransportError {
    let words = match (code, reason.as_str()) {
        (None, _) => String::from("the server closed the session"),
        (Some(code), "") => format!("the server closed the session with {code}"),
        (Some(code), reason) => format!("the server closed the session with {code}: {reason}"),
    };
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    TransportError::Told {
        cause: words,
        hint: String::from("Connect again for a new session; the server's log may tell more"),
        is_final: false,
        retry_after: None,
        meta: Box::new(Meta { code, reason, ..Meta::default() }),
        body: Bytes::new(),
    }
}
