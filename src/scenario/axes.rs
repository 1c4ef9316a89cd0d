//! Axes of a sweep, and the grid of parameter points that they span.

use toml::Spanned;
use toml::de::DeValue;

use super::document::{Document, entries};
use super::path::{Path, spelling};
use super::problem::Problem;
use super::repetitions::MOST_RUNS;
use super::written;

/// Axis: a varied parameter.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Key under `[sweep.axes]`, verbatim.
    key: String,
    path: Path,
    values: Vec<String>,
}

/// Parameter point: the index of a value for each axis, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub(super) values: Vec<usize>,
}

impl Axis {
    /// Dotted key in canonical spelling; the name of a column.
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    /// Values as in the file, strings without their quotes.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// System that this axis varies; `None`: all.
    pub fn system(&self) -> Option<&str> {
        self.path.system().map(|key| key.name.as_str())
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn dotted(&self) -> &Path {
        &self.path
    }
}

/// Axes of a document in the order of the file.
pub(super) fn axes(document: &Document<'_>) -> Result<Vec<Axis>, Vec<Problem>> {
    let (mut axes, mut problems): (Vec<Axis>, Vec<Problem>) = (Vec::new(), Vec::new());
    match document.get(&["sweep", "axes"]) {
        Some(value) if !value.get_ref().is_table() => {
            problems.push(Problem::new(value.span(), "`axes` is not a table").help("write [sweep.axes]"));
        }
        _ => {}
    }
    for (key, value) in entries(document.table(&["sweep", "axes"])) {
        match Path::of_axis(key.get_ref(), key.span()).and_then(|path| axis(key.get_ref(), path, value)) {
            Ok(axis) => match axes.iter().find(|other| other.path.contradicts(&axis.path)) {
                None => axes.push(axis),
                Some(other) => {
                    let message = format!("the axes `{}` and `{}` set the same thing", other.path, axis.path);
                    problems.push(Problem::new(key.span(), message).help("keep one of them"));
                }
            },
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(axes) } else { Err(problems) }
}

fn axis(key: &str, path: Path, value: &Spanned<DeValue<'_>>) -> Result<Axis, Problem> {
    match path.keys()[0].name.as_str() {
        "sweep" => return Err(Problem::new(path.span(), "an axis cannot vary the sweep itself")),
        "seed" => {
            return Err(Problem::new(path.span(), "the seed is not an axis")
                .help("write repetitions = 10 under [sweep]: each has a seed of its own"));
        }
        _ => {}
    }
    if let DeValue::Table(_) = value.get_ref() {
        return Err(unquoted(&path, value));
    }
    let list = value.get_ref().as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| {
        Problem::new(value.span(), format!("the axis `{path}` has no values")).help("write a list, as in [0.5, 1, 2]")
    })?;
    let mut values: Vec<String> = Vec::with_capacity(list.len());
    for value in list.iter() {
        let cell = written::cell(value.get_ref());
        if values.contains(&cell) {
            return Err(Problem::new(value.span(), format!("the axis `{path}` has the value {cell} twice")));
        }
        values.push(cell);
    }
    Ok(Axis { key: key.to_string(), path, values })
}

/// Problem of an unquoted path, which TOML reads as nested tables.
fn unquoted(path: &Path, value: &Spanned<DeValue<'_>>) -> Problem {
    let (mut keys, mut leaf) = (vec![path.to_string()], value.get_ref());
    while let DeValue::Table(table) = leaf
        && let Some((key, below)) = entries(Some(table)).first()
    {
        keys.push(spelling(key.get_ref()));
        leaf = below.get_ref();
    }
    let values = match leaf {
        DeValue::Array(_) => written::cell(leaf),
        _ => "[0.5, 1, 2]".to_owned(),
    };
    let whole = spelling(&keys.join("."));
    // A path of one key needs no quotes, and has no values here.
    let message = match keys.len() {
        1 => format!("the axis `{path}` is a table, not a list of values"),
        _ => format!("the path of the axis `{}` stands without quotes", keys.join(".")),
    };
    Problem::new(path.span(), message).help(format!("write {whole} = {values}"))
}

/// Number of combinations.
///
/// # Errors
/// More than the limit of a sweep.
pub(super) fn count(axes: &[Axis]) -> Result<u64, Problem> {
    axes.iter().try_fold(1, |points: u64, axis| {
        let more = points.saturating_mul(axis.values.len() as u64);
        if more <= MOST_RUNS {
            return Ok(more);
        }
        let message = format!("a grid of {more} points or more is too large");
        Err(Problem::new(axis.path.span(), message)
            .help(format!("leave values out: there are {MOST_RUNS} runs at most")))
    })
}

/// All combinations; the last axis varies fastest. Without axes there is one.
pub(super) fn points(axes: &[Axis]) -> Vec<Point> {
    let mut points = vec![Point { values: Vec::new() }];
    for axis in axes {
        let longer = |point: &Point, value| Point { values: point.values.iter().copied().chain([value]).collect() };
        points =
            points.iter().flat_map(|point| (0..axis.values.len()).map(move |value| longer(point, value))).collect();
    }
    points
}
