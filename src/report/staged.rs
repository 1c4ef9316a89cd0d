//! Results appear whole or not at all: they are written beside their place and moved there in the end.
//!
//! The move is a journal: all is synced, a note says what is to be done, then it is done, file by file. Whoever comes next
//! after a kill or a power cut finishes it, or clears away what had no note yet ([`Lock::take`]).

mod journal;
mod lock;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use self::journal::{is_leftover, seen};
pub use self::lock::{LOCK, Lock};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    pub path: PathBuf,
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`. Who named a directory knows nothing of the stage in it: a file there is called by the place it goes to.
    pub fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> FileError {
        |source| FileError { path: journal::seen(&path.into()), source }
    }
}

/// The paths of what is in a directory, in their order.
///
/// # Errors
/// If it cannot be read.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let found = fs::read_dir(directory).and_then(|found| found.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = found.map_err(FileError::at(directory))?;
    paths.sort();
    Ok(paths)
}

/// A directory in the making. Without [`Staged::commit`] nothing of it is left.
#[derive(Debug)]
pub struct Staged {
    target: PathBuf,
    stage: PathBuf,
    /// Open, and locked, as long as this lives: what says that the stage is no leftover.
    alive: Option<File>,
    /// The directories that did not exist before, outermost first.
    created: Vec<PathBuf>,
}

impl Staged {
    /// Begins results that will be laid over what is in the directory `target`, which is created if need be. The stage lies
    /// inside it, hence on the same file system: moving is renaming.
    ///
    /// # Errors
    /// If `target` cannot be created or written to, so that this is known before the hour of work; if another process is at
    /// work there.
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

    /// As [`Staged::new`], in a directory that is locked already and whoever else is at work there.
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

    /// Where to write.
    pub fn path(&self) -> PathBuf {
        journal::new(&self.stage)
    }

    /// Where to write what is only compared with the new files.
    pub fn again(&self) -> PathBuf {
        journal::again(&self.stage)
    }

    /// Moves everything to its place: each file replaces the one of its name. Of `stale`, the files that results may have,
    /// those that were not written this time are removed; other files are left alone, and links are not followed.
    ///
    /// # Errors
    /// If something cannot be moved. Before the note nothing was changed then; after it the directory has no
    /// `manifest.json`, and the next [`Lock::take`] goes on.
    pub fn commit(self, stale: &[String]) -> Result<(), FileError> {
        let lock = Lock::take(&self.target)?;
        self.commit_under(&lock, stale)
    }

    /// As [`Staged::commit`], in a directory that is locked already.
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
