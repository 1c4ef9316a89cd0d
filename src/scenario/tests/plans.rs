//! What a scenario means: defaults, presets, the number of participants.

use super::super::{Event, Group, Popularity, Repair, Start, Storage, Target, What};
use super::*;
use crate::model::Coding;
use crate::network::{Access, Latency};
use crate::storage::Keepers;

#[test]
fn the_shortest_scenario_has_the_documented_defaults() {
    let plan = plan(SHORT, &[]);
    assert_eq!((plan.title.as_str(), plan.seed), ("s", 1));
    let times = [plan.warmup, plan.measure, plan.sample].map(|time| time.to_string());
    assert_eq!(times, ["30min", "60min", "60s"]);
    assert_eq!((plan.population.participants, plan.population.online), (100, 100.0));
    assert_eq!(plan.population.start, Start::Converged);
    assert!(plan.population.churn.is_none() && plan.events.is_empty());
    assert_eq!(plan.network.latency, Latency::Constant(Duration::from_millis(50)));
    assert_eq!(plan.network.floor, Duration::from_nanos(500_000));
    assert_eq!((plan.network.loss, plan.network.jitter, plan.network.access), (0.0, 0.0, None));
    assert_eq!((plan.resources.count, &plan.workload.lookup), (0, &None));
    assert_eq!(
        plan.systems[0].storage,
        Storage {
            replicas: 3,
            coding: Coding::WHOLE,
            keepers: Keepers::Responsible,
            hold: Duration::from_secs(1800),
            repair: Repair::Eager,
            audit: None,
            caching: None
        }
    );
    assert_eq!(*plan.systems[0].config.downcast_ref::<Toy>().unwrap(), Toy::default());
}

#[test]
fn the_example_of_the_design_is_read_as_it_says() {
    let plan = plan(include_str!("example.toml"), &[]);
    assert_eq!((plan.title.as_str(), plan.seed), ("A DHT and a server under churn", 42));
    // 21.4 % of the participants are online.
    assert_eq!(plan.population.participants, 9_348);
    assert!((plan.population.online - 2_000.0).abs() < 0.11, "{}", plan.population.online);
    let access = Access { uplink: 1e7, downlink: 5e7, queue: 1 << 20 };
    assert_eq!(plan.network.access, Some(access));
    assert_eq!(plan.network.latency, Latency::Plane { width: Duration::from_millis(150) });
    assert_eq!((plan.resources.count, &plan.resources.size), (1_000, &Law::Constant(4096.0)));
    assert_eq!(plan.resources.popularity, Popularity::Zipf { exponent: 0.9 });
    assert_eq!(plan.workload.get, Some(Law::Normal { mean: 60.0, sd: 6.0 }));
    assert_eq!(plan.workload.put, Some(Law::Exponential { mean: 600.0 }));
    assert_eq!(plan.workload.target, Target::Node);
    let crash = Event {
        at: Duration::from_secs(10_800),
        lasts: None,
        what: What::Crash { share: 0.2, group: Group::Everybody },
    };
    assert_eq!(plan.events, [crash]);
    let systems: Vec<(&str, &str, u32)> =
        plan.systems.iter().map(|system| (system.name.as_str(), system.protocol, system.storage.replicas)).collect();
    assert_eq!(systems, [("kad20", "kademlia", 3), ("kad8", "kademlia", 3), ("around", "ring", 8)]);
    assert!(plan.systems.iter().all(|system| system.storage.repair == Repair::None), "from the common table");
}

#[test]
fn time_scale_stretches_both_laws_and_leaves_the_participants() {
    let text = "systems.a.ring = {}\npopulation = { online = 100, churn = { preset = 'overnet' } }";
    let (once, twice) = (plan(text, &[]), plan(text, &["population.churn.time_scale=2"]));
    assert_eq!(once.population.participants, twice.population.participants);
    let means = |plan: &Plan| {
        let (session, downtime) = laws(plan);
        [session.mean(), downtime.mean()]
    };
    for (once, twice) in means(&once).into_iter().zip(means(&twice)) {
        assert!((twice / once - 2.0).abs() < 1e-12, "{twice} is not twice {once}");
    }
}

#[test]
fn churn_has_oversims_way_of_leaving_unless_told_otherwise() {
    let text = "systems.a.ring = {}\npopulation = { participants = 50, churn = { preset = 'p2psim' } }";
    let plan = plan(text, &[]);
    let churn = plan.population.churn.as_ref().unwrap();
    assert_eq!((churn.graceful, churn.notice), (0.5, Duration::from_secs(15)));
    assert_eq!((plan.population.participants, plan.population.online), (50, 25.0));
}

