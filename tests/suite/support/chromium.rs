//! A real Chromium without a window, driven over its DevTools protocol. Tests that run at the same
//! time share one; each page has a context of its own, so none sees another's cookies or
//! connections.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::time::Duration;

use base64::Engine as _;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::left_out;

/// Nothing here takes this long unless it hangs, on a machine that does much else besides.
const LIMIT: Duration = Duration::from_secs(90);
/// A name that leads to this machine and is none of its own.
pub const ELSEWHERE: &str = "elsewhere.example";

/// Keeps what a page complains of before any of its own scripts run.
const WATCH: &str = "window.complaints = [];
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        complaints.push(`against the policy: ${violatedDirective} ${blockedURI}`));
    addEventListener('error', ({ message }) => complaints.push(`error: ${message}`));
    addEventListener('unhandledrejection', ({ reason }) => complaints.push(`rejected: ${reason}`));";

/// The process; ended with the last test that uses it.
pub struct Browser {
    child: Child,
    address: String,
    _profile: TempDir,
}

static RUNNING: Mutex<Weak<Browser>> = Mutex::new(Weak::new());

impl Browser {
    /// The one that runs, or a new one; where there is no Chromium, says so and gives nothing.
    pub fn get() -> Option<Arc<Self>> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(browser) = running.upgrade() {
            return Some(browser);
        }
        let browser = Arc::new(Self::start()?);
        *running = Arc::downgrade(&browser);
        Some(browser)
    }

    fn start() -> Option<Self> {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let profile = tempfile::tempdir().unwrap();
        let started = names.into_iter().find_map(|name| {
            Command::new(name)
                .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"])
                .args(["--disable-dev-shm-usage", "--disable-background-networking"])
                .args(["--disable-background-timer-throttling", "--disable-renderer-backgrounding"])
                .args(["--disable-backgrounding-occluded-windows", "--no-proxy-server"])
                .arg(format!("--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"))
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .args(["--remote-debugging-port=0", "about:blank"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .ok()
        });
        let Some(mut child) = started else {
            left_out("tests of the page in a real browser", "chromium");
            return None;
        };
        let errors = child.stderr.take().unwrap();
        let (tell, told) = mpsc::channel();
        // Reads on to the end, so that the browser can always write.
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("DevTools listening on ws://") {
                    let _ = tell.send(address.to_owned());
                }
            }
        });
        let address = told.recv_timeout(LIMIT);
        let mut browser = Self { child, address: String::new(), _profile: profile };
        browser.address = address.expect("Chromium says where it listens");
        Some(browser)
    }

    /// Opens `url` in a context of its own, as wide and high as this.
    pub async fn open(self: &Arc<Self>, url: &str, width: u32, height: u32) -> Page {
        let (host, _) = self.address.split_once('/').unwrap();
        let tcp = TcpStream::connect(host).await.unwrap();
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let endpoint = format!("ws://{}", self.address);
        let connecting = tokio_tungstenite::client_async_with_config(endpoint, tcp, Some(config));
        let (socket, _) = soon("DevTools", connecting).await.unwrap();
        let (browser, session) = (Arc::clone(self), String::new());
        let mut page =
            Page { socket, session, calls: 0, complaints: Vec::new(), _browser: browser };
        let context = page.call("Target.createBrowserContext", json!({"disposeOnDetach": true}));
        let context = context.await["browserContextId"].clone();
        let blank = json!({"url": "about:blank", "browserContextId": context});
        let target = page.call("Target.createTarget", blank).await["targetId"].clone();
        let attach = json!({"targetId": target, "flatten": true});
        let session = page.call("Target.attachToTarget", attach).await["sessionId"].clone();
        page.session = session.as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH})).await;
        let phone = width < 600;
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone,
        });
        page.call("Emulation.setDeviceMetricsOverride", metrics).await;
        let went = page.call("Page.navigate", json!({"url": url})).await;
        assert_eq!(went.get("errorText"), None, "{went}");
        page.until("document.readyState === 'complete'").await;
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A page; closed when dropped.
pub struct Page {
    socket: WebSocketStream<TcpStream>,
    session: String,
    calls: u64,
    complaints: Vec<String>,
    _browser: Arc<Browser>,
}

