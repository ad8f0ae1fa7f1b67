//! The lessons that come with the program, in the order they are taught.

use std::sync::LazyLock;

use super::Lesson;
use super::file::parsed;

macro_rules! built_in {
    ($($id:literal),* $(,)?) => {
        [$(($id, include_str!(concat!("../../../assets/lessons/", $id, ".toml")))),*]
    };
}

const FILES: [(&str, &str); 8] = built_in![
    "one-way-feed",
    "no-heartbeat-behind-a-nat",
    "thundering-herd",
    "resume",
    "out-of-order",
    "buffering-proxy",
    "upgrade-blocked",
    "six-connections",
];

/// Every lesson. A file that is wrong fails a test, not the program.
pub fn lessons() -> &'static [Lesson] {
    static LESSONS: LazyLock<Vec<Lesson>> =
        LazyLock::new(|| FILES.iter().filter_map(|(id, text)| parsed(id, text).ok()).collect());
    &LESSONS
}

/// The lesson of this id.
pub fn lesson(id: &str) -> Option<&'static Lesson> {
    lessons().iter().find(|lesson| lesson.id() == id)
}
