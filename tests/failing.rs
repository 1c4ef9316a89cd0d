//! A run that fails, from the command line to the exit code: this program is peerlab with protocols that do not keep the rules
//! when it is started as such, and otherwise the tests that start it. The runs of `broken` panic; those of the others hang on
//! how often something was executed before, in what happens, in a figure of it, or in a row.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use peerlab::measure::outcome::Outcome;
use peerlab::registry::{Entry, Registry, Simulate};
use peerlab::scenario::Registered;

/// Set for the program with the broken protocols.
const BROKEN: &str = "PEERLAB_TEST_BROKEN";

const SCENARIO: &str = r#"
seed = 3
population.online = 20
time = { warmup = "1s", measure = "1min" }
workload.lookup.every = "10s"
systems.before.chord = {}
systems.wrong.broken = {}
systems.after.kademlia = {}
"#;

fn main() -> ExitCode {
    if env::var_os(BROKEN).is_some() {
        return peerlab::cli::main(registry());
    }
    a_run_that_fails_is_exit_code_1_and_the_others_are_kept();
    what_is_said_to_show_a_failed_run_again_does();
    verify_tells_what_differs_between_two_executions();
    ExitCode::SUCCESS
}

/// How many runs of [`DIFFERENT`] were begun: what no result may hang on.
static BEGUN: AtomicU32 = AtomicU32::new(0);

/// Protocols that are Chord but for what hangs on a counter, and what `--verify` says of each.
const DIFFERENT: [(&str, Simulate, &str); 3] = [
    (
        "restless",
        |plan, system, seed, wanted, trace, progress| {
            let seed = seed + u64::from(BEGUN.fetch_add(1, Ordering::Relaxed));
            (chord().simulate)(plan, system, seed, wanted, trace, progress)
        },
        "the same up to 0 s of virtual time, not at ",
    ),
    (
        "forgetful",
        |plan, system, seed, wanted, trace, progress| {
            let counted =
                |outcome: &mut Outcome| outcome.metrics[0] = Some(BEGUN.fetch_add(1, Ordering::Relaxed).into());
            (chord().simulate)(plan, system, seed, wanted, trace, progress).map(|outcome| with(outcome, counted))
        },
        "the same events, but another `",
    ),
    (
        "untidy",
        |plan, system, seed, wanted, trace, progress| {
            let counted = |outcome: &mut Outcome| outcome.nodes[0].machine = BEGUN.fetch_add(1, Ordering::Relaxed);
            (chord().simulate)(plan, system, seed, wanted, trace, progress).map(|outcome| with(outcome, counted))
        },
        "the same events and metrics, but other rows",
    ),
];

fn with(mut outcome: Outcome, change: impl FnOnce(&mut Outcome)) -> Outcome {
    change(&mut outcome);
    outcome
}

fn chord() -> Entry {
    *Registry::standard().find("chord").expect("it is a protocol of ours")
}

fn registry() -> Registry {
    let named = |name, simulate| Entry { registered: Registered { name, ..chord().registered }, simulate, ..chord() };
    let broken = Registry::standard().with(named("broken", |_, _, _, _, _, _| panic!("it broke")));
    DIFFERENT.iter().fold(broken, |registry, (name, simulate, _)| registry.with(named(name, *simulate)))
}

fn peerlab(home: &Path, arguments: &[&str]) -> Output {
    let program = env::current_exe().expect("this program is a file");
    Command::new(program).current_dir(home).args(arguments).env(BROKEN, "").output().expect("it can be started")
}

fn a_run_that_fails_is_exit_code_1_and_the_others_are_kept() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("s.toml"), SCENARIO).unwrap();
    for (command, out) in [("run", "one"), ("sweep", "many")] {
        let output = peerlab(home.path(), &[command, "s.toml", "--out", out]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        let replay = format!(" run s.toml --seed 3 --out {out}-again\n");
        assert!(said.contains("error: run `wrong;seed=3`: panicked: it broke") && said.contains(&replay), "{said}");

        let read = |name: &str| fs::read_to_string(home.path().join(out).join(name)).unwrap();
        let runs = read("runs.csv");
        let ids: Vec<&str> = runs.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
        assert_eq!(ids, ["before;seed=3", "after;seed=3"], "{command}");
        let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
        let missing = serde_json::json!([{ "run_id": "wrong;seed=3", "because": "panicked: it broke" }]);
        assert_eq!((&manifest["missing"], manifest["runs"].as_array().unwrap().len()), (&missing, 2));
    }
    let all = peerlab(home.path(), &["run", "s.toml", "--set", "systems={ wrong = { broken = {} } }", "--out", "none"]);
    assert_eq!(all.status.code(), Some(1));
    assert!(!home.path().join("none").exists(), "results of nothing");
}

fn what_is_said_to_show_a_failed_run_again_does() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("it's mine");
    fs::create_dir(&folder).unwrap();
    // The second axis is not one of the system that fails.
    let axes = "[sweep.axes]\n\"population.online\" = [10, 20]\n\"systems.after.kademlia.k\" = [4, 8]\n";
    fs::write(folder.join("s.toml"), format!("{SCENARIO}{axes}")).unwrap();
    let swept = ["sweep", "it's mine/s.toml", "--out", "the results/", "--set", "workload.lookup={ every = '9s' }"];
    let said = String::from_utf8(peerlab(home.path(), &swept).stderr).unwrap();
    let replays: Vec<&str> = said.lines().filter_map(|line| Some(line.split_once("to see it again: ")?.1)).collect();
    assert_eq!(replays.len(), 2, "{said}");
    for replay in replays {
        let (name, words) = replay.split_once(' ').expect("it has arguments");
        let program = env::current_exe().expect("this program is a file");
        assert_eq!(program.file_stem().unwrap(), name);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("\"$0\" {words}")]).arg(program).current_dir(home.path()).env(BROKEN, "");
        let output = shell.output().expect("there is a shell");
        let again = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{replay}: {again}");
        assert!(again.contains("error: run `wrong;seed=3`: panicked: it broke"), "{replay}: {again}");
        assert!(home.path().join("the results-again/runs.csv").exists());
    }
}

fn verify_tells_what_differs_between_two_executions() {
    let home = tempfile::tempdir().unwrap();
    let systems: String = DIFFERENT.iter().map(|(name, _, _)| format!("systems.{name}.{name} = {{}}\n")).collect();
    fs::write(home.path().join("s.toml"), SCENARIO.replace("systems.wrong.broken = {}\n", &systems)).unwrap();

    let once = peerlab(home.path(), &["run", "s.toml", "--out", "once"]);
    assert_eq!(once.status.code(), Some(0), "one execution alone differs from nothing");
    let twice = peerlab(home.path(), &["run", "s.toml", "--out", "twice", "--verify"]);
    let said = String::from_utf8(twice.stderr).unwrap();
    assert_eq!(twice.status.code(), Some(1), "{said}");
    for (name, _, difference) in DIFFERENT {
        assert!(said.contains(&format!("error: run `{name};seed=3`: two executions differ: {difference}")), "{said}");
    }
    let manifest = fs::read_to_string(home.path().join("twice/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let ids = |key: &str| {
        let runs = manifest[key].as_array().unwrap().iter();
        runs.map(|run| run["run_id"].as_str().unwrap().replace(";seed=3", "")).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids("runs"), ids("missing")),
        (vec!["before".to_owned(), "after".to_owned()], DIFFERENT.map(|(name, _, _)| name.to_owned()).to_vec())
    );
}
