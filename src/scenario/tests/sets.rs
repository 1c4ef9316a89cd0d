//! `--set`: what it changes, what it takes out, and how its mistakes are shown.

use super::*;
use crate::network::Latency;

const CHURN: &str = "population = { online = 100, churn = { preset = 'kad' } }\nsystems.a.ring = {}\n";

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn a_value_is_replaced_or_created_with_the_tables_above_it() {
    let sets = ["seed=7", "time.warmup=2h", "network.access.uplink=10Mbit/s", "systems.a.ring.k = 8", "title=a b"];
    let plan = plan(SHORT, &sets);
    assert_eq!((plan.seed, plan.warmup, plan.title.as_str()), (7, secs(7_200), "a b"));
    assert_eq!(plan.network.access.unwrap().uplink, 1e7);
    assert_eq!(plan.systems[0].config.downcast_ref::<Toy>().unwrap().k, 8);
}

#[test]
fn the_later_of_two_arguments_holds() {
    assert_eq!(plan(SHORT, &["seed=7", "seed=8"]).seed, 8);
    assert_eq!(plan(SHORT, &["population.participants=7", "population.online=8"]).population.participants, 8);
}

#[test]
fn one_alternative_takes_the_others_out() {
    assert_eq!(plan(SHORT, &["population.participants=7"]).population.participants, 7);

    let plane = plan(&format!("{SHORT}network.latency.constant = '5ms'"), &["network.latency.plane.width=9ms"]);
    assert_eq!(plane.network.latency, Latency::Plane { width: Duration::from_millis(9) });

    let sets = ["population.churn.session.constant=1h", "population.churn.downtime.exponential.mean=2h"];
    assert_eq!(laws(&plan(CHURN, &sets)), (Law::Constant(3600.0), Law::Exponential { mean: 7200.0 }));

    let given = "systems.a.ring = {}\n[population]\nonline = 100\n\
                 churn.session.weibull = { shape = 1, scale = '1h' }\nchurn.downtime.constant = '1h'";
    let preset = laws(&plan(given, &["population.churn.preset=p2psim"]));
    assert_eq!(preset.1, Law::Exponential { mean: 3600.0 });
    let mean = laws(&plan(given, &["population.churn.session.weibull.mean=2h"]));
    assert_eq!(mean.0, Law::Weibull { shape: 1.0, scale: 7200.0 });
}

#[test]
fn a_longer_path_replaces_a_value_that_stands_in_its_way() {
    let lookups = format!("{SHORT}workload.lookup.every = '1min'");
    let lookup = plan(&lookups, &["workload.lookup.every.constant=30s"]).workload.lookup.clone();
    assert_eq!(lookup, Some(Law::Constant(30.0)));
    let text = format!("{SHORT}resources = {{ count = 5, popularity = 'uniform' }}");
    let popularity = plan(&text, &["resources.popularity.zipf.exponent=1"]).resources.popularity;
    assert_eq!(popularity, super::super::Popularity::Zipf { exponent: 1.0 });
}

#[test]
fn a_mistake_quotes_the_argument() {
    assert_eq!(
        errors(SHORT, &["seed=2", "network.los=0.1"]),
        r#"error: unknown key `los`
 --> command line
  |
  | --set network.los=0.1
  |               ^^^
  = help: did you mean `loss`? expected one of `loss`, `burst`, `jitter`, `latency`, `diurnal`, `inflation`, `access`, `nat`, `wire`, `bootstrap`
"#
    );
    assert_eq!(
        errors(SHORT, &["time.warmup=90"]),
        r#"error: invalid type: integer `90`, expected a duration with a unit, such as "250ms" in quotes
 --> command line
  |
  | --set time.warmup=90
  |                   ^^
"#
    );
    assert_eq!(
        errors(SHORT, &["network.loss=2"]),
        r#"error: `loss` cannot be 2
 --> command line
  |
  | --set network.loss=2
  |                    ^
  = help: write a number from 0 to 1
"#
    );
}

#[test]
fn a_system_that_the_file_does_not_have_is_refused() {
    assert_eq!(
        errors("population.online = 9\nsystems.kad20.kademlia = {}", &["systems.kad.kademlia.k=8"]),
        r#"error: unknown system `kad`
 --> command line
  |
  | --set systems.kad.kademlia.k=8
  |               ^^^
  = help: did you mean `kad20`? expected `kad20`
"#
    );
}

