//! A request as every part that answers it sees it: what it is for, over which connection it came,
//! and who asks.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};

use super::ledger::Tab;
use super::meter::Meter;
use super::tally::{Carrier, Counter};

/// Bytes at the socket, put down to one client.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) r#in: Counter,
    pub(super) out: Counter,
}

/// A request. It is among the request's extensions when a handler gets it; what it is to the
/// network, that is [`Carrier::transport`] of its carrier, is known before that.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) carrier: Carrier,
    pub(super) meter: Arc<Meter>,
    /// Where bytes of this request are counted, and of the client it becomes or belongs to.
    pub(super) wire: Arc<Wire>,
    /// Of whom asks, where it says so.
    pub(super) tab: Option<Arc<Tab>>,
    pub(super) user_agent: Option<HeaderValue>,
}

impl Visit {
    /// From now on, and back to the end of the request before, bytes of the connection are this
    /// request's.
    pub(super) fn begin(
        meter: &Arc<Meter>,
        carrier: Carrier,
        tab: Option<Arc<Tab>>,
        headers: &HeaderMap,
    ) -> Self {
        let wire = meter.begin(carrier, tab.clone());
        let user_agent = headers.get(header::USER_AGENT).cloned();
        Self { carrier, meter: Arc::clone(meter), wire, tab, user_agent }
    }
}
