//! What is wrong is said, with the right code, and nothing is written.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use super::{Bench, SCENARIO, SWEEP};

#[test]
fn what_is_wrong_with_the_scenario_is_said_and_nothing_is_written() {
    let misspelt = SCENARIO.replace("measure", "mesure");
    let unitless = SCENARIO.replace("\"10min\"\n\n[population]", "10\n\n[population]");
    let out_of_range = SCENARIO.replace("[systems.kad.kademlia]", "[systems.kad.kademlia]\nk = 0");
    let too_many = SCENARIO.replace("[systems.ring.chord]", "[systems.ring.chord]\nvirtual_nodes = 65");
    let cases = [
        (misspelt, 2, "s.toml:7:1", "did you mean `measure`?"),
        (unitless, 2, "s.toml:7:11", "duration with a unit"),
        (too_many, 2, "s.toml:25:17", "must be 1 to 64, not 65"),
        (out_of_range, 2, "s.toml:26:5", "`k`: must be 1 to 255, not 0"),
    ];
    for (scenario, code, place, help) in cases {
        let bench = Bench::new(&scenario);
        for command in ["run", "sweep", "check"] {
            let said = bench.peerlab(&[command, "s.toml"]).assert().code(code).stdout("");
            said.stderr(contains(place).and(contains(help)));
        }
        assert_eq!(bench.names("."), ["s.toml"], "something was written");
    }
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_code_3() {
    let bench = Bench::new(SCENARIO);
    for command in ["run", "sweep", "check"] {
        bench.peerlab(&[command, "gone.toml"]).assert().code(3).stderr(contains("gone.toml"));
    }
    bench.peerlab(&["plot", "gone"]).assert().code(3).stderr(contains("gone: there is no such directory"));
    bench.peerlab(&["run", "s.toml", "--out", "s.toml"]).assert().code(3).stderr(contains("s.toml"));
    bench
        .peerlab(&["run", "s.toml", "--trace", "no/trace.csv"])
        .assert()
        .code(3)
        .stderr(contains("no/trace-server.csv"));
    assert_eq!(bench.names("."), ["s.toml"], "something was written");
}

#[test]
fn what_is_wrong_with_the_command_line_is_code_2() {
    let bench = Bench::new(SCENARIO);
    let cases: [(&[&str], &str); 6] = [
        (&[], "Usage:"),
        (&["simulate"], "unrecognized subcommand"),
        (&["run"], "<SCENARIO>"),
        (&["run", "s.toml", "--seed", "x"], "--seed"),
        (&["run", "s.toml", "--set", "population.onlin=5"], "did you mean `online`?"),
        (&["sweep", "s.toml", "--repetitions", "0"], "--repetitions"),
    ];
    for (arguments, said) in cases {
        bench.peerlab(arguments).assert().code(2).stdout("").stderr(contains(said));
    }
    bench.peerlab(&["--version"]).assert().success().stdout(contains("peerlab"));
    assert_eq!(bench.names("."), ["s.toml"], "something was written");
}

#[test]
fn more_nodes_than_a_protocol_has_room_for_are_code_2() {
    let rooms = [("kademlia = {}", 1, 16_776_960), ("chord = {}", 1, 1 << 28), ("chord.virtual_nodes = 4", 4, 1 << 28)];
    for (system, nodes, room) in rooms {
        let bench = Bench::new(&format!("population.participants = {}\nsystems.a.{system}\n", room / nodes));
        bench.peerlab(&["check", "s.toml", "--max-memory", "1000GB"]).assert().success();
        let more = format!("population.participants={}", room / nodes + 1);
        let refused = bench.peerlab(&["run", "s.toml", "--set", &more]).assert().code(2);
        refused.stderr(contains("s.toml:2:11").and(contains(format!("it has room for {room}"))));
        assert_eq!(bench.names("."), ["s.toml"], "something was written");
    }
}

#[test]
fn a_directory_of_something_else_is_not_overwritten_but_an_earlier_result_is() {
    let bench = Bench::new(SCENARIO);
    fs::create_dir(bench.path("mine")).unwrap();
    fs::write(bench.path("mine/thesis.tex"), "years").unwrap();
    let refused = bench.peerlab(&["run", "s.toml", "--out", "mine"]).assert().code(2);
    refused.stderr(contains("mine: this directory holds something other than results"));
    assert_eq!(bench.names("mine"), ["thesis.tex"]);

    bench.peerlab(&["run", "s.toml", "--out", "a", "--operations"]).assert().success();
    bench.peerlab(&["run", "s.toml", "--out", "a", "--seed", "6"]).assert().success();
    assert!(!bench.path("a/operations.csv").exists(), "an old file stayed among the new ones");
    assert!(bench.read("a/runs.csv").contains(";seed=6"));
}

#[test]
fn run_refuses_axes_until_each_is_fixed() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    let refused = bench.peerlab(&["run", "s.toml"]).assert().code(2);
    refused.stderr(contains("`population.online` is varied").and(contains("--set population.online=20")));
    let fixed =
        ["run", "s.toml", "--set", "population.online=20", "--set", "systems.kad.kademlia.k=4", "--format", "csv"];
    let rows = bench.peerlab(&fixed).assert().success().get_output().stdout.clone();
    assert_eq!(String::from_utf8(rows).unwrap().lines().count(), 1 + 3, "one run of each system");
}

