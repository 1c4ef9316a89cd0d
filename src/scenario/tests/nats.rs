//! Who is behind what: shares of all, of regions and of classes.

use super::mistakes::with;
use super::{REGISTERED, SHORT, errors, load, plan};
use crate::network::nat::{PRESETS, Shares};

/// Regions with shares of their own beside those of all, and classes with and without.
const MIXED: &str = r#"
[population]
participants = 100
[[population.classes]]
name = "home"
share = 0.6
[[population.classes]]
name = "office"
share = 0.3
nat = { shares = { open = 0.2, firewall = 0.8 } }
[[population.classes]]
name = "mobile"
share = 0.1
nat.behind = 0.9
[network.latency.regions]
[network.nat]
shares = { open = 0.5, full-cone = 0.1, symmetric = 0.4 }
[network.nat.regions.western-europe]
behind = 0.25
[network.nat.regions.oceania]
preset = "home-2010"
[systems.a.ring]
"#;

/// The shares of open machines, full cones, symmetric NATs and firewalls.
fn some(shares: &Shares) -> [f64; 4] {
    [0, 1, 4, 5].map(|class| (shares[class] * 1e9).round() / 1e9)
}

#[test]
fn the_share_behind_nats_stretches_the_other_classes() {
    let shares = |line: &str| plan(&format!("{SHORT}{line}"), &[]).network.nat.clone().expect("there are NATs").shares;
    let half = "network.nat = { shares = { open = 0.5, full-cone = 0.1, symmetric = 0.4 }, behind = ";
    assert_eq!(some(&shares(&format!("{half}0.9 }}"))), [0.1, 0.18, 0.72, 0.0]);
    assert_eq!(some(&shares(&format!("{half}0 }}"))), [1.0, 0.0, 0.0, 0.0]);
    let nobody = "network.nat = { shares = { open = 1 }, behind = 0.5 }";
    with(nobody, "no class but `open` has a share", "0.5");
}

#[test]
fn a_class_has_its_own_shares_otherwise_a_region_and_otherwise_all() {
    let plan = plan(MIXED, &[]);
    let nat = plan.network.nat.as_ref().expect("there are NATs");
    let region = |name: &str| plan.network.regions().and_then(|regions| regions.number(name));
    assert_eq!(some(nat.shares_in(None)), [0.5, 0.1, 0.4, 0.0]);
    assert_eq!(nat.shares_in(region("africa")), &nat.shares);
    assert_eq!(some(nat.shares_in(region("western-europe"))), [0.75, 0.05, 0.2, 0.0]);
    assert_eq!(nat.shares_in(region("oceania")), &PRESETS[0].shares);
    let classes = plan.population.classes.iter().map(|class| class.nat.as_ref().map(some));
    let expected = [None, Some([0.2, 0.0, 0.0, 0.8]), Some([0.1, 0.18, 0.72, 0.0])];
    assert_eq!(classes.collect::<Vec<_>>(), expected);
}

#[test]
fn shares_of_a_region_can_be_set_and_take_its_preset_out() {
    let plan = plan(MIXED, &["network.nat.regions.oceania.shares={ open = 1 }"]);
    let nat = plan.network.nat.as_ref().expect("there are NATs");
    assert_eq!(some(nat.shares_in(Some(9))), [1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn what_is_wrong_with_shares_is_shown_in_its_place() {
    let told = |from: &str, to: &str, message: &str, place: &str| {
        assert!(MIXED.contains(from), "{from}");
        let said = errors(&MIXED.replace(from, to), &[]);
        assert!(said.contains(&format!("error: {message}\n")) && said.contains(place), "{said}");
    };
    told("oceania", "oceana", "unknown region `oceana`", "dir/s.toml:20:22\n");
    told("home-2010", "home-2011", "unknown preset `home-2011`", "dir/s.toml:21:10\n");
    told("behind = 0.25", "behind = 1.25", "`behind` cannot be 1.25", "dir/s.toml:19:10\n");
    told("behind = 0.25", "", "it is not said who is behind what", "dir/s.toml:18:");
    told("behind = 0.25", "shares = { open = 0.9 }", "the shares of the classes add up to 0.9", "dir/s.toml:19:");
    told("behind = 0.25", "shares = {}\npreset = 'home-2010'", "`shares` and `preset` exclude each other", ":20:1\n");
    told("firewall = 0.8", "firewall = 0.7", "the shares of the classes add up to 0.8999999999999999", ":10:9\n");
    told("firewall", "fire-wall", "unknown class `fire-wall`", "dir/s.toml:10:32\n");
    told("nat.behind = 0.9", "nat = {}", "it is not said who is behind what", "dir/s.toml:14:");
    told("nat.behind = 0.9", "nat.lifetime = '1min'", "unknown key `lifetime`", "dir/s.toml:14:5\n");
    let plane = "network.nat = { preset = 'home-2010', regions.africa.behind = 0.5 }";
    with(plane, "there are no regions to stand in", "regions");
    with("population.classes = [{ name = 'a', share = 1, nat.behind = 0.5 }]", "there are no NATs to be behind", "nat");
}

#[test]
fn that_nobody_can_be_dialled_is_told_only_where_no_class_and_no_region_is_open() {
    let warned = |text: &str| {
        let text = text.to_owned() + "[workload]\nlookup.every = '1s'\n[time]\nwarmup = '1h'\n";
        let runs = load(&text, &[]).and_then(|scenario| scenario.runs(REGISTERED)).expect("it is right");
        let told = runs.warnings.iter().map(|warning| warning.message.as_str());
        told.filter(|message| message.contains("no participant is open")).count() == 1
    };
    let closed = MIXED.replace("open = 0.5, full-cone = 0.1", "full-cone = 0.6").replace("behind = 0.25", "behind = 1");
    assert!(!warned(&closed), "offices are open");
    let closed = closed.replace("open = 0.2, firewall = 0.8", "firewall = 1").replace("nat.behind = 0.9", "");
    assert!(!warned(&closed), "homes in Oceania are open");
    assert!(warned(&closed.replace("preset = \"home-2010\"", "behind = 1")));
}

#[test]
fn what_a_protocol_cannot_do_where_only_answers_are_let_in_is_told_unless_machines_dial() {
    let warned = |shares: &str, more: &str| {
        let text = format!(
            "population.online = 9\nworkload.lookup.every = '1s'\ntime.warmup = '1h'\n\
             network.nat.shares = {shares}\nsystems.a.ring.k = 7\nsystems.b.ring.k = 8\n{more}"
        );
        let runs = load(&text, &[]).and_then(|scenario| scenario.runs(REGISTERED)).expect("it is right");
        runs.warnings.to_string()
    };
    let told = warned("{ open = 0.5, full-cone = 0.3, restricted = 0.2 }", "");
    let (message, place) = ("cost `a` more than others: seven are too few", "dir/s.toml:5:20\n");
    assert!(told.contains(message) && told.contains(place) && told.matches("warning").count() == 1, "{told}");
    assert_eq!(warned("{ open = 0.5, full-cone = 0.5 }", ""), "");
    assert_eq!(warned("{ open = 0.5, firewall = 0.5 }", "traversal.transport = 'connection'\n"), "");
}
