//! Many light clients: scale runs against a server in a process of its own, herds, and pages with
//! more streams than connections.

mod herd;
mod scale;
mod six;

use std::time::Duration;

use wirescope::model::{ServerOptions, Source};
use wirescope::server::{Hub, Limits, Server};

use crate::support::LIMIT;

/// A server that sends only what is published.
async fn quiet() -> Server {
    start(0, &Hub::new(100)).await
}

async fn start(port: u16, hub: &Hub) -> Server {
    let options = ServerOptions {
        listen: ([127, 0, 0, 1], port).into(),
        source: Source { rate: 0.0, ..Source::default() },
        ..ServerOptions::default()
    };
    Server::start_within(options, hub.clone(), Limits::default()).await.unwrap()
}

/// Looks until it is so; panics with what there was where it never is.
async fn until<T: std::fmt::Debug>(
    what: &str,
    look: impl Fn() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    let wait = async {
        loop {
            let seen = look();
            if is_so(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let seen = tokio::time::timeout(LIMIT, wait).await;
    seen.unwrap_or_else(|_| panic!("never came: {what}\n{:#?}", look()))
}