#[test]
fn names_are_of_letters_digits_and_a_few_signs() {
    let class =
        |name: &str| format!("{SCENARIO}\n[[population.classes]]\nname = {name}\nshare = 1\nchurn.preset = \"none\"\n");
    let system = |name: &str| SCENARIO.replace("[systems.kad.", &format!("[systems.{name}."));
    let regions = "[network.latency.regions.table]\nnames = [\"a\", \"<b>\"]\nmedians = [[1, 2], [2, 1]]\nholds = \"rtt\"\nunit = \"ms\"\n";
    let cases = [
        (system("\"=1+1\""), "s.toml:25:10", "`=1+1` cannot be a system's name"),
        (system("\"a\\u001b[2J\""), "s.toml:25:10", "`a␛[2J` cannot be a system's name"),
        (class("\"a,b\""), "s.toml:28:8", "`a,b` cannot be a class's name"),
        (class("\"@x\""), "s.toml:28:8", "`@x` cannot be a class's name"),
        (format!("{SCENARIO}{regions}"), "s.toml:27:15", "`<b>` cannot be a region's name"),
    ];
    for (scenario, place, said) in cases {
        let bench = Bench::new(&scenario);
        let refused = bench.peerlab(&["run", "s.toml"]).assert().code(2);
        refused.stderr(contains(place).and(contains(said)).and(contains("help: write letters, digits")));
        assert_eq!(bench.names("."), ["s.toml"], "something was written");
    }
    let bench = Bench::new(&system("\"Zürich 2.0\"").replace("kademlia]", "kademlia]\nk = 8"));
    let wrong = ["run", "s.toml", "--set", "systems.\"Zürich 2.0\".kademlia.k=0"];
    bench.peerlab(&wrong).assert().code(2).stderr(contains("--set systems.\"Zürich 2.0\".kademlia.k=0"));
    bench.peerlab(&["run", "s.toml", "--trace", "t.csv"]).assert().success().stdout(contains("Zürich 2.0"));
    assert!(bench.read("results/s/runs.csv").contains("\nZürich 2.0;seed=5,Zürich 2.0,5,"));
    assert!(
        bench.path("t-Zürich 2.0.csv").exists() && bench.read("results/s/charts/traffic.svg").contains("Zürich 2.0")
    );
}

#[test]
fn what_is_no_text_or_no_file_is_said_with_its_place() {
    let bench = Bench::new(SCENARIO);
    fs::write(bench.path("b.toml"), [b"seed = 1\nx = \"".as_slice(), &[0xff, 0xfe, 0]].concat()).unwrap();
    let refused = bench.peerlab(&["check", "b.toml"]).assert().code(2);
    refused.stderr(contains("error: this is no UTF-8 text: a scenario is a TOML file\n --> b.toml:2:6"));
    let refused = bench.peerlab(&["run", "-"]).assert().code(2);
    refused.stderr(contains("a scenario is not read from standard input").and(contains("./-")));
    let long = format!("{SCENARIO}x = \"{}\"\n", "y".repeat(100_000));
    fs::write(bench.path("l.toml"), long).unwrap();
    let refused = bench.peerlab(&["check", "l.toml"]).assert().code(2).get_output().stderr.clone();
    assert!(refused.len() < 2_000, "{} bytes", refused.len());
}

#[test]
fn a_place_where_results_cannot_be_written_is_named_as_it_was() {
    let bench = Bench::new(SCENARIO);
    fs::write(bench.path("file"), "mine").unwrap();
    let refused = bench.peerlab(&["run", "s.toml", "--out", "file"]).assert().code(3);
    refused.stderr(contains("error: file: this is no directory\n  = help: name another with --out"));
    let refused = bench.peerlab(&["run", "s.toml", "--out", "file/below"]).assert().code(3);
    refused
        .stderr(contains("error: file/below: results cannot be written here: Not a directory").and(contains("--out")));
    assert_eq!(bench.names("."), ["file", "s.toml"], "something was written");
}

