//! A server in a process of its own, so that its memory can be told from that of its clients. It
//! never outlives this value, nor this process: its standard input ends with either.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::sync::oneshot;

/// How long it may take to say its address.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of what it says that are read.
const WORDS: u64 = 4096;
/// Time between two looks at its memory.
const LOOK: Duration = Duration::from_millis(100);
/// Looks until it has to have come to rest.
const LOOKS: usize = 40;
/// Looks in a row that have to agree.
const AGREE: usize = 3;
/// Bytes they may differ by.
const NEAR: u64 = 64 << 10;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChildError {
    /// The program could not be run.
    #[error("{} could not be run: {why}", .program.display())]
    Spawn {
        /// It.
        program: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// It did not say where it listens.
    #[error("{} did not say where it listens{why}", .program.display())]
    Silent {
        /// It.
        program: PathBuf,
        /// Its last words, behind a colon, or how long it had.
        why: String,
    },
}

/// A running server.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    pub(super) url: String,
    system: System,
}

/// Ends what was begun where the rest of it fails or is dropped.
struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child);
        }
    }
}

impl ServerProcess {
    /// Runs `program serve` and waits until it says where it listens.
    pub(super) async fn start(program: &Path) -> Result<Self, ChildError> {
        let spawned = Command::new(program)
            .args(["--quiet", "serve", "--listen", "127.0.0.1:0", "--rate", "0"])
            .args(["--history", "10000", "--while-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let child =
            spawned.map_err(|why| ChildError::Spawn { program: program.to_owned(), why })?;
        let mut guard = Guard(Some(child));
        let silent = |why: String| ChildError::Silent { program: program.to_owned(), why };
        let Some(child) = &mut guard.0 else { return Err(silent(String::new())) };
        let (said, saying) = (first_line(child.stdout.take()), last_line(child.stderr.take()));
        let url = match tokio::time::timeout(PATIENCE, said).await {
            Ok(Ok(line)) if line.starts_with("http://") => line,
            Ok(_) => {
                // It has ended, or it is another program; then its last words end with it.
                end(child);
                let words = saying.await.unwrap_or_default();
                return Err(silent(if words.is_empty() { words } else { format!(": {words}") }));
            }
            Err(_) => return Err(silent(format!(" within {} s", PATIENCE.as_secs()))),
        };
        let Some(child) = guard.0.take() else { return Err(silent(String::new())) };
        Ok(Self { child, url, system: System::new() })
    }

    /// Its resident memory in bytes; `None` where the system does not tell.
    pub(super) fn memory(&mut self) -> Option<u64> {
        let pid = Pid::from_u32(self.child.id());
        let kind = ProcessRefreshKind::nothing().with_memory();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        self.system.process(pid).map(sysinfo::Process::memory).filter(|bytes| *bytes > 0)
    }

    /// Its memory once that has come to rest, within four seconds.
    pub(super) async fn settled_memory(&mut self) -> Option<u64> {
        let mut last = self.memory()?;
        let mut agree = 0;
        for _ in 0..LOOKS {
            tokio::time::sleep(LOOK).await;
            let now = self.memory()?;
            agree = if now.abs_diff(last) <= NEAR { agree + 1 } else { 0 };
            last = now;
            if agree >= AGREE {
                break;
            }
        }
        Some(last)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // Fails only where it has ended by itself; waiting takes it out of the table of processes.
    let _ = child.kill();
    let _ = child.wait();
}

/// The first line; read on a thread of its own, which ends with the child.
fn first_line(from: Option<impl Read + Send + 'static>) -> oneshot::Receiver<String> {
    read(from, |from| {
        let mut line = String::new();
        // What is no text is no address either.
        let _ = BufReader::new(from.take(WORDS)).read_line(&mut line);
        line
    })
}

/// The last line, likewise. Reads on however much there is, so that the child never waits.
fn last_line(from: Option<impl Read + Send + 'static>) -> oneshot::Receiver<String> {
    read(from, |mut from| {
        let mut kept = Vec::new();
        let mut buffer = [0; 1024];
        while let Ok(came @ 1..) = from.read(&mut buffer) {
            kept.extend_from_slice(buffer.get(..came).unwrap_or_default());
            let surplus = kept.len().saturating_sub(WORDS as usize);
            kept.drain(..surplus);
        }
        let text = String::from_utf8_lossy(&kept);
        text.lines().next_back().unwrap_or_default().to_owned()
    })
}

fn read<R: Read + Send + 'static>(
    from: Option<R>,
    how: impl FnOnce(R) -> String + Send + 'static,
) -> oneshot::Receiver<String> {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let text = from.map(how).unwrap_or_default();
        // Nobody may be waiting any more.
        let _ = tell.send(text.trim().to_owned());
    });
    told
}
