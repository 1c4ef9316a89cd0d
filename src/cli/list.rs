//! `peerlab list`: keys of scenario files, protocols, presets and metrics. All texts come from the schema, the
//! registry, the tables of presets and the catalogue of metrics; nothing is written twice.

use clap::builder::PossibleValue;

use super::aligned::{Item, list as aligned, wrap};
use super::failure::Failure;
use super::keys::Schema;
use super::print;
use crate::engine::{Duration, Law};
use crate::measure::catalogue::{Metric, files};
use crate::network::nat::{self, NatClass};
use crate::network::regions::WORLD;
use crate::overlay::{self, Wire};
use crate::population::presets::PRESETS;
use crate::registry::{Entry, Registry};
use crate::report::number::significant;
use crate::scenario::schema;

/// Topics other than sections of a scenario and protocols, with their descriptions.
const TOPICS: [(&str, &str); 7] = [
    ("scenario", "The sections of a scenario file"),
    ("protocols", "The protocols, with every parameter"),
    ("latency", "Latency models"),
    ("wire", "Sizes of messages and handshakes, and their presets"),
    ("churn", "Keys and probability laws of sessions and downtimes"),
    ("presets", "Presets of churn and of NATs"),
    ("metrics", "The columns of the result files"),
];

/// Sections of a scenario file that can be listed key by key, except those of systems, with their descriptions.
const SECTIONS: [(&str, &str); 10] = [
    ("time", "Warm-up, measurement and sampling"),
    ("population", "Participants: sessions, classes, departures, arrivals, daily variation"),
    ("network", "Delay, loss, access links, NATs, message sizes, bootstrap service"),
    ("resources", "Number, size and popularity of resources"),
    ("storage", "Replicas, coding, placement, repair and caches; of all systems or of one"),
    ("traversal", "Connections, hole punching and relays; of all systems or of one"),
    ("workload", "Operations of participants: lookups, gets and puts"),
    ("events", "Crashes, partitions, flash crowds and other events"),
    ("expect", "Expected results"),
    ("sweep", "Repetitions and axes of a parameter sweep"),
];

/// Topics, sections and protocols that can be listed.
pub(super) fn names(registry: &Registry) -> Vec<PossibleValue> {
    let known = |&(name, about): &(&'static str, &'static str)| PossibleValue::new(name).help(about);
    let protocols =
        registry.entries().iter().map(|entry| PossibleValue::new(entry.registered.name).help(entry.summary));
    TOPICS.iter().chain(&SECTIONS).map(known).chain(protocols).collect()
}

/// Prints one of [`names`]; without one, all that are not part of another.
pub(super) fn list(registry: &Registry, what: Option<&str>) -> Result<(), Failure> {
    let schema = Schema::new(schema(registry.registered()));
    let width = print::width();
    let listed = |what: &str| match what {
        "scenario" => {
            format!("SCENARIO, the sections of a file\n\n{}", aligned(&schema.parameters(schema.root()), width))
        }
        "protocols" => protocols(registry, &schema, width),
        "latency" => latency(&schema, width),
        "wire" => wire(&schema, width),
        "churn" => churn(&schema, width),
        "presets" => presets(width),
        "metrics" => metrics(width),
        section if SECTIONS.iter().any(|(name, _)| *name == section) => schema.section_by_key(section, width),
        name => registry.find(name).map_or_else(String::new, |entry| protocol(entry, &schema, width)),
    };
    let all = || TOPICS[..2].iter().chain(&SECTIONS).chain(&TOPICS[2..]).map(|(name, _)| *name).collect();
    let texts: Vec<String> = what.map_or_else(all, |what| vec![what]).into_iter().map(listed).collect();
    print::output(&texts.join("\n"))
}

fn protocols(registry: &Registry, schema: &Schema, width: usize) -> String {
    let tables: Vec<String> = registry.entries().iter().map(|entry| protocol(entry, schema, width)).collect();
    format!("PROTOCOLS, the table of a system: [systems.NAME.PROTOCOL]\n\n{}", tables.join("\n"))
}

fn protocol(entry: &Entry, schema: &Schema, width: usize) -> String {
    let name = entry.registered.name;
    let heading = format!("{name}: {} ({})", entry.summary, entry.source);
    let keys = schema.by_key(&format!("systems.NAME.{name}"), schema.protocol(name), width);
    let mut text = format!("{}\n\n{keys}", wrap(&heading, width).join("\n"));
    let presets: Vec<Item> = (entry.registered.presets)().iter().map(preset).collect();
    if !presets.is_empty() {
        text += &format!("\n{name}, presets\n\n{}", aligned(&presets, width));
    }
    text
}

/// Keys that a protocol's preset sets.
fn preset(preset: &overlay::Preset) -> Item {
    let keys: Vec<&str> = preset.keys.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = format!("{}. {}", keys.join("; "), preset.source);
    Item { name: preset.name.to_owned(), value: String::new(), text }
}

fn latency(schema: &Schema, width: usize) -> String {
    let models = schema.tables(schema.key(schema.section("network"), "latency"));
    let (models, regions) = (aligned(&models, width), aligned(&regions(), width));
    format!(
        "LATENCY MODELS, one-way delay: [network.latency.MODEL]\n\n{models}\nREGIONS, median round-trip times in ms (WonderNetwork, 2018)\n\n{regions}"
    )
}

