//! The network between the built-in server and its clients, made bad on purpose: what can be done
//! to each transport.

use std::num::NonZeroU32;
use std::time::Duration;

use super::TransportKind;

mod catalogue;
mod parse;
mod spell;
#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;

pub use catalogue::Trouble;
pub use parse::ImpairmentError;

/// How a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CutHow {
    /// As the protocol wants it: close code 1001, the end of the response.
    Clean,
    /// The socket is closed without a word (FIN).
    Fin,
    /// The connection is reset (RST).
    Reset,
    /// Packets simply stop, both ways; nobody is told.
    Silence,
}

/// An end that comes after a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cut {
    /// After so long.
    pub after: Duration,
    /// In this way.
    pub how: CutHow,
}

/// Answers that are errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Failure {
    /// 500, 502, 503 or 429.
    pub status: u16,
    /// Every so-manieth request; 1 is each.
    pub every: NonZeroU32,
    /// What `Retry-After` asks for, in whole seconds.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// What it may answer.
    pub const STATUSES: [u16; 4] = [500, 502, 503, 429];
}

/// How a proxy holds responses back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Buffering {
    /// Until so many bytes have come together.
    Bytes(usize),
    /// Until the response ends, or 4 MiB have come together.
    UntilEnd,
}

/// How a proxy keeps a WebSocket from coming about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockedUpgrade {
    /// It answers 400.
    BadRequest,
    /// It answers 426.
    UpgradeRequired,
    /// It forwards the request without the `Upgrade` header.
    Stripped,
}

/// What is done to the connections of one transport. The default does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "switches that are independent of each other")]
pub struct Impairment {
    /// How much later bytes arrive, each way.
    pub delay: Duration,
    /// How far chance moves that, up or down.
    pub jitter: Duration,
    /// Bytes a second to a client, each connection for itself; at least one.
    pub bandwidth: Option<u64>,
    /// Connections end so long after they began.
    pub cut: Option<Cut>,
    /// Connections end that carried no byte either way for so long.
    pub idle: Option<Cut>,
    /// Every so-manieth message, by its id, is left out.
    pub drop: Option<NonZeroU32>,
    /// Every so-manieth message, by its id, comes twice.
    pub duplicate: Option<NonZeroU32>,
    /// Every so-manieth message, by its id, comes after the one that follows it.
    pub reorder: Option<NonZeroU32>,
    /// Requests are answered with errors.
    pub fail: Option<Failure>,
    /// The first request of a connection waits so long for its answer.
    pub slow_accept: Duration,
    /// A proxy holds responses back.
    pub buffering: Option<Buffering>,
    /// A proxy refuses WebSockets.
    pub blocked_upgrade: Option<BlockedUpgrade>,
    /// Pongs arrive nowhere, whoever sends them.
    pub swallows_pongs: bool,
    /// No heartbeats are sent.
    pub without_heartbeats: bool,
    /// Responses are compressed by one that waits until a block is full.
    pub withholds_compressed: bool,
    /// `Access-Control-Allow-Origin` is missing.
    pub without_cors: bool,
}

/// What is done to each transport.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network([Impairment; TransportKind::ALL.len()]);

impl Network {
    /// The same for every transport, as far as it feels it.
    pub fn all(impairment: &Impairment) -> Self {
        Self(TransportKind::ALL.map(|kind| impairment.felt_by(kind)))
    }

    /// What is done to one.
    pub fn of(&self, kind: TransportKind) -> &Impairment {
        &self.0[kind as usize]
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, kind: TransportKind) -> &mut Impairment {
        &mut self.0[kind as usize]
    }

    /// Whether nothing is done to any.
    pub fn is_good(&self) -> bool {
        *self == Self::default()
    }
}
