//! What `scripts/bench` runs under callgrind and beside a clock: one system of a scenario, and nothing else. It writes no
//! file, draws nothing and starts no thread, so that the difference of two runs of unequal length is the loop in its steady
//! state.
//!
//! ```text
//! steady SCENARIO PATH=VALUE…     simulates the first run of a scenario
//! steady floor NODES EVENTS       the event queue alone
//! ```
//!
//! Prints one line of JSON: `events`, late time-outs apart, and `online_node_s`, the seconds that nodes were online.

mod floor;

use std::path::Path;

use peerlab::measure::outcome::Timing;
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::Scenario;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let timing = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return println!("steady SCENARIO PATH=VALUE… | steady floor NODES EVENTS: see scripts/bench"),
        ["floor", nodes, events] => floor::run(number(nodes), number(events)),
        _ => simulate(Path::new(&arguments[0]), &arguments[1..]),
    };
    println!("{{\"events\": {}, \"online_node_s\": {}}}", timing.events, timing.online_node_seconds);
}

fn number(text: &str) -> u32 {
    text.replace('_', "").parse().unwrap_or_else(|_| panic!("`{text}` is not a number"))
}

fn simulate(path: &Path, sets: &[String]) -> Timing {
    let registry = Registry::standard();
    let scenario = Scenario::load(path, sets).unwrap_or_else(|problems| panic!("{problems}"));
    let run = &scenario.runs(registry.registered()).unwrap_or_else(|problems| panic!("{problems}")).runs[0];
    let entry = registry.find(run.system().protocol).expect("the plan was made with this registry");
    let outcome = (entry.simulate)(&run.plan, run.system(), run.seed, Wanted::default(), None, &|_, _| true);
    outcome.expect("nobody interrupts it").timing
}
