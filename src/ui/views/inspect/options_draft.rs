//! The options as they are typed, and what they come to: every field is text until it is read, and
//! what cannot be read says so beside it.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Body, Heartbeat, Options, Proxy};

/// A field of the options that may be typed wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Header(usize),
    Method,
    Interval,
    Most,
    First,
    Longest,
    Ping,
    MaxMessage,
    Every,
    Proxy,
    Key,
}

/// The options as text.
// Switches that are independent of each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub headers: Vec<(String, String)>,
    pub subprotocols: String,
    pub method: String,
    pub body: String,
    pub body_is_file: bool,
    pub dialect: String,
    pub interval: String,
    pub last_event_id: String,
    pub most: String,
    pub first: String,
    pub longest: String,
    pub ping: String,
    pub insecure: bool,
    pub ca_file: String,
    pub cert_file: String,
    pub key_file: String,
    pub proxy: String,
    pub compression: bool,
    pub answer_pings: bool,
    pub echo: bool,
    pub max_message: String,
    pub post_to: String,
    pub send: Vec<String>,
    pub every: String,
    pub seq_path: String,
    pub ts_path: String,
}

impl From<&Options> for Draft {
    fn from(options: &Options) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let file = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
        };
        let (body, body_is_file) = match &options.body {
            None => (String::new(), false),
            Some(Body::Text(text)) => (text.clone(), false),
            Some(Body::File(path)) => (path.display().to_string(), true),
        };
        Self {
            headers: options.headers.clone(),
            subprotocols: options.subprotocols.join(", "),
            method: text(&options.method),
            body,
            body_is_file,
            dialect: text(&options.dialect),
            interval: duration_text(options.interval),
            last_event_id: text(&options.last_event_id),
            most: options.retries.most.to_string(),
            first: duration_text(options.retries.first),
            longest: duration_text(options.retries.longest),
            ping: options
                .heartbeat
                .map_or_else(|| "off".into(), |heartbeat| duration_text(heartbeat.every)),
            insecure: options.insecure,
            ca_file: file(&options.ca_file),
            cert_file: file(&options.cert_file),
            key_file: file(&options.key_file),
            proxy: match &options.proxy {
                Proxy::System => String::new(),
                Proxy::Off => "off".into(),
                Proxy::Via(url) => url.as_str().trim_end_matches('/').to_owned(),
            },
            compression: options.compression,
            answer_pings: options.answer_pings,
            echo: options.echo,
            max_message: size_text(options.max_message),
            post_to: text(&options.post_to),
            send: options.send.clone(),
            every: options.every.map(duration_text).unwrap_or_default(),
            seq_path: text(&options.seq_path),
            ts_path: text(&options.ts_path),
        }
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::from(&Options::default())
    }
}

impl Draft {
    /// The options, or every field that cannot be read with what is wrong. What is not typed in the
    /// window (chance in the backoff, patience with pongs) comes from `base`.
    pub(super) fn read(&self, base: &Options) -> Result<Options, Vec<(Slot, String)>> {
        let mut wrong = Vec::new();
        let mut options = base.clone();
        options.headers = self.read_headers(&mut wrong);
        options.subprotocols = list(&self.subprotocols);
        options.method = some(&self.method).map(|method| method.to_uppercase());
        if options.method.as_deref().is_some_and(|m| !m.bytes().all(|b| b.is_ascii_uppercase())) {
            wrong.push((Slot::Method, "a method is one word, as in GET or POST".into()));
        }
        options.body = match (self.body.is_empty(), self.body_is_file) {
            (true, _) => None,
            (false, false) => Some(Body::Text(self.body.clone())),
            (false, true) => Some(Body::File(PathBuf::from(self.body.trim()))),
        };
        options.dialect = some(&self.dialect);
        options.last_event_id = some(&self.last_event_id);
        options.post_to = some(&self.post_to);
        options.insecure = self.insecure;
        options.ca_file = some(&self.ca_file).map(PathBuf::from);
        options.cert_file = some(&self.cert_file).map(PathBuf::from);
        options.key_file = some(&self.key_file).map(PathBuf::from);
        options.compression = self.compression;
        options.answer_pings = self.answer_pings;
        options.echo = self.echo;
        options.send = self.send.iter().filter(|text| !text.is_empty()).cloned().collect();
        options.seq_path = some(&self.seq_path);
        options.ts_path = some(&self.ts_path);
        let mut keep = |slot, read: Result<(), String>| {
            if let Err(why) = read {
                wrong.push((slot, why));
            }
        };
        keep(Slot::Interval, set(&mut options.interval, duration(&self.interval)));
        keep(Slot::Most, set(&mut options.retries.most, whole(&self.most)));
        keep(Slot::First, set(&mut options.retries.first, duration(&self.first)));
        keep(Slot::Longest, set(&mut options.retries.longest, duration(&self.longest)));
        keep(Slot::Ping, self.read_ping(&mut options));
        keep(Slot::MaxMessage, set(&mut options.max_message, size(&self.max_message)));
        let every = some(&self.every).map(|every| duration(&every)).transpose();
        keep(Slot::Every, set(&mut options.every, every));
        let proxy = some(&self.proxy).map_or(Ok(Proxy::System), |typed| Proxy::parse(&typed));
        keep(Slot::Proxy, set(&mut options.proxy, proxy.map_err(|error| error.to_string())));
        if options.key_file.is_some() && options.cert_file.is_none() {
            wrong.push((Slot::Key, "a key is of no use without its certificate".into()));
        }
        if options.retries.longest < options.retries.first {
            wrong.push((Slot::Longest, "shorter than the first wait".into()));
        }
        if wrong.is_empty() { Ok(options) } else { Err(wrong) }
    }

