//! Who we are, where a server wants to know: our certificate and its key, from PEM files.

use std::path::Path;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, SignatureScheme};

use super::notes::note;
use crate::net::DialError;

/// Our certificate, if we have one; notes that it was asked for.
#[derive(Debug)]
pub(super) struct Identity(Option<Arc<CertifiedKey>>);

impl Identity {
    /// Reads the certificate, and its key from `key` or from the same file.
    pub(super) fn read(
        certificate: Option<&Path>,
        key: Option<&Path>,
        provider: &CryptoProvider,
    ) -> Result<Self, DialError> {
        match (certificate, key) {
            (None, None) => Ok(Self(None)),
            (None, Some(key)) => {
                Err(wrong(key, "a key is of no use without its certificate; give that too"))
            }
            (Some(certificate), key) => {
                let found = read(certificate, key.unwrap_or(certificate), provider)?;
                Ok(Self(Some(Arc::new(found))))
            }
        }
    }
}

fn read(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, DialError> {
    let chain = certificates(certificate)?;
    let pem = contents(key)?;
    let secret = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| wrong(key, no_key(&pem)))?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            let cause =
                format!("the key is not that of the certificate in {}", certificate.display());
            wrong(key, cause)
        }
        rustls::Error::InvalidCertificate(_) => {
            wrong(certificate, "its first certificate cannot be read")
        }
        other => wrong(key, format!("the key cannot be used: {other}")),
    })
}

/// Why there is no key in what was read.
fn no_key(pem: &[u8]) -> &'static str {
    let has = |words: &str| memchr::memmem::find(pem, words.as_bytes()).is_some();
    if has("ENCRYPTED") {
        "the key is encrypted; write it without a passphrase first (openssl pkey -in … -out …)"
    } else if has("-----BEGIN ") {
        "it holds no private key"
    } else {
        "it is no PEM file"
    }
}

/// The certificates of a PEM file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, DialError> {
    let pem = contents(path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(path, format!("it cannot be read as PEM: {error}")))?;
    if found.is_empty() {
        return Err(wrong(path, "it holds no certificate"));
    }
    Ok(found)
}

fn contents(path: &Path) -> Result<Vec<u8>, DialError> {
    std::fs::read(path).map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, cause: impl std::fmt::Display) -> DialError {
    DialError::Certificate { path: path.display().to_string(), cause: cause.to_string() }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        note(|noted| noted.wants_certificate = true);
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::PathBuf;

    use super::super::suites::provider;
    use super::*;

    /// What reading these two files says.
    fn says(certificate: &Path, key: Option<&Path>) -> String {
        match Identity::read(Some(certificate), key, &provider()) {
            Ok(identity) => format!("has one: {}", identity.has_certs()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn files_are_read_and_wrong_ones_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let made = rcgen::generate_simple_self_signed(vec![String::from("me")]).unwrap();
        let other = rcgen::KeyPair::generate().unwrap();
        let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let paths: [(PathBuf, Option<PathBuf>, &str); 8] = [
            (file("c", &cert), Some(file("k", &key)), "has one: true"),
            (file("both", &format!("{key}{cert}")), None, "has one: true"),
            (file("c", &cert), None, "c: it holds no private key"),
            (file("k", &key), None, "k: it holds no certificate"),
            (file("x", "hello"), Some(file("k", &key)), "x: it holds no certificate"),
            (file("c", &cert), Some(file("x", "hello")), "x: it is no PEM file"),
            (
                file("c", &cert),
                Some(file("o", &other.serialize_pem())),
                "o: the key is not that of the certificate in ",
            ),
            (
                file("c", &cert),
                Some(file(
                    "e",
                    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
                )),
                "e: the key is encrypted; ",
            ),
        ];
        for (certificate, key, words) in paths {
            let said = says(&certificate, key.as_deref());
            assert!(said.contains(words), "{said}");
        }
        assert!(says(Path::new("/no/such"), None).starts_with("/no/such: "));
        let alone = Identity::read(None, Some(Path::new("k")), &provider());
        assert!(alone.unwrap_err().to_string().starts_with("k: a key is of no use"));
    }
}
