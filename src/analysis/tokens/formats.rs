//! The formats in which language models stream their answers: what each message adds, by the
//! members that tell one format from another.

use serde_json::Value;

use super::{Kind, Usage};

/// A format of token streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `choices[].delta`, as of OpenAI and most who copied it.
    ChatCompletions,
    /// `choices[].text`.
    Completions,
    /// Events named `response.*`.
    Responses,
    /// `content_block_delta` between `message_start` and `message_stop`.
    Messages,
    /// `candidates[].content.parts[]`.
    Gemini,
    /// `message.content` or `response`, and `done`.
    Ollama,
}

impl Format {
    /// The name people know it by.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ChatCompletions => "OpenAI chat completions",
            Self::Completions => "OpenAI completions",
            Self::Responses => "OpenAI responses",
            Self::Messages => "Anthropic messages",
            Self::Gemini => "Gemini",
            Self::Ollama => "Ollama",
        }
    }
}

/// What one message of a token stream says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Which answer it belongs to, where it says so.
    pub(super) id: Option<String>,
    /// It is the first message of an answer.
    pub(super) begins: bool,
    pub(super) deltas: Vec<Delta>,
    /// Why the answer ends.
    pub(super) end: Option<String>,
    /// No further message belongs to the answer.
    pub(super) is_last: bool,
    pub(super) usage: Usage,
}

/// A piece of text, and where it belongs.
#[derive(Debug, PartialEq)]
pub(super) struct Delta {
    /// Which of several answers or blocks, and which tool call within.
    pub(super) place: (u64, u64),
    pub(super) kind: Kind,
    /// Of a tool, where it is told.
    pub(super) name: Option<String>,
    pub(super) text: String,
}

type Reader = fn(&Value) -> Option<Reading>;

const READERS: [(Format, Reader); 6] = [
    (Format::ChatCompletions, chat_completions),
    (Format::Completions, completions),
    (Format::Messages, messages),
    (Format::Responses, responses),
    (Format::Gemini, gemini),
    (Format::Ollama, ollama),
];

/// The format of a message and what it says; `None` where it is of none.
pub(super) fn recognise(message: &Value) -> Option<(Format, Reading)> {
    READERS.iter().find_map(|(format, read)| Some((*format, read(message)?)))
}

/// What a message says in a format that is known; `None` where it is of another.
pub(super) fn read(format: Format, message: &Value) -> Option<Reading> {
    let reader = READERS.iter().find(|(known, _)| *known == format);
    reader.and_then(|(_, read)| read(message)).or_else(|| failure(message))
}

/// What most servers say in place of a further message.
fn failure(message: &Value) -> Option<Reading> {
    let mut reading = Reading::default();
    reading.failed(message.get("error").filter(|error| error.is_object())?);
    Some(reading)
}

fn chat_completions(message: &Value) -> Option<Reading> {
    let choices = message.get("choices")?.as_array()?;
    let says_so = text(message, "object").is_some_and(|object| object == "chat.completion.chunk");
    if !says_so && !choices.iter().any(|choice| choice.get("delta").is_some()) {
        return None;
    }
    let mut reading = Reading { id: text(message, "id"), ..Reading::default() };
    for (at, choice) in choices.iter().enumerate() {
        let place = number(choice, "index").unwrap_or(at as u64);
        let delta = &choice["delta"];
        let thinking = text(delta, "reasoning_content").or(text(delta, "reasoning"));
        reading.add((place, 0), Kind::Thinking, thinking);
        reading.add((place, 0), Kind::Text, text(delta, "content").or(text(delta, "refusal")));
        for (at, call) in list(delta, "tool_calls").iter().enumerate() {
            let function = &call["function"];
            let tool = number(call, "index").unwrap_or(at as u64);
            reading.call((place, tool), text(function, "name"), text(function, "arguments"));
        }
        reading.ended(text(choice, "finish_reason"));
    }
    reading.usage = usage(&message["usage"], "prompt_tokens", "completion_tokens");
    Some(reading)
}

fn completions(message: &Value) -> Option<Reading> {
    let choices = message.get("choices")?.as_array()?;
    let has_text = choices.iter().any(|choice| choice["text"].is_string());
    if !has_text && text(message, "object").is_none_or(|object| object != "text_completion") {
        return None;
    }
    let mut reading = Reading { id: text(message, "id"), ..Reading::default() };
    for (at, choice) in choices.iter().enumerate() {
        let place = number(choice, "index").unwrap_or(at as u64);
        reading.add((place, 0), Kind::Text, text(choice, "text"));
        reading.ended(text(choice, "finish_reason"));
    }
    reading.usage = usage(&message["usage"], "prompt_tokens", "completion_tokens");
    Some(reading)
}

