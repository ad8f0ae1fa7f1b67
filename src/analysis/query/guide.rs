//! What there is to say about the filter language, by example. The window shows it; the tests try
//! every example on events that pass and events that do not.

/// Examples of one thing that can be asked.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// What they are about.
    pub title: &'static str,
    /// Queries, and what passes them.
    pub examples: &'static [(&'static str, &'static str)],
}

/// The filter language.
pub const GUIDE: &[Topic] = &[
    Topic {
        title: "Text anywhere",
        examples: &[
            ("aapl", "in payload, name, id, kind, cause or reason, in any case"),
            ("\"size limit\" close", "a phrase and a word, in any order"),
            ("/\"seq\":\\d+7,/", "a regular expression; /…/i where capitals do not matter"),
        ],
    },
    Topic {
        title: "Every event",
        examples: &[
            ("kind:ping,pong", "of one of these kinds"),
            ("dir:in", "received; also out and local"),
            ("size >= 2kB", "payload bytes; wire for those on the wire"),
            ("latency > 5ms", "also in us and s; without a unit it is ms"),
            ("gap > 1s", "time since the event before it"),
            ("t > 12.5s", "time since the session began; without a unit it is s"),
            ("n in (1, 2, 3)", "number of the event; attempt for that of the connection"),
        ],
    },
    Topic {
        title: "Where there is one",
        examples: &[
            ("status:4xx", "HTTP status; also status = 404 and status >= 500"),
            ("code:1006", "WebSocket close code"),
            ("name:price*", "type of a server-sent event; * stands for anything"),
            ("id > 48090", "id of a server-sent event, or a poll’s cursor"),
        ],
    },
    Topic {
        title: "JSON payloads",
        examples: &[
            ("symbol = \"AAPL\" and price > 10", "text as text, numbers as numbers"),
            ("symbol:aa*", "capitals and type do not matter; * stands for anything"),
            ("data.items[0].price < 10", "deeper; [*] is any place in a list"),
            (".size > 60", "a field named like one every event has: with a dot before it"),
            ("has(error)", "it is there, whatever its value; also error:*"),
            ("symbol in (\"AAPL\", \"MSFT\")", "one of these"),
            ("text ~ /limit \\d+/i", "matches; text ~ word where it only has to hold it"),
        ],
    },
    Topic {
        title: "Together",
        examples: &[
            ("tick -aapl", "not; also written not aapl"),
            ("kind:text and (aapl or msft)", "not binds first, then and, then or"),
            ("not symbol = \"AAPL\"", "also events without it, unlike symbol != \"AAPL\""),
        ],
    },
];
