//! The answer of a language model that an event is part of: from memory while it comes, otherwise
//! put together again from the file.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::Chunks;
use super::snapshot::Entry;
use super::viewer::position_of;
use super::watch::Watch;
use crate::analysis::tokens::{Assembled, Span, Tokens};
use crate::capture::{CaptureError, CaptureFile};

/// Events that are read for one answer, at most. A longer one is only shown while it comes.
const MOST: u64 = 1 << 20;

/// The answer that event `n` is part of, while it is still in memory.
pub(super) fn growing(watch: &Watch, n: u64) -> Option<Arc<Assembled>> {
    let observer = watch.observer();
    let span = observer.tokens.span_of(n)?;
    observer.tokens.current(span).cloned().map(Arc::new)
}

/// The answer that event `n` is part of, if it is part of one.
pub(super) fn assemble(
    watch: &Watch,
    file: &CaptureFile,
    index: &Chunks<Entry>,
    n: u64,
) -> Result<Option<Arc<Assembled>>, CaptureError> {
    if let Some(assembled) = growing(watch, n) {
        return Ok(Some(assembled));
    }
    let span = watch.observer().tokens.span_of(n);
    let Some(span) = span.filter(|span| span.last - span.first < MOST) else { return Ok(None) };
    read(file, index, span)
}

fn read(
    file: &CaptureFile,
    index: &Chunks<Entry>,
    span: Span,
) -> Result<Option<Arc<Assembled>>, CaptureError> {
    let Some(at) = position_of(index, span.first) else { return Ok(None) };
    let mut ours = index.iter_from(at).peekable();
    let mut tokens = Tokens::again(span);
    file.scan(span.first, |n, _lane, event| {
        // Events of other lanes lie in between.
        if ours.next_if(|entry| entry.n == n).is_some() {
            tokens.observe(n, event);
        }
        if n < span.last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(tokens.into_assembled().map(Arc::new))
}
