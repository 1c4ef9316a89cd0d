//! Printing. Colours are taken out where they are not understood.

use std::io::{ErrorKind, Write};

use super::failure::{Code, Failure};

/// The width of a table that does not go to a terminal, in characters.
const PLAIN_WIDTH: usize = 100;

/// Prints results to stdout.
///
/// # Errors
/// If stdout takes no more. That its reader has gone (`peerlab … | head`) is no error: the reader had enough.
pub fn output(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::File, format!("stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints an error, a warning or a note to stderr, in whole lines. If that fails there is nobody left to tell.
pub fn error(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// How many characters fit on a line of stdout.
pub fn width() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map_or(PLAIN_WIDTH, |(width, _)| usize::from(width.0))
}
