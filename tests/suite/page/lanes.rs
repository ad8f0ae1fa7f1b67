//! Lanes receive, are cut, come back and lose nothing.

use wirescope::model::{ServerOptions, Shape, Source};
use wirescope::server::{Carrier, Server};

use super::*;

#[tokio::test]
async fn all_lanes_receive_and_nothing_is_against_the_policy() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(50.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("delivered", "Number(said.replace(',', '')) >= 20")).await;
    assert_eq!(said(&mut page, "state").await, ["Open"; 5]);
    assert_eq!(said(&mut page, "lost").await, ["0"; 5]);
    assert_eq!(said(&mut page, "others").await, [" · 0 · 0"; 5]);
    // Median and 95th percentile are numbers.
    page.until(&in_all("median", "/^[\\d,.]+$/.test(said)")).await;
    page.until(&in_all("p95", "/^[\\d,.]+ ms$/.test(said)")).await;
    page.until("/^± \\d+\\.\\d ms$/.test(document.getElementById('clock').textContent)").await;
    for scheme in ["dark", "light"] {
        page.prefers("prefers-color-scheme", scheme).await;
        page.picture(&format!("desk-{scheme}")).await;
    }
    assert_content(&mut page).await;
    server.stop().await;
}

#[tokio::test]
async fn bytes_are_measured_in_every_lane() {
    let Some(browser) = Browser::get() else { return };
    let source = Source { rate: 50.0, shape: Shape::Binary, ..Source::default() };
    let server = start(ServerOptions { source, ..at_rate(0.0) }).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("delivered", "Number(said) >= 5")).await;
    page.until(&in_all("newest", "said.includes('binary bytes ')")).await;
    assert_eq!(said(&mut page, "lost").await, ["0"; 5]);
    assert_content(&mut page).await;
    server.stop().await;
}

#[tokio::test]
async fn a_lane_that_was_cut_resumes_without_loss() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(0.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    publish(&server, 1);
    page.until(&in_all("delivered", "said === '1'")).await;
    for lane in ["WebSocket", "Server-Sent Events", "Long poll"] {
        page.click(&format!("Cut {lane}")).await;
    }
    page.click("Cut all").await;
    page.until(&in_all("state", "said === 'Cut'")).await;
    let active = |carrier| server.stats().of(carrier).active;
    until("nobody is connected", || {
        [Carrier::Websocket, Carrier::Sse, Carrier::Stream].map(active) == [0; 3]
    })
    .await;
    publish(&server, 30);
    assert_eq!(said(&mut page, "delivered").await, ["1"; 5]);
    page.click("Reconnect WebSocket").await;
    // The browser complains of a socket that is closed before it is open.
    page.until("document.querySelector('[data-transport=websocket] [data-part=state]').textContent === 'Open'")
        .await;
    page.click("Reconnect all").await;
    page.until(&in_all("delivered", "said === '31'")).await;
    for (part, expected) in [("lost", "0"), ("others", " · 0 · 0"), ("reconnects", "1")] {
        let words = said(&mut page, part).await;
        // The WebSocket was asked twice.
        assert!(words[1..].iter().all(|word| word == expected), "{part}: {words:?}");
        assert!(part == "reconnects" || words[0] == expected, "{part}: {words:?}");
    }
    // Where it had not, the browser says so; nothing else was wrong.
    let complaints = page.complaints().await;
    let early = "closed before the connection is established";
    let other = complaints.iter().filter(|text| !text.contains(early));
    assert_eq!(other.collect::<Vec<_>>(), Vec::<&String>::new());
    server.stop().await;
}

#[tokio::test]
async fn a_lane_that_is_off_counts_nothing_as_lost() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(0.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    publish(&server, 1);
    page.until(&in_all("delivered", "said === '1'")).await;
    page.click("Server-Sent Events: on").await;
    page.until(
        "document.querySelector('[data-transport=sse] [data-part=state]').textContent === 'Off'",
    )
    .await;
    until("the stream is gone", || server.stats().of(Carrier::Sse).active == 0).await;
    publish(&server, 5);
    page.click("Server-Sent Events: on").await;
    page.until(&in_all("state", "said === 'Open'")).await;
    publish(&server, 1);
    page.until(
        "document.querySelector('[data-transport=sse] [data-part=delivered]').textContent === '2'",
    )
    .await;
    page.until("document.querySelector('[data-transport=stream] [data-part=delivered]').textContent === '7'")
        .await;
    assert_eq!(said(&mut page, "lost").await, ["0"; 5]);
    server.stop().await;
}

