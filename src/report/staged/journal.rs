//! Stage on disk: a hidden directory with a mark, the new files, and at the end a note that they are complete.
//!
//! Each change of the file system is one call of [`change`], so that a test can end the process before any of them.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{FileError, entries};

/// File whose presence marks a directory of results as complete: it is removed first and written last.
const SEAL: &str = crate::report::manifest::FILE;

/// Prefix of a stage's name, followed by a number; the mark in it makes it a stage.
const PARTIAL: &str = ".partial-";

/// Mark in the stage, locked as long as its process lives.
const MARK: &str = "peerlab-stage";
const MARK_TEXT: &str = "Results in the making. What is left of them when no peerlab is running, the next one finishes or \
                         removes.\n";

/// Directory in the stage of the files to be moved, each at its path in the target.
const NEW: &str = "new";

/// Directory in the stage of files that are compared with the new ones, and never moved.
const AGAIN: &str = "again";

/// Note in the stage, from which on the commit is finished and not undone.
const NOTE: &str = "commit.json";

/// Actions of a commit, besides moving all files in [`NEW`].
#[derive(Debug, Deserialize, Serialize)]
struct Note {
    /// Whether the new files have a manifest: then the results must not look complete before the end.
    sealed: bool,
    /// Paths in the target of files to be removed.
    stale: Vec<String>,
}

/// Creates a stage in `target` with a unique name.
pub(super) fn begin(target: &Path) -> io::Result<PathBuf> {
    for number in 0_u64.. {
        let stage = target.join(format!("{PARTIAL}{number}"));
        match fs::create_dir(&stage) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|()| stage),
        }
    }
    unreachable!("more directories than numbers")
}

/// Writes the mark of a stage, locked as long as the file stays open, and creates the directory of new files.
pub(super) fn mark(stage: &Path) -> io::Result<File> {
    let mut mark = File::create_new(stage.join(MARK))?;
    mark.write_all(MARK_TEXT.as_bytes())?;
    match mark.try_lock() {
        Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Unsupported => return Err(error),
        _ => {}
    }
    fs::create_dir(new(stage))?;
    Ok(mark)
}

/// Directory of the new files of a stage.
pub(super) fn new(stage: &Path) -> PathBuf {
    stage.join(NEW)
}

/// Directory of the files of a stage that are compared with the new ones.
pub(super) fn again(stage: &Path) -> PathBuf {
    stage.join(AGAIN)
}

/// Path as the user knows it: without the stage to which its file is written before it is moved.
pub fn seen(path: &Path) -> PathBuf {
    let steps: Vec<_> = path.components().collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let names_stage = |step: &Component<'_>| {
        step.as_os_str().to_str().and_then(|name| name.strip_prefix(PARTIAL)).is_some_and(is_number)
    };
    let is_written_to = |pair: &[Component<'_>]| {
        names_stage(&pair[0]) && [NEW, AGAIN].iter().any(|inside| pair[1].as_os_str() == *inside)
    };
    match steps.windows(2).rposition(is_written_to) {
        Some(at) => steps[..at].iter().chain(&steps[at + 2..]).collect(),
        None => path.to_owned(),
    }
}

/// Whether a stage is complete, so that it will be committed in any case.
pub(super) fn is_written(stage: &Path) -> bool {
    stage.join(NOTE).exists()
}

/// Whether this is a stage, of a live process or left behind by a killed one: a directory of such a name with the mark,
/// or empty.
pub fn is_leftover(path: &Path) -> bool {
    let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PARTIAL));
    let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    named && is_real_directory(path) && (is_real_file(&path.join(MARK)) || is_empty())
}

/// Finishes or removes the stages of killed processes in `target`, which the caller has locked. Returns whether there
/// is a stage of a live process.
pub(super) fn settle(target: &Path) -> Result<bool, FileError> {
    let mut living = false;
    for stage in entries(target)?.into_iter().filter(|path| is_leftover(path)) {
        match File::open(stage.join(MARK)).map(|mark| mark.try_lock()) {
            Ok(Err(TryLockError::WouldBlock)) => living = true,
            // Nobody can tell whose it is.
            Ok(Err(TryLockError::Error(_))) => {}
            _ if is_written(&stage) => finish(target, &stage)?,
            // What cannot be removed is hidden and harmless.
            _ => drop(dismantle(&stage)),
        }
    }
    Ok(living)
}

