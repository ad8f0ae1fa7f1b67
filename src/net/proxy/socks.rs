//! SOCKS 5 (RFC 1928) with names and passwords (RFC 1929), as far as a client's connections need it.
//! Told by hand because what is asked of a refusal is its code.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Host;

use super::{Credentials, Refusal};
use crate::net::{Bar, Target};

const VERSION: u8 = 5;
const OPEN: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

/// Makes `stream` a way to `target`.
pub(super) async fn open<S>(
    mut stream: S,
    target: &Target,
    credentials: Option<&Credentials>,
) -> Result<S, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let greeting: &[u8] = match credentials {
        None => &[VERSION, 1, OPEN],
        Some(_) => &[VERSION, 2, OPEN, PASSWORD],
    };
    stream.write_all(greeting).await?;
    stream.flush().await?;
    let [version, method] = read(&mut stream).await?;
    expect(version == VERSION)?;
    match (method, credentials) {
        (OPEN, _) => {}
        (PASSWORD, Some(credentials)) => log_in(&mut stream, credentials).await?,
        (NONE_ACCEPTABLE, None) => {
            return Err(Refusal::new(Bar::Credentials, "it wants to know who asks"));
        }
        (NONE_ACCEPTABLE, Some(_)) => {
            return Err(Refusal::new(Bar::Rules, "it takes no name and password"));
        }
        _ => return Err(foreign()),
    }
    stream.write_all(&request(target)?).await?;
    stream.flush().await?;
    let [version, reply, _, kind] = read(&mut stream).await?;
    expect(version == VERSION)?;
    if reply != 0 {
        return Err(refused(reply));
    }
    // Where it connects from says nothing to us, but comes before the first byte of the peer.
    match kind {
        1 => drop(read::<_, 6>(&mut stream).await?),
        4 => drop(read::<_, 18>(&mut stream).await?),
        3 => {
            let [length] = read(&mut stream).await?;
            let mut rest = vec![0; usize::from(length) + 2];
            stream.read_exact(&mut rest).await?;
        }
        _ => return Err(foreign()),
    }
    Ok(stream)
}

async fn log_in<S>(stream: &mut S, credentials: &Credentials) -> Result<(), Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = vec![1];
    for part in [&credentials.user, &credentials.password] {
        let too_long = || {
            let cause = "a name or password of more than 255 bytes cannot be sent to it";
            Refusal::new(Bar::Credentials, cause)
        };
        message.push(u8::try_from(part.len()).map_err(|_| too_long())?);
        message.extend(part);
    }
    stream.write_all(&message).await?;
    stream.flush().await?;
    let [version, status] = read(stream).await?;
    // Some answer with the version of SOCKS instead of that of the login.
    expect(version == 1 || version == VERSION)?;
    if status == 0 {
        return Ok(());
    }
    Err(Refusal::new(Bar::Credentials, "it does not accept the name and password"))
}

/// CONNECT to a name or an address (RFC 1928, section 4).
fn request(target: &Target) -> Result<Vec<u8>, Refusal> {
    let mut message = vec![VERSION, 1, 0];
    match &target.host {
        Host::Ipv4(ip) => {
            message.push(1);
            message.extend(ip.octets());
        }
        Host::Ipv6(ip) => {
            message.push(4);
            message.extend(ip.octets());
        }
        Host::Domain(name) => {
            let length = u8::try_from(name.len()).map_err(|_| {
                Refusal::new(Bar::Beyond, "a name of more than 255 bytes cannot be asked for")
            })?;
            message.extend([3, length]);
            message.extend(name.as_bytes());
        }
    }
    message.extend(target.port.to_be_bytes());
    Ok(message)
}

async fn read<S: AsyncRead + Unpin, const N: usize>(stream: &mut S) -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn expect(is_right: bool) -> Result<(), Refusal> {
    if is_right { Ok(()) } else { Err(foreign()) }
}

fn foreign() -> Refusal {
    Refusal::new(Bar::Foreign, "what it answered is no SOCKS 5")
}

