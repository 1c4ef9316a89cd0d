//! Loading of a scenario file, the plans of its parameter points, and the list of its runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use toml::de::ValueDeserializer;

use super::axes::{self, Axis, Point};
use super::check::Check;
use super::document::Document;
use super::expect::{Expectation, expectations};
use super::file;
use super::files;
use super::inputs::Files;
use super::plan::{Plan, System};
use super::problem::{Kind, Problem, Problems};
use super::registered::Registered;
use super::repetitions;
use super::resolve::resolve;
use super::schema::schema;
use super::source::Sources;
use super::written;
use crate::engine::{Duration, input};

/// Most bytes of a scenario file: the largest grid of a sweep is shorter.
const MOST_BYTES: u64 = 10_000_000;

/// Scenario: the file with the `--set` arguments applied, and its sweep.
#[derive(Clone, Debug)]
pub struct Scenario {
    sources: Sources,
    folder: PathBuf,
    axes: Vec<Axis>,
    repetitions: u32,
}

/// Run: one system at one parameter point with one seed.
#[derive(Clone, Debug)]
pub struct Run {
    /// Identifier `<system>[;axis=value…];seed=<n>`, with the axes in the order of the file, those of other systems
    /// left out.
    pub id: String,
    /// Value of each axis; `None` for one of another system.
    pub cells: Vec<Option<String>>,
    pub seed: u64,
    /// Plan of the parameter point; its `seed` is the first repetition's.
    pub plan: Arc<Plan>,
    /// Index of the run's system in the plan.
    pub system: usize,
}

/// All runs of a scenario, in the order of the results.
#[derive(Clone, Debug)]
pub struct Runs {
    /// Runs by parameter point, then by system, then by repetition.
    pub runs: Vec<Run>,
    /// Warnings about misleading results, for `check`, the user of the results, and the manifest.
    pub warnings: Problems,
}

impl Run {
    /// System of the run.
    pub fn system(&self) -> &System {
        &self.plan.systems[self.system]
    }
}