impl Page {
    /// Calls a method of the DevTools protocol.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The same; an error where it is refused.
    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if !self.session.is_empty() {
            call["sessionId"] = self.session.clone().into();
        }
        self.socket.send(Message::text(call.to_string())).await.unwrap();
        soon(method, async {
            loop {
                let message = self.socket.next().await.expect("Chromium is there").unwrap();
                let Message::Text(text) = message else { continue };
                let mut value: Value = serde_json::from_str(&text).unwrap();
                if value["id"] == self.calls {
                    let error = value["error"].take();
                    return if error.is_null() { Ok(value["result"].take()) } else { Err(error) };
                }
                self.heard(&value);
            }
        })
        .await
    }

    /// Keeps what the browser holds against the page.
    fn heard(&mut self, event: &Value) {
        let params = &event["params"];
        let is_bad = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => {
                matches!(params["type"].as_str(), Some("error" | "warning" | "assert"))
            }
            Some("Log.entryAdded") => {
                matches!(params["entry"]["level"].as_str(), Some("error" | "warning"))
            }
            _ => false,
        };
        if is_bad {
            self.complaints.push(params.to_string());
        }
    }

    /// What a script comes to; promises are waited for.
    pub async fn eval(&mut self, script: &str) -> Value {
        let params = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.call("Runtime.evaluate", params).await;
        assert_eq!(answer.get("exceptionDetails"), None, "{script}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until a script comes to something true.
    pub async fn until(&mut self, script: &str) {
        let ms = LIMIT.as_millis() / 2;
        let wait = format!(
            "new Promise((done) => {{
                const end = performance.now() + {ms};
                const look = () => {{
                    let is = false;
                    try {{ is = {script}; }} catch {{ /* not there yet */ }}
                    if (is || performance.now() > end) done(Boolean(is));
                    else setTimeout(look, 20);
                }};
                look();
            }})"
        );
        let params = json!({"expression": wait, "awaitPromise": true, "returnByValue": true});
        let end = tokio::time::Instant::now() + LIMIT;
        let answer = loop {
            match self.ask("Runtime.evaluate", params.clone()).await {
                Ok(answer) => break answer,
                // The page went elsewhere meanwhile; what is waited for may be there.
                Err(error) => assert!(tokio::time::Instant::now() < end, "{script}: {error}"),
            }
        };
        if answer["result"]["value"] != true {
            let text = self.eval("document.body.innerText").await;
            panic!("never came: {script}\n{}", text.as_str().unwrap_or_default());
        }
    }

    /// Clicks the only element with this accessible name, as a person would who sees it.
    pub async fn click(&mut self, name: &str) {
        let script = format!(
            "(() => {{
                const name = {};
                const all = [...document.querySelectorAll('button, input, summary')];
                const found = all.filter((one) => (one.getAttribute('aria-label')
                    ?? (one.labels?.[0] ?? one).textContent.trim()) === name);
                if (found.length !== 1) throw new Error(`${{found.length}} are called ${{name}}`);
                found[0].scrollIntoView({{ block: 'center' }});
                const box = found[0].getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()",
            Value::from(name)
        );
        let place = self.eval(&script).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", params).await;
        }
    }

    /// Presses a key, such as `Tab`.
    pub async fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            " " => (32, " "),
            _ => panic!("a key that no test needs: {key}"),
        };
        let named = if key == " " { "Space" } else { key };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({
                "type": kind, "key": key, "code": named, "text": text,
                "windowsVirtualKeyCode": code,
            });
            self.call("Input.dispatchKeyEvent", params).await;
        }
    }

    /// Types text where the focus is.
    pub async fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// Shows the page as to somebody who prefers this.
    pub async fn prefers(&mut self, feature: &str, value: &str) {
        let params = json!({"features": [{"name": feature, "value": value}]});
        self.call("Emulation.setEmulatedMedia", params).await;
    }

    /// What the page did against its policy and what went wrong in it, so far.
    pub async fn complaints(&mut self) -> Vec<String> {
        let own = self.eval("window.complaints").await;
        let own = own.as_array().into_iter().flatten().map(Value::to_string);
        let own: Vec<String> = own.collect();
        self.complaints.iter().cloned().chain(own).collect()
    }

    /// Keeps a picture of the page in the folder that `WIRESCOPE_PICTURES` names, if it is set.
    pub async fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("WIRESCOPE_PICTURES") else { return };
        let params = json!({"format": "png", "captureBeyondViewport": true});
        let answer = self.call("Page.captureScreenshot", params).await;
        let data = answer["data"].as_str().unwrap();
        let png = base64::prelude::BASE64_STANDARD.decode(data).unwrap();
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, png).unwrap();
    }
}

/// Panics instead of hanging.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.unwrap_or_else(|_| panic!("never came: {what}"))
}
