//! curl's flags.

use std::path::PathBuf;

use url::form_urlencoded;

use super::PastedError;
use super::draft::Draft;
use super::flags::{Argument, Syntax};
use crate::model::{Body, Proxy};

const SYNTAX: Syntax = Syntax {
    short: "AbcCdDeEFHKmoPQrtTuUwxXyYz",
    long: "abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config \
        connect-timeout connect-to continue-at cookie cookie-jar create-file-mode crlfile curves \
        data data-ascii data-binary data-raw data-urlencode delegation dns-interface \
        dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech egd-file engine \
        etag-compare etag-save expect100-timeout form form-string ftp-account \
        ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms \
        haproxy-clientip header hostpubmd5 hostpubsha256 hsts interface ip-tos ipfs-gateway \
        json keepalive-cnt keepalive-time key key-type krb libcurl limit-rate local-port \
        login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file \
        noproxy oauth2-bearer output output-dir parallel-max pass pinnedpubkey preproxy proto \
        proto-default proto-redir proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type \
        proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass \
        proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype \
        proxy-tlspassword proxy-tlsuser proxy-user proxy1.0 pubkey quote random-file range rate \
        referer request request-target resolve retry retry-delay retry-max-time sasl-authzid \
        service-name sigalgs socks4 socks4a socks5 socks5-gssapi-service socks5-hostname \
        speed-limit speed-time stderr telnet-option tftp-blksize time-cond tls-max \
        tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config \
        unix-socket upload-file upload-flags url url-query user user-agent variable vlan-priority \
        write-out",
};

/// The body and the query as they grow.
#[derive(Default)]
struct Data {
    parts: Vec<String>,
    file: Option<PathBuf>,
    query: Vec<String>,
    is_query: bool,
    is_json: bool,
}

/// Reads the arguments.
pub(super) fn read(arguments: Vec<String>, draft: &mut Draft) -> Result<(), PastedError> {
    let mut data = Data::default();
    let mut urls = Vec::new();
    // Without --compressed curl asks for no compression.
    draft.options.compression = false;
    let mut proxy_user = None;
    let mut user = None;
    for argument in SYNTAX.read(arguments)? {
        match argument {
            Argument::Word(word) => urls.push(word),
            Argument::Flag(flag, value) => match (flag.as_str(), value) {
                ("--url", Some(url)) => urls.push(url),
                ("-u" | "--user", Some(pair)) => user = Some(pair),
                ("-U" | "--proxy-user", Some(pair)) => proxy_user = Some(pair),
                ("--next" | "-:", _) => {
                    draft.notes.push("only the first of several requests was taken".into());
                    break;
                }
                (flag, value) => {
                    let value = value.as_deref();
                    let known = request(draft, flag, value)?
                        || way(draft, flag, value)?
                        || data.take(draft, flag, value.unwrap_or_default());
                    if !known {
                        draft.leave_out(flag, value);
                    }
                }
            },
        }
    }
    // Only now, since a header of the line comes before what a flag makes of it.
    if let Some(pair) = user {
        if !pair.contains(':') {
            draft.notes.push("-u has no password: curl would have asked for it".into());
        }
        draft.basic(&pair);
    }
    if let (Some(pair), Proxy::Via(url)) = (proxy_user, &mut draft.options.proxy) {
        let (name, password) = pair.split_once(':').unwrap_or((&pair, ""));
        // Refused only for addresses without a host, which no proxy has.
        let _ = url.set_username(name);
        let _ = url.set_password((!password.is_empty()).then_some(password));
    }
    data.finish(draft, &mut urls);
    for url in urls {
        draft.address(url);
    }
    Ok(())
}