/// Syncs the new files, then the note, to disk. A directory in the place of a file is an error, and so is a file in the
/// place of a directory.
pub(super) fn write(target: &Path, stage: &Path, stale: &[String]) -> Result<(), FileError> {
    let new = new(stage);
    let Tree { files, directories } = tree(&new)?;
    let stands_there = |kind, what| io::Error::new(kind, format!("{what} goes here: move it away"));
    if let Some(path) = files.iter().map(|path| target.join(path)).find(|place| is_real_directory(place)) {
        return Err(FileError::at(path)(stands_there(ErrorKind::IsADirectory, "this is a directory, and a file")));
    }
    if let Some(path) = directories.iter().map(|path| target.join(path)).find(|place| is_real_file(place)) {
        return Err(FileError::at(path)(stands_there(ErrorKind::NotADirectory, "this is a file, and a directory")));
    }
    for path in files.iter().map(|path| new.join(path)) {
        File::open(&path).and_then(|file| file.sync_all()).map_err(FileError::at(&path))?;
    }
    directories.iter().try_for_each(|path| sync_directory(&new.join(path)))?;
    // What is written again is replaced. Whoever goes on with a commit would take the new one for the stale one.
    let is_left =
        |name: &&String| !files.iter().any(|path| path == Path::new(name)) && !is_real_directory(&target.join(name));
    let stale = stale.iter().filter(is_left).cloned().collect();
    let note = Note { sealed: new.join(SEAL).exists(), stale };
    let text = serde_json::to_string(&note).expect("plain strings are JSON");
    let (path, hidden) = (stage.join(NOTE), stage.join("commit.part"));
    change(&path, || {
        let mut file = File::create(&hidden)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })?;
    change(&path, || fs::rename(&hidden, &path))?;
    sync_directory(stage)
}

/// Carries out the remaining actions of a stage's note, and removes the stage.
pub(super) fn finish(target: &Path, stage: &Path) -> Result<(), FileError> {
    let (new, note) = (new(stage), read(&stage.join(NOTE))?);
    let Tree { files, directories } = if new.exists() { tree(&new)? } else { Tree::default() };
    let (seal, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| path == Path::new(SEAL));
    if note.sealed && !seal.is_empty() {
        remove(&target.join(SEAL))?;
        sync_directory(target)?;
    }
    if !note.sealed || !seal.is_empty() {
        note.stale.iter().try_for_each(|name| remove_below(target, Path::new(name)))?;
    }
    let to_its_place = |path: &PathBuf| {
        make_way(target, path)?;
        change(&target.join(path), || fs::rename(new.join(path), target.join(path)))
    };
    others.iter().try_for_each(to_its_place)?;
    // Also where somebody who was killed has moved everything.
    let mut changed = directories.iter().map(|path| target.join(path)).filter(|path| is_real_directory(path));
    changed.try_for_each(|path| sync_directory(&path))?;
    if !seal.is_empty() {
        seal.iter().try_for_each(to_its_place)?;
        sync_directory(target)?;
    }
    dismantle(stage).map_err(FileError::at(stage))
}

/// Removes a stage, the mark last, so that it is recognised until it is empty.
pub(super) fn dismantle(stage: &Path) -> io::Result<()> {
    let gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let mut left = match entries(stage) {
        Err(error) if error.source.kind() == ErrorKind::NotFound => return Ok(()),
        left => left.map_err(|error| error.source)?,
    };
    // The note after what it is about: without it, nothing would be moved any more.
    left.sort_by_key(|path| (path.ends_with(MARK), path.ends_with(NOTE)));
    for path in left {
        let directory = is_real_directory(&path);
        gone(step().and_then(|()| if directory { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }))?;
    }
    gone(step().and_then(|()| fs::remove_dir(stage)))
}

