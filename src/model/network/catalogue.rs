//! Everything that can be done to a connection: its word in files and on the command line, what
//! people call it, which real thing it imitates, and the transports that feel it.

use std::fmt;

use crate::model::TransportKind;

/// One thing that can be done to a connection. In the order they are listed and spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// Bytes arrive later.
    Delay,
    /// How much later varies.
    Jitter,
    /// Only so many bytes a second.
    Bandwidth,
    /// The first answer on a connection takes long.
    SlowAccept,
    /// Connections end after a time.
    Cut,
    /// Connections end that nothing passes over.
    Idle,
    /// Messages are left out.
    Drop,
    /// Messages come twice.
    Duplicate,
    /// Messages come after the one that follows them.
    Reorder,
    /// Requests are answered with errors.
    Fail,
    /// Those errors say when to come back.
    RetryAfter,
    /// A proxy holds responses back.
    Buffer,
    /// Responses are compressed by one that waits until a block is full.
    Compression,
    /// A proxy refuses WebSockets.
    Upgrade,
    /// Pongs are swallowed.
    Pongs,
    /// No heartbeats are sent.
    Heartbeats,
    /// `Access-Control-Allow-Origin` is missing.
    Cors,
}

/// What is known of a trouble.
struct Entry {
    word: &'static str,
    title: &'static str,
    imitates: &'static str,
    takes: &'static str,
    example: &'static str,
    choices: &'static [&'static str],
    felt_by: &'static [TransportKind],
}

const ALL: &[TransportKind] = &TransportKind::ALL;
const WEBSOCKET: &[TransportKind] = &[TransportKind::Websocket];
/// Responses that do not end.
const STREAMS: &[TransportKind] = &[TransportKind::Sse, TransportKind::Stream];
/// Those where silence is filled.
const BEATING: &[TransportKind] =
    &[TransportKind::Websocket, TransportKind::Sse, TransportKind::Stream];
/// Those that are plain requests and answers.
const HTTP: &[TransportKind] =
    &[TransportKind::Sse, TransportKind::LongPoll, TransportKind::ShortPoll, TransportKind::Stream];

impl Trouble {
    /// Every trouble, in the order they are listed and spelt.
    pub const ALL: [Self; 17] = [
        Self::Delay,
        Self::Jitter,
        Self::Bandwidth,
        Self::SlowAccept,
        Self::Cut,
        Self::Idle,
        Self::Drop,
        Self::Duplicate,
        Self::Reorder,
        Self::Fail,
        Self::RetryAfter,
        Self::Buffer,
        Self::Compression,
        Self::Upgrade,
        Self::Pongs,
        Self::Heartbeats,
        Self::Cors,
    ];

    /// Its word in lessons and in `--impair`.
    pub const fn word(self) -> &'static str {
        self.entry().word
    }

    /// The trouble a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.word() == word)
    }

    /// The name people read, in sentence case.
    pub const fn title(self) -> &'static str {
        self.entry().title
    }

    /// The real thing it imitates, in one line.
    pub const fn imitates(self) -> &'static str {
        self.entry().imitates
    }

    /// Which values it takes, to follow “takes”.
    pub const fn takes(self) -> &'static str {
        self.entry().takes
    }

    /// A value that shows it well.
    pub const fn example(self) -> &'static str {
        self.entry().example
    }

    /// The values it takes, where they can be listed; empty where they are numbers.
    pub const fn choices(self) -> &'static [&'static str] {
        self.entry().choices
    }

    /// The transports that feel it.
    pub const fn felt_by(self) -> &'static [TransportKind] {
        self.entry().felt_by
    }

    /// Whether this transport feels it.
    pub fn applies_to(self, kind: TransportKind) -> bool {
        self.felt_by().contains(&kind)
    }

    const fn entry(self) -> &'static Entry {
        &ENTRIES[self as usize]
    }
}

