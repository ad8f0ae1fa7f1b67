//! The registered meaning of WebSocket close codes.

/// What a close code means (IANA WebSocket Close Code Number Registry).
pub fn close_meaning(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1005 => "no code was sent",
        1006 => "abnormal closure",
        1007 => "invalid payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "extension missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake",
        3000 => "unauthorized",
        3003 => "forbidden",
        3008 => "timeout",
        3001..=3002 | 3004..=3007 | 3009..=3999 => "registered by a library",
        4000..=4999 => "private to the application",
        _ => "not a registered code",
    }
}
