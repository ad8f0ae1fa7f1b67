//! The vocabulary every other room speaks: endpoints, events, commands, time.
//! Pure data; nothing here touches a socket, a file or a clock but [`Clock`].

mod clock;
mod close;
mod command;
mod compare;
mod endpoint;
mod event;
mod feed;
mod filter;
mod meta;
mod network;
mod options;
pub mod pasted;
pub mod quantity;
mod say;
mod secret;
mod server;
mod source;

pub use clock::{Clock, rfc3339};
pub use close::close_meaning;
pub use command::{Command, SessionId};
pub use compare::{LaneSpec, Needs, Restart, RunSetup, Way};
pub use endpoint::{Endpoint, EndpointError, TransportKind};
pub use event::{Dir, Event, Kind, Wire};
pub use feed::{Feed, FeedError};
pub use filter::{Class, Filter};
pub use meta::{Certificate, Frame, Headers, Meta, Timing};
pub use network::{
    BlockedUpgrade, Buffering, Cut, CutHow, Failure, Impairment, ImpairmentError, Network, Trouble,
};
pub use options::{Body, Heartbeat, Options, Proxy, ProxyError, Retries};
pub use say::Say;
pub use secret::{is_redacted, is_secret_header, redact_subprotocol_list, redact_subprotocols};
pub use server::{Reported, ServerOptions, ServerOptionsError};
pub use source::{DEFAULT_TOPIC, Shape, Source};
