//! From what was said to what it means: a document becomes a plan, or a list of problems.

use std::path::Path;

use super::check::{Check, Noted};
use super::document::Document;
use super::environment::{Known, resources, time, warn_of_long_transfers, workload};
use super::events::events;
use super::file;
use super::inputs::Files;
use super::nat::warn_of_nobody_dialable;
use super::network::network;
use super::plan::{Plan, Start};
use super::population::population;
use super::problem::Problems;
use super::registered::Registered;
use super::source::Sources;
use super::systems::{systems, warn_of_fresh_tables};
use crate::engine::Duration;

/// The seed of a file that gives none.
const SEED: u64 = 1;

/// The plan and its warnings.
pub(super) fn resolve(
    sources: &Sources,
    document: Document<'_>,
    files: &mut Files,
    registered: &[Registered],
) -> Result<(Plan, Problems), Problems> {
    let mut check = Check::new(sources, document);
    let title = Path::new(sources.name()).file_stem().unwrap_or_default().to_string_lossy();
    let plan = read(&mut check, &title, files, registered);
    if let Ok(plan) = &plan {
        warn(&mut check, plan, registered);
    }
    let warnings = check.finish()?;
    Ok((plan.expect("whatever could not be read was noted as a problem"), warnings))
}

fn read(check: &mut Check<'_>, stem: &str, files: &mut Files, registered: &[Registered]) -> Result<Plan, Noted> {
    // Everything is looked at before the first failure ends this, so that all problems are noted.
    let title = check.section::<String>("title");
    let seed = check.section::<u64>("seed");
    let time = time(check);
    let end = time.map_or(Duration::MAX, |(warmup, measure, _)| warmup + measure);
    let population = population(check, files, end);
    let network = network(check, files);
    let resources = resources(check);
    let known = Known {
        participants: population.as_ref().ok().map(|population| population.participants),
        // Resources that cannot be read are resources all the same.
        resources: resources.as_ref().map_or(u32::MAX, |resources| resources.count),
        end,
    };
    let workload = workload(check, files, known);
    let events = events(check, end, known.resources);
    let systems = systems(check, registered);
    check.section::<file::Sweep>("sweep")?;
    let (warmup, measure, sample) = time?;
    Ok(Plan {
        title: title?.unwrap_or_else(|| stem.to_string()),
        seed: seed?.unwrap_or(SEED),
        warmup,
        measure,
        sample,
        population: population?,
        network: network?,
        resources: resources?,
        workload: workload?,
        events: events?,
        systems: systems?,
    })
}

fn warn(check: &mut Check<'_>, plan: &Plan, registered: &[Registered]) {
    match plan.population.start {
        // Nothing goes out of date where nobody comes or goes.
        Start::Converged if plan.population.is_steady() && plan.events.is_empty() => {}
        Start::Converged => warn_of_fresh_tables(check, registered, &plan.systems, plan.warmup),
        Start::Join { over } if over > plan.warmup => check.warn(
            "time.warmup",
            format!("the measurement begins after {}, while participants still join", plan.warmup),
            format!("they do so for {over}: warm up for longer"),
        ),
        Start::Join { .. } => {}
    }
    warn_of_long_transfers(check, plan);
    plan.network.nat.as_ref().into_iter().for_each(|nat| warn_of_nobody_dialable(check, nat));
    let nothing_read = plan.workload.requests.is_empty();
    if nothing_read && [&plan.workload.lookup, &plan.workload.get, &plan.workload.put].into_iter().all(Option::is_none)
    {
        check.warn("workload", "nobody asks for anything", "add an operation, as in lookup = { every = \"1min\" }");
    }
}
