//! What stands between the application and the client of a response that does not end: compression
//! that flushes only full blocks, then a proxy that collects bytes before it passes them on.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::model::{Buffering, Impairment};

/// Bytes that a proxy which waits for the end collects before it gives up.
const MOST: usize = 4 << 20;

/// Passes bytes on, now or later.
#[derive(Debug, Default)]
pub(in crate::server) struct Middlebox {
    gzip: Option<GzEncoder<Vec<u8>>>,
    /// Whether what is compressed waits for more.
    withholds: bool,
    buffering: Option<Buffering>,
    held: Vec<u8>,
}

impl Middlebox {
    /// `takes_gzip` is what the client says of itself.
    pub(in crate::server) fn new(impairment: &Impairment, takes_gzip: bool) -> Self {
        let compresses = impairment.withholds_compressed && takes_gzip;
        Self {
            gzip: compresses.then(|| GzEncoder::new(Vec::new(), Compression::default())),
            withholds: impairment.withholds_compressed,
            buffering: impairment.buffering,
            held: Vec::new(),
        }
    }

    /// Whether the response is compressed.
    pub(in crate::server) fn compresses(&self) -> bool {
        self.gzip.is_some()
    }

    /// What the client gets when the application sends this; perhaps nothing yet.
    pub(in crate::server) fn pass(&mut self, bytes: Bytes) -> Bytes {
        if self.gzip.is_none() && self.buffering.is_none() {
            return bytes;
        }
        self.compress(&bytes);
        self.let_go()
    }

    /// What the client gets because something else is done from now on. Whether a response is
    /// compressed is settled at its beginning; whether bytes are withheld is not.
    pub(in crate::server) fn change(&mut self, impairment: &Impairment) -> Bytes {
        self.withholds = impairment.withholds_compressed;
        self.buffering = impairment.buffering;
        self.compress(&[]);
        self.let_go()
    }

    /// What the client gets at the end.
    pub(in crate::server) fn end(&mut self) -> Bytes {
        if let Some(gzip) = self.gzip.take() {
            // Writing to memory cannot fail.
            self.held.extend(gzip.finish().unwrap_or_default());
        }
        self.buffering = None;
        self.let_go()
    }

    fn compress(&mut self, bytes: &[u8]) {
        let Some(gzip) = &mut self.gzip else {
            self.held.extend_from_slice(bytes);
            return;
        };
        // Writing to memory cannot fail.
        let _ = gzip.write_all(bytes);
        if !self.withholds {
            let _ = gzip.flush();
        }
        self.held.append(gzip.get_mut());
    }

    fn let_go(&mut self) -> Bytes {
        let enough = match self.buffering {
            None => 0,
            Some(Buffering::Bytes(bytes)) => bytes,
            Some(Buffering::UntilEnd) => MOST,
        };
        if self.held.len() < enough {
            return Bytes::new();
        }
        std::mem::take(&mut self.held).into()
    }
}

/// Whether a client takes gzip (RFC 9110, section 12.5.3).
pub(in crate::server) fn takes_gzip(accept_encoding: &str) -> bool {
    accept_encoding.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            let value = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            value.is_some_and(|q| q.parse() == Ok(0.0))
        });
        !refused && ["gzip", "x-gzip", "*"].iter().any(|known| coding.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn impairment(list: &str) -> Impairment {
        Impairment::parse(list).expect(list)
    }

    fn passed(middlebox: &mut Middlebox, text: &'static str) -> usize {
        middlebox.pass(Bytes::from_static(text.as_bytes())).len()
    }

    #[test]
    fn bytes_wait_until_enough_have_come_together() {
        let mut middlebox = Middlebox::new(&impairment("buffer=10B"), false);
        assert_eq!(passed(&mut middlebox, "12345"), 0);
        assert_eq!(passed(&mut middlebox, "123456"), 11);
        assert_eq!(passed(&mut middlebox, "123"), 0);
        assert_eq!(middlebox.change(&impairment("buffer=2B")), "123");
        assert_eq!(middlebox.end(), "");
    }

    #[test]
    fn bytes_wait_for_the_end_but_not_for_ever() {
        let mut middlebox = Middlebox::new(&impairment("buffer=end"), false);
        assert_eq!(passed(&mut middlebox, "12345"), 0);
        assert_eq!(middlebox.pass(vec![0; MOST].into()).len(), MOST + 5);
        assert_eq!(passed(&mut middlebox, "123"), 0);
        assert_eq!(middlebox.end(), "123");
    }

    #[test]
    fn what_is_compressed_comes_at_the_end_or_when_the_weather_clears() {
        let gunzipped = |bytes: &[u8]| {
            let mut text = String::new();
            let _ = GzDecoder::new(bytes).read_to_string(&mut text);
            text
        };
        let mut middlebox = Middlebox::new(&impairment("compression=withheld"), true);
        assert!(middlebox.compresses());
        let mut out = middlebox.pass(Bytes::from_static(b"hello ")).to_vec();
        assert!(gunzipped(&out).is_empty());
        out.extend(middlebox.change(&Impairment::default()));
        assert_eq!(gunzipped(&out), "hello ");
        out.extend(middlebox.pass(Bytes::from_static(b"world")));
        assert_eq!(gunzipped(&out), "hello world");
        out.extend(middlebox.end());
        assert_eq!(gunzipped(&out), "hello world");
        assert!(!Middlebox::new(&impairment("compression=withheld"), false).compresses());
    }

    #[test]
    fn clients_say_whether_they_take_gzip() {
        for yes in ["gzip", "br, GZIP;q=0.5", "*", "deflate, gzip;q=1.0"] {
            assert!(takes_gzip(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "gzip; q=0.0, br"] {
            assert!(!takes_gzip(no), "{no}");
        }
    }
}
