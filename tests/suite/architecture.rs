//! Who may import whom, read off the sources: data flows one way, and the window does no IO.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rooms and what they may name of the crate besides themselves. What is not listed is a mistake.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("net", &["model"]),
    ("decode", &["model"]),
    ("analysis", &["model"]),
    ("transport", &["model", "net"]),
    ("session", &["model", "transport"]),
    ("capture", &["model"]),
    ("server", &["model", "net"]),
    (
        "compare",
        &["model", "net", "decode", "analysis", "transport", "session", "capture", "server"],
    ),
    (
        "engine",
        &[
            "model",
            "net",
            "decode",
            "analysis",
            "transport",
            "session",
            "capture",
            "server",
            "compare",
        ],
    ),
    ("ui", &["model", "decode", "analysis", "engine"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every room named after `crate::`, also within braces.
fn named(text: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split("};").next().unwrap_or_default();
                let depth =
                    |at: usize| group[..at].matches('{').count() - group[..at].matches('}').count();
                let mut from = 0;
                for (at, _) in group.match_indices(',').chain([(group.len(), "")]) {
                    if depth(at) == 0 {
                        rooms.insert(word(group[from..at].trim()));
                        from = at + 1;
                    }
                }
            }
            None => {
                rooms.insert(word(rest));
            }
        }
    }
    rooms.remove("");
    rooms
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for (room, allowed) in MAY_IMPORT {
        for path in sources(&src().join(room)) {
            let text = std::fs::read_to_string(&path).unwrap();
            for other in named(&text) {
                if other != *room && !allowed.contains(&other.as_str()) {
                    wrong.push(format!("{} names crate::{other}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    for entry in std::fs::read_dir(src()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_known = MAY_IMPORT.iter().any(|(room, _)| *room == name) || name == "cli";
        assert!(is_known || path.is_file(), "src/{name} has no line in the table");
    }
}

#[test]
fn only_the_command_line_knows_the_window() {
    for path in sources(&src()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_ui = path.starts_with(src().join("ui"));
        let is_gui = path.ends_with("cli/gui.rs");
        assert!(is_ui || is_gui || !named(&text).contains("ui"), "{}", path.display());
    }
}

#[test]
fn the_window_does_no_io() {
    let banned = [
        "tokio",
        "std::fs",
        "std::process",
        "TcpStream",
        "UdpSocket",
        "ToSocketAddrs",
        "Mutex",
        "RwLock",
    ];
    for path in sources(&src().join("ui")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let found = banned.iter().find(|word| line.contains(**word));
            assert_eq!(found, None, "{}: {line}", path.display());
        }
    }
}

#[test]
fn names_within_braces_are_seen() {
    let text = "use crate::{engine::{self, Handle}, model};\nlet x = crate::net::dial;";
    let names: Vec<String> = named(text).into_iter().collect();
    assert_eq!(names, ["engine", "model", "net"]);
}
