//! How the built-in server behaves.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use super::{Network, Source};

/// Settings of the built-in server.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerOptions {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What it sends by itself.
    pub source: Source,
    /// Messages kept for those who come back.
    pub history: usize,
    /// How long a long poll is held.
    pub hold: Duration,
    /// Time between two heartbeats on quiet streams; `None` sends none.
    pub heartbeat: Option<Duration>,
    /// Reconnection time that event streams ask for.
    pub retry: Duration,
    /// What is done to its connections.
    pub network: Network,
    /// What everybody has to know to come in, as in `7F3K-22QD`; `None` where only this machine can.
    pub join: Option<String>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4100)),
            source: Source::default(),
            history: 100,
            hold: Duration::from_secs(25),
            heartbeat: Some(Duration::from_secs(15)),
            retry: Duration::from_secs(3),
            network: Network::default(),
            join: None,
        }
    }
}

/// What a client measured itself over one transport, as far as it told.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Reported {
    /// Median latency in milliseconds.
    pub median_ms: Option<f64>,
    /// 95 of 100 latencies are shorter, in milliseconds.
    pub p95_ms: Option<f64>,
    /// Messages that came, each counted once.
    pub delivered: Option<u64>,
    /// Messages of which nothing came although later ones did.
    pub lost: Option<u64>,
    /// Connections after the first.
    pub reconnects: Option<u64>,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ServerOptionsError {
    /// Faster than the source goes.
    #[error("a rate of {0} messages a second is out of range; use 0 to 10,000")]
    Rate(f64),
    /// Larger than a message may be.
    #[error("a size of {0} bytes is out of range; use 1 to 1,000,000")]
    Size(usize),
    /// More at once than makes sense.
    #[error("a burst of {0} messages is out of range; use 1 to 10,000")]
    Burst(u32),
    /// Nowhere to send to, or to too many.
    #[error("a source sends to 1 to 16 topics, not {0}")]
    Topics(usize),
    /// A topic that cannot be.
    #[error("the name of a topic has 1 to 64 characters and no control characters")]
    TopicName,
    /// Not fit to be typed, or too easily guessed.
    #[error("a token has 6 to 64 letters and digits, with dashes between them; try 7F3K-22QD")]
    Join,
    /// More than is kept in memory.
    #[error("a history of {0} messages is out of range; use 0 to 1,000,000")]
    History(usize),
}

impl Source {
    /// The same source, if it can work.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn checked(self) -> Result<Self, ServerOptionsError> {
        if !(0.0..=10_000.0).contains(&self.rate) {
            return Err(ServerOptionsError::Rate(self.rate));
        }
        if !(1..=1_000_000).contains(&self.size) {
            return Err(ServerOptionsError::Size(self.size));
        }
        if !(1..=10_000).contains(&self.burst) {
            return Err(ServerOptionsError::Burst(self.burst));
        }
        if !(1..=16).contains(&self.topics.len()) {
            return Err(ServerOptionsError::Topics(self.topics.len()));
        }
        let fits = |name: &String| {
            (1..=64).contains(&name.chars().count()) && !name.contains(char::is_control)
        };
        if !self.topics.iter().all(fits) {
            return Err(ServerOptionsError::TopicName);
        }
        Ok(self)
    }
}

impl ServerOptions {
    /// The same options, if they can work.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn checked(self) -> Result<Self, ServerOptionsError> {
        let source = self.source.checked()?;
        if self.history > 1_000_000 {
            return Err(ServerOptionsError::History(self.history));
        }
        if self.join.as_deref().is_some_and(|join| !is_token(join)) {
            return Err(ServerOptionsError::Join);
        }
        Ok(Self { source, ..self })
    }
}

fn is_token(join: &str) -> bool {
    let counts = join.bytes().filter(u8::is_ascii_alphanumeric).count();
    let dashes = join.bytes().filter(|byte| *byte == b'-').count();
    (6..=64).contains(&counts) && dashes < counts && counts + dashes == join.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(ServerOptions::default().checked().is_ok());
        let bad = [
            Source { rate: f64::NAN, ..Source::default() },
            Source { rate: -1.0, ..Source::default() },
            Source { size: 0, ..Source::default() },
            Source { burst: 0, ..Source::default() },
            Source { topics: Vec::new(), ..Source::default() },
            Source { topics: vec![String::from("a"), String::new()], ..Source::default() },
        ];
        for source in bad {
            assert!(source.clone().checked().is_err());
            assert!(ServerOptions { source, ..ServerOptions::default() }.checked().is_err());
        }
        for (join, fits) in [
            ("7F3K-22QD", true),
            ("abc123", true),
            ("abc12", false),
            ("", false),
            ("abc 123", false),
            ("a;b=cdefg", false),
        ] {
            let options = ServerOptions { join: Some(join.to_owned()), ..ServerOptions::default() };
            assert_eq!(options.checked().is_ok(), fits, "{join}");
        }
        assert!(
            ServerOptions { history: 2_000_000, ..ServerOptions::default() }.checked().is_err()
        );
    }
}
