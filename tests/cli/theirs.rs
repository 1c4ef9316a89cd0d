//! What is not ours to replace stays: other results, inputs, and whatever else lies about.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use super::{Bench, SCENARIO, SWEEP, assert_same, bytes};

#[test]
fn results_of_another_file_or_command_are_replaced_by_force_only() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    fs::write(bench.path("t.toml"), SCENARIO).unwrap();
    bench.peerlab(&["sweep", "s.toml", "--out", "a", "--quiet"]).assert().success();
    let before = bytes(&bench.path("a"));
    let fixed = ["--set", "population.online=20", "--set", "systems.kad.kademlia.k=4", "--out", "a", "--quiet"];
    let commands: [&[&str]; 2] =
        [&["run", "t.toml", "--out", "a", "--quiet"], &[&["run", "s.toml"], &fixed[..]].concat()];
    for command in commands {
        let refused = bench.peerlab(command).assert().code(2);
        let said = "a: this directory holds results of `sweep s.toml`\n  = help: name another with --out, or replace";
        refused.stderr(contains(said).and(contains("--force")));
        assert!(bytes(&bench.path("a")) == before, "something was written");
    }
    bench.peerlab(&["sweep", "s.toml", "--out", "a", "--quiet"]).assert().success();
    bench.peerlab(&["run", "t.toml", "--out", "a", "--quiet", "--force"]).assert().success();
    bench.peerlab(&["run", "t.toml", "--out", "b", "--quiet"]).assert().success();
    assert_same(&bench.path("a"), &bench.path("b"));
    let manifest: serde_json::Value = serde_json::from_str(&bench.read("a/manifest.json")).unwrap();
    assert_eq!((&manifest["command"], &manifest["scenario"]["file"]), (&"run".into(), &"t.toml".into()));
}

#[test]
fn results_that_do_not_say_whose_they_are_count_as_anothers() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--out", "a", "--quiet"]).assert().success();
    fs::write(bench.path("a/manifest.json"), r#"{"format": 1, "scenario": {"title": "small"}}"#).unwrap();
    let refused = bench.peerlab(&["run", "s.toml", "--out", "a"]).assert().code(2);
    refused.stderr(contains("do not say of which scenario file they are"));
    bench.peerlab(&["run", "s.toml", "--out", "a", "--force"]).assert().success();
}

#[test]
fn new_results_clear_old_charts_away_and_nothing_else() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    bench.peerlab(&["sweep", "s.toml", "--out", "a", "--quiet"]).assert().success();
    bench.peerlab(&["plot", "a", "--y", "contacts_mean"]).assert().success();
    let mine = ["a/charts/diagram.png", "a/charts/notes.txt", "a/thesis.tex"];
    mine.iter().for_each(|name| fs::write(bench.path(name), "mine").unwrap());
    let fixed =
        ["--set", "population.online=20", "--set", "systems.kad.kademlia.k=4", "--out", "a", "--quiet", "--force"];
    bench.peerlab(&[&["run", "s.toml"], &fixed[..]].concat()).assert().success();
    assert!(mine.iter().all(|name| bench.read(name) == "mine"));
    let charts = bench.names("a/charts");
    assert!(!charts.iter().any(|name| name.starts_with("contacts_mean") || name.starts_with("lookup_")), "{charts:?}");
    assert!(charts.contains(&"traffic.svg".to_owned()), "{charts:?}");
}

