//! `peerlab check`: validity and estimated cost of scenarios.

use std::panic;
use std::path::Path;

use rayon::ThreadPool;

use super::arguments::Check;
use super::clock::thread_cpu_ns;
use super::failure::{Code, Failure};
use super::sweep::pool;
use super::{memory, print};
use crate::measure::catalogue::METRICS;
use crate::network::{Found, Latency};
use crate::registry::Registry;
use crate::report::number::{bytes, count, significant};
use crate::scenario::{Run, Runs, Scenario};
use crate::sweep::estimate::{EVENTS_PER_S, Need, estimate};

/// Note on availability without gets.
const NO_GETS: &str = "  no gets: availability is what an oracle finds on the machines that are online\n";

/// Checks every file, even after errors in others.
///
/// # Errors
/// If any is invalid: with the code of an invalid file rather than of an unreadable one.
pub(super) fn check(registry: &Registry, arguments: &Check) -> Result<(), Failure> {
    let pool = pool(arguments.threads)?;
    let mut worst: Option<Code> = None;
    for path in &arguments.scenarios {
        match one(registry, path, arguments, &pool) {
            Ok(text) => print::output(&text)?,
            Err(failure) => {
                print::error(&failure.text);
                worst = Some(worst.map_or(failure.code, |code| if code == Code::Wrong { code } else { failure.code }));
            }
        }
    }
    worst.map_or(Ok(()), |code| Err(Failure { code, text: String::new() }))
}

fn one(registry: &Registry, path: &Path, arguments: &Check, pool: &ThreadPool) -> Result<String, Failure> {
    let scenario = Scenario::load(path, &arguments.sets)?;
    let Runs { runs, warnings } = scenario.runs(registry.registered())?;
    let metrics: Vec<&str> = METRICS.iter().map(|metric| metric.name.as_str()).collect();
    scenario.expectations(&metrics)?;
    if warnings.worst().is_some() {
        print::error(&warnings.to_string());
    }
    let needs = pool.install(|| needs(registry, path, &runs))?;
    let threads = pool.current_num_threads();
    let memory = memory::at_once(needs.iter().map(|need| need.memory), threads);
    if let Some(warning) = memory::enough(path, "about", memory, arguments.max_memory)? {
        print::error(&warning);
    }
    let points = scenario.points().len();
    let systems = runs[0].plan.systems.len();
    let population = &runs[0].plan.population;
    let blind = runs.iter().all(|run| run.plan.resources.count > 0 && !run.plan.has_gets());
    Ok(format!(
        "{}: right\n  {}: {}, {}, {}\n  {} participants, {} online on average{}\n{}{}  {}\n",
        path.display(),
        count(runs.len(), "run"),
        count(systems, "system"),
        count(points, "parameter point"),
        count(scenario.repetitions() as usize, "repetition"),
        population.participants,
        significant(population.online),
        if points > 1 { " (at the first point)" } else { "" },
        delays(&runs[0].plan.network.latency),
        if blind { NO_GETS } else { "" },
        cost(&needs, memory, threads.min(runs.len())),
    ))
}

/// Cost of all runs, from trials that print nothing, not even panics.
///
/// # Errors
/// A trial that panicked, as the run would.
fn needs(registry: &Registry, path: &Path, runs: &[Run]) -> Result<Vec<Need>, Failure> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let needs = estimate(registry, runs, thread_cpu_ns);
    panic::set_hook(hook);
    needs.map_err(|(system, why)| {
        let message = format!(
            "{}: a trial of `{system}` {why}\n  = help: this is a fault of the program or the protocol",
            path.display()
        );
        Failure::new(Code::Run, message)
    })
}

/// Summary of a file of delays between hosts; empty for other models.
fn delays(latency: &Latency) -> String {
    let Latency::Matrix(matrix) = latency else { return String::new() };
    let Found { table: [rows, columns], holes, asymmetry } = matrix.found();
    let of = match matrix.hosts() {
        hosts if [rows, columns] == [hosts; 2] => String::new(),
        _ => format!(" of a table of {rows} × {columns}"),
    };
    let holes = match holes {
        0 => "no holes".to_owned(),
        holes => count(holes as usize, "hole"),
    };
    let asymmetry = asymmetry.map_or("one direction is given".to_owned(), |share| {
        format!("directions differ by {} % on average", significant(100.0 * share))
    });
    let trips = matrix.quantiles().map_or(String::new(), |quantiles| {
        let [median, p95] = quantiles.map(|one_way| significant(2.0 * one_way.as_millis_f64()));
        format!("; round trips: median {median} ms, 95th percentile {p95} ms")
    });
    format!("  delays between {} hosts{of}: {holes}, {asymmetry}{trips}\n", matrix.hosts())
}

/// Estimated cost of all runs together on this machine.
fn cost(needs: &[Need], memory: f64, threads: usize) -> String {
    let events: f64 = needs.iter().map(|need| need.events).sum();
    let (number, word) = if events < 1e9 { (events / 1e6, "million") } else { (events / 1e9, "billion") };
    let seconds: f64 = needs.iter().map(|need| need.seconds).sum();
    let speed = match events / seconds {
        speed if speed < EVENTS_PER_S / 2.0 => format!("only {} a second, since they take long,", significant(speed)),
        _ => format!("{} million a second", EVENTS_PER_S / 1e6),
    };
    format!(
        "very roughly {} {word} events: {} at {speed} on each of {threads} cores; {} of memory",
        significant(number),
        duration(seconds / threads as f64),
        bytes(memory),
    )
}

/// Duration in a suitable unit.
fn duration(seconds: f64) -> String {
    let (unit, name) = match seconds {
        seconds if seconds < 1.0 => return "less than a second".to_owned(),
        seconds if seconds < 120.0 => (1.0, "s"),
        seconds if seconds < 7_200.0 => (60.0, "min"),
        _ => (3_600.0, "h"),
    };
    format!("{} {name}", significant((seconds / unit).round()))
}
