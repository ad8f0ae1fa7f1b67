//! What people do: publish, be seen by the presenter, use a phone or the keyboard alone.

use serde_json::json;

use super::*;

#[tokio::test]
async fn what_one_publishes_the_other_sees_with_how_late_it_was() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(0.0)).await;
    let (mut ann, mut bob) = (open(&browser, &server).await, open(&browser, &server).await);
    for page in [&mut ann, &mut bob] {
        page.until(&in_all("state", "said === 'Open'")).await;
    }
    ann.click("A message to everybody here").await;
    ann.write("Hello from a tab").await;
    ann.press("Enter").await;
    ann.until(
        "document.querySelector('#publish [role=status]').textContent === 'Published as number 1'",
    )
    .await;
    let name = ann.eval("document.getElementById('name').textContent").await;
    let first = "document.querySelector('#said li')";
    for page in [&mut bob, &mut ann] {
        page.until(&format!("{first}.querySelectorAll('.arrivals li').length === 5")).await;
        let shown = page.eval(&format!("{first}.innerText")).await;
        let shown = shown.as_str().unwrap();
        assert!(shown.contains("Hello from a tab"), "{shown}");
        assert!(shown.contains(name.as_str().unwrap()), "{shown}");
        for lane in ["WebSocket", "Server-Sent Events", "Long poll", "Short poll", "Streaming HTTP"]
        {
            assert!(shown.contains(lane), "{lane}: {shown}");
        }
    }
    bob.click("the WebSocket").await;
    bob.click("A message to everybody here").await;
    bob.write("<b>and back</b>").await;
    bob.press("Enter").await;
    ann.until(&format!("{first}.innerText.includes('<b>and back</b>')")).await;
    assert_eq!(server.hub().last_id("default"), 2);
    assert_content(&mut ann).await;
    assert_content(&mut bob).await;
    server.stop().await;
}

#[tokio::test]
async fn what_the_browser_measured_reaches_the_list_of_clients() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(20.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("delivered", "Number(said) > 0")).await;
    let tab = page.eval("document.getElementById('name').textContent").await;
    let mut expected = LANES;
    expected.sort_unstable();
    until("a report of each lane", || reported(&server, &tab) == expected).await;
    assert_eq!(page.eval("document.getElementById('topics').hidden").await, json!(true));
    let (clients, _) = server.control().clients(100);
    for told in clients.iter().filter_map(|client| client.reported) {
        assert!(told.p95_ms >= told.median_ms && told.delivered > Some(0), "{told:?}");
        assert_eq!((told.lost, told.reconnects), (Some(0), Some(0)));
    }
    assert!(clients.iter().all(|client| client.user_agent.contains("Chrome")), "{clients:?}");
    server.stop().await;
}

#[tokio::test]
async fn one_of_several_topics_is_chosen_and_kept_in_the_address() {
    let Some(browser) = Browser::get() else { return };
    let topics = vec!["eu".into(), "us".into()];
    let source = Source { rate: 50.0, topics, ..Source::default() };
    let server = start(ServerOptions { source, ..at_rate(0.0) }).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    let listed = "[...document.getElementById('topics').options].map((one) => one.value).join()";
    page.until(&format!("{listed} === 'default,eu,us'")).await;
    assert_eq!(page.eval("document.getElementById('topics').hidden").await, json!(false));
    assert_eq!(said(&mut page, "delivered").await, ["0"; 5]);
    page.eval(
        "(() => { const topics = document.getElementById('topics'); topics.value = 'us';
            topics.dispatchEvent(new Event('change')); })()",
    )
    .await;
    page.until(&in_all("delivered", "Number(said.replace(',', '')) > 0")).await;
    assert_eq!(said(&mut page, "lost").await, ["0"; 5]);
    assert_eq!(page.eval("location.search").await, json!("?topic=us"));
    let mut other = browser.open(&format!("{}/?topic=us", server.url()), 1280, 900).await;
    other.until(&in_all("delivered", "Number(said.replace(',', '')) > 0")).await;
    assert_eq!(other.eval("document.getElementById('topics').value").await, json!("us"));
    for page in [&mut page, &mut other] {
        assert_content(page).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn it_fits_a_phone_in_any_state() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(20.0)).await;
    let mut page = browser.open(&server.url(), 360, 740).await;
    page.until(&in_all("delivered", "Number(said) > 0")).await;
    // What cannot be broken anywhere, from somebody with the longest name.
    let long = json!({"from": "m".repeat(64), "text": "w".repeat(500)}).to_string();
    server.publish(DEFAULT_TOPIC, &Draft::object(long.as_bytes()).unwrap()).unwrap();
    page.until("document.querySelectorAll('.arrivals li').length === 5").await;
    page.click("What programs can ask for").await;
    page.click("Open another event stream").await;
    let overflow = "[document.documentElement.scrollWidth, innerWidth]";
    for scheme in ["dark", "light"] {
        page.prefers("prefers-color-scheme", scheme).await;
        let width = page.eval(overflow).await;
        assert_eq!(width, json!([360, 360]), "{scheme}");
        page.picture(&format!("phone-{scheme}")).await;
    }
    page.click("Cut all").await;
    page.until(&in_all("state", "said === 'Cut'")).await;
    assert_eq!(page.eval(overflow).await, json!([360, 360]));
    assert_content(&mut page).await;
    server.stop().await;
}

