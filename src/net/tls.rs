//! TLS of a client: what is trusted, what was agreed on, and what went wrong in words.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, InvalidMessage,
    ProtocolVersion, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use super::DialError;

/// What a client trusts, and the protocols it offers.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// Accept any certificate.
    pub insecure: bool,
    /// Authorities to trust besides the system's, as a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Protocols offered inside TLS (RFC 7301), in order of preference.
    pub alpn: Vec<Vec<u8>>,
}

/// A client's TLS configuration, ready for use; cheap to clone.
#[derive(Debug, Clone)]
pub struct TlsClient(Arc<ClientConfig>);

impl TlsClient {
    /// Reads the certificates to trust. Touches the disk; call it where blocking is allowed.
    ///
    /// # Errors
    /// [`DialError::Certificate`] when a file or the system's store cannot be used.
    pub fn new(options: &TlsOptions) -> Result<Self, DialError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = verifier(options, Arc::clone(&provider))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| certificate_error("the TLS library", error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols.clone_from(&options.alpn);
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}

fn verifier(
    options: &TlsOptions,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, DialError> {
    if options.insecure {
        return Ok(Arc::new(Unverified(provider)));
    }
    let (place, extra) = match &options.ca_file {
        Some(path) => (path.display().to_string(), authorities(path)?),
        None => (String::from("the system's certificates"), Vec::new()),
    };
    match Verifier::new_with_extra_roots(extra, provider) {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(error) => Err(certificate_error(&place, error)),
    }
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, DialError> {
    let place = path.display().to_string();
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| certificate_error(&place, error))?;
    if found.is_empty() {
        return Err(certificate_error(&place, "it holds no certificate"));
    }
    Ok(found)
}

fn certificate_error(path: &str, cause: impl std::fmt::Display) -> DialError {
    DialError::Certificate { path: path.to_owned(), cause: cause.to_string() }
}

/// TLS version and cipher suite of a connection, as in `TLS 1.3 · TLS13_AES_256_GCM_SHA384`.
pub(super) fn agreed(connection: &ClientConnection) -> Option<String> {
    let version = match connection.protocol_version()? {
        ProtocolVersion::TLSv1_3 => String::from("TLS 1.3"),
        ProtocolVersion::TLSv1_2 => String::from("TLS 1.2"),
        other => format!("{other:?}"),
    };
    let cipher = connection.negotiated_cipher_suite()?.suite();
    Some(format!("{version} · {cipher:?}"))
}

/// What the TLS library found wrong, in words, where it was not the network.
pub(super) fn tls_cause(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(why) => certificate_words(why),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            String::from("what answers there does not speak TLS")
        }
        other => other.to_string(),
    })
}

fn certificate_words(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => {
            "its certificate was issued by an authority that is not trusted here".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("its certificate is out of date ({why})")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("its certificate is not valid yet ({why})")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is for another name ({why})")
        }
        CertificateError::Revoked => "its certificate was revoked".to_owned(),
        other => format!("its certificate is not acceptable ({other})"),
    }
}

/// Accepts any certificate but still checks that the peer holds its key, so that a capture of such
/// a session tells who was spoken to.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