/// What is said in the request.
fn request(draft: &mut Draft, flag: &str, value: Option<&str>) -> Result<bool, PastedError> {
    let text = value.unwrap_or_default();
    match flag {
        "-H" | "--header" if text.starts_with('@') => return Ok(false),
        "-H" | "--header" => draft.header_line(flag, text)?,
        "-X" | "--request" => draft.options.method = Some(text.to_ascii_uppercase()),
        "-A" | "--user-agent" => draft.header("User-Agent", text),
        "-e" | "--referer" => {
            let address = text.strip_suffix(";auto").unwrap_or(text);
            draft.header("Referer", address);
        }
        "-b" | "--cookie" if text.contains('=') => draft.header("Cookie", text),
        "--oauth2-bearer" => draft.offer("Authorization", &format!("Bearer {text}")),
        "--compressed" => draft.options.compression = true,
        // What is always so here: nothing is held back, addresses are taken as they stand,
        // redirects are followed.
        "-N" | "--no-buffer" | "-g" | "--globoff" | "-L" | "--location" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// How to get there.
fn way(draft: &mut Draft, flag: &str, value: Option<&str>) -> Result<bool, PastedError> {
    let text = value.unwrap_or_default();
    let options = &mut draft.options;
    match flag {
        "-k" | "--insecure" => options.insecure = true,
        "--cacert" => options.ca_file = Some(text.into()),
        "-E" | "--cert" => {
            // A password may stand behind a colon; `C:` is a drive.
            let at = text.rfind(':').filter(|at| *at > 1);
            options.cert_file = Some(at.map_or(text, |at| &text[..at]).into());
            if at.is_some() {
                draft.notes.push(format!("the password of {flag} was left out"));
            }
        }
        "--key" => options.key_file = Some(text.into()),
        "-x" | "--proxy" => draft.proxy("http", text)?,
        "--socks5" => draft.proxy("socks5", text)?,
        "--socks5-hostname" => draft.proxy("socks5h", text)?,
        "--noproxy" if text.trim() == "*" => options.proxy = Proxy::Off,
        _ => return Ok(false),
    }
    Ok(true)
}

impl Data {
    fn take(&mut self, draft: &mut Draft, flag: &str, text: &str) -> bool {
        match flag {
            "-G" | "--get" => self.is_query = true,
            "-d" | "--data" | "--data-ascii" | "--data-binary" => self.add(draft, flag, text),
            "--data-raw" => self.parts.push(text.to_owned()),
            "--json" => {
                self.is_json = true;
                self.add(draft, flag, text);
            }
            "--data-urlencode" | "--url-query" => {
                let Some(part) = encoded(text) else { return false };
                let parts = if flag == "--url-query" { &mut self.query } else { &mut self.parts };
                parts.push(part);
            }
            _ => return false,
        }
        true
    }

    fn add(&mut self, draft: &mut Draft, flag: &str, text: &str) {
        match text.strip_prefix('@') {
            None => self.parts.push(text.to_owned()),
            Some("-") => draft.notes.push("the body came from another program: left out".into()),
            Some(path) if self.file.is_none() => self.file = Some(path.into()),
            Some(_) => draft.leave_out(flag, None),
        }
    }

    fn finish(self, draft: &mut Draft, urls: &mut [String]) {
        let joined = self.parts.join(if self.is_json { "" } else { "&" });
        let mut query = self.query;
        if self.is_query {
            query.extend((!joined.is_empty()).then_some(joined));
            if self.file.is_some() {
                draft.leave_out("-d @file with -G", None);
            }
        } else if !joined.is_empty() || self.file.is_some() || !self.parts.is_empty() {
            let form = "application/x-www-form-urlencoded";
            let kind = if self.is_json { "application/json" } else { form };
            draft.offer("Content-Type", kind);
            if self.is_json {
                draft.offer("Accept", "application/json");
            }
            if self.file.is_some() && !joined.is_empty() {
                draft.notes.push("of the body only the file was taken".into());
            }
            draft.options.body = Some(self.file.map_or(Body::Text(joined), Body::File));
        }
        if let (Some(url), false) = (urls.first_mut(), query.is_empty()) {
            let (before, fragment) =
                url.split_once('#').map_or((url.as_str(), None), |(b, f)| (b, Some(f)));
            let joint = if before.contains('?') { '&' } else { '?' };
            let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
            *url = format!("{before}{joint}{}{fragment}", query.join("&"));
        }
    }
}

/// `content`, `=content` or `name=content`, its content percent-encoded; `None` for a file.
fn encoded(text: &str) -> Option<String> {
    let encode =
        |content: &str| form_urlencoded::byte_serialize(content.as_bytes()).collect::<String>();
    match text.split_once('=') {
        Some(("", content)) => Some(encode(content)),
        Some((name, _)) if name.contains('@') => None,
        Some((name, content)) => Some(format!("{name}={}", encode(content))),
        None if text.contains('@') => None,
        None => Some(encode(text)),
    }
}
