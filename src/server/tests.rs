//! What a stopped server leaves behind, seen from within: nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use super::{Control, Hub, Limits, Server};
use crate::model::{Impairment, Network, ServerOptions, Source};

const LIMIT: Duration = Duration::from_mins(1);

/// Asks for `path` and reads the first bytes of the answer, if there are any soon.
async fn client(server: &Server, path: &str, answers: bool) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr()).await.expect("a connection");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        server.addr()
    );
    stream.write_all(request.as_bytes()).await.expect("a request that is sent");
    if answers {
        let mut first = [0; 8];
        stream.read_exact(&mut first).await.expect("an answer");
    }
    stream
}

async fn until(control: &Control, clients: u64) {
    let wait = async {
        while control.clients(0).1 != clients {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("as many clients");
}

async fn many_clients(network: Network) {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let options = ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 50.0, ..Source::default() },
        network,
        ..ServerOptions::default()
    };
    let hub = Hub::new(100);
    let messages = hub.remains();
    let server = Server::start_within(options.clone(), hub, Limits::default());
    let server = server.await.expect("a server");
    let (control, addr) = (server.control(), server.addr());
    let rest = Arc::downgrade(&control.shared);
    let mut streams = Vec::new();
    for n in 0..50 {
        for (path, answers) in [
            ("/ws?", true),
            ("/sse?", true),
            ("/stream?", true),
            ("/short?since=0&", true),
            ("/poll?since=0&topic=none&", false),
        ] {
            streams.push(client(&server, &format!("{path}client=c{n}"), answers).await);
        }
    }
    until(&control, 250).await;
    assert!(control.account("c49").is_some());
    server.stop().await;
    assert_eq!((tasks(), control.clients(0).1), (before, 0));
    let again = Server::start(ServerOptions { listen: addr, ..options }).await.expect("the port");
    drop(again);
    assert_eq!(rest.strong_count(), 1, "the handle alone");
    drop(control);
    assert_eq!((rest.strong_count(), messages()), (0, 0), "accounts, clients, messages");
}

#[tokio::test]
async fn stopping_with_many_clients_frees_port_tasks_and_memory() {
    many_clients(Network::default()).await;
}

#[tokio::test]
async fn a_bad_network_keeps_nothing_either() {
    let impairment = Impairment {
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(2),
        bandwidth: Some(1 << 20),
        ..Impairment::default()
    };
    many_clients(Network::all(&impairment)).await;
}
