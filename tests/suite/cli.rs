//! The command line as scripts use it: exit codes, what goes to stdout and stderr, files.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn wirescope(captures: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirescope"));
    command
        .env("WIRESCOPE_CAPTURES", captures)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for display in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(display);
    }
    command
}

fn run(captures: &Path, args: &[&str]) -> (i32, String, String) {
    read(&wirescope(captures).args(args).output().unwrap())
}

fn read(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// What Ctrl-C sends.
fn interrupt(child: &Child) {
    // The shell has it built in; a small system may have no such program.
    let line = format!("kill -INT {}", child.id());
    let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
    assert!(sent.success());
}

/// The built-in server in a process of its own.
struct Serve {
    child: Child,
    url: String,
}

impl Serve {
    fn start(captures: &Path, args: &[&str]) -> Self {
        let mut child = wirescope(captures)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serve_says_its_address_first_and_ends_with_ctrl_c() {
    let captures = tempfile::tempdir().unwrap();
    let mut serve = Serve::start(captures.path(), &[]);
    assert!(serve.url.starts_with("http://127.0.0.1:"), "{}", serve.url);
    interrupt(&serve.child);
    assert_eq!(serve.child.wait().unwrap().code(), Some(0));
}

#[test]
fn capture_writes_the_events_it_records_and_ends_at_the_count() {
    let captures = tempfile::tempdir().unwrap();
    let serve = Serve::start(captures.path(), &["--rate", "100"]);
    for transport in ["websocket", "sse", "long-poll", "short-poll", "stream"] {
        let path = match transport {
            "websocket" => "ws",
            "long-poll" => "poll",
            "short-poll" => "short",
            other => other,
        };
        let url = format!("{}/{path}", serve.url);
        let file = captures.path().join(format!("{transport}.wirescope"));
        let name = file.to_str().unwrap();
        let args =
            ["capture", &url, "--transport", transport, "--ndjson", "--count", "7", "-o", name];
        let (code, stdout, stderr) = run(captures.path(), &args);
        assert_eq!(code, 0, "{transport}: {stderr}");
        let events: Vec<Value> =
            stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (n, event) in (1_u64..).zip(&events) {
            assert_eq!(event["n"], n, "{transport}: numbers without gaps");
            assert!(event["at"].as_str().unwrap().ends_with('Z') && event["t"].is_number());
        }
        let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).count();
        assert_eq!((of("open"), of("closed")), (1, 1), "{transport}");
        let messages: Vec<&Value> = events
            .iter()
            .filter(|event| event["dir"] == "in")
            .filter(|event| ["text", "event", "message"].contains(&event["kind"].as_str().unwrap()))
            .collect();
        assert_eq!(messages.len(), 7, "{transport}");
        let payload: Value = serde_json::from_str(messages[0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(messages[0]["seq"], payload["id"], "{transport}");
        assert!(messages[0]["latency_ms"].as_f64().unwrap() >= 0.0, "{transport}");
        let reader = wirescope::capture::Reader::open(&file).unwrap();
        assert_eq!(reader.count().unwrap(), events.len() as u64, "{transport}");
        assert_eq!(reader.header().unwrap().ended, "as many messages as wanted came");
    }
}

#[test]
fn auto_finds_the_transport_by_asking() {
    let captures = tempfile::tempdir().unwrap();
    let serve = Serve::start(captures.path(), &["--rate", "100"]);
    let websocket = serve.url.replace("http", "ws") + "/ws";
    let sse = format!("{}/sse", serve.url);
    let poll = format!("{}/poll", serve.url);
    let stream = format!("{}/stream", serve.url);
    let table = [
        (&websocket, "text", None),
        (&sse, "event", Some(("sse", "SSE, because the answer is text/event-stream"))),
        (&poll, "message", Some(("long-poll", "Long poll, because the answer has messages"))),
        (
            &stream,
            "message",
            Some(("stream", "Stream, because the answer is application/x-ndjson")),
        ),
    ];
    for (url, kind, chosen) in table {
        let args = ["capture", url, "--ndjson", "--count", "3"];
        let (code, stdout, stderr) = run(captures.path(), &args);
        assert_eq!(code, 0, "{url}: {stderr}");
        let wanted = format!("\"kind\":\"{kind}\"");
        assert_eq!(stdout.lines().filter(|line| line.contains(&wanted)).count(), 3, "{url}");
        let open = stdout.lines().find(|line| line.contains("\"kind\":\"open\"")).unwrap();
        let open: Value = serde_json::from_str(open).unwrap();
        let said = stderr.lines().find(|line| line.contains(" open ")).unwrap();
        match chosen {
            Some((transport, why)) => {
                assert_eq!(open["transport"], transport, "{url}");
                assert!(open["chosen"].as_str().unwrap().starts_with(why), "{open}");
                assert!(said.contains(why), "{said}");
            }
            None => assert!(open.get("chosen").is_none() && open.get("transport").is_none()),
        }
    }
    // A WebSocket address says its transport, so the file is listed under it.
    let named = std::fs::read_dir(captures.path()).unwrap().flatten();
    let mut names: Vec<_> = named.map(|file| file.file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains("-websocket-"));
    assert_eq!(names.len(), 1, "{names:?}");
    let file = captures.path().join(&names[0]);
    let header = wirescope::capture::Reader::open(&file).unwrap().header().unwrap();
    assert_eq!(header.transport(), "websocket");
}

#[test]
fn a_refusal_is_status_one_and_says_what_why_and_what_to_try() {
    let captures = tempfile::tempdir().unwrap();
    let serve = Serve::start(captures.path(), &[]);
    let url = format!("{}/nowhere", serve.url);
    let (code, stdout, stderr) = run(captures.path(), &["capture", &url, "--transport", "sse"]);
    let last = stderr.lines().last().unwrap_or_default();
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(last.contains("404") && last.contains("path may be wrong"), "{last}");
}

#[test]
fn wrong_usage_is_status_two_and_says_how() {
    let captures = tempfile::tempdir().unwrap();
    let usage: [&[&str]; 17] = [
        &["capture"],
        &["capture", "ftp://host/"],
        &["capture", "http://"],
        &["capture", "a b"],
        &["capture", "http://localhost/", "--count", "0"],
        &["ftp://host/"],
        &["serve", "--rate", "99999"],
        &["serve", "--rate", "NaN"],
        &["serve", "--rate=-1"],
        &["serve", "--history", "9999999"],
        &["serve", "--size", "2MB"],
        &["compare", "--rate", "99999"],
        &["compare", "--size", "2MB"],
        &["wss://host/", "capture", "wss://host/"],
        &["capture", "http://localhost/", "--ping", "soon"],
        &["serve", "--size", "0"],
        &["--no-such-option"],
    ];
    for args in usage {
        let (code, _, stderr) = run(captures.path(), args);
        assert_eq!(code, 2, "{args:?}");
        assert!(stderr.contains("--help") || stderr.contains("try"), "{args:?}: {stderr}");
        let left = std::fs::read_dir(captures.path()).unwrap().count();
        assert_eq!(left, 0, "{args:?}: nothing was begun");
    }
}

#[test]
fn ctrl_c_ends_a_capture_well() {
    let captures = tempfile::tempdir().unwrap();
    let serve = Serve::start(captures.path(), &["--rate", "100"]);
    let url = format!("{}/sse", serve.url);
    let file = captures.path().join("cut.wirescope");
    let mut child = wirescope(captures.path())
        .args(["capture", &url, "--ndjson", "-o", file.to_str().unwrap()])
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"kind\":\"event\"") {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "ended before an event came");
    }
    interrupt(&child);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(rest.lines().last().unwrap().contains("\"kind\":\"closed\""));
    assert!(wirescope::capture::Reader::open(&file).unwrap().header().unwrap().has_ended());
}

/// A full disk, as the system has one for tests.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_under_stdout_is_a_failure_and_a_reader_that_went_is_none() {
    let captures = tempfile::tempdir().unwrap();
    let serve = Serve::start(captures.path(), &["--rate", "100"]);
    let url = format!("{}/sse", serve.url);
    let capture = ["capture", &url, "--transport", "sse", "--ndjson", "--for", "30s"];
    let compare = ["compare", "--for", "10ms", "--json"];
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for args in [&capture[..], &compare[..], &["completions", "bash"]] {
        let output = wirescope(captures.path()).args(args).stdout(full()).output().unwrap();
        let (code, _, stderr) = read(&output);
        assert_eq!(code, 1, "{args:?}: {stderr}");
        let says = |words: &str| stderr.contains(words);
        assert!(says("stdout could not be written") && says("free some space"), "{stderr}");
    }
    let mut child = wirescope(captures.path()).args(capture).spawn().unwrap();
    drop(child.stdout.take());
    let (code, _, stderr) = read(&child.wait_with_output().unwrap());
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn without_a_display_it_says_so_and_compares_in_the_terminal() {
    let captures = tempfile::tempdir().unwrap();
    let mut child = wirescope(captures.path()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("for 10 s"), "{line}");
    // The second line comes when it begins; from then on Ctrl-C ends it early, with its table.
    stderr.read_line(&mut line).unwrap();
    let begun = || std::fs::read_dir(captures.path()).unwrap().next().is_some();
    for _ in 0..2000 {
        if begun() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    interrupt(&child);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    let (code, stdout, _) = read(&child.wait_with_output().unwrap());
    assert_eq!(code, 0, "{rest}");
    for word in ["WebSocket", "SSE", "Long poll", "Stream", "Automatic", "p99", "reconnects"] {
        assert!(stdout.contains(word), "{word} in\n{stdout}");
    }
    let path = rest.lines().last().unwrap().rsplit(' ').next().unwrap();
    let reader = wirescope::capture::Reader::open(Path::new(path)).unwrap();
    assert_eq!(reader.header().unwrap().lanes.len(), 6);
    let (code, _, stderr) = run(captures.path(), &["wss://host.invalid/"]);
    assert!(code == 1 && stderr.contains("wirescope capture"), "{stderr}");
    // A file cannot be captured, only looked at.
    let (code, _, stderr) = run(captures.path(), &[path]);
    assert!(code == 1 && stderr.contains("sqlite3") && !stderr.contains("capture "), "{stderr}");
    let (code, _, stderr) = run(captures.path(), &["not-there.wirescope"]);
    assert!(code == 1 && stderr.contains("no file") && stderr.contains("check"), "{stderr}");
}

#[test]
fn compare_measures_every_lane() {
    let captures = tempfile::tempdir().unwrap();
    let args = ["compare", "--for", "1s", "--rate", "40", "--size", "64", "--json"];
    let (code, stdout, stderr) = run(captures.path(), &args);
    assert_eq!(code, 0, "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    let lanes = found["lanes"].as_array().unwrap();
    let names: Vec<&str> = lanes.iter().map(|lane| lane["transport"].as_str().unwrap()).collect();
    assert_eq!(names, ["websocket", "sse", "long-poll", "short-poll", "stream", "fallback"]);
    for lane in lanes {
        assert!(lane["sent"].as_u64().unwrap() > 0 && lane["delivered"] == lane["sent"], "{lane}");
        assert_eq!(
            (&lane["lost"], &lane["duplicated"]),
            (&Value::from(0), &Value::from(0)),
            "{lane}"
        );
        let payload = lane["payload_bytes"].as_u64().unwrap();
        assert!(lane["wire_bytes"].as_u64().unwrap() > payload, "{lane}");
        assert!(lane["latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{lane}");
        // The server counted them at its socket.
        assert_eq!(lane["wire_is_estimate"], false, "{lane}");
    }
}

#[test]
fn a_comparison_over_a_bad_network_falls_back_and_is_reported() {
    let captures = tempfile::tempdir().unwrap();
    let page = captures.path().join("block.html");
    let args = ["compare", "--for", "1s", "--rate", "40", "--lanes", "sse,fallback", "--needs"];
    let more = ["proxies", "--impair", "websocket:upgrade=426", "--report", page.to_str().unwrap()];
    let (code, stdout, stderr) = run(captures.path(), &[&args[..], &more[..]].concat());
    assert_eq!(code, 0, "{stderr}");
    let rows: Vec<&str> = stdout.lines().collect();
    assert!(rows[1].starts_with("SSE") && rows[2].starts_with("Automatic"), "{stdout}");
    assert!(stdout.contains("Server-Sent Events"), "a verdict: {stdout}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<!doctype html>") || page.contains("<!DOCTYPE html>"), "{page:.100}");
    assert!(page.contains("Automatic"));
}

#[test]
fn a_file_that_is_not_there_and_one_that_is_taken_are_told() {
    let captures = tempfile::tempdir().unwrap();
    let taken = captures.path().join("taken.wirescope");
    std::fs::write(&taken, "mine").unwrap();
    let args = ["capture", "http://127.0.0.1:9/", "-o", taken.to_str().unwrap()];
    let (code, _, stderr) = run(captures.path(), &args);
    assert!(code == 1 && stderr.contains("exists already"), "{stderr}");
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    let nowhere = captures.path().join("no/folder/x.wirescope");
    let args = ["capture", "http://127.0.0.1:9/", "-o", nowhere.to_str().unwrap()];
    let (code, _, stderr) = run(captures.path(), &args);
    assert!(code == 1 && stderr.contains("folder"), "{stderr}");
}

/// Publishes a message and waits until the server took it.
fn publish(url: &str, text: &str) {
    use std::io::Write;
    let address = url.strip_prefix("http://").unwrap();
    let body = format!(r#"{{"text":"{text}"}}"#);
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /publish HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(body.as_bytes())).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Looks into a file until it is as it should be.
fn until(file: &Path, what: &str, is_so: impl Fn(&[wirescope::capture::Recorded]) -> bool) {
    let end = std::time::Instant::now() + crate::support::LIMIT;
    while std::time::Instant::now() < end {
        let read =
            wirescope::capture::Reader::open(file).and_then(|reader| reader.events(1..u64::MAX));
        if read.is_ok_and(|events| is_so(&events)) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("never in the file: {what}");
}

#[test]
fn what_came_is_in_the_file_at_once_and_survives_a_kill() {
    let captures = tempfile::tempdir().unwrap();
    let serve = Serve::start(captures.path(), &["--rate", "0"]);
    let url = format!("{}/ws", serve.url);
    let file = captures.path().join("killed.wirescope");
    let mut child = wirescope(captures.path())
        .args(["capture", &url, "--transport", "websocket", "-o", file.to_str().unwrap()])
        .spawn()
        .unwrap();
    let is_open = |events: &[wirescope::capture::Recorded]| {
        events.iter().any(|r| r.event.kind == wirescope::model::Kind::Open)
    };
    until(&file, "open", is_open);
    // Nothing comes after the last of them that would push it to the disk.
    for number in 0..20 {
        let text = format!("message {number} of 20");
        publish(&serve.url, &text);
        let has = |events: &[wirescope::capture::Recorded]| {
            events.iter().any(|r| r.event.text().is_some_and(|t| t.contains(&text)))
        };
        until(&file, &text, has);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let reader = wirescope::capture::Reader::open(&file).unwrap();
    assert!(!reader.header().unwrap().has_ended(), "it was killed, not ended");
    let kept = reader.events(1..u64::MAX).unwrap();
    let messages = kept.iter().filter(|r| r.event.is_received_message()).count();
    assert_eq!(messages, 20);
}

#[test]
fn the_first_screen_of_the_readme_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let picture = readme.split("](").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    assert!(root.join(picture).is_file(), "{picture}");
}

#[test]
fn a_filter_narrows_what_is_written_and_not_what_is_recorded() {
    let captures = tempfile::tempdir().unwrap();
    let serve = Serve::start(captures.path(), &["--rate", "200"]);
    let url = format!("{}/sse", serve.url);
    let file = captures.path().join("all.wirescope");
    let filter = "kind:event and .id:*5 or dir:local status:200";
    let args = ["capture", &url, "--ndjson", "--filter", filter, "--count", "40", "-o"];
    let (code, stdout, stderr) =
        run(captures.path(), &[&args[..], &[file.to_str().unwrap()]].concat());
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["kind"], "open", "{stdout}");
    assert!(lines.len() > 3, "{stdout}");
    for line in &lines[1..] {
        let payload: Value = serde_json::from_str(line["text"].as_str().unwrap()).unwrap();
        assert_eq!(payload["id"].as_i64().unwrap() % 10, 5, "{line}");
    }
    let recorded = wirescope::capture::Reader::open(&file).unwrap().count().unwrap();
    assert!(recorded > 40, "{recorded}");
}

#[test]
fn a_filter_that_is_wrong_is_marked_under_its_character() {
    let captures = tempfile::tempdir().unwrap();
    let args = ["capture", "ws://127.0.0.1:9/", "--ndjson", "--filter", "kind:text latency>5kg"];
    let (code, stdout, stderr) = run(captures.path(), &args);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    let wanted = "no such unit; one of ns, us, ms, s, m, h\n\n  kind:text latency>5kg\n                     ^^\n";
    assert!(stderr.contains(wanted), "{stderr}");
}

#[test]
fn serve_room_says_what_others_open_and_asks_everybody_for_the_token() {
    let captures = tempfile::tempdir().unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--room", "tea-time-22", "--rate", "0"];
    let mut child = wirescope(captures.path()).args(args).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let mut serve = Serve { child, url: lines.next().unwrap() };
    let url = lines.next().unwrap();
    let port = serve.url.rsplit_once(':').unwrap().1;
    assert!(serve.url.starts_with("http://127.0.0.1:"), "{}", serve.url);
    assert_eq!(url.rsplit_once(':').unwrap().1, format!("{port}/?join=tea-time-22"));
    interrupt(&serve.child);
    assert_eq!(serve.child.wait().unwrap().code(), Some(0));
    let refused = wirescope(captures.path()).args(["serve", "--room", "tea"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("6 to 64 letters and digits"), "{said}");
}
