//! The search for what passes a filter, slice by slice: between two of them the reader looks whether
//! something else is wanted. Most of an event is only read where the index cannot decide.

use std::ops::Range;

use super::Chunks;
use super::snapshot::{Entry, Matches};
use crate::analysis::query::{Details, Facts, Query, QueryError, Row};
use crate::capture::{CaptureError, CaptureFile, Columns, Parts};
use crate::model::{Filter, Kind};

/// Entries of the index looked at in one step, at most.
const ENTRIES: usize = 1 << 17;
/// Events read in one step, at most.
const EVENTS: usize = 1 << 14;
/// Bytes of payloads read in one step, about.
const BYTES: u64 = 4 << 20;
/// Events that are read over rather than looked up: finding a place in the file costs as much as
/// reading a few more.
const NEAR: u64 = 24;

/// A filter, and what was found so far.
pub(super) struct Search {
    filter: Filter,
    query: Query,
    columns: Columns,
    pub(super) found: Matches,
}

/// Some of the index, and what it says.
#[derive(Default)]
struct Slice {
    /// Positions that pass.
    hits: Vec<u32>,
    /// Positions that it cannot tell of.
    unsure: Vec<(u32, Facts)>,
    /// Where the next slice begins.
    end: usize,
}

impl Search {
    /// A search that has not begun; `None` for a filter that lets everything through.
    pub(super) fn new(filter: &Filter) -> Result<Option<Self>, QueryError> {
        let query = Query::parse(&filter.text)?;
        let needs = query.needs();
        let columns = Columns {
            payload: needs.payload,
            names: needs.names,
            wire: needs.wire,
            meta: needs.details,
        };
        let found = Matches { at: Chunks::default(), searched: 0 };
        let search = Self { filter: filter.clone(), query, columns, found };
        Ok((!filter.is_empty()).then_some(search))
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
        let Slice { mut hits, unsure, end } = self.slice(index);
        if !unsure.is_empty() {
            self.read(file, &unsure, &mut hits)?;
            hits.sort_unstable();
        }
        // Only now: a slice that could not be read whole is searched again.
        for hit in hits {
            self.found.at.push(hit);
        }
        self.found.searched = end;
        Ok(())
    }

    /// Asks the index, as far as one step goes.
    fn slice(&self, index: &Chunks<Entry>) -> Slice {
        let from = self.found.searched;
        let mut slice = Slice::default();
        let mut bytes = 0;
        let mut before = from.checked_sub(1).and_then(|at| index.get(at)).map(|entry| entry.t_ns);
        for (at, entry) in (from..index.len().min(from + ENTRIES)).zip(index.iter_from(from)) {
            slice.end = at + 1;
            let facts = facts(&entry, before.replace(entry.t_ns));
            if !self.filter.passes_class(entry.dir, entry.kind) {
                continue;
            }
            match self.query.by_index(&facts) {
                Some(true) => slice.hits.push(position(at)),
                Some(false) => {}
                None => {
                    slice.unsure.push((position(at), facts));
                    bytes += facts.size;
                    if slice.unsure.len() == EVENTS || bytes >= BYTES {
                        break;
                    }
                }
            }
        }
        slice
    }

    /// Reads the events that the index cannot tell of.
    fn read(
        &self,
        file: &CaptureFile,
        unsure: &[(u32, Facts)],
        hits: &mut Vec<u32>,
    ) -> Result<(), CaptureError> {
        // What a row of unknown kind stands for is only said by the whole of it.
        let is_odd = |facts: &Facts| facts.kind == Kind::Violation;
        for (at, facts) in unsure.iter().filter(|(_, facts)| is_odd(facts)) {
            if let Some(found) = file.event(facts.n)?
                && self.query.passes(facts, &Row::from(&found.event))
            {
                hits.push(*at);
            }
        }
        for run in runs(unsure) {
            let mut wanted = unsure[run.clone()].iter().peekable();
            let numbers = unsure[run.start].1.n..unsure[run.end - 1].1.n + 1;
            file.parts(numbers, self.columns, |parts| {
                // Events of other lanes and classes lie in between.
                while wanted.next_if(|(_, facts)| facts.n < parts.n).is_some() {}
                if let Some((at, facts)) = wanted.next_if(|(_, facts)| facts.n == parts.n)
                    && !is_odd(facts)
                    && self.query.passes(facts, &row(parts))
                {
                    hits.push(*at);
                }
            })?;
        }
        Ok(())
    }
}

fn facts(entry: &Entry, before_ns: Option<u64>) -> Facts {
    Facts {
        n: entry.n,
        t_ns: entry.t_ns,
        gap_ns: before_ns.map(|before| entry.t_ns.saturating_sub(before)),
        latency_us: (entry.latency_us != Entry::NO_LATENCY).then_some(entry.latency_us),
        size: entry.size.into(),
        attempt: entry.attempt,
        dir: entry.dir,
        kind: entry.kind,
    }
}

fn row<'r>(parts: &'r Parts<'_>) -> Row<'r> {
    Row {
        payload: &parts.payload,
        name: parts.name.as_deref(),
        id: parts.id.as_deref(),
        wire: parts.wire,
        details: Details::Stored(parts.meta.unwrap_or_default()),
    }
}

/// Places of events that are near each other in the file.
fn runs(unsure: &[(u32, Facts)]) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = unsure.get(from..).filter(|rest| !rest.is_empty())?;
        let breaks =
            rest.windows(2).position(|pair| pair[1].1.n.saturating_sub(pair[0].1.n) > NEAR);
        let start = from;
        from += breaks.map_or(rest.len(), |at| at + 1);
        Some(start..from)
    })
}

/// Positions are kept in 32 bits: an index of more would not fit into memory.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
