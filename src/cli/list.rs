//! `peerlab list`: what a scenario may name and what the results hold. Says what the schema, the registry, the table of
//! presets and the catalogue of figures say: nothing is written twice.

use serde_json::Value;

use super::aligned::{Item, list as aligned, wrap};
use super::arguments::Listed;
use super::failure::Failure;
use super::print;
use crate::engine::{Duration, Law};
use crate::network::nat::{self, NatClass};
use crate::network::regions::WORLD;
use crate::overlay::{self, Wire};
use crate::population::presets::PRESETS;
use crate::registry::Registry;
use crate::report::number::significant;
use crate::run::by_class::CLASSES;
use crate::run::catalogue::connections::PAIRS;
use crate::run::catalogue::{Catalogue, METRICS, QUANTILES, SERIES};
use crate::scenario::schema;

const ALL: [Listed; 7] = [
    Listed::Protocols,
    Listed::Latency,
    Listed::Wire,
    Listed::Population,
    Listed::Churn,
    Listed::Presets,
    Listed::Metrics,
];

pub fn list(registry: &Registry, what: Option<Listed>) -> Result<(), Failure> {
    let schema = Schema(schema(registry.registered()));
    let width = print::width();
    let section = |what| match what {
        Listed::Protocols => protocols(registry, &schema, width),
        Listed::Latency => latency(&schema, width),
        Listed::Wire => wire(&schema, width),
        Listed::Population => population(&schema, width),
        Listed::Churn => churn(&schema, width),
        Listed::Presets => presets(width),
        Listed::Metrics => metrics(width),
    };
    let sections: Vec<String> = what.map_or(ALL.to_vec(), |what| vec![what]).into_iter().map(section).collect();
    print::output(&sections.join("\n"))
}

fn protocols(registry: &Registry, schema: &Schema, width: usize) -> String {
    let mut text = "PROTOCOLS, the table of a system: [systems.NAME.PROTOCOL]\n".to_owned();
    for entry in registry.entries() {
        let name = entry.registered.name;
        let heading = format!("{name}: {} ({})", entry.summary, entry.source);
        text += &format!("\n{}\n", wrap(&heading, width).join("\n"));
        text += &aligned(&schema.parameters(schema.protocol(name)), width);
        let presets = (entry.registered.presets)().iter().map(preset);
        let presets: Vec<Item> = presets.collect();
        if !presets.is_empty() {
            text += &format!("\n{name}, presets\n\n{}", aligned(&presets, width));
        }
    }
    text
}

/// What a protocol's preset sets.
fn preset(preset: &overlay::Preset) -> Item {
    let keys: Vec<&str> = preset.keys.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = format!("{}. {}", keys.join("; "), preset.source);
    Item { name: preset.name.to_owned(), value: String::new(), text }
}

fn latency(schema: &Schema, width: usize) -> String {
    let models = schema.tables(schema.key(schema.section("network"), "latency"));
    let (models, regions) = (aligned(&models, width), aligned(&regions(), width));
    format!(
        "LATENCY, one way: [network.latency.MODEL]\n\n{models}\nREGIONS, median round trips in ms (WonderNetwork, 2018)\n\n{regions}"
    )
}

/// The built-in table of regions.
fn regions() -> Vec<Item> {
    let item = |(at, (name, row)): (usize, &(&str, [u16; 10]))| {
        let others = WORLD.iter().zip(row).enumerate().filter(|(other, _)| *other != at);
        let text: Vec<String> = others.map(|(_, ((other, _), median))| format!("{other} {median}")).collect();
        Item { name: (*name).to_owned(), value: format!("within {}", row[at]), text: text.join(", ") }
    };
    WORLD.iter().enumerate().map(item).collect()
}

fn wire(schema: &Schema, width: usize) -> String {
    let keys = aligned(&schema.parameters(schema.key(schema.section("network"), "wire")), width);
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
    format!("WIRE, sizes of messages: [network.wire] and [systems.NAME.wire]\n\n{keys}\nPRESETS\n\n{presets}")
}

fn population(schema: &Schema, width: usize) -> String {
    let section = schema.section("population");
    let mut text = format!("POPULATION: [population]\n\n{}", aligned(&schema.parameters(section), width));
    for (heading, key) in [
        ("CLASSES of participants: [[population.classes]]", "classes"),
        ("DEPARTURES for good: [population.departures]", "departures"),
        ("ARRIVALS of new participants: [population.arrivals]", "arrivals"),
        ("DIURNAL, the hour of the day: [population.diurnal] and [workload.diurnal]", "diurnal"),
    ] {
        text += &format!("\n{heading}\n\n{}", aligned(&schema.parameters(schema.key(section, key)), width));
    }
    text
}

fn churn(schema: &Schema, width: usize) -> String {
    let churn = schema.key(schema.section("population"), "churn");
    let laws = schema.alternatives(schema.key(churn, "session"));
    let (keys, laws) = (aligned(&schema.parameters(churn), width), aligned(&laws, width));
    format!("CHURN: [population.churn]\n\n{keys}\nLAWS, such as session.weibull = {{ … }}\n\n{laws}")
}