/// Reply codes (RFC 1928, section 6).
fn refused(reply: u8) -> Refusal {
    let (bar, words) = match reply {
        1 => (Bar::Beyond, "general failure"),
        2 => (Bar::Rules, "not allowed by its rules"),
        3 => (Bar::Beyond, "network unreachable"),
        4 => (Bar::Beyond, "host unreachable"),
        5 => (Bar::Beyond, "connection refused"),
        6 => (Bar::Beyond, "TTL expired"),
        7 => (Bar::Foreign, "command not supported"),
        8 => (Bar::Beyond, "address type not supported"),
        _ => (Bar::Beyond, "a code that is not registered"),
    };
    Refusal::new(bar, format!("it answered {reply}, {words}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Speaks to a proxy that sends `answers` one byte at a time; what it was asked, and the
    /// outcome.
    async fn ask(answers: &[u8], target: &str, login: bool) -> (Vec<u8>, Result<(), String>) {
        let (near, mut far) = tokio::io::duplex(1024);
        let host = Host::parse(target).unwrap();
        let target = Target { host, port: 0x1234 };
        let credentials = Credentials { user: b"me".to_vec(), password: b"pw".to_vec() };
        let answers = answers.to_vec();
        let proxy = async move {
            for byte in answers {
                // A client that has read enough of it is gone.
                let _ = far.write_all(&[byte]).await;
                tokio::task::yield_now().await;
            }
            let _ = far.shutdown().await;
            let mut asked = Vec::new();
            far.read_to_end(&mut asked).await.unwrap();
            asked
        };
        let client = async move {
            let mut stream = open(near, &target, login.then_some(&credentials))
                .await
                .map_err(|refusal| format!("{:?}: {}", refusal.bar, refusal.cause))?;
            let mut rest = String::new();
            stream.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "hi", "nothing of the peer is lost");
            Ok(())
        };
        tokio::join!(proxy, client)
    }

    #[tokio::test]
    async fn a_way_is_asked_for_and_given() {
        let (asked, end) = ask(b"\x05\x00\x05\x00\x00\x01abcdefhi", "h.example", false).await;
        assert_eq!(end, Ok(()));
        assert_eq!(asked, b"\x05\x01\x00\x05\x01\x00\x03\x09h.example\x12\x34");
        let (asked, end) = ask(b"\x05\x00\x05\x00\x00\x03\x02xxyyhi", "127.0.0.1", false).await;
        assert_eq!(end, Ok(()));
        assert_eq!(asked, b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x12\x34");
        let answers = [b"\x05\x02\x01\x00\x05\x00\x00\x04".as_slice(), &[0; 18], b"hi"].concat();
        let (asked, end) = ask(&answers, "[::1]", true).await;
        assert_eq!(end, Ok(()));
        let login = b"\x05\x02\x00\x02\x01\x02me\x02pw".as_slice();
        let wanted = [login, b"\x05\x01\x00\x04", &[0; 15], b"\x01\x12\x34"].concat();
        assert_eq!(asked, wanted);
        let (_, end) = ask(b"\x05\x00\x05\x00\x00\x01abcdefhi", "h", true).await;
        assert_eq!(end, Ok(()), "a name was offered and not wanted");
    }

    #[tokio::test]
    async fn every_refusal_says_what_it_is() {
        let table: [(&[u8], bool, &str); 12] = [
            (b"\x05\xff", false, "Credentials: it wants to know who asks"),
            (b"\x05\xff", true, "Rules: it takes no name and password"),
            (b"\x05\x02", false, "Foreign: what it answered is no SOCKS 5"),
            (b"\x05\x02\x01\x01", true, "Credentials: it does not accept the name and password"),
            (b"\x05\x00\x05\x02\x00\x01", false, "Rules: it answered 2, not allowed by its rules"),
            (b"\x05\x00\x05\x04\x00\x01", false, "Beyond: it answered 4, host unreachable"),
            (b"\x05\x00\x05\x05\x00\x01", false, "Beyond: it answered 5, connection refused"),
            (
                b"\x05\x00\x05\x99\x00\x01",
                false,
                "Beyond: it answered 153, a code that is not registered",
            ),
            (b"\x05\x00\x05\x00\x00\x09", false, "Foreign: what it answered is no SOCKS 5"),
            (b"HTTP/1.1 400 Bad Request\r\n", false, "Foreign: what it answered is no SOCKS 5"),
            (b"", false, "Broken: it ended the connection"),
            (b"\x05\x00\x05\x00\x00\x01abc", false, "Broken: it ended the connection"),
        ];
        for (answers, login, words) in table {
            let (_, end) = ask(answers, "h", login).await;
            assert_eq!(end, Err(words.to_owned()));
        }
    }
}
