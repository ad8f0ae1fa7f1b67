//! What the plots call the end of a connection, for every end a transport knows.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use wirescope::analysis::Series;
use wirescope::model::{Dir, Event, Kind};
use wirescope::net::DialError;
use wirescope::transport::TransportError;

#[test]
fn every_end_has_its_short_label() {
    let io = |kind, words: &str| TransportError::Io(Error::new(kind, words.to_owned()));
    let connect = |kind: ErrorKind| {
        let address = String::from("127.0.0.1:4100");
        TransportError::Dial(DialError::Connect { address, source: kind.into() })
    };
    let closed = |code| TransportError::Closed { code, reason: String::from("a long farewell") };
    let table = [
        (closed(Some(1001)), "1001"),
        (closed(None), "no close frame"),
        (TransportError::Ended, "response ended"),
        (TransportError::PongOverdue(Duration::from_secs(10)), "no pong"),
        (TransportError::TimedOut(Duration::from_secs(10)), "timed out"),
        (TransportError::Protocol("a mask from the server, reset".into()), "protocol error"),
        (TransportError::Io(ErrorKind::ConnectionReset.into()), "reset"),
        (TransportError::Io(ErrorKind::TimedOut.into()), "timed out"),
        (TransportError::Io(ErrorKind::BrokenPipe.into()), "broken pipe"),
        (TransportError::Io(ErrorKind::UnexpectedEof.into()), "cut short"),
        (io(ErrorKind::UnexpectedEof, "the answer was cut short"), "cut short"),
        (io(ErrorKind::UnexpectedEof, "the answer ended within an event"), "cut short"),
        (io(ErrorKind::Other, "it ended inside a frame"), "cut short"),
        (connect(ErrorKind::ConnectionRefused), "refused"),
        (connect(ErrorKind::HostUnreachable), "unreachable"),
    ];
    for (error, wanted) in table {
        let meta = error.meta();
        let cause = meta.cause.clone().unwrap();
        let mut series = Series::default();
        let event = Event::new(1, Dir::Local, Kind::Closed).with_meta(meta);
        series.observe(&event, None, || 0.0);
        let outage = &series.outages[0];
        assert_eq!(outage.label, wanted, "{cause}");
        assert_eq!(*outage.cause, *cause);
    }
}
