//! The page of the built-in server in a real Chromium: its lanes, what people do with it, whom it
//! keeps out.

mod lanes;
mod people;
mod strangers;

use serde_json::Value;
use wirescope::model::{DEFAULT_TOPIC, ServerOptions, Source};
use wirescope::server::{Draft, Server};

use super::support::chromium::{Browser, Page};

/// The word of each lane, in order.
const LANES: [&str; 5] = ["websocket", "sse", "long-poll", "short-poll", "stream"];

/// A free port, so many messages a second.
fn at_rate(rate: f64) -> ServerOptions {
    ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate, ..Source::default() },
        history: 1_000,
        ..ServerOptions::default()
    }
}

async fn start(options: ServerOptions) -> Server {
    Server::start(options).await.unwrap()
}

/// Publishes as many messages.
fn publish(server: &Server, messages: usize) {
    for n in 0..messages {
        server.publish(DEFAULT_TOPIC, &Draft::text("message", &format!("said {n}"))).unwrap();
    }
}

/// The page of `server`, on a desk.
async fn open(browser: &std::sync::Arc<Browser>, server: &Server) -> Page {
    browser.open(&server.url(), 1280, 900).await
}

/// A script that is true when this holds for the text of this part in each lane.
fn in_all(part: &str, holds: &str) -> String {
    format!(
        "(() => {{
            const lanes = [...document.querySelectorAll('.lane')];
            const said = lanes.map((lane) => lane.querySelector('[data-part={part}]').textContent);
            return said.length === 5 && said.every((said) => {holds});
        }})()"
    )
}

/// The texts of a part, lane by lane.
async fn said(page: &mut Page, part: &str) -> Vec<String> {
    let script = format!(
        "[...document.querySelectorAll('.lane [data-part={part}]')].map((one) => one.textContent)"
    );
    let said = page.eval(&script).await;
    said.as_array().into_iter().flatten().map(|s| s.as_str().unwrap_or("").to_owned()).collect()
}

/// Nothing was against the policy and nothing went wrong.
async fn assert_content(page: &mut Page) {
    let complaints = page.complaints().await;
    assert_eq!(complaints, Vec::<String>::new());
}

/// Waits until the server sees what it is asked for.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_mins(1);
    tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("never came: {what}"));
}

/// The transports of a tab that reported a median, as the server lists them.
fn reported(server: &Server, tab: &Value) -> Vec<&'static str> {
    let (clients, _) = server.control().clients(1_000);
    let of_tab = clients.into_iter().filter(|client| client.name.as_deref() == tab.as_str());
    let mut words: Vec<_> = of_tab
        .filter(|client| {
            client
                .reported
                .and_then(|told| told.median_ms)
                .is_some_and(|ms| (0.0..60_000.0).contains(&ms))
        })
        .map(|client| client.carrier.word())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}
