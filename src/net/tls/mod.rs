//! TLS of a client, the same for every transport: what is trusted, who we are, what was agreed on,
//! and what went wrong in words.

mod identity;
mod notes;
mod suites;
mod trust;
mod words;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};

use self::identity::{Identity, certificates};
pub(super) use self::notes::{Noted, Notes};
use self::trust::Trust;
use super::DialError;
use crate::model::Options;

/// What a client trusts, who it is, and the protocols it offers.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// Accept any certificate.
    pub insecure: bool,
    /// Authorities to trust besides the system's, as a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate, as a PEM file.
    pub cert_file: Option<PathBuf>,
    /// Its key, as a PEM file; looked for in `cert_file` unless said.
    pub key_file: Option<PathBuf>,
    /// Protocols offered inside TLS (RFC 7301), in order of preference.
    pub alpn: Vec<Vec<u8>>,
}

impl TlsOptions {
    /// The same for another server than the endpoint, which our certificate does not concern.
    #[must_use]
    pub fn without_identity(self) -> Self {
        Self { cert_file: None, key_file: None, ..self }
    }

    /// What the options of an endpoint say, with these protocols inside.
    pub fn of(options: &Options, alpn: &[&str]) -> Self {
        Self {
            insecure: options.insecure,
            ca_file: options.ca_file.clone(),
            cert_file: options.cert_file.clone(),
            key_file: options.key_file.clone(),
            alpn: alpn.iter().map(|name| name.as_bytes().to_vec()).collect(),
        }
    }
}

/// A client's TLS configuration, ready for use; cheap to clone.
#[derive(Debug, Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    trust: Arc<Trust>,
}

impl TlsClient {
    /// Reads the files, and the system's authorities. Touches the disk; call it where blocking is
    /// allowed.
    ///
    /// # Errors
    /// [`DialError::Certificate`] when a file or the system's store cannot be used.
    pub fn new(options: &TlsOptions) -> Result<Self, DialError> {
        let client = Self::lazy(options)?;
        client.trust.ready().map_err(|error| {
            let place = options.ca_file.as_ref().map(|path| path.display().to_string());
            let path = place.unwrap_or_else(|| String::from("the system's certificates"));
            DialError::Certificate { path, cause: error.to_string() }
        })?;
        Ok(client)
    }

    /// The same, but the system's authorities are read when they are first needed, where that may
    /// never be.
    pub(super) fn lazy(options: &TlsOptions) -> Result<Self, DialError> {
        let provider = Arc::new(suites::provider());
        let extra = options.ca_file.as_deref().map(certificates).transpose()?.unwrap_or_default();
        let identity =
            Identity::read(options.cert_file.as_deref(), options.key_file.as_deref(), &provider)?;
        let trust = Arc::new(Trust::new(options.insecure, extra, Arc::clone(&provider)));
        let verifier = Arc::clone(&trust);
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| DialError::Certificate {
                path: String::from("the TLS library"),
                cause: error.to_string(),
            })?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(identity));
        config.alpn_protocols.clone_from(&options.alpn);
        config.resumption = Resumption::store(Arc::new(notes::Forgetful));
        Ok(Self { config: Arc::new(config), trust })
    }

    /// The same client for a proxy, inside whose encryption HTTP/1.1 is spoken. Our certificate is
    /// for the endpoint and not for those on the way.
    pub(super) fn to_proxy(&self) -> Arc<ClientConfig> {
        let mut config = self.anonymous();
        config.alpn_protocols.clear();
        Arc::new(config)
    }

    /// The same client without our certificate, for another server than the endpoint.
    pub(super) fn anonymous(&self) -> ClientConfig {
        let mut config = ClientConfig::clone(&self.config);
        config.client_auth_cert_resolver = Arc::new(NoIdentity);
        config
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

/// Nothing to show of oneself.
#[derive(Debug)]
struct NoIdentity;

impl ResolvesClientCert for NoIdentity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The error for a handshake or an encrypted connection with `host` that failed; `None` where the
/// network gave way, which another attempt may not meet.
pub(super) fn tls_error(
    error: &(dyn Error + 'static),
    host: String,
    noted: Noted,
) -> Option<DialError> {
    let error = find_tls(error)?;
    let (trouble, cause) = words::trouble(error, &noted);
    Some(DialError::Tls { host, cause, trouble, certificates: noted.certificates })
}

/// What TLS has to do with an error on a connection that stood already, such as a server that wants
/// a certificate: in TLS 1.3 it says so only then.
pub fn tls_alert(error: &(dyn Error + 'static), host: &str) -> Option<DialError> {
    match find_tls(error)? {
        rustls::Error::AlertReceived(_) => tls_error(error, host.to_owned(), Noted::default()),
        _ => None,
    }
}

fn find_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    std::iter::successors(Some(error), |error| super::error::cause(*error))
        .find_map(|error| error.downcast_ref::<rustls::Error>())
}
