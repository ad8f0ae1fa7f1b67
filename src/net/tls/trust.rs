//! Who is trusted: the system's judgement, with authorities of our own beside it. Every certificate
//! is noted, and where anything is accepted so is what would have been wrong with it.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::notes::note;
use super::words::distrust;
use crate::net::certificate::chain;

/// Judges certificates by the system's authorities and some more.
#[derive(Debug)]
pub(super) struct Trust {
    /// Accept whatever is shown. That the peer holds the key is checked all the same, so that a
    /// capture of such a session tells who was spoken to.
    insecure: bool,
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    /// Read when they are needed: it takes tens of milliseconds, and plain HTTP never asks.
    authorities: OnceLock<Result<Verifier, rustls::Error>>,
}

impl Trust {
    pub(super) fn new(
        insecure: bool,
        extra: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Self {
        Self { insecure, extra, provider, authorities: OnceLock::new() }
    }

    /// Reads the authorities, if that was not done yet.
    pub(super) fn ready(&self) -> Result<&Verifier, rustls::Error> {
        let read = || {
            Verifier::new_with_extra_roots(self.extra.iter().cloned(), Arc::clone(&self.provider))
        };
        self.authorities.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut shown = vec![end_entity.clone()];
        shown.extend_from_slice(intermediates);
        let certificates = chain(&shown);
        let judged = self.ready().and_then(|verifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        });
        let complaint = judged.as_ref().err().map(|error| distrust(error, &certificates));
        note(|noted| {
            noted.certificates = certificates;
            noted.complaint = complaint;
        });
        if self.insecure { Ok(ServerCertVerified::assertion()) } else { judged }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
