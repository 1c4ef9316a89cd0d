//! Lock of a directory of results: one process at a time may change it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use same_file::Handle;

use super::{FileError, journal};

/// Name of the lock file. It exists only while a process holds it, or was killed while holding it.
pub const LOCK: &str = ".peerlab-lock";

/// Exclusive right to change a directory of results, without a commit in progress. Released when dropped.
#[derive(Debug)]
pub struct Lock {
    directory: PathBuf,
    /// Open and locked file; `None` if the file system has no locks.
    file: Option<File>,
    busy: bool,
}

impl Lock {
    /// Waits until no other process changes the existing `directory`, then finishes or removes the stages of killed
    /// processes.
    ///
    /// # Errors
    /// If the directory cannot be written to, or a commit cannot be finished.
    pub fn take(directory: &Path) -> Result<Lock, FileError> {
        let file = hold(&directory.join(LOCK)).map_err(FileError::at(directory))?;
        let mut lock = Lock { directory: directory.to_owned(), file, busy: false };
        lock.busy = journal::settle(directory)?;
        Ok(lock)
    }

    /// Lock for reading the directory, as [`Lock::take`]; `None` if it cannot be written to, so that a commit in
    /// progress is only possible by another user.
    ///
    /// # Errors
    /// As there.
    pub fn to_read(directory: &Path) -> Result<Option<Lock>, FileError> {
        match Lock::take(directory) {
            Err(FileError { source, .. }) if is_read_only(&source) => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// Locked directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether another process was producing results here when the lock was taken.
    pub fn is_busy(&self) -> bool {
        self.busy
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.file.is_some() {
            // While it is held, so that nobody else's is removed. A file that stays is in nobody's way.
            let _ = fs::remove_file(self.directory.join(LOCK));
        }
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Creates and locks a file. If its previous holder has removed it, the file that exists now is locked instead.
fn hold(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                fs::remove_file(path)?;
                return Ok(None);
            }
            locked => locked?,
        }
        let mine = Handle::from_file(file.try_clone()?)?;
        if Handle::from_path(path).is_ok_and(|there| there == mine) {
            return Ok(Some(file));
        }
    }
}
