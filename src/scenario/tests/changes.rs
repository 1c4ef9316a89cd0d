//! What changes during a run: departures, arrivals, the day, events, traces.

use std::fs;

use super::super::{Event, Group, What};
use super::mistakes::with;
use super::*;
use crate::model::OperationKind;
use crate::population::{Daily, Departures, Parting};

const HOURLY: &str = "population.churn = { session.constant = '1h', downtime.constant = '3h' }\n";

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn departures_and_arrivals_are_read_as_they_say() {
    let text = format!("{SHORT}{HOURLY}");
    let departures = |set: &str| plan(&text, &[set]).population.departures.clone();
    let probability = Departures { law: Parting::Probability(0.25), replaced: true };
    assert_eq!(departures("population.departures.probability=0.25"), Some(probability));
    let lifetime = Departures { law: Parting::Lifetime(Law::Constant(86_400.0)), replaced: false };
    let set = "population.departures={ lifetime.constant = '1d', replaced = false }";
    assert_eq!(departures(set), Some(lifetime));
    assert_eq!(plan(&text, &["population.arrivals.every=10s"]).population.arrivals, Some(10.0));
    // Without a downtime everybody comes once, and by default as many come as go: a hundred in an hour.
    let once = plan(&format!("{SHORT}population.churn.session.constant = '1h'\npopulation.arrivals = {{}}"), &[]);
    let population = &once.population;
    assert_eq!((population.participants, population.arrivals), (100, Some(36.0)));
    assert_eq!(population.departures, Some(Departures { law: Parting::Probability(1.0), replaced: false }));
}

#[test]
fn what_is_wrong_with_departures_and_arrivals_is_shown_in_its_place() {
    let churned = |line: &str, message: &str, marked: &str| with(&format!("{HOURLY}{line}"), message, marked);
    churned("population.departures.probability = 1.5", "`probability` cannot be 1.5", "1.5");
    churned("population.departures = {}", "it is not said when somebody departs", "departures");
    let endless = "population.departures.lifetime.pareto = { shape = 1, scale = '1h' }";
    churned(endless, "a law without a finite mean has no stationary start", "lifetime");
    let both = "population.departures = { probability = 0.1, lifetime.constant = '1h' }";
    churned(both, "`probability` and `lifetime` exclude each other", "lifetime");
    churned("population.arrivals = {}", "it is not said how often somebody arrives", "arrivals");
    churned("population.arrivals.every = '1us'", "more than 10000000 would arrive in the run", "'1us'");
    churned("population.arrivals.every = '0s'", "a stream without a gap would never end", "'0s'");
    with("population.departures.probability = 0.5", "where no session ends nobody departs", "departures");
}

#[test]
fn the_day_is_a_wave_or_twenty_four_numbers() {
    let daily = |set: &str| plan(SHORT, &["population.churn.preset=kad", set]).population.diurnal.expect("it was set");
    assert_eq!(daily("population.diurnal={ amplitude = 0.5 }"), Daily::sinusoid(0.5, 20.0));
    assert_eq!(daily("population.diurnal={ amplitude = 0.5, peak = 3 }"), Daily::sinusoid(0.5, 3.0));
    let hours = vec!["2"; 24].join(", ");
    assert_eq!(daily(&format!("population.diurnal.hours=[{hours}]")), Daily::sinusoid(0.0, 0.0));
    with("workload.diurnal.amplitude = 1.5", "`amplitude` cannot be 1.5", "1.5");
    with("workload.diurnal = { amplitude = 0.5, peak = 25 }", "`peak` cannot be 25", "25");
    with("workload.diurnal.hours = [1, 2]", "a day has 24 hours, and here are 2", "[1, 2]");
    with("workload.diurnal = {}", "it is not said how the hours differ", "diurnal");
}