#[tokio::test]
async fn lanes_say_that_the_server_is_gone_and_come_back_with_it() {
    let Some(browser) = Browser::get() else { return };
    let server =
        start(ServerOptions { retry: std::time::Duration::from_millis(200), ..at_rate(0.0) }).await;
    let (hub, options, addr) = (server.hub().clone(), server.options(), server.addr());
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    publish(&server, 1);
    page.until(&in_all("delivered", "said === '1'")).await;
    server.stop().await;
    page.until(&in_all("state", "said === 'Lost' || said === 'Connecting'")).await;
    page.until("/tries again in|the browser comes back/.test(document.body.innerText)").await;
    page.until("document.getElementById('announcer').textContent.includes('lost')").await;
    let server = Server::start_with(ServerOptions { listen: addr, ..options }, hub).await.unwrap();
    publish(&server, 9);
    page.until(&in_all("delivered", "said === '10'")).await;
    assert_eq!(said(&mut page, "lost").await, ["0"; 5]);
    page.until(&in_all("reconnects", "Number(said) >= 1")).await;
    page.until(&in_all("words", "!said.includes('tries again')")).await;
    // The browser says of each request that it failed; nothing else did.
    let complaints = page.complaints().await;
    let other = complaints.iter().filter(|text| !text.contains("net::ERR_"));
    assert_eq!(other.collect::<Vec<_>>(), Vec::<&String>::new());
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_forgets_begins_again_and_nothing_counts_as_lost() {
    let Some(browser) = Browser::get() else { return };
    let options = ServerOptions { retry: std::time::Duration::from_millis(200), ..at_rate(0.0) };
    let server = start(options.clone()).await;
    let addr = server.addr();
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    publish(&server, 20);
    page.until(&in_all("delivered", "said === '20'")).await;
    server.stop().await;
    let server = start(ServerOptions { listen: addr, ..options }).await;
    publish(&server, 3);
    page.until(&in_all("delivered", "said === '23'")).await;
    assert_eq!(said(&mut page, "lost").await, ["0"; 5]);
    assert_eq!(said(&mut page, "others").await, [" · 0 · 0"; 5]);
    server.stop().await;
}

#[tokio::test]
async fn the_seventh_stream_waits_until_one_ends() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(20.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("delivered", "Number(said) > 0")).await;
    for _ in 0..6 {
        page.click("Open another event stream").await;
    }
    let opened = "document.getElementById('streams').innerText";
    page.until(&format!("{opened}.includes('waits for a free connection')")).await;
    // What lanes and streams hold at the same time, but for the WebSocket, is never more than six.
    let held = || {
        let stats = server.stats();
        let active = |carrier| stats.of(carrier).active;
        assert!(stats.connections.active <= 7, "{:?}", stats.connections);
        active(Carrier::Sse) + active(Carrier::Stream)
    };
    until("every connection is held", || held() == 6).await;
    page.until("document.getElementById('connections').textContent.includes('6 of six')").await;
    let short = "document.querySelector('[data-transport=short-poll] [data-part=words]')";
    page.until(&format!("{short}.textContent.startsWith('no connection is free')")).await;
    page.picture("six").await;
    page.click("Close them").await;
    page.until("document.getElementById('streams').children.length === 0").await;
    let sent = server.hub().last_id(DEFAULT_TOPIC);
    let newest = format!("Number(said.split(' ')[0]) > {sent}");
    page.until(&in_all("newest", &newest)).await;
    assert_content(&mut page).await;
    server.stop().await;
}

#[tokio::test]
async fn a_lane_that_rests_leaves_no_listener_behind() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(0.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    page.eval(
        "window.begun = 0;
        window.kept = new Set();
        for (const [name, note] of [
            ['addEventListener', (what) => { begun += 1; kept.add(what); }],
            ['removeEventListener', (what) => kept.delete(what)],
        ]) {
            AbortSignal.prototype[name] = function (type, what, ...more) {
                note(what);
                EventTarget.prototype[name].call(this, type, what, ...more);
            };
        } undefined",
    )
    .await;
    // The short poll rests between any two requests.
    page.until("begun >= 4").await;
    let kept = page.eval("kept.size").await;
    assert!(kept.as_u64().is_some_and(|kept| kept <= 2), "each poll rests once at a time: {kept}");
    server.stop().await;
}
