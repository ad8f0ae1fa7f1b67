//! The settings as they are set here: those of the running server, but for what it has just been
//! asked to change.

use std::time::Duration;

use crate::engine::ServerView;
use crate::model::{Network, ServerOptions, Source};
use crate::ui::views::capital;

/// What is wrong with an address.
const NO_ADDRESS: &str = "an address and a port, as in 127.0.0.1:4100";

/// The settings of the next start.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The address as it is typed.
    pub listen: String,
    /// Everything else.
    pub options: ServerOptions,
    /// The time between heartbeats, also while there are none.
    pub heartbeat: Duration,
}

/// What is wrong with a draft.
#[derive(Debug, PartialEq)]
pub(super) enum Wrong {
    /// The address cannot be read.
    Address(&'static str),
    /// Something else is out of range.
    Other(String),
}

impl Draft {
    fn of(options: &ServerOptions) -> Self {
        Self {
            listen: options.listen.to_string(),
            options: options.clone(),
            heartbeat: options.heartbeat.unwrap_or(Duration::from_secs(15)),
        }
    }

    /// Only this machine: a room is opened by its switch, never by the next start.
    fn close_room(&mut self) {
        if self.options.join.take().is_some() {
            self.options.listen.set_ip(ServerOptions::default().listen.ip());
            self.listen = self.options.listen.to_string();
        }
    }

    /// The settings to start with.
    pub(super) fn read(&self) -> Result<ServerOptions, Wrong> {
        let listen = self.listen.trim().parse().map_err(|_| Wrong::Address(NO_ADDRESS))?;
        let options = ServerOptions { listen, ..self.options.clone() };
        options.checked().map_err(|error| Wrong::Other(error.to_string()))
    }
}

/// The draft, and what was asked for.
#[derive(Debug, Default)]
pub(super) struct Settings {
    draft: Option<Draft>,
    /// What the running server was asked for and does not have yet.
    source: Option<Source>,
    network: Option<Network>,
}

impl Settings {
    /// The draft; of a running server, what it has and was asked for.
    pub(super) fn draft(&mut self, server: &ServerView) -> &mut Draft {
        self.draft.get_or_insert_with(|| Draft::of(&server.options))
    }

    /// Why the server cannot start with what is set.
    pub(super) fn why_not(&self) -> Option<String> {
        self.draft.as_ref()?.read().err().map(|wrong| match wrong {
            Wrong::Address(why) => format!("Listen on takes {why}"),
            Wrong::Other(why) => capital(&why),
        })
    }

    /// Keeps showing this source until the server has it.
    pub(super) fn ask_source(&mut self, source: Source) {
        self.source = Some(source);
    }

    /// Keeps showing this network until the server has it.
    pub(super) fn ask_network(&mut self, network: Network) {
        self.network = Some(network);
    }

    /// Takes over the settings of a running server, but for those it is being asked to change.
    pub(super) fn take_over(&mut self, server: &ServerView) {
        let options = &server.options;
        let is_done = server.url.is_none() || server.error.is_some();
        self.source = self.source.take().filter(|asked| *asked != options.source && !is_done);
        self.network = self.network.take().filter(|asked| *asked != options.network && !is_done);
        if server.url.is_some() || self.draft.is_none() {
            let mut draft = Draft::of(options);
            if let Some(source) = &self.source {
                draft.options.source = source.clone();
            }
            if let Some(network) = &self.network {
                draft.options.network = network.clone();
            }
            self.draft = Some(draft);
        }
        if let Some(draft) = self.draft.as_mut().filter(|_| server.url.is_none()) {
            draft.close_room();
        }
    }
}
