//! `POST /report`: what a browser measured, for the list of clients. The latest figures of a client
//! count, so little is taken from each and nothing is kept beyond its connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use serde::Deserialize;

use super::refusal::Refusal;
use super::tally::Carrier;
use super::{Shared, body, query};
use crate::model::Reported;

/// Bytes of a report, at most.
const MOST_BYTES: usize = 4 << 10;
/// Lanes in a report, at most: one for each transport.
const MOST_LANES: usize = 5;
/// Time between two reports of a client, at least.
const EVERY: Duration = Duration::from_millis(500);
/// Clients that may report within that time.
const MOST_CLIENTS: usize = 128;
/// A latency above this is no measurement.
const LONGEST_MS: f64 = 86_400_000.0;
/// Nor is a count above this, which is as far as browsers count in whole numbers.
const MOST: u64 = 1 << 53;

const EXAMPLE: &str = r#"{"client":NAME,"lanes":[{"transport":"sse","median_ms":1.5}]}"#;

/// What a client says it measured. Other members are for later versions.
#[derive(Debug, Deserialize)]
struct Report {
    client: String,
    lanes: Vec<Lane>,
}

/// What it measured over one transport.
#[derive(Debug, Deserialize)]
struct Lane {
    transport: String,
    #[serde(flatten)]
    figures: Reported,
}

/// Keeps clients from reporting more often than anybody could look.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<HashMap<String, Instant>>);

impl Pace {
    /// Whether this client may report now; if so, that counts.
    fn allows(&self, client: &str, now: Instant) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|_, at| now.saturating_duration_since(*at) < EVERY);
        if recent.len() >= MOST_CLIENTS || recent.contains_key(client) {
            return false;
        }
        recent.insert(client.to_owned(), now);
        true
    }
}

/// Takes a report. Answers with 204.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let body = body::json(&shared, &headers, body, MOST_BYTES).await?;
    let report: Report = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("a report is {EXAMPLE}: {error}")))?;
    let lanes = lanes(&report)?;
    if query::client(&uri)?.is_some_and(|asks| asks != report.client) {
        return Err(Refusal::bad_request("“client” of the address and of the report differ"));
    }
    if !shared.reports.allows(&report.client, Instant::now()) {
        let sentence = "too many reports; one every two seconds is enough";
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, sentence);
        return Err(refusal.with(header::RETRY_AFTER, "2"));
    }
    for (carrier, reported) in lanes {
        shared.clients.report(&report.client, carrier, reported);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The lanes of a report, checked.
fn lanes(report: &Report) -> Result<Vec<(Carrier, Reported)>, Refusal> {
    if report.lanes.len() > MOST_LANES {
        return Err(Refusal::bad_request("a report has one lane for each transport"));
    }
    let mut lanes = Vec::with_capacity(MOST_LANES);
    for lane in &report.lanes {
        let carrier = Carrier::ALL
            .into_iter()
            .find(|carrier| carrier.transport().is_some_and(|kind| kind.word() == lane.transport));
        let Some(carrier) = carrier else {
            return Err(Refusal::bad_request("a “transport” of the report is none of ours"));
        };
        let figures = lane.figures;
        for (name, ms) in [("median_ms", figures.median_ms), ("p95_ms", figures.p95_ms)] {
            if ms.is_some_and(|ms| !(0.0..=LONGEST_MS).contains(&ms)) {
                let sentence = format!("“{name}” is a latency in milliseconds");
                return Err(Refusal::bad_request(sentence));
            }
        }
        let counts = [figures.delivered, figures.lost, figures.reconnects];
        if counts.into_iter().flatten().any(|count| count > MOST) {
            return Err(Refusal::bad_request("a count of the report is beyond any measurement"));
        }
        lanes.push((carrier, figures));
    }
    Ok(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reports_twice_a_second_and_a_crowd_not_at_all() {
        let pace = Pace::default();
        let start = Instant::now();
        assert!(pace.allows("a", start));
        assert!(!pace.allows("a", start + EVERY / 2));
        assert!(pace.allows("b", start + EVERY / 2));
        assert!(pace.allows("a", start + EVERY));
        let later = start + 10 * EVERY;
        let let_in = (0..2 * MOST_CLIENTS).filter(|n| pace.allows(&n.to_string(), later)).count();
        assert_eq!(let_in, MOST_CLIENTS);
        assert!(pace.allows("a", later + EVERY));
    }
}
