//! What went wrong with TLS, in words.

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};

use super::Noted;
use crate::model::Certificate;
use crate::net::certificate::is_self_signed;
use crate::net::error::TlsTrouble;

/// What is wrong with the certificates a peer showed.
pub(super) fn distrust(error: &rustls::Error, certificates: &[Certificate]) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => certificate_words(why, certificates),
        other => format!("its certificate could not be judged ({other})"),
    }
}

/// What the TLS library found wrong, and what kind of trouble that is.
pub(super) fn trouble(error: &rustls::Error, noted: &Noted) -> (TlsTrouble, String) {
    match error {
        rustls::Error::InvalidCertificate(why) => {
            let words = || certificate_words(why, &noted.certificates);
            (TlsTrouble::Trust, noted.complaint.clone().unwrap_or_else(words))
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            (TlsTrouble::Plain, String::from("what answers there does not speak TLS"))
        }
        rustls::Error::AlertReceived(alert) => alert_words(*alert, noted.wants_certificate),
        rustls::Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            (TlsTrouble::Version, String::from("the server speaks neither TLS 1.2 nor TLS 1.3"))
        }
        other => (TlsTrouble::Other, other.to_string()),
    }
}

fn alert_words(alert: AlertDescription, wants_certificate: bool) -> (TlsTrouble, String) {
    use AlertDescription as Alert;
    let name = format!("{alert:?}");
    match alert {
        Alert::CertificateRequired => (
            TlsTrouble::WantsCertificate,
            String::from("the server wants a client certificate, and none was given"),
        ),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => (
            TlsTrouble::WantsCertificate,
            format!("the server does not accept the client certificate (alert {name})"),
        ),
        Alert::HandshakeFailure if wants_certificate => (
            TlsTrouble::WantsCertificate,
            format!("the server asked for a client certificate and ended it (alert {name})"),
        ),
        Alert::ProtocolVersion => (
            TlsTrouble::Version,
            format!("the server speaks neither TLS 1.2 nor TLS 1.3 (alert {name})"),
        ),
        _ => (TlsTrouble::Other, format!("the server ended it with the alert {name}")),
    }
}

fn certificate_words(why: &CertificateError, certificates: &[Certificate]) -> String {
    match why {
        CertificateError::UnknownIssuer if certificates.first().is_some_and(is_self_signed) => {
            "its certificate is self-signed and not among those trusted here".to_owned()
        }
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