#[test]
fn run_and_sweep_have_seed_and_threads() {
    let bench = Bench::new(&format!("{SCENARIO}[sweep]\nrepetitions = 2\n"));
    bench.peerlab(&["run", "s.toml", "--threads", "1", "--seed", "9", "--out", "a"]).assert().success();
    bench.peerlab(&["sweep", "s.toml", "--threads", "1", "--seed", "9", "--out", "b"]).assert().success();
    let (run, sweep) = (bench.read("a/runs.csv"), bench.read("b/runs.csv"));
    let row = run.lines().find(|row| row.starts_with("ring;seed=9,")).expect("it has that seed");
    assert!(sweep.lines().any(|other| other == row) && sweep.lines().count() == 1 + 3 * 2, "{sweep}");
    let timing: serde_json::Value = serde_json::from_str(&bench.read("a/timing.json")).unwrap();
    assert_eq!(timing["threads"], 1);
}

#[test]
fn a_number_leads_into_a_list() {
    let event = "[[events]]\ncrash = { at = \"8min\", share = 0.5 }\n";
    let bench = Bench::new(&format!("{SCENARIO}{event}"));
    bench.peerlab(&["run", "s.toml", "--set", "events.0.crash.share=0.25"]).assert().success();
    assert!(bench.read("results/s/scenario.toml").contains("share = 0.25"));
    let refused = bench.peerlab(&["run", "s.toml", "--set", "events.1.crash.share=0.25"]).assert().code(2);
    refused.stderr(contains("`events` is a list without an element `1`").and(contains("0 to 0")));
}

