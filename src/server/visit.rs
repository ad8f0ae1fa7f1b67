//! A request as every part that answers it sees it: what it is for, over which connection it came,
//! and who asks.

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use super::ledger::Tab;
use super::meter::Meter;
use super::tally::{Carrier, Counter};

/// Characters of a user agent that are kept.
const LONGEST_AGENT: usize = 256;

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
    /// What it calls itself; empty where it does not say.
    pub(super) user_agent: Arc<str>,
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
        let user_agent = user_agent(headers);
        Self { carrier, meter: Arc::clone(meter), wire, tab, user_agent }
    }
}

/// A copy: the field itself is a part of the buffer that the whole head was read into, and would
/// keep it, 16 KiB for as long as the client is there.
fn user_agent(headers: &HeaderMap) -> Arc<str> {
    let Some(field) = headers.get(header::USER_AGENT) else { return Arc::default() };
    let bytes = field.as_bytes();
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * LONGEST_AGENT)]);
    let shown: String = text.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
    shown.into()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_user_agent_is_kept_in_part_and_without_control_characters() {
        let said =
            |value: HeaderValue| user_agent(&[(header::USER_AGENT, value)].into_iter().collect());
        assert_eq!(&*user_agent(&HeaderMap::new()), "");
        assert_eq!(&*said(HeaderValue::from_static("a\tb")), "ab");
        let Ok(long) = HeaderValue::from_bytes("é".repeat(9000).as_bytes()) else {
            panic!("bytes above 127 are allowed");
        };
        assert_eq!(said(long).chars().filter(|c| *c == 'é').count(), LONGEST_AGENT);
    }
}
