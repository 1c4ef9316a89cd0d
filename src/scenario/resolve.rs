//! Resolution of a document into a plan, or a list of problems.

use std::path::Path;

use serde_json::Value;

use super::check::{Check, Noted};
use super::document::Document;
use super::environment::{Known, resources, time, warn_of_long_transfers, workload};
use super::events::{Stage, events};
use super::expect::{aggregates_of, expectations};
use super::file;
use super::inputs::Files;
use super::nat::{warn_of_filters, warn_of_nobody_dialable};
use super::network::network;
use super::nonsense::warn_of_nonsense;
use super::plan::{Event, Plan, Start, System, What};
use super::population::population;
use super::problem::Problems;
use super::registered::Registered;
use super::shapes;
use super::source::Sources;
use super::storage::{agree_with_providers, warn_of_shared_machines};
use super::systems::{systems, warn_of_fresh_tables};
use crate::engine::Duration;
use crate::network::{Latency, NetworkPlan};
use crate::overlay::Placement;

/// Default seed.
const SEED: u64 = 1;

/// Plan and its warnings.
pub(super) fn resolve(
    sources: &Sources,
    document: Document<'_>,
    files: &mut Files,
    registered: &[Registered],
    schema: &Value,
) -> Result<(Plan, Problems), Problems> {
    let mut problems = Problems::new(sources);
    shapes::problems(schema, document.root()).into_iter().for_each(|problem| problems.push(problem));
    problems.none_or(|| ())?;
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
    let network = network(check, files);
    let known_network = network.as_ref().ok();
    let population = population(check, files, end, known_network);
    let resources = resources(check);
    let known = Known {
        population: population.as_ref().ok(),
        network: known_network,
        // Resources that cannot be read are resources all the same.
        resources: resources.as_ref().map_or(u32::MAX, |resources| resources.count),
        end,
    };
    let workload = workload(check, files, known);
    let classes = population.as_ref().ok().map(|population| &population.classes[..]);
    let events = events(check, Stage { end, resources: known.resources, classes, network: known_network });
    let systems = systems(check, registered, known);
    let expected = expectations(check, None);
    check.section::<file::Sweep>("sweep")?;
    let (mut systems, expected) = (systems?, expected?);
    systems.iter_mut().for_each(|system| system.aggregates = aggregates_of(&expected, &system.name));
    let (warmup, measure, sample) = time?;
    if let (Some(network), Ok(population)) = (known_network, &population) {
        enough_rows(check, network, population.participants)?;
    }
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
        systems,
    })
}

/// Refuses machines assigned to rows in order if there are fewer rows.
fn enough_rows(check: &mut Check<'_>, network: &NetworkPlan, participants: u32) -> Result<(), Noted> {
    match &network.latency {
        Latency::Matrix(matrix) if matrix.in_order() && participants > matrix.hosts() => {
            let message = format!("there are {participants} participants, and only {} rows for them", matrix.hosts());
            let help = "let fewer take part, or write rows = \"drawn\": each at a row drawn, with replacement";
            Err(check.wrong("network.latency.matrix.rows", message, help))
        }
        _ => Ok(()),
    }
}

/// Warns of a notice that is longer than the run.
fn warn_of_long_notice(check: &mut Check<'_>, plan: &Plan) {
    let length = plan.warmup + plan.measure;
    if let Some(churn) = plan.population.churn.as_ref().filter(|churn| churn.graceful > 0.0 && churn.notice > length) {
        let message = format!("a notice of {} is longer than the run", churn.notice);
        let help = format!("the run lasts {length}: give notice later, or run for longer");
        check.warn("population.churn.notice", message, help);
    }
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
    warn_of_long_notice(check, plan);
    warn_of_nonsense(check, plan, registered);
    if let Some(nat) = &plan.network.nat {
        warn_of_nobody_dialable(check, nat, &plan.population.classes);
        warn_of_filters(check, nat, plan, registered);
    }
    warn_of_lasting_partitions(check, plan, registered);
    warn_of_disks_without_limit(check, plan, registered);
    warn_of_shared_machines(check, plan);
    agree_with_providers(check, plan);
    let rush = plan.events.iter().any(|event| matches!(event.what, What::Rush { .. }));
    let nothing_read = plan.workload.requests.list.is_empty();
    if nothing_read
        && !rush
        && [&plan.workload.lookup, &plan.workload.get, &plan.workload.put].into_iter().all(Option::is_none)
    {
        check.warn("workload", "nobody asks for anything", "add an operation, as in lookup = { every = \"1min\" }");
    }
}

/// Share of a crash from which all contacts of a node in some part of an overlay may be lost.
const LARGE_CRASH: f64 = 0.5;

/// Warns of partitions and crashes from which some system does not recover by itself.
fn warn_of_lasting_partitions(check: &mut Check<'_>, plan: &Plan, registered: &[Registered]) {
    let divides = |event: &Event| match event.what {
        What::Partition { .. } | What::CutOff { .. } => event.lasts.is_some(),
        What::Crash { share, .. } => share >= LARGE_CRASH,
        _ => false,
    };
    let events = plan.events.iter().enumerate().filter(|(_, event)| divides(event));
    for ((number, event), system) in events.flat_map(|event| plan.systems.iter().map(move |system| (event, system))) {
        let stays = |known: &&Registered| known.name == system.protocol && !(known.remerges)(&*system.config);
        let Some(known) = registered.iter().find(stays) else { continue };
        let is_crash = matches!(event.what, What::Crash { .. });
        if is_crash && !matches!(known.placement, Placement::Closest(_)) {
            continue; // those who are left know each other
        }
        let System { name, protocol, .. } = system;
        let when = if is_crash { "after this" } else { "when this is healed" };
        let message = format!("`{name}` may stay apart {when}");
        let help = format!("{protocol} does not look for those that were cut off; at best later arrivals join both");
        check.warn(&format!("events.{number}"), message, help);
    }
}

/// Warns of disk capacities without effect, where every machine stores everything.
fn warn_of_disks_without_limit(check: &mut Check<'_>, plan: &Plan, registered: &[Registered]) {
    let limited = plan.population.classes.iter().position(|class| class.storage < u64::MAX);
    let Some(class) = limited.filter(|_| plan.resources.count > 0) else { return };
    for System { name, protocol, .. } in &plan.systems {
        let everywhere = |known: &&Registered| matches!(known.placement, Placement::Everyone(_));
        if registered.iter().filter(everywhere).any(|known| known.name == *protocol) {
            let path = format!("population.classes.{class}.storage");
            let message = format!("`{name}` does not look at this: there every machine holds everything");
            check.warn(&path, message, "compare it without a limit");
        }
    }
}
