//! Values of the wrong kind, numbers out of bounds, choices and paths that are none: what would be right is said.

use super::*;

/// Message, marked text and help of the first problem of one more line in an otherwise right scenario.
fn said(line: &str) -> [String; 3] {
    let text = format!("{SHORT}{line}\n");
    let problems = load(&text, &[]).and_then(|scenario| scenario.runs(REGISTERED)).expect_err(line);
    let problem = problems.iter().next().unwrap();
    let marked = problem.span.clone().map_or(String::new(), |span| text[span].to_owned());
    [problem.message.clone(), marked, problem.help.clone().unwrap_or_default()]
}

#[track_caller]
fn told(line: &str, message: &str, marked: &str, help: &str) {
    assert_eq!(said(line), [message, marked, help], "{line}");
}

#[test]
fn the_name_of_a_choice_that_has_keys_is_not_enough() {
    told(
        "storage.repair = 'lazy'",
        "`lazy` needs more than its name",
        "'lazy'",
        "write { lazy = { threshold = … } } here",
    );
    told(
        "storage.repair = 'delay'",
        "`delay` needs more than its name",
        "'delay'",
        "write { delay = { after = … } } here",
    );
    let republish = "write { republish = { … } } here";
    told("storage.repair = 'republish'", "`republish` needs more than its name", "'republish'", republish);
    told(
        "resources = { count = 1, popularity = 'zipf' }",
        "`zipf` needs more than its name",
        "'zipf'",
        "write { zipf = { exponent = … } } here",
    );
    told(
        "workload.get.every = 'weibull'",
        "`weibull` needs more than its name",
        "'weibull'",
        "write { weibull = { shape = … } } here",
    );
    told(
        "resources = { count = 1, size = 'mixture' }",
        "`mixture` needs more than its name",
        "'mixture'",
        "write { mixture = … } here",
    );
    told(
        "events = ['crash']",
        "`crash` needs more than its name",
        "'crash'",
        "write { crash = { at = …, share = … } } here",
    );
}

const EVENTS: [&str; 7] = ["crash", "flash-crowd", "partition", "cut-off", "server-outage", "rush", "demand"];

#[test]
fn an_event_has_exactly_one_kind() {
    let known = EVENTS.join("`, `");
    told("events = [{}]", "exactly one alternative must be given here", "{}", &format!("write one of `{known}`"));
    told(
        "events = [{ rush = { at = '1h' }, server-outage = { at = '1h' } }]",
        "`rush` and `server-outage` exclude each other",
        "server-outage",
        &format!("keep one of them: alternatives here are `{known}`"),
    );
    told(
        "events = [{ share = 0.5 }]",
        "unknown choice `share`",
        "share",
        &format!(
            "`share` is a key of one of `{known}`: write it in there, as in {{ crash = {{ at = …, share = … }} }}"
        ),
    );
    told(
        "events = [{ demand = { factor = 2 }, at = '1h' }]",
        "unknown choice `at`",
        "at",
        &format!("`at` is a key of one of `{known}`: write it in there, as in {{ demand = {{ at = …, factor = … }} }}"),
    );
    for kind in EVENTS {
        assert_eq!(said(&format!("events = ['{kind}']"))[0], format!("`{kind}` needs more than its name"));
    }
}

#[test]
fn a_whole_number_is_told_its_bounds() {
    let bounds = "write a whole number from 0 to 4294967295";
    for (said, shown) in [("-5", "-5"), ("99999999999", "99999999999"), ("0x1_0000_0000", "0x100000000")] {
        let line = format!("storage.pieces = {said}");
        told(&line, &format!("`pieces` cannot be {shown}"), said, bounds);
    }
    told("systems.b.ring.k = -1", "`k` cannot be -1", "-1", bounds);
    told("systems.b.ring.k = 8.0", "`k` is a whole number, not 8.0", "8.0", "write 8");
    told("storage.pieces = 1e3", "`pieces` is a whole number, not 1e3", "1e3", "write 1000");
    told("storage.pieces = 1.5", "`pieces` is a whole number, not 1.5", "1.5", bounds);
    told("storage.pieces = nan", "`pieces` is a whole number, not nan", "nan", bounds);
    told("storage.pieces = 1e30", "`pieces` is a whole number, not 1e30", "1e30", bounds);
    told("seed = -1", "`seed` cannot be -1", "-1", "write a whole number from 0 to 9223372036854775807");
    told("events = [{ rush = { at = '1h', resource = -1 } }]", "`resource` cannot be -1", "-1", bounds);
    let start = "network.diurnal = { factors = [], start_hour = 256 }";
    told(start, "`start_hour` cannot be 256", "256", "write a whole number from 0 to 255");
    told(
        "storage.repair.delay = { after.constant = '1h', concurrency = -2 }",
        "`concurrency` cannot be -2",
        "-2",
        "write a whole number from 1 to 4294967295, or \"unlimited\"",
    );
    let online = errors("population.online = 1e3\nsystems.a.ring = {}\n", &[]);
    assert!(online.contains("s.toml:1:21") && online.contains("help: write 1000\n"), "{online}");
    let fits = plan(&format!("{SHORT}seed = 9223372036854775807\nsystems.b.ring.k = 0x1_0"), &[]);
    assert_eq!(fits.seed, 9_223_372_036_854_775_807);
}

