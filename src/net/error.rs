//! Why no connection came about, as a sentence and a likely reason with what to try.

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The host name is not known.
    #[error("{host} could not be looked up: {source}")]
    Dns {
        /// The host name.
        host: String,
        /// What the resolver said.
        source: std::io::Error,
    },
    /// No address answered.
    #[error("{address} {}", connect_words(.source))]
    Connect {
        /// The address that was tried last.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It took too long.
    #[error("{address} did not answer within {} s", .seconds)]
    TimedOut {
        /// The address.
        address: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The TLS handshake failed.
    #[error("TLS with {host} failed: {cause}")]
    Tls {
        /// The host name.
        host: String,
        /// What the TLS library said.
        cause: String,
    },
    /// A certificate file cannot be used.
    #[error("{path}: {cause}")]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl DialError {
    /// Whether trying again would end the same way.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Tls { .. } | Self::Certificate { .. })
    }

    /// The likely reason and what to try.
    pub fn hint(&self) -> String {
        match self {
            Self::Dns { .. } => "The name may be misspelt, or this machine has no network; check both",
            Self::Connect { source, .. } => match source.kind() {
                std::io::ErrorKind::ConnectionRefused => {
                    "Nothing listens there; is the server running, and is the port right?"
                }
                _ => "The network or a firewall may be in the way; try from where the host is known to be reached",
            },
            Self::TimedOut { .. } => {
                "A firewall may be dropping the packets, or the host is down; check address and port"
            }
            Self::Tls { .. } => {
                "The certificate may be self-signed or for another name; add its authority, or accept it with Insecure"
            }
            Self::Certificate { .. } => "The file must hold certificates in PEM form",
        }
        .to_owned()
    }
}

fn connect_words(source: &std::io::Error) -> String {
    match source.kind() {
        std::io::ErrorKind::ConnectionRefused => String::from("refused the connection"),
        std::io::ErrorKind::HostUnreachable | std::io::ErrorKind::NetworkUnreachable => {
            String::from("cannot be reached from here")
        }
        _ => format!("could not be connected to: {source}"),
    }
}
