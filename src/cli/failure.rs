//! Errors of commands, with exit codes.

use crate::report::chart::PlotError;
use crate::report::columns::ReadError;
use crate::report::staged::FileError;
use crate::scenario::{Kind, Problems};

/// Exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    /// Failed run, or a difference found by `--verify`; the other runs are kept.
    Run = 1,
    /// Invalid command line, scenario or other input; nothing was simulated or written.
    Wrong = 2,
    /// Read or write error of a file.
    File = 3,
    /// Terminal closed; finished runs are kept. 128 + SIGHUP, as in shells.
    HungUp = 129,
    /// Stopped by Ctrl-C; likewise, 128 + SIGINT.
    Interrupted = 130,
    /// Stopped by `kill` or a job scheduler; likewise, 128 + SIGTERM.
    Terminated = 143,
}

/// Failure of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub code: Code,
    /// Message to the user, whole lines.
    pub text: String,
}

impl Failure {
    /// Failure with a `message` of one line that includes the correction.
    pub(super) fn new(code: Code, message: impl std::fmt::Display) -> Failure {
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
