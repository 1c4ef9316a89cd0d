//! The defaults and bounds that the pages name.

use peerlab::registry::Registry;
use peerlab::scenario::Scenario;

use super::{PAGES, is_said, names, root, tables};

/// The first plan of a scenario with values set, as it prints for us, or what is wrong.
fn plan(beside: &str, sets: &[String]) -> Result<String, String> {
    let text = format!(
        "{beside}\npopulation.online = 20\nresources.count = 9\nsystems = {{ a.kademlia = {{}}, b.client-server = {{}}, c.chord = {{}} }}\n"
    );
    let scenario = Scenario::parse("my.toml".into(), root().join("tests/swarm/data"), text, sets);
    let runs = scenario.and_then(|scenario| scenario.runs(Registry::standard().registered()));
    runs.map(|runs| format!("{:#?}", runs.runs[0].plan)).map_err(|problems| problems.to_string())
}

/// What stands in a cell of defaults as a scenario has it; nothing if the key has to be left out for it.
fn value(cell: &str) -> Option<String> {
    match cell.chars().next() {
        Some('`') => Some(cell.trim_matches('`').to_owned()),
        _ if cell.parse::<u32>().is_ok() || cell == "true" => Some(cell.to_owned()),
        Some('0'..='9') => Some(format!("\"{}\"", cell.replace(' ', ""))),
        _ => None,
    }
}

/// The tables of keys: where their keys stand, what the scenario says beside them, and how many have a default.
const TABLES: [(&str, &str, usize); 5] = [
    ("network.latency.matrix", "network.latency.matrix = { file = \"matrix.csv\", unit = \"ms\", holds = \"rtt\" }", 6),
    ("network.bootstrap", "", 7),
    ("storage", "", 6),
    ("storage.cache", "storage.cache = \"1MiB\"", 1),
    ("storage.provider", "storage.placement = \"provider\"", 3),
];

/// Written out, a default changes nothing.
#[test]
fn every_default_in_them_is_one() {
    let mut said = Vec::new();
    for (path, beside, count) in TABLES {
        let table = tables(&format!("| key of `[{path}]`"));
        assert_eq!(table.len(), 1, "the table of {path}");
        assert_eq!(table[0].head[1..], ["default", "meaning"], "the table of {path}");
        let defaults = table[0].rows.iter().filter_map(|row| Some((&row[0], value(&row[1])?)));
        // A cache is one key, and how long its copies live another beside it.
        let path = if path == "storage.cache" { "storage" } else { path };
        let written = |(keys, value): (&String, String)| {
            names(keys).map(move |key| format!("{path}.{key}={value}")).collect::<Vec<_>>()
        };
        let written: Vec<String> = defaults.flat_map(written).collect();
        assert_eq!(written.len(), count, "{written:?}");
        said.extend(written.into_iter().map(|written| (beside, written)));
    }
    assert_eq!(tables("| key of ").len(), TABLES.len(), "a table of keys is not looked at");
    for (sentence, beside, written) in [
        ("`network.latency.floor`, 0.5 ms by default", "", "network.latency.floor=\"0.5ms\""),
        ("(`workload.deadline`, 60 s)", "", "workload.deadline=\"60s\""),
        ("`bep5` for peers", "", "systems.a.wire.preset=\"bep5\""),
        ("`https` for a server", "", "systems.b.wire.preset=\"https\""),
        ("default \"datagram\"", "", "traversal.transport=\"datagram\""),
        ("one `resource` (default 0)", "events = [{ rush.at = \"31min\" }]", "events.0.rush.resource=0"),
        (
            "default: the first region",
            "network.latency.regions = {}",
            "network.latency.regions.servers=\"north-america\"",
        ),
    ] {
        assert!(is_said(sentence), "{sentence}");
        said.push((beside, written.to_owned()));
    }
    for (beside, written) in said {
        let (plain, set) = (plan(beside, &[]), plan(beside, std::slice::from_ref(&written)));
        assert!(plain.is_ok() && set == plain, "{written} is another plan: {set:?}");
    }
}

/// What is at a bound is taken, what is beyond it is not.
#[test]
fn every_bound_in_them_is_one() {
    let bounds: [(&str, &str, &str, &[&str]); 5] = [
        ("A run lasts at most 100 years", "time.measure=36524d", "time.measure=36526d", &["time.sample=1d"]),
        ("100,000 runs of a system", "sweep.repetitions=100000", "sweep.repetitions=100001", &[]),
        (
            "10 million arrivals",
            "population.arrivals.every=1ms",
            "population.arrivals.every=0.1ms",
            &["time.warmup=0s", "time.measure=9000s", "workload.deadline=1s"],
        ),
        ("2\u{b2}\u{2077} records", "resources.count=134217728", "resources.count=134217729", &[]),
        ("of the service, 1 to 16", "network.bootstrap.machines=16", "network.bootstrap.machines=17", &[]),
    ];
    let systems = |count: u32| {
        format!("systems={{ {} }}", (0..count).map(|n| format!("s{n}.chord = {{}}, ")).collect::<String>())
    };
    let (as_many, one_more) = (systems(256), systems(257));
    let of_systems = ("256 systems", &*as_many, &*one_more, &[][..]);
    for (sentence, most, more, beside) in bounds.into_iter().chain([of_systems]) {
        assert!(is_said(sentence), "{sentence}");
        let with =
            |set: &str| plan("", &[beside, &[set]].concat().iter().map(|set| set.to_string()).collect::<Vec<_>>());
        assert!(with(most).is_ok(), "{most}: {:?}", with(most));
        assert!(with(more).is_err(), "{more} is accepted");
    }
}

/// Tables of the reference that every scenario has.
const ALWAYS: [&str; 10] = [
    "time",
    "population",
    "network",
    "resources",
    "storage",
    "traversal",
    "workload",
    "systems.NAME.kademlia",
    "systems.NAME.client-server",
    "systems.NAME.chord",
];

/// What a scenario must say for a key to mean something.
fn beside(path: &str, key: &str) -> &'static str {
    match (path, key) {
        ("population", "join_over") => "population.start = \"join\"",
        ("storage", "cache_ttl") => "storage.cache = \"1MiB\"",
        ("traversal", "transport") => "",
        ("traversal", _) => "traversal.transport = \"connection\"",
        _ => "",
    }
}

/// Written out, a default of the generated pages changes nothing.
#[test]
fn every_default_in_the_reference_is_one() {
    let mut tried = 0;
    for table in ALWAYS {
        let heading = format!("\n## `[{table}]`\n");
        let after =
            PAGES.iter().find_map(|page| Some(page.text.split_once(&heading)?.1)).expect("there is such a table");
        let path = table.replace("NAME.kademlia", "a.kademlia").replace("NAME.client", "b.client").replace("NAME", "c");
        let rows = after.lines().skip_while(|line| !line.starts_with('|')).skip(2);
        for row in rows.take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = names_of(row).collect();
            let [key, value] = cells[..] else { continue };
            let written = format!("{path}.{key}={value}");
            let beside = beside(table, key);
            let (plain, set) = (plan(beside, &[]), plan(beside, std::slice::from_ref(&written)));
            assert!(plain.is_ok() && set == plain, "{written} is another plan: {set:?}");
            tried += 1;
        }
    }
    assert!(tried > 65, "{tried} defaults were found");
}

/// The key of a row, and its default if it has one.
fn names_of(row: &str) -> impl Iterator<Item = &str> {
    row.split(" | ").take(2).flat_map(names)
}
