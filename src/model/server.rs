//! How the built-in server behaves.

use std::net::SocketAddr;
use std::time::Duration;

/// Settings of the built-in server.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerOptions {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Ticks a second; 0 sends only what is published.
    pub rate: f64,
    /// Bytes of text in a tick.
    pub size: usize,
    /// Messages kept for those who come back.
    pub history: usize,
    /// How long a long poll is held.
    pub hold: Duration,
    /// Time between two heartbeats on quiet streams; `None` sends none.
    pub heartbeat: Option<Duration>,
    /// Reconnection time that event streams ask for.
    pub retry: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4100)),
            rate: 10.0,
            size: 100,
            history: 100,
            hold: Duration::from_secs(25),
            heartbeat: Some(Duration::from_secs(15)),
            retry: Duration::from_secs(3),
        }
    }
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
    /// More than is kept in memory.
    #[error("a history of {0} messages is out of range; use 0 to 1,000,000")]
    History(usize),
}

impl ServerOptions {
    /// The same options, if they can work.
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
        if self.history > 1_000_000 {
            return Err(ServerOptionsError::History(self.history));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(ServerOptions::default().checked().is_ok());
        let bad = [
            ServerOptions { rate: f64::NAN, ..ServerOptions::default() },
            ServerOptions { rate: -1.0, ..ServerOptions::default() },
            ServerOptions { size: 0, ..ServerOptions::default() },
            ServerOptions { history: 2_000_000, ..ServerOptions::default() },
        ];
        for options in bad {
            assert!(options.checked().is_err());
        }
    }
}
