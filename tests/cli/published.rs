//! Files in the forms in which they are published give the results of their plain twins.

use std::fs;
use std::path::Path;

use predicates::str::contains;

use super::{Bench, bytes};

/// Four hosts with different delays, in ms one way.
const PLAIN: &str = "0 10 20 40\n10 0 30 50\n20 30 0 60\n40 50 60 0\n";

const SCENARIO: &str = r#"
title = "published"
seed = 3
time = { warmup = "5min", measure = "5min" }
population.online = 30
workload.lookup = { every = "20s" }
[network.latency.matrix]
file = "plain.txt"
holds = "one-way"
unit = "ms"
[systems.server.client-server]
[systems.ring.chord]
"#;

/// The results in a directory, without what names the scenario's files.
fn results(directory: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = bytes(directory);
    files.retain(|(name, _)| !["manifest.json", "scenario.toml"].iter().any(|other| name.ends_with(other)));
    assert!(files.len() > 3, "{} files", files.len());
    files
}

#[test]
fn published_delays_give_the_results_of_a_plain_square() {
    let bench = Bench::new(SCENARIO);
    fs::write(bench.path("plain.txt"), PLAIN).unwrap();
    bench.peerlab(&["run", "s.toml", "--out", "plain"]).assert().success();
    let plain = results(&bench.path("plain"));
    let planetlab = "22:31:21 10/09/2002\n10\na.edu b.org c.net d.com\n0/0/0 9/10/99 19/20/21 39/40/41\n\
                     9/10/11 0/0/0 29/30/31 49/50/51\n19/20/21 29/30/31 0/0/0 59/60/61\n39/40/41 49/50/51 59/60/61 0/0/0\n";
    let meridian = "1 2 10000\n1 3 20000\n1 4 40000\n2 3 30000\n2 4 50000\n3 4 60000\n";
    let mixed = "2 1 10\n1 3 20\n4 1 40\n2 3 30\n4 2 50\n3 4 60\n";
    let king =
        "# King\nnode 1 10,20\nnode 2 1,1\nnode 3 7,7\nnode 4 0,0\n1,2 10\n1,3 20\n1,4 40\n2,3 30\n2,4 50\n3,4 60\n";
    let half = "10\n20 30\n40 50 60\n";
    let addresses = ";10.0.0.1;10.0.0.2;10.0.0.3;10.0.0.4\n10.0.0.1;0;10;20,0;40\n10.0.0.2;10;0;30;50\n10.0.0.3;20;30;0;60\n\
                     10.0.0.4;40;50;60;0\n";
    let holes = "0 10 20 40\n10 0 30 -1\n20 30 0 60\n40 50 60 0\n";
    for (name, text, more) in [
        ("planetlab", planetlab, ""),
        ("meridian", meridian, "unit=us"),
        ("mixed", mixed, ""),
        ("king", king, ""),
        ("half", half, ""),
        ("addresses", addresses, ""),
        ("holes", holes, "missing=other-direction"),
    ] {
        fs::write(bench.path(name), text).unwrap();
        let mut arguments = vec!["run".to_owned(), "s.toml".to_owned(), "--out".to_owned(), format!("{name}-results")];
        let sets = [format!("file={name}"), more.to_owned()];
        for set in sets.iter().filter(|set| !set.is_empty()) {
            arguments.extend(["--set".to_owned(), format!("network.latency.matrix.{set}")]);
        }
        bench.peerlab(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).assert().success();
        assert!(results(&bench.path(&format!("{name}-results"))) == plain, "{name} differs");
    }
}

#[test]
fn a_check_says_what_was_found_in_a_file_of_delays() {
    let bench = Bench::new(SCENARIO);
    fs::write(bench.path("plain.txt"), PLAIN.replace("10 0 30", "11 0 30")).unwrap();
    let check = |sets: &[&str]| bench.peerlab(&[&["check", "s.toml"], sets].concat()).assert();
    check(&[]).success().stdout(contains(
        "delays between 4 hosts: no holes, directions differ by 0.475 % on average; round trips: median 70 ms, 95th \
         percentile 115 ms",
    ));
    check(&["--set", "network.latency.matrix.rows=in-order"])
        .code(2)
        .stderr(contains("there are 30 participants, and only 4 rows for them"));
    check(&["--set", "network.latency.matrix.rows=in-order", "--set", "population.online=4"]).success();
    fs::write(bench.path("plain.txt"), PLAIN.replace("0 30 50", "0 30 0")).unwrap();
    check(&[]).code(2).stderr(contains("line 2, column 4: `0` between two different hosts: set zero = \"hole\""));
    fs::write(bench.path("plain.txt"), "0 - -\n- 0 -\n- - 0\n").unwrap();
    check(&["--set", "network.latency.matrix.missing=drop-host"])
        .code(2)
        .stderr(contains("no two of the 3 hosts have all delays between them, so that only one is left"));
}

