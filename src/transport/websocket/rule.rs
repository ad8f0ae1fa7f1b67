//! The rules of RFC 6455 and RFC 7692 a peer can break, in words, and what the connection does about
//! it.

use super::frame::{Header, opcode};

/// The reserved bit that permessage-deflate gives a meaning (RFC 7692, section 6).
pub(super) const RSV1: u8 = 4;

/// A rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Rule {
    #[error("reserved bits are set ({}) though no extension that uses them was agreed on (RFC 6455, section 5.2)", bits(*.0))]
    ReservedBits(u8),
    #[error("RSV1 is set on a {} frame, where it means nothing: permessage-deflate sets it on the first frame of a message alone (RFC 7692, section 6)", name(*.0))]
    Compressed(u8),
    #[error("the compressed message cannot be inflated (RFC 7692, section 7.2.2)")]
    Inflate,
    #[error("opcode 0x{0:x} is reserved (RFC 6455, section 5.2)")]
    ReservedOpcode(u8),
    #[error("the frame is masked, which only a client's may be (RFC 6455, section 5.1)")]
    Masked,
    #[error("a {} frame is fragmented (RFC 6455, section 5.5)", name(*.0))]
    FragmentedControl(u8),
    #[error("a {} frame claims {length} bytes of payload where 125 are allowed (RFC 6455, section 5.5)", name(*.opcode))]
    LongControl { opcode: u8, length: u64 },
    #[error("the highest bit of the length is set (RFC 6455, section 5.2)")]
    LengthBit,
    #[error("a continuation frame came with no message to continue (RFC 6455, section 5.4)")]
    NothingToContinue,
    #[error("a {} frame came inside a fragmented message (RFC 6455, section 5.4)", name(*.0))]
    Interleaved(u8),
    #[error("the text is not valid UTF-8 (RFC 6455, section 8.1)")]
    Text,
    #[error("a close frame holds a single byte, which is no code (RFC 6455, section 5.5.1)")]
    ShortClose,
    #[error("the reason of a close frame is not valid UTF-8 (RFC 6455, section 5.5.1)")]
    CloseReason,
    #[error("close code {0} must not be sent (RFC 6455, section 7.4)")]
    CloseCode(u16),
    #[error("the length is written in more bytes than it needs (RFC 6455, section 5.2)")]
    NotMinimal,
    #[error("a {} frame came after the close frame (RFC 6455, section 5.5.1)", name(*.0))]
    AfterClose(u8),
    #[error("a ping went without its pong though other frames came (RFC 6455, section 5.5.2)")]
    NoPong,
}

impl Rule {
    /// The code to close with where the connection cannot go on (RFC 6455, section 7.4.1); `None`
    /// for what does no harm.
    pub(super) const fn fatal(self) -> Option<u16> {
        match self {
            Self::Text | Self::CloseReason | Self::Inflate => Some(1007),
            Self::CloseCode(_) | Self::NotMinimal | Self::AfterClose(_) | Self::NoPong => None,
            _ => Some(1002),
        }
    }

    /// What a header from a server breaks, before any of its payload is there. `continues` tells
    /// whether a fragmented message is waiting for its next frame, `deflate` whether messages may be
    /// compressed.
    pub(super) fn check(header: &Header, continues: bool, deflate: bool) -> Result<(), Self> {
        let code = header.opcode;
        match header.rsv {
            0 => {}
            RSV1 if deflate && matches!(code, opcode::TEXT | opcode::BINARY) => {}
            RSV1 if deflate => return Err(Self::Compressed(code)),
            bits => return Err(Self::ReservedBits(bits)),
        }
        if header.mask.is_some() {
            return Err(Self::Masked);
        }
        if header.length >> 63 != 0 {
            return Err(Self::LengthBit);
        }
        match code {
            opcode::CONTINUATION if !continues => Err(Self::NothingToContinue),
            opcode::TEXT | opcode::BINARY if continues => Err(Self::Interleaved(code)),
            opcode::CLOSE | opcode::PING | opcode::PONG if !header.fin => {
                Err(Self::FragmentedControl(code))
            }
            opcode::CLOSE | opcode::PING | opcode::PONG if header.length > 125 => {
                Err(Self::LongControl { opcode: code, length: header.length })
            }
            3..=7 | 11..=15 => Err(Self::ReservedOpcode(code)),
            _ => Ok(()),
        }
    }
}

