//! Input files of the user, with limits that are checked before reading.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Most bytes of a data file. Its content is held in memory, and a matrix of 20,000 hosts has 2 GB.
pub const MOST_DATA: u64 = 4_000_000_000;

/// Opens a data file.
///
/// # Errors
/// Not a regular file (which may never end), more than [`MOST_DATA`] bytes, or an error of opening.
pub fn open(path: &Path) -> io::Result<File> {
    // Before it is opened: that alone waits for a writer where the file is a pipe.
    let found = fs::metadata(path)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a directory" } else { "a pipe or a device" };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("this is {what}, not a regular file")));
    }
    few_enough(found.len(), MOST_DATA)?;
    File::open(path)
}

/// Reads a data file; see [`open`].
///
/// # Errors
/// As [`open`], or a read error.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file, pipe or device of at most `most` bytes.
///
/// # Errors
/// More bytes, or a read error.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    if found.is_file() {
        few_enough(found.len(), most)?;
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    few_enough(bytes.len() as u64, most)?;
    Ok(bytes)
}

fn few_enough(bytes: u64, most: u64) -> io::Result<()> {
    if bytes <= most {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes, the most that are read")))
}
