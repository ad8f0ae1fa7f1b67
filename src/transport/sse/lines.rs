//! Cuts a byte stream into lines as WHATWG HTML 9.2.5 wants them: ended by CR, LF or CRLF, each
//! handed over as soon as its end is known, none longer in memory than the limit.

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Its bytes, at most the limit.
    pub(super) bytes: &'a [u8],
    /// Bytes beyond the limit, dropped.
    pub(super) cut: u64,
    /// Bytes it took in the stream, its end included.
    pub(super) raw: u64,
}

/// The state between two chunks.
#[derive(Debug)]
pub(super) struct Lines {
    limit: usize,
    partial: Vec<u8>,
    cut: u64,
    raw: u64,
    /// A CR ended the last line; an LF right after it belongs to that end.
    after_cr: bool,
    is_first: bool,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Lines {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, partial: Vec::new(), cut: 0, raw: 0, after_cr: false, is_first: true }
    }

    /// Bytes of a line that has not ended.
    pub(super) fn unfinished(&self) -> u64 {
        self.partial.len() as u64 + self.cut
    }

    /// What is kept of a line that has not ended.
    pub(super) fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// Takes the next bytes and hands over every line that ends in them.
    pub(super) fn feed(&mut self, mut chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        while !chunk.is_empty() {
            if std::mem::take(&mut self.after_cr) && chunk[0] == b'\n' {
                self.raw += 1;
                chunk = &chunk[1..];
                continue;
            }
            let Some(end) = memchr::memchr2(b'\r', b'\n', chunk) else {
                self.keep(chunk);
                return;
            };
            self.after_cr = chunk[end] == b'\r';
            self.finish(&chunk[..end], &mut each);
            chunk = &chunk[end + 1..];
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.partial.len()).min(bytes.len());
        self.partial.extend_from_slice(&bytes[..room]);
        self.cut += (bytes.len() - room) as u64;
        self.raw += bytes.len() as u64;
    }

    fn finish(&mut self, rest: &[u8], each: &mut impl FnMut(Line<'_>)) {
        // Most lines lie whole in one chunk and need no copy.
        let is_whole = self.partial.is_empty() && self.cut == 0 && rest.len() <= self.limit;
        if is_whole {
            let raw = self.raw + rest.len() as u64 + 1;
            each(Line { bytes: without_bom(rest, self.is_first), cut: 0, raw });
        } else {
            self.keep(rest);
            let bytes = without_bom(&self.partial, self.is_first);
            each(Line { bytes, cut: self.cut, raw: self.raw + 1 });
            // A line of the limit's length is no reason to hold that much for ever.
            if self.partial.capacity() > 64 << 10 {
                self.partial = Vec::new();
            }
            self.partial.clear();
        }
        self.cut = 0;
        self.raw = 0;
        self.is_first = false;
    }
}

fn without_bom(line: &[u8], is_first: bool) -> &[u8] {
    match line.strip_prefix(BOM) {
        Some(rest) if is_first => rest,
        _ => line,
    }
}
