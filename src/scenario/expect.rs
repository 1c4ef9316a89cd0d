//! Meaning of `[[expect]]`.

use std::fmt;

use super::aggregate::{Aggregate, aggregate};
use super::check::{Check, Noted};
use super::file;
use super::problem::Problem;

const SECTION: &str = "expect";

/// Expectation: a figure and its bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub system: String,
    /// Paths of axes and their values, as cells of result files.
    pub at: Vec<(String, String)>,
    pub figure: Figure,
    pub bound: Bound,
    pub source: String,
    pub note: String,
}

/// Expected figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// Column of `runs.csv`.
    Metric(String),
    Operations(Aggregate),
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Metric(name) => f.write_str(name),
            Figure::Operations(aggregate) => aggregate.fmt(f),
        }
    }
}

/// Bound of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    Near { value: f64, tolerance: f64 },
    Between { min: f64, max: f64 },
}

impl Bound {
    pub fn holds(&self, figure: f64) -> bool {
        match *self {
            // A little more than the tolerance, for what decimal fractions cannot say.
            Bound::Near { value, tolerance } => (figure - value).abs() <= tolerance * (1.0 + 1e-9),
            Bound::Between { min, max } => (min..=max).contains(&figure),
        }
    }
}

/// Reads and checks all expectations, with the names of the existing metrics.
pub(super) fn expectations(check: &mut Check<'_>, metrics: Option<&[&str]>) -> Result<Vec<Expectation>, Noted> {
    let said = check.section::<Vec<file::Expect>>(SECTION)?.unwrap_or_default();
    let all: Vec<_> = (0..).zip(said).map(|(number, said)| expectation(check, number, said, metrics)).collect();
    Ok(all.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Aggregates of operations in the expectations of a system, each once.
pub(super) fn aggregates_of(expected: &[Expectation], system: &str) -> Vec<Aggregate> {
    let mut aggregates: Vec<Aggregate> = Vec::new();
    for expectation in expected.iter().filter(|expectation| expectation.system == system) {
        if let Figure::Operations(aggregate) = &expectation.figure
            && !aggregates.contains(aggregate)
        {
            aggregates.push(aggregate.clone());
        }
    }
    aggregates
}

/// Whether two cells are equal: as texts, or as numbers.
pub fn is_same(a: &str, b: &str) -> bool {
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
    a == b || number(a).zip(number(b)).is_some_and(|(a, b)| a == b)
}

fn expectation(
    check: &mut Check<'_>,
    number: usize,
    said: file::Expect,
    metrics: Option<&[&str]>,
) -> Result<Option<Expectation>, Noted> {
    let at = |key: &str| format!("{SECTION}.{number}.{key}");
    let unknown = |check: &mut Check<'_>, path: &str, what: &'static str, name: &str, known: &[&str]| {
        let span = check.at(path, "").span.expect("it was read from there");
        check.note(Problem::unknown(span, what, name, known))
    };
    let systems = check.keys("systems");
    let known: Vec<&str> = systems.iter().map(String::as_str).collect();
    if !known.contains(&said.system.as_str()) {
        return Err(unknown(check, &at("system"), "system", &said.system, &known));
    }
    let figure = match (&said.metric, &said.operations) {
        (Some(metric), None) => {
            if let Some(metrics) = metrics.filter(|metrics| !metrics.contains(&metric.as_str())) {
                return Err(unknown(check, &at("metric"), "metric", metric, metrics));
            }
            Figure::Metric(metric.clone())
        }
        (None, Some(operations)) => Figure::Operations(aggregate(check, &at("operations"), operations)?),
        (Some(_), Some(_)) => {
            let message = "`operations` stands beside `metric`";
            return Err(check.wrong(&at("operations"), message, "expect them in tables of their own"));
        }
        (None, None) => {
            let help =
                "add metric = \"lookup_hops_mean\", or operations = { aggregate = \"p95\", of = \"latency_ms\" }";
            return Err(check.wrong(&format!("{SECTION}.{number}"), "no figure is named", help));
        }
    };
    let Some(point) = point(check, &at("at"), &said)? else { return Ok(None) };
    let key = if said.metric.is_some() { "metric" } else { "operations" };
    let bound = bound(&said, key, &figure).map_err(|(key, message)| {
        check.wrong(&at(key), message, "write value = 5.3 and within = 0.1, or relative = 0.05, or min, or max")
    })?;
    Ok(Some(Expectation {
        at: point,
        system: said.system,
        figure,
        bound,
        source: said.source.unwrap_or_default(),
        note: said.note.unwrap_or_default(),
    }))
}

/// Parameter point of the expectation; `None` if an axis is fixed elsewhere.
fn point(check: &mut Check<'_>, path: &str, said: &file::Expect) -> Result<Option<Vec<(String, String)>>, Noted> {
    let axes = check.keys("sweep.axes");
    let mut point = Vec::new();
    for (axis, value) in &said.at {
        let wanted = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if axes.contains(axis) {
            let values = check.axis(axis);
            if !values.iter().any(|value| is_same(value, &wanted)) {
                let message = format!("the axis `{axis}` does not have the value {wanted}");
                return Err(check.wrong(path, message, format!("it has {}", values.join(", "))));
            }
            point.push((axis.clone(), wanted));
        } else if let Some(fixed) = check.cell(axis) {
            // No axis any more, or never one: as --set has it.
            if !is_same(&fixed, &wanted) {
                return Ok(None);
            }
        } else {
            let help = match axes.is_empty() {
                true => "there are no axes: leave `at` out".to_owned(),
                false => format!("write the path of an axis in quotes: `{}`", axes.join("`, `")),
            };
            return Err(check.wrong(path, format!("unknown axis `{axis}`"), help));
        }
    }
    Ok(Some(point))
}

/// Bound of the figure at `key`; or the key of an error, and its message.
fn bound(said: &file::Expect, key: &'static str, figure: &Figure) -> Result<Bound, (&'static str, String)> {
    let numbers = [said.value, said.within, said.relative, said.min, said.max];
    if numbers.iter().flatten().any(|number| !number.is_finite()) {
        return Err((key, "a bound is no number".to_owned()));
    }
    let (min, max) = (said.min.unwrap_or(f64::NEG_INFINITY), said.max.unwrap_or(f64::INFINITY));
    match (said.value, said.within, said.relative) {
        (None, None, None) if min == f64::NEG_INFINITY && max == f64::INFINITY => {
            Err((key, format!("nothing is expected of `{figure}`")))
        }
        (None, None, None) if min > max => Err(("max", "`max` is below `min`".to_owned())),
        (None, None, None) => Ok(Bound::Between { min, max }),
        (Some(_), ..) if said.min.is_some() || said.max.is_some() => {
            Err(("value", "`value` stands beside `min` or `max`".to_owned()))
        }
        (Some(value), Some(within), None) if within >= 0.0 => Ok(Bound::Near { value, tolerance: within }),
        (Some(value), None, Some(share)) if share >= 0.0 => Ok(Bound::Near { value, tolerance: share * value.abs() }),
        (Some(_), None, None) => Err(("value", "how far off may it be?".to_owned())),
        (Some(_), Some(_), Some(_)) => Err(("within", "`within` stands beside `relative`".to_owned())),
        (Some(_), ..) => Err(("value", "a tolerance is not negative".to_owned())),
        (None, ..) => Err((key, "`within` and `relative` need a `value`".to_owned())),
    }
}