#[test]
fn events_are_read_as_they_say() {
    let text = format!(
        "{SHORT}resources.count = 9\n{}",
        r#"
        [[events]]
        crash = { at = "10min", for = "5min", share = 0.3 }
        [[events]]
        flash-crowd = { at = "20min", arrivals = 50, resource = 8, factor = 1000 }
        [[events]]
        partition = { at = "30min", for = "1h", shares = [0.25, 0.75] }
        [[events]]
        server-outage = { at = "40min", for = "1min" }
        [[events]]
        demand = { at = "50min", factor = 0, operation = "put" }
        "#
    );
    let event =
        |at: u64, lasts: Option<u64>, what| Event { at: secs(60 * at), lasts: lasts.map(|l| secs(60 * l)), what };
    let crowd = What::FlashCrowd { arrivals: 50, over: secs(60), record: 8, factor: 1000.0 };
    let expected = [
        event(10, Some(5), What::Crash { share: 0.3, group: Group::Everybody }),
        event(20, None, crowd),
        event(30, Some(60), What::Partition { shares: vec![0.25, 0.75] }),
        event(40, Some(1), What::ServerOutage),
        event(50, None, What::Demand { operation: Some(OperationKind::Put), factor: 0.0 }),
    ];
    assert_eq!(plan(&text, &[]).events, expected);
}

#[test]
fn events_that_cannot_be_are_shown_in_their_place() {
    let event = |event: &str, message: &str, marked: &str| {
        with(&format!("resources.count = 9\nevents = [{{ {event} }}]"), message, marked);
    };
    event("partition = { at = '2h', shares = [1, 0] }", "nothing happens at 2h any more", "'2h'");
    event("server-outage = { at = '1h', for = '0s' }", "an event that lasts no time is none", "'0s'");
    event("crash = { at = '1h', share = 1.5 }", "`share` cannot be 1.5", "1.5");
    event("partition = { at = '1h', shares = [0.5, 0.6] }", "the shares add up to 1.1", "[0.5, 0.6]");
    event("partition = { at = '1h', shares = [1] }", "a partition into 1 groups is none", "[1]");
    event("partition = { at = '1h', shares = [1.5, -0.5] }", "`0` cannot be 1.5", "1.5");
    event("flash-crowd = { at = '1h', factor = 0.5 }", "`factor` cannot be 0.5", "0.5");
    event("flash-crowd = { at = '1h', factor = 2, resource = 9 }", "there is no resource 9 to be wanted", "9");
    event("flash-crowd = { at = '1h' }", "nobody comes, and nothing is wanted more", "'1h'");
    event("demand = { at = '1h', factor = -1 }", "`factor` cannot be -1", "-1");
}

#[test]
fn sizes_and_mixes_are_read_as_they_say() {
    let text = format!("{SHORT}resources.count = 9\n");
    let size = |set: &str| plan(&text, &[set]).resources.size.clone();
    assert_eq!(size("resources.size=2KiB"), Law::Constant(2048.0));
    assert_eq!(
        size("resources.size.pareto={ shape = 1.2, minimum = '500B' }"),
        Law::Pareto { shape: 1.2, scale: 500.0 }
    );
    let lognormal = Law::Lognormal { mu: libm::log(1024.0), sigma: 1.5 };
    assert_eq!(size("resources.size.lognormal={ median = '1KiB', sigma = 1.5 }"), lognormal);
    let mixture = "resources.size.mixture=[{ weight = 3, law = '1KiB' }, { weight = 1, law.constant = '5KiB' }]";
    assert_eq!(size(mixture).mean(), 2048.0);
    let mixed = plan(&text, &["workload.mix={ every = '1min', puts = 0.25 }"]);
    let exponential = |mean| Some(Law::Exponential { mean });
    assert_eq!((&mixed.workload.get, &mixed.workload.put), (&exponential(80.0), &exponential(240.0)));
    let resources =
        |line: &str, message: &str, marked: &str| with(&format!("resources.count = 9\n{line}"), message, marked);
    resources(
        "resources.size.lognormal = { median = '0B', sigma = 1 }",
        "the size of a law must be above zero",
        "size",
    );
    resources("resources.size.mixture = [{ weight = 1, law = '4GiB' }]", "a resource of 4GiB is too large", "size");
    let empty = "a mixture needs a component: write [{ weight = 1, law = … }, …]";
    resources("resources.size.mixture = []", empty, "size");
    resources("resources.rotate_every = '0s'", "the ranking cannot turn all the time", "'0s'");
    resources("workload.mix = { every = '1s', puts = 2 }", "`puts` cannot be 2", "2");
    let twice = "workload = { get.every = '1s', mix = { every = '1s', puts = 0.5 } }";
    resources(twice, "gets and puts are said twice", "mix");
    with("workload.mix = { every = '1s', puts = 0.5 }", "there is nothing to get or put", "mix");
}

