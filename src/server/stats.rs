//! `GET /stats` and `GET /metrics`: the same numbers as JSON and as Prometheus text (exposition
//! format 0.0.4). `GET /topics`: what there is to follow.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::tally::{CarrierStats, Stats};
use super::{Shared, query};

/// The numbers as JSON: of all, or of the client that is named.
pub(super) async fn numbers(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let head = [(header::CACHE_CONTROL, "no-store")];
    let Some(name) = query::client(&uri)? else {
        return Ok((head, Json(shared.tallies.snapshot())).into_response());
    };
    let Some(account) = shared.ledger.account(&name) else {
        let sentence = format!("no client has called itself “{name}”, or not for a long time");
        return Err(Refusal::new(StatusCode::NOT_FOUND, sentence));
    };
    Ok((head, Json(account)).into_response())
}

/// Every topic by name, and how many messages it has had.
pub(super) async fn topics(State(shared): State<Arc<Shared>>) -> Response {
    let topics = shared.hub.topics().into_iter();
    let topics = topics.map(|topic| json!({ "name": topic.name, "messages": topic.messages }));
    ([(header::CACHE_CONTROL, "no-store")], Json(topics.collect::<Value>())).into_response()
}

/// The numbers as Prometheus reads them.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let head = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (head, text(&shared.tallies.snapshot())).into_response()
}

/// Name, type, what it is, and the values of a transport with their `direction`, if any.
type Metric = (&'static str, &'static str, &'static str, fn(&CarrierStats) -> Values);
type Values = Vec<(Option<&'static str>, u64)>;

const METRICS: [Metric; 10] = [
    ("active_connections", "gauge", "Connections open now.", |s| one(s.active)),
    ("connections_opened_total", "counter", "Connections so far.", |s| one(s.opened)),
    ("connections_closed_total", "counter", "Connections that are over.", |s| one(s.closed)),
    ("errors_total", "counter", "Requests refused, rules broken, clients dropped.", |s| {
        one(s.errors)
    }),
    ("reconnects_total", "counter", "Connections that began with a cursor.", |s| one(s.reconnects)),
    ("slow_clients_total", "counter", "Clients dropped for reading too slowly.", |s| one(s.slow)),
    ("requests_total", "counter", "HTTP requests.", |s| one(s.requests)),
    ("messages_total", "counter", "Messages.", |s| both(s.messages.r#in, s.messages.out)),
    ("payload_bytes_total", "counter", "Bytes of messages.", |s| {
        both(s.payload_bytes.r#in, s.payload_bytes.out)
    }),
    ("wire_bytes_total", "counter", "Bytes at the socket.", |s| {
        both(s.wire_bytes.r#in, s.wire_bytes.out)
    }),
];

fn one(value: u64) -> Values {
    vec![(None, value)]
}

fn both(received: u64, sent: u64) -> Values {
    vec![(Some("in"), received), (Some("out"), sent)]
}

fn text(stats: &Stats) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, stats);
    text
}

fn write_all(out: &mut String, stats: &Stats) -> std::fmt::Result {
    for (name, kind, help, values) in METRICS {
        writeln!(out, "# HELP wirescope_{name} {help}\n# TYPE wirescope_{name} {kind}")?;
        for carrier in &stats.transports {
            let transport = carrier.carrier.word();
            for (direction, value) in values(carrier) {
                let direction =
                    direction.map(|d| format!(",direction=\"{d}\"")).unwrap_or_default();
                writeln!(out, "wirescope_{name}{{transport=\"{transport}\"{direction}}} {value}")?;
            }
        }
    }
    write_durations(out, stats)?;
    let tcp = stats.connections;
    let totals = [
        ("tcp_connections_active", "gauge", tcp.active),
        ("tcp_connections_opened_total", "counter", tcp.opened),
        ("tcp_connections_refused_total", "counter", tcp.refused),
    ];
    for (name, kind, value) in totals {
        writeln!(out, "# TYPE wirescope_{name} {kind}\nwirescope_{name} {value}")?;
    }
    writeln!(out, "# TYPE wirescope_uptime_seconds gauge")?;
    writeln!(out, "wirescope_uptime_seconds {:.3}", stats.uptime_s)
}

fn write_durations(out: &mut String, stats: &Stats) -> std::fmt::Result {
    let name = "wirescope_connection_duration_seconds";
    writeln!(out, "# HELP {name} How long the connections that are over lasted.")?;
    writeln!(out, "# TYPE {name} summary")?;
    for stats in &stats.transports {
        let Some(spread) = stats.duration_ms else { continue };
        let transport = stats.carrier.word();
        for (quantile, ms) in [("0.5", spread.p50), ("0.95", spread.p95), ("0.99", spread.p99)] {
            let labels = format!("transport=\"{transport}\",quantile=\"{quantile}\"");
            writeln!(out, "{name}{{{labels}}} {:.6}", ms / 1e3)?;
        }
        let sum = spread.mean * spread.count as f64 / 1e3;
        writeln!(out, "{name}_sum{{transport=\"{transport}\"}} {sum:.6}")?;
        writeln!(out, "{name}_count{{transport=\"{transport}\"}} {}", spread.count)?;
    }
    Ok(())
}
