//! Pages from elsewhere, and those who have no business here.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use wirescope::model::ServerOptions;

use super::*;
use crate::support::chromium::ELSEWHERE;

/// Serves an empty page on a port of its own; its address, under a name that is not ours.
async fn page_elsewhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 30\r\n\
                    Connection: close\r\n\r\n<!doctype html><title>.</title>";
                let _ = stream.write_all(&page.as_bytes()[..page.len()]).await;
            });
        }
    });
    format!("http://{ELSEWHERE}:{port}/")
}

#[tokio::test]
async fn a_page_from_elsewhere_can_neither_publish_nor_open_a_websocket() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(0.0)).await;
    let mut page = browser.open(&page_elsewhere().await, 800, 600).await;
    let url = server.url();
    let attempts = [
        // As JSON, which asks first; as a form and as text, which do not.
        format!(
            "fetch('{url}/publish', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: '{{}}'}})"
        ),
        format!(
            "fetch('{url}/report', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: '{{}}'}})"
        ),
        format!("fetch('{url}/publish', {{method: 'POST', body: '{{}}'}})"),
    ];
    for attempt in attempts {
        let came = page.eval(&format!("{attempt}.then(() => 'let in', () => 'kept out')")).await;
        assert_eq!(came, "kept out", "{attempt}");
    }
    let blind = format!(
        "fetch('{url}/publish', {{method: 'POST', mode: 'no-cors', body: '{{}}'}}).then(() => 'sent')"
    );
    assert_eq!(page.eval(&blind).await, "sent");
    let socket = format!(
        "new Promise((done) => {{
            const socket = new WebSocket('{}/ws');
            socket.onopen = () => done('let in');
            socket.onclose = () => done('kept out');
        }})",
        url.replace("http", "ws")
    );
    assert_eq!(page.eval(&socket).await, "kept out");
    assert_eq!(server.hub().last_id(DEFAULT_TOPIC), 0);
    // Reading is open to any page.
    let read = format!("fetch('{url}/short').then((answer) => answer.json())");
    assert_eq!(page.eval(&read).await, json!({"messages": [], "lastId": 0}));
    // But not framing.
    let framed = format!(
        "new Promise((done) => {{
            const frame = document.createElement('iframe');
            frame.src = '{url}/';
            frame.onload = () => done();
            document.body.append(frame);
        }})"
    );
    page.eval(&framed).await;
    let complaints = page.complaints().await;
    assert!(complaints.iter().any(|text| text.contains("frame-ancestors")), "{complaints:?}");
    assert_eq!(server.stats().of(wirescope::server::Carrier::Websocket).opened, 0);
    server.stop().await;
}

#[tokio::test]
async fn the_door_opens_to_the_token_and_to_nothing_else() {
    let Some(browser) = Browser::get() else { return };
    let options = ServerOptions { join: Some("7F3K-22QD".into()), ..at_rate(20.0) };
    let server = start(options.clone()).await;
    let base = format!("http://{}", server.addr());
    let mut page = browser.open(&base, 360, 740).await;
    let text = "document.querySelector('main').textContent";
    page.until(&format!("{text}.includes('only those who know the token come in')")).await;
    page.picture("door").await;
    let fits = page.eval("document.documentElement.scrollWidth <= innerWidth").await;
    assert_eq!(fits, true);
    // Its style is let in by its hash.
    assert_eq!(page.eval("getComputedStyle(document.querySelector('form')).display").await, "flex");
    page.click("The token, as in 7F3K-22QD").await;
    page.write("wrong").await;
    page.press("Enter").await;
    page.until(&format!("{text}.includes('this token lets nobody in here')")).await;
    let (clients, _) = server.control().clients(10);
    assert!(clients.is_empty(), "{clients:?}");
    page.click("The token, as in 7F3K-22QD").await;
    page.write("7f3k 22qd").await;
    page.press("Enter").await;
    // Every lane, publishing and reporting go on without saying it again.
    page.until(&in_all("delivered", "Number(said) > 0")).await;
    let tab = page.eval("document.getElementById('name').textContent").await;
    until("a report of each lane", || reported(&server, &tab).len() == LANES.len()).await;
    // The browser says of the door itself that it was a 403; nothing else was wrong.
    let complaints = page.complaints().await;
    assert!(complaints.iter().all(|text| text.contains("403 (Forbidden)")), "{complaints:?}");
    let addr = server.addr();
    server.stop().await;
    let other = ServerOptions { join: Some("AAAA-BBBB".into()), listen: addr, ..options };
    let server = start(other).await;
    let trouble = "document.getElementById('trouble').textContent";
    page.until(&format!("{trouble}.startsWith('The server lets this page in no more')")).await;
    server.stop().await;
}