fn read(path: &Path) -> Result<Note, FileError> {
    let text = fs::read(path).map_err(FileError::at(path))?;
    let note: Note = serde_json::from_slice(&text).map_err(|error| FileError::at(path)(error.into()))?;
    let leads_out = |name: &String| !Path::new(name).components().all(|step| matches!(step, Component::Normal(_)));
    match note.stale.iter().find(|name| leads_out(name)) {
        Some(name) => Err(FileError::at(path)(io::Error::new(
            ErrorKind::InvalidData,
            format!("`{name}` is no file of these results"),
        ))),
        None => Ok(note),
    }
}

/// Content of a directory, by relative paths.
#[derive(Default)]
struct Tree {
    files: Vec<PathBuf>,
    /// Directories, itself included.
    directories: Vec<PathBuf>,
}

fn tree(directory: &Path) -> Result<Tree, FileError> {
    let (mut found, mut left) = (Tree::default(), vec![PathBuf::new()]);
    while let Some(next) = left.pop() {
        for path in entries(&directory.join(&next))? {
            let below = next.join(path.file_name().expect("it has a name"));
            if is_real_directory(&path) { left.push(below) } else { found.files.push(below) }
        }
        found.directories.push(next);
    }
    found.files.sort();
    Ok(found)
}

/// Creates the directories on the path of a file in `target`. Anything else in their place, links included, is removed.
fn make_way(target: &Path, file: &Path) -> Result<(), FileError> {
    let above: Vec<&Path> = file.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()).collect();
    for path in above.into_iter().rev().map(|path| target.join(path)) {
        if !is_real_directory(&path) {
            remove(&path)?;
            change(&path, || fs::create_dir(&path))?;
        }
    }
    Ok(())
}

/// Removes a file in `target`, unless its path leads over a link.
fn remove_below(target: &Path, file: &Path) -> Result<(), FileError> {
    let mut above = file.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
    if above.all(|path| is_real_directory(&target.join(path))) { remove(&target.join(file)) } else { Ok(()) }
}

/// Removes a file or a link, if present.
fn remove(path: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        _ => change(path, || fs::remove_file(path)),
    }
}

fn is_real_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn is_real_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

/// Syncs a directory to disk, if the system supports it.
fn sync_directory(path: &Path) -> Result<(), FileError> {
    #[cfg(test)]
    crash::record("sync", path);
    if cfg!(unix) { File::open(path).and_then(|file| file.sync_all()).map_err(FileError::at(path)) } else { Ok(()) }
}

/// Single change of the file system.
fn change<T>(path: &Path, how: impl FnOnce() -> io::Result<T>) -> Result<T, FileError> {
    #[cfg(test)]
    crash::record("change", path);
    step().and_then(|()| how()).map_err(FileError::at(path))
}

#[cfg(not(test))]
fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) use crash::step;

/// Simulated crash before a change of the file system: this and every later one is an error. Also a record of the
/// changes and syncs, in order.
#[cfg(test)]
pub(super) mod crash {
    use std::cell::{Cell, RefCell};
    use std::io;
    use std::path::Path;

    thread_local! {
        static RECORD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    pub(crate) fn record(what: &str, path: &Path) {
        RECORD.with_borrow_mut(|record| record.push(format!("{what} {}", path.display())));
    }

    /// Changes and syncs since the last call.
    pub(crate) fn recorded() -> Vec<String> {
        RECORD.take()
    }

    /// Sets the number of changes before the crash; `None`: no crash.
    pub(crate) fn after(changes: Option<u32>) {
        LEFT.set(changes);
    }

    /// Whether the crash has happened.
    pub(crate) fn has_come() -> bool {
        LEFT.get() == Some(0)
    }

    pub(crate) fn step() -> io::Result<()> {
        match LEFT.get() {
            Some(0) => Err(io::Error::other("the process was killed")),
            left => {
                LEFT.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}
