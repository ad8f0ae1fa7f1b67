//! Pages from elsewhere, and those who have no business here.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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
