//! What a report tells that is no figure of a lane: the network of the run, and a scale run.

use super::*;

#[test]
fn the_network_is_that_of_the_run_and_not_of_another_server() {
    let mut run = full_run();
    let network_of = |run: &RunView| {
        let page = checked(run, None);
        let told = page.split("<dt>Network</dt><dd>").nth(1).expect("a network");
        told.split("</dd>").next().unwrap_or_default().to_owned()
    };
    assert_eq!(
        network_of(&run),
        "<span class=\"chip\">Delay 20ms</span><span class=\"chip\">Cut 1m/reset</span>"
    );
    run.network = vec![(0.0, Arc::default()), (8.0, network("delay=1s")), (20.0, Arc::default())];
    assert_eq!(
        network_of(&run),
        "<p>from 0 s on: as it is, nothing made worse</p>\
         <p>from 8 s on: <span class=\"chip\">Delay 1s</span></p>\
         <p>from 20 s on: as it is, nothing made worse</p>"
    );
    let settings = |run: &RunView| {
        let document: Value = serde_json::from_str(&json(run, None, &meta())).expect("JSON");
        document["settings"].clone()
    };
    let changes = &settings(&run)["network_changes"];
    assert_eq!(changes[0]["at_s"], 8.0);
    assert_eq!(changes[0]["network_in_words"][0], "Delay 1s");
    assert_eq!(changes[1]["network"], Value::Array(Vec::new()));
    run.network.clear();
    assert_eq!(network_of(&run), "not known");
    assert_eq!(settings(&run)["network"], Value::Null);
}

#[test]
fn a_scale_run_is_in_figures_and_verdict_alike() {
    let scale = scale_view();
    let plain = full_run();
    let document: Value = serde_json::from_str(&json(&plain, None, &meta())).expect("JSON");
    assert!(document["lanes"][1].get("server_memory").is_none());
    assert!(!checked(&plain, None).contains("Server memory each"));
    let run = plain.with_scale(&scale);
    let page = checked(&run, Some(&scale));
    assert!(page.contains("4.8 kB of server memory a connection with 9,998 open"));
    assert_eq!(page.matches("<td>4.8 kB</td>").count(), 2, "of the lane and of the scale run");
    let document: Value = serde_json::from_str(&json(&run, Some(&scale), &meta())).expect("JSON");
    assert_eq!(document["lanes"][1]["transport"], "sse");
    assert_eq!(document["lanes"][1]["server_memory"], 4_812);
    assert!(document["lanes"][0].get("server_memory").is_none(), "it was not in the scale run");
    let newer = ScaleRow { memory_per_connection: Some(9_000), ..scale.rows[0].clone() };
    let scale = ScaleView { rows: [scale.rows, vec![newer]].concat(), ..ScaleView::default() };
    assert_eq!(run.with_scale(&scale).lanes[1].figures.server_memory, Some(9_000));
}
