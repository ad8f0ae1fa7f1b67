//! Names of MQTT's reason codes: of version 5 (section 2.4, table 2-6) and of the older CONNACK
//! (MQTT 3.1.1, section 3.2.2.3) and SUBACK (section 3.9.3).

use super::Version;

/// Codes of version 5.
const CODES: [(u8, &str); 43] = [
    (0x00, "Success"),
    (0x01, "Granted QoS 1"),
    (0x02, "Granted QoS 2"),
    (0x04, "Disconnect with Will Message"),
    (0x10, "No matching subscribers"),
    (0x11, "No subscription existed"),
    (0x18, "Continue authentication"),
    (0x19, "Re-authenticate"),
    (0x80, "Unspecified error"),
    (0x81, "Malformed Packet"),
    (0x82, "Protocol Error"),
    (0x83, "Implementation specific error"),
    (0x84, "Unsupported Protocol Version"),
    (0x85, "Client Identifier not valid"),
    (0x86, "Bad User Name or Password"),
    (0x87, "Not authorized"),
    (0x88, "Server unavailable"),
    (0x89, "Server busy"),
    (0x8a, "Banned"),
    (0x8b, "Server shutting down"),
    (0x8c, "Bad authentication method"),
    (0x8d, "Keep Alive timeout"),
    (0x8e, "Session taken over"),
    (0x8f, "Topic Filter invalid"),
    (0x90, "Topic Name invalid"),
    (0x91, "Packet Identifier in use"),
    (0x92, "Packet Identifier not found"),
    (0x93, "Receive Maximum exceeded"),
    (0x94, "Topic Alias invalid"),
    (0x95, "Packet too large"),
    (0x96, "Message rate too high"),
    (0x97, "Quota exceeded"),
    (0x98, "Administrative action"),
    (0x99, "Payload format invalid"),
    (0x9a, "Retain not supported"),
    (0x9b, "QoS not supported"),
    (0x9c, "Use another server"),
    (0x9d, "Server moved"),
    (0x9e, "Shared Subscriptions not supported"),
    (0x9f, "Connection rate exceeded"),
    (0xa0, "Maximum connect time"),
    (0xa1, "Subscription Identifiers not supported"),
    (0xa2, "Wildcard Subscriptions not supported"),
];

/// Codes of the older CONNACK, from 0.
const RETURN_CODES: [&str; 6] = [
    "Connection Accepted",
    "Connection Refused, unacceptable protocol version",
    "Connection Refused, identifier rejected",
    "Connection Refused, Server unavailable",
    "Connection Refused, bad user name or password",
    "Connection Refused, not authorized",
];

/// What a code in this packet means; nothing where the packet knows no such code.
pub(super) fn name(packet: &str, code: u8, version: Version) -> Option<&'static str> {
    if version < Version::V5 {
        return match (packet, code) {
            ("CONNACK", code) => RETURN_CODES.get(usize::from(code)).copied(),
            ("SUBACK", 0) => Some("Success, Maximum QoS 0"),
            ("SUBACK", 1) => Some("Success, Maximum QoS 1"),
            ("SUBACK", 2) => Some("Success, Maximum QoS 2"),
            ("SUBACK", 0x80) => Some("Failure"),
            _ => None,
        };
    }
    match (packet, code) {
        ("SUBACK", 0) => return Some("Granted QoS 0"),
        ("DISCONNECT", 0) => return Some("Normal disconnection"),
        ("SUBACK", 0x03..=0x7f) | ("UNSUBACK", 1..=0x10 | 0x12..=0x7f) => return None,
        _ => {}
    }
    CODES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_as_their_packet_means_them() {
        assert!(CODES.is_sorted_by(|one, next| one.0 < next.0));
        let table = [
            ("CONNACK", 5, Version::V3_1_1, Some("Connection Refused, not authorized")),
            ("CONNACK", 0x87, Version::V5, Some("Not authorized")),
            ("CONNACK", 6, Version::V3_1, None),
            ("SUBACK", 0, Version::V5, Some("Granted QoS 0")),
            ("SUBACK", 0x80, Version::V3_1_1, Some("Failure")),
            ("DISCONNECT", 0, Version::V5, Some("Normal disconnection")),
            ("PUBACK", 0x03, Version::V5, None),
        ];
        for (packet, code, version, wanted) in table {
            assert_eq!(name(packet, code, version), wanted, "{packet} {code}");
        }
    }
}
