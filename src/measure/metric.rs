//! Metrics: the name, unit and meaning of a column, how it is shown, and the function that computes it from the counters.

use std::ops::Deref;

use indexmap::IndexMap;

use super::metrics::Metrics;

/// Which end of a metric's range is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    /// A description of the run, not a merit.
    Neither,
}

/// How a value is written in the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A share of one, in per cent.
    Percent,
    /// Three significant digits.
    Number,
    /// An index between 0 and 1.
    Index,
    Bytes,
    BytesPerSecond,
}

/// Sections of the terminal's table of comparison, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Answers,
    Effort,
    Network,
    Fairness,
    State,
}

impl Section {
    /// All sections, in the order of the table.
    pub const ALL: [Section; 5] =
        [Section::Answers, Section::Effort, Section::Network, Section::Fairness, Section::State];

    /// The title over the rows.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Answers => "answers",
            Section::Effort => "effort",
            Section::Network => "network",
            Section::Fairness => "fairness of serving nodes (Gini: 0 even, 1 one bears all)",
            Section::State => "state",
        }
    }
}

/// The place of a metric in the terminal's tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub section: Section,
    /// The row's label; indented by two blanks below a row of which this one is a part.
    pub label: String,
    pub format: Format,
    /// Has a table of its own after a sweep.
    pub in_sweeps: bool,
}

/// A column: its name, its unit, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The column's name. Its unit or qualifier stands last (`lookup_latency_p99_ms`).
    pub name: String,
    /// The unit as it is printed beside the value (`ms`, `B/s`); empty for ratios and indices.
    pub unit: &'static str,
    pub better: Better,
    /// One line: what it is, over what it is taken.
    pub about: String,
    /// `None`: not in the terminal's tables.
    pub shown: Option<Shown>,
    /// Drawn against the axis of a sweep without being asked for.
    pub charted: bool,
}

impl Metric {
    /// Whether the value is a share, drawn in per cent.
    pub fn is_share(&self) -> bool {
        self.name.ends_with("_ratio") || self.name.starts_with("availability")
    }

    /// Whether the value is at most one.
    pub fn is_bounded(&self) -> bool {
        self.is_share() || self.name.contains("_gini")
    }
}

/// A value of a metric.
pub trait Value {
    /// Whether the value is a number: a ratio over nothing is left out.
    fn is_finite(&self) -> bool;
}

impl Value for f64 {
    fn is_finite(&self) -> bool {
        f64::is_finite(*self)
    }
}

impl<const N: usize> Value for [f64; N] {
    fn is_finite(&self) -> bool {
        self.iter().all(|value| value.is_finite())
    }
}

/// A function from the counters and what else is known (`F`) to a value; `None` where the metric does not apply.
type Compute<F, V> = Box<dyn Fn(&Metrics, &F) -> Option<V> + Send + Sync>;

/// A metric with the function that computes it.
pub struct Row<F, V = f64> {
    metric: Metric,
    of: Compute<F, V>,
    /// Computed when all operations have ended, not when the measurement has.
    of_operations: bool,
}

/// A row that is not shown in the terminal and not charted unless asked for.
pub(super) fn row<F, V>(
    name: impl Into<String>,
    unit: &'static str,
    better: Better,
    about: impl Into<String>,
    of: impl Fn(&Metrics, &F) -> Option<V> + Send + Sync + 'static,
) -> Row<F, V> {
    let metric = Metric { name: name.into(), unit, better, about: about.into(), shown: None, charted: false };
    Row { metric, of: Box::new(of), of_operations: false }
}

impl<F, V> Row<F, V> {
    /// The row in the terminal's comparison of systems.
    pub fn shown(mut self, section: Section, label: impl Into<String>, format: Format) -> Row<F, V> {
        self.metric.shown = Some(Shown { section, label: label.into(), format, in_sweeps: false });
        self
    }

    /// A shown row that has a table of its own after a sweep, too.
    pub fn in_sweeps(mut self) -> Row<F, V> {
        self.metric.shown.as_mut().expect("a row is shown first").in_sweeps = true;
        self
    }

    /// The row drawn against the axis of a sweep without being asked for.
    pub fn charted(mut self) -> Row<F, V> {
        self.metric.charted = true;
        self
    }

    /// The row computed when all operations have ended.
    pub fn of_operations(mut self) -> Row<F, V> {
        self.of_operations = true;
        self
    }
}

impl<F, V: Value> Row<F, V> {
    fn value(&self, metrics: &Metrics, facts: &F) -> Option<V> {
        let value = (self.of)(metrics, facts);
        assert!(value.as_ref().is_none_or(Value::is_finite), "{} is not a number", self.name);
        value
    }
}

impl<F, V> Deref for Row<F, V> {
    type Target = Metric;

    fn deref(&self) -> &Metric {
        &self.metric
    }
}

/// An ordered list of metrics that can be found by name.
pub struct Catalogue<F, V = f64> {
    rows: Vec<Row<F, V>>,
    places: IndexMap<String, usize>,
}

impl<F, V> Catalogue<F, V> {
    /// # Panics
    /// If two metrics have one name.
    pub fn new(rows: Vec<Row<F, V>>) -> Catalogue<F, V> {
        let places: IndexMap<_, _> = rows.iter().enumerate().map(|(i, row)| (row.name.clone(), i)).collect();
        assert_eq!(places.len(), rows.len(), "two metrics have one name");
        Catalogue { rows, places }
    }

    /// The metrics, in their order.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.rows.iter().map(Deref::deref)
    }

    /// The place in the list of the metric with this name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The metric with this name.
    pub fn get(&self, name: &str) -> Option<&Metric> {
        self.index_of(name).map(|i| &*self.rows[i])
    }
}

impl<F, V: Value> Catalogue<F, V> {
    /// The values when the measurement has ended, parallel to the catalogue: those of operations are missing.
    ///
    /// # Panics
    /// If a value is not a number.
    pub fn values(&self, metrics: &Metrics, facts: &F) -> Vec<Option<V>> {
        self.rows.iter().map(|row| if row.of_operations { None } else { row.value(metrics, facts) }).collect()
    }

    /// Adds the values of operations to `values`, when all operations have ended.
    ///
    /// # Panics
    /// As [`Catalogue::values`].
    pub fn add_operations(&self, values: &mut [Option<V>], metrics: &Metrics, facts: &F) {
        for (value, row) in values.iter_mut().zip(&self.rows).filter(|(_, row)| row.of_operations) {
            *value = row.value(metrics, facts);
        }
    }
}

impl<F, V> Deref for Catalogue<F, V> {
    type Target = [Row<F, V>];

    fn deref(&self) -> &[Row<F, V>] {
        &self.rows
    }
}

/// A share of a whole; `None` of nothing.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A quotient; `None` over nothing.
pub(super) fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
