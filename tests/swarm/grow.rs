//! Random scenarios that are right: they grow key by key, and a key that `check` refuses is left out again.

use std::path::{Path, PathBuf};

use peerlab::engine::Noise;
use peerlab::registry::Registry;
use peerlab::scenario::{Runs, Scenario};
use serde_json::{Value, json};

use super::schema::Schema;

/// Keys that are tried for one scenario.
const GRAFTS: usize = 60;

/// Runs that a scenario may have.
const MOST_RUNS: usize = 6;

/// A scenario as text.
pub(crate) fn text(document: &Value) -> String {
    toml::to_string(document).expect("tables of values")
}

/// The data files that a scenario may name.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/swarm/data")
}

/// The runs of a scenario, or what `check` says of it.
pub(crate) fn runs(text: &str) -> Result<Runs, String> {
    runs_in(&data(), text)
}

/// The runs of a scenario with data files of its own.
pub(crate) fn runs_in(folder: &Path, text: &str) -> Result<Runs, String> {
    let scenario = Scenario::parse("swarm.toml".into(), folder.into(), text.into(), &[]);
    let scenario = scenario.map_err(|problems| problems.to_string())?;
    scenario.runs(Registry::standard().registered()).map_err(|problems| problems.to_string())
}

/// A random scenario that `check` calls right. It hangs on the seed only.
///
/// # Errors
/// A scenario of which `check` and the schema do not think alike.
pub(crate) fn scenario(schema: &Value, validator: &jsonschema::Validator, seed: u64) -> Result<Value, String> {
    let mut schema = Schema { root: schema, random: Noise::new(seed) };
    let mut document = stem(&mut schema);
    for _ in 0..GRAFTS {
        let mut larger = document.clone();
        let root = schema.root;
        graft(&mut schema, root, &mut larger, &mut Vec::new());
        let right = runs(&text(&larger)).is_ok_and(|right| right.runs.len() <= MOST_RUNS);
        if right && !validator.is_valid(&larger) {
            let said = validator.iter_errors(&larger).map(|error| error.to_string()).collect::<Vec<_>>().join("; ");
            return Err(format!("`check` accepts what the schema refuses: {said}\n{}", text(&larger)));
        }
        if right {
            document = larger;
        }
    }
    Ok(document)
}

/// The least that there is to say.
fn stem(schema: &mut Schema<'_>) -> Value {
    let (online, seed) = (*schema.one(&[&2, &3, &6, &12, &30]), schema.one(&["1", "2", "7"]).parse::<u64>());
    let warmup = schema.one(&["0s", "20s", "2min", "10min"]);
    let measure = schema.one(&["10s", "1min", "5min", "15min"]);
    let mut document = json!({
        "title": "swarm", "seed": seed.expect("a number"), "time": { "warmup": warmup, "measure": measure },
        "population": { "online": online }, "systems": {},
    });
    for name in ["a", "b", "c"] {
        let protocol = schema.one(&["client-server", "full-table", "chord", "kademlia"]);
        if name == "a" || schema.chance(0.5) {
            document["systems"][name] = json!({ protocol: {} });
        }
    }
    if schema.chance(0.9) {
        document["workload"] = json!({ "lookup": { "every": schema.one(&["1s", "5s", "30s"]) } });
    }
    document
}

/// Sets one more key somewhere in a table, or changes one.
fn graft<'a>(schema: &mut Schema<'a>, node: &'a Value, table: &mut Value, path: &mut Vec<String>) {
    let node = schema.resolved(node);
    let key = match node["properties"].as_object() {
        Some(properties) => {
            let keys: Vec<&String> = properties.keys().filter(|key| may_grow(path, key)).collect();
            schema.one(&keys).clone()
        }
        None if path.as_slice() == ["systems"] => {
            let names: Vec<&String> = table.as_object().expect("a table").keys().collect();
            schema.one(&names).clone()
        }
        None => schema.name(path),
    };
    let child = node["properties"].get(&key).unwrap_or(&node["additionalProperties"]);
    path.push(key.clone());
    let meant = schema.resolved(child);
    let is_table = meant["properties"].is_object() || meant["additionalProperties"].is_object();
    let there = table.get(&key).is_some_and(Value::is_object);
    if is_table && (there || schema.chance(0.7)) {
        if !there {
            table[&key] = json!({});
        }
        graft(schema, meant, &mut table[&key], path);
    } else if meant["type"] == "array" && table.get(&key).is_some_and(Value::is_array) && schema.chance(0.6) {
        let more = schema.value(meant, path);
        let list = table[&key].as_array_mut().expect("it is a list");
        list.extend(more.as_array().into_iter().flatten().take(1).cloned());
    } else {
        table[&key] = schema.value(meant, path);
    }
    path.pop();
}

/// What makes a run long is said at the beginning, and a system has one protocol.
fn may_grow(path: &[String], key: &str) -> bool {
    let at = path.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".");
    !["title", "seed", "expect", "time.warmup", "time.measure", "sweep.repetitions"].contains(&at.as_str())
}
