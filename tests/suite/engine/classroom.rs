//! A lesson is given from the window while a browser has the page open: both see what it does.

use std::time::Instant;

use wirescope::engine::{ClientView, LaneView, LessonView, Stage};
use wirescope::model::Network;

use super::*;
use crate::support::chromium::{Browser, Page};

/// Messages that a lane has to be behind by to be held back: more than are on their way otherwise,
/// and fewer than the 8 kB that the proxy collects.
const BEHIND: u64 = 15;

fn lesson(snapshot: &Snapshot) -> Option<&LessonView> {
    snapshot.compare.run.as_ref().and_then(|run| run.lesson.as_ref())
}

/// Messages that a lane of the run has had.
fn delivered(snapshot: &Snapshot, kind: TransportKind) -> u64 {
    let lanes = snapshot.compare.run.iter().flat_map(|run| &run.lanes);
    let of_kind = |lane: &&LaneView| lane.figures.transport == kind.word();
    lanes.filter(of_kind).map(|lane| lane.figures.delivered).sum()
}

/// The browser's lane of this kind, as the server lists it.
fn of_browser(snapshot: &Snapshot, kind: TransportKind) -> Option<&ClientView> {
    let mut clients = snapshot.server.clients.iter();
    clients.find(|client| client.kind == kind && client.agent.starts_with("Chrome "))
}

/// Messages that the newest one of a lane of the page says there are.
async fn newest(page: &mut Page, kind: TransportKind) -> u64 {
    let script = format!(
        "parseInt(document.querySelector('[data-transport={}] [data-part=newest]').textContent, 10)",
        kind.word()
    );
    page.eval(&script).await.as_u64().unwrap_or(0)
}

#[test]
fn a_lesson_reaches_the_run_and_a_browser_alike() {
    use TransportKind::{Sse, Websocket};
    let Some(browser) = Browser::get() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let bench = Bench::start();
    let source = Source { rate: 20.0, ..Source::default() };
    bench.send(Command::StartServer(Box::new(ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: source.clone(),
        ..ServerOptions::default()
    })));
    let url = bench.until("a server", |s| s.server.url.is_some()).server.url.clone().unwrap();
    let mut page = runtime.block_on(browser.open(&url, 1280, 900));
    bench.until("the browser", |s| of_browser(s, Sse).is_some());

    bench.send(Command::RunLesson("buffering-proxy".into()));
    bench.until("the proxy that buffers", |snapshot| {
        lesson(snapshot).is_some_and(|lesson| lesson.step >= 1)
            && !snapshot.server.options.network.is_good()
    });
    // It holds back what the run's event stream should have, and what the browser's should.
    bench.until("the run's lane is behind", |s| {
        delivered(s, Websocket) >= delivered(s, Sse) + BEHIND
    });
    let end = Instant::now() + LIMIT;
    let (first, snapshot) = runtime.block_on(async {
        loop {
            let (late, first) = (newest(&mut page, Sse).await, newest(&mut page, Websocket).await);
            if first >= late + BEHIND {
                break (first, bench.handle.snapshot());
            }
            assert!(Instant::now() < end, "the page's event stream is at {late} of {first}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(lesson(&snapshot).is_some_and(|lesson| lesson.step < 3), "the proxy is still there");
    let connected = of_browser(&snapshot, Sse);
    assert!(connected.is_some_and(|client| client.user_agent.contains("HeadlessChrome")));
    let state = "document.querySelector('[data-transport=sse] [data-part=state]').textContent";
    assert_eq!(runtime.block_on(page.eval(state)), "Open", "no error is shown");
    // Meanwhile the WebSocket delivers.
    let more = format!(
        "parseInt(document.querySelector('[data-transport=websocket] [data-part=newest]')
            .textContent, 10) > {first}"
    );
    runtime.block_on(page.until(&more));

    bench.send(Command::StopRun);
    let snapshot = bench.until("everything as it was", |snapshot| {
        let now = &snapshot.server.options;
        snapshot.compare.run.as_ref().is_some_and(|run| run.stage == Stage::Done)
            && now.network == Network::default()
            && now.source == source
    });
    let run = snapshot.compare.run.as_ref().unwrap();
    let steps = &run.lesson.as_ref().unwrap().steps;
    assert!(steps[0].measured.is_some() && steps[1].measured.is_some(), "{steps:?}");
    // The browser is still there, and is given what was held back.
    let caught_up = format!(
        "[...document.querySelectorAll('.lane')].every((lane) => {{
            const part = (name) => lane.querySelector(`[data-part=${{name}}]`).textContent;
            return part('lost') === '0' && part('state') === 'Open'
                && parseInt(part('newest'), 10) > {first};
        }})"
    );
    runtime.block_on(page.until(&caught_up));
}