#[test]
fn plot_replaces_the_files_that_it_writes_and_no_others() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    bench.peerlab(&["sweep", "s.toml", "--out", "a", "--quiet"]).assert().success();
    let before = bytes(&bench.path("a"));
    fs::write(bench.path("a/charts/diagram.png"), "mine").unwrap();
    bench.peerlab(&["plot", "a", "--y", "contacts_mean"]).assert().success().stdout(contains("1 chart (SVG and PNG)"));
    let mut after = bytes(&bench.path("a"));
    let more =
        |name: &std::path::Path| name.ends_with("diagram.png") || name.to_string_lossy().contains("/contacts_mean.");
    assert_eq!(after.iter().filter(|(name, _)| more(name)).count(), 3);
    after.retain(|(name, _)| !more(name));
    assert!(after == before.into_iter().filter(|(name, _)| !more(name)).collect::<Vec<_>>(), "others were changed");

    fs::create_dir(bench.path("figures")).unwrap();
    fs::write(bench.path("figures/thesis.tex"), "mine").unwrap();
    let drawn = bench.peerlab(&["plot", "a", "--y", "contacts_mean", "--out", "figures"]).assert().success();
    drawn.stdout(contains(": figures\n"));
    assert_eq!(bench.names("figures"), ["contacts_mean.png", "contacts_mean.svg", "thesis.tex"]);
}

#[test]
fn plot_without_anything_to_draw_is_an_error_and_writes_nothing() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    bench.peerlab(&["sweep", "s.toml", "--out", "a", "--quiet"]).assert().success();
    let before = bytes(&bench.path("a"));
    let refused = bench.peerlab(&["plot", "a", "--y", "cache_hit_ratio", "--out", "figures"]).assert().code(2);
    refused.stderr(contains("error: `cache_hit_ratio` has no value in these results"));
    assert_eq!(bench.names("."), ["a", "s.toml"], "something was written");
    let gone = bench.peerlab(&["plot", "nope"]).assert().code(3);
    gone.stderr(contains("nope: there is no such directory\n  = help: name a directory that `run` or `sweep` wrote"));
    fs::remove_file(bench.path("a/manifest.json")).unwrap();
    bench.peerlab(&["plot", "a"]).assert().code(3).stderr(contains("a: these results are incomplete"));
    fs::write(bench.path("a/manifest.json"), &before.iter().find(|it| it.0.ends_with("manifest.json")).unwrap().1)
        .unwrap();
    assert!(bytes(&bench.path("a")) == before, "something was written");
}

#[test]
fn plot_puts_charts_among_other_results_by_force_only() {
    let bench = Bench::new(SCENARIO);
    for out in ["a", "b"] {
        bench.peerlab(&["run", "s.toml", "--out", out, "--quiet"]).assert().success();
    }
    for out in ["b", "b/charts"] {
        let refused = bench.peerlab(&["plot", "a", "--theme", "dark", "--out", out]).assert().code(2);
        refused.stderr(contains("this directory holds results of other runs").and(contains("--force")));
    }
    assert_same(&bench.path("a"), &bench.path("b"));
    bench.peerlab(&["plot", "a", "--theme", "dark", "--out", "b/charts", "--force"]).assert().success();
    bench.peerlab(&["plot", "a", "--theme", "dark", "--out", "a/charts"]).assert().success();
    assert_same(&bench.path("a"), &bench.path("b"));
}

#[test]
fn inputs_are_never_written_over() {
    let bench = Bench::new(SCENARIO);
    fs::write(bench.path("rtt.csv"), "0 40 90\n40 0 60\n90 60 0\n").unwrap();
    let measured = "\n[network.latency.matrix]\nfile = \"rtt.csv\"\nholds = \"rtt\"\nunit = \"ms\"\n";
    fs::write(bench.path("s.toml"), SCENARIO.to_owned() + measured).unwrap();
    fs::hard_link(bench.path("rtt.csv"), bench.path("other-kad.csv")).unwrap();
    let before = bytes(&bench.path("."));
    for (trace, input) in [("./s-kad.toml", "s.toml"), ("other.csv", "rtt.csv")] {
        if trace == "./s-kad.toml" {
            fs::hard_link(bench.path("s.toml"), bench.path("s-kad.toml")).unwrap();
        }
        let refused = bench.peerlab(&["run", "s.toml", "--trace", &trace.replace("s-kad", "s")]).assert().code(2);
        refused.stderr(contains(format!("written over {input}, which is read")).and(contains("--trace")));
        let _ = fs::remove_file(bench.path("s-kad.toml"));
        assert!(bytes(&bench.path(".")) == before, "something was written");
    }
    bench.peerlab(&["run", "s.toml", "--out", "a", "--quiet"]).assert().success();
    let results = bytes(&bench.path("a"));
    let refused = bench.peerlab(&["run", "a/scenario.toml", "--out", "a", "--force"]).assert().code(2);
    refused.stderr(contains("a/scenario.toml: this would be written over a/scenario.toml").and(contains("--out")));
    assert!(bytes(&bench.path("a")) == results, "something was written");
}

