//! Nothing is lost or mixed, however a command ends.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use predicates::str::contains;

use super::{Bench, SCENARIO, SWEEP, assert_same, bytes};

/// What the user has among the results.
const MINE: [&str; 2] = ["notes.txt", "charts/mine.png"];

fn copy(from: &Path, to: &Path) {
    for (name, text) in bytes(from) {
        fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
        fs::write(to.join(name), text).unwrap();
    }
}

/// Two results of the same scenario, `old` and `new`, with the user's files in both.
fn results(scenario: &str, command: &[&str]) -> Bench {
    let bench = Bench::new(scenario);
    for (out, seed) in [("old", "seed=5"), ("new", "seed=6")] {
        let arguments = [command, &["--set", seed, "--out", out, "--quiet"]].concat();
        bench.peerlab(&arguments).assert().success();
        MINE.iter().for_each(|name| fs::write(bench.path(out).join(name), "mine").unwrap());
    }
    bench
}

fn spawn(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = Command::new(cargo_bin("peerlab"));
    command.current_dir(bench.path(".")).args(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Whether a commit is under way in a directory, or was when its process ended.
fn commits(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("commit.json")).any(|note| note.exists())
}

/// A few microseconds to `most`, anew with every call; the same in every test.
struct Moments(u64);

impl Moments {
    fn next(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        most.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Kills a command that works on a copy of `old` called `work` at `times` moments, every other one in its commit, and gives
/// `after` what it left. On a busy machine a commit may be over before it is seen: more moments follow until one was in a
/// commit, ten times as many at most. Gives the number of those that were killed while they committed.
#[expect(clippy::disallowed_types, reason = "a killed process has no virtual time")]
fn kill(bench: &Bench, arguments: &[&str], times: u32, after: impl Fn(&str)) -> u32 {
    let work = bench.path("work");
    let whole = std::time::Instant::now();
    copy(&bench.path("old"), &work);
    assert!(spawn(bench, arguments).wait().unwrap().success());
    let (whole, mut moments, mut committing) = (whole.elapsed(), Moments(21), 0);
    for time in 0..10 * times {
        if time >= times && committing > 0 {
            break;
        }
        fs::remove_dir_all(&work).unwrap();
        copy(&bench.path("old"), &work);
        let mut child = spawn(bench, arguments);
        if time % 2 == 0 {
            sleep(moments.next(whole));
        } else {
            while !commits(&work) && child.try_wait().unwrap().is_none() {}
            sleep(moments.next(Duration::from_millis(3)));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if commits(&work) {
            committing += 1;
            // Whoever reads the results meanwhile finds none, rather than a mixture. Charts alone are replaced one by one.
            let is_whole = bytes(&work).iter().any(|(name, _)| name == Path::new("manifest.json"));
            let moves_it = arguments[0] != "plot";
            let new = |name: &str| fs::read(work.join(name)).ok() == fs::read(bench.path("new").join(name)).ok();
            assert!(!moves_it || !is_whole || new("manifest.json") || !new("runs.csv"), "a mixture looks whole");
        }
        after("work");
    }
    committing
}

/// Asserts that a directory holds one of the two results, whole, and nothing else.
#[track_caller]
fn assert_old_or_new(bench: &Bench, directory: &str) {
    let found = bytes(&bench.path(directory));
    let is = |name| found == bytes(&bench.path(name));
    if !is("old") && !is("new") {
        let names: Vec<_> = found.iter().map(|(name, _)| name).collect();
        panic!("neither the old nor the new results: {names:?}");
    }
}

#[test]
fn a_killed_run_leaves_the_old_or_the_new_results() {
    let bench = results(SCENARIO, &["run", "s.toml"]);
    let arguments = ["run", "s.toml", "--seed", "6", "--out", "work", "--quiet"];
    let committing = kill(&bench, &arguments, 40, |work| {
        bench.peerlab(&["plot", work, "--x", "nothing"]).assert().code(2);
        assert_old_or_new(&bench, work);
    });
    assert!(committing > 0, "none was killed while it committed");
}

#[test]
fn a_killed_sweep_leaves_the_old_or_the_new_results() {
    let bench = results(&format!("{SCENARIO}{SWEEP}"), &["sweep", "s.toml"]);
    let arguments = ["sweep", "s.toml", "--set", "seed=6", "--out", "work", "--quiet"];
    let committing = kill(&bench, &arguments, 30, |work| {
        bench.peerlab(&["plot", work, "--x", "nothing"]).assert().code(2);
        assert_old_or_new(&bench, work);
    });
    assert!(committing > 0, "none was killed while it committed");
}

#[test]
fn a_killed_plot_leaves_the_old_or_the_new_charts() {
    let bench = results(SCENARIO, &["run", "s.toml"]);
    fs::remove_dir_all(bench.path("new")).unwrap();
    copy(&bench.path("old"), &bench.path("new"));
    bench.peerlab(&["plot", "new", "--theme", "dark"]).assert().success();
    let committing = kill(&bench, &["plot", "work", "--theme", "dark"], 30, |work| {
        bench.peerlab(&["plot", work, "--x", "nothing"]).assert().code(2);
        assert_old_or_new(&bench, work);
    });
    assert!(committing > 0, "none was killed while it committed");
}

#[test]
fn the_same_command_goes_on_where_a_killed_one_was() {
    let bench = results(SCENARIO, &["run", "s.toml"]);
    let arguments = ["run", "s.toml", "--seed", "6", "--out", "work", "--quiet"];
    kill(&bench, &arguments, 6, |work| {
        bench.peerlab(&arguments).assert().success();
        assert_same(&bench.path(work), &bench.path("new"));
    });
}

#[cfg(unix)]
#[test]
fn where_files_may_grow_no_more_the_old_results_stay() {
    let bench = results(SCENARIO, &["run", "s.toml"]);
    let program = cargo_bin("peerlab");
    // As a full disk, with an error of writing; and with the signal that comes instead if nobody ignores it.
    let (ignored, usual) = (("trap '' XFSZ;", ""), ("", "env --default-signal=XFSZ"));
    for ((trap, start), error) in [(ignored, Some(3)), (usual, None)] {
        for blocks in [0, 1, 4, 16, 40] {
            copy(&bench.path("old"), &bench.path("work"));
            let limited =
                format!("{trap} ulimit -f {blocks}; exec {start} \"$0\" run s.toml --seed 6 --out work --quiet");
            let ended = Command::new("sh").args(["-c", &limited]).arg(&program).current_dir(bench.path(".")).output();
            let ended = ended.unwrap();
            let said = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), error, "{blocks} blocks: {said}");
            assert!(!said.contains(".partial"), "an internal directory is named: {said}");
            if error.is_some() {
                assert_same(&bench.path("work"), &bench.path("old"));
            }
            bench.peerlab(&["plot", "work", "--x", "nothing"]).assert().code(2);
            assert_same(&bench.path("work"), &bench.path("old"));
        }
    }
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn sigint_sigterm_and_sighup_keep_what_was_finished() {
    let axis = "[sweep.axes]\n\"population.online\" = [10, 20000]\n";
    let scenario = SCENARIO.replace("measure = \"10min\"", "measure = \"20min\"").replace("online = 30", "online = 10");
    let bench = Bench::new(&format!("{scenario}{axis}"));
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        // Whoever began these tests in the background of a shell has them ignore SIGINT, and what they start.
        let mut command = Command::new("env");
        command.arg("--default-signal=INT,TERM,HUP").arg(cargo_bin("peerlab")).current_dir(bench.path("."));
        command.args(["sweep", "s.toml", "--threads", "1", "--out", &name[1..]]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_secs(2));
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
        assert_eq!(bench.read(&format!("{}/runs.csv", &name[1..])).lines().count(), 1 + 3, "{name}");
        let manifest: serde_json::Value =
            serde_json::from_str(&bench.read(&format!("{}/manifest.json", &name[1..]))).unwrap();
        assert_eq!(manifest["missing"][2]["because"], "interrupted", "{name}");
        assert!(bench.names(&name[1..]).iter().all(|name| !name.starts_with('.')), "{:?}", bench.names(&name[1..]));
    }
}

/// Stopped, it meets all signals at once when it goes on: whatever the second is, what was finished is not written.
#[cfg(unix)]
#[test]
fn a_second_signal_ends_the_process_at_once() {
    let bench = Bench::new(&format!("{SCENARIO}[sweep.axes]\n\"population.online\" = [10, 20000]\n"));
    let mut command = Command::new("env");
    command.arg("--default-signal=INT,TERM,HUP").arg(cargo_bin("peerlab")).current_dir(bench.path("."));
    let mut child = command.args(["sweep", "s.toml", "--threads", "1", "--out", "a", "--quiet"]).spawn().unwrap();
    sleep(Duration::from_secs(2));
    ["-STOP", "-INT", "-TERM", "-HUP", "-CONT"].iter().for_each(|name| signal(&child, name));
    let code = child.wait().unwrap().code();
    assert!([Some(130), Some(143), Some(129)].contains(&code), "{code:?}");
    assert!(bench.names("a").iter().all(|name| name.starts_with('.')), "{:?}", bench.names("a"));
}

#[cfg(unix)]
#[test]
fn under_nohup_the_end_of_the_terminal_stops_nothing() {
    let bench = Bench::new(SCENARIO);
    let script = "trap '' HUP; exec \"$0\" run s.toml --set time.measure=100h --set population.online=1000 --quiet";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(cargo_bin("peerlab")).current_dir(bench.path("."));
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_secs(1));
    signal(&child, "-HUP");
    sleep(Duration::from_millis(500));
    assert_eq!(child.try_wait().unwrap(), None, "it ended");
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(bench.names("."), ["s.toml"], "there was nothing to keep");
}

#[test]
fn while_a_run_lasts_no_other_begins_there_and_the_old_results_can_be_plotted() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--out", "a", "--quiet"]).assert().success();
    const LONG: [&str; 8] =
        ["run", "s.toml", "--out", "a", "--set", "time.measure=100h", "--set", "population.online=1000"];
    let mut child = spawn(&bench, &LONG);
    while bench.names("a").iter().all(|name| !name.starts_with(".partial")) {
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(300));
    let second = bench.peerlab(&["run", "s.toml", "--out", "a"]).assert().code(3);
    let said = "error: a: another peerlab is making results here\n  = help: wait for it, or name another with --out\n";
    second.stderr(contains(said));
    bench.peerlab(&["plot", "a"]).assert().success();
    child.kill().unwrap();
    child.wait().unwrap();
    bench.peerlab(&["run", "s.toml", "--out", "a"]).assert().success();
    assert!(bench.names("a").iter().all(|name| !name.starts_with('.')), "{:?}", bench.names("a"));
}
