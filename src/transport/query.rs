//! Parameters of an address, changed one at a time so that the others stay as they were typed.

use url::Url;
use url::form_urlencoded::byte_serialize;

/// Whether the address has this parameter.
pub(super) fn has(url: &Url, name: &str) -> bool {
    url.query().is_some_and(|query| query.split('&').any(|pair| key(pair) == name))
}

/// Sets a parameter in place of any of that name; without a value takes it away.
pub(super) fn set(url: &mut Url, name: &str, value: Option<&str>) {
    let set: Option<String> = value.map(|value| {
        byte_serialize(name.as_bytes())
            .chain(["="])
            .chain(byte_serialize(value.as_bytes()))
            .collect()
    });
    let query = url.query().unwrap_or_default();
    let others = query.split('&').filter(|pair| !pair.is_empty() && key(pair) != name);
    let query: Vec<&str> = others.chain(set.as_deref()).collect();
    let query = query.join("&");
    url.set_query(Some(&query).filter(|query| !query.is_empty()).map(String::as_str));
}

fn key(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_parameter_changes_and_the_others_stay() {
        let table = [
            ("http://h/p", "a", Some("1 &"), "http://h/p?a=1+%26"),
            ("http://h/p?x=%20&a&b=", "a", Some("1"), "http://h/p?x=%20&b=&a=1"),
            ("http://h/p?a=1&b=2", "a", None, "http://h/p?b=2"),
            ("http://h/p?a=1", "a", None, "http://h/p"),
        ];
        for (address, name, value, expected) in table {
            let Ok(mut url) = Url::parse(address) else { unreachable!("{address}") };
            set(&mut url, name, value);
            assert_eq!(url.as_str(), expected);
            assert_eq!(has(&url, name), value.is_some());
        }
    }
}
