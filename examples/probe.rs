//! A look at single runs, with their speed: for work on the engine. Users have `peerlab run`.
#![allow(clippy::disallowed_types, reason = "it measures the wall clock, and no result depends on it")]

use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::run::catalogue::METRICS;
use peerlab::scenario::Scenario;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let registry = Registry::standard();
    let scenario = Scenario::load(args[0].as_ref(), &args[1..]).unwrap_or_else(|p| panic!("{p}"));
    let runs = scenario.runs(registry.registered()).unwrap_or_else(|p| panic!("{p}"));
    print!("{}", runs.warnings);
    for run in &runs.runs {
        let entry = registry.find(run.system().protocol).unwrap();
        let began = Instant::now();
        let o = (entry.simulate)(&run.plan, run.system(), run.seed, Wanted::default(), None, &|_, _| true).unwrap();
        let s = began.elapsed().as_secs_f64();
        println!(
            "== {} {:.2}s events {} late {} => {:.2} M/s fp {:x}",
            run.id,
            s,
            o.timing.events,
            o.timing.late_timeouts,
            o.timing.events as f64 / s / 1e6,
            o.fingerprint
        );
        println!("   bytes {:?}", o.timing.bytes_by_part);
        for (m, v) in METRICS.iter().zip(&o.metrics) {
            if let Some(v) = v.filter(|v| *v != 0.0) {
                println!("   {} = {v:.5} {}", m.name, m.unit);
            }
        }
    }
}
