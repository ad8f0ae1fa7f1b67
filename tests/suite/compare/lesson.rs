//! Lessons that run: what they do is done at its time, told, and undone.

use wirescope::compare::{
    Act, CrowdSpec, HerdView, Lesson, LessonView, Stage, StreamsView, lessons, start_lesson,
};
use wirescope::model::{BlockedUpgrade, Network};

use super::*;
use crate::support::LIMIT;

/// How much faster a lesson is given here than to people.
const HASTE: u32 = 5;

fn lesson(id: &str) -> Lesson {
    lessons().iter().find(|lesson| lesson.id() == id).unwrap().clone()
}

/// The same in a fraction of its time, and with a fraction of its clients.
fn hastened(lesson: Lesson) -> Lesson {
    let mut lesson = Lesson { duration: lesson.duration / HASTE, ..lesson };
    for step in &mut lesson.steps {
        step.at /= HASTE;
        for act in &mut step.acts {
            match act {
                Act::Restart(restart) => restart.down /= HASTE,
                Act::Crowd(CrowdSpec::Herd { clients, .. }) => *clients /= 10,
                _ => {}
            }
        }
    }
    lesson
}

/// Something bad that lessons know nothing of.
fn bad_network() -> Network {
    let mut network = Network::default();
    network.of_mut(TransportKind::Stream).blocked_upgrade = Some(BlockedUpgrade::BadRequest);
    network
}

/// Gives a lesson from its beginning to its end, and makes sure that nothing is left of it.
async fn given(lesson: &Lesson) -> LessonView {
    let server = server().await;
    let control = server.control();
    let (network, source) = (bad_network(), control.source());
    control.set_network(network.clone());
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let at_first = tasks();
    let folder = tempfile::tempdir().unwrap();
    let started = start_lesson(lesson, control.clone(), place(&folder), CancellationToken::new());
    let comparison = tokio::time::timeout(LIMIT * 3, started.await.unwrap().done());
    let comparison = comparison.await.expect("it ends by itself");
    assert_eq!((comparison.view.stage, &comparison.notes), (Stage::Done, &Vec::new()));
    assert_eq!((&*control.network(), control.source()), (&network, source));
    soon("every task is gone", async {
        while tasks() > at_first {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    server.stop().await;
    let view = comparison.view.lesson.unwrap();
    assert_eq!(view.step + 1, lesson.steps.len());
    assert!(view.steps.iter().all(|step| step.measured.is_some()), "{:#?}", view.steps);
    view
}

#[tokio::test]
async fn a_lesson_is_carried_out_measured_and_undone() {
    let lesson = lesson("upgrade-blocked");
    let server = server().await;
    let control = server.control();
    let source = control.source();
    let before = bad_network();
    control.set_network(before.clone());
    let (folder, stop) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    let started = start_lesson(&lesson, control.clone(), place(&folder), stop.clone());
    let running = started.await.unwrap();
    assert!(control.network().is_good() || running.lesson().is_some_and(|now| now.step > 0));
    soon("the second step", async {
        while running.lesson().is_none_or(|now| now.step < 1) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(!control.network().is_good(), "something is done to the network");
    stop.cancel();
    let comparison = soon("its end", running.done()).await;
    assert_eq!(comparison.view.stage, Stage::Done);
    let network = &comparison.view.network;
    assert!(network.len() <= 2, "what is undone is not of the run: {network:?}");
    assert!(!network.last().unwrap().1.is_good(), "the report tells what the lesson did");
    let steps = comparison.lesson.unwrap().steps;
    assert_eq!(steps.len(), lesson.steps.len());
    assert!(steps[0].measured.is_some() && steps[1].measured.is_some(), "{steps:?}");
    assert!(steps.last().unwrap().measured.is_none(), "it was not reached");
    assert_eq!((&*control.network(), control.source()), (&before, source));
    // One that is dropped undoes it, too.
    let (folder, stop) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    drop(start_lesson(&lesson, control.clone(), place(&folder), stop).await.unwrap());
    soon("it is undone", async {
        while *control.network() != before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn both_herds_lose_the_server_and_come_back_as_they_are_told_to() {
    let view = given(&hastened(lesson("thundering-herd"))).await;
    let comebacks: Vec<_> = view.herds.iter().map(|herd| (herd.comeback, herd.clients)).collect();
    assert_eq!(comebacks, [("at-once", 10), ("jitter", 10)]);
    let attempts = |herd: &HerdView| herd.attempts.iter().map(|made| u64::from(*made)).sum::<u64>();
    for herd in &view.herds {
        assert!(herd.lost_at_s.is_some() && attempts(herd) >= 10, "{herd:?}");
    }
    let [at_once, jitter] = [&view.herds[0], &view.herds[1]];
    assert!(attempts(at_once) > attempts(jitter), "{at_once:?}\n{jitter:?}");
    // The lanes lost it, too.
    for restart in [1, 3] {
        let measured = view.steps[restart].measured.as_deref().unwrap();
        assert!(!measured.contains("no break"), "{measured}");
    }
    assert!(view.streams.is_empty());
}

#[tokio::test]
async fn a_page_has_six_connections_or_one_that_carries_all() {
    let view = given(&hastened(lesson("six-connections"))).await;
    let receiving =
        |page: &StreamsView| page.streams.iter().filter(|stream| stream.first_ms.is_some()).count();
    let pages: Vec<_> = view
        .streams
        .iter()
        .map(|page| (page.protocol, page.connections, receiving(page), page.waiting()))
        .collect();
    assert_eq!(pages, [("http1", 6, 6, 4), ("http2", 1, 10, 0)]);
    assert!(view.herds.is_empty());
}