#[test]
fn a_number_in_quotes_is_told_how_it_is_written() {
    let number = "`loss` is a number, not a text in quotes";
    for text in ["'5%'", "'5 %'"] {
        told(&format!("network.loss = {text}"), number, text, "write it without quotes, as a share: 0.05");
    }
    told("network.loss = '0.1'", number, "'0.1'", "write it without quotes, a share as in 0.05");
    told("storage.pieces = '3'", "`pieces` is a whole number, not a text in quotes", "'3'", "write it without quotes");
}

#[test]
fn units_that_are_none_are_told_what_they_may_mean() {
    let message = |line: &str| said(line)[0].clone();
    let several = "`1h30min` has several units: write one number with one, as in \"90min\"";
    told("time.warmup = '1h30min'", several, "'1h30min'", "");
    assert!(message("time.warmup = '2m'").ends_with("did you mean \"2min\" or \"2ms\"?"));
    assert!(message("resources = { count = 1, size = '4TiB' }").ends_with("did you mean \"4096GiB\"?"));
    assert!(message("network.access.uplink = '10Mbps'").ends_with("did you mean \"10Mbit/s\"?"));
}

#[test]
fn where_nothing_is_declared_that_could_be_named_it_is_said_how() {
    let crash = |group: &str| format!("events = [{{ crash = {{ at = '1h', share = 0.5, {group} }} }}]");
    let classes = "there are no classes: add [[population.classes]], or leave this out";
    let regions = "there are no regions: add [network.latency.regions], or leave this out";
    told(&crash("class = 'phones'"), "unknown class `phones`", "'phones'", classes);
    told(&crash("region = 'africa'"), "unknown region `africa`", "'africa'", regions);
    let cut_off = "events = [{ cut-off = { at = '1h', region = 'africa' } }]";
    told(cut_off, "unknown region `africa`", "'africa'", regions);
    let stand = "add [network.latency.regions], or leave this out";
    told("systems.b.ring.region = 'mars'", "there are no regions to stand in", "ring", stand);
    let none = errors("population.online = 9\n", &["systems.a.ring.k=3"]);
    assert!(none.contains("help: there are no systems: add one, as in [systems.NAME.chord]"), "{none}");
}

#[test]
fn the_path_of_an_axis_stands_in_quotes() {
    let unquoted = "the path of the axis `network.loss` stands without quotes";
    told("[sweep.axes]\nnetwork.loss = [0.1, 0.2]", unquoted, "network", "write \"network.loss\" = [0.1, 0.2]");
    told(
        "[sweep.axes]\nsystems.a.ring.k = [1, 2]",
        "the path of the axis `systems.a.ring.k` stands without quotes",
        "systems",
        "write \"systems.a.ring.k\" = [1, 2]",
    );
    told("[sweep.axes.network]\nloss = 3", unquoted, "network", "write \"network.loss\" = [0.5, 1, 2]");
    // The shell took the quotes away.
    let text = format!("{SHORT}[sweep.axes]\n'network.jitter' = [0, 0.1]\n");
    let shell = errors(&text, &["sweep.axes.network.loss=[0.1, 0.2]"]);
    assert!(shell.contains("command line") && shell.contains("write \"network.loss\" = [0.1, 0.2]"), "{shell}");
}

#[test]
fn a_value_that_begins_as_a_table_is_one() {
    let said = |set: &str| errors(SHORT, &[set]);
    let open = said("network.access={uplink=\"1Mbit/s\"");
    assert!(open.starts_with("error: ") && open.contains("--> command line"), "{open}");
    assert!(open.contains("help: it ends with `}`, and texts in it stand in quotes"), "{open}");
    for value in ["{uplink=1Mbit/s}", "{uplink = 1Mbit/s, downlink = 2Mbit/s"] {
        let stripped = said(&format!("network.access={value}"));
        assert!(stripped.contains("--> command line"), "{stripped}");
        assert!(stripped.contains("--set 'network.access={key = \"10Mbit/s\"}'"), "{stripped}");
    }
    let list = said("events=[{rush={at=1h}}]");
    assert!(list.contains("or the shell takes those away: --set 'events="), "{list}");
    let list = said("storage.repair=[");
    assert!(list.contains("command line"), "{list}");
    let quoted = said("title=\"half");
    assert!(quoted.contains("it ends with a quote"), "{quoted}");
    assert_eq!(plan(SHORT, &["title=half \"quoted\""]).title, "half \"quoted\"");
}