    fn read_ping(&self, options: &mut Options) -> Result<(), String> {
        let ping = self.ping.trim();
        if ping.is_empty() || ping == "off" {
            options.heartbeat = None;
            return Ok(());
        }
        let every = duration(ping)?;
        if options.heartbeat.is_none_or(|heartbeat| heartbeat.every != every) {
            options.heartbeat = Some(Heartbeat::every(every));
        }
        Ok(())
    }

    fn read_headers(&self, wrong: &mut Vec<(Slot, String)>) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (at, (name, value)) in self.headers.iter().enumerate() {
            let name = name.trim();
            if name.is_empty() && value.is_empty() {
                continue;
            }
            let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.is_empty() || !name.bytes().all(is_token) {
                let why = "a header's name is letters, digits and hyphens, without the colon";
                wrong.push((Slot::Header(at), why.into()));
            } else if value.chars().any(|c| c.is_control() && c != '\t') {
                wrong.push((Slot::Header(at), "a header's value is one line".into()));
            }
            headers.push((name.to_owned(), value.clone()));
        }
        headers
    }
}

fn set<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn list(text: &str) -> Vec<String> {
    text.split(',').filter_map(some).collect()
}

fn whole(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| "a whole number; 0 never connects again".into())
}

/// A duration as people write it: `500ms`, `2s`, `1m`, or a number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let bare = text.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    bare.map_or_else(|| humantime::parse_duration(text).ok(), Some)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a time as in 500ms, 2s or 1m".into())
}

/// The shortest way to write a duration.
pub(super) fn duration_text(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn size(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic()).trim();
    let factor = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        _ => 0.0,
    };
    digits
        .parse::<f64>()
        .ok()
        .map(|number| number * factor)
        .filter(|bytes| (1.0..=4e9).contains(bytes))
        .map(|bytes| bytes as usize)
        .ok_or_else(|| "a size as in 64MiB or 500kB".into())
}

fn size_text(bytes: usize) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        bytes if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        bytes => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_touched_comes_back_as_it_was() {
        let mut options = Options::default();
        assert_eq!(Draft::from(&options).read(&options), Ok(options.clone()));
        options.headers = vec![("Authorization".into(), "Bearer x".into())];
        options.heartbeat = None;
        options.body = Some(Body::File("/tmp/body.json".into()));
        options.max_message = 1000;
        options.every = Some(Duration::from_millis(1500));
        options.retries.jitter = 0.5;
        options.proxy = Proxy::parse("socks5h://me:x@proxy:1080").unwrap_or_default();
        options.cert_file = Some("/tmp/me.pem".into());
        options.key_file = Some("/tmp/me.key".into());
        (options.compression, options.answer_pings, options.echo) = (false, false, true);
        assert_eq!(Draft::from(&options).read(&options), Ok(options.clone()));
    }

    #[test]
    fn what_cannot_be_read_says_where_and_why() {
        let draft = Draft {
            headers: vec![("Bad name:".into(), "x".into())],
            interval: "soon".into(),
            most: "-1".into(),
            first: "10s".into(),
            longest: "1s".into(),
            ping: "0s".into(),
            max_message: "lots".into(),
            proxy: "ftp://proxy".into(),
            key_file: "me.key".into(),
            ..Draft::default()
        };
        let wrong = draft.read(&Options::default()).err().unwrap_or_default();
        let slots: Vec<Slot> = wrong.into_iter().map(|(slot, _)| slot).collect();
        let wanted = [
            Slot::Header(0),
            Slot::Interval,
            Slot::Most,
            Slot::Ping,
            Slot::MaxMessage,
            Slot::Proxy,
            Slot::Key,
            Slot::Longest,
        ];
        assert_eq!(slots, wanted);
    }

    #[test]
    fn sizes_and_times_are_read_as_written() {
        assert_eq!(size("64 MiB"), Ok(64 << 20));
        assert_eq!(size("1.5kB"), Ok(1500));
        assert_eq!(size("77"), Ok(77));
        assert!(size("5 apples").is_err());
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
    }
}
