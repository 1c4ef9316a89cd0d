//! What the `[[expect]]` tables mean.

use super::check::{Check, Noted};
use super::file;
use super::problem::Problem;

const SECTION: &str = "expect";

/// A figure that runs must give.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub system: String,
    /// Paths of axes, and values of them as cells of result files have them.
    pub at: Vec<(String, String)>,
    /// A column of `runs.csv`.
    pub metric: String,
    pub bound: Bound,
    pub source: String,
    pub note: String,
}

/// What a figure may be.
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

/// Reads and checks all of them, with the names of the metrics that there are.
pub(super) fn expectations(check: &mut Check<'_>, metrics: Option<&[&str]>) -> Result<Vec<Expectation>, Noted> {
    let said = check.section::<Vec<file::Expect>>(SECTION)?.unwrap_or_default();
    let all: Vec<_> = (0..).zip(said).map(|(number, said)| expectation(check, number, said, metrics)).collect();
    all.into_iter().collect()
}

fn expectation(
    check: &mut Check<'_>,
    number: usize,
    said: file::Expect,
    metrics: Option<&[&str]>,
) -> Result<Expectation, Noted> {
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
    if let Some(metrics) = metrics.filter(|metrics| !metrics.contains(&said.metric.as_str())) {
        return Err(unknown(check, &at("metric"), "metric", &said.metric, metrics));
    }
    let axes = check.keys("sweep.axes");
    for axis in said.at.keys().filter(|axis| !axes.contains(axis)) {
        let known: Vec<&str> = axes.iter().map(String::as_str).collect();
        return Err(unknown(check, &at("at"), "axis", axis, &known));
    }
    let bound = bound(&said).map_err(|(key, message)| {
        check.wrong(&at(key), message, "write value = 5.3 and within = 0.1, or relative = 0.05, or min, or max")
    })?;
    let cell = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(Expectation {
        at: said.at.iter().map(|(axis, value)| (axis.clone(), cell(value))).collect(),
        system: said.system,
        metric: said.metric,
        bound,
        source: said.source.unwrap_or_default(),
        note: said.note.unwrap_or_default(),
    })
}

fn bound(said: &file::Expect) -> Result<Bound, (&'static str, String)> {
    let (min, max) = (said.min.unwrap_or(f64::NEG_INFINITY), said.max.unwrap_or(f64::INFINITY));
    match (said.value, said.within, said.relative) {
        (None, None, None) if min == f64::NEG_INFINITY && max == f64::INFINITY => {
            Err(("metric", format!("nothing is expected of `{}`", said.metric)))
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
        (None, ..) => Err(("metric", "a tolerance of what?".to_owned())),
    }
}
