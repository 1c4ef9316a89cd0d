//! Results appear whole or not at all: they are written beside their place and moved there in the end.

use std::io;
use std::path::{Path, PathBuf};
use std::{fs, process};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    pub path: PathBuf,
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`.
    pub fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> FileError {
        |source| FileError { path: path.into(), source }
    }
}

/// The file whose presence says that a directory of results is complete: it goes first and comes last.
const SEAL: &str = super::manifest::FILE;

/// How the hidden directory in which results are made begins. One that stays behind a killed process is no result.
pub const PARTIAL: &str = ".partial-";

/// A directory in the making. Without [`Staged::commit`] nothing of it is left.
#[derive(Debug)]
pub struct Staged {
    target: PathBuf,
    stage: PathBuf,
    /// The directories that did not exist before, outermost first.
    created: Vec<PathBuf>,
}

impl Staged {
    /// Begins a directory that will become `target`, or be laid over it if it exists.
    ///
    /// The stage lies inside the target, hence on the same file system: moving is renaming.
    ///
    /// # Errors
    /// If `target` cannot be created or written to, so that this is known before the hour of work.
    pub fn new(target: impl Into<PathBuf>) -> Result<Staged, FileError> {
        let target = target.into();
        let mut created: Vec<_> = target.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
        // The last ancestor of a relative path is the empty one: the working directory.
        created.retain(|path| !path.as_os_str().is_empty());
        created.reverse();
        let stage = target.join(format!("{PARTIAL}{}", process::id()));
        fs::create_dir_all(&stage).map_err(FileError::at(&stage))?;
        Ok(Staged { target, stage, created })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.stage
    }

    /// Moves everything to its place: each entry replaces the one of its name. Of `stale`, the names that results may
    /// have, those that were not written this time are removed; other files are left alone.
    ///
    /// # Errors
    /// If something cannot be moved. The target then has no `manifest.json`.
    pub fn commit(mut self, stale: &[&str]) -> Result<(), FileError> {
        for name in std::iter::once(&SEAL).chain(stale) {
            remove(&self.target.join(name))?;
        }
        let entries = fs::read_dir(&self.stage).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut names: Vec<_> =
            entries.map_err(FileError::at(&self.stage))?.into_iter().map(|entry| entry.file_name()).collect();
        names.sort_by_key(|name| (name == SEAL, name.clone()));
        for name in names {
            let place = self.target.join(&name);
            remove(&place)?;
            fs::rename(self.stage.join(&name), &place).map_err(FileError::at(&place))?;
        }
        self.created.clear();
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What cannot be removed is hidden and harmless; there is nobody left to tell.
        let _ = fs::remove_dir_all(&self.stage);
        for path in self.created.iter().rev() {
            let _ = fs::remove_dir(path);
        }
    }
}

/// Removes a file or a directory, if there is one.
fn remove(path: &Path) -> Result<(), FileError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::at(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_committed_leaves_no_trace() {
        let home = tempfile::tempdir().unwrap();
        let staged = Staged::new(home.path().join("a/b")).unwrap();
        fs::write(staged.path().join("runs.csv"), "x").unwrap();
        drop(staged);
        assert!(names(home.path()).is_empty());
    }

    #[test]
    fn what_is_committed_replaces_its_predecessor_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        for name in ["runs.csv", "operations.csv", "notes.txt", "manifest.json"] {
            fs::write(home.path().join(name), "old").unwrap();
        }
        fs::create_dir(home.path().join("charts")).unwrap();
        fs::write(home.path().join("charts/old.svg"), "old").unwrap();
        let staged = Staged::new(home.path()).unwrap();
        fs::write(staged.path().join("runs.csv"), "new").unwrap();
        fs::create_dir(staged.path().join("charts")).unwrap();
        fs::write(staged.path().join("charts/new.svg"), "new").unwrap();
        staged.commit(&["operations.csv"]).unwrap();
        assert_eq!(names(home.path()), ["charts", "notes.txt", "runs.csv"]);
        assert_eq!(names(&home.path().join("charts")), ["new.svg"]);
        assert_eq!(fs::read_to_string(home.path().join("runs.csv")).unwrap(), "new");
    }

    #[test]
    fn a_target_that_is_a_file_is_an_error_at_once() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "mine").unwrap();
        let error = Staged::new(&file).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }
}
