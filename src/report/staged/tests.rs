use std::path::Path;

use super::journal::crash;
use super::*;

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every file below `path` with its text, links as what they are.
fn files(path: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for name in names(path) {
        let below = path.join(&name);
        match fs::symlink_metadata(&below).unwrap() {
            it if it.is_dir() => {
                found.extend(files(&below).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
            }
            it if it.is_symlink() => found.push((name, "a link".to_owned())),
            _ => found.push((name, fs::read_to_string(&below).unwrap())),
        }
    }
    found
}

/// Old results with files of somebody else's between them.
fn old() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("charts")).unwrap();
    for name in ["runs.csv", "operations.csv", "manifest.json", "charts/old.svg", "charts/same.svg"] {
        fs::write(home.path().join(name), "old").unwrap();
    }
    for name in ["notes.txt", "charts/mine.png"] {
        fs::write(home.path().join(name), "mine").unwrap();
    }
    home
}

const STALE: [&str; 4] = ["runs.csv", "operations.csv", "manifest.json", "charts/old.svg"];

/// Lays new results over what is there.
fn replace(target: &Path) -> Result<(), FileError> {
    let staged = Staged::new(target)?;
    fs::create_dir(staged.path().join("charts")).unwrap();
    for name in ["runs.csv", "load.csv", "manifest.json", "charts/new.svg", "charts/same.svg"] {
        fs::write(staged.path().join(name), "new").unwrap();
    }
    staged.commit(&STALE.map(str::to_owned))
}

fn new() -> Vec<(String, String)> {
    let new = ["charts/new.svg", "charts/same.svg", "load.csv", "manifest.json", "runs.csv"];
    let mut all: Vec<_> = new.map(|name| (name.to_owned(), "new".to_owned())).into();
    all.extend(["charts/mine.png", "notes.txt"].map(|name| (name.to_owned(), "mine".to_owned())));
    all.sort();
    all
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
    let home = old();
    replace(home.path()).unwrap();
    assert_eq!(files(home.path()), new());
}

#[test]
fn after_a_kill_before_any_step_whoever_comes_next_finds_the_old_or_the_new() {
    let before = files(old().path());
    let (mut undone, mut finished) = (0, 0);
    for changes in 0.. {
        let home = old();
        crash::after(Some(changes));
        let ended = replace(home.path());
        let killed = crash::has_come();
        crash::after(None);
        if !killed {
            ended.unwrap();
            break;
        }
        let left = files(home.path());
        let mixed = left.iter().any(|file| file.1 == "old")
            && left.iter().any(|file| file.1 == "new" && !file.0.starts_with('.'));
        assert!(!mixed || !home.path().join("manifest.json").exists(), "a mixture looks whole: {left:?}");
        // The next one is killed too, once.
        crash::after(Some(changes / 2));
        let _ = Lock::take(home.path());
        crash::after(None);
        drop(Lock::take(home.path()).unwrap());
        let after = files(home.path());
        match after == before {
            true => undone += 1,
            false => {
                assert_eq!(after, new(), "killed after {changes} changes");
                finished += 1;
            }
        }
    }
    assert!(undone >= 2 && finished >= 10, "{undone} undone, {finished} finished");
}

