//! What a client calls itself, made short enough for a table: `Chrome 156 · Android`, `curl 8.9`.

/// Browsers by the token that gives them away, the more particular first: every one of them claims
/// to be the others as well.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
];

/// Systems likewise.
const SYSTEMS: [(&str, &str); 8] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// Characters of a name that is nobody's we know.
const LONGEST: usize = 40;

/// A short name for whoever sends this `User-Agent`.
pub(super) fn short(user_agent: &str) -> String {
    let user_agent = user_agent.trim();
    if user_agent.is_empty() {
        return String::from("Unknown");
    }
    if !user_agent.starts_with("Mozilla/") {
        return program(user_agent);
    }
    let system = SYSTEMS.iter().find(|(token, _)| user_agent.contains(token));
    let browser = BROWSERS
        .iter()
        .find_map(|(token, name)| Some(format!("{name} {}", version(user_agent, token)?)))
        .or_else(|| Some(format!("Safari {}", version(user_agent, "Version/")?)));
    match (browser, system) {
        (Some(browser), Some((_, system))) => format!("{browser} · {system}"),
        (Some(browser), None) => browser,
        (None, Some((_, system))) => format!("Browser · {system}"),
        (None, None) => String::from("Browser"),
    }
}

/// The main version after `token`.
fn version<'a>(user_agent: &'a str, token: &str) -> Option<&'a str> {
    let (_, rest) = user_agent.split_once(token)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// `curl/8.9.1` is `curl 8.9`; Wirescope knows its own version.
fn program(user_agent: &str) -> String {
    let first = user_agent.split_whitespace().next().unwrap_or_default();
    let (name, version) = first.split_once('/').unwrap_or((first, ""));
    let short: String = name.chars().take(LONGEST).collect();
    let mut parts = version.split('.').filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        _ if name.is_empty() => String::from("Unknown"),
        _ if name.eq_ignore_ascii_case("wirescope") => String::from("Wirescope"),
        (Some(major), Some(minor)) => {
            format!("{short} {}", format!("{major}.{minor}").chars().take(12).collect::<String>())
        }
        (Some(major), None) => {
            format!("{short} {}", major.chars().take(12).collect::<String>())
        }
        _ => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_people_use() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        let table = [
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 14) {webkit} Chrome/156.0.0.0 Mobile Safari/537.36"
                ),
                "Chrome 156 · Android",
            ),
            (
                String::from(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                ),
                "Safari 19 · iPhone",
            ),
            (
                format!(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/150.0.0.0 Safari/537.36 Edg/150.0"
                ),
                "Edge 150 · Windows",
            ),
            (
                String::from(
                    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                ),
                "Firefox 140 · Linux",
            ),
            (String::from("curl/8.9.1"), "curl 8.9"),
            (String::from("Wirescope/0.1.0"), "Wirescope"),
            (String::from("node"), "node"),
            (String::new(), "Unknown"),
            (String::from("Mozilla/5.0"), "Browser"),
            (String::from("/1"), "Unknown"),
        ];
        for (full, wanted) in table {
            assert_eq!(short(&full), wanted, "{full}");
        }
    }

    #[test]
    fn nobody_makes_the_table_wide() {
        let long = format!("{0}/{0}.{0}", "é".repeat(500));
        assert!(short(&long).chars().count() <= 60);
    }
}
