//! What the README says is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use peerlab::measure::catalogue::files;
use peerlab::registry::Registry;
use peerlab::scenario::Scenario;
use serde_json::Value;
use tempfile::TempDir;

use super::{errors, peerlab, root, shipped};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("there is a README")
}

/// The fenced blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("```{language}\n");
    let after = text.split(&fence).skip(1);
    after.map(|rest| rest.split("\n```").next().expect("there is a first part").to_owned()).collect()
}

/// `a{b,c}d` is `abd` and `acd`.
fn expanded(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let (choices, after) = rest.split_once('}').expect("a brace is closed");
    choices.split(',').flat_map(|choice| expanded(&format!("{before}{choice}{after}"))).collect()
}

/// The cells of the tables whose heads begin so, row by row.
fn tables(head: &str) -> Vec<Vec<Vec<String>>> {
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows = |table: &str| table.lines().skip(2).take_while(|line| line.starts_with('|')).map(cells).collect();
    readme().split(&format!("\n{head}")).skip(1).map(rows).collect()
}

/// The cells of the only such table.
fn table(head: &str) -> Vec<Vec<String>> {
    let mut tables = tables(head);
    assert_eq!(tables.len(), 1, "{head}");
    tables.remove(0)
}

/// What a cell has between backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The columns that the table of this file has, with the unit of each: one for all of a row, or as many as there are.
fn columns(file: &str) -> BTreeSet<(String, String)> {
    let mut columns = BTreeSet::new();
    for row in table(&format!("| column of `{file}` ")) {
        let names: Vec<String> = names(&row[0]).flat_map(expanded).collect();
        let units: Vec<&str> = row[1].split(", ").collect();
        assert!([1, names.len()].contains(&units.len()), "{row:?}");
        columns.extend(names.into_iter().zip(units.iter().cycle()).map(|(name, unit)| (name, unit.to_string())));
    }
    columns
}

#[test]
fn every_column_is_in_the_tables_with_its_unit_and_nothing_else() {
    for (file, metrics) in files() {
        let own: &[(&str, &str)] = match file {
            "timeseries.csv" => &[("time_s", "s")],
            "load.csv" => &[("quantile", "")],
            "classes.csv" => &[("class", "")],
            "pairs.csv" => &[("from", ""), ("reached", "")],
            _ => &[],
        };
        let own = own.iter().map(|(name, unit)| (name.to_string(), unit.to_string()));
        let catalogue = metrics.iter().map(|metric| (metric.name.clone(), metric.unit.to_owned()));
        let written: BTreeSet<_> = own.chain(catalogue).collect();
        let told = columns(file);
        let (missing, wrong): (Vec<_>, Vec<_>) =
            (written.difference(&told).collect(), told.difference(&written).collect());
        assert!(missing.is_empty() && wrong.is_empty(), "{file}: without {missing:?}, and with {wrong:?}");
    }
}

#[test]
fn every_scenario_in_it_is_right() {
    let scenarios = blocks("toml");
    assert_eq!(scenarios.len(), 11);
    let folder = TempDir::new().expect("there is room for a folder");
    for text in scenarios {
        let path = folder.path().join("my.toml");
        fs::write(&path, &text).expect("the scenario is written");
        let output = peerlab([Path::new("check"), &path]);
        assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()), "{text}");
    }
}

#[test]
fn every_command_in_it_is_one() {
    let mut tried = 0;
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let command = line.split('#').next().expect("there is a first part").trim();
        let Some((_, arguments)) = command.split_once("peerlab ").or_else(|| command.split_once(" --release -- "))
        else {
            assert!(
                ["cargo test", "cargo run --release --example"].iter().any(|known| command.starts_with(known)),
                "{line}"
            );
            continue;
        };
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        // An argument that the program does not know is refused before the help is shown.
        let output = peerlab(arguments.iter().chain(&["--help"]));
        assert_eq!(output.status.code(), Some(0), "{line}: {}", errors(&output));
        for file in arguments.iter().filter(|argument| argument.starts_with("scenarios/")) {
            assert!(root().join(file).exists(), "{line}: there is no {file}");
        }
        tried += 1;
    }
    assert!(tried > 10, "the commands were not found");
}

