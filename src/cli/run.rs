//! `peerlab run`: every system of a scenario once.

use super::arguments::{Format, Run as Arguments};
use super::failure::Failure;
use super::simulate::{Job, load, simulate};
use super::sweep::pool;
use super::{json, print};
use crate::registry::Registry;
use crate::report::CHARTS;
use crate::report::csv::Extra;
use crate::report::table::comparison;
use crate::scenario::Runs;

/// Most machines for which `run` writes `nodes.csv`, and most resources for which it writes `resources.csv`.
const MOST_ROWS: u32 = 100_000;

pub(super) fn run(registry: &Registry, arguments: &Arguments) -> Result<(), Failure> {
    let pool = pool(arguments.simulated.threads)?;
    let (scenario, expected, Runs { runs, warnings }) =
        load(registry, &arguments.simulated, Vec::new(), true, pool.current_num_threads())?;
    let extra = Extra {
        nodes: runs.iter().all(|run| run.plan.population.participants <= MOST_ROWS),
        resources: runs.iter().all(|run| run.plan.resources.count <= MOST_ROWS),
        operations: arguments.operations,
    };
    let job = Job {
        command: "run",
        registry,
        scenario: &scenario,
        expected: &expected,
        runs,
        warnings,
        extra,
        verify: arguments.verify,
        trace: arguments.trace.as_deref(),
        arguments: &arguments.simulated,
    };
    let done = pool.install(|| simulate(job))?;
    if let (Some(directory), false) = (&done.directory, arguments.simulated.quiet) {
        let text = match arguments.simulated.format {
            Format::Table => {
                let systems: Vec<_> =
                    done.outcomes().map(|(run, outcome)| (run.system().name.as_str(), &outcome.metrics[..])).collect();
                let table = comparison(&systems, print::width());
                format!("{table}\n{}charts: {}\n", done.expected(), directory.join(CHARTS).display())
            }
            Format::Json => json::runs(&scenario, done.outcomes()),
            Format::Csv => done.csv(directory)?,
        };
        print::output(&text)?;
    }
    done.end()
}