#[test]
fn a_trace_never_stands_among_the_results() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--out", "a", "--quiet"]).assert().success();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a", bench.path("link")).unwrap();
    let before = bytes(&bench.path("."));
    let traces =
        [("a", "a/trace.csv"), ("a", "a/charts/trace.csv"), ("a", "./a/../a/runs.csv"), ("new/b", "new/b/t.csv")];
    for (out, trace) in traces.into_iter().chain(cfg!(unix).then_some(("a", "link/trace.csv"))) {
        let refused = bench.peerlab(&["run", "s.toml", "--out", out, "--trace", trace]).assert().code(2);
        refused.stderr(contains("-server.csv: a trace cannot stand among the results").and(contains("--trace")));
        assert!(bytes(&bench.path(".")) == before, "something was written");
    }
    assert!(!bench.path("new").exists());
    bench.peerlab(&["run", "s.toml", "--out", "a", "--trace", "a-trace.csv"]).assert().success();
}

#[cfg(unix)]
#[test]
fn charts_come_among_other_results_on_no_other_way_either() {
    let bench = Bench::new(SCENARIO);
    for out in ["a", "b"] {
        bench.peerlab(&["run", "s.toml", "--out", out, "--quiet"]).assert().success();
    }
    std::os::unix::fs::symlink("b/charts", bench.path("figures")).unwrap();
    for gone in [false, true] {
        if gone {
            fs::remove_dir_all(bench.path("b/charts")).unwrap();
            fs::remove_file(bench.path("figures")).unwrap();
            std::os::unix::fs::symlink("b", bench.path("figures")).unwrap();
        }
        let before = bytes(&bench.path("."));
        let link = if gone { "figures/charts" } else { "figures" };
        for out in [link, "b/charts/.", "b/charts/../charts", "a/../b/charts/", "./b"] {
            let refused = bench.peerlab(&["plot", "a", "--theme", "dark", "--out", out]).assert().code(2);
            refused.stderr(contains("this directory holds results of other runs").and(contains("--force")));
            assert!(bytes(&bench.path(".")) == before, "something was written");
        }
        assert_eq!(bench.path("b/charts").exists(), !gone);
    }
}

#[test]
fn what_stands_in_the_place_of_a_chart_is_said_and_stays() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--out", "a", "--quiet"]).assert().success();
    fs::remove_file(bench.path("a/charts/traffic.svg")).unwrap();
    fs::create_dir(bench.path("a/charts/traffic.svg")).unwrap();
    fs::write(bench.path("a/charts/traffic.svg/mine"), "mine").unwrap();
    let refused = |run: &str, plot: &str| {
        let before = bytes(&bench.path("."));
        bench.peerlab(&["run", "s.toml", "--out", "a"]).assert().code(2).stdout("").stderr(contains(run));
        bench.peerlab(&["plot", "a"]).assert().code(3).stdout("").stderr(contains(plot));
        assert!(bytes(&bench.path(".")) == before, "something was written");
        assert!(bench.names("a").iter().all(|name| !name.starts_with('.')), "{:?}", bench.names("a"));
    };
    refused(
        "a/charts/traffic.svg: a directory stands where a file of the results goes\n  = help: move it away",
        "a/charts/traffic.svg: this is a directory, and a file goes here: move it away",
    );
    fs::remove_dir_all(bench.path("a/charts")).unwrap();
    fs::write(bench.path("a/charts"), "mine").unwrap();
    refused(
        "a/charts: a file stands where the charts go\n  = help: move it away",
        "a/charts: this is a file, and a directory goes here: move it away",
    );
}
