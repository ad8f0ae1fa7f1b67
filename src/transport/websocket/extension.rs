//! What is agreed on permessage-deflate (RFC 7692, section 7): our offer, and whether the server's
//! answer may be given to it.

/// What browsers offer, and so do we.
pub(super) const USUAL: &str = "permessage-deflate; client_max_window_bits";

const NAME: &str = "permessage-deflate";
const WIDEST: u8 = 15;

/// How one side compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    /// The window is two to this power of bytes, from 8 to 15.
    pub(super) bits: u8,
    /// A message may refer to those before it.
    pub(super) keeps_context: bool,
}

/// What was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deflate {
    /// How the server compresses.
    pub(super) server: Side,
    /// How we do.
    pub(super) client: Side,
}

/// A word that may stand in a parameter's place, and what follows it.
type Parameter = (String, Option<String>);

/// The parameters of permessage-deflate, in an offer or in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Parameters {
    server_resets: bool,
    client_resets: bool,
    server_bits: Option<u8>,
    client_bits: Option<u8>,
    /// Names the client's window, which an offer may do without a value.
    names_client_bits: bool,
}

/// What we offer, read from the header we send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offers {
    deflate: Vec<Parameters>,
    others: Vec<String>,
}

impl Offers {
    /// Reads the values of our `Sec-WebSocket-Extensions`. What the person wrote that is no valid
    /// offer is sent all the same, and nothing can be agreed on it.
    pub(super) fn read<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut offers = Self::default();
        for (name, parameters) in values.flat_map(extensions).flatten() {
            if name != NAME {
                offers.others.push(name);
            } else if let Ok(read) = Parameters::read(parameters, true) {
                offers.deflate.push(read);
            }
        }
        offers
    }

    /// What the server's answer means; `None` where it agrees on no extension.
    ///
    /// # Errors
    /// In a sentence, why the answer may not be given to this offer.
    pub(super) fn agree<'a>(
        &self,
        answer: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Deflate>, String> {
        let mut agreed = None;
        for extension in answer.flat_map(extensions) {
            let (name, parameters) = extension.ok_or_else(|| {
                String::from(
                    "the server's Sec-WebSocket-Extensions cannot be read (RFC 6455, section 9.1)",
                )
            })?;
            if name != NAME || self.deflate.is_empty() {
                let is_offered = self.others.contains(&name);
                return Err(if is_offered {
                    format!("the server uses the extension “{name}”, which cannot be decoded here")
                } else {
                    format!(
                        "the server uses the extension “{name}”, which was not offered (RFC 6455, section 4.1)"
                    )
                });
            }
            if agreed.is_some() {
                return Err(String::from(
                    "the server agrees on permessage-deflate twice (RFC 7692, section 5.1)",
                ));
            }
            agreed = Some(self.judge(Parameters::read(parameters, false)?)?);
        }
        Ok(agreed)
    }

    /// The answer has to fit one of the offers.
    fn judge(&self, answer: Parameters) -> Result<Deflate, String> {
        let mut wrong = String::new();
        for offer in &self.deflate {
            match offer.fits(answer) {
                Ok(()) => return Ok(offer.agreed(answer)),
                Err(sentence) if wrong.is_empty() => wrong = sentence,
                Err(_) => {}
            }
        }
        Err(wrong)
    }
}

impl Parameters {
    fn read(list: Vec<Parameter>, is_offer: bool) -> Result<Self, String> {
        let mut read = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in list {
            if seen.contains(&name) {
                return Err(format!(
                    "“{name}” stands twice in the answer for permessage-deflate (RFC 7692, section 7)"
                ));
            }
            match (&name[..], &value) {
                ("server_no_context_takeover", None) => read.server_resets = true,
                ("client_no_context_takeover", None) => read.client_resets = true,
                ("server_max_window_bits", Some(value)) => {
                    read.server_bits = Some(bits(&name, value)?);
                }
                ("client_max_window_bits", Some(value)) => {
                    read.client_bits = Some(bits(&name, value)?);
                    read.names_client_bits = true;
                }
                ("client_max_window_bits", None) if is_offer => read.names_client_bits = true,
                ("server_no_context_takeover" | "client_no_context_takeover", Some(value)) => {
                    return Err(format!(
                        "“{name}” has the value “{value}” where none belongs (RFC 7692, section 7.1.1)"
                    ));
                }
                ("server_max_window_bits" | "client_max_window_bits", None) => {
                    return Err(format!(
                        "“{name}” has no value in the answer (RFC 7692, section 7.1.2)"
                    ));
                }
                _ => {
                    return Err(format!(
                        "permessage-deflate knows no parameter “{name}” (RFC 7692, section 7)"
                    ));
                }
            }
            seen.push(name);
        }
        Ok(read)
    }

    /// Whether `answer` may be given to this offer.
    fn fits(self, answer: Self) -> Result<(), String> {
        if self.server_resets && !answer.server_resets {
            return Err(String::from(
                "the server was asked for server_no_context_takeover and does not confirm it (RFC 7692, section 7.1.1.1)",
            ));
        }
        if let Some(most) = self.server_bits
            && answer.server_bits.is_none_or(|bits| bits > most)
        {
            return Err(format!(
                "the server was asked for server_max_window_bits={most} and does not confirm it (RFC 7692, section 7.1.2.1)"
            ));
        }
        if answer.names_client_bits && !self.names_client_bits {
            return Err(String::from(
                "the server sets client_max_window_bits, which was not offered (RFC 7692, section 7.1.2.2)",
            ));
        }
        match (self.client_bits, answer.client_bits) {
            (Some(most), Some(bits)) if bits > most => Err(format!(
                "the server answers client_max_window_bits={bits} where at most {most} was offered (RFC 7692, section 7.1.2.2)"
            )),
            _ => Ok(()),
        }
    }

