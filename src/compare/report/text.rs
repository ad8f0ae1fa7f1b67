//! Words from outside in a page: escaped, and without what opens a server to others.

use url::Url;

use crate::compare::base::{Base, complete};

/// Makes words fit for a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    /// What must not be shown, wherever it stands.
    secrets: Vec<String>,
}

impl Words {
    /// For a report of a run against this address, whose query may hold a token.
    pub(super) fn hiding(address: Option<&str>) -> Self {
        let Some(url) = address.and_then(|address| Url::parse(&complete(address)).ok()) else {
            return Self::default();
        };
        let values = url.query_pairs().map(|(_, value)| value.into_owned());
        let password = url.password().map(str::to_owned);
        let raw = url.query().into_iter().flat_map(|query| query.split('&'));
        let raw = raw.filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned());
        let mut secrets: Vec<String> = values.chain(password).chain(raw).collect();
        // A letter or two would be taken out of everything.
        secrets.retain(|secret| secret.len() >= 4);
        Self { secrets }
    }

    /// The text without secrets.
    pub(super) fn plain(&self, text: &str) -> String {
        let mut text = self
            .secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "…"));
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find("join=")) {
            let start = from + at + "join=".len();
            let ends = |c: char| c.is_whitespace() || "&\"'<>#),;".contains(c);
            let end = text[start..].find(ends).map_or(text.len(), |end| start + end);
            text.replace_range(start..end, "…");
            from = start + "…".len();
        }
        text
    }

    /// The text without secrets, escaped for HTML: in an element, and in an attribute with quotes.
    pub(super) fn html(&self, text: &str) -> String {
        escaped(&self.plain(text))
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Not allowed in a document, or changes how what follows is read.
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                safe.push(' ');
            }
            c => safe.push(c),
        }
    }
    safe
}

/// An address as it may be shown: complete, and without user, query and fragment.
pub(super) fn address(text: &str) -> String {
    let base = Base::parse(text);
    base.map_or_else(|_| String::from("another server"), |base| base.shown().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_text() {
        let html = Words::default().html("<b onclick=\"x\" id='y'>&\u{0}\u{202e}é");
        assert_eq!(html, "&lt;b onclick=&quot;x&quot; id=&#39;y&#39;&gt;&amp;  é");
    }

    #[test]
    fn tokens_are_not_shown_wherever_they_stand() {
        let words = Words::hiding(Some("http://me:hunter2@192.168.1.5:4100/?join=7F3K-22QD"));
        let table = [
            ("refused 7F3K-22QD", "refused …"),
            ("http://x/ws?join=OTHER-ONE&since=3 broke", "http://x/ws?join=…&since=3 broke"),
            ("join=a join=b", "join=… join=…"),
            ("join=", "join=…"),
            ("hunter2", "…"),
            ("nothing", "nothing"),
        ];
        for (text, wanted) in table {
            assert_eq!(words.plain(text), wanted);
        }
        let shown = address("http://me:hunter2@192.168.1.5:4100/?join=7F3K-22QD#x");
        assert_eq!(shown, "http://192.168.1.5:4100");
        assert_eq!(address("no address"), "another server");
        let typed = "me:hunter2@192.168.1.5:4100/?join=7F3K-22QD";
        assert_eq!(address(typed), "http://192.168.1.5:4100");
        assert_eq!(Words::hiding(Some(typed)).plain("hunter2 7F3K-22QD"), "… …");
    }
}
