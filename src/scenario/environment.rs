//! Meaning of the environment's sections: time, resources, workload. The network has a file of its own.

use std::sync::Arc;

use super::check::{Check, Noted};
use super::daily::daily;
use super::file;
use super::gap::Gap;
use super::inputs::Files;
use super::plan::{DEADLINE, Plan, Population, Resources, Sessions, Workload};
use super::population::trace_start;
use super::storage::MOST_RECORDS;
use crate::engine::{Duration, DurationLaw, Law, LawUse, Time, Unfit};
use crate::network::NetworkPlan;
use crate::population::requests::{Limits, Requests};
use crate::population::{LARGEST_VALUE, Popularity};

/// Default sampling interval, if the measurement is no shorter.
const SAMPLE: Duration = Duration::from_secs(60);

/// Longest times: a hundred years. Virtual time ends after 584 years, and deadlines, notices and long timers come on
/// top of a run.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

/// Most rows of a time series, warm-up and measurement together: each is held in memory, with every column.
const MOST_SAMPLES: u64 = 1_000_000;

/// Warm-up, measurement, and sampling interval.
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
    let whole = warmup + measure;
    if whole > LONGEST {
        let help = format!("write at most {LONGEST} for warm-up and measurement together");
        return Err(check.wrong("time.measure", format!("a run of {warmup} and {measure} is too long"), help));
    }
    if whole.as_nanos() / sample.as_nanos() > MOST_SAMPLES {
        let most = whole.mul_f64(1.0 / MOST_SAMPLES as f64);
        let help =
            format!("there are {MOST_SAMPLES} at most in warm-up and measurement: write sample = \"{most}\" or more");
        check.wrong("time.sample", "the time series would be too long", help);
    }
    Ok((warmup, measure, sample))
}

pub(super) fn resources(check: &mut Check<'_>) -> Result<Resources, Noted> {
    let Some(said) = check.section::<file::Resources>("resources")? else {
        let (size, popularity) = (Law::Constant(0.0), Popularity::Uniform);
        return Ok(Resources { count: 0, size, popularity, rotate_every: None });
    };
    if said.count == 0 {
        check.wrong("resources.count", "there must be a resource", "write 1 or more, or leave [resources] out");
    }
    if said.count > MOST_RECORDS {
        let message = format!("{} resources are too many", said.count);
        check.wrong("resources.count", message, format!("write {MOST_RECORDS} at most"));
    }
    if said.size.largest_said().0 > u64::from(LARGEST_VALUE) {
        let message = format!("a resource of {} is too large", said.size.largest_said());
        check.wrong("resources.size", message, "write \"2GiB\" or less");
    }
    let size = said.size.law().map_err(|message| check.note(check.at("resources.size", message)))?;
    if let Err(message) = said.popularity.check() {
        check.wrong("resources.popularity.zipf.exponent", message, "write 0 for a uniform law, or more");
    }
    if said.rotate_every == Some(Duration::ZERO) {
        check.wrong("resources.rotate_every", "the ranking cannot turn all the time", "write a duration above zero");
    }
    Ok(Resources { count: said.count, size, popularity: said.popularity, rotate_every: said.rotate_every })
}

/// Warns of values whose transfer takes longer than the deadline on average.
pub(super) fn warn_of_long_transfers(check: &mut Check<'_>, plan: &Plan) {
    let deadline = plan.workload.deadline;
    let everybody = plan.population.classes.is_empty().then_some(("a participant's".to_owned(), plan.network.access));
    let classes = plan.population.classes.iter().map(|class| (format!("the class `{}`'s", class.name), class.access));
    for (whose, access) in everybody.into_iter().chain(classes) {
        let Some(access) = access else { continue };
        let asked = [(&plan.workload.get, access.downlink, "get"), (&plan.workload.put, access.uplink, "put")];
        for (_, rate, operation) in asked.into_iter().filter(|(gap, ..)| gap.is_some()) {
            let takes = Duration::from_secs_f64(8.0 * plan.resources.size.mean().min(f64::from(LARGEST_VALUE)) / rate);
            if takes > deadline {
                let message =
                    format!("most of the {operation}s will fail: a value takes {takes} over {whose} link alone");
                check.warn("resources.size", message, format!("operations fail after {deadline}"));
            }
        }
    }
}

/// Population and network, against which workload and systems are checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// Population; `None`: it could not be read.
    pub population: Option<&'a Population>,
    /// Network; `None`: it could not be read.
    pub network: Option<&'a NetworkPlan>,
    pub resources: u32,
    pub end: Duration,
}

