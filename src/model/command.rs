//! Everything a person can ask for, as one enum: what the window, the palette and tests send to
//! the engine.

use std::ops::Range;
use std::path::PathBuf;

use super::{Endpoint, Filter, Needs, Network, Restart, RunSetup, Say, ServerOptions, Source};

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
    /// End all its connections without a word and begin again.
    RestartServer(Restart),
    /// Change what it sends, from the next message on.
    SetSource(Source),
    /// Change what is done to its connections, from now on.
    SetNetwork(Box<Network>),
    /// Let others in this network come in, with a token, or only this machine.
    OpenRoom(bool),
    /// Publish a JSON object, or plain text, to a topic of the built-in server.
    Publish {
        /// The topic.
        topic: String,
        /// What was typed.
        text: String,
    },
    /// End the connection of one of its clients.
    CutClient(u64),
    /// End the connections of all.
    CutAll,
    /// Begin a comparison; one that runs ends.
    StartRun(Box<RunSetup>),
    /// Begin the lesson of this id.
    RunLesson(String),
    /// End the comparison or the lesson.
    StopRun,
    /// Judge the comparison that runs, or the last one, by these needs.
    SetNeeds(Needs),
    /// Open so many clients a transport, one step after the other, and measure what they cost.
    StartScale(Vec<usize>),
    /// End that.
    StopScale,
    /// Ask for a place and write the report of the last comparison there.
    ReportDialog,
    /// Write the report there: HTML, or JSON where the name ends so.
    Report(PathBuf),
    /// Start the built-in server, where it is not running, and connect to it over every transport.
    Demo,
    /// The notice with this number was read.
    Dismiss(u64),
}
