//! Who is connected, what is counted for whom, and cutting.

use wirescope::server::{Account, Carrier, Client, Server};

use super::websocket::{HANDSHAKE, Socket};
use super::{Raw, eventually, get, get_json, publish, quiet, soon, start};

fn clients(server: &Server) -> Vec<Client> {
    let (clients, all) = server.control().clients(usize::MAX);
    assert_eq!(clients.len() as u64, all);
    clients
}

async fn some(server: &Server, many: usize) -> Vec<Client> {
    eventually("the clients", || server.control().clients(0).1 == many as u64).await;
    clients(server)
}

fn wire(raw: &Raw) -> (u64, u64) {
    (raw.sent, raw.received.len() as u64)
}

#[tokio::test]
async fn clients_are_listed_as_they_come_with_what_their_socket_counted() {
    let server = start(quiet()).await;
    let mut raws = Vec::new();
    let paths = [
        ("/ws", HANDSHAKE, Carrier::Websocket, "\r\n\r\n"),
        ("/sse", "", Carrier::Sse, "retry: 3000\n\n\r\n"),
        ("/stream", "", Carrier::Stream, "\r\n\r\n"),
        ("/short", "", Carrier::ShortPoll, "}"),
    ];
    for (n, (path, lines, carrier, end)) in paths.into_iter().enumerate() {
        let lines = format!("{lines}User-Agent: Test/{n} \u{9}ok\r\n");
        let mut raw = Raw::get(&server, &format!("{path}?client=c{n}"), &lines).await;
        raw.until(path, |text| text.ends_with(end)).await;
        let client = some(&server, n + 1).await.remove(n);
        assert_eq!((client.carrier, client.name.clone()), (carrier, Some(format!("c{n}"))));
        assert_eq!(client.peer, raw.stream.local_addr().unwrap());
        assert_eq!(client.user_agent, format!("Test/{n} ok"));
        raws.push(raw);
    }
    publish(&server, 1..=3);
    for raw in &mut raws[..3] {
        raw.until_text("\"text\":\"3\"}").await;
    }
    raws[1].until("the last chunk", |text| text.ends_with("\n\r\n")).await;
    raws[2].until("the last chunk", |text| text.ends_with("\n\r\n")).await;
    let counted = || {
        let counts = |c: &Client| (c.wire_in, c.wire_out);
        clients(&server).iter().map(counts).eq(raws.iter().map(wire))
    };
    eventually("the bytes of each", counted).await;
    let found: Vec<_> = clients(&server).iter().map(|c| (c.delivered, c.behind)).collect();
    assert_eq!(found, [(3, 0), (3, 0), (3, 0), (0, 3)], "who polls is behind until it polls again");
    let (oldest, all) = server.control().clients(1);
    assert_eq!((oldest.len(), oldest[0].carrier, all), (1, Carrier::Websocket, 4));
    raws.truncate(1);
    let left = some(&server, 1).await;
    assert_eq!(left[0].carrier, Carrier::Websocket);
    server.stop().await;
}

