//! Why no connection came about, as a sentence and a likely reason with what to try.

use std::error::Error;
use std::io;

use crate::model::{Certificate, Meta};

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The host name is not known.
    #[error("{host} could not be looked up: {source}")]
    Dns {
        /// The host name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No address answered.
    #[error("{address} {}", connect_words(.source))]
    Connect {
        /// The address that was tried last.
        address: String,
        /// What the system said.
        source: io::Error,
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
        /// What was wrong, in words.
        cause: String,
        /// What kind of trouble that is.
        trouble: TlsTrouble,
        /// The certificates the peer showed until then.
        certificates: Vec<Certificate>,
    },
    /// A certificate file cannot be used.
    #[error("{path}: {cause}")]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The proxy cannot be reached.
    #[error("the proxy {proxy} cannot be reached: {error}")]
    Proxy {
        /// The proxy, without what gives access to it.
        proxy: String,
        /// Why not.
        error: Box<DialError>,
    },
    /// The proxy did not let us through.
    #[error("the proxy {proxy} gives no way to {target}: {cause}")]
    Barred {
        /// The proxy, without what gives access to it.
        proxy: String,
        /// Where the way should have led.
        target: String,
        /// What the proxy said.
        cause: String,
        /// What kind of refusal that is.
        bar: Bar,
    },
}

/// What kind of trouble there was with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsTrouble {
    /// The peer's certificate is not trusted.
    Trust,
    /// What answers does not speak TLS.
    Plain,
    /// There is no version both speak.
    Version,
    /// The peer wants another certificate of ours, or one at all.
    WantsCertificate,
    /// Anything else.
    Other,
}

/// Why a proxy gives no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// It wants to know who we are, or does not believe it.
    Credentials,
    /// Its rules forbid it.
    Rules,
    /// It could not get further itself.
    Beyond,
    /// It does not speak the protocol of such a proxy.
    Foreign,
    /// It ended or broke the connection.
    Broken,
}

impl DialError {
    /// A proxy that no connection can be made with.
    pub(super) fn unusable(proxy: String, cause: impl Into<String>) -> Self {
        let (bar, target) = (Bar::Foreign, String::from("the endpoint"));
        Self::Barred { proxy, target, cause: cause.into(), bar }
    }

    /// A proxy that gave no way, for whatever reason.
    pub(super) fn barred(
        via: &super::Via,
        target: &super::Target,
        cause: impl Into<String>,
    ) -> Self {
        let (proxy, target) = (via.name(), target.to_string());
        Self::Barred { proxy, target, cause: cause.into(), bar: Bar::Broken }
    }

    /// Whether trying again would end the same way.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Tls { .. } | Self::Certificate { .. } => true,
            Self::Proxy { error, .. } => error.is_final(),
            Self::Barred { bar, .. } => {
                matches!(bar, Bar::Credentials | Bar::Rules | Bar::Foreign)
            }
            Self::Dns { .. } | Self::Connect { .. } | Self::TimedOut { .. } => false,
        }
    }

    /// The likely reason and what to try.
    pub fn hint(&self) -> String {
        match self {
            Self::Dns { .. } => "The name may be misspelt, or this machine has no network; check both",
            Self::Connect { source, .. } => match source.kind() {
                io::ErrorKind::ConnectionRefused => {
                    "Nothing listens there; is the server running, and is the port right?"
                }
                _ => "The network or a firewall may be in the way; try from where the host is known to be reached",
            },
            Self::TimedOut { .. } => {
                "A firewall may be dropping the packets, or the host is down; check address and port"
            }
            Self::Tls { trouble, .. } => trouble.hint(),
            Self::Certificate { .. } => {
                "Give certificates and keys as PEM files, keys without a passphrase"
            }
            Self::Proxy { error, .. } => match **error {
                Self::Tls { trouble, .. } => trouble.hint(),
                _ => {
                    "The proxy may be down or its address wrong; set another one in Options, or none with --proxy off"
                }
            },
            Self::Barred { bar, .. } => bar.hint(),
        }
        .to_owned()
    }

    /// What is known of the way there, for the details of a `failed` event.
    pub fn meta(&self) -> Meta {
        match self {
            Self::Tls { certificates, .. } => {
                Meta { certificates: certificates.clone(), ..Meta::default() }
            }
            Self::Proxy { proxy, error } => Meta { proxy: Some(proxy.clone()), ..error.meta() },
            Self::Barred { proxy, .. } => Meta { proxy: Some(proxy.clone()), ..Meta::default() },
            _ => Meta::default(),
        }
    }
}

impl TlsTrouble {
    fn hint(self) -> &'static str {
        match self {
            Self::Trust => {
                "The certificate may be self-signed or for another name; add its authority, or accept it with Insecure"
            }
            Self::Plain => "Try the address with http:// or ws://, or another port",
            Self::Version => {
                "The server is out of date; TLS below 1.2 is not safe and not spoken here"
            }
            Self::WantsCertificate => {
                "Give the certificate that was issued to you, and its key, with --cert and --key or in Options"
            }
            Self::Other => {
                "Something on the way may break TLS open, or the server is set up wrong; look at its log"
            }
        }
    }
}

impl Bar {
    fn hint(self) -> &'static str {
        match self {
            Self::Credentials => {
                "Put name and password into the proxy's address, as in http://name:password@host:port"
            }
            Self::Rules => {
                "The proxy's rules forbid this host or port; ask who runs it, or take another way"
            }
            Self::Beyond => {
                "The proxy works, but cannot get there itself; check the endpoint's name and port as seen from the proxy"
            }
            Self::Foreign => {
                "There may be another kind of proxy, or none; check its scheme and port"
            }
            Self::Broken => {
                "The proxy may be overloaded or forbid such connections silently; try again, or take another way"
            }
        }
    }
}

/// The cause of an error; an I/O error keeps the one it was made from where `source` skips it.
pub(super) fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn connect_words(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::ConnectionRefused => String::from("refused the connection"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            String::from("cannot be reached from here")
        }
        _ => format!("could not be connected to: {source}"),
    }
}
