//! The cipher suites of the provider, each of which notes when it is used: nothing else in reach of
//! an HTTP library tells what was agreed on.

use std::sync::LazyLock;

use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{
    AeadKey, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, Tls12AeadAlgorithm,
    Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, SupportedCipherSuite,
    Tls12CipherSuite, Tls13CipherSuite,
};

use super::notes::note_suite;

/// aws-lc-rs with suites that note.
pub(super) fn provider() -> CryptoProvider {
    let plain = rustls::crypto::aws_lc_rs::default_provider();
    CryptoProvider { cipher_suites: SUITES.clone(), ..plain }
}

/// Made once, because a configuration refers to them for as long as the program runs.
static SUITES: LazyLock<Vec<SupportedCipherSuite>> = LazyLock::new(|| {
    let plain = rustls::crypto::aws_lc_rs::DEFAULT_CIPHER_SUITES.iter();
    plain.map(|suite| noting(*suite)).collect()
});

/// An algorithm, and the suite it is used by.
struct Noting<A: ?Sized + 'static> {
    suite: CipherSuite,
    algorithm: &'static A,
}

fn noting(plain: SupportedCipherSuite) -> SupportedCipherSuite {
    let suite = plain.suite();
    match plain {
        SupportedCipherSuite::Tls13(plain) => {
            let aead_alg = Box::leak(Box::new(Noting { suite, algorithm: plain.aead_alg }));
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: common(&plain.common),
                aead_alg,
                ..*plain
            })))
        }
        SupportedCipherSuite::Tls12(plain) => {
            let aead_alg = Box::leak(Box::new(Noting { suite, algorithm: plain.aead_alg }));
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: common(&plain.common),
                aead_alg,
                ..*plain
            })))
        }
    }
}

fn common(plain: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon { ..*plain }
}

impl Tls13AeadAlgorithm for Noting<dyn Tls13AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        note_suite("TLS 1.3", self.suite);
        self.algorithm.encrypter(key, iv)
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.algorithm.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.algorithm.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.algorithm.extract_keys(key, iv)
    }

    fn fips(&self) -> bool {
        self.algorithm.fips()
    }
}

impl Tls12AeadAlgorithm for Noting<dyn Tls12AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        note_suite("TLS 1.2", self.suite);
        self.algorithm.encrypter(key, iv, extra)
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        self.algorithm.decrypter(key, iv)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.algorithm.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.algorithm.extract_keys(key, iv, explicit)
    }

    fn fips(&self) -> bool {
        self.algorithm.fips()
    }
}
