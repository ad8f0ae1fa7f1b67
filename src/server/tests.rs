//! What a stopped server leaves behind, seen from within: nothing; and what all its clients
//! together may take.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use super::rate::{self, Bucket};
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

/// What the server answers to a body that is published.
async fn published(server: &Server) -> String {
    let mut stream = TcpStream::connect(server.addr()).await.expect("a connection");
    let request = format!(
        "POST /publish HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        server.addr()
    );
    stream.write_all(request.as_bytes()).await.expect("a request that is sent");
    let mut answer = String::new();
    let read = tokio::time::timeout(LIMIT, stream.read_to_string(&mut answer)).await;
    read.expect("an answer").expect("text");
    answer
}

async fn quiet() -> Server {
    let options = ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..Source::default() },
        ..ServerOptions::default()
    };
    let limits = Limits { publish_rate: 1, ..Limits::default() };
    Server::start_within(options, Hub::new(10), limits).await.expect("a server")
}

#[tokio::test]
async fn a_new_connection_may_not_publish_what_all_together_may_not() {
    let server = quiet().await;
    let answer = published(&server).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // An hour from now, since what is taken then does not come back before.
    let later = Instant::now() + Duration::from_hours(1);
    let together = &server.control.shared.publishing;
    let taken = (0..30).filter(|_| {
        let connection = Mutex::new(Bucket::new(1, later));
        rate::take(&connection, together, later).is_ok()
    });
    assert_eq!(taken.count(), 20);
    let answer = published(&server).await;
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("together"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_body_for_which_there_is_no_memory_left_is_refused() {
    let server = quiet().await;
    let bodies = &server.control.shared.bodies;
    assert_eq!(bodies.available_permits(), 64 << 10);
    let all = bodies.try_acquire_many(64 << 10).expect("all of it");
    let answer = published(&server).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: "), "{answer}");
    drop(all);
    let answer = published(&server).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(bodies.available_permits(), 64 << 10);
    server.stop().await;
}

#[tokio::test]
async fn who_waits_for_the_source_is_not_forgotten_when_others_change_it() {
    let options = ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..Source::default() },
        ..ServerOptions::default()
    };
    let server = Server::start(options).await.expect("a free port");
    let control = server.control();
    let of = |size| Source { rate: 0.0, size, ..Source::default() };
    control.set_source(of(1)).expect("in range");
    // The first is never kept to, as the other comes before the source has looked.
    let both = async {
        tokio::join!(control.settled(), async { control.set_source(of(2)).expect("in range") })
    };
    tokio::time::timeout(LIMIT, both).await.expect("the source keeps to the other");
    server.stop().await;
}
