//! What a TLS handshake showed, noted while it goes on. The libraries above keep most of it to
//! themselves, so the parts of the configuration that they call note it in a task-local.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use rustls::{CipherSuite, NamedGroup};

use crate::model::{Certificate, Meta};

tokio::task_local! {
    /// The notes of the connection that is being made.
    static NOTES: Notes;
}

/// Notes of one connection. A handshake with a proxy is noted first and then replaced by the one
/// with the endpoint.
#[derive(Debug, Clone, Default)]
pub(in crate::net) struct Notes(Arc<Mutex<Noted>>);

/// What was noted.
#[derive(Debug, Clone, Default)]
pub(in crate::net) struct Noted {
    /// When the last handshake began.
    pub(in crate::net) began: Option<Instant>,
    /// How many there were: one with a proxy comes before that with the endpoint.
    pub(in crate::net) handshakes: u32,
    /// TLS version and cipher suite, as in `TLS 1.3 · TLS13_AES_256_GCM_SHA384`.
    pub(in crate::net) agreed: Option<String>,
    /// The certificates the peer showed, its own first.
    pub(in crate::net) certificates: Vec<Certificate>,
    /// What is wrong with them, in words, whether or not that was accepted.
    pub(in crate::net) complaint: Option<String>,
    /// The peer asked for a certificate of ours.
    pub(in crate::net) wants_certificate: bool,
}

impl Notes {
    /// Runs `work`, whose handshakes are noted here.
    pub(in crate::net) fn scope<F: Future>(
        &self,
        work: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        NOTES.scope(self.clone(), work)
    }

    /// What was noted so far.
    pub(in crate::net) fn read(&self) -> Noted {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Noted {
    /// What an event tells of it.
    pub(in crate::net) fn meta(&self) -> Meta {
        let unverified =
            |complaint: &String| format!("Accepted without being verified: {complaint}");
        Meta {
            tls: self.agreed.clone(),
            certificates: self.certificates.clone(),
            hint: self.complaint.as_ref().map(unverified),
            ..Meta::default()
        }
    }
}

/// Notes something of the connection that is being made, if anybody wants to know.
pub(super) fn note(change: impl FnOnce(&mut Noted)) {
    let _ = NOTES.try_with(|notes| {
        change(&mut notes.0.lock().unwrap_or_else(PoisonError::into_inner));
    });
}

/// Notes what was agreed on.
pub(super) fn note_suite(version: &str, suite: CipherSuite) {
    note(|noted| noted.agreed = Some(format!("{version} · {suite:?}")));
}

/// Remembers no sessions, so that every handshake is whole and shows the peer's certificates; and
/// notes when one begins, as that is when it is asked.
#[derive(Debug)]
pub(super) struct Forgetful;

impl ClientSessionStore for Forgetful {
    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        note(|noted| {
            let (began, handshakes) = (Some(Instant::now()), noted.handshakes + 1);
            *noted = Noted { began, handshakes, ..Noted::default() };
        });
        None
    }

    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