impl Scenario {
    /// Reads a file and applies `sets`, each `path=value`, in order. Checks the sweep; the rest is checked when a plan
    /// is made, since the sweep changes it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not TOML, or an argument or an axis is invalid.
    pub fn load(path: &Path, sets: &[String]) -> Result<Scenario, Problems> {
        let name = path.display().to_string();
        let folder = path.parent().map_or(PathBuf::new(), Path::to_path_buf);
        let problem = |readable: &[u8], problem| {
            let readable = String::from_utf8_lossy(readable).into_owned();
            let mut problems = Problems::new(&Sources::new(name.clone(), readable, &[]));
            problems.push(problem);
            Err(problems)
        };
        if path == Path::new("-") {
            let refused = Problem::new(None, "a scenario is not read from standard input");
            return problem(&[], refused.help("name a file; one that is called `-` is ./-"));
        }
        match input::read_at_most(path, MOST_BYTES).map(String::from_utf8) {
            Ok(Ok(text)) => Scenario::parse(name, folder, text, sets),
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                let refused = Problem::new(at..at, "this is no UTF-8 text: a scenario is a TOML file");
                problem(&error.as_bytes()[..at], refused)
            }
            Err(error) => {
                let kind = match error.kind() {
                    io::ErrorKind::FileTooLarge => Kind::Invalid,
                    _ => Kind::Unreadable,
                };
                problem(&[], Problem::new(None, format!("cannot read the scenario: {error}")).kind(kind))
            }
        }
    }

    /// Scenario from a text, as [`Scenario::load`]. Errors call it `name`; relative paths in it start at `folder`.
    pub fn parse(name: String, folder: PathBuf, text: String, sets: &[String]) -> Result<Scenario, Problems> {
        let sources = Sources::new(name, text, sets);
        let read = Document::parse(&sources).and_then(|document| {
            let axes = axes::axes(&document)?;
            document.refuse_contradictions(&axes)?;
            let points = axes::count(&axes).map_err(|problem| vec![problem])?;
            Ok((axes, repetitions::count(&document, points).map_err(|problem| vec![problem])?))
        });
        match read {
            Ok((axes, repetitions)) => Ok(Scenario { sources, folder, axes, repetitions }),
            Err(list) => {
                let mut problems = Problems::new(&sources);
                list.into_iter().for_each(|problem| problems.push(problem));
                Err(problems)
            }
        }
    }

    /// Axes in the order of the file.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Number of runs of each system at each parameter point.
    pub fn repetitions(&self) -> u32 {
        self.repetitions
    }

    /// Parameter points; the last axis varies fastest. Without axes there is one.
    pub fn points(&self) -> Vec<Point> {
        axes::points(&self.axes)
    }

    /// Refuses every axis, for a command that makes single runs.
    pub fn refuse_axes(&self) -> Result<(), Problems> {
        let mut problems = Problems::new(&self.sources);
        for axis in &self.axes {
            let help = format!("fix it, as in --set {}={}, or use `peerlab sweep`", axis.path(), axis.values()[0]);
            problems.push(Problem::new(axis.dotted().span(), format!("`{}` is varied", axis.path())).help(help));
        }
        problems.none_or(|| ())
    }

    /// Plan of the scenario at a parameter point.
    ///
    /// # Errors
    ///
    /// All errors there, each at its position in the file, in the axis, or on the command line.
    pub fn plan(&self, point: &Point, registered: &[Registered]) -> Result<Plan, Problems> {
        self.plan_with(point, registered, &schema(registered), &mut Files::new(&self.folder)).map(|(plan, _)| plan)
    }

    /// Runs of all parameter points.
    ///
    /// # Errors
    ///
    /// All errors at any of the points, each once.
    pub fn runs(&self, registered: &[Registered]) -> Result<Runs, Problems> {
        let (schema, mut files) = (schema(registered), Files::new(&self.folder));
        let mut runs = Runs { runs: Vec::new(), warnings: Problems::new(&self.sources) };
        let mut problems = Problems::new(&self.sources);
        for point in self.points() {
            match self.plan_with(&point, registered, &schema, &mut files) {
                Ok((plan, warnings)) => {
                    runs.warnings.extend(warnings);
                    self.add_runs(&point, Arc::new(plan), &mut runs.runs);
                }
                Err(more) => problems.extend(more),
            }
        }
        problems.none_or(|| runs)
    }

    /// Expectations of the runs, over the given metrics.
    ///
    /// # Errors
    ///
    /// An unknown metric, and any other error in the expectations.
    pub fn expectations(&self, metrics: &[&str]) -> Result<Vec<Expectation>, Problems> {
        let mut check = Check::new(&self.sources, self.document());
        match expectations(&mut check, Some(metrics)) {
            Ok(expected) => Ok(expected),
            Err(_) => Err(check.into_problems()),
        }
    }

    /// Length of the warm-up, common to all points; `None` if an axis varies it, or it is not a duration.
    pub fn warmup(&self) -> Option<Duration> {
        let varies = |axis: &Axis| {
            let names: Vec<_> = axis.dotted().keys().iter().map(|key| key.name.as_str()).collect();
            matches!(names[..], ["time"] | ["time", "warmup"])
        };
        if self.axes.iter().any(varies) {
            return None;
        }
        let document = self.document();
        let time = document.get(&["time"]).map(|time| file::Time::deserialize(ValueDeserializer::from(time.clone())));
        Some(time.transpose().ok()?.unwrap_or_default().warmup)
    }

    /// Resolved scenario as TOML, with the `--set` arguments and without comments; enough to repeat it.
    pub fn resolved(&self) -> String {
        written::document(self.document().root())
    }

    /// Resolved scenario for a file in `directory`, which exists: relative paths lead from there to the same files.
    /// Where an axis varies such a path, its values are respelled too, and with them the names of its runs.
    pub fn resolved_in(&self, directory: &Path) -> String {
        let mut document = self.document();
        files::rename(&mut document, |path| files::seen_from(directory, &self.folder, path));
        written::document(document.root())
    }

    /// Hash of the scenario's content: BLAKE3 of [`Scenario::resolved`], in hexadecimal, in which each file is replaced
    /// by the hash of its content. It does not depend on the location of files.
    pub fn hash(&self) -> String {
        let mut document = self.document();
        files::rename(&mut document, |path| files::content(&self.folder.join(path)).unwrap_or_else(|| path.to_owned()));
        blake3::hash(written::document(document.root()).as_bytes()).to_hex().to_string()
    }

    /// Files that the scenario names, those among the values of axes included.
    pub fn data_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        files::rename(&mut self.document(), |path| {
            found.push(self.folder.join(path));
            path.to_owned()
        });
        found
    }

    fn document(&self) -> Document<'_> {
        Document::parse(&self.sources).expect("it was parsed when it was loaded")
    }

    fn plan_with(
        &self,
        point: &Point,
        registered: &[Registered],
        schema: &Value,
        files: &mut Files,
    ) -> Result<(Plan, Problems), Problems> {
        let mut document = self.document();
        let mut problems = Problems::new(&self.sources);
        for (axis, &value) in self.axes.iter().zip(&point.values) {
            if let Err(problem) = document.set_axis(axis, value) {
                problems.push(problem);
            }
        }
        problems.none_or(|| ())?;
        resolve(&self.sources, document, files, registered, schema)
    }

    /// Adds the runs at one point. A system that an axis does not affect runs at that axis's first value only.
    fn add_runs(&self, point: &Point, plan: Arc<Plan>, runs: &mut Vec<Run>) {
        for (number, system) in plan.systems.iter().enumerate() {
            let concerns = |axis: &Axis| axis.system().is_none_or(|varied| varied == system.name);
            let chosen = || self.axes.iter().zip(&point.values);
            if chosen().any(|(axis, &value)| !concerns(axis) && value > 0) {
                continue;
            }
            let cell = |(axis, &value): (&Axis, &usize)| concerns(axis).then(|| axis.values()[value].clone());
            let cells: Vec<Option<String>> = chosen().map(cell).collect();
            for repetition in 0..self.repetitions {
                let seed = repetitions::seed(plan.seed, repetition);
                let id = self.run_id(&system.name, &cells, seed);
                runs.push(Run { id, cells: cells.clone(), seed, plan: Arc::clone(&plan), system: number });
            }
        }
    }

    fn run_id(&self, system: &str, cells: &[Option<String>], seed: u64) -> String {
        let values =
            self.axes.iter().zip(cells).filter_map(|(axis, cell)| Some(format!(";{}={}", axis.path(), cell.as_ref()?)));
        format!("{system}{};seed={seed}", values.collect::<String>())
    }
}
