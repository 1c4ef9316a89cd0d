//! Trace files: one for each run, opened before the runs start.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use super::failure::Failure;
use super::output::{self, Inputs};
use crate::report::staged::FileError;

type TraceFile = (PathBuf, BufWriter<File>);

/// Trace files of a list of runs; empty if no trace is wanted.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// Files by run; taken when the run starts.
    files: Vec<Mutex<Option<TraceFile>>>,
    /// First error.
    failed: OnceLock<FileError>,
}

impl Traces {
    /// Trace file for each of the `systems`, which have one run each: `path` itself for one system,
    /// `<stem>-<system>.<extension>` otherwise.
    ///
    /// # Errors
    /// If one is an input, would mix with the results in `target`, or cannot be created.
    pub(super) fn create<'a>(
        path: &Path,
        systems: impl ExactSizeIterator<Item = &'a str>,
        inputs: &Inputs,
        target: &Path,
    ) -> Result<Traces, Failure> {
        let alone = systems.len() == 1;
        let paths: Vec<PathBuf> =
            systems.map(|system| if alone { path.to_owned() } else { beside(path, system) }).collect();
        for path in &paths {
            inputs.refuse(path, "--trace")?;
            output::refuse_trace(path, target)?;
        }
        let file = |path: PathBuf| {
            let out = File::create(&path).map_err(FileError::at(&path))?;
            Ok(Mutex::new(Some((path, BufWriter::new(out)))))
        };
        Ok(Traces { files: paths.into_iter().map(file).collect::<Result<_, Failure>>()?, failed: OnceLock::new() })
    }

    /// Writer of a run's trace; `None` if none is wanted or it was taken before.
    pub(super) fn writer(&self, run: usize) -> Option<Box<dyn Write + '_>> {
        let mut file = self.files.get(run)?.lock().expect("nobody panics while holding it");
        let (path, out) = file.take()?;
        Some(Box::new(Writer { path, out, failed: &self.failed }))
    }

    /// Closes the files; a write error costs the trace but not the run.
    ///
    /// # Errors
    /// The first error of writing.
    pub(super) fn close(self) -> Result<(), Failure> {
        self.failed.into_inner().map_or(Ok(()), |error| Err(error.into()))
    }
}

fn beside(path: &Path, system: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{system}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Trace of one active run, with its first error.
struct Writer<'a> {
    path: PathBuf,
    out: BufWriter<File>,
    failed: &'a OnceLock<FileError>,
}

impl Writer<'_> {
    fn keep<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|source| {
            let kind = source.kind();
            // Only the first error is told: the others follow from it.
            let _ = self.failed.set(FileError { path: self.path.clone(), source });
            kind.into()
        })
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.keep(flushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_name_stands_before_the_extension() {
        assert_eq!(beside(Path::new("a/trace.csv"), "kad20"), Path::new("a/trace-kad20.csv"));
        assert_eq!(beside(Path::new("trace"), "ring"), Path::new("trace-ring"));
    }
}
