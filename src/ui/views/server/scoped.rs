//! One setting of the network for as many transports at once as are being looked at.

use crate::model::{Impairment, Network, TransportKind, Trouble};

/// What is said of a trouble that is not there.
pub(in crate::ui::views) const OFF: &str = "off";

/// The transports whose network is being set.
pub(in crate::ui::views) struct Scoped<'a> {
    network: &'a mut Network,
    kinds: &'a [TransportKind],
}

impl<'a> Scoped<'a> {
    /// These transports, at least one.
    pub(in crate::ui::views) fn new(network: &'a mut Network, kinds: &'a [TransportKind]) -> Self {
        Self { network, kinds }
    }

    /// What the first of them has, and whether another has something else.
    pub(in crate::ui::views) fn value<T: PartialEq>(
        &self,
        get: impl Fn(&Impairment) -> T,
    ) -> (T, bool) {
        let mut values = self.kinds.iter().map(|kind| get(self.network.of(*kind)));
        let first = values.next().unwrap_or_else(|| get(&Impairment::default()));
        let differs = values.any(|value| value != first);
        (first, differs)
    }

    /// What the first has that has any, and whether another has something else.
    pub(in crate::ui::views) fn option<T: PartialEq>(
        &self,
        get: impl Fn(&Impairment) -> Option<T>,
    ) -> (Option<T>, bool) {
        let first = self.kinds.iter().find_map(|kind| get(self.network.of(*kind)));
        (first, self.value(get).1)
    }

    /// Gives all of them this.
    pub(in crate::ui::views) fn set(&mut self, put: impl Fn(&mut Impairment)) {
        for kind in self.kinds {
            put(self.network.of_mut(*kind));
        }
    }

    /// `WebSocket 20ms, SSE off`
    pub(in crate::ui::views) fn each(&self, trouble: Trouble) -> String {
        let each = self.kinds.iter().map(|kind| {
            let value = self.network.of(*kind).get(trouble);
            format!("{} {}", kind.label(), value.as_deref().unwrap_or(OFF))
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

/// Where in an impairment a value is.
pub(in crate::ui::views) type Place<T> = fn(&mut Impairment) -> &mut T;

/// Reads what is there.
pub(in crate::ui::views) fn get<T: Clone>(place: Place<T>) -> impl Fn(&Impairment) -> T {
    move |impairment| place(&mut impairment.clone()).clone()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_setting_reaches_every_transport_in_scope_and_tells_where_they_differ() {
        let mut network = Network::default();
        network.of_mut(TransportKind::Sse).delay = Duration::from_millis(20);
        let mut scoped = Scoped::new(&mut network, &TransportKind::ALL);
        assert_eq!(scoped.value(|impairment| impairment.delay), (Duration::ZERO, true));
        assert!(scoped.each(Trouble::Delay).starts_with("WebSocket off, SSE 20ms"));
        scoped.set(|impairment| impairment.delay = Duration::from_millis(5));
        assert!(!scoped.value(|impairment| impairment.delay).1);
        assert_eq!(network.of(TransportKind::Stream).delay, Duration::from_millis(5));
    }
}