fn messages(message: &Value) -> Option<Reading> {
    let mut reading = Reading::default();
    let place = (number(message, "index").unwrap_or(0), 0);
    match message.get("type")?.as_str()? {
        "message_start" => {
            let begun = message.get("message")?;
            reading.id = text(begun, "id");
            reading.begins = true;
            reading.usage = usage(&begun["usage"], "input_tokens", "output_tokens");
        }
        "content_block_start" => {
            let block = message.get("content_block")?;
            let tool = text(block, "name");
            if tool.is_some() {
                reading.call(place, tool, None);
            }
            reading.add(place, Kind::Text, text(block, "text"));
            reading.add(place, Kind::Thinking, text(block, "thinking"));
        }
        "content_block_delta" => {
            let delta = message.get("delta")?;
            reading.add(place, Kind::Text, text(delta, "text"));
            reading.add(place, Kind::Thinking, text(delta, "thinking"));
            reading.add(place, Kind::Tool, text(delta, "partial_json"));
        }
        "message_delta" => {
            reading.ended(text(message.get("delta")?, "stop_reason"));
            reading.usage = usage(&message["usage"], "input_tokens", "output_tokens");
        }
        "message_stop" => reading.is_last = true,
        "content_block_stop" | "ping" => {}
        "error" => reading.failed(message.get("error")?),
        _ => return None,
    }
    Some(reading)
}

fn responses(message: &Value) -> Option<Reading> {
    let kind = message.get("type")?.as_str()?.strip_prefix("response.")?;
    let place = (
        number(message, "output_index").unwrap_or(0),
        number(message, "content_index").unwrap_or(0),
    );
    let mut reading = Reading::default();
    match kind {
        "created" => {
            reading.begins = true;
            reading.id = text(&message["response"], "id");
        }
        "output_text.delta" | "refusal.delta" => {
            reading.add(place, Kind::Text, text(message, "delta"));
        }
        "reasoning_text.delta" | "reasoning_summary_text.delta" => {
            reading.add(place, Kind::Thinking, text(message, "delta"));
        }
        "function_call_arguments.delta" => reading.add(place, Kind::Tool, text(message, "delta")),
        "output_item.added" => {
            let name = text(&message["item"], "name");
            if name.is_some() {
                reading.call(place, name, None);
            }
        }
        "completed" | "incomplete" | "failed" => {
            let response = &message["response"];
            reading.is_last = true;
            reading.ended(
                text(&response["incomplete_details"], "reason").or(text(response, "status")),
            );
            if response["error"].is_object() {
                reading.failed(&response["error"]);
            }
            reading.usage = usage(&response["usage"], "input_tokens", "output_tokens");
        }
        _ => {}
    }
    Some(reading)
}

fn gemini(message: &Value) -> Option<Reading> {
    let candidates = message.get("candidates")?.as_array()?;
    let mut reading = Reading { id: text(message, "responseId"), ..Reading::default() };
    for (at, candidate) in candidates.iter().enumerate() {
        let place = number(candidate, "index").unwrap_or(at as u64);
        for part in list(&candidate["content"], "parts") {
            let is_thought = part["thought"].as_bool() == Some(true);
            let kind = if is_thought { Kind::Thinking } else { Kind::Text };
            reading.add((place, 0), kind, text(part, "text"));
            if let Some(call) = part.get("functionCall") {
                let arguments = call.get("args").map(Value::to_string);
                reading.call((place, 0), text(call, "name"), arguments);
            }
        }
        reading.ended(text(candidate, "finishReason"));
    }
    reading.usage = usage(&message["usageMetadata"], "promptTokenCount", "candidatesTokenCount");
    Some(reading)
}

fn ollama(message: &Value) -> Option<Reading> {
    let is_done = message.get("done")?.as_bool()?;
    message.get("model")?;
    let mut reading = Reading::default();
    let said = match (message.get("message"), message.get("response")) {
        (Some(said), _) => said,
        (None, Some(_)) => message,
        (None, None) => return None,
    };
    reading.add((0, 0), Kind::Thinking, text(said, "thinking"));
    reading.add((0, 0), Kind::Text, text(said, "content").or(text(said, "response")));
    for (at, call) in list(said, "tool_calls").iter().enumerate() {
        let function = &call["function"];
        let arguments = function.get("arguments").map(Value::to_string);
        reading.call((0, at as u64), text(function, "name"), arguments);
    }
    reading.is_last = is_done;
    reading.ended(text(message, "done_reason"));
    reading.usage = usage(message, "prompt_eval_count", "eval_count");
    Some(reading)
}

impl Reading {
    fn add(&mut self, place: (u64, u64), kind: Kind, text: Option<String>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.deltas.push(Delta { place, kind, name: None, text });
        }
    }

    fn call(&mut self, place: (u64, u64), name: Option<String>, arguments: Option<String>) {
        let text = arguments.unwrap_or_default();
        self.deltas.push(Delta { place, kind: Kind::Tool, name, text });
    }

    fn ended(&mut self, reason: Option<String>) {
        self.end = reason.filter(|reason| !reason.is_empty()).or(self.end.take());
    }

    fn failed(&mut self, error: &Value) {
        self.is_last = true;
        let words = text(error, "message").or(text(error, "type")).unwrap_or_default();
        self.end = Some(format!("error: {words}"));
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn number(value: &Value, name: &str) -> Option<u64> {
    value.get(name)?.as_u64()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn usage(value: &Value, input: &str, output: &str) -> Usage {
    Usage { input: number(value, input), output: number(value, output) }
}
