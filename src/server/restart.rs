//! A restart that the source and the counters outlive: nobody listens for a while, every connection
//! is gone, and perhaps the history too.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Phase, ServerError, Shared, YEAR, bind};
use crate::model::Restart;

/// How long another program may keep the address that the server wants back.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts to get it.
const PAUSE: Duration = Duration::from_millis(100);

/// A restart that somebody asks for, and where they wait for it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) restart: Restart,
    pub(super) done: oneshot::Sender<Result<(), ServerError>>,
}

/// Carries out the rest of a restart, the connections being gone; what to listen on then, unless
/// the server is stopped.
pub(super) async fn carry_out(shared: &Shared, order: Order) -> Option<TcpListener> {
    shared.enter(Phase::Restarting);
    if order.restart.forgets {
        shared.hub.forget();
    }
    let again = async {
        tokio::time::sleep(order.restart.down.min(YEAR)).await;
        listen_again(shared).await
    };
    let result = tokio::select! {
        () = shared.stop.cancelled() => return None,
        result = again => result,
    };
    // Whoever asked may have gone.
    match result {
        Ok(listener) => {
            shared.enter(Phase::Listening);
            let _ = order.done.send(Ok(()));
            Some(listener)
        }
        Err(error) => {
            shared.end(Some(error.to_string().into()));
            let _ = order.done.send(Err(error));
            None
        }
    }
}

async fn listen_again(shared: &Shared) -> Result<TcpListener, ServerError> {
    let trying = async {
        loop {
            match bind(shared.addr).await {
                Ok((listener, _)) => return listener,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    };
    match tokio::time::timeout(PATIENCE, trying).await {
        Ok(listener) => Ok(listener),
        Err(_) => bind(shared.addr).await.map(|(listener, _)| listener),
    }
}
