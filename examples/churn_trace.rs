//! Writes the sessions of a scenario's participants as a trace that `population.churn.trace` reads back.
//!
//! ```sh
//! cargo run --release --example churn_trace -- scenarios/quickstart.toml seed=7 > trace.csv
//! ```
//!
//! Further arguments change values of the scenario, as `--set` does. Crowds of `[[events]]` are left out: a scenario that
//! replays the trace has its own events.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use peerlab::engine::{Duration, Time};
use peerlab::population::trace;
use peerlab::registry::Registry;
use peerlab::run::environment;
use peerlab::scenario::Scenario;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((scenario, sets)) = arguments.split_first() else {
        eprintln!("usage: churn_trace SCENARIO [PATH=VALUE …] > trace.csv");
        return ExitCode::from(2);
    };
    match write(Path::new(scenario), sets, &mut BufWriter::new(std::io::stdout().lock())) {
        Ok(participants) => {
            eprintln!("population.participants = {participants}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// The trace of the scenario's first run. Gives the number of participants.
fn write(scenario: &Path, sets: &[String], out: &mut dyn Write) -> Result<u32, Box<dyn std::error::Error>> {
    let scenario = Scenario::load(scenario, sets)?;
    scenario.refuse_axes()?;
    let runs = scenario.runs(Registry::standard().registered())?.runs;
    let run = runs.first().expect("a scenario has a system");
    let timeline = environment::timeline(&run.plan, run.seed);
    // The run goes on until its operations are decided, and a session that ends soon after it may still give notice in it.
    let population = &run.plan.population;
    let churns = population.churn.iter().chain(population.classes.iter().filter_map(|class| class.churn.as_ref()));
    let notice = churns.map(|churn| churn.notice).max().unwrap_or(Duration::ZERO);
    trace::write(
        &timeline,
        Time::ZERO + run.plan.warmup + run.plan.measure + run.plan.workload.deadline + notice,
        out,
    )?;
    Ok(timeline.participants())
}