#[test]
fn a_preset_may_be_none() {
    let text = "systems.a.ring = {}\npopulation = { online = 50, churn.preset = 'none' }";
    assert!(plan(text, &[]).population.churn.is_none());
}

#[test]
fn a_preset_without_a_downtime_takes_a_given_one() {
    let text = "systems.a.ring = {}\n[population]\nonline = 50\n\
                churn = { preset = 'bittorrent-redhat', downtime.constant = '1h' }";
    let laws = laws(&plan(text, &[]));
    assert_eq!(laws, (Law::Weibull { shape: 0.34, scale: 1278.0 }, Law::Constant(3600.0)));
}

#[test]
fn a_joining_population_comes_over_ten_minutes_unless_told_otherwise() {
    let over = |sets: &[&str]| match plan(SHORT, sets).population.start {
        Start::Join { over } => over,
        Start::Converged => panic!("told to join"),
    };
    assert_eq!(over(&["population.start=join"]), Duration::from_secs(600));
    assert_eq!(over(&["population.start=join", "population.join_over=5s"]), Duration::from_secs(5));
}

#[test]
fn a_matrix_is_read_from_beside_the_scenario_and_once_for_a_sweep() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("two.csv"), "0,30\n50,0\n").unwrap();
    let text = format!(
        "{SHORT}network.latency.matrix = {{ file = 'two.csv', holds = 'rtt', unit = 'ms' }}\n\
         [sweep.axes]\n'network.loss' = [0, 0.1]"
    );
    let scenario = Scenario::parse("s.toml".into(), folder.path().into(), text, &[]).unwrap();
    let runs = scenario.runs(REGISTERED).unwrap().runs;
    let matrix = |run: usize| match &runs[run].plan.network.latency {
        Latency::Matrix(matrix) => Arc::clone(matrix),
        other => panic!("not a matrix: {other:?}"),
    };
    assert_eq!(matrix(0).one_way(0, 1), Duration::from_millis(20));
    assert!(Arc::ptr_eq(&matrix(0), &matrix(1)));
}

#[test]
fn a_short_warmup_and_a_silent_workload_are_warned_of() {
    let warnings = |sets: &[&str]| load(SHORT, sets).unwrap().runs(REGISTERED).unwrap().warnings;
    let (lookups, churn) = ("workload.lookup.every=1min", "population.churn.preset=kad");
    assert_eq!(warnings(&[lookups, churn]).worst(), None, "30 min are more than twice 10 min");
    assert_eq!(warnings(&[lookups, "time.warmup=5min"]).worst(), None, "without churn tables stay right");
    assert_eq!(
        warnings(&[lookups, churn, "time.warmup=5min"]).to_string(),
        "warning: a warm-up of 5min flatters `a`: a converged start has fresh tables
 --> command line
  |
  | --set time.warmup=5min
  |                   ^^^^
  = help: its longest maintenance period is 10min: warm up for 20min or more
"
    );
    assert!(warnings(&[]).to_string().starts_with("warning: nobody asks for anything\n"));
    let joining = [lookups, "population.start=join", "time.warmup=5min"];
    let joining = warnings(&joining).to_string();
    assert!(
        joining.starts_with("warning: the measurement begins after 5min, while participants still join"),
        "{joining}"
    );
}

#[test]
fn values_too_large_for_the_links_are_warned_of() {
    let text = format!(
        "{SHORT}network.access = {{ uplink = '8Mbit/s', downlink = '80Mbit/s' }}\nresources = {{ count = 1, size = '100MB' }}"
    );
    let warnings = |set: &str| load(&text, &[set]).unwrap().runs(REGISTERED).unwrap().warnings;
    let put = warnings("workload.put.every=1h").to_string();
    assert!(
        put.starts_with("warning: most of the puts will fail: a value takes 100s over a participant's link"),
        "{put}"
    );
    assert_eq!(warnings("workload.get.every=1h").worst(), None, "10 s");
}

#[test]
fn the_schema_knows_every_section_and_every_protocol() {
    let schema = super::super::schema(REGISTERED);
    let of_schema: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let told = errors(&format!("{SHORT}nosuch = 1"), &[]);
    let (_, known) = told.split_once("expected one of ").unwrap();
    let mut known: Vec<&str> = known.trim().split(", ").map(|name| name.trim_matches('`')).collect();
    let mut of_schema = of_schema;
    known.sort_unstable();
    of_schema.sort_unstable();
    assert_eq!(of_schema, known);
    let system = &schema["properties"]["systems"]["additionalProperties"];
    let tables: Vec<&str> = system["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(tables, ["ring", "kademlia", "storage", "traversal", "wire", "bootstrap"]);
    assert_eq!(schema["$defs"]["Toy"]["properties"]["k"]["description"], "Contacts to keep.");
}
