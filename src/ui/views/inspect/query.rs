//! The parameters in the query of an address as it is typed. What was not changed stays as it was
//! spelled.

use url::form_urlencoded::{byte_serialize, parse};

/// Parameters that can be edited one by one.
pub(super) const MOST: usize = 24;

/// Where the query is: before it, the query itself, and from the fragment on.
fn split(url: &str) -> (&str, Option<&str>, &str) {
    let (rest, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    match rest.split_once('?') {
        Some((before, query)) => (before, Some(query), fragment),
        None => (rest, None, fragment),
    }
}

fn parts(url: &str) -> impl Iterator<Item = &str> {
    split(url).1.unwrap_or_default().split('&').filter(|part| !part.is_empty())
}

/// The parameters, decoded.
pub(super) fn pairs(url: &str) -> Vec<(String, String)> {
    let decoded = |part: &str| {
        let pair = parse(part.as_bytes()).next().unwrap_or_default();
        (pair.0.into_owned(), pair.1.into_owned())
    };
    parts(url).take(MOST).map(decoded).collect()
}

/// The address with this parameter in place of the one at `row`, behind the last, or without it.
pub(super) fn with(url: &str, row: usize, pair: Option<(&str, &str)>) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let written = pair.map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    let mut all: Vec<String> = parts(url).map(str::to_owned).collect();
    match (written, row < all.len()) {
        (Some(part), true) => all[row] = part,
        (Some(part), false) => all.push(part),
        (None, true) => drop(all.remove(row)),
        (None, false) => {}
    }
    let (before, _, fragment) = split(url);
    let mark = if all.is_empty() { "" } else { "?" };
    format!("{before}{mark}{}{fragment}", all.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_and_written_in_place() {
        let url = "wss://h/p?a=1+2&flag&q=%C3%BC#f?x=1";
        let wanted = [("a", "1 2"), ("flag", ""), ("q", "ü")];
        assert_eq!(pairs(url), wanted.map(|(n, v)| (n.to_owned(), v.to_owned())));
        let table = [
            (1, Some(("x", "a&b")), "wss://h/p?a=1+2&x=a%26b&q=%C3%BC#f?x=1"),
            (0, None, "wss://h/p?flag&q=%C3%BC#f?x=1"),
            (3, Some(("", "")), "wss://h/p?a=1+2&flag&q=%C3%BC&=#f?x=1"),
            (9, None, url),
        ];
        for (row, pair, wanted) in table {
            assert_eq!(with(url, row, pair), wanted);
        }
        assert_eq!(with("h", 0, Some(("a", "b"))), "h?a=b");
        assert_eq!(with("h?a=b", 0, None), "h");
        assert!(pairs("h?&&").is_empty() && pairs("").is_empty());
    }
}