#[tokio::test]
async fn the_keyboard_reaches_everything_and_everything_has_a_name() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(20.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("delivered", "Number(said) > 0")).await;
    page.eval(
        "window.reachable = new Set([...document.querySelectorAll('button, input, summary, a')]
            .filter((one) => one.type !== 'radio' || one.checked)); undefined",
    )
    .await;
    let mut steps = 0;
    while page.eval("reachable.size").await != 0 {
        steps += 1;
        assert!(
            steps < 60,
            "not reached: {}",
            page.eval("[...reachable].map((one) => one.outerHTML).join()").await
        );
        page.press("Tab").await;
        let outline = page
            .eval(
                "(() => { const one = document.activeElement; reachable.delete(one);
                return one === document.body ? 'none of the page'
                    : getComputedStyle(one).outlineStyle; })()",
            )
            .await;
        assert_ne!(outline, "none", "the focus does not show at step {steps}");
    }
    page.call("Accessibility.enable", json!({})).await;
    let tree = page.call("Accessibility.getFullAXTree", json!({})).await;
    let mut names = Vec::new();
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        if ["button", "textbox", "radio", "switch", "checkbox", "DisclosureTriangle", "link"]
            .contains(&role)
        {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            assert!(!name.is_empty(), "{node}");
            names.push(format!("{role} {name}"));
        }
    }
    for wanted in
        ["switch Long poll: on", "button Cut Streaming HTTP", "textbox A message to everybody here"]
    {
        assert!(names.iter().any(|name| name == wanted), "{wanted}: {names:?}");
    }
    // The space bar on a switch does what a click does.
    page.eval("document.querySelector('[data-transport=sse] .switch').focus()").await;
    page.press(" ").await;
    page.until(
        "document.querySelector('[data-transport=sse] [data-part=state]').textContent === 'Off'",
    )
    .await;
    server.stop().await;
}

#[tokio::test]
async fn nothing_that_anybody_publishes_stops_the_page() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(0.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    let deep = |depth| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let odd = [
        r#"{"text":{"toString":0},"from":{"toString":0}}"#.to_owned(),
        r#"{"text":null,"data":null,"toString":1,"__proto__":2}"#.to_owned(),
        deep(100_000),
        format!(r#"{{"text":{}}}"#, deep(100_000)),
    ];
    for (at, body) in odd.iter().enumerate() {
        server.publish(DEFAULT_TOPIC, &Draft::object(body.as_bytes()).unwrap()).unwrap();
        // Shown as the newest, so it was painted.
        page.until(&in_all("newest", &format!("said.startsWith('{} ')", at + 1))).await;
    }
    publish(&server, 1);
    page.until(&in_all("delivered", "said === '5'")).await;
    assert_eq!(said(&mut page, "state").await, ["Open"; 5]);
    assert_eq!(said(&mut page, "reconnects").await, ["0"; 5]);
    // Each came in every lane, and was shown once.
    page.until("document.querySelectorAll('.arrivals li').length === 25").await;
    assert_eq!(page.eval("document.querySelectorAll('#said > li').length").await, 5);
    assert_content(&mut page).await;
    server.stop().await;
}

#[tokio::test]
async fn a_page_that_fails_to_show_something_goes_on() {
    let Some(browser) = Browser::get() else { return };
    let server = start(at_rate(0.0)).await;
    let mut page = open(&browser, &server).await;
    page.until(&in_all("state", "said === 'Open'")).await;
    // Neither a message nor the bars can be shown for a while.
    page.eval(
        "window.failures = 0;
        window.kept = [[Date.prototype, 'toLocaleTimeString'],
            [HTMLCanvasElement.prototype, 'getContext']].map(([of, name]) => {
            const good = of[name];
            of[name] = () => { failures += 1; throw new Error('out of order'); };
            return () => { of[name] = good; };
        }); undefined",
    )
    .await;
    publish(&server, 1);
    // Each lane brings it, and the page is painted now and then.
    page.until("failures >= 10").await;
    page.eval("for (const mend of kept) mend()").await;
    publish(&server, 1);
    page.until(&in_all("delivered", "said === '2'")).await;
    assert_eq!(said(&mut page, "state").await, ["Open"; 5]);
    assert_eq!(said(&mut page, "reconnects").await, ["0"; 5]);
    let complaints = page.complaints().await;
    assert!(complaints.iter().any(|text| text.contains("out of order")), "it was not kept quiet");
    server.stop().await;
}
