//! The body that came with a refusal, so that it can be read: JSON with one field a line, the words
//! of a page without its tags, anything else as it stands.

use egui::{RichText, Ui};

use super::json_text::pretty;
use super::words::hex;
use crate::model::Event;
use crate::ui::theme::{mono, size, tokens, words};
use crate::ui::widgets::section;

/// What a body is, and how it reads.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// Data, to be shown in columns.
    Data(String),
    /// The words of a page.
    Page(String),
}

/// Bytes that are read for each frame; more does not fit on a screen.
const READ: usize = 64 << 10;

/// Reads the body of an event; `None` where there is none.
pub(super) fn read(event: &Event) -> Option<Body> {
    if event.payload.is_empty() {
        return None;
    }
    let start = &event.payload[..event.payload.len().min(READ)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text.trim(),
        // A character that was cut in two.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default().trim()
        }
        Err(_) => return Some(Body::Data(hex(start))),
    };
    let start: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.contains("<html") {
        let words = page_words(text);
        if !words.is_empty() {
            return Some(Body::Page(words));
        }
    }
    if text.starts_with(['{', '[']) && is_json(text) {
        return Some(Body::Data(pretty(text)));
    }
    Some(Body::Data(text.replace("\r\n", "\n").replace(['\r', '\t'], "  ")))
}

/// JSON, even if its end was cut off.
fn is_json(text: &str) -> bool {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    }
}

/// The words of a page, a line for each of its blocks.
fn page_words(html: &str) -> String {
    const INLINE: [&str; 12] =
        ["a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup", "u"];
    let mut lines = vec![String::new()];
    let lower = html.to_ascii_lowercase();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        add_words(&mut lines, &rest[..open]);
        rest = &rest[open..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = rest.find('>').map_or(rest.len(), |end| end + 1);
        let tag = rest[1..end].trim_start_matches('/');
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        let is_opening = !rest.starts_with("</");
        rest = &rest[end..];
        if is_opening && matches!(name.as_str(), "script" | "style") {
            let close = format!("</{name}");
            let end = lower[html.len() - rest.len()..].find(&close).unwrap_or(rest.len());
            rest = &rest[end..];
        }
        if !INLINE.contains(&name.as_str()) {
            lines.push(String::new());
        }
    }
    add_words(&mut lines, rest);
    let lines = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let mut lines: Vec<&str> = lines.collect();
    // The title is told again by the first heading of most pages.
    lines.dedup();
    lines.join("\n")
}

fn add_words(lines: &mut [String], text: &str) {
    let Some(line) = lines.last_mut() else { return };
    let text = [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")]
        .into_iter()
        .fold(text.to_owned(), |text, (name, letter)| text.replace(name, letter))
        .replace("&amp;", "&");
    let starts_apart = text.starts_with(char::is_whitespace);
    let ends_apart = text.ends_with(char::is_whitespace);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if (starts_apart || words.is_empty()) && !line.is_empty() && !line.ends_with(' ') {
        line.push(' ');
    }
    line.push_str(&words);
    if ends_apart && !words.is_empty() {
        line.push(' ');
    }
}

/// Shows the body, at most so many characters of it.
pub(super) fn ui(ui: &mut Ui, event: &Event, most: usize) {
    let t = tokens(ui.ctx());
    let Some(body) = read(event) else { return };
    let (title, text, font) = match &body {
        Body::Data(text) => ("Start of the body", text, mono(size::DATA)),
        Body::Page(text) => ("Words of the page", text, words(size::BODY)),
    };
    section(ui, title);
    let start: String = text.chars().take(most).collect();
    let text = RichText::new(start).font(font).color(t.text);
    ui.add(egui::Label::new(text).wrap().selectable(true));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Dir, Kind};

    fn body(payload: &str) -> Option<Body> {
        read(&Event::new(0, Dir::Local, Kind::Failed).with_payload(payload.to_owned()))
    }

    #[test]
    fn a_page_is_its_words() {
        let page = "<!DOCTYPE html>\r\n<html>\r\n<head><title>401 Authorization Required</title>\
                    <style>h1 { color: red }</style></head>\r\n<body>\r\n<center><h1>401 \
                    Authorization Required</h1></center>\r\n<hr><center>nginx/1.22.1 &amp; \
                    <b>more</b></center><!-- a > b -->\r\n</body></html>";
        let wanted = "401 Authorization Required\nnginx/1.22.1 & more";
        assert_eq!(body(page), Some(Body::Page(wanted.into())));
    }

    #[test]
    fn json_has_one_field_a_line_even_without_its_end() {
        let wanted = |text: &str| Some(Body::Data(text.into()));
        assert_eq!(body(r#"{"a":1}"#), wanted("{\n  \"a\": 1\n}"));
        assert_eq!(body(r#"{"a":"cut"#), wanted("{\n  \"a\": \"cut"));
        assert_eq!(body("{no json}"), wanted("{no json}"));
        assert_eq!(body("a\r\nb"), wanted("a\nb"));
        assert_eq!(body(""), None);
    }
}