/// What a power cut leaves is what was synced: each directory once before what hangs on it, however many files come into it.
#[test]
fn directories_are_synced_once_and_before_the_seal() {
    let home = old();
    crash::recorded();
    replace(home.path()).unwrap();
    let record = crash::recorded();
    let all = |what: &str, name: &str| {
        let name = if name.is_empty() { home.path().to_owned() } else { home.path().join(name) };
        let is_it = |line: &&String| Path::new(line.strip_prefix(what).unwrap_or_default().trim()) == name;
        (0..).zip(&record).filter(|(_, line)| is_it(line)).map(|(at, _)| at).collect::<Vec<usize>>()
    };
    let seal = *all("change", "manifest.json").last().unwrap();
    let charts = all("sync", "charts");
    let moved = ["new.svg", "same.svg"].map(|name| all("change", &format!("charts/{name}"))[0]);
    assert!(charts.len() == 1 && charts[0] < seal && moved.iter().all(|at| *at < charts[0]), "{record:#?}");
    // When the old seal is gone, before the new one comes, and after.
    let target = all("sync", "");
    assert!(target.len() == 3 && target[1] < seal && target[2] > seal, "{record:#?}");
    assert!(all("change", "runs.csv")[0] < target[1], "{record:#?}");
    // In the stage, the files, the charts, and the note.
    assert_eq!(record.iter().filter(|line| line.starts_with("sync")).count(), 1 + 3 + 3, "{record:#?}");
}

#[test]
fn errors_name_what_the_user_knows() {
    let seen = |path: &str| FileError::at(path)(io::ErrorKind::NotFound.into()).path;
    for (path, known) in [
        ("results/a/.partial-0/new/charts/x.svg", "results/a/charts/x.svg"),
        ("results/a/.partial-17/again/runs.csv", "results/a/runs.csv"),
        ("results/a/.partial-0/new", "results/a"),
        ("results/a/.partial-0/commit.json", "results/a/.partial-0/commit.json"),
        ("results/.partial-mine/new/x", "results/.partial-mine/new/x"),
        ("results/a/runs.csv", "results/a/runs.csv"),
    ] {
        assert_eq!(seen(path), Path::new(known));
    }
}

#[test]
fn charts_alone_are_replaced_one_by_one_and_the_manifest_stays() {
    for changes in 0.. {
        let home = old();
        crash::after(Some(changes));
        let ended = Lock::take(home.path()).and_then(|lock| {
            let staged = Staged::under(&lock)?;
            fs::create_dir(staged.path().join("charts")).unwrap();
            fs::write(staged.path().join("charts/same.svg"), "new").unwrap();
            staged.commit_under(&lock, &[])
        });
        let killed = crash::has_come();
        crash::after(None);
        assert!(home.path().join("manifest.json").exists());
        drop(Lock::take(home.path()).unwrap());
        let mut expected = files(old().path());
        assert_eq!(names(home.path()), names(old().path()), "killed after {changes} changes");
        if let (false, Some(same)) = (killed, expected.iter_mut().find(|file| file.0 == "charts/same.svg")) {
            "new".clone_into(&mut same.1);
            ended.unwrap();
            assert_eq!(files(home.path()), expected);
            break;
        }
    }
}

