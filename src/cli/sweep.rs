//! `peerlab sweep`: all parameter points of a scenario, with repetitions, on all cores.

use super::arguments::{Format, Sweep as Arguments};
use super::failure::{Code, Failure};
use super::simulate::{Job, load, simulate};
use super::{json, print};
use crate::registry::Registry;
use crate::report::CHARTS;
use crate::report::csv::Extra;
use crate::report::points::points;
use crate::scenario::Runs;

pub(super) fn sweep(registry: &Registry, arguments: &Arguments) -> Result<(), Failure> {
    let pool = pool(arguments.simulated.threads)?;
    let repetitions = arguments.repetitions.map(|number| format!("sweep.repetitions={number}"));
    let (scenario, expected, Runs { runs, warnings }) =
        load(registry, &arguments.simulated, repetitions.into_iter().collect(), false, pool.current_num_threads())?;
    let extra = Extra { nodes: arguments.nodes, resources: arguments.resources, operations: false };
    let job = Job {
        command: "sweep",
        registry,
        scenario: &scenario,
        expected: &expected,
        runs,
        warnings,
        extra,
        verify: false,
        trace: None,
        arguments: &arguments.simulated,
    };
    let done = pool.install(|| simulate(job))?;
    if let (Some(directory), false) = (&done.directory, arguments.simulated.quiet) {
        let text = match arguments.simulated.format {
            Format::Table => {
                let points = points(&done.rows(&scenario));
                format!("{points}{}charts: {}\n", done.expected(), directory.join(CHARTS).display())
            }
            Format::Json => json::runs(&scenario, done.outcomes()),
            Format::Csv => done.csv(directory)?,
        };
        print::output(&text)?;
    }
    done.end()
}

/// Thread pool for runs; by default one thread per core, or `RAYON_NUM_THREADS`.
pub(super) fn pool(threads: Option<u32>) -> Result<rayon::ThreadPool, Failure> {
    let threads = threads.map_or(0, |threads| threads as usize);
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    built.map_err(|error| Failure::new(Code::File, format!("cannot start threads: {error}")))
}
