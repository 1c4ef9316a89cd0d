//! Files that a scenario names: each is read once for all parameter points that use it with equal settings.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{Check, Noted};
use super::problem::Kind;
use crate::engine::{Duration, Time, input};
use crate::network::{Coordinates, FileError, Format, Layout, Matrix};
use crate::population::requests::{self, Limits, Requests};
use crate::population::trace::Bounds;
use crate::population::{Trace, TraceError};

/// Cache of files already read, and the base folder of relative paths.
#[derive(Debug, Default)]
pub(super) struct Files {
    folder: PathBuf,
    matrices: BTreeMap<(PathBuf, Format), Arc<Matrix>>,
    coordinates: BTreeMap<(PathBuf, Layout), Arc<Coordinates>>,
    traces: BTreeMap<(PathBuf, Bounds), Arc<Trace>>,
    requests: BTreeMap<Asked, Arc<Requests>>,
}

/// Key of a request file in the cache: the file, the numbers of participants and resources, start and end, and the
/// trace with the names, by its address, at which it stays as long as it is kept here.
type Asked = (PathBuf, [u32; 2], Duration, Time, Option<usize>);

impl Files {
    pub(super) fn new(folder: &Path) -> Files {
        Files { folder: folder.to_path_buf(), ..Files::default() }
    }

    pub(super) fn matrix(&mut self, check: &mut Check<'_>, file: &str, format: Format) -> Result<Arc<Matrix>, Noted> {
        let path = self.folder.join(file);
        read(&mut self.matrices, (path.clone(), format), || Matrix::load(&path, format))
            .map_err(|error| note_measured(check, "network.latency.matrix.file", &error))
    }

    pub(super) fn coordinates(
        &mut self,
        check: &mut Check<'_>,
        file: &str,
        layout: Layout,
    ) -> Result<Arc<Coordinates>, Noted> {
        let path = self.folder.join(file);
        read(&mut self.coordinates, (path.clone(), layout), || Coordinates::load(&path, layout))
            .map_err(|error| note_measured(check, "network.latency.coordinates.file", &error))
    }

    /// Availability trace; see [`Trace::load`].
    pub(super) fn trace(&mut self, check: &mut Check<'_>, file: &str, bounds: Bounds) -> Result<Arc<Trace>, Noted> {
        let path = self.folder.join(file);
        read(&mut self.traces, (path.clone(), bounds), || Trace::load(&path, bounds))
            .map_err(|error| note_trace(check, "population.churn.trace", &error))
    }

    /// Workload trace; see [`requests::load`].
    pub(super) fn requests(
        &mut self,
        check: &mut Check<'_>,
        file: &str,
        limits: &Limits,
    ) -> Result<Arc<Requests>, Noted> {
        let path = self.folder.join(file);
        let names = limits.names.as_ref().map(|trace| Arc::as_ptr(trace) as usize);
        let key = (path.clone(), [limits.participants, limits.resources], limits.start, limits.end, names);
        read(&mut self.requests, key, || requests::load(&path, limits))
            .map_err(|error| note_trace(check, "workload.trace", &error))
    }
}

fn read<K: Ord, T, E>(
    known: &mut BTreeMap<K, Arc<T>>,
    key: K,
    load: impl FnOnce() -> Result<T, E>,
) -> Result<Arc<T>, E> {
    if let Some(read) = known.get(&key) {
        return Ok(Arc::clone(read));
    }
    let read = Arc::new(load()?);
    known.insert(key, Arc::clone(&read));
    Ok(read)
}

fn note_measured(check: &mut Check<'_>, path: &str, error: &FileError) -> Noted {
    let unreadable = match error {
        FileError::Unreadable { source, .. } => Some(source),
        FileError::Wrong { .. } => None,
    };
    note(check, path, &error.to_string(), unreadable)
}

fn note_trace(check: &mut Check<'_>, path: &str, error: &TraceError) -> Noted {
    let unreadable = match error {
        TraceError::Unreadable { source, .. } => Some(source),
        TraceError::Wrong { .. } => None,
    };
    note(check, path, &error.to_string(), unreadable)
}

fn note(check: &mut Check<'_>, path: &str, message: &str, unreadable: Option<&io::Error>) -> Noted {
    let problem = check.at(path, message);
    check.note(match unreadable.map(io::Error::kind) {
        None => problem,
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge) => {
            let help = format!("name a regular file of at most {} GB", input::MOST_DATA / 1_000_000_000);
            problem.help(help)
        }
        Some(_) => problem.kind(Kind::Unreadable).help("a relative path begins at the folder of the scenario file"),
    })
}
