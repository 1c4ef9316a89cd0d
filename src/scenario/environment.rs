//! What the sections about the environment mean: time, network, resources, workload, events.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{Check, Noted};
use super::file;
use super::gap::Gap;
use super::plan::{Crash, DEADLINE, Plan, Resources, Workload};
use super::problem::Kind;
use crate::engine::{Duration, DurationLaw, Law};
use crate::network::{Access, Holds, Latency, Matrix, MatrixError, NetworkPlan, Unit};
use crate::population::Popularity;

/// Of a value, with room for the headers below 2³².
const LARGEST_VALUE: u64 = 1 << 31;

/// The distance of samples if the file gives none and the measurement is no shorter.
const SAMPLE: Duration = Duration::from_secs(60);

/// Rows of a time series at most.
const MOST_SAMPLES: u64 = 1_000_000;

/// Matrices that were read already: a sweep reads each once.
#[derive(Debug, Default)]
pub(super) struct Files {
    matrices: BTreeMap<PathBuf, Arc<Matrix>>,
}

/// Warm-up, measurement, and the distance of samples.
pub(super) fn time(check: &mut Check<'_>) -> Result<(Duration, Duration, Duration), Noted> {
    let file::Time { warmup, measure, sample } = check.section("time")?.unwrap_or_default();
    let sample = sample.unwrap_or(SAMPLE.min(measure));
    for (path, value) in [("time.measure", measure), ("time.sample", sample)] {
        if value == Duration::ZERO {
            return Err(check.wrong(path, "this must last longer than nothing", "write a duration above zero"));
        }
    }
    if sample > measure {
        let help = format!("write at most the {measure} that are measured");
        check.wrong("time.sample", format!("samples {sample} apart never come"), help);
    }
    if measure.as_nanos() / sample.as_nanos() > MOST_SAMPLES {
        let help = format!("write {} or more", measure.mul_f64(1.0 / MOST_SAMPLES as f64));
        check.wrong("time.sample", "the time series would be too long", help);
    }
    Ok((warmup, measure, sample))
}

pub(super) fn network(check: &mut Check<'_>, folder: &Path, files: &mut Files) -> Result<NetworkPlan, Noted> {
    let network: file::Network = check.section("network")?.unwrap_or_default();
    check.range("network.loss", network.loss, 0.0..=1.0);
    check.range("network.jitter", network.jitter, 0.0..=NetworkPlan::LARGEST_JITTER);
    let access = network.access.map(|access| Access {
        uplink: access.uplink.0,
        downlink: access.downlink.0,
        queue: access.queue.0,
    });
    let latency = latency(check, network.latency, folder, files)?;
    Ok(NetworkPlan { latency, jitter: network.jitter, loss: network.loss, access })
}

fn latency(check: &mut Check<'_>, said: file::Latency, folder: &Path, files: &mut Files) -> Result<Latency, Noted> {
    Ok(match said {
        file::Latency::Constant(delay) => Latency::Constant(delay),
        file::Latency::Uniform { low, high } if low > high => {
            let help = format!("write {low} or more, or lower `low`");
            return Err(check.wrong("network.latency.uniform.high", "`high` is below `low`", help));
        }
        file::Latency::Uniform { low, high } => Latency::Uniform { low, high },
        file::Latency::Lognormal { median, sigma } => {
            check.range("network.latency.lognormal.sigma", sigma, 0.0..=10.0);
            Latency::Lognormal { median, sigma }
        }
        file::Latency::Plane { width } => Latency::Plane { width },
        file::Latency::Matrix { file, holds, unit } => {
            Latency::Matrix(matrix(check, folder.join(file), holds, unit, files)?)
        }
    })
}

fn matrix(
    check: &mut Check<'_>,
    path: PathBuf,
    holds: Holds,
    unit: Unit,
    files: &mut Files,
) -> Result<Arc<Matrix>, Noted> {
    if let Some(matrix) = files.matrices.get(&path) {
        return Ok(Arc::clone(matrix));
    }
    match Matrix::load(&path, holds, unit) {
        Ok(matrix) => Ok(Arc::clone(files.matrices.entry(path).or_insert(Arc::new(matrix)))),
        Err(error) => {
            let problem = check.at("network.latency.matrix.file", error.to_string());
            Err(check.note(match error {
                MatrixError::Unreadable { .. } => {
                    problem.kind(Kind::Unreadable).help("a relative path begins at the folder of the scenario file")
                }
                MatrixError::Wrong { .. } => problem,
            }))
        }
    }
}

