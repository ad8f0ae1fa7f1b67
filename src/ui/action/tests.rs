//! The table of actions is complete and without clashes.

use std::collections::HashSet;

use super::*;

#[test]
fn no_two_actions_share_keys_or_words() {
    let mut keys = HashSet::new();
    let mut words = HashSet::new();
    for action in Action::ALL {
        let spec = action.spec();
        assert!(words.insert(spec.text), "{} is there twice", spec.text);
        assert!(!spec.tip.is_empty() && !spec.tip.ends_with('.'), "{}", spec.tip);
        if let Some(shortcut) = spec.shortcut {
            assert!(keys.insert(format!("{shortcut:?}")), "{shortcut:?} is there twice");
        }
    }
}

#[test]
fn the_table_lists_every_action_once() {
    let all: HashSet<Action> = Action::ALL.into_iter().collect();
    assert_eq!(all.len(), Action::ALL.len());
    // `Quit` is the last variant, so its number tells how many there are.
    assert_eq!(Action::Quit as usize + 1, Action::ALL.len());
}
