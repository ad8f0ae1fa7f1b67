//! Certificates as people look at them (RFC 5280). Pure; what a peer sent may be anything.

use std::fmt::Write;

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate};

use crate::model::Certificate;

/// Certificates of a chain that are shown.
const CHAIN: usize = 10;
/// Names of a certificate that are shown.
const NAMES: usize = 100;
/// Characters of a name that are shown.
const NAME: usize = 256;

/// The certificates a peer showed, its own first.
pub(super) fn chain(certificates: &[CertificateDer<'_>]) -> Vec<Certificate> {
    certificates.iter().take(CHAIN).map(|certificate| read(certificate)).collect()
}

/// Whether somebody vouches for themselves.
pub(super) fn is_self_signed(certificate: &Certificate) -> bool {
    !certificate.subject.is_empty() && certificate.subject == certificate.issuer
}

fn read(der: &[u8]) -> Certificate {
    let sha256 = Sha256::digest(der).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let Ok((_, parsed)) = X509Certificate::from_der(der) else {
        return Certificate { sha256, ..Certificate::default() };
    };
    Certificate {
        subject: short(&parsed.subject().to_string()),
        issuer: short(&parsed.issuer().to_string()),
        names: names(&parsed),
        not_before: moment(parsed.validity().not_before),
        not_after: moment(parsed.validity().not_after),
        sha256,
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = extension.value.general_names.iter();
    names.filter_map(name).take(NAMES).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            Some(short(text))
        }
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(std::net::IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from);
            v4.or(v6).ok().map(|ip| ip.to_string())
        }
        _ => None,
    }
}

fn moment(time: ASN1Time) -> String {
    jiff::Timestamp::from_second(time.timestamp()).map(|at| at.to_string()).unwrap_or_default()
}

fn short(text: &str) -> String {
    text.chars().take(NAME).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_certificate_tells_whose_it_is() {
        let mut params = rcgen::CertificateParams::new(vec![
            String::from("localhost"),
            String::from("127.0.0.1"),
            String::from("::1"),
        ])
        .unwrap();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "Ostrich & Söhne");
        params.distinguished_name.push(rcgen::DnType::CommonName, "me");
        params.not_before = rcgen::date_time_ymd(2024, 1, 2);
        params.not_after = rcgen::date_time_ymd(2124, 1, 2);
        let made = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let read = chain(&[made.der().clone()]).remove(0);
        assert!(read.subject.contains("O=Ostrich & Söhne"), "{}", read.subject);
        assert!(read.subject.contains("CN=me") && is_self_signed(&read));
        assert_eq!(read.names, ["localhost", "127.0.0.1", "::1"]);
        assert_eq!(read.not_before, "2024-01-02T00:00:00Z");
        assert_eq!(read.not_after, "2124-01-02T00:00:00Z");
        assert_eq!(read.sha256.len(), 64);
    }

    #[test]
    fn whatever_is_sent_is_told_within_bounds() {
        let made = rcgen::generate_simple_self_signed(
            (0..300).map(|n| format!("{}.{n}.example", "x".repeat(40))).collect::<Vec<_>>(),
        );
        let der = made.unwrap().cert.der().to_vec();
        let whole = chain(&vec![CertificateDer::from(der.clone()); 40]);
        assert_eq!((whole.len(), whole[0].names.len()), (CHAIN, NAMES));
        for cut in (0..der.len()).step_by(97) {
            let mut torn = der.clone();
            torn[cut] ^= 0x55;
            read(&torn);
            let read = read(&der[..cut]);
            assert!(read.subject.is_empty() && read.sha256.len() == 64);
        }
    }
}
