//! A list that only grows and costs next to nothing to share: a snapshot of a million entries is
//! a few hundred reference counts.

use std::sync::Arc;

const CHUNK: usize = 4096;

/// An append-only list in shared chunks. A clone sees what was there when it was made.
#[derive(Debug, Clone)]
pub struct Chunks<T> {
    chunks: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Copy> Chunks<T> {
    /// Appends one entry.
    pub fn push(&mut self, entry: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(entry),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(entry);
                self.chunks.push(Arc::new(chunk));
            }
        }
        self.len += 1;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry at a position.
    pub fn get(&self, at: usize) -> Option<T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK).copied()
    }

    /// The newest entry.
    pub fn last(&self) -> Option<T> {
        self.chunks.last()?.last().copied()
    }

    /// Every entry from a position on, in order.
    pub fn iter_from(&self, from: usize) -> impl Iterator<Item = T> + '_ {
        let (chunk, within) = (from / CHUNK, from % CHUNK);
        let skipped = self.chunks.get(chunk..).unwrap_or_default();
        skipped.iter().flat_map(|chunk| chunk.iter().copied()).skip(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_a_moment_in_time() {
        let mut list = Chunks::default();
        (0..CHUNK * 2 + 10).for_each(|k| list.push(k));
        let before = list.clone();
        (0..CHUNK).for_each(|k| list.push(k));
        assert_eq!(before.len(), CHUNK * 2 + 10);
        assert_eq!(before.get(CHUNK * 2 + 10), None);
        assert_eq!(before.last(), Some(CHUNK * 2 + 9));
        assert_eq!(list.get(CHUNK * 2 + 10), Some(0));
        assert_eq!(before.iter_from(CHUNK + 5).next(), Some(CHUNK + 5));
        assert_eq!(before.iter_from(CHUNK + 5).count(), CHUNK + 5);
        assert_eq!(before.iter_from(CHUNK * 9).count(), 0);
    }
}
