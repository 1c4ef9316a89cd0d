//! Printing. Colours are removed where they are not supported.

use std::io::{ErrorKind, Write};

use super::failure::{Code, Failure};

/// Width of a table that does not go to a terminal, in characters.
const PLAIN_WIDTH: usize = 100;

/// Prints results to stdout.
///
/// # Errors
/// If stdout cannot be written. A closed pipe (`peerlab … | head`) is not an error.
pub(super) fn output(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::File, format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints an error, a warning or a note to stderr, in whole lines. Errors of stderr are ignored.
pub(super) fn error(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Width of stdout in characters.
pub(super) fn width() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map_or(PLAIN_WIDTH, |(width, _)| usize::from(width.0))
}
