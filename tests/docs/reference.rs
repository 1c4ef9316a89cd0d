//! The pages below `docs/reference/`, which the program writes: keys, presets, metrics, files, commands, scenarios.
//!
//! `DOCS=write cargo test --test docs` writes them; otherwise they are compared.

use std::collections::BTreeMap;
use std::fs;

use peerlab::cli::keys::{Item, Schema, Table};
use peerlab::measure::catalogue::{self, Better, Metric};
use peerlab::model::OperationKind;
use peerlab::registry::Registry;
use peerlab::report::chart::CHARTS_OF_RUNS;
use peerlab::report::files::{Described, FILES};

use super::{errors, peerlab, root};

pub(crate) const FOLDER: &str = "docs/reference";

/// Begins every page.
const WRITTEN: &str = "<!-- Written by the program: DOCS=write cargo test --test docs -->\n\n";

/// The sections of a scenario file, each with a page, and what they are about.
const SECTIONS: [(&str, &str); 10] = [
    ("time", "Warm-up, measurement, sampling."),
    ("population", "Participants: number, churn, classes, departures, arrivals, day."),
    ("network", "Delays, loss, access links, NATs, message sizes, bootstrap service."),
    ("resources", "What there is to be found: number, sizes, popularity."),
    ("storage", "Copies, pieces, placement, repair, caches. Also `[systems.NAME.storage]`."),
    ("traversal", "Connections, hole punching, relays. Also `[systems.NAME.traversal]`."),
    ("workload", "What participants ask: lookups, gets, puts, traces."),
    ("events", "Crashes, partitions, flash crowds and other events at fixed times."),
    ("expect", "Figures that the results must have."),
    ("sweep", "Axes and repetitions."),
];

/// Whether the pages are to be written, not compared.
pub(crate) fn is_writing() -> bool {
    std::env::var_os("DOCS").is_some_and(|it| it == "write")
}

/// Writes every page, and removes those that are none any more.
pub(crate) fn write() {
    let _ = fs::remove_dir_all(root().join(FOLDER));
    for (name, text) in pages() {
        let path = root().join(FOLDER).join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder can be made");
        fs::write(path, text).expect("the page can be written");
    }
}

#[test]
fn every_page_of_the_reference_is_what_the_program_says() {
    let (said, mut there) = (pages(), BTreeMap::new());
    for page in super::PAGES.iter().filter(|page| page.path.starts_with(FOLDER)) {
        let name = page.path.strip_prefix(FOLDER).expect("it is in the folder");
        there.insert(name.to_string_lossy().into_owned(), page.text.clone());
    }
    let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    let help = "DOCS=write cargo test --test docs";
    assert_eq!(names(&said), names(&there), "the pages are others; write them: {help}");
    for (name, text) in said {
        assert!(text == there[&name], "{FOLDER}/{name} is not what the program says; write it: {help}");
    }
}

/// The pages by their names in the folder.
fn pages() -> BTreeMap<String, String> {
    let registry = Registry::standard();
    let schema = Schema::new(peerlab::scenario::schema(registry.registered()));
    let mut pages = BTreeMap::new();
    let mut add = |name: &str, title: &str, body: String| {
        pages.insert(format!("{name}.md"), format!("{WRITTEN}# {title}\n\n{}\n", body.trim_end()));
    };
    add("scenario", "Scenario keys", overview(&registry));
    for (name, about) in SECTIONS {
        add(&format!("scenario/{name}"), &format!("Section {name}"), format!("{about}\n\n{}", section(&schema, name)));
    }
    add("scenario/laws", "Laws of times", laws(&schema));
    for entry in registry.entries() {
        let name = entry.registered.name;
        let keys = tables(schema.all(&format!("systems.NAME.{name}"), schema.protocol(name)));
        let presets: String = (entry.registered.presets)()
            .iter()
            .map(|preset| {
                format!(
                    "\n## preset = \"{}\"\n\n{}\n\n```text\n{}\n```\n",
                    preset.name,
                    cell(preset.source),
                    trimmed(preset.keys)
                )
            })
            .collect();
        let heading = format!("A system with the protocol `{name}`: {}.\n\nSource: {}.", entry.summary, entry.source);
        add(&format!("scenario/{name}"), &format!("Protocol {name}"), format!("{heading}\n\n{keys}{presets}"));
    }
    add("presets", "Presets and models", presets());
    add("metrics", "Metrics", metrics());
    add("files", "Result files", files());
    add("commands", "Commands", commands());
    add("scenarios", "Shipped scenarios", scenarios());
    pages
}

