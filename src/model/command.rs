//! Everything a person can ask for, as one enum: what the window, the palette and tests send to
//! the engine.

use std::ops::Range;
use std::path::PathBuf;

use super::{Endpoint, Filter, Say, ServerOptions};

/// Names a session for as long as the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u32);

/// A request to the engine. It answers through the next snapshot.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Begin a session.
    Connect(Box<Endpoint>),
    /// End the connection; the session and its recording stay.
    Disconnect(SessionId),
    /// Connect again, now, in the same recording.
    Reconnect(SessionId),
    /// End the connection and take the session off the list. Its file stays.
    Close(SessionId),
    /// Send something over an open session.
    Send(SessionId, Say),
    /// Send the content of this file as a binary message, or as the body of a POST.
    SendFile(SessionId, PathBuf),
    /// Ask for a file and send its content.
    SendFileDialog(SessionId),
    /// Show these events.
    Filter(SessionId, Filter),
    /// These rows are on the screen: positions in the filtered list, or in all events where no
    /// filter is set.
    View(SessionId, Range<usize>),
    /// Show this event, by number, in the detail; `None` closes it.
    Select(SessionId, Option<u64>),
    /// Read every payload with the decoder of this id; `None` lets each payload find its own.
    ReadAs(SessionId, Option<&'static str>),
    /// Read Protobuf by the descriptor set in this file, or by none.
    Schema(SessionId, Option<PathBuf>),
    /// Ask for a descriptor set and read Protobuf by it.
    SchemaDialog(SessionId),
    /// Take payloads for this message of the descriptor set, by its full name; `None` for the first
    /// that fits each.
    SchemaMessage(SessionId, Option<String>),
    /// Open a session file.
    Open(PathBuf),
    /// Ask for a file and open it.
    OpenDialog,
    /// Move the recording to this place and go on recording there.
    SaveAs {
        /// Which session.
        session: SessionId,
        /// The file to write.
        path: PathBuf,
        /// Whether a file that is there already may be replaced.
        replace: bool,
    },
    /// Ask for a place and save the recording there.
    SaveDialog(SessionId),
    /// Delete a session file that is not open.
    Delete(PathBuf),
    /// Start the built-in server.
    StartServer(Box<ServerOptions>),
    /// Stop it.
    StopServer,
    /// Start the built-in server, where it is not running, and connect to it over every transport.
    Demo,
    /// The notice with this number was read.
    Dismiss(u64),
}
