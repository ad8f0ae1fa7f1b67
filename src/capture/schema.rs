//! The tables of a session file and how a connection to one is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::error::CaptureError;

/// `application_id` of a session file: “WIRE”.
pub const APPLICATION_ID: i32 = 0x5749_5245;
/// `user_version` of the files this program writes.
pub const USER_VERSION: i32 = 1;

/// How long a connection waits for another program's lock.
const PATIENCE: Duration = Duration::from_millis(500);

const TABLES: &str = "
    CREATE TABLE event(
        n INTEGER PRIMARY KEY,
        t_ns INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        dir TEXT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT,
        id TEXT,
        payload BLOB,
        wire INTEGER,
        meta TEXT,
        lane INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE session(key TEXT PRIMARY KEY, value) WITHOUT ROWID;";

/// Makes a session file of the empty file at `path`, and opens it for recording. The tables are
/// written before the journal is switched on, so that the file alone says what it is from then on.
pub(super) fn create(path: &Path) -> Result<Connection, CaptureError> {
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let make = || {
        conn.pragma_update(None, "page_size", 8192)?;
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
        conn.pragma_update(None, "user_version", USER_VERSION)?;
        conn.execute_batch(&format!("BEGIN; {TABLES} COMMIT;"))
    };
    make().map_err(|e| CaptureError::sqlite(path, e))?;
    Ok(conn)
}

/// Opens a session file of ours to go on recording into it.
pub(super) fn reopen(path: &Path) -> Result<Connection, CaptureError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Opens a session file to read it, or, with `alone`, one without a journal on a place where none
/// can be made.
pub(super) fn open_to_read(path: &Path, alone: bool) -> Result<Connection, CaptureError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let address = std::path::absolute(path).ok().and_then(|path| Url::from_file_path(path).ok());
    let conn = match address {
        Some(mut address) if alone => {
            address.set_query(Some("immutable=1"));
            open(Path::new(address.as_str()), flags | OpenFlags::SQLITE_OPEN_URI)?
        }
        _ => open(path, flags)?,
    };
    // In KiB, as it is negative.
    set(&conn, path, "cache_size", -2048)?;
    Ok(conn)
}

/// Whether anybody has the file open through SQLite, to write or to read: nobody else can then have
/// it alone.
pub(super) fn is_in_use(path: &Path) -> bool {
    let alone = || {
        let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // What a crash left in the journal need not be folded in only to be looked past.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .and_then(|_| conn.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;"))
            .map_err(|e| CaptureError::sqlite(path, e))
    };
    matches!(alone(), Err(CaptureError::Locked(_)))
}

/// Sets a connection up for recording.
pub(super) fn for_recording(conn: &Connection, path: &Path) -> Result<(), CaptureError> {
    // A transaction fits in the cache; beyond that pages spill to the journal.
    set(conn, path, "cache_size", -6144)?;
    let wal = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| {
        row.get::<_, String>(0).map(|mode| mode == "wal")
    });
    match wal {
        Ok(true) => {}
        // SQLite answers with the old mode where the file system has no shared memory.
        Ok(false) => return Err(CaptureError::ReadOnly(path.to_owned())),
        Err(error) => return Err(CaptureError::sqlite(path, error)),
    }
    set(conn, path, "synchronous", 1)?;
    // In pages: 8 MiB. What comes in while that much is folded in and synced waits in memory, so
    // this bounds what a crash may lose.
    set(conn, path, "wal_autocheckpoint", 1024)?;
    set(conn, path, "journal_size_limit", 64 << 20)?;
    // The journal comes into being with the first look at the file.
    conn.query_row("SELECT count(*) FROM session", [], |_| Ok(()))
        .map_err(|e| CaptureError::sqlite(path, e))
}

/// Sets a pragma whose answer does not matter.
pub(super) fn set(
    conn: &Connection,
    path: &Path,
    name: &str,
    value: i64,
) -> Result<(), CaptureError> {
    conn.pragma_update_and_check(None, name, value, |_| Ok(()))
        .or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            error => Err(error),
        })
        .map_err(|e| CaptureError::sqlite(path, e))
}

fn open(path: &Path, how: OpenFlags) -> Result<Connection, CaptureError> {
    let conn = Connection::open_with_flags(path, how | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|e| CaptureError::sqlite(path, e))?;
    conn.busy_timeout(PATIENCE).map_err(|e| CaptureError::sqlite(path, e))?;
    Ok(conn)
}
