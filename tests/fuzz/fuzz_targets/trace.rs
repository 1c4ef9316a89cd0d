//! Any bytes as a trace of who comes and goes: right, or refused.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use peerlab::registry::Registry;
use peerlab::scenario::Scenario;

const SCENARIO: &str = "population.churn.trace = \"data\"\n[systems.a.chord]\n";

fuzz_target!(|bytes: &[u8]| {
    let home = tempfile::tempdir().expect("there is room");
    fs::write(home.path().join("data"), bytes).expect("there is room");
    let scenario = Scenario::parse("fuzz.toml".into(), home.path().into(), SCENARIO.into(), &[]);
    let scenario = scenario.expect("only the file may be wrong");
    drop(scenario.runs(Registry::standard().registered()));
});