pub(super) fn workload(check: &mut Check<'_>, files: &mut Files, known: Known<'_>) -> Result<Workload, Noted> {
    let said: file::Workload = check.section("workload")?.unwrap_or_default();
    let target = said.lookup.as_ref().map(|lookup| lookup.target).unwrap_or_default();
    let asked = [("get", said.get.is_some()), ("put", said.put.is_some()), ("mix", said.mix.is_some())];
    for (key, _) in asked.iter().filter(|(_, asked)| *asked && known.resources == 0) {
        let help = "add [resources] with a count, or leave this out";
        check.wrong(&format!("workload.{key}"), "there is nothing to get or put", help);
    }
    let local_hours = said.diurnal.as_ref().is_some_and(|diurnal| diurnal.local);
    let diurnal = said.diurnal.map(|said| daily(check, "workload.diurnal", &said, known.network)).transpose();
    let lookup = gap(check, "workload.lookup.every", said.lookup.map(|lookup| lookup.every));
    let mut get = gap(check, "workload.get.every", said.get.map(|get| get.every))?;
    let mut put = gap(check, "workload.put.every", said.put.map(|put| put.every))?;
    if let Some(mix) = said.mix {
        if get.is_some() || put.is_some() {
            let help = "keep `mix`, or `get` and `put`";
            return Err(check.wrong("workload.mix", "gets and puts are said twice", help));
        }
        (get, put) = self::mix(check, &mix)?;
    }
    let deadline = said.deadline.unwrap_or(DEADLINE);
    if deadline == Duration::ZERO {
        check.wrong("workload.deadline", "every operation takes some time", "write a duration above zero");
    }
    if deadline > LONGEST {
        let message = format!("nobody waits {deadline} for an answer");
        check.wrong("workload.deadline", message, format!("write {LONGEST} at most"));
    }
    let requests = match (said.trace, known.population) {
        (Some(file), Some(population)) => requests(check, files, (&file[..], said.trace_start), population, &known)?,
        _ => Arc::default(),
    };
    Ok(Workload { lookup: lookup?, get, put, target, diurnal: diurnal?, local_hours, requests, deadline })
}

/// Operations of the workload's trace. Its time zero defaults to that of the availability trace.
fn requests(
    check: &mut Check<'_>,
    files: &mut Files,
    (file, start): (&str, Option<u64>),
    population: &Population,
    known: &Known<'_>,
) -> Result<Arc<Requests>, Noted> {
    let names = population.churn.as_ref().and_then(|churn| match &churn.sessions {
        Sessions::Trace(trace) => Some(Arc::clone(trace)),
        Sessions::Laws { .. } => None,
    });
    let start = match start {
        Some(start) => start,
        None => check.read("population.churn.trace_start")?.unwrap_or(0),
    };
    let limits = Limits {
        participants: population.participants,
        names,
        resources: known.resources,
        largest_value: LARGEST_VALUE,
        start: trace_start(check, "workload.trace_start", start)?,
        end: Time::ZERO + known.end,
    };
    let requests = files.requests(check, file, &limits)?;
    if requests.outside > 0 {
        let message =
            format!("rows of the trace before time zero and after the run, which are left out: {}", requests.outside);
        check.warn("workload.trace", message, "measure for longer or set `trace_start`, or leave it so");
    }
    Ok(requests)
}

/// Two Poisson streams of gets and puts: a Poisson stream of which each operation is a put with a given probability
/// splits into these.
fn mix(check: &mut Check<'_>, said: &file::Mix) -> Result<(Option<Law>, Option<Law>), Noted> {
    check.range("workload.mix.puts", said.puts, 0.0..=1.0);
    let every = mean_gap(check, "workload.mix.every", said.every)?;
    let stream = |share: f64| (share > 0.0).then(|| Law::Exponential { mean: every / share });
    Ok((stream(1.0 - said.puts), stream(said.puts)))
}

fn gap(check: &mut Check<'_>, path: &str, said: Option<Gap>) -> Result<Option<Law>, Noted> {
    let law = match said {
        None => return Ok(None),
        Some(Gap::Mean(mean)) => Law::Exponential { mean: mean_gap(check, path, mean)? },
        Some(Gap::Law(said)) => law(check, path, &said, LawUse::Renewals)?,
    };
    Ok(Some(law))
}

/// Mean interval between operations, in seconds.
fn mean_gap(check: &mut Check<'_>, path: &str, mean: Duration) -> Result<f64, Noted> {
    if mean == Duration::ZERO {
        return Err(check.wrong(path, "operations without a gap would never end", "write a gap above zero"));
    }
    Ok(mean.as_secs_f64())
}

/// Law at `path`, in seconds, checked for its use.
pub(super) fn law(check: &mut Check<'_>, path: &str, said: &DurationLaw, usage: LawUse) -> Result<Law, Noted> {
    let law = said.law().map_err(|message| Unfit { message, help: None });
    let fit = law.and_then(|law| law.check_for(usage).map(|()| law));
    fit.map_err(|Unfit { message, help }| match help {
        Some(help) => check.wrong(path, message, help),
        None => check.note(check.at(path, message)),
    })
}
