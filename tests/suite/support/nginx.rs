//! A real nginx with nchan on a free port, in a folder of its own, with Redis behind it where
//! messages have to outlive it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::left_out;
use super::peer::soon;

const CONF: &str = include_str!("../../fixtures/nchan/nginx.conf.in");
/// A certificate for this machine, its key, and the authority that signed it.
pub const TLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// What nchan says of a channel without subscribers.
const NOBODY: &str = "active subscribers: 0";

fn program(names: [&'static str; 2]) -> Option<&'static str> {
    names.into_iter().find(|name| {
        let mut look = Command::new(name);
        look.arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    })
}

/// A program whose lines are read until it says that it is ready.
struct Process {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Process {
    /// Starts `command` and reads what it writes to the one of its outputs that is a pipe.
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let output: Box<dyn std::io::Read + Send> = match (child.stdout.take(), child.stderr.take())
        {
            (Some(out), _) => Box::new(out),
            (None, Some(err)) => Box::new(err),
            (None, None) => panic!("one output has to be a pipe"),
        };
        let (line, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for text in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = line.send(text);
            }
        });
        Self { child, lines }
    }

    /// Waits for a line with these words; `false` when the program ended before.
    async fn says(&mut self, words: &str) -> bool {
        soon(words, async {
            loop {
                match self.lines.recv().await {
                    Some(line) if line.contains(words) => return true,
                    Some(_) => {}
                    None => return false,
                }
            }
        })
        .await
    }
}

/// Messages that outlive nginx.
pub struct Redis {
    process: Process,
    port: u16,
    _folder: TempDir,
}

impl Redis {
    /// Starts Redis; without it, says so and gives nothing.
    pub async fn start() -> Option<Self> {
        let Some(program) = program(["redis-server", "/usr/bin/redis-server"]) else {
            left_out("nchan across a restart of nginx", "redis-server");
            return None;
        };
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let port = free_port();
            let mut process = Process::start(
                Command::new(program)
                    .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
                    .args(["--port", &port.to_string()])
                    .current_dir(folder.path())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null()),
            );
            if process.says("Ready to accept connections").await {
                return Some(Self { process, port, _folder: folder });
            }
        }
        panic!("redis-server does not start");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.child.kill();
        let _ = self.process.child.wait();
    }
}

/// nginx with nchan.
pub struct Nginx {
    program: &'static str,
    process: Process,
    folder: TempDir,
    ready: &'static str,
    /// Where it listens, on loopback.
    pub port: u16,
    /// Where it listens with TLS and HTTP/2.
    pub tls_port: u16,
}

impl Nginx {
    /// Starts nginx; without it or its module, says so and gives nothing.
    pub async fn start(store: Option<&Redis>) -> Option<Self> {
        let program = program(["nginx", "/usr/sbin/nginx"]);
        let (Some(program), true) = (program, Path::new(MODULE).exists()) else {
            left_out("tests against a real nginx with nchan", "nginx libnginx-mod-nchan");
            return None;
        };
        // Somebody else may take the port between our look and nginx.
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let (port, tls_port) = (free_port(), free_port());
            let text = conf(&folder, port, tls_port, store);
            std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
            let ready = if store.is_some() {
                "Redis upstream store: ready"
            } else {
                "start worker process "
            };
            let mut process = launch(program, &folder);
            if process.says(ready).await {
                return Some(Self { program, process, folder, ready, port, tls_port });
            }
        }
        panic!("nginx does not start");
    }

    /// Ends nginx, all of it.
    pub async fn stop(&mut self) {
        self.signal("stop");
        let gone = !self.process.says("this is never said").await;
        assert!(gone && self.process.child.wait().unwrap().success());
    }

    /// Starts nginx again after [`Nginx::stop`], on the same port.
    pub async fn again(&mut self) {
        self.process = launch(self.program, &self.folder);
        assert!(self.process.says(self.ready).await, "nginx does not start again");
    }

    /// Publishes a message to a channel and waits until it was taken.
    pub async fn publish(&self, channel: &str, message: &str) {
        let length = message.len();
        let head = format!("Content-Type: text/plain\r\nContent-Length: {length}");
        self.exchange("POST", channel, &head, message).await;
    }

    /// Waits until somebody subscribes to a channel, held by nginx.
    pub async fn until_subscribed(&self, channel: &str) {
        soon("a subscriber", async {
            while self.exchange("GET", channel, "Accept: text/plain", "").await.contains(NOBODY) {}
        })
        .await;
    }

    async fn exchange(&self, method: &str, channel: &str, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!(
            "{method} /pub/{channel} HTTP/1.1\r\nHost: nchan\r\nConnection: close\r\n{head}\r\n\r\n\
             {body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon("nginx answers", stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer
    }

    fn signal(&self, signal: &str) {
        let status = command(self.program, &self.folder)
            .args(["-s", signal])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "nginx -s {signal}");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if matches!(self.process.child.try_wait(), Ok(None)) {
            // A killed master would leave its worker behind.
            let mut stop = command(self.program, &self.folder);
            let _ = stop.args(["-s", "stop"]).stderr(Stdio::null()).status();
            let _ = self.process.child.wait();
        }
    }
}

fn conf(folder: &TempDir, port: u16, tls_port: u16, store: Option<&Redis>) -> String {
    let is_root = folder.path().metadata().unwrap().uid() == 0;
    let upstream = store.map(|redis| {
        format!("upstream store {{ nchan_redis_server redis://127.0.0.1:{}; }}", redis.port)
    });
    CONF.replace("{MODULE}", MODULE)
        .replace("{USER}", if is_root { "user root;" } else { "" })
        .replace("{PORT}", &port.to_string())
        .replace("{TLS_PORT}", &tls_port.to_string())
        .replace("{TLS}", TLS)
        .replace("{STORE}", &upstream.unwrap_or_default())
        .replace("{PASS}", if store.is_some() { "nchan_redis_pass store;" } else { "" })
}

fn command(program: &str, folder: &TempDir) -> Command {
    let mut command = Command::new(program);
    command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf"]);
    command
}

fn launch(program: &str, folder: &TempDir) -> Process {
    Process::start(command(program, folder).stdout(Stdio::null()).stderr(Stdio::piped()))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
