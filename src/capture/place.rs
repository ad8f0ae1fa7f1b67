//! Where recordings live until they are saved, and which ones there are: those of this folder, and
//! a short list of those that were saved to or opened from elsewhere.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::{CaptureError, beside, wal_of};
use super::header::{AUTO, Header};
use super::live::is_recorded;
use super::moving::new_private;
use super::reader::Reader;
use super::schema;

/// Names the folder instead of the usual one.
pub const VARIABLE: &str = "WIRESCOPE_CAPTURES";
/// How session files end.
pub const EXTENSION: &str = "wirescope";

/// Files elsewhere that are remembered.
const ELSEWHERE: usize = 32;
/// Files looked into for the list of recent ones.
const RECENT: usize = 200;
const LIST: &str = "elsewhere.json";

/// A session file in a list.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes, what is still in its journal included.
    pub bytes: u64,
    /// When it was last written to.
    pub modified: SystemTime,
    /// What is in it, or why it does not open.
    pub content: Result<Content, CaptureError>,
}

/// What a list tells of a file that opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What the file says about its recording.
    pub header: Header,
    /// How many events it holds.
    pub events: u64,
    /// Whether this or another process is recording into it. A recording that has not ended and
    /// that nobody records was cut off.
    pub is_recorded: bool,
}

/// The folder for recordings that were not saved yet, made for its owner alone where it is not
/// there: what `WIRESCOPE_CAPTURES` names, or `wirescope/captures` among the user's data.
///
/// # Errors
/// It cannot be made.
pub fn folder() -> Result<PathBuf, CaptureError> {
    let named = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from);
    let usual = || {
        let data = directories::BaseDirs::new()?.data_local_dir().join("wirescope");
        Some(data.join("captures"))
    };
    let folder =
        named.or_else(usual).unwrap_or_else(|| std::env::temp_dir().join("wirescope-captures"));
    make_private(&folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CaptureError::NoFolder(folder.clone()),
        _ => CaptureError::io(&folder, error),
    })?;
    Ok(folder)
}

/// Makes an empty file in `folder` for a recording that begins now, under a name that tells when,
/// over what and from where. No two calls get the same one.
///
/// # Errors
/// The folder takes no new file.
pub fn new_file(folder: &Path, header: &Header) -> Result<PathBuf, CaptureError> {
    let stem = stem(header);
    let mut number = 1_u32;
    loop {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{stem}{again}.{EXTENSION}"));
        match new_private(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(CaptureError::io(&path, error)),
        }
    }
}

/// The session files of `folder` and those remembered from elsewhere, the newest first. What
/// cannot be opened is listed with its reason; what is gone is not.
pub fn recents(folder: &Path) -> Vec<Recent> {
    let here = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<(SystemTime, u64, PathBuf)> = here
        .filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION))
        .chain(elsewhere(folder))
        .filter_map(|path| measure(&path).map(|(modified, bytes)| (modified, bytes, path)))
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    found.truncate(RECENT);
    found
        .into_iter()
        .map(|(modified, bytes, path)| {
            let content = look_into(&path);
            Recent { path, bytes, modified, content }
        })
        .collect()
}

/// Remembers a file outside `folder` that was saved to or opened.
///
/// # Errors
/// The list cannot be written.
pub fn remember(folder: &Path, path: &Path) -> Result<(), CaptureError> {
    let path = std::path::absolute(path).map_err(|e| CaptureError::io(path, e))?;
    if path.parent() == Some(folder) {
        return Ok(());
    }
    let mut list = elsewhere(folder);
    list.retain(|known| *known != path);
    list.insert(0, path);
    list.truncate(ELSEWHERE);
    let words: Vec<_> = list.iter().map(|path| path.to_string_lossy()).collect();
    let json = serde_json::to_vec_pretty(&words).unwrap_or_default();
    let target = folder.join(LIST);
    // Written aside first: another Wirescope may read it right now.
    let aside = beside(&target, &format!(".{:08x}", fastrand::u32(..)));
    fs::write(&aside, json)
        .and_then(|()| fs::rename(&aside, &target))
        .inspect_err(|_| drop(fs::remove_file(&aside)))
        .map_err(|e| CaptureError::io(&target, e))
}

/// Deletes a session file and its journal.
///
/// # Errors
/// It is being recorded or read, is no session file, or the system does not allow it.
pub fn delete(path: &Path) -> Result<(), CaptureError> {
    if is_recorded(path) {
        return Err(CaptureError::Live(path.to_owned()));
    }
    if path.extension().is_none_or(|extension| extension != EXTENSION) {
        return Err(CaptureError::NotACapture(path.to_owned()));
    }
    fs::metadata(path).map_err(|e| CaptureError::io(path, e))?;
    if schema::is_in_use(path) {
        return Err(CaptureError::Locked(path.to_owned()));
    }
    fs::remove_file(path).map_err(|e| CaptureError::io(path, e))?;
    for journal in [wal_of(path), beside(path, "-shm")] {
        match fs::remove_file(&journal) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(CaptureError::io(&journal, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn elsewhere(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read(folder.join(LIST)).unwrap_or_default();
    serde_json::from_slice(&read).unwrap_or_default()
}

/// When it was last written, and how large it is, with the journal of one that is not closed.
fn measure(path: &Path) -> Option<(SystemTime, u64)> {
    let file = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let modified = file.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let Ok(wal) = fs::metadata(wal_of(path)) else { return Some((modified, file.len())) };
    let later = wal.modified().map_or(modified, |wal| wal.max(modified));
    Some((later, file.len().saturating_add(wal.len())))
}

fn look_into(path: &Path) -> Result<Content, CaptureError> {
    // Asked on both sides: the recording may begin or end while the file is read.
    let before = is_recorded(path);
    let reader = Reader::open(path)?;
    let (header, events) = (reader.header()?, reader.count()?);
    Ok(Content { header, events, is_recorded: before || is_recorded(path) })
}

fn stem(header: &Header) -> String {
    let start = Duration::from_nanos(u64::try_from(header.start_ns).unwrap_or(0));
    let start =
        i64::try_from(start.as_secs()).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
    let when = start.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(jiff::tz::TimeZone::system());
    let transport = match header.transport() {
        _ if header.lanes.len() > 1 => "compare",
        // Nobody knows it yet, and the name stays.
        AUTO => "",
        known => known,
    };
    let host = header.endpoint.as_ref().and_then(|endpoint| endpoint.url.host_str()).unwrap_or("");
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let host: String = host.chars().map(plain).take(60).collect();
    let parts = [when.strftime("%Y-%m-%dT%H-%M-%S").to_string(), transport.to_owned(), host];
    let parts: Vec<_> = parts.iter().map(|part| part.trim_matches(['-', '.'])).collect();
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