/// A text as a cell of a table holds it.
fn cell(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

/// The default of a key: as the schema has it, or a literal as its text names it.
fn default(item: &Item) -> String {
    if !item.value.is_empty() {
        return item.value.clone();
    }
    let Some((_, said)) = item.text.split_once("Default ") else { return String::new() };
    let end = match said.strip_prefix('"') {
        Some(quoted) => quoted.find('"').map_or(0, |at| at + 2),
        None => said.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(0),
    };
    let (literal, rest) = said.split_at(end);
    if rest.starts_with(" there") { String::new() } else { literal.trim_end_matches('.').to_owned() }
}

fn trimmed(keys: &str) -> String {
    keys.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn tables(tables: Vec<Table>) -> String {
    let shown = |table: Table| {
        let (first, second) = if table.is_choice { ("one of", "its keys") } else { ("key", "default") };
        let rows: String = table
            .keys
            .iter()
            .map(|item| (item, if table.is_choice { item.value.clone() } else { default(item) }))
            .map(|(item, value)| format!("| {} | {} | {} |\n", code(&item.name), code(&value), cell(&item.text)))
            .collect();
        format!("## `[{}]`\n\n| {first} | {second} | meaning |\n| --- | --- | --- |\n{rows}", table.path)
    };
    tables.into_iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn section(schema: &Schema, name: &str) -> String {
    tables(schema.all(name, &schema.root()["properties"][name]))
}

fn overview(registry: &Registry) -> String {
    let mut text = "A scenario is a TOML file. `population` and `systems` are required. Quantities need a unit (`\"250ms\"`, `\"1MiB\"`, \
                    `\"10Mbit/s\"`). An unknown key is an error. `peerlab list SECTION` prints these pages in the terminal, \
                    `peerlab schema` the JSON Schema for editors.\n\n| section | content |\n| --- | --- |\n\
                    | `title` | The question that the scenario asks. Default: the name of the file. |\n\
                    | `seed` | Seed of the first repetition, an integer. Default 1. |\n"
        .to_owned();
    for (name, about) in SECTIONS {
        text += &format!("| [`[{name}]`](scenario/{name}.md) | {about} |\n");
    }
    for entry in registry.entries() {
        let name = entry.registered.name;
        text += &format!("| [`[systems.NAME.{name}]`](scenario/{name}.md) | A system: {}. |\n", entry.summary);
    }
    text + "| [laws](scenario/laws.md) | Distributions of times, wherever a key takes a law. |\n"
}

fn laws(schema: &Schema) -> String {
    let churn = schema.key(schema.section("population"), "churn");
    let laws = schema.alternatives(schema.key(churn, "session"));
    let rows: String = laws
        .iter()
        .map(|law| format!("| {} | {} | {} |\n", code(&law.name), code(&law.value), cell(&law.text)))
        .collect();
    format!("For example `session.weibull = {{ … }}`.\n\n| one of | its keys | meaning |\n| --- | --- | --- |\n{rows}")
}

/// What the program prints, as a block.
fn printed(arguments: &[&str]) -> String {
    let output = peerlab(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
    let text = String::from_utf8(output.stdout).expect("it is text");
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    format!("```text\n{}\n```\n", lines.join("\n"))
}

fn presets() -> String {
    let topics =
        [("Churn and NAT presets", "presets"), ("Latency models and regions", "latency"), ("Message sizes", "wire")];
    let shown = |(title, topic): (&str, &str)| {
        format!("## {title}\n\nAs `peerlab list {topic}` prints it.\n\n{}", printed(&["list", topic]))
    };
    topics.map(shown).join("\n")
}

/// The names of the other commands stand in the help of the program, indented.
fn commands() -> String {
    let help = printed(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").expect("there are commands");
    let named = list.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    let names = named.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let each: String = names.map(|name| format!("\n## peerlab {name}\n\n{}", printed(&[name, "--help"]))).collect();
    format!("## peerlab\n\n{help}{each}")
}

fn metrics() -> String {
    let better = |metric: &Metric| match metric.better {
        Better::Lower => "lower",
        Better::Higher => "higher",
        Better::Neither => "",
    };
    let row = |metric: &&Metric| {
        format!("| `{}` | {} | {} | {} |\n", metric.name, metric.unit, better(metric), cell(&metric.about))
    };
    let table = |title: &str, metrics: &[&Metric]| {
        let rows: String = metrics.iter().map(row).collect();
        format!("## {title}\n\n| column | unit | better | meaning |\n| --- | --- | --- | --- |\n{rows}\n")
    };
    let mut text =
        "An empty cell means: does not apply. Loads are taken over the machines that were online for at least a tenth \
                    of the measurement; latency, hops and stretch over correct operations. The words are defined in \
                    [definitions](../model/definitions.md).\n\n"
            .to_owned();
    for (file, metrics) in catalogue::files() {
        if file != "runs.csv" {
            text += &table(file, &metrics);
            continue;
        }
        let names = OperationKind::ALL.map(OperationKind::name);
        let kind = |metric: &Metric| names.into_iter().find(|name| metric.name.starts_with(name));
        for group in names.map(Some).into_iter().chain([None]) {
            let own: Vec<&Metric> = metrics.iter().copied().filter(|metric| kind(metric) == group).collect();
            text += &table(&format!("{file}: {}", group.unwrap_or("the whole system")), &own);
        }
    }
    text
}

fn files() -> String {
    let mut text =
        "A directory of results (`--out`, default `results/<name of the scenario>/`) holds these files and the charts \
                    in `charts/`, each as SVG and PNG. [Results](../howto/results.md) says how they are replaced.\n\n\
                    | file | content |\n| --- | --- |\n"
            .to_owned();
    for file in &FILES {
        text += &format!("| `{}` | {} |\n", file.name, cell(file.about));
    }
    let row = |(name, about): &Described| format!("| `{name}` | {} |\n", cell(about));
    let charts: String = CHARTS_OF_RUNS.iter().map(row).collect();
    text += &format!(
        "\n## Charts\n\nThose of `run`. A sweep has one chart per headline metric instead, named by its column.\n\n\
         | chart | content |\n| --- | --- |\n{charts}\n## Columns\n"
    );
    text += "\nEvery CSV file but `summary.csv` begins with `run_id`, the axes of the sweep by their full paths, `system` and \
             `seed`. A `run_id` is `<system>[;axis=value…];seed=<n>`. The file's own columns follow, then those of \
             [metrics](metrics.md) where that page has the file. An empty cell means: does not apply.\n";
    for file in FILES.iter().filter(|file| !file.columns.is_empty()) {
        let rows: String = file.columns.iter().map(row).collect();
        text += &format!("\n### {}\n\n| column | meaning |\n| --- | --- |\n{rows}", file.name);
    }
    text
}

/// The question, the command and the cost in the heads of the shipped scenarios.
fn scenarios() -> String {
    let mut text = "Each file begins with its question, what to expect and how long it takes.\n\n\
                    | scenario | question | takes |\n| --- | --- | --- |\n"
        .to_owned();
    let entries = fs::read_dir(root().join("scenarios")).expect("there are scenarios");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("it can be read").file_name()).collect();
    names.sort();
    for name in names.iter().filter_map(|name| name.to_str()?.strip_suffix(".toml")) {
        let head = fs::read_to_string(root().join(format!("scenarios/{name}.toml"))).expect("it can be read");
        let comment: Vec<&str> = head.lines().filter_map(|line| line.strip_prefix('#')).map(str::trim).collect();
        let said = |topic: &str| {
            let from = comment.iter().position(|line| line.starts_with(topic)).expect("every scenario says it");
            let next = |line: &&&str| !["Run:", "Takes:", "Expect:"].iter().any(|other| line.starts_with(other));
            let lines = comment[from + 1..].iter().take_while(next).filter(|line| !line.is_empty());
            let first = comment[from].trim_start_matches(topic);
            cell(&[first].into_iter().chain(lines.copied()).collect::<Vec<_>>().join(" "))
        };
        let (question, takes) = (said("Question:"), said("Takes:"));
        let (first, takes) = (question[..1].to_uppercase(), takes.split_inclusive(". ").next().unwrap_or_default());
        text += &format!(
            "| [`{name}`](../../scenarios/{name}.toml) | {first}{} | {} |\n",
            &question[1..],
            takes.trim_end()
        );
    }
    text + "\n`scenarios/bench/` holds what speed is measured with, `scenarios/validation/` what `peerlab validate` runs.\n"
}
