//! The search for what passes a filter, slice by slice: between two of them the reader looks whether
//! something else is wanted.

use std::ops::ControlFlow;

use super::Chunks;
use super::snapshot::{Entry, Matches};
use crate::capture::{CaptureError, CaptureFile};
use crate::model::Filter;

/// Events searched in one step.
const SLICE: usize = 16_384;

/// A filter, and what was found so far.
pub(super) struct Search {
    filter: Filter,
    pub(super) found: Matches,
}

impl Search {
    /// A search that has not begun.
    pub(super) fn new(filter: Filter) -> Self {
        Self { filter, found: Matches { at: Chunks::default(), searched: 0 } }
    }

    /// Whether everything that is there was searched.
    pub(super) fn is_done(&self, index: &Chunks<Entry>) -> bool {
        self.found.searched >= index.len()
    }

    /// Searches the next slice.
    pub(super) fn step(
        &mut self,
        file: &CaptureFile,
        index: &Chunks<Entry>,
    ) -> Result<(), CaptureError> {
        let Self { filter, found } = self;
        let from = found.searched;
        let to = index.len().min(from + SLICE);
        let candidates: Vec<(usize, Entry)> = (from..to)
            .zip(index.iter_from(from))
            .filter(|(_, entry)| filter.passes_class(entry.dir, entry.kind))
            .collect();
        let mut hits = Vec::new();
        if filter.text.is_empty() {
            hits.extend(candidates.iter().map(|(at, _)| position(*at)));
        } else if let (Some((_, first)), Some((_, last))) = (candidates.first(), candidates.last())
        {
            let mut candidates = candidates.iter().peekable();
            file.scan(first.n, |n, _lane, event| {
                // Events of other lanes and classes lie in between.
                if let Some((at, _)) = candidates.next_if(|(_, entry)| entry.n == n)
                    && filter.passes(event)
                {
                    hits.push(position(*at));
                }
                if n < last.n { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        // Only now: a slice that could not be read whole is searched again.
        for hit in hits {
            found.at.push(hit);
        }
        found.searched = to;
        Ok(())
    }
}

/// Positions are kept in 32 bits: an index of more would not fit into memory.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
