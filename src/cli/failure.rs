//! Why a command failed, and with which exit code.

use crate::report::chart::PlotError;
use crate::report::columns::ReadError;
use crate::report::staged::FileError;
use crate::scenario::{Kind, Problems};

/// What the shell is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// A run failed or `--verify` differed; the other runs are kept.
    Run = 1,
    /// The command line, the scenario or other inputs are wrong; nothing was simulated or written.
    Wrong = 2,
    /// A file could not be read or written.
    File = 3,
    /// Its terminal was closed; what was finished is kept. 128 + SIGHUP, as shells have it.
    HungUp = 129,
    /// Stopped by Ctrl-C; likewise, 128 + SIGINT.
    Interrupted = 130,
    /// Stopped by `kill`, or whoever hands out the machine's time; likewise, 128 + SIGTERM.
    Terminated = 143,
}

/// A command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: Code,
    /// What the user reads, whole lines.
    pub text: String,
}

impl Failure {
    /// `message` is one line and says what would be right.
    pub fn new(code: Code, message: impl std::fmt::Display) -> Failure {
        Failure { code, text: format!("error: {message}\n") }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        let unreadable = problems.worst() == Some(Kind::Unreadable);
        Failure { code: if unreadable { Code::File } else { Code::Wrong }, text: problems.to_string() }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::new(Code::File, error)
    }
}

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Failure {
        let code = match error {
            PlotError::Read(ReadError::Content { .. }) | PlotError::Option(_) => Code::Wrong,
            PlotError::NoResults { .. } | PlotError::Read(ReadError::File(_)) | PlotError::File(_) => Code::File,
        };
        Failure::new(code, error)
    }
}
