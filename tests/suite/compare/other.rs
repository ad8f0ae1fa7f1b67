//! Comparisons by way of another server, and what is said where there is none to go to.

use wirescope::compare::CompareError;

use super::*;
use crate::support::peer;

async fn refused(address: String) -> CompareError {
    let place = |_: &_| panic!("a place was asked for");
    let setup = setup(10.0, lanes(&[SSE]));
    let stop = CancellationToken::new();
    soon("an answer", start(setup, Target::Other(address), place, stop)).await.unwrap_err()
}

#[tokio::test]
async fn what_is_no_server_of_ours_is_told_with_what_to_try() {
    let nobody = peer::Server::start().await.endpoint("/").url.to_string();
    let error = refused(nobody).await;
    assert!(error.to_string().contains("does not answer"), "{error}");
    assert!(!error.hint().is_empty());

    let page = peer::Server::start().await;
    let address = page.endpoint("/").url.to_string();
    let (error, ()) = tokio::join!(refused(address), async {
        let (mut peer, request) = page.asked().await;
        assert!(request.line.starts_with("GET /stats "), "{}", request.line);
        peer.answer("200 OK\r\nContent-Type: text/html", "<h1>Hello</h1>").await;
    });
    assert!(error.to_string().contains("no Wirescope server"), "{error}");
    assert!(error.hint().contains("wirescope serve"), "{}", error.hint());

    let error = refused(String::from("ftp://host/")).await;
    assert!(error.to_string().contains("ftp"), "{error}");
}

#[tokio::test]
async fn a_room_lets_in_who_brings_its_token() {
    let options = ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        source: Source { rate: 0.0, ..Source::default() },
        join: Some(String::from("7F3K-22QD")),
        ..ServerOptions::default()
    };
    let server = Server::start(options).await.unwrap();
    let error = refused(server.url()).await;
    assert!(matches!(&error, CompareError::NotLetIn { has_token: false, .. }), "{error}");
    assert!(error.hint().contains("?join="), "{}", error.hint());
    let error = refused(format!("{}/?join=AAAA-AAAA", server.url())).await;
    assert!(matches!(&error, CompareError::NotLetIn { has_token: true, .. }), "{error}");
    assert!(!error.to_string().contains("AAAA"), "{error}");

    let target = Target::Other(format!("{}/?join=7F3K-22QD", server.url()));
    let begun = Begun::new(setup(50.0, lanes(&Way::ALL)), target).await;
    begun.until("messages", |lanes| lanes.iter().all(|lane| lane.delivered >= 10)).await;
    let (comparison, folder) = begun.end().await;
    for lane in &comparison.lanes {
        assert_eq!((lane.lost, lane.delivered), (0, lane.sent), "{lane:?}");
        assert!(!lane.wire_is_estimate, "{lane:?}");
    }
    let url = comparison.settings.url.clone().unwrap();
    assert_eq!(url, server.url(), "without what opens it");
    let file = std::fs::read(folder.path().join("run.wirescope")).unwrap();
    assert!(!file.windows(9).any(|bytes| bytes == b"7F3K-22QD"), "the token is not recorded");
    // The built-in one is opened to a room, too.
    let own = Begun::new(setup(50.0, lanes(&[SSE])), Target::BuiltIn(server.control())).await;
    own.until("messages", |lanes| lanes[0].delivered >= 5).await;
    own.end().await;
    server.stop().await;
}

#[tokio::test]
async fn what_the_server_does_not_take_is_told() {
    let server = peer::Server::start().await;
    let address = server.endpoint("/").url.to_string();
    let serving = async {
        loop {
            let mut peer = server.peer().await;
            tokio::spawn(async move {
                while let Some(request) = peer.next_request().await {
                    if request.line.starts_with("GET /stats") {
                        // As one of before, which knows nothing of clients.
                        peer.json(r#"{"transports":{"websocket":{}}}"#).await;
                    } else if request.line.starts_with("POST /publish") {
                        peer.answer("429 Too Many Requests", "at most 1,000 a second").await;
                    } else {
                        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
                        peer.send(format!("{head}retry: 3000\n\n")).await;
                    }
                }
            });
        }
    };
    let running = async {
        let begun = Begun::new(setup(100.0, lanes(&[SSE])), Target::Other(address)).await;
        begun.until("the lane opens", |lanes| lanes[0].connections > 0).await;
        soon("messages are refused", async {
            while begun.running.view().elapsed_s < 0.2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        begun.end().await.0
    };
    let comparison = tokio::select! {
        comparison = running => comparison,
        () = serving => unreachable!(),
    };
    let lane = &comparison.lanes[0];
    assert_eq!((lane.sent, lane.delivered, lane.wire_is_estimate), (0, 0, true));
    let notes = comparison.notes.join("\n");
    assert!(notes.contains("refused") && notes.contains("at most 1,000 a second"), "{notes}");
}

#[tokio::test]
async fn a_server_that_says_nothing_any_more_does_not_hold_up_the_end() {
    let server = peer::Server::start().await;
    let address = server.endpoint("/").url.to_string();
    let serving = async {
        loop {
            let mut peer = server.peer().await;
            tokio::spawn(async move {
                while let Some(request) = peer.next_request().await {
                    if request.line.starts_with("GET /stats") {
                        if request.line.contains("client=") {
                            std::future::pending::<()>().await;
                        }
                        peer.json(r#"{"transports":{"websocket":{}}}"#).await;
                    } else if request.line.starts_with("POST /publish") {
                        peer.json(r#"{"id":1}"#).await;
                    } else {
                        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
                        peer.send(format!("{head}retry: 3000\n\n")).await;
                    }
                }
            });
        }
    };
    let running = async {
        let begun = Begun::new(setup(100.0, lanes(&[SSE; 6])), Target::Other(address)).await;
        begun.until("messages are sent", |lanes| lanes.iter().all(|lane| lane.sent > 0)).await;
        begun.end().await.0
    };
    let comparison = tokio::select! {
        comparison = running => comparison,
        () = serving => unreachable!(),
    };
    for lane in &comparison.lanes {
        assert!(lane.wire_is_estimate && lane.connections == 1, "{lane:?}");
    }
}
