//! Where dialects are found: those that come with Wirescope, the user's own in the folder of the
//! configuration, and files that are named by their path.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Dialect;
use super::error::{DialectError, LARGEST};

/// Names the folder of the configuration instead of the usual one.
const VARIABLE: &str = "WIRESCOPE_CONFIG";
/// How dialect files end.
const EXTENSION: &str = "toml";
/// Files of the user's folder that are looked at, at most.
const MOST: usize = 200;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../assets/dialects/", $name, ".toml")))),*]
    };
}

/// The dialects that come with Wirescope, the more particular first.
pub(super) const BUILT_IN: [(&str, &str); 14] = built_in![
    "consul",
    "etcd",
    "nchan",
    "kubernetes",
    "couchdb",
    "matrix",
    "telegram",
    "zulip",
    "dropbox",
    "engineio",
    "sockjs",
    "phoenix",
    "bayeux",
    "generic",
];

/// The built-in dialects, and a folder with the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    folder: Option<PathBuf>,
}

/// A dialect that can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What to call it.
    pub name: String,
    /// What it is for, or what is wrong with its file.
    pub about: Result<String, DialectError>,
    /// The user's file, unless it is built in.
    pub file: Option<PathBuf>,
}

impl Shelf {
    /// The user's own dialects are in `folder`.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The user's own dialects are in `dialects` of the folder that `WIRESCOPE_CONFIG` names, or in
    /// `wirescope/dialects` among the user's configuration.
    pub fn usual() -> Self {
        let named = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from);
        let usual = || Some(directories::BaseDirs::new()?.config_dir().join("wirescope"));
        Self::new(named.or_else(usual).map(|folder| folder.join("dialects")))
    }

    /// The dialect of this name, or in the file at this path, which has to end in `.toml` or have a
    /// slash in it; and the user's file that it comes from. The user's own go before built-in ones.
    ///
    /// # Errors
    /// [`DialectError`], whose text says where to look.
    pub fn load(&self, name: &str) -> Result<(Dialect, Option<PathBuf>), DialectError> {
        let path = Path::new(name);
        if path.extension().is_some_and(|end| end == EXTENSION) || name.contains(['/', '\\']) {
            return Ok((read(path)?, Some(path.to_owned())));
        }
        if let Some(path) = self.own(name) {
            return Ok((read(&path)?, Some(path)));
        }
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Ok((Dialect::parse(text, name)?, None)),
            None => Err(self.unknown(name)),
        }
    }

    /// Every dialect that can be named, by name; the user's own in place of built-in ones.
    pub fn known(&self) -> Vec<Known> {
        let own = |path: PathBuf| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let about = read(&path).map(|dialect| dialect.about);
            Some(Known { name, about, file: Some(path) })
        };
        let mut known: Vec<Known> = self.files().into_iter().filter_map(own).collect();
        for (name, text) in BUILT_IN {
            if known.iter().all(|own| own.name != name) {
                let about = Dialect::parse(text, name).map(|dialect| dialect.about);
                known.push(Known { name: name.to_owned(), about, file: None });
            }
        }
        known.sort_by(|a, b| a.name.cmp(&b.name));
        known
    }

    fn own(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.as_ref()?.join(name).with_added_extension(EXTENSION);
        path.is_file().then_some(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .take(MOST)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == EXTENSION))
            .collect()
    }

    fn unknown(&self, name: &str) -> DialectError {
        let known: Vec<String> = self.known().into_iter().map(|known| known.name).collect();
        let nearest = known.iter().map(|other| (distance(name, other), other)).min();
        DialectError::Unknown {
            name: name.to_owned(),
            nearest: nearest.filter(|(far, _)| *far <= 2).map(|(_, name)| name.clone()),
            folder: self.folder.as_ref().map(|folder| folder.display().to_string()),
            known,
        }
    }
}

fn read(path: &Path) -> Result<Dialect, DialectError> {
    let shown = path.display().to_string();
    let mut text = String::new();
    let file = File::open(path);
    file.and_then(|file| file.take(LARGEST as u64 + 1).read_to_string(&mut text))
        .map_err(|error| DialectError::Unreadable(shown.clone(), error.to_string()))?;
    Dialect::parse(&text, &shown)
}

/// How many letters have to be put in, left out or changed to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    // No name is longer.
    for (at, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, wanted) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter.to_ascii_lowercase() != *wanted);
            diagonal = row[to + 1];
            row[to + 1] = change.min(diagonal + 1).min(row[to] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialects_that_come_with_wirescope_can_be_read() {
        for (name, text) in BUILT_IN {
            let dialect = Dialect::parse(text, name).map_err(|error| error.to_string());
            assert_eq!(dialect.as_ref().map(|dialect| dialect.name.as_str()), Ok(name));
            assert!(dialect.is_ok_and(|dialect| !dialect.about.is_empty()), "{name}");
        }
    }

    #[test]
    fn distances_count_changed_letters() {
        let table = [("consul", "consul", 0), ("Konsul", "consul", 1), ("socks", "sockjs", 1)];
        for (one, other, expected) in table {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
        assert!(distance("", "etcd") == 4 && distance("telepathy", "etcd") > 2);
    }
}
