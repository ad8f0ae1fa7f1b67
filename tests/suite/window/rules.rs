//! Rules of the window's source: no IO, no colours but tokens, no file that grew too long.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

fn window() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui"), &mut found);
    assert!(found.len() > 30);
    found
}

/// Lines that hold one of these, outside the named file.
fn lines_with(words: &[&str], except: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, text) in window() {
        if !except.is_empty() && path.to_string_lossy().contains(except) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                lines.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    lines
}

#[test]
fn the_window_does_no_io() {
    let io = ["tokio::", "std::fs", "std::net", "reqwest", "rusqlite", "Mutex"];
    assert_eq!(lines_with(&io, ""), Vec::<String>::new());
}

#[test]
fn colours_are_tokens() {
    let literals = [
        "Color32::from_rgb",
        "Rgba::from_rgb",
        "from_gray",
        "from_black",
        "from_white",
        "from_additive",
        "from_hex",
        "::WHITE",
        "::BLACK",
        "::RED",
        "::GREEN",
        "::BLUE",
        "::YELLOW",
        "::GRAY",
        "::LIGHT_",
        "::DARK_",
        "hex_color!",
    ];
    assert_eq!(lines_with(&literals, "theme/tokens_"), Vec::<String>::new());
}

#[test]
fn files_stay_small_and_say_what_they_are() {
    for (path, text) in window() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//! "), "{} does not say what it is", path.display());
    }
}

#[test]
fn the_window_imports_only_its_neighbours() {
    let allowed = ["engine", "model", "analysis", "decode", "ui"];
    for line in lines_with(&["use crate::"], "") {
        let (_, rest) = line.split_once("use crate::").unwrap();
        let room = rest.split([':', ';', '{']).next().unwrap_or_default();
        assert!(allowed.contains(&room), "{line}");
    }
}
