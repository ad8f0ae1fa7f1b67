//! What was done to the network, in words.

use crate::model::{Network, TransportKind, Trouble};

/// One line a trouble and value, as in `Cut 5s/reset on SSE, Stream`; those that every transport
/// had that can feel it without naming them.
pub(super) fn in_words(network: &Network) -> Vec<String> {
    let mut lines = Vec::new();
    for trouble in Trouble::ALL {
        let mut values: Vec<(String, Vec<TransportKind>)> = Vec::new();
        for kind in TransportKind::ALL {
            let Some(value) = network.of(kind).get(trouble) else { continue };
            match values.iter_mut().find(|(same, _)| *same == value) {
                Some((_, kinds)) => kinds.push(kind),
                None => values.push((value, vec![kind])),
            }
        }
        for (value, kinds) in values {
            let mut line = trouble.title().to_owned();
            if trouble.choices().len() != 1 {
                line.push(' ');
                line.push_str(&value);
            }
            if kinds.len() < trouble.felt_by().len() {
                let names: Vec<&str> = kinds.iter().map(|kind| kind.label()).collect();
                line.push_str(" on ");
                line.push_str(&names.join(", "));
            }
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use crate::model::Impairment;

    #[test]
    fn every_trouble_has_words() {
        let all = Impairment::parse("delay=20ms,upgrade=426,heartbeats=off").expect("fine");
        let mut network = Network::all(&all);
        network.of_mut(TransportKind::Sse).set("cut", "5s/reset").expect("fine");
        assert_eq!(
            in_words(&network),
            ["Delay 20ms", "Cut 5s/reset on SSE", "Blocked upgrade 426", "No heartbeats"]
        );
        assert!(in_words(&Network::default()).is_empty());
    }
}