pub(super) fn resources(check: &mut Check<'_>) -> Result<Resources, Noted> {
    let Some(said) = check.section::<file::Resources>("resources")? else {
        return Ok(Resources { count: 0, size: 0, popularity: Popularity::Uniform });
    };
    if said.count == 0 {
        check.wrong("resources.count", "there must be a resource", "write 1 or more, or leave [resources] out");
    }
    if said.size.0 > LARGEST_VALUE {
        let message = format!("a resource of {} is too large", said.size);
        check.wrong("resources.size", message, "write \"2GiB\" or less");
    }
    if let Err(message) = said.popularity.check() {
        check.wrong("resources.popularity.zipf.exponent", message, "write 0 for a uniform law, or more");
    }
    Ok(Resources { count: said.count, size: said.size.0.min(LARGEST_VALUE) as u32, popularity: said.popularity })
}

/// Warns of values that no participant can get or put before an operation fails.
pub(super) fn warn_of_long_transfers(check: &mut Check<'_>, plan: &Plan) {
    let Some(access) = plan.network.access else { return };
    let asked = [(&plan.workload.get, access.downlink, "get"), (&plan.workload.put, access.uplink, "put")];
    for (_, rate, operation) in asked.into_iter().filter(|(gap, ..)| gap.is_some()) {
        let takes = Duration::from_secs_f64(8.0 * f64::from(plan.resources.size) / rate);
        if takes > DEADLINE {
            let message =
                format!("every {operation} will fail: its value takes {takes} over a participant's link alone");
            check.warn("resources.size", message, format!("operations fail after {DEADLINE}"));
        }
    }
}

/// `available`: whether there are resources to get and put.
pub(super) fn workload(check: &mut Check<'_>, available: bool) -> Result<Workload, Noted> {
    let said: file::Workload = check.section("workload")?.unwrap_or_default();
    let target = said.lookup.as_ref().map(|lookup| lookup.target).unwrap_or_default();
    for (path, asked) in [("workload.get", &said.get), ("workload.put", &said.put)] {
        if asked.is_some() && !available {
            check.wrong(path, "there is nothing to get or put", "add [resources] with a count, or leave this out");
        }
    }
    Ok(Workload {
        lookup: gap(check, "workload.lookup.every", said.lookup.map(|lookup| lookup.every))?,
        get: gap(check, "workload.get.every", said.get.map(|get| get.every))?,
        put: gap(check, "workload.put.every", said.put.map(|put| put.every))?,
        target,
    })
}

fn gap(check: &mut Check<'_>, path: &str, said: Option<Gap>) -> Result<Option<Law>, Noted> {
    let law = match said {
        None => return Ok(None),
        Some(Gap::Mean(mean)) => Law::Exponential { mean: mean.as_secs_f64() },
        Some(Gap::Law(said)) => law(check, path, &said)?,
    };
    if law.mean() > 0.0 {
        Ok(Some(law))
    } else {
        Err(check.wrong(path, "operations without a gap would never end", "write a gap above zero"))
    }
}

/// The law at `path`, in seconds.
pub(super) fn law(check: &mut Check<'_>, path: &str, said: &DurationLaw) -> Result<Law, Noted> {
    said.law().map_err(|message| check.note(check.at(path, message)))
}

/// `end`: of the run, after its start.
pub(super) fn crashes(check: &mut Check<'_>, end: Duration) -> Result<Vec<Crash>, Noted> {
    let said: Vec<file::Event> = check.section("events")?.unwrap_or_default();
    let mut crashes = Vec::with_capacity(said.len());
    for (number, event) in said.into_iter().enumerate() {
        let file::Event::Crash { at, share } = event;
        check.range(&format!("events.{number}.crash.share"), share, 0.0..=1.0);
        if at >= end {
            let help = format!("the run ends {end} after its start, warm-up and measurement together");
            check.wrong(&format!("events.{number}.crash.at"), format!("nothing happens at {at} any more"), help);
        }
        crashes.push(Crash { at, share });
    }
    Ok(crashes)
}