/// Built-in table of regions.
fn regions() -> Vec<Item> {
    let item = |(at, (name, row)): (usize, &(&str, [u16; 10]))| {
        let others = WORLD.iter().zip(row).enumerate().filter(|(other, _)| *other != at);
        let text: Vec<String> = others.map(|(_, ((other, _), median))| format!("{other} {median}")).collect();
        Item { name: (*name).to_owned(), value: format!("within {}", row[at]), text: text.join(", ") }
    };
    WORLD.iter().enumerate().map(item).collect()
}

fn wire(schema: &Schema, width: usize) -> String {
    let keys = schema.by_key("network.wire", schema.key(schema.section("network"), "wire"), width);
    let preset = |preset: &overlay::wire::Preset| {
        let Wire { packet, request, ping, reply, identifier, contact, handshake } = preset.wire;
        let handshake = handshake.map_or("none".to_owned(), |it| {
            format!("{} and {} B, {} round trips, idle {}", it.bytes, it.answer, it.round_trips, it.idle)
        });
        let sizes = format!(
            "packet {packet}, request {request}, ping {ping}, reply {reply}, identifier {identifier}, contact {contact} B; \
             handshake {handshake}"
        );
        Item { name: preset.name.to_owned(), value: String::new(), text: format!("{sizes}. {}", preset.source) }
    };
    let presets: Vec<Item> = overlay::wire::PRESETS.iter().map(preset).collect();
    let presets = aligned(&presets, width);
    format!("WIRE, message sizes: [network.wire] and [systems.NAME.wire]\n\n{keys}\nPRESETS\n\n{presets}")
}

fn churn(schema: &Schema, width: usize) -> String {
    let churn = schema.key(schema.section("population"), "churn");
    let laws = schema.alternatives(schema.key(churn, "session"));
    let (keys, laws) = (aligned(&schema.parameters(churn), width), aligned(&laws, width));
    format!("CHURN: [population.churn]\n\n{keys}\nLAWS, such as session.weibull = {{ … }}\n\n{laws}")
}

fn presets(width: usize) -> String {
    let preset = |preset: &crate::population::presets::Preset| {
        let downtime = preset.downtime.as_ref().map_or("not given".to_owned(), words);
        let text = format!("sessions {}, downtimes {downtime}; {}", words(&preset.session), preset.source);
        let share =
            preset.churn().map_or(String::new(), |churn| format!("{:.1} % online", churn.availability() * 100.0));
        Item { name: preset.name.to_owned(), value: share, text }
    };
    let items: Vec<Item> = PRESETS.iter().map(preset).collect();
    let shares = |preset: &nat::Preset| {
        let shares = NatClass::ALL.into_iter().zip(preset.shares).filter(|(_, share)| *share > 0.0);
        let text: Vec<String> = shares.map(|(class, share)| format!("{} {share}", class.name())).collect();
        Item {
            name: preset.name.to_owned(),
            value: String::new(),
            text: format!("{}; {}", text.join(", "), preset.source),
        }
    };
    let nats: Vec<Item> = nat::PRESETS.iter().map(shares).collect();
    format!(
        "PRESETS of churn: population.churn.preset = \"…\"\n\n{}\nPRESETS of NATs: network.nat.preset = \"…\"\n\n{}",
        aligned(&items, width),
        aligned(&nats, width)
    )
}

/// Law of a preset, with times in seconds, in words.
fn words(law: &Law) -> String {
    let time = |seconds: f64| match seconds {
        hours if hours >= 3_600.0 => format!("{} h", significant(hours / 3_600.0)),
        minutes => format!("{} min", significant(minutes / 60.0)),
    };
    match law {
        Law::Weibull { shape, scale } => format!("Weibull (shape {shape}, scale {})", time(*scale)),
        Law::Exponential { mean } => format!("exponential (mean {})", time(*mean)),
        other => format!("with mean {}", Duration::from_secs_f64(other.mean())),
    }
}

/// Columns of each result file with their units and definitions.
fn metrics(width: usize) -> String {
    let note = "Loads are over the machines that were online for at least a tenth of the measurement. Latency, hops and \
                stretch are those of correct operations.";
    let note = wrap(note, width).join("\n");
    let titles = [
        "METRICS",
        "TIME SERIES",
        "QUANTILES over machines and operations",
        "CLASSES of participants",
        "PAIRS of NAT classes",
    ];
    let section = |((file, metrics), title): ((&str, Vec<&Metric>), &str)| {
        let item = |metric: &&Metric| Item {
            name: metric.name.clone(),
            value: metric.unit.to_owned(),
            text: metric.about.clone(),
        };
        let note = if title == titles[0] { format!("{note}\n") } else { String::new() };
        let items = aligned(&metrics.iter().map(item).collect::<Vec<_>>(), width);
        format!("{title}, the columns of {file}\n{note}\n{items}")
    };
    files().into_iter().zip(titles).map(section).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_of_the_schema_can_be_listed() {
        let registry = Registry::standard();
        let schema = schema(registry.registered());
        let sections = schema["properties"].as_object().expect("it has sections").iter();
        let tables = sections.filter(|(_, section)| section["type"] != "string" && section["type"] != "integer");
        let mut tables: Vec<&str> = tables.map(|(name, _)| name.as_str()).filter(|name| *name != "systems").collect();
        let mut listed = SECTIONS.map(|(name, _)| name);
        tables.sort_unstable();
        listed.sort_unstable();
        assert_eq!(tables, listed);
    }
}
