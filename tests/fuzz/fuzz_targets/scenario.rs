//! Any text as a scenario: right, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use peerlab::registry::Registry;
use peerlab::scenario::Scenario;

fuzz_target!(|text: &str| {
    if let Ok(scenario) = Scenario::parse("fuzz.toml".into(), "".into(), text.into(), &[]) {
        drop(scenario.runs(Registry::standard().registered()));
    }
});