/// What is said of a scenario with a trace of this text beside it.
fn with_trace(trace: &str, key: &str, more: &str) -> Result<Arc<Plan>, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), trace).unwrap();
    let text = format!("systems.a.ring = {{}}\n{key} = 't.csv'\n{more}");
    let scenario = Scenario::parse("s.toml".into(), folder.path().into(), text, &[]).unwrap();
    let runs = scenario.runs(REGISTERED).map_err(|problems| problems.to_string())?;
    Ok(Arc::clone(&runs.runs[0].plan))
}

#[test]
fn a_trace_says_who_takes_part() {
    let key = "population.churn.trace";
    let trace = "time_s,participant,state\n0,0,up\n1800,4,up\n5400,0,down\n";
    let read = with_trace(trace, key, "").unwrap();
    // One for an hour and a half, the other for an hour of it.
    assert_eq!(read.population.participants, 2, "numbers between make nobody");
    assert!((read.population.online - (1.5 + 1.0) / 1.5).abs() < 1e-12, "{}", read.population.online);
    assert_eq!(with_trace(trace, key, "population.participants = 10").unwrap().population.participants, 10);
    let told = |trace: &str, more: &str, expected: &str| {
        let problems = with_trace(trace, key, more).expect_err(expected);
        assert!(problems.contains(expected), "{problems}");
    };
    told(trace, "population.participants = 4", "t.csv:3:6: there is no participant 4: they are 0 to 3");
    told(&trace.replace("5400", "1799"), "", "t.csv:4:1: 1799 s is out of order");
    told(trace, "population.online = 3", "it is the file that says how many are online");
    told(trace, "population.churn.time_scale = 2", "the times of a file are as they stand");
    told(trace, "population.churn.preset = 'kad'", "`trace` and `preset` exclude each other");
}

#[test]
fn a_file_of_requests_is_held_against_the_scenario() {
    let key = "workload.trace";
    let trace = "time_s,participant,operation,key,bytes\n0,1,lookup,77,\n9,2,put,3,100\n";
    let population = "population.participants = 3\nresources.count = 4";
    assert_eq!(with_trace(trace, key, population).unwrap().workload.requests.list.len(), 2);
    let told = |more: &str, expected: &str| {
        let problems = with_trace(trace, key, more).expect_err(expected);
        assert!(problems.contains(expected), "{problems}");
    };
    told("population.participants = 2\nresources.count = 4", "t.csv:3:3: `2` is no participant");
    told("population.participants = 3\nresources.count = 3", "t.csv:3:9: `3` is no resource");
    told("population.participants = 3", "t.csv:3:9: there is nothing to get or put");
}

#[test]
fn what_a_run_leaves_out_of_a_trace_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let told = |trace: &str, more: &str| {
        fs::write(folder.path().join("t.csv"), trace).unwrap();
        let text = format!("systems.a.ring = {{}}\npopulation.churn.trace = 't.csv'\n{more}");
        let scenario = Scenario::parse("s.toml".into(), folder.path().into(), text, &[]).unwrap();
        match scenario.runs(REGISTERED) {
            Ok(runs) => runs.warnings.to_string(),
            Err(problems) => problems.to_string(),
        }
    };
    let is = |trace: &str, more: &str, expected: &str| {
        let told = told(trace, more);
        assert!(told.contains(expected), "{told}");
    };
    let changes = "time_s,participant,state\n0,0,up\n0,0,up\n1800,4,up\n5500,0,down\n7200,4,down\n";
    is(changes, "", "the trace goes on after the run; changes left out: 2");
    is(changes, "", "rows of the trace that say what is so already, and change nothing: 1");
    is("node,start,end\n1,0,\n2,60,1800\n", "", "nobody comes or goes in the last 60min of the run");
    let epoch = "node,start,end\na,1700000000,1700000060\n";
    is(epoch, "", "nobody in this file is up in the run; it begins at 1700000000 s");
    assert!(!told(epoch, "population.churn.trace_start = 1700000000").contains("nobody in this file"));
    is(epoch, "population.churn.trace_start = 99999999999", "a trace cannot begin at 99999999999 s");
    with("population.churn = { preset = 'kad', trace_start = 5 }", "there is no trace that could begin", "5");
    let key = "workload.trace";
    let asked = "time_s,participant,operation,key\n5,1,lookup,some/path\n9000,1,lookup,0xff\n";
    assert_eq!(with_trace(asked, key, "population.participants = 3").unwrap().workload.requests.outside, 1);
}