#[test]
fn every_file_it_points_to_is_there() {
    let text = readme();
    for target in text.split("](").skip(1).map(|rest| rest.split(')').next().expect("there is a first part")) {
        assert!(target.starts_with("https://") || root().join(target).exists(), "there is no {target}");
    }
    let told: BTreeSet<String> =
        table("| file | question |").iter().flat_map(|row| names(&row[0])).map(str::to_owned).collect();
    let shipped =
        shipped().into_iter().map(|(path, _)| path.file_stem().expect("it has a name").to_string_lossy().into_owned());
    assert_eq!(told, shipped.collect(), "the table of the scenarios");
    // What a number is held against by: files, and others of the folder that was named last.
    let (mut folder, held) = (Path::new(""), table("| what | reference | where |"));
    for row in &held {
        for name in names(&row[2]) {
            let path = Path::new(name);
            folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(folder);
            let path = root().join(folder).join(path.file_name().unwrap_or_default());
            assert!(path.exists(), "there is no {}", path.display());
        }
    }
}

/// The first plan of a scenario with values set, as it prints for us, or what is wrong.
fn plan(beside: &str, sets: &[String]) -> Result<String, String> {
    let text = format!(
        "{beside}\npopulation.online = 20\nresources.count = 9\nsystems = {{ a.kademlia = {{}}, b.client-server = {{}} }}\n"
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

/// Written out, a default changes nothing.
#[test]
fn every_default_in_it_is_one() {
    let matrix = "network.latency.matrix = { file = \"matrix.csv\", unit = \"ms\", holds = \"rtt\" }";
    let keys = tables("| key | default | meaning |");
    let [storage, cache, provider] = keys.try_into().expect("there are three");
    let tables = [
        ("network.latency.matrix", matrix, table("| key of `[network.latency.matrix]` |"), 6),
        ("network.bootstrap", "", table("| key of `[network.bootstrap]`"), 7),
        ("storage", "", storage, 6),
        ("storage", "storage.cache = \"1MiB\"", cache, 1),
        ("storage.provider", "storage.placement = \"provider\"", provider, 3),
    ];
    let mut said = Vec::new();
    for (path, beside, rows, count) in tables {
        let defaults = rows.iter().filter_map(|row| Some((&row[0], value(&row[1])?)));
        let written = |(keys, value): (&String, String)| {
            names(keys).map(move |key| format!("{path}.{key}={value}")).collect::<Vec<_>>()
        };
        let written: Vec<String> = defaults.flat_map(written).collect();
        assert_eq!(written.len(), count, "{written:?}");
        said.extend(written.into_iter().map(|written| (beside, written)));
    }
    for (sentence, beside, written) in [
        ("`network.latency.floor`,\n0.5 ms by default", "", "network.latency.floor=\"0.5ms\""),
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
        assert!(readme().contains(sentence), "{sentence}");
        said.push((beside, written.to_owned()));
    }
    for (beside, written) in said {
        let (plain, set) = (plan(beside, &[]), plan(beside, std::slice::from_ref(&written)));
        assert!(plain.is_ok() && set == plain, "{written} is another plan: {set:?}");
    }
}

/// What is at a bound is taken, what is beyond it is not.
#[test]
fn every_bound_in_it_is_one() {
    let bounds: [(&str, &str, &str, &[&str]); 5] = [
        ("a run lasts 100 years at most", "time.measure=36524d", "time.measure=36526d", &["time.sample=1d"]),
        ("a sweep has 100,000 runs of a system", "sweep.repetitions=100000", "sweep.repetitions=100001", &[]),
        (
            "a run 10 million\n  arrivals",
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
    let of_systems = ("a scenario 256 systems", &*as_many, &*one_more, &[][..]);
    for (sentence, most, more, beside) in bounds.into_iter().chain([of_systems]) {
        assert!(readme().contains(sentence), "{sentence}");
        let with =
            |set: &str| plan("", &[beside, &[set]].concat().iter().map(|set| set.to_string()).collect::<Vec<_>>());
        assert!(with(most).is_ok(), "{most}: {:?}", with(most));
        assert!(with(more).is_err(), "{more} is accepted");
    }
}

/// Every key of the schema, wherever.
fn keys(schema: &Value, all: &mut BTreeSet<String>) {
    match schema {
        Value::Object(parts) => {
            let properties = parts.get("properties").and_then(Value::as_object);
            all.extend(properties.into_iter().flatten().map(|(key, _)| key.clone()));
            parts.values().for_each(|part| keys(part, all));
        }
        Value::Array(parts) => parts.iter().for_each(|part| keys(part, all)),
        _ => {}
    }
}

#[test]
fn every_key_in_its_sentences_and_tables_is_one() {
    let mut known = BTreeSet::new();
    keys(&peerlab::scenario::schema(Registry::standard().registered()), &mut known);
    let text: String = readme().split("```").step_by(2).collect();
    let mut tried = 0;
    for said in names(&text).filter(|said| said.contains(" = ") && !said.contains('\u{2026}')) {
        let said = said.replace('\n', " ");
        let value: Value = toml::from_str(&said).unwrap_or_else(|error| panic!("{said}: {error}"));
        let mut open = vec![&value];
        while let Some(value) = open.pop() {
            for (key, inner) in value.as_object().into_iter().flatten() {
                assert!(known.contains(key) || key.contains('.'), "no `{key}` of `{said}`");
                open.push(inner);
            }
        }
        tried += 1;
    }
    let listed = ["| key ", "| event ", "| repair "].iter().flat_map(|head| tables(head)).flatten();
    for row in listed {
        for said in names(&row[0]).chain(names(&row[1]).filter(|_| row[0].contains('`'))) {
            let key = said.trim_matches('"').split([' ', '.']).next().unwrap_or_default();
            let is_value = said.starts_with('"');
            assert!(is_value || known.contains(key), "no `{key}` in {row:?}");
            tried += 1;
        }
    }
    assert!(tried > 70, "{tried} keys were found");
}

#[test]
fn what_it_says_of_other_files_is_what_they_say() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("it is there");
    let figures = read("docs/validation.md");
    let counted = figures.lines().find(|line| line.contains(" figures, of which ")).expect("they are counted");
    let numbers: Vec<u32> = counted.split([' ', ':']).filter_map(|word| word.parse().ok()).collect();
    let [all, failed] = numbers[..] else { panic!("{counted}") };
    assert!(readme().contains(&format!("{} of {all} hold", all - failed)), "{counted}");
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).expect("it is a manifest");
    let oldest = manifest["package"]["rust-version"].as_str().expect("it is given");
    assert!(readme().contains(&format!("[Rust](https://rustup.rs) {oldest} or later")), "{oldest}");
    let targets = fs::read_dir(root().join("tests/fuzz/fuzz_targets")).expect("they are there").count();
    assert!(targets == 4 && readme().contains("has four targets for `cargo fuzz`"));
}

/// What stands below the first picture, of a shorter measurement; and how much the first command simulates.
#[test]
fn the_quickstart_shows_what_is_said_of_it() {
    let text = readme();
    for said in ["simulates three hours of four systems", "One thousand machines under measured churn"] {
        assert!(text.contains(said), "{said}");
    }
    let scenario =
        Scenario::load(&root().join("scenarios/quickstart.toml"), &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let runs = scenario.runs(Registry::standard().registered()).unwrap_or_else(|problems| panic!("{problems}")).runs;
    let plan = &runs[0].plan;
    assert_eq!(
        (runs.len(), (plan.warmup + plan.measure).as_secs_f64(), plan.population.online.round()),
        (4, 10_800.0, 1000.0)
    );
    let folder = TempDir::new().expect("there is room for a folder");
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let short = ["--set", "time.warmup=2min", "--set", "time.measure=5min", "--format", "json", "--out", &out];
    let output = peerlab(["run", "scenarios/quickstart.toml"].iter().chain(&short));
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", errors(&output)));
    let figures = |name: &str| -> Vec<f64> {
        let rows = rows.as_array().expect("a row for each system").iter();
        rows.map(|row| row["metrics"][name].as_f64().expect("a number")).collect()
    };
    let (bytes, busiest) = (figures("bytes_total"), figures("busiest_machine_bytes_per_s"));
    assert!(rows[0]["system"] == "server" && bytes[1..].iter().all(|peers| *peers > bytes[0]), "{bytes:?}");
    assert!(busiest[1..].iter().all(|peers| *peers < busiest[0] / 2.0), "{busiest:?}");
}
