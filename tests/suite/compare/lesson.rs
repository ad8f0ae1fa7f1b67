//! Lessons that run: what they do is done at its time, told, and undone.

use wirescope::compare::{Stage, lessons, start_lesson};
use wirescope::model::{BlockedUpgrade, Network};

use super::*;

#[tokio::test]
async fn a_lesson_is_carried_out_measured_and_undone() {
    let lesson = lessons().iter().find(|lesson| lesson.id() == "upgrade-blocked").unwrap();
    let server = server().await;
    let control = server.control();
    let source = control.source();
    let mut before = Network::default();
    before.of_mut(TransportKind::Stream).blocked_upgrade = Some(BlockedUpgrade::BadRequest);
    control.set_network(before.clone());
    let (folder, stop) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    let started = start_lesson(lesson, control.clone(), place(&folder), stop.clone());
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
    drop(start_lesson(lesson, control.clone(), place(&folder), stop).await.unwrap());
    soon("it is undone", async {
        while *control.network() != before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    server.stop().await;
}
