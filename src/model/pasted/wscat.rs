//! wscat's flags.

use super::draft::Draft;
use super::flags::{Argument, Syntax};
use super::{PastedError, Tool};

const SYNTAX: Syntax = Syntax {
    short: "clopswHx",
    long: "auth ca cert connect execute header host key listen origin passphrase protocol proxy \
        subprotocol wait",
};

/// Reads the arguments.
pub(super) fn read(arguments: Vec<String>, draft: &mut Draft) -> Result<(), PastedError> {
    for argument in SYNTAX.read(arguments)? {
        match argument {
            Argument::Word(word) => draft.address(word),
            Argument::Flag(flag, value) => take(draft, &flag, value.as_deref())?,
        }
    }
    Ok(())
}

fn take(draft: &mut Draft, flag: &str, value: Option<&str>) -> Result<(), PastedError> {
    let text = value.unwrap_or_default();
    match flag {
        "-c" | "--connect" => draft.address(text.to_owned()),
        "-l" | "--listen" => {
            return Err(PastedError::Listens { tool: Tool::Wscat, flag: flag.to_owned() });
        }
        "-H" | "--header" => draft.header_line(flag, text)?,
        "-s" | "--subprotocol" => draft.header("Sec-WebSocket-Protocol", text),
        "--auth" => draft.basic(text),
        "-o" | "--origin" => draft.header("Origin", text),
        "--host" => draft.header("Host", text),
        "-n" | "--no-check" => draft.options.insecure = true,
        "-x" | "--execute" => draft.options.send.push(text.to_owned()),
        "--ca" => draft.options.ca_file = Some(text.into()),
        "--cert" => draft.options.cert_file = Some(text.into()),
        "--key" => draft.options.key_file = Some(text.into()),
        "--proxy" => draft.proxy("http", text)?,
        // What is always so here: pings and pongs are shown, redirects followed, the version is 13.
        "-P" | "--show-ping-pong" | "-L" | "--location" => {}
        "-p" | "--protocol" if text == "13" => {}
        _ => draft.leave_out(flag, value),
    }
    Ok(())
}
