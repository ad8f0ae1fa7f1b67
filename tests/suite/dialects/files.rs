//! Dialects of the user's own, and files that are none.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;
use wirescope::model::{Kind, TransportKind};
use wirescope::transport::poll::{Dialect, DialectError, LONG, Shelf};

use crate::support::peer::Server;
use crate::support::start;

/// A file that is wrong: where the mistake is, and what has to be said about it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    text: String,
    line: usize,
    field: String,
    says: String,
}

#[test]
fn a_mistake_is_told_by_line_field_and_what_was_expected() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dialects/mistakes.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let mut mistakes: BTreeMap<String, Vec<Mistake>> = toml::from_str(&text).unwrap();
    let mistakes = mistakes.remove("mistake").unwrap();
    assert!(mistakes.len() > 20);
    let mut wrong = Vec::new();
    for Mistake { text, line, field, says } in mistakes {
        let error = match Dialect::parse(&text, "mine.toml") {
            Ok(_) => String::from("nothing"),
            Err(error) => error.to_string(),
        };
        let is_placed = error.starts_with(&format!("mine.toml, line {line}, column "))
            && error.contains(&format!(", {field}: "));
        if !is_placed || !error.contains(&says) {
            wrong.push(format!("{text}says: {error}\nnot:  line {line}, {field}: {says}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let error = Dialect::parse("name = 'é'\nbody = 'é\n", "m").expect_err("cut").to_string();
    assert!(error.starts_with("m, line 2, column "), "{error}");
}

#[test]
fn a_file_that_cannot_be_a_dialect_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.toml");
    std::fs::write(&path, "#".repeat(1 << 20)).unwrap();
    let error = Dialect::load(path.to_str().unwrap()).expect_err("too large");
    assert!(matches!(error, DialectError::TooLarge(_)), "{error}");
    let error = Dialect::load("./no-such-dialect").expect_err("no file").to_string();
    assert!(error.starts_with("./no-such-dialect cannot be read: "), "{error}");
}

#[test]
fn an_unknown_name_tells_the_known_ones_and_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), "not a dialect").unwrap();
    let shelf = Shelf::new(Some(folder.path().to_owned()));
    let said = |name: &str| shelf.load(name).expect_err(name).to_string();
    let known = "bayeux, consul, couchdb, dropbox, engineio, etcd, generic, kubernetes, matrix, \
                 mine, nchan, phoenix, sockjs, telegram, zulip";
    let end = format!("; your own go into {}", folder.path().display());
    let words = format!(
        "there is no poll dialect “telepathy”; use {known}, or the path of a .toml file{end}"
    );
    assert_eq!(said("telepathy"), words);
    assert!(
        said("Telegramm").starts_with("there is no poll dialect “Telegramm”, but “telegram”; use ")
    );
    assert!(said("engine.io").contains("but “engineio”"));
    // A file that is wrong is not passed over for something else.
    assert!(said("mine").contains("mine.toml, line 1"), "{}", said("mine"));
    let wrong: Vec<_> = shelf.known().into_iter().filter(|known| known.about.is_err()).collect();
    assert_eq!(wrong.iter().map(|known| known.name.as_str()).collect::<Vec<_>>(), ["mine"]);
}

#[tokio::test]
async fn a_file_of_ones_own_goes_before_a_built_in_one_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("consul.toml");
    std::fs::write(&path, "name = 'mine'\nabout = 'ours'\nmessages = { body = true }\n").unwrap();
    let shelf = Shelf::new(Some(folder.path().to_owned()));
    assert_eq!(shelf.load("consul").unwrap().0.name, "mine");
    assert_eq!(shelf.load("etcd").unwrap(), (Dialect::load("etcd").unwrap(), None));
    let known = shelf.known().into_iter().find(|known| known.name == "consul").unwrap();
    assert_eq!((known.about.as_deref(), known.file.as_deref()), (Ok("ours"), Some(&*path)));

    let server = Server::start().await;
    let mut endpoint = server.endpoint("/x");
    endpoint.options.dialect = Some(path.display().to_string());
    let running = start(endpoint.clone(), (LONG.build)(&endpoint).unwrap());
    let (mut peer, _) = server.asked().await;
    peer.answer("200 OK", "hello").await;
    peer.request().await;
    let (_, memory) = running.stop().await;
    let open = memory.of(Kind::Open).remove(0);
    assert_eq!(open.meta().transport, Some(TransportKind::LongPoll));
    let words = format!("Long poll, its dialect from {}", path.display());
    assert_eq!(open.meta().chosen.as_deref(), Some(words.as_str()));
    assert_eq!(memory.received(), ["hello"]);
}

#[test]
fn the_command_line_reads_dialects_from_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_wirescope"))
            .args(["capture", "http://127.0.0.1:1/", "--transport", "long-poll", "--dialect", name])
            .args(["--max-retries", "0"])
            .env("WIRESCOPE_CONFIG", folder.path())
            .env("WIRESCOPE_CAPTURES", folder.path().join("captures"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let own = folder.path().join("dialects");
    let said = run("consol");
    assert!(
        said.contains("no poll dialect “consol”, but “consul”; use bayeux, consul, "),
        "{said}"
    );
    assert!(said.contains(&format!("your own go into {}", own.display())), "{said}");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("consol.toml"), "name = 'x'\n[messages]\nbody = 1\n").unwrap();
    let said = run("consol");
    let place = format!("{}, line 3, column 8, messages.body: ", own.join("consol.toml").display());
    assert!(said.contains(&place), "{said}");
}
