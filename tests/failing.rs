//! A run that fails, from the command line to the exit code: this program is peerlab with a protocol `broken` whose runs
//! panic when it is started as such, and otherwise the test that starts it.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

use peerlab::registry::{Entry, Registry};
use peerlab::scenario::Registered;

/// Set for the program with the broken protocol.
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
    ExitCode::SUCCESS
}

fn registry() -> Registry {
    let chord = *Registry::standard().find("chord").expect("it is a protocol of ours");
    let registered = Registered { name: "broken", ..chord.registered };
    Registry::standard().with(Entry { registered, simulate: |_, _, _, _, _, _| panic!("it broke"), ..chord })
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
        let replay = "to see it again: peerlab run s.toml --seed 3";
        assert!(said.contains("error: run `wrong;seed=3`: panicked: it broke") && said.contains(replay), "{said}");

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