fn presets(width: usize) -> String {
    let preset = |preset: &crate::population::presets::Preset| {
        let downtime = preset.downtime.as_ref().map_or("to be given".to_owned(), words);
        let text = format!("sessions {}, downtimes {downtime}; {}", words(&preset.session), preset.source);
        let share = preset.churn().map_or(String::new(), |churn| format!("{:.1} % up", churn.availability() * 100.0));
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

/// A law of a preset, which is in seconds.
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

fn metrics(width: usize) -> String {
    let items = |catalogue: &Catalogue| {
        let item = |metric: &crate::run::catalogue::Metric| Item {
            name: metric.name.clone(),
            value: metric.unit.to_owned(),
            text: metric.about.clone(),
        };
        aligned(&catalogue.iter().map(item).collect::<Vec<_>>(), width)
    };
    let note = "Loads are over the machines that were online for at least a tenth of the measurement. Latency, hops and \
                stretch are of correct operations.";
    let note = wrap(note, width).join("\n");
    format!(
        "METRICS, the columns of runs.csv\n{note}\n\n{}\nOVER TIME, the columns of timeseries.csv\n\n{}\nOVER MACHINES AND \
         OPERATIONS, the columns of load.csv\n\n{}\nOVER CLASSES of participants, the columns of classes.csv\n\n{}\nBETWEEN CLASSES of NAT, the columns of pairs.csv\n\n{}",
        items(&METRICS),
        items(&SERIES),
        items(&QUANTILES),
        items(&CLASSES),
        items(&PAIRS)
    )
}

/// The schema of scenarios, looked through from its root.
struct Schema(Value);

impl Schema {
    /// A section of the file.
    fn section(&self, name: &str) -> &Value {
        self.followed(&self.0["properties"][name])
    }

    /// The table of a protocol.
    fn protocol(&self, name: &str) -> &Value {
        let system = &self.0["properties"]["systems"]["additionalProperties"];
        self.followed(&system["properties"][name])
    }

    /// The schema of a key of a table.
    fn key<'a>(&'a self, table: &'a Value, name: &str) -> &'a Value {
        self.followed(&table["properties"][name])
    }

    /// What a reference refers to; of an optional value, the value; of a list, an element.
    fn followed<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let optional = schema["anyOf"].as_array().and_then(|schemas| schemas.first());
        let reference = schema["$ref"].as_str().and_then(|reference| self.0.pointer(reference.trim_start_matches('#')));
        match optional.or(reference) {
            Some(next) => self.followed(next),
            None if schema["items"].is_object() => self.followed(&schema["items"]),
            None => schema,
        }
    }

    /// The keys of a table with their defaults.
    fn parameters(&self, table: &Value) -> Vec<Item> {
        let keys = table["properties"].as_object().into_iter().flatten();
        let item = |(name, key): (&String, &Value)| {
            let choices = self.choices(self.followed(key));
            let description = described(key);
            let text = match choices.is_empty() {
                true => description,
                false => format!("{description} One of {}.", choices.join(", ")),
            };
            Item { name: name.clone(), value: written(&key["default"]), text }
        };
        keys.map(item).collect()
    }

    /// The keys of a table, each with those of the table that it stands for, or with its default.
    fn tables(&self, table: &Value) -> Vec<Item> {
        let keys = table["properties"].as_object().into_iter().flatten();
        let item = |(name, key): (&String, &Value)| {
            let inner = self.followed(key)["properties"].as_object().into_iter().flatten();
            let inner: Vec<&str> = inner.map(|(key, _)| key.as_str()).collect();
            let value = if inner.is_empty() { written(&key["default"]) } else { inner.join(", ") };
            Item { name: name.clone(), value, text: described(key) }
        };
        keys.map(item).collect()
    }

    /// The words of which a value is one.
    fn choices(&self, schema: &Value) -> Vec<String> {
        let listed = schema["enum"].as_array().into_iter().flatten();
        let described = schema["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["const"]);
        listed.chain(described).filter_map(Value::as_str).map(|word| format!("\"{word}\"")).collect()
    }

    /// The alternatives of which exactly one key is given, each with the keys of its own table.
    fn alternatives(&self, schema: &Value) -> Vec<Item> {
        let alternatives = schema["oneOf"].as_array().into_iter().flatten();
        let item = |alternative: &Value| {
            let (name, inner) = alternative["properties"].as_object()?.iter().next()?;
            let keys = self.followed(inner)["properties"].as_object();
            let keys: Vec<&str> = keys.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            Some(Item { name: name.clone(), value: keys.join(", "), text: described(alternative) })
        };
        alternatives.filter_map(item).collect()
    }
}

fn described(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// A default as TOML writes it; nothing for none.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}", written(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
