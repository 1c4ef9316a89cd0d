//! Atomic output of results: they are written to a stage and moved to their place at the end, all or none.
//!
//! The move is a journal: all files are synced, a note lists the actions, then these are done, file by file. The next
//! process after a kill or a power cut finishes them, or removes a stage without a note ([`Lock::take`]).

mod journal;
mod lock;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use self::journal::{is_leftover, seen};
pub use self::lock::{LOCK, Lock};

/// Error of reading or writing a file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    pub path: PathBuf,
    pub source: io::Error,
}

impl FileError {
    /// Constructor for `map_err`. The user does not know the stage inside a directory: a file there is named by its
    /// final path.
    pub fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> FileError {
        |source| FileError { path: journal::seen(&path.into()), source }
    }
}

/// Sorted paths of the entries of a directory.
///
/// # Errors
/// If it cannot be read.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let found = fs::read_dir(directory).and_then(|found| found.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = found.map_err(FileError::at(directory))?;
    paths.sort();
    Ok(paths)
}

/// Stage of a directory of results. Without [`Staged::commit`] nothing of it remains.
#[derive(Debug)]
pub struct Staged {
    target: PathBuf,
    stage: PathBuf,
    /// Open and locked file as long as this lives: the mark that the stage is not a leftover.
    alive: Option<File>,
    /// Directories that did not exist before, outermost first.
    created: Vec<PathBuf>,
}

impl Staged {
    /// Starts results for the directory `target`, which is created if needed. The stage is inside it, hence on the same
    /// file system, so that moving is renaming.
    ///
    /// # Errors
    /// If `target` cannot be created or written to, so that this is known before the work; or if another
    /// process is at work there.
    pub fn new(target: impl Into<PathBuf>) -> Result<Staged, FileError> {
        let target = target.into();
        let mut created: Vec<_> = target.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
        // The last ancestor of a relative path is the empty one: the working directory.
        created.retain(|path| !path.as_os_str().is_empty());
        created.reverse();
        fs::create_dir_all(&target).map_err(FileError::at(&target))?;
        let lock = Lock::take(&target)?;
        if lock.is_busy() {
            let busy = "another peerlab is making results here";
            return Err(FileError::at(target)(io::Error::new(io::ErrorKind::ResourceBusy, busy)));
        }
        let mut staged = Staged::under(&lock)?;
        staged.created = created;
        Ok(staged)
    }

    /// Stage in a directory that is locked already, even if another process is at work there; otherwise as
    /// [`Staged::new`].
    ///
    /// # Errors
    /// If the directory cannot be written to.
    pub fn under(lock: &Lock) -> Result<Staged, FileError> {
        let target = lock.directory().to_owned();
        let stage = journal::begin(&target).map_err(FileError::at(&target))?;
        let mut staged = Staged { target, stage, alive: None, created: Vec::new() };
        staged.alive = Some(journal::mark(&staged.stage).map_err(FileError::at(&staged.target))?);
        Ok(staged)
    }

    /// Directory for new files.
    pub fn path(&self) -> PathBuf {
        journal::new(&self.stage)
    }

    /// Directory for files that are only compared with the new ones.
    pub fn again(&self) -> PathBuf {
        journal::again(&self.stage)
    }

    /// Moves all files to their place: each replaces the one of its name. Of `stale`, the possible files of results,
    /// those not written this time are removed; other files are kept, and links are not followed.
    ///
    /// # Errors
    /// If a file cannot be moved. Before the note nothing is changed then; after it the directory has no
    /// `manifest.json`, and the next [`Lock::take`] continues.
    pub fn commit(self, stale: &[String]) -> Result<(), FileError> {
        let lock = Lock::take(&self.target)?;
        self.commit_under(&lock, stale)
    }

    /// Commit in a directory that is locked already, as [`Staged::commit`].
    ///
    /// # Errors
    /// As there.
    pub fn commit_under(mut self, lock: &Lock, stale: &[String]) -> Result<(), FileError> {
        debug_assert_eq!(lock.directory(), self.target, "another directory is locked");
        journal::write(&self.target, &self.stage, stale)?;
        self.created.clear();
        journal::finish(&self.target, &self.stage)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if journal::is_written(&self.stage) {
            return;
        }
        // What cannot be removed is hidden and harmless; there is nobody left to tell.
        let _ = journal::dismantle(&self.stage);
        for path in self.created.iter().rev() {
            let _ = fs::remove_dir(path);
        }
    }
}
