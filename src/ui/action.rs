//! Everything the window can be told to do: one table with words, tooltip, shortcut and icon, which
//! feeds buttons, palette, tooltips, the sheet of shortcuts and the keyboard.

mod keys;
#[cfg(test)]
mod tests;

use egui::{Key, KeyboardShortcut, Modifiers};
use lucide_icons::Icon;

pub(crate) use keys::pressed;

/// Something to do. It carries no data; what it applies to is the chosen session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Type an address.
    FocusAddress,
    /// Begin with an empty connect bar.
    NewSession,
    /// End the connection.
    Disconnect,
    /// Connect again, now.
    Reconnect,
    /// Take the session off the list.
    CloseSession,
    /// Show the next session.
    NextSession,
    /// Show the one before.
    PreviousSession,
    /// Open or close the connection's options.
    ToggleOptions,
    /// Type a filter.
    FocusFilter,
    /// Show everything again.
    ClearFilter,
    /// Go to the newest event and stay there.
    Follow,
    /// Show or hide the detail.
    ToggleDetail,
    /// Copy the payload of the chosen event.
    CopyPayload,
    /// Copy the session as a command line of curl.
    CopyCurl,
    /// The same of websocat.
    CopyWebsocat,
    /// The same of wscat.
    CopyWscat,
    /// The same of `wirescope capture`.
    CopyCapture,
    /// Type a message.
    FocusComposer,
    /// Show or hide the plots.
    TogglePlots,
    /// Ask for a session file and open it.
    OpenCapture,
    /// Ask for a place and save there.
    SaveCapture,
    /// Save to a path that is typed.
    SaveToPath,
    /// Start the built-in server and connect over every transport.
    StartDemo,
    /// Start or stop the built-in server.
    ToggleServer,
    /// Let others in this network come in, or only this machine.
    ToggleRoom,
    /// Publish a message by hand.
    Publish,
    /// End the connections of all its clients.
    CutAll,
    /// Ask how to restart it.
    RestartServer,
    /// Start or stop the comparison.
    ToggleRun,
    /// Restart the built-in server while clients are on it.
    KillServer,
    /// Ask for a place and write the report there.
    ExportReport,
    /// Write the report to a path that is typed.
    ReportToPath,
    /// Show Inspect.
    ShowInspect,
    /// Show Compare.
    ShowCompare,
    /// Show Server.
    ShowServer,
    /// Show Captures.
    ShowCaptures,
    /// Follow the system's theme.
    ThemeSystem,
    /// Always dark.
    ThemeDark,
    /// Always light.
    ThemeLight,
    /// Find anything to do.
    Palette,
    /// Show every shortcut.
    Shortcuts,
    /// Leave.
    Quit,
}

/// What is known of an action.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// What it is called.
    pub text: &'static str,
    /// What it does, in more words.
    pub tip: &'static str,
    /// The keys for it.
    pub shortcut: Option<KeyboardShortcut>,
    /// Its icon.
    pub icon: Icon,
}

const fn spec(
    text: &'static str,
    tip: &'static str,
    shortcut: Option<KeyboardShortcut>,
    icon: Icon,
) -> Spec {
    Spec { text, tip, shortcut, icon }
}

