use super::*;

fn read(list: &str) -> String {
    Impairment::parse(list).map_or_else(|error| error.to_string(), |read| read.to_string())
}

#[test]
fn what_is_spelt_is_read_again() {
    for list in [
        "",
        "delay=20ms",
        "delay=1s500ms,jitter=5ms",
        "bandwidth=64kB,slow-accept=2s",
        "cut=1m/clean,idle=30s/silence",
        "cut=1ms/reset,idle=1h/fin",
        "drop=1,duplicate=10,reorder=2",
        "fail=503/3,retry-after=5s",
        "fail=429",
        "buffer=16KiB,compression=withheld",
        "buffer=end,upgrade=400",
        "upgrade=426,pongs=off,heartbeats=off,cors=off",
        "upgrade=strip",
    ] {
        assert_eq!(read(list), list);
    }
}

#[test]
fn people_may_be_brief_and_in_any_order() {
    assert_eq!(read(" retry-after=1m , fail=503/1,cut=60s,"), "cut=1m/fin,fail=503,retry-after=1m");
    assert_eq!(read("fail=503,retry-after=2s,fail=502"), "fail=502,retry-after=2s");
    assert_eq!(read("delay=0s,jitter=0s"), "");
}

#[test]
fn what_is_out_of_range_is_refused_with_what_is_allowed() {
    for list in [
        "delay=61s",
        "delay=x",
        "jitter=-1s",
        "bandwidth=0",
        "bandwidth=2GB",
        "slow-accept=2m",
        "cut=0s",
        "cut=10us",
        "cut=2h",
        "cut=5s/explosion",
        "idle=/fin",
        "drop=0",
        "drop=1000001",
        "drop=1.5",
        "duplicate=",
        "reorder=1",
        "fail=404",
        "fail=503/0",
        "fail=503,retry-after=1500ms",
        "fail=503,retry-after=2h",
        "buffer=5MiB",
        "buffer=start",
        "upgrade=401",
        "pongs=on",
        "heartbeats=on",
        "compression=off",
        "cors=on",
    ] {
        let error = Impairment::parse(list).expect_err(list);
        let ImpairmentError::Value { trouble, .. } = &error else { panic!("{list}: {error:?}") };
        assert!(error.to_string().contains(trouble.takes()), "{error}");
    }
    assert_eq!(read("retry-after=1s"), ImpairmentError::NoFailure.to_string());
    assert_eq!(read("delay"), ImpairmentError::NoValue("delay".into()).to_string());
    let unknown = read("weather=bad");
    assert!(unknown.contains("“weather”") && unknown.contains("slow-accept"), "{unknown}");
}

#[test]
fn what_cannot_be_set_changes_nothing() {
    let mut impairment = Impairment::parse("cut=5s/reset").expect("a list");
    let before = impairment.clone();
    assert!(impairment.set("cut", "5s/softly").is_err());
    assert!(impairment.set("retry-after", "5s").is_err());
    assert_eq!(impairment, before);
}

#[test]
fn every_trouble_can_be_set_and_cleared_and_its_example_is_allowed() {
    for trouble in Trouble::ALL {
        assert_eq!(Trouble::from_word(trouble.word()), Some(trouble));
        let mut impairment = Impairment::default();
        if trouble == Trouble::RetryAfter {
            impairment.set("fail", "503").expect("a failure");
        }
        let before = impairment.clone();
        for value in trouble.choices().iter().chain([&trouble.example()]) {
            impairment.set(trouble.word(), value).expect(value);
            assert_eq!(impairment.get(trouble).as_deref(), Some(*value));
        }
        assert_ne!(impairment, before, "{trouble}");
        impairment.clear(trouble);
        assert_eq!(impairment, before, "{trouble}");
        assert!(!trouble.felt_by().is_empty());
    }
}

#[test]
fn a_network_is_made_of_lists_for_all_or_for_one() {
    let network = Network::parse(["delay=20ms,pongs=off", "sse:buffer=end,delay=1s"]);
    let network = network.expect("two lists");
    let of = |kind| network.of(kind).to_string();
    assert_eq!(of(TransportKind::Websocket), "delay=20ms,pongs=off");
    assert_eq!(of(TransportKind::Sse), "delay=1s,buffer=end");
    assert_eq!(of(TransportKind::ShortPoll), "delay=20ms");
    let refused = |list| Network::parse([list]).expect_err(list).to_string();
    assert!(refused("carrier-pigeon:delay=1s").contains("short-poll"));
    assert!(refused("sse:pongs=off").contains("felt over websocket"));
    assert!(refused("retry-after=1s").contains("fail=503"));
    assert!(refused("sse:dleay=1s").contains("“dleay”"));
}

#[test]
fn a_network_is_spelt_as_it_is_read() {
    for lists in [
        &[][..],
        &["delay=20ms"],
        &["delay=20ms,fail=503/3,retry-after=1s,buffer=end,upgrade=strip,pongs=off"],
        &["websocket:delay=20ms", "long-poll:cut=5s/reset"],
    ] {
        let network = Network::parse(lists.iter().copied()).expect("lists");
        assert_eq!(network.lists(), lists);
        assert_eq!(network.is_good(), lists.is_empty());
    }
}