/// In the order of the troubles.
const ENTRIES: [Entry; Trouble::ALL.len()] = [
    Entry {
        word: "delay",
        title: "Delay",
        imitates: "Distance: a server across the ocean, a satellite, a VPN",
        takes: "a time up to 1m, each way, as in 80ms",
        example: "80ms",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "jitter",
        title: "Jitter",
        imitates: "A radio link or a full queue, where no two packets take the same time",
        takes: "a time up to 1m by which the delay varies, as in 40ms",
        example: "40ms",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "bandwidth",
        title: "Bandwidth",
        imitates: "A slow line: a phone at the edge of its cell, a shared hotel network",
        takes: "bytes a second to each client, 1B to 1GB, as in 64kB",
        example: "64kB",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "slow-accept",
        title: "Slow accept",
        imitates: "A server with a full backlog, or one that is still waking up",
        takes: "a time up to 1m, as in 2s",
        example: "2s",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "cut",
        title: "Cut",
        imitates: "A deployment (clean), a crash (fin), a firewall (reset), a pulled cable (silence)",
        takes: "a time from 1ms to 1h, then /clean, /fin, /reset or /silence, as in 10s/reset",
        example: "10s/fin",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "idle",
        title: "Idle cut",
        imitates: "A proxy, load balancer or NAT that forgets connections nothing passes over",
        takes: "a time from 1ms to 1h, then /clean, /fin, /reset or /silence, as in 30s/silence",
        example: "30s/silence",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "drop",
        title: "Drop",
        imitates: "A broker that delivers at most once, or a subscriber lost in a failover",
        takes: "a whole number from 1 to 1,000,000: every so-manieth message is left out, as in 10",
        example: "10",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "duplicate",
        title: "Duplicate",
        imitates: "A broker that delivers at least once and did not hear the acknowledgement",
        takes: "a whole number from 1 to 1,000,000: every so-manieth message comes twice, as in 10",
        example: "10",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "reorder",
        title: "Reorder",
        imitates: "Two workers or partitions behind the server, one of them late",
        takes: "a whole number from 2 to 1,000,000: every so-manieth message comes after the next, as in 10",
        example: "10",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "fail",
        title: "Errors",
        imitates: "An application that crashes (500), a gateway without it (502, 503), a rate limit (429)",
        takes: "500, 502, 503 or 429, for each request or every so-manieth, as in 503 or 503/3",
        example: "503/3",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "retry-after",
        title: "Retry-After",
        imitates: "A server that says when there will be room again",
        takes: "whole seconds up to 1h, together with fail, as in 5s",
        example: "5s",
        choices: &[],
        felt_by: ALL,
    },
    Entry {
        word: "buffer",
        title: "Buffering proxy",
        imitates: "nginx as it comes, a CDN or a virus scanner that collects a response first",
        takes: "1B to 4MiB that must come together, or end, as in 16kB",
        example: "16kB",
        choices: &[],
        felt_by: STREAMS,
    },
    Entry {
        word: "compression",
        title: "Withholding compression",
        imitates: "A middleware that gzips responses and flushes only when a block is full",
        takes: "withheld",
        example: "withheld",
        choices: &["withheld"],
        felt_by: STREAMS,
    },
    Entry {
        word: "upgrade",
        title: "Blocked upgrade",
        imitates: "A company proxy or an old load balancer that lets only plain HTTP pass",
        takes: "400, 426 or strip",
        example: "strip",
        choices: &["400", "426", "strip"],
        felt_by: WEBSOCKET,
    },
    Entry {
        word: "pongs",
        title: "Swallowed pongs",
        imitates: "A peer that is gone although its connection looks open, or one that ignores pings",
        takes: "off",
        example: "off",
        choices: &["off"],
        felt_by: WEBSOCKET,
    },
    Entry {
        word: "heartbeats",
        title: "No heartbeats",
        imitates: "A server whose author never met a NAT",
        takes: "off",
        example: "off",
        choices: &["off"],
        felt_by: BEATING,
    },
    Entry {
        word: "cors",
        title: "No CORS header",
        imitates: "An API deployed without Access-Control-Allow-Origin: pages from elsewhere read nothing",
        takes: "off",
        example: "off",
        choices: &["off"],
        felt_by: HTTP,
    },
];

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