#[test]
fn what_sets_nothing_and_what_leads_into_a_list_is_refused() {
    assert!(errors(SHORT, &["network.loss"]).starts_with("error: `network.loss` sets nothing: it has no `=`\n"));
    let events = format!("{SHORT}events = []");
    assert!(errors(&events, &["events.crash=1"]).starts_with("error: `events` is a list without an element `crash`\n"));
    assert_eq!(errors(SHORT, &["a", "b"]).matches("sets nothing").count(), 2, "both are shown");
}

#[test]
fn a_number_leads_into_a_list() {
    let text = format!(
        "{SHORT}[[events]]\ncrash = {{ at = '1h', share = 0.5 }}\n[[events]]\ncrash = {{ at = '40min', share = 0.5 }}\n"
    );
    let set = load(&text, &["events.1.crash.share=0.25"]).unwrap().resolved();
    assert!(
        set.contains(r#"[{ crash = { at = "1h", share = 0.5 } }, { crash = { at = "40min", share = 0.25 } }]"#),
        "{set}"
    );
    assert_eq!(plan(&text, &["events.0.crash.at=30min"]).events.len(), 2);
    let error = errors(&text, &["events.2.crash.share=0.25"]);
    assert!(error.starts_with("error: `events` is a list without an element `2`\n --> command line\n"), "{error}");
    assert!(error.contains("write the number of one of its elements, 0 to 1"), "{error}");
    let error = errors(SHORT, &["events.0.crash.share=0.25"]);
    assert!(error.starts_with("error: there is no list `events` with an element of that number\n"), "{error}");

    let classes = "population = { online = 9, classes = [{ name = 'a', share = 1, churn.preset = 'kad' }] }\n\
                   systems.a.ring = {}\n";
    let session = load(classes, &["population.classes.0.churn.session.constant=1h"]).unwrap().resolved();
    assert!(!session.contains("preset") && session.contains("constant"), "an alternative stayed: {session}");
    let axes = "[sweep.axes]\n'events.0.crash.share' = [0.1, 0.9]\n'events.1.crash.share' = [0.1, 0.9]\n";
    let swept = load(&format!("{text}{axes}"), &[]).unwrap();
    assert_eq!((swept.points().len(), swept.axes()[0].path().as_str()), (4, "events.0.crash.share"));
    let both =
        "[sweep.axes]\n'population.classes.0.churn.preset' = ['kad']\n'population.classes.0.churn.session' = [1]\n";
    assert!(errors(&format!("{classes}{both}"), &[]).contains("set the same thing"));
}

#[test]
fn the_resolved_scenario_holds_what_was_set_and_resolves_to_itself() {
    let text = "# why\nsystems.z.ring = {}\nseed = 1\n[population]\nonline = 1_00\n[systems.b.ring]\nk = 3\n\
                [[events]]\ncrash = { at = '1h', share = 0.5 }\n[sweep.axes]\n'network.loss' = [0, 0.10]";
    let resolved = load(text, &["population.participants=7", "title=it's"]).unwrap().resolved();
    assert_eq!(
        resolved,
        r#"seed = 1
events = [{ crash = { at = "1h", share = 0.5 } }]
title = "it's"

[systems.z.ring]

[systems.b.ring]
k = 3

[population]
participants = 7

[sweep.axes]
"network.loss" = [0, 0.10]
"#
    );
    let again = load(&resolved, &[]).unwrap();
    assert_eq!(again.resolved(), resolved);
    assert_eq!(again.hash(), blake3::hash(resolved.as_bytes()).to_hex().to_string());
}

#[test]
fn the_hash_is_of_what_measured_files_hold_and_not_of_where_they_lie() {
    let home = tempfile::tempdir().unwrap();
    let hash = |path: &str, more: &str| {
        let measured = "network.latency.matrix = { holds = 'rtt', unit = 'ms', file = ";
        let text = format!("{SHORT}{measured}'{path}' }}\n{more}");
        Scenario::parse("s.toml".into(), home.path().into(), text, &[]).unwrap().hash()
    };
    let write = |path: &str, text: &str| std::fs::write(home.path().join(path), text).unwrap();
    write("a.csv", "0 1\n1 0\n");
    write("b.csv", "0 1\n1 0\n");
    let axis = |path: &str| format!("[sweep.axes]\n'network.latency.matrix.file' = ['{path}']");
    let (before, varied) = (hash("a.csv", ""), hash("none.csv", &axis("a.csv")));
    assert_eq!((hash("b.csv", ""), hash("none.csv", &axis("b.csv"))), (before.clone(), varied.clone()));
    write("a.csv", "0 2\n2 0\n");
    assert_ne!(hash("a.csv", ""), before);
    assert_ne!(hash("none.csv", &axis("a.csv")), varied);
}