#[tokio::test]
async fn two_polls_on_one_connection_are_two_clients_that_end_with_it() {
    let server = start(quiet()).await;
    publish(&server, 1..=2);
    let mut raw = Raw::connect(&server).await;
    for path in ["/short?since=0", "/poll?since=1", "/short?since=1", "/stats"] {
        let before = raw.received.len();
        raw.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr())).await;
        raw.until(path, |text| text[before..].ends_with('}')).await;
    }
    let found: Vec<_> = some(&server, 2).await.iter().map(|c| (c.carrier, c.delivered)).collect();
    assert_eq!(found, [(Carrier::ShortPoll, 3), (Carrier::LongPoll, 1)]);
    drop(raw);
    some(&server, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn who_polls_on_any_of_its_connections_is_one_client() {
    let server = start(quiet()).await;
    let poll = |name: &str| format!("/short?since=0&client={name}");
    let mut raws = Vec::new();
    for name in ["tab", "tab", "other", "tab"] {
        publish(&server, 1..=2);
        let mut raw = Raw::get(&server, &poll(name), "").await;
        // A message ends like an answer, and a read may end with it.
        raw.until("an answer", |text| text.contains("lastId") && text.ends_with('}')).await;
        raws.push(raw);
    }
    let found = some(&server, 2).await;
    assert_eq!(found[0].name.as_deref(), Some("tab"));
    assert_eq!((found[0].delivered, found[0].behind), (2 + 4 + 8, 0));
    let bytes: u64 = [0, 1, 3].iter().map(|raw| wire(&raws[*raw]).1).sum();
    assert_eq!(found[0].wire_out, bytes);
    assert_eq!(found[1].behind, 2);
    assert_eq!(server.control().clients(1).0.len(), 1);
    assert!(server.control().cut(found[0].id));
    assert_eq!(some(&server, 1).await[0].name.as_deref(), Some("other"));
    server.stop().await;
}

#[tokio::test]
async fn a_client_in_many_rooms_is_behind_in_all_of_them() {
    let server = start(quiet()).await;
    let mut socket = Socket::connect(&server, "/ws").await;
    socket.say(r#"{"type":"join","room":"tea"}"#).await;
    socket.next().await;
    let draft = wirescope::server::Draft::text("message", "x");
    // Nobody runs in between, so nothing is handed over yet.
    server.publish("default", &draft).unwrap();
    server.publish("tea", &draft).unwrap();
    server.publish("tea", &draft).unwrap();
    assert_eq!(clients(&server)[0].behind, 3);
    let topics = server.control().topics();
    let found: Vec<_> = topics.iter().map(|t| (t.name.as_str(), t.messages, t.followers)).collect();
    assert_eq!(found, [("default", 1, 1), ("tea", 2, 1)]);
    eventually("all three", || clients(&server)[0].behind == 0).await;
    server.stop().await;
}

/// Asks on `raw` and waits for the end of the answer; what it cost, in and out.
async fn ask(raw: &mut Raw, request: &str, end: &str) -> (u64, u64) {
    let (sent, received) = (raw.sent, raw.received.len());
    raw.send(request).await;
    raw.until(end, |text| text[received..].ends_with(end)).await;
    (raw.sent - sent, (raw.received.len() - received) as u64)
}

#[tokio::test]
async fn accounts_outlive_connections_and_are_exact_on_shared_ones() {
    let server = start(quiet()).await;
    publish(&server, 1..=2);
    let host = format!("Host: {}\r\n", server.addr());
    let end = "\"lastId\":2}";
    let mut costs = [(0, 0); 2];
    for _ in 0..2 {
        let mut raw = Raw::connect(&server).await;
        for (who, path) in [
            (0, "/short?since=0&client=ann"),
            (1, "/short?since=1&client=bob"),
            (0, "/poll?since=1&client=ann"),
            (1, "/short?since=1&client=bob"),
        ] {
            let cost = ask(&mut raw, &format!("GET {path} HTTP/1.1\r\n{host}\r\n"), end).await;
            costs[who] = (costs[who].0 + cost.0, costs[who].1 + cost.1);
        }
        // Neither nobody's requests nor asking for an account is put down to anybody.
        ask(&mut raw, &format!("GET /short HTTP/1.1\r\n{host}\r\n"), end).await;
        ask(&mut raw, &format!("GET /stats?client=ann HTTP/1.1\r\n{host}\r\n"), "}").await;
        raw.finish().await;
    }
    let messages = get_json(&server, "/short?since=1").await["messages"].clone();
    let size = messages[0].to_string().len() as u64;
    let expected = |n: usize, connections, delivered| Account {
        requests: 4,
        connections,
        delivered,
        payload_out: delivered * size,
        wire_in: costs[n].0,
        wire_out: costs[n].1,
    };
    // Both messages are equally long; a time that ends with 0 is shorter once it was parsed.
    let account = |who| {
        let account = server.control().account(who).unwrap();
        assert!(account.payload_out.abs_diff(account.delivered * size) <= account.delivered * 3);
        Account { payload_out: account.delivered * size, ..account }
    };
    assert_eq!(account("ann"), expected(0, 4, 6));
    assert_eq!(account("bob"), expected(1, 2, 4));
    let ann = server.control().account("ann").unwrap();
    assert_eq!(get_json(&server, "/stats?client=ann").await, serde_json::to_value(ann).unwrap());
    server.stop().await;
}

#[tokio::test]
async fn an_account_counts_streams_and_what_was_published() {
    let server = start(quiet()).await;
    let mut sum = (0, 0);
    for (path, lines, count) in [("/sse", "", 1), ("/ws", HANDSHAKE, 2), ("/stream", "", 3)] {
        let mut raw = Raw::get(&server, &format!("{path}?client=ann"), lines).await;
        raw.until_text("\r\n\r\n").await;
        some(&server, 1).await;
        publish(&server, count..=count);
        raw.until_text(&format!("\"text\":\"{count}\"}}")).await;
        if path != "/ws" {
            raw.until("the last chunk", |text| text.ends_with("\n\r\n")).await;
        }
        raw.finish().await;
        some(&server, 0).await;
        eventually("the end", || server.stats().connections.active == 0).await;
        sum = (sum.0 + raw.sent, sum.1 + raw.received.len() as u64);
    }
    let mut raw = Raw::connect(&server).await;
    let request = format!(
        "POST /publish?client=ann HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\n\r\n{{}}",
        server.addr()
    );
    let cost = ask(&mut raw, &request, "{\"id\":4}").await;
    let account = server.control().account("ann").unwrap();
    assert_eq!((account.wire_in, account.wire_out), (sum.0 + cost.0, sum.1 + cost.1));
    assert_eq!((account.requests, account.connections, account.delivered), (4, 3, 3));
    server.stop().await;
}

#[tokio::test]
async fn a_name_that_is_unknown_or_none_is_explained() {
    let server = start(quiet()).await;
    let unknown = get(&server, "/stats?client=nobody").await;
    assert_eq!(unknown.status(), 404);
    assert!(unknown.text().await.unwrap().contains("no client has called itself “nobody”"));
    for path in ["/sse?client=", "/short?client=a%0Ab", "/stats?client="] {
        let refused = get(&server, path).await;
        assert_eq!(refused.status(), 400, "{path}");
        assert!(refused.text().await.unwrap().contains("1 to 64 characters"));
    }
    assert_eq!(server.stats().of(Carrier::Sse).errors, 1);
    server.stop().await;
}

#[tokio::test]
async fn one_is_cut_and_the_others_stay() {
    let server = start(quiet()).await;
    let control = server.control();
    let mut sse = Raw::get(&server, "/sse", "").await;
    sse.until_text("retry: 3000\n\n\r\n").await;
    let mut socket = Socket::connect(&server, "/ws").await;
    let mut other = Socket::connect(&server, "/ws").await;
    let mut poll = Raw::get(&server, "/poll?since=0", "").await;
    let found = some(&server, 4).await;
    assert!(!control.cut(99), "there is none");
    assert!(control.cut(found[0].id));
    assert!(!sse.read_out().await.ends_with("0\r\n\r\n"), "no end that would look like one");
    assert!(control.cut(found[1].id));
    assert_eq!(socket.close_code().await, (1001, "cut by the presenter".to_owned()));
    assert_eq!(socket.next().await, None);
    assert!(control.cut(found[3].id));
    assert_eq!(poll.read_out().await, "");
    assert_eq!(some(&server, 1).await[0].id, found[2].id);
    publish(&server, 1..=1);
    assert!(other.next().await.unwrap().to_text().unwrap().contains("\"id\":1"));
    control.cut_all();
    assert_eq!(other.close_code().await.0, 1001);
    some(&server, 0).await;
    server.stop().await;
}

#[tokio::test]
async fn whoever_does_not_listen_is_cut_all_the_same() {
    let server = start(quiet()).await;
    let socket = Socket::connect(&server, "/ws").await;
    let large = wirescope::server::Draft::text("message", &"x".repeat(8 << 20));
    for _ in 0..3 {
        server.publish("default", &large).unwrap();
    }
    let id = some(&server, 1).await[0].id;
    eventually("a full socket", || clients(&server)[0].wire_out > 100_000).await;
    assert!(server.control().cut(id));
    soon("the end", some(&server, 0)).await;
    eventually("the connection's end", || server.stats().connections.active == 0).await;
    drop(socket);
    server.stop().await;
}
