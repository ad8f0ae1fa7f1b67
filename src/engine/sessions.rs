//! What the core does for sessions: begins, opens, saves and closes them, and sends over them.

use std::path::PathBuf;
use std::sync::Arc;

use super::begun::{Begun, Explained};
use super::core::{Core, sentence};
use super::opened::Opened;
use super::snapshot::Severity;
use super::tracked::Tracked;
use super::work::Done;
use crate::capture::CaptureError;
use crate::model::{Endpoint, Say, SessionId};

impl Core {
    pub(super) fn say(&mut self, id: SessionId, say: Say) {
        let mut sent = false;
        self.with(id, |session, _| sent = session.say(say));
        if !sent {
            let hint = "The session is not open, or too much is waiting to be sent";
            self.tell(Severity::Error, "The message was not sent", Some(hint));
        }
    }

    /// Begins a session for each, in this order.
    pub(super) fn connect(&mut self, endpoints: Vec<Endpoint>) {
        let named: Vec<_> = endpoints.into_iter().map(|e| (self.new_id(), e)).collect();
        let (folder, news) = (Arc::clone(&self.folder), self.news.clone());
        self.work.block(move || {
            let begin = |(id, endpoint)| Begun::new(id, endpoint, &folder, news.clone());
            Done::Begun(named.into_iter().map(begin).collect())
        });
    }

    pub(super) fn begun(&mut self, sessions: Vec<Result<Begun, Explained>>) {
        for session in sessions {
            match session {
                Ok(begun) => {
                    let session = Tracked::begun(begun, &self.work);
                    let at = self.sessions.partition_point(|other| other.id() < session.id());
                    self.sessions.insert(at, session);
                }
                Err((text, hint)) => {
                    self.tell(Severity::Error, &sentence(&text), hint.as_deref());
                }
            }
        }
        self.work.list_recents();
    }

    pub(super) fn reconnect(&mut self, id: SessionId) {
        if self.session(id).is_some_and(|session| session.failure().is_some()) {
            let hint = "Its recording stopped and cannot go on; connect anew to begin another";
            self.tell(Severity::Error, "The session cannot connect again", Some(hint));
            return;
        }
        self.with(id, Tracked::reconnect);
    }

    pub(super) fn open(&mut self, path: PathBuf) {
        self.work.open(path, self.news.clone());
    }

    pub(super) fn opened(&mut self, result: Result<Vec<Opened>, CaptureError>) {
        match result {
            Ok(lanes) => {
                if lanes.iter().any(|lane| lane.lacks_secrets) {
                    let hint = "Add them in Options before you connect to the same address";
                    self.tell(Severity::Info, "The capture holds no secrets", Some(hint));
                }
                for opened in lanes {
                    let id = self.new_id();
                    self.sessions.push(Tracked::opened(id, opened));
                }
                self.work.list_recents();
            }
            Err(error) => self.report(Err(error)),
        }
    }

    pub(super) fn close_session(&mut self, id: SessionId) {
        if let Some(at) = self.sessions.iter().position(|session| session.id() == id) {
            self.sessions.remove(at).close(&self.work);
        }
    }

    pub(super) fn saved(&mut self, id: SessionId, result: Result<PathBuf, CaptureError>) {
        self.with(id, |session, _| session.saved(&result));
        match result {
            Ok(path) => {
                self.tell(Severity::Info, &format!("Saved to {}", path.display()), None);
                self.work.remember(path);
            }
            Err(error) => self.report(Err(error)),
        }
    }
}