#[test]
fn files_without_an_end_and_very_large_ones_are_not_read() {
    let bench = Bench::new(SCENARIO);
    let sparse = |name: &str, bytes: u64| fs::File::create(bench.path(name)).unwrap().set_len(bytes).unwrap();
    sparse("large.toml", 10_000_001);
    let refused = bench.peerlab(&["check", "large.toml"]).assert().code(2);
    refused.stderr(contains("it has more than 10000000 bytes").and(contains("--> large.toml")));
    bench.peerlab(&["check", "/dev/zero"]).assert().code(2).stderr(contains("it has more than 10000000 bytes"));

    fs::create_dir(bench.path("folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap().success());
    sparse("large", 4_000_000_001);
    let keys = [
        ("network.latency.matrix = { file = FILE, unit = \"ms\", holds = \"rtt\" }", 22),
        ("network.latency.coordinates = { file = FILE, unit = \"ms\", holds = \"rtt\", dimensions = 2 }", 22),
        ("population.churn.trace = FILE", 1),
        ("workload.trace = FILE", 1),
    ];
    let files = [
        ("folder", "this is a directory, not a regular file"),
        ("/dev/zero", "this is a pipe or a device, not a regular file"),
        ("pipe", "this is a pipe or a device, not a regular file"),
        ("large", "it has more than 4000000000 bytes, the most that are read"),
    ];
    for (key, _) in keys {
        for (file, said) in files {
            let who = if key.starts_with("population") { "" } else { "population.online = 9\n" };
            let line = key.replace("FILE", &format!("\"{file}\""));
            fs::write(bench.path("d.toml"), format!("{who}systems.a.chord = {{}}\nresources.count = 9\n{line}\n"))
                .unwrap();
            let refused =
                bench.peerlab(&["check", "d.toml"]).timeout(std::time::Duration::from_secs(30)).assert().code(2);
            let place = format!("d.toml:{}:", if who.is_empty() { 3 } else { 4 });
            refused
                .stderr(contains(said).and(contains(place)).and(contains("help: name a regular file of at most 4 GB")));
        }
    }
}

#[test]
fn what_a_shell_took_the_quotes_from_is_told() {
    let bench = Bench::new(SCENARIO);
    let cases = [
        ("network.access={uplink=\"1Mbit/s\"", "it ends with `}`"),
        ("network.access={uplink=1Mbit/s}", "--set 'network.access={key = \"10Mbit/s\"}'"),
        ("events=[{rush={at=6min}}]", "or the shell takes those away"),
        ("sweep.axes.network.loss=[0.1, 0.2]", "write \"network.loss\" = [0.1, 0.2]"),
        ("storage.repair=lazy", "write { lazy = { threshold = … } } here"),
        ("population.online=1e3", "write 1000"),
        ("time.warmup=2m", "did you mean \"2min\" or \"2ms\"?"),
        ("network.loss=5%", "as a share: 0.05"),
        ("systems.kad.kademlia.alpha=0", "`alpha`: must be 1 to 255, not 0"),
    ];
    for (set, said) in cases {
        let refused = bench.peerlab(&["run", "s.toml", "--set", set]).assert().code(2);
        refused.stderr(contains("--> command line").and(contains(said)).and(contains("^")));
    }
    assert_eq!(bench.names("."), ["s.toml"], "something was written");
}

#[test]
fn what_cannot_work_is_warned_of() {
    let bench = Bench::new(&format!("{SCENARIO}\n[systems.shards.client-server]\nservers = 2\n"));
    let cases = [
        ("workload.deadline=50ms", "a round trip takes 100ms, longer than the deadline"),
        ("network.latency.regions={shares={oceania=1}}", ""),
        ("network.access={uplink=\"1bit/s\"}", "over this line, longer than the time-out"),
        ("network.access={downlink=\"1bit/s\"}", "over this line, longer than the time-out"),
        ("resources.size=0B", "the resources have no bytes"),
        ("systems.shards.client-server.waiting=10000", "a full queue of 10000 requests takes 10.001s"),
        ("systems.shards.client-server.service.constant=6s", "to serve one request takes 6s"),
    ];
    for (set, said) in cases {
        let warned = bench.peerlab(&["check", "s.toml", "--set", set]).assert().success();
        let told = String::from_utf8(warned.get_output().stderr.clone()).unwrap();
        let others = cases.iter().filter(|(_, other)| !other.is_empty() && other != &said);
        assert!(told.contains(said), "{set}: {told}");
        assert!(others.clone().all(|(_, other)| !told.contains(other)), "{set}: {told}");
    }
}

#[test]
fn the_memory_that_is_asked_for_is_that_of_the_runs_under_way_at_once() {
    let bench = Bench::new(&format!("{SCENARIO}[sweep]\nrepetitions = 4\n"));
    fs::create_dir(bench.path("pack")).unwrap();
    fs::copy(bench.path("s.toml"), bench.path("pack/s.toml")).unwrap();
    let need = |arguments: &[&str], threads: &str, how: &str| {
        let arguments = [arguments, &["--threads", threads, "--max-memory", "1B"]].concat();
        let refused = bench.peerlab(&arguments).assert().code(2).stdout("").get_output().stderr.clone();
        let said = String::from_utf8(refused).unwrap();
        let (_, need) =
            said.split_once(&format!("the runs need {how} ")).unwrap_or_else(|| panic!("no {how} in {said}"));
        need.split_once(" of memory, and --max-memory allows 1 B").expect("it says what there is").0.to_owned()
    };
    let [run, sweep, pack] = [&["run", "s.toml"], &["sweep", "s.toml"], &["validate", "pack"]];
    let least = |arguments: &[&str], threads: &str| need(arguments, threads, "at least");
    assert_eq!(least(run, "3"), least(run, "8"), "three systems, each once");
    assert_ne!(least(sweep, "3"), least(sweep, "8"));
    assert_ne!(least(run, "1"), least(run, "3"));
    for threads in ["1", "2", "5"] {
        assert_eq!(least(pack, threads), least(sweep, threads));
    }
    assert_ne!(need(&["check", "s.toml"], "1", "about"), need(&["check", "s.toml"], "5", "about"));
    assert_eq!(bench.names("."), ["pack", "s.toml"], "something was written");
}

#[test]
fn options_that_need_a_sweep_are_named_and_headlines_of_nothing_are_drawn() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    bench.peerlab(&["sweep", "s.toml", "--quiet"]).assert().success();
    let fixed = ["--set", "population.online=20", "--set", "systems.kad.kademlia.k=4", "--out", "one", "--quiet"];
    bench.peerlab(&[&["run", "s.toml"], &fixed[..]].concat()).assert().success();
    let refused = bench.peerlab(&["plot", "one", "--log", "y"]).assert().code(2);
    refused.stderr("error: --log y needs a sweep: in these runs no axis varies\n");
    let runs = bench.read("results/s/runs.csv");
    let column = runs.lines().next().unwrap().split(',').position(|name| name == "get_abandoned_ratio").unwrap();
    let zero = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells[column] = "0";
        cells.join(",")
    };
    let rows: Vec<String> = runs.lines().skip(1).map(zero).collect();
    fs::write(bench.path("results/s/runs.csv"), format!("{}\n{}\n", runs.lines().next().unwrap(), rows.join("\n")))
        .unwrap();
    bench.peerlab(&["plot", "results/s", "--log", "y"]).assert().success();
    let refused = bench.peerlab(&["plot", "results/s", "--log", "y", "--y", "get_abandoned_ratio"]).assert().code(2);
    refused.stderr(contains("--log y: `get_abandoned_ratio` has no value above zero"));
}