const fn copies(text: &'static str) -> Spec {
    spec(text, "A command line that connects as the session does", None, Icon::Terminal)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

impl Action {
    /// Every action, in the order of the palette.
    pub const ALL: [Self; 42] = [
        Self::FocusAddress,
        Self::NewSession,
        Self::Disconnect,
        Self::Reconnect,
        Self::CloseSession,
        Self::NextSession,
        Self::PreviousSession,
        Self::ToggleOptions,
        Self::FocusFilter,
        Self::ClearFilter,
        Self::Follow,
        Self::ToggleDetail,
        Self::CopyPayload,
        Self::CopyCurl,
        Self::CopyWebsocat,
        Self::CopyWscat,
        Self::CopyCapture,
        Self::FocusComposer,
        Self::TogglePlots,
        Self::OpenCapture,
        Self::SaveCapture,
        Self::SaveToPath,
        Self::StartDemo,
        Self::ToggleServer,
        Self::ToggleRoom,
        Self::Publish,
        Self::CutAll,
        Self::RestartServer,
        Self::ToggleRun,
        Self::KillServer,
        Self::ExportReport,
        Self::ReportToPath,
        Self::ShowInspect,
        Self::ShowCompare,
        Self::ShowServer,
        Self::ShowCaptures,
        Self::ThemeSystem,
        Self::ThemeDark,
        Self::ThemeLight,
        Self::Palette,
        Self::Shortcuts,
        Self::Quit,
    ];

    /// Words, tooltip, shortcut and icon.
    #[expect(clippy::too_many_lines, reason = "one table, read as one")]
    pub const fn spec(self) -> Spec {
        match self {
            Self::FocusAddress => spec(
                "Type an address",
                "Go to the address and select it",
                Some(ctrl(Key::L)),
                Icon::TextCursorInput,
            ),
            Self::NewSession => spec(
                "New session",
                "Begin with an empty address; the others go on",
                Some(ctrl(Key::N)),
                Icon::Plus,
            ),
            Self::Disconnect => spec(
                "Disconnect",
                "End the connection; the session and its recording stay",
                Some(ctrl(Key::D)),
                Icon::Unplug,
            ),
            Self::Reconnect => spec(
                "Connect again",
                "Connect now, in the same recording",
                Some(ctrl(Key::R)),
                Icon::RotateCw,
            ),
            Self::CloseSession => spec(
                "Close session",
                "Take it off the list; its recording stays in Captures",
                Some(ctrl(Key::W)),
                Icon::X,
            ),
            Self::NextSession => spec(
                "Next session",
                "Show the next one",
                Some(ctrl(Key::PageDown)),
                Icon::ArrowDown,
            ),
            Self::PreviousSession => spec(
                "Previous session",
                "Show the one before",
                Some(ctrl(Key::PageUp)),
                Icon::ArrowUp,
            ),
            Self::ToggleOptions => spec(
                "Connection options",
                "Headers, subprotocols, retries, TLS and the rest",
                Some(ctrl(Key::Comma)),
                Icon::SlidersHorizontal,
            ),
            Self::FocusFilter => spec(
                "Filter events",
                "Show only what holds a text",
                Some(ctrl(Key::F)),
                Icon::Search,
            ),
            Self::ClearFilter => {
                spec("Clear the filter", "Show every event", Some(shift(Key::F)), Icon::FunnelX)
            }
            Self::Follow => spec(
                "Follow the newest",
                "Go to the newest event and stay there",
                Some(plain(Key::End)),
                Icon::ArrowDownToLine,
            ),
            Self::ToggleDetail => spec(
                "Show or hide the detail",
                "The panel beside the timeline",
                Some(ctrl(Key::I)),
                Icon::PanelRight,
            ),
            Self::CopyPayload => spec(
                "Copy the payload",
                "All of the chosen event's payload",
                Some(shift(Key::C)),
                Icon::Copy,
            ),
            Self::CopyCurl => copies("Copy as curl"),
            Self::CopyWebsocat => copies("Copy as websocat"),
            Self::CopyWscat => copies("Copy as wscat"),
            Self::CopyCapture => copies("Copy as wirescope capture"),
            Self::FocusComposer => {
                spec("Write a message", "Go to the composer", Some(ctrl(Key::M)), Icon::PenLine)
            }
            Self::TogglePlots => spec(
                "Show or hide the plots",
                "Latency and rate below the timeline",
                Some(ctrl(Key::G)),
                Icon::ChartLine,
            ),
            Self::OpenCapture => {
                spec("Open a capture…", "A session file", Some(ctrl(Key::O)), Icon::FolderOpen)
            }
            Self::SaveCapture => spec(
                "Save capture as…",
                "Choose a place; the recording goes on there",
                Some(ctrl(Key::S)),
                Icon::Save,
            ),
            Self::SaveToPath => spec(
                "Save capture to path…",
                "Type where the recording is to be kept",
                Some(shift(Key::S)),
                Icon::FilePen,
            ),
            Self::StartDemo => spec(
                "Start the demo server",
                "Start the built-in server and connect over every transport",
                Some(shift(Key::D)),
                Icon::Play,
            ),
            Self::ToggleServer => spec(
                "Start or stop the server",
                "The built-in server, for demonstrations and tests",
                Some(shift(Key::R)),
                Icon::Server,
            ),
            Self::ToggleRoom => spec(
                "Open or close the room",
                "Let others in this network come in with a token, or only this machine",
                Some(shift(Key::O)),
                Icon::DoorOpen,
            ),
            Self::Publish => spec(
                "Publish a message…",
                "Send a text or a JSON object to everyone who follows a topic",
                Some(shift(Key::P)),
                Icon::Megaphone,
            ),
            Self::CutAll => spec(
                "Cut every client",
                "End the connections of all clients of the built-in server",
                Some(shift(Key::X)),
                Icon::Unplug,
            ),
            Self::RestartServer => spec(
                "Restart the server…",
                "End all connections without a word and begin again after a while",
                None,
                Icon::RotateCcw,
            ),
            Self::ToggleRun => spec(
                "Start or stop comparing",
                "The same messages over every lane, side by side",
                Some(ctrl(Key::E)),
                Icon::ChartSpline,
            ),
            Self::KillServer => spec(
                "Kill the server for 3 seconds",
                "Nobody listens for 3 s; every lane loses its connection and comes back",
                Some(shift(Key::K)),
                Icon::Zap,
            ),
            Self::ExportReport => spec(
                "Export the report…",
                "Choose a place; HTML, or JSON where the name ends in .json",
                Some(shift(Key::E)),
                Icon::FileDown,
            ),
            Self::ReportToPath => spec(
                "Export the report to path…",
                "Type where the report is to be written",
                None,
                Icon::FilePen,
            ),
            Self::ShowInspect => {
                spec("Show Inspect", "Live sessions", Some(ctrl(Key::Num1)), Icon::Activity)
            }
            Self::ShowCompare => spec(
                "Show Compare",
                "Transports side by side",
                Some(ctrl(Key::Num2)),
                Icon::ChartSpline,
            ),
            Self::ShowServer => {
                spec("Show Server", "The built-in server", Some(ctrl(Key::Num3)), Icon::Server)
            }
            Self::ShowCaptures => {
                spec("Show Captures", "Session files", Some(ctrl(Key::Num4)), Icon::Archive)
            }
            Self::ThemeSystem => {
                spec("Theme: as the system", "Follow the system's theme", None, Icon::Monitor)
            }
            Self::ThemeDark => spec("Theme: dark", "Always dark", None, Icon::Moon),
            Self::ThemeLight => spec("Theme: light", "Always light", None, Icon::Sun),
            Self::Palette => spec(
                "Every command",
                "Find anything to do by name",
                Some(ctrl(Key::K)),
                Icon::Command,
            ),
            Self::Shortcuts => spec(
                "Keyboard shortcuts",
                "Every shortcut on one sheet",
                Some(plain(Key::Questionmark)),
                Icon::Keyboard,
            ),
            Self::Quit => spec(
                "Quit",
                "End every connection and close the window; recordings stay",
                Some(ctrl(Key::Q)),
                Icon::LogOut,
            ),
        }
    }
}