    fn agreed(self, answer: Self) -> Deflate {
        // What our offer says of ourselves holds also where the answer leaves it out.
        let ours = [self.client_bits, answer.client_bits];
        Deflate {
            server: Side {
                bits: answer.server_bits.unwrap_or(WIDEST),
                keeps_context: !answer.server_resets,
            },
            client: Side {
                bits: ours.into_iter().flatten().min().unwrap_or(WIDEST),
                keeps_context: !(answer.client_resets || self.client_resets),
            },
        }
    }
}

/// A window as it is written: 8 to 15, without leading zeros (RFC 7692, section 7.1.2).
fn bits(name: &str, value: &str) -> Result<u8, String> {
    let number = value.parse().ok().filter(|bits| (8..=WIDEST).contains(bits));
    number.filter(|_| !value.starts_with(['0', '+'])).ok_or_else(|| {
        format!("“{name}” is “{value}”, not a number from 8 to 15 (RFC 7692, section 7.1.2)")
    })
}

/// The extensions in a header's value, with their parameters (RFC 6455, section 9.1); `None` for
/// one that cannot be read.
fn extensions(value: &str) -> impl Iterator<Item = Option<(String, Vec<Parameter>)>> {
    let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| {
        let mut words = part.split(';').map(str::trim);
        let name = words.next().and_then(token)?;
        let parameters = words.map(|word| match word.split_once('=') {
            None => Some((token(word)?, None)),
            Some((name, value)) => {
                let value = value.trim();
                let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                Some((token(name.trim())?, Some(token(bare.unwrap_or(value))?)))
            }
        });
        Some((name, parameters.collect::<Option<_>>()?))
    })
}

/// A word of letters and signs that need no quotes (RFC 9110, section 5.6.2).
fn token(word: &str) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!word.is_empty() && word.bytes().all(is_token)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(offer: &str, answer: &str) -> Result<Option<Deflate>, String> {
        Offers::read([offer].into_iter()).agree([answer].into_iter())
    }

    fn deflate(server: (u8, bool), client: (u8, bool)) -> Deflate {
        let side = |(bits, keeps_context)| Side { bits, keeps_context };
        Deflate { server: side(server), client: side(client) }
    }

    #[test]
    fn answers_that_fit_an_offer() {
        let wide = deflate((15, true), (15, true));
        let table = [
            (USUAL, "", None),
            (USUAL, "permessage-deflate", Some(wide)),
            (
                USUAL,
                "permessage-deflate;client_max_window_bits=9",
                Some(deflate((15, true), (9, true))),
            ),
            (
                USUAL,
                "permessage-deflate; server_max_window_bits=\"8\"",
                Some(deflate((8, true), (15, true))),
            ),
            (
                USUAL,
                "permessage-deflate; server_no_context_takeover ; client_no_context_takeover",
                Some(deflate((15, false), (15, false))),
            ),
            (
                "permessage-deflate; client_max_window_bits=12; client_no_context_takeover",
                "permessage-deflate",
                Some(deflate((15, true), (12, false))),
            ),
            (
                "permessage-deflate; server_max_window_bits=10, permessage-deflate",
                "permessage-deflate",
                Some(wide),
            ),
            (
                "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
                "permessage-deflate; server_max_window_bits=9; server_no_context_takeover",
                Some(deflate((9, false), (15, true))),
            ),
        ];
        for (offer, answer, expected) in table {
            assert_eq!(agreed(offer, answer), Ok(expected), "{offer} → {answer}");
        }
    }

    #[test]
    fn answers_that_break_the_rules_say_which() {
        let plain = "permessage-deflate";
        let table = [
            (plain, "permessage-deflate; client_max_window_bits=10", "section 7.1.2.2"),
            (USUAL, "permessage-deflate; client_max_window_bits", "no value in the answer"),
            (USUAL, "permessage-deflate; server_max_window_bits", "no value in the answer"),
            (
                USUAL,
                "permessage-deflate; server_max_window_bits=7",
                "“7”, not a number from 8 to 15",
            ),
            (USUAL, "permessage-deflate; server_max_window_bits=16", "“16”, not a number"),
            (USUAL, "permessage-deflate; server_max_window_bits=09", "“09”, not a number"),
            (USUAL, "permessage-deflate; server_max_window_bits=+9", "“+9”, not a number"),
            (USUAL, "permessage-deflate; server_no_context_takeover=1", "the value “1” where none"),
            (USUAL, "permessage-deflate; mode=fast", "no parameter “mode”"),
            (
                USUAL,
                "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
                "stands twice",
            ),
            (USUAL, "permessage-deflate, permessage-deflate", "twice"),
            (USUAL, "x-webkit-deflate-frame", "“x-webkit-deflate-frame”, which was not offered"),
            ("", "permessage-deflate", "“permessage-deflate”, which was not offered"),
            ("foo", "foo; bar=1", "“foo”, which cannot be decoded here"),
            (USUAL, "permessage-deflate; a b", "cannot be read"),
            (
                "permessage-deflate; server_no_context_takeover",
                plain,
                "asked for server_no_context_takeover",
            ),
            (
                "permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=11",
                "asked for server_max_window_bits=10",
            ),
            (
                "permessage-deflate; client_max_window_bits=10",
                "permessage-deflate; client_max_window_bits=11",
                "at most 10 was offered",
            ),
        ];
        for (offer, answer, words) in table {
            let sentence = agreed(offer, answer).err().unwrap_or_default();
            assert!(sentence.contains(words), "{offer} → {answer}: {sentence}");
            assert!(sentence.contains("(RFC ") || words.contains("decoded"), "{sentence}");
        }
    }
}
