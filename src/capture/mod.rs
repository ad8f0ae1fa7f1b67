//! The session file: the recorder that writes it from the first byte on, the reader that opens it
//! while it grows and after a crash, and the places such files live.
//!
//! ```text
//! Feed → recorder (queue, budget) → writer thread → SQLite file
//!                                        └→ Tap: what was committed, in order
//! ```
//! Nothing else of the program opens a session file, and nothing opens a live one but through
//! SQLite: closing a plain descriptor would drop the locks SQLite holds on the same file.

mod copy;
mod error;
mod file;
mod header;
mod insert;
mod live;
mod moving;
pub mod ndjson;
mod parts;
pub mod place;
mod reader;
mod recorder;
mod redact;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod transaction;
mod writer;

pub use copy::Progress;
pub use error::CaptureError;
pub use file::CaptureFile;
pub use header::{Header, Lane, RECORDING};
pub use live::is_live;
pub use parts::{Columns, Parts};
pub use reader::Reader;
pub use recorder::{Committed, Recorder, Status, Summary, Tap};
pub use row::Recorded;
pub use schema::{APPLICATION_ID, USER_VERSION};