/// Whether a close frame may carry this code (RFC 6455, section 7.4, and the IANA registry).
pub(super) const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The field's word for an opcode.
pub(super) const fn name(code: u8) -> &'static str {
    match code {
        opcode::CONTINUATION => "continuation",
        opcode::TEXT => "text",
        opcode::BINARY => "binary",
        opcode::CLOSE => "close",
        opcode::PING => "ping",
        opcode::PONG => "pong",
        _ => "reserved",
    }
}

fn bits(rsv: u8) -> String {
    let names = [(4, "RSV1"), (2, "RSV2"), (1, "RSV3")];
    let set = names.into_iter().filter(|(bit, _)| rsv & bit != 0).map(|(_, name)| name);
    set.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_breaks_the_rule_it_breaks() {
        let table: [(&[u8], bool, Result<(), Rule>); 17] = [
            (b"\x81\x00", false, Ok(())),
            (b"\x80\x00", true, Ok(())),
            (b"\x89\x7d", true, Ok(())),
            (b"\xc1\x00", false, Err(Rule::ReservedBits(4))),
            (b"\xb1\x00", false, Err(Rule::ReservedBits(3))),
            (b"\x81\x80\x00\x00\x00\x00", false, Err(Rule::Masked)),
            (b"\x83\x00", false, Err(Rule::ReservedOpcode(3))),
            (b"\x87\x00", true, Err(Rule::ReservedOpcode(7))),
            (b"\x8b\x00", false, Err(Rule::ReservedOpcode(11))),
            (b"\x8f\x00", false, Err(Rule::ReservedOpcode(15))),
            (b"\x80\x00", false, Err(Rule::NothingToContinue)),
            (b"\x81\x00", true, Err(Rule::Interleaved(1))),
            (b"\x02\x00", true, Err(Rule::Interleaved(2))),
            (b"\x09\x00", false, Err(Rule::FragmentedControl(9))),
            (b"\x8a\x7e\x00\x7e", false, Err(Rule::LongControl { opcode: 10, length: 126 })),
            (b"\x88\x7e\x00\x7d", false, Ok(())),
            (b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", false, Err(Rule::LengthBit)),
        ];
        for (bytes, continues, expected) in table {
            let found = Header::parse(bytes).map(|header| Rule::check(&header, continues, false));
            assert_eq!(found, Some(expected), "{bytes:02x?}");
        }
    }

    #[test]
    fn compression_is_for_the_first_frame_of_a_message() {
        let table: [(&[u8], bool, Result<(), Rule>); 6] = [
            (b"\xc1\x00", false, Ok(())),
            (b"\x42\x00", false, Ok(())),
            (b"\xc0\x00", true, Err(Rule::Compressed(0))),
            (b"\xc9\x00", false, Err(Rule::Compressed(9))),
            (b"\xc1\x00", true, Err(Rule::Interleaved(1))),
            (b"\xe1\x00", false, Err(Rule::ReservedBits(6))),
        ];
        for (bytes, continues, expected) in table {
            let found = Header::parse(bytes).map(|header| Rule::check(&header, continues, true));
            assert_eq!(found, Some(expected), "{bytes:02x?}");
        }
    }

    #[test]
    fn every_rule_names_its_section() {
        let rules = [
            Rule::ReservedBits(6),
            Rule::Compressed(0),
            Rule::Inflate,
            Rule::ReservedOpcode(3),
            Rule::Masked,
            Rule::FragmentedControl(9),
            Rule::LongControl { opcode: 8, length: 126 },
            Rule::LengthBit,
            Rule::NothingToContinue,
            Rule::Interleaved(1),
            Rule::Text,
            Rule::ShortClose,
            Rule::CloseReason,
            Rule::CloseCode(1005),
            Rule::NotMinimal,
            Rule::AfterClose(1),
            Rule::NoPong,
        ];
        for rule in rules {
            let words = rule.to_string();
            assert!(words.contains("(RFC 6455, section ") || words.contains("(RFC 7692, section "));
        }
        assert!(Rule::ReservedBits(6).to_string().contains("(RSV1, RSV2)"));
    }

    #[test]
    fn codes_that_may_be_sent() {
        let refused = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535];
        assert!(refused.into_iter().all(|code| !may_be_sent(code)));
        assert!([1000, 1003, 1007, 1012, 1014, 3000, 4999].into_iter().all(may_be_sent));
    }
}
