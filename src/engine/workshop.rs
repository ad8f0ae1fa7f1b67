//! What the core does for the workshop: the built-in server, comparisons, lessons, scale runs and
//! their reports.

use std::path::PathBuf;

use super::begun::Explained;
use super::comparing;
use super::core::{Core, sentence};
use super::meta::report_meta;
use super::serving::Started;
use super::snapshot::Severity;
use crate::compare::{Comparison, Target, lesson};
use crate::model::{RunSetup, Source};
use crate::server::{self, Control};

/// What waits for the server to run.
pub(super) enum After {
    /// Connect to it over every transport.
    Demo,
    /// Compare.
    Run(Box<RunSetup>),
    /// Run the lesson of this id.
    Lesson(String),
}

/// What would pull the server from under a comparison, and waits for its end.
pub(super) enum Then {
    StopServer,
    OpenRoom(bool),
    /// The lesson of this id, which wants a server that is set up for it.
    Lesson(String),
}

impl Core {
    /// Does this with the server, which is started for it where it does not run.
    pub(super) fn with_server(&mut self, after: After) {
        if let Some(control) = self.serving.control() {
            return self.go_on(after, &control);
        }
        self.after.push(after);
        self.serving.start(self.serving.options(), true, &self.work);
    }

    /// Does this as soon as no comparison runs; one that does is ended for it.
    pub(super) fn once_free(&mut self, then: Then) {
        if !self.comparing.is_free() {
            self.comparing.stop();
            return self.then.push(then);
        }
        match then {
            Then::StopServer => self.serving.stop(&self.work),
            Then::OpenRoom(open) => self.serving.open_room(open, &self.work),
            Then::Lesson(id) => self.with_server(After::Lesson(id)),
        }
    }

    /// A comparison has ended: what waited for that is done, or the server is as it was before a
    /// lesson.
    fn is_free_now(&mut self) {
        if !self.comparing.is_free() {
            return;
        }
        let waiting = std::mem::take(&mut self.then);
        if !waiting.iter().any(|then| matches!(then, Then::Lesson(_))) {
            self.serving.take_back(&self.work);
        }
        for then in waiting {
            self.once_free(then);
        }
    }

    pub(super) fn server_started(&mut self, result: Started) {
        let control = self.serving.started(result, &self.work);
        let waiting = std::mem::take(&mut self.after);
        if let Some(control) = control {
            for after in waiting {
                self.go_on(after, &control);
            }
        } else if let Some(error) = self.serving.error() {
            let text = sentence(error);
            self.tell(Severity::Error, &text, Some("Choose another address on the Server page"));
        }
    }

    pub(super) fn server_stopped(&mut self) {
        self.serving.stopped();
        if !self.after.is_empty() {
            self.serving.start(self.serving.options(), true, &self.work);
        }
    }

    fn go_on(&mut self, after: After, control: &Control) {
        match after {
            After::Demo => match server::endpoints(&control.base()) {
                Ok(endpoints) => self.connect(endpoints),
                Err(error) => self.tell(Severity::Error, &error.to_string(), None),
            },
            After::Run(setup) => self.compare(*setup, Target::BuiltIn(control.clone())),
            After::Lesson(id) => self.lesson(&id, control),
        }
    }

    pub(super) fn start_run(&mut self, setup: Box<RunSetup>) {
        match setup.other.clone() {
            Some(base) => self.compare(*setup, Target::Other(base)),
            None => self.with_server(After::Run(setup)),
        }
    }

    fn compare(&mut self, setup: RunSetup, target: Target) {
        self.comparing.start(setup, target, self.folder.clone(), &self.work);
    }

    fn lesson(&mut self, id: &str, control: &Control) {
        let Some(lesson) = lesson::lesson(id) else {
            let text = format!("There is no lesson “{id}”");
            return self.tell(Severity::Error, &text, None);
        };
        if !self.comparing.is_free() {
            return self.once_free(Then::Lesson(id.to_owned()));
        }
        if self.serving.lend(lesson, &self.work) {
            let text = "The server was restarted with what the lesson needs";
            self.tell(Severity::Info, text, Some("It is as before when the lesson is over"));
            return self.after.push(After::Lesson(id.to_owned()));
        }
        self.comparing.run_lesson(lesson, control.clone(), self.folder.clone(), &self.work);
    }

    pub(super) fn run_begun(&mut self, generation: u64, begun: comparing::Begun) {
        if let Some((text, hint)) = self.comparing.begun(generation, begun, &self.work) {
            self.tell(Severity::Error, &sentence(&text), hint.as_deref());
        }
        self.is_free_now();
    }

    pub(super) fn run_over(&mut self, generation: u64, comparison: Comparison) {
        self.comparing.over(generation, comparison);
        self.work.list_recents();
        self.is_free_now();
    }

    pub(super) fn run_left(&mut self) {
        self.comparing.left();
        self.work.list_recents();
        self.is_free_now();
    }

    /// A comparison that runs sends by its own source.
    pub(super) fn set_source(&mut self, source: Source) {
        match self.comparing.set_source(&source) {
            None => self.serving.set_source(source),
            Some(Ok(())) => {}
            Some(Err(error)) => self.tell(Severity::Error, &sentence(&error), None),
        }
    }

    pub(super) fn publish_message(&mut self, topic: &str, text: &str) {
        match self.serving.publish(topic, text) {
            Ok(id) => {
                let text = format!("Published as message {id} of “{topic}”");
                self.tell(Severity::Info, &text, None);
            }
            Err((error, hint)) => self.tell(Severity::Error, &sentence(&error), Some(hint)),
        }
    }

    pub(super) fn scale(&mut self, clients: Vec<usize>) {
        if let Some(program) = self.program.clone() {
            return self.comparing.scale(clients, program, &self.work);
        }
        let hint =
            "The system does not tell where this program is; run `wirescope compare --scale`";
        self.tell(Severity::Error, "The scale run cannot start a server", Some(hint));
    }

    pub(super) fn write_report(&mut self, path: PathBuf) {
        let Some((run, scale)) = self.comparing.reported() else {
            let hint = Some("Run a comparison first");
            return self.tell(Severity::Error, "There is nothing to report yet", hint);
        };
        let meta = report_meta();
        self.work.write_report(path, run, scale, meta);
    }

    pub(super) fn report_written(&mut self, result: Result<PathBuf, Explained>) {
        match result {
            Ok(path) => {
                let text = format!("The report is in {}", path.display());
                self.tell(Severity::Info, &text, None);
            }
            Err((text, hint)) => self.tell(Severity::Error, &sentence(&text), hint.as_deref()),
        }
    }
}
