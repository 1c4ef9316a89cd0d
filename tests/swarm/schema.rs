//! Random values of what the schema of scenarios allows, small enough that a run of them is short.

use peerlab::engine::{Noise, Source};
use serde_json::{Map, Value, json};

/// The schema, and where its draws come from.
pub(crate) struct Schema<'a> {
    pub root: &'a Value,
    pub random: Noise,
}

/// Durations that a scenario of a few minutes may name.
const DURATIONS: [&str; 15] =
    ["0s", "1us", "1ms", "20ms", "200ms", "500ms", "1s", "5s", "20s", "1min", "3min", "10min", "1h", "10h", "900d"];
/// How often something is done: as often as that a run of minutes stays short.
const PERIODS: [&str; 6] = ["1s", "5s", "20s", "1min", "10min", "900d"];
const PERIODIC: [&str; 13] = [
    "every",
    "stabilize",
    "fix_fingers",
    "check_predecessor",
    "refresh",
    "revalidate",
    "merge_every",
    "anti_entropy",
    "audit",
    "keep_alive",
    "rotate_every",
    "republish",
    "sample",
];
const RATES: [&str; 6] = ["unlimited", "20kbit/s", "1Mbit/s", "10Mbit/s", "2kB/s", "1.5GB/s"];
const SIZES: [&str; 7] = ["0B", "1B", "100B", "1kB", "4KiB", "70KiB", "1MiB"];
const NUMBERS: [f64; 12] = [0.0, 0.01, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0, 1.5, 3.0, 24.0];
const INTEGERS: [u64; 12] = [0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 20, 33];
const NAT_CLASSES: [&str; 7] =
    ["open", "full-cone", "restricted", "port-restricted", "symmetric", "firewall", "blocked"];
const CHURN: [&str; 4] = ["kad", "bittorrent-debian", "p2psim", "none"];
const NAMES: [&str; 3] = ["a", "b", "c"];
/// What runs may differ in.
const AXES: [(&str, [&str; 2]); 7] = [
    ("seed", ["3", "4"]),
    ("population.online", ["4", "9"]),
    ("network.loss", ["0.0", "0.2"]),
    ("network.jitter", ["0.1", "0.3"]),
    ("storage.replicas", ["1", "2"]),
    ("population.churn.time_scale", ["0.01", "0.1"]),
    ("workload.deadline", ["\"2s\"", "\"20s\""]),
];

impl<'a> Schema<'a> {
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.random.chance(p)
    }

    pub(crate) fn one<'b, T: ?Sized>(&mut self, of: &[&'b T]) -> &'b T {
        of[self.random.below(of.len() as u64) as usize]
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.random.below(of.len() as u64) as usize]
    }

    /// What a node says, behind references and the choice of `null`.
    pub(crate) fn resolved(&mut self, node: &'a Value) -> &'a Value {
        if let Some(reference) = node["$ref"].as_str() {
            let name = reference.rsplit('/').next().expect("a name ends it");
            return self.resolved(&self.root["$defs"][name]);
        }
        if node["properties"].is_object() {
            return node; // its alternatives say which keys exclude each other
        }
        let Some(alternatives) = node["anyOf"].as_array().or(node["oneOf"].as_array()) else { return node };
        let said: Vec<&Value> = alternatives.iter().filter(|one| one["type"] != "null").collect();
        let chosen = self.one(&said);
        self.resolved(chosen)
    }

    /// A random value of a node of the schema at a path of keys.
    pub(crate) fn value(&mut self, node: &'a Value, path: &[String]) -> Value {
        let node = self.resolved(node);
        if let Some(constant) = node.get("const") {
            return constant.clone();
        }
        if let Some(words) = node["enum"].as_array() {
            return self.one(&words.iter().collect::<Vec<_>>()).clone();
        }
        let kinds: Vec<&str> = match &node["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        match kinds.first().copied().unwrap_or("nothing") {
            "object" => self.object(node, path),
            "array" => self.list(node, path),
            "boolean" => json!(self.chance(0.5)),
            "integer" => json!(self.one_of(&INTEGERS)),
            "number" => json!(self.one_of(&NUMBERS)),
            "string" => json!(self.text(node, path)),
            kind => panic!("{path:?}: a value of {kind} cannot be made up: {node}"),
        }
    }

    fn object(&mut self, node: &'a Value, path: &[String]) -> Value {
        let mut made = Map::new();
        let required: Vec<&str> = node["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, child) in node["properties"].as_object().into_iter().flatten() {
            if required.contains(&key.as_str()) || self.chance(0.3) {
                made.insert(key.clone(), self.value(child, &[path, std::slice::from_ref(key)].concat()));
            }
        }
        if node["additionalProperties"].is_object() {
            for _ in 0..1 + self.random.below(2) {
                let key = self.name(path);
                made.insert(key.clone(), self.value(&node["additionalProperties"], &[path, &[key]].concat()));
            }
        }
        Value::Object(made)
    }

    fn list(&mut self, node: &'a Value, path: &[String]) -> Value {
        if path.first().is_some_and(|key| key == "sweep") {
            return self.axis(path);
        }
        let count = match path.last().map(String::as_str) {
            Some("hours" | "factors") => 24,
            _ => 1 + self.random.below(3),
        };
        (0..count).map(|_| self.value(&node["items"], path)).collect()
    }

    /// The values of an axis.
    fn axis(&self, path: &[String]) -> Value {
        let (_, values) =
            AXES.iter().find(|(name, _)| path.last().is_some_and(|key| key == name)).expect("its name is one");
        values.iter().map(|value| serde_json::from_str::<Value>(value).expect("it is JSON")).collect()
    }

    /// A key of a table that names what the scenario declares.
    pub(crate) fn name(&mut self, path: &[String]) -> String {
        match path.last().map(String::as_str) {
            Some("axes") => self.one_of(&AXES).0.to_owned(),
            Some("shares" | "lifetimes") if path.iter().any(|key| key == "nat") => self.one(&NAT_CLASSES).to_owned(),
            _ => self.one(&NAMES).to_owned(),
        }
    }

    fn text(&mut self, node: &Value, path: &[String]) -> String {
        let pattern = node["pattern"].as_str().unwrap_or_default();
        let words: &[&str] = match path.last().map(String::as_str) {
            Some("deadline") => &["20ms", "1s", "20s", "3min"],
            _ if pattern.contains("min") && path.iter().any(|key| PERIODIC.contains(&key.as_str())) => &PERIODS,
            _ if pattern.contains("min") => &DURATIONS,
            _ if pattern.contains("bit/s") => &RATES,
            _ if pattern.contains("unlimited") => &["unlimited", "1kB", "20KiB", "1MB"],
            _ if pattern.contains("KiB") => &SIZES,
            Some("keep_alive" | "idle_close" | "soft_timeout" | "revalidate") => &["off", "5s", "20s", "1min"],
            Some("preset") if path.iter().any(|key| key == "churn") => &CHURN,
            Some("preset") => &["home-2010"],
            Some("file") if path.iter().any(|key| key == "matrix") => &["matrix.csv"],
            Some("file") => &["places.csv"],
            Some("trace") if path.iter().any(|key| key == "churn") => &["sessions.csv"],
            Some("trace") => &["requests.csv"],
            Some("metric") => &["lookup_correct_ratio", "gets"],
            _ => &NAMES,
        };
        self.one(words).to_owned()
    }
}