#[test]
fn leftovers_are_known_by_what_is_in_them_and_stages_of_the_living_stay() {
    let home = old();
    let mine = [".partial-1", ".partial-thesis"].map(|name| home.path().join(name));
    fs::create_dir(&mine[0]).unwrap();
    fs::write(mine[0].join("draft.txt"), "mine").unwrap();
    fs::write(&mine[1], "mine").unwrap();
    // Of this very process by its number, as versions before 0.7 named them, and of none.
    for name in [format!(".partial-{}", std::process::id()), ".partial-0".to_owned()] {
        fs::create_dir(home.path().join(&name)).unwrap();
        fs::write(home.path().join(name).join("peerlab-stage"), "").unwrap();
    }
    fs::create_dir(home.path().join(".partial-7")).unwrap();
    let living = Staged::new(home.path()).unwrap();
    fs::write(living.path().join("runs.csv"), "new").unwrap();
    let refused = Staged::new(home.path()).unwrap_err().to_string();
    assert!(refused.contains("another peerlab is making results here"), "{refused}");
    assert!(Lock::take(home.path()).unwrap().is_busy());
    let hidden: Vec<_> = names(home.path()).into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(hidden, [".partial-0", ".partial-1", ".partial-thesis"], "the living one took the first free name");
    living.commit(&[]).unwrap();
    assert_eq!(fs::read_to_string(mine[0].join("draft.txt")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(home.path().join("runs.csv")).unwrap(), "new");
}

#[cfg(unix)]
#[test]
fn links_are_replaced_or_removed_and_never_followed() {
    use std::os::unix::fs::symlink;
    let (home, elsewhere) = (old(), old());
    fs::remove_file(home.path().join("operations.csv")).unwrap();
    symlink(elsewhere.path().join("operations.csv"), home.path().join("operations.csv")).unwrap();
    fs::remove_file(home.path().join("runs.csv")).unwrap();
    symlink(elsewhere.path().join("runs.csv"), home.path().join("runs.csv")).unwrap();
    fs::remove_dir_all(home.path().join("charts")).unwrap();
    symlink(elsewhere.path().join("charts"), home.path().join("charts")).unwrap();
    replace(home.path()).unwrap();
    assert_eq!(files(elsewhere.path()), files(old().path()), "what the links lead to was changed");
    let mut expected = new();
    expected.retain(|(name, _)| name != "charts/mine.png");
    assert_eq!(files(home.path()), expected);
}

#[test]
fn a_directory_in_the_place_of_a_file_is_an_error_before_anything_is_moved() {
    let home = old();
    fs::remove_file(home.path().join("runs.csv")).unwrap();
    fs::create_dir(home.path().join("runs.csv")).unwrap();
    fs::write(home.path().join("runs.csv/mine"), "mine").unwrap();
    let before = files(home.path());
    let error = replace(home.path()).unwrap_err().to_string();
    assert!(error.contains("runs.csv: this is a directory, and a file goes here"), "{error}");
    assert_eq!(files(home.path()), before);
}

#[test]
fn a_file_in_the_place_of_the_charts_is_an_error_before_anything_is_moved() {
    let home = old();
    fs::remove_dir_all(home.path().join("charts")).unwrap();
    fs::write(home.path().join("charts"), "mine").unwrap();
    let before = files(home.path());
    let error = replace(home.path()).unwrap_err().to_string();
    assert!(error.contains("charts: this is a file, and a directory goes here"), "{error}");
    assert_eq!(files(home.path()), before);
}

#[test]
fn a_directory_that_is_called_as_something_stale_stays() {
    let home = old();
    fs::remove_file(home.path().join("operations.csv")).unwrap();
    fs::create_dir(home.path().join("operations.csv")).unwrap();
    fs::write(home.path().join("operations.csv/mine"), "mine").unwrap();
    replace(home.path()).unwrap();
    let mut expected = new();
    expected.push(("operations.csv/mine".to_owned(), "mine".to_owned()));
    expected.sort();
    assert_eq!(files(home.path()), expected);
}

#[test]
fn a_note_that_leads_out_of_the_directory_is_not_followed() {
    let home = old();
    fs::write(home.path().join("victim"), "mine").unwrap();
    let target = home.path().join("results");
    fs::create_dir_all(target.join(".partial-0/new")).unwrap();
    fs::write(target.join(".partial-0/peerlab-stage"), "").unwrap();
    fs::write(target.join(".partial-0/commit.json"), r#"{"sealed":false,"stale":["../victim"]}"#).unwrap();
    let error = Lock::take(&target).unwrap_err().to_string();
    assert!(error.contains("`../victim` is no file of these results"), "{error}");
    assert_eq!(fs::read_to_string(home.path().join("victim")).unwrap(), "mine");
}

#[test]
fn a_lock_waits_for_another_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let lock = Lock::take(home.path()).unwrap();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let _lock = Lock::take(home.path()).unwrap();
            assert_eq!(fs::read_to_string(home.path().join("first")).unwrap(), "done");
        });
        std::thread::sleep(std::time::Duration::from_millis(50));
        fs::write(home.path().join("first"), "done").unwrap();
        drop(lock);
        other.join().unwrap();
    });
    assert_eq!(names(home.path()), ["first"]);
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