const VISITS: &str = r#"
title = "published"
seed = 3
time = { warmup = "5min", measure = "5min" }
population.churn.trace = "plain.csv"
resources = { count = 40, size = "1KiB" }
workload.lookup = { every = "20s" }
workload.trace = "asked.csv"
[systems.server.client-server]
[systems.ring.chord]
[systems.kad.kademlia]
[systems.kad.storage]
placement = "random-participants"
repair = "none"
replicas = 1
"#;

#[test]
fn published_sessions_give_the_results_of_plain_changes() {
    let bench = Bench::new(VISITS);
    let write = |name: &str, text: &str| fs::write(bench.path(name), text).unwrap();
    let run = |out: &str, sets: &[&str]| {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let arguments: Vec<&str> = ["run", "s.toml", "--out", out].into_iter().chain(sets).collect();
        bench.peerlab(&arguments).assert().success();
        results(&bench.path(out))
    };
    write(
        "plain.csv",
        "time_s,participant,state\n0,0,up\n0,1,up\n0,2,up\n50.5,1,down\n60,3,up\n100,1,up\n590,3,down\n",
    );
    write("asked.csv", "time_s,participant,operation,key,bytes\n70,3,get,5,\n400,1,lookup,255,\n");
    let plain = run("plain", &[]);
    // Nebula: peers by name, with more columns; one that has long gone, one that comes later.
    write(
        "nebula",
        "peer_id,agent,start,end\nQa,\"kubo, 1\",1700000000,1800000000\nQb,,1700000000,1700000050.5\n\
        Qc,,1690000000,1800000000\nQd,,1700000060,1700000590\nQb,,1700000100,1800000000\nQx,,1600000000,1600000009\n\
        Qy,,1800000000,1800000001\n",
    );
    write(
        "asked-of-nebula",
        "time,peer_id,operation,key\n1700000070,Qd,get,5\n1700000400,Qb,lookup,0xff\n1800000000,Qb,get,5\n",
    );
    let epoch = "population.churn.trace_start=1700000000";
    let sets = ["population.churn.trace=nebula", epoch, "workload.trace=asked-of-nebula"];
    assert!(run("of-nebula", &sets) == plain, "Nebula differs");
    // The Failure Trace Archive: nodes by numbers with gaps, times of absence between, blanks.
    write(
        "archive",
        "# event_id\tnode_id\tevent_type\tevent_start_time\tevent_stop_time\n1\t11\t1\t0\t9000\n2\t12\t1\t0\t50.5\n\
        3\t12\t0\t50.5\t100\n4\t12\t1\t100\t9000\n5\t40\t1\t0\tNULL\n6\t900\t1\t60\t590\n",
    );
    write("asked-of-archive", "time_s,participant,operation,key,bytes\n70,900,get,5,\n400,12,lookup,0xFF,\n");
    let sets = ["population.churn.trace=archive", "workload.trace=asked-of-archive"];
    assert!(run("of-archive", &sets) == plain, "the archive differs");
    // Numbered from one.
    let from_one =
        "\u{feff}state;time_s;participant\nup;0;1\nup;0;2\nup;0;3\ndown;50.5;2\nup;60;4\nup;100;2\ndown;590;4\n";
    write("from-one", from_one);
    write("asked-from-one", "time_s,participant,operation,key,bytes\n70,4,get,5,\n400,2,lookup,255,\n");
    assert!(
        run("of-one", &["population.churn.trace=from-one", "workload.trace=asked-from-one"]) == plain,
        "one differs"
    );
    bench
        .peerlab(&["check", "s.toml", "--set", "workload.trace=asked-of-nebula"])
        .assert()
        .code(2)
        .stderr(contains("`Qd` is nobody of population.churn.trace"));
}
