//! The options that say what the built-in server sends.

use clap::Args as ClapArgs;

use super::values::{burst, rate, shape, size, topic};
use crate::model::{DEFAULT_TOPIC, Shape, Source};

/// What is sent.
#[derive(Debug, ClapArgs)]
pub(super) struct SourceArgs {
    /// Messages a second; 0 sends only what is published
    #[arg(long, value_name = "N", value_parser = rate, default_value = "10")]
    rate: f64,
    /// Messages that go out together: at a rate of 10 and a burst of 5, five every half second
    #[arg(long, value_name = "N", value_parser = burst, default_value = "1")]
    burst: u32,
    /// Payload bytes of a message: those of its text, or of its bytes
    #[arg(long, value_name = "BYTES", value_parser = size, default_value = "100")]
    size: usize,
    /// What messages look like: ticks, chat, orders, tokens (of a language model), binary
    #[arg(long, value_name = "NAME", value_parser = shape, default_value = "ticks")]
    shape: Shape,
    /// Where messages go; repeated, each goes to the next
    #[arg(long = "topic", value_name = "NAME", value_parser = topic, default_value = DEFAULT_TOPIC)]
    topics: Vec<String>,
}

impl SourceArgs {
    /// The source these arguments describe.
    pub(super) fn source(&self) -> Source {
        let Self { rate, burst, size, shape, ref topics } = *self;
        Source { rate, burst, size, shape, topics: topics.clone() }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        source: SourceArgs,
    }

    fn read(line: &str) -> Result<Source, String> {
        let words = ["serve"].into_iter().chain(line.split(' ').filter(|word| !word.is_empty()));
        Line::try_parse_from(words).map(|line| line.source.source()).map_err(|e| e.to_string())
    }

    #[test]
    fn arguments_become_a_source() {
        assert_eq!(read(""), Ok(Source::default()));
        let line = "--rate 100 --burst 20 --size 1k --shape orders --topic eu --topic us";
        let topics = vec!["eu".into(), "us".into()];
        let wanted = Source { rate: 100.0, burst: 20, size: 1000, shape: Shape::Orders, topics };
        assert_eq!(read(line), Ok(wanted));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_what_can() {
        let table = [
            ("--shape=bars", "ticks, chat"),
            ("--burst=0", "1 to 10,000"),
            ("--topic=", "1 to 64"),
        ];
        for (argument, said) in table {
            let error = read(argument).err().unwrap_or_default();
            assert!(error.contains(said), "{argument}: {error}");
        }
    }
}
