//! Keys of a scenario file as `peerlab list` shows them, from the schema.

use serde_json::Value;

pub use super::aligned::Item;
use super::aligned::list as aligned;

/// Reference to laws of durations, which occur in many places and are listed once, under `churn`.
const LAWS: &str = "#/$defs/DurationLaw";

/// The keys that may stand at one place of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// As a heading in a file names it: `network.access`, `[population.classes]` for each table of a list.
    pub path: String,
    /// Each with its default; of a choice, with the keys of its own table.
    pub keys: Vec<Item>,
    /// Whether exactly one of the keys is given.
    pub is_choice: bool,
}

/// Schema of scenarios, with look-up from its root.
pub struct Schema(Value);

impl Schema {
    pub fn new(schema: Value) -> Schema {
        Schema(schema)
    }

    /// Schema of a file.
    pub fn root(&self) -> &Value {
        &self.0
    }

    /// Schema of a section of the file.
    pub fn section(&self, name: &str) -> &Value {
        self.followed(&self.0["properties"][name])
    }

    /// Schema of a protocol's table.
    pub fn protocol(&self, name: &str) -> &Value {
        let system = &self.0["properties"]["systems"]["additionalProperties"];
        self.followed(&system["properties"][name])
    }

    /// Schema of a key of a table.
    pub fn key<'a>(&'a self, table: &'a Value, name: &str) -> &'a Value {
        self.followed(&table["properties"][name])
    }

    /// Schema behind a reference; for an optional value, that of the value; for a list, that of an element.
    fn followed<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let optional = schema["anyOf"].as_array().and_then(|schemas| schemas.first());
        let reference = schema["$ref"].as_str().and_then(|reference| self.0.pointer(reference.trim_start_matches('#')));
        match optional.or(reference) {
            Some(next) => self.followed(next),
            None if schema["items"].is_object() => self.followed(&schema["items"]),
            None => schema,
        }
    }

    /// Keys of a table with their defaults and descriptions.
    pub fn parameters(&self, table: &Value) -> Vec<Item> {
        let item = |(name, key): (&String, &Value)| {
            let choices = self.choices(self.followed(key));
            let own = described(key);
            let table = self.followed(key);
            let description = if own.is_empty() && table["pattern"].is_null() { described(table) } else { own };
            let kind = match choices.is_empty() {
                true => self.kind(key),
                false => format!("One of {}.", choices.join(", ")),
            };
            Item { name: name.clone(), value: written(&key["default"]), text: format!("{description} {kind}") }
        };
        properties(table).map(item).collect()
    }

    /// Kind of a value, as a sentence.
    fn kind(&self, key: &Value) -> String {
        let kind = |schema: &Value| {
            let kinds = schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or(&schema["type"]);
            kinds.as_str().unwrap_or_default().to_owned()
        };
        if kind(key) == "array" {
            return "A list.".to_owned();
        }
        let schema = self.followed(key);
        match &kind(schema)[..] {
            "string" if schema["pattern"].is_string() => {
                // A quantity says itself what it is: "a size with a unit, such as …".
                let said = described(schema);
                format!("{}.", said.split(", such").next().unwrap_or_default().replacen('a', "A", 1))
            }
            "string" => "A text.".to_owned(),
            "integer" => "A whole number.".to_owned(),
            "number" => "A number.".to_owned(),
            "boolean" => "True or false.".to_owned(),
            _ => String::new(),
        }
    }

    /// Listing of a section, key by key.
    pub fn section_by_key(&self, name: &str, width: usize) -> String {
        self.by_key(name, &self.0["properties"][name], width)
    }

    /// Listing of a table at a path and of all tables below it, each once.
    pub fn by_key(&self, path: &str, schema: &Value, width: usize) -> String {
        let shown = |table: Table| format!("[{}]\n\n{}", table.path, aligned(&table.keys, width));
        self.all(path, schema).into_iter().map(shown).collect::<Vec<_>>().join("\n")
    }

    /// What stands at a place of the file, and all tables below it, each once.
    pub fn all(&self, path: &str, schema: &Value) -> Vec<Table> {
        let (mut tables, mut listed) = (Vec::new(), vec![LAWS]);
        self.below(path, schema, &mut listed, &mut tables);
        tables
    }

    fn below<'a>(&'a self, path: &str, schema: &'a Value, listed: &mut Vec<&'a str>, tables: &mut Vec<Table>) {
        if let Some(name) = schema["$ref"].as_str() {
            if listed.contains(&name) {
                return;
            }
            listed.push(name);
            let Some(table) = self.0.pointer(name.trim_start_matches('#')) else { return };
            return self.below(path, table, listed, tables);
        }
        for alternative in schema["anyOf"].as_array().into_iter().flatten() {
            self.below(path, alternative, listed, tables);
        }
        if schema["items"].is_object() {
            let element = self.followed(&schema["items"]);
            let is_table = element["properties"].is_object() || !self.alternatives(element).is_empty();
            let path = if is_table { format!("[{path}]") } else { path.to_owned() };
            self.below(&path, &schema["items"], listed, tables);
        }
        if schema["additionalProperties"].is_object() {
            self.below(&format!("{path}.NAME"), &schema["additionalProperties"], listed, tables);
        }
        let bare = path.trim_matches(['[', ']']);
        if let Some(keys) = schema["properties"].as_object() {
            tables.push(Table { path: path.to_owned(), keys: self.parameters(schema), is_choice: false });
            keys.iter().for_each(|(key, schema)| self.below(&format!("{bare}.{key}"), schema, listed, tables));
            return;
        }
        let alternatives = self.alternatives(schema);
        if !alternatives.is_empty() {
            tables.push(Table { path: path.to_owned(), keys: alternatives, is_choice: true });
            for alternative in schema["oneOf"].as_array().into_iter().flatten() {
                let documented =
                    |keys: &Value| properties(self.followed(keys)).any(|(_, key)| !described(key).is_empty());
                properties(alternative)
                    .filter(|(_, keys)| documented(keys))
                    .for_each(|(key, keys)| self.below(&format!("{bare}.{key}"), keys, listed, tables));
            }
        }
    }

    /// Keys of a table, each with the keys of its own table, or with its default.
    pub fn tables(&self, table: &Value) -> Vec<Item> {
        let item = |(name, key): (&String, &Value)| {
            let inner = names(self.followed(key));
            let value = if inner.is_empty() { written(&key["default"]) } else { inner };
            Item { name: name.clone(), value, text: described(key) }
        };
        properties(table).map(item).collect()
    }

    /// Permitted values: words and tables of one key.
    fn choices(&self, schema: &Value) -> Vec<String> {
        let listed = |schema: &Value| schema["enum"].as_array().cloned().unwrap_or_default();
        let choice = |schema: &Value| {
            let words = listed(schema).into_iter().chain(schema.get("const").cloned());
            let words: Vec<String> = words.filter_map(|word| Some(format!("\"{}\"", word.as_str()?))).collect();
            let tables = properties(schema).map(|(key, _)| format!("{{ {key} = … }}"));
            words.into_iter().chain(tables).collect::<Vec<_>>()
        };
        let of_one: Vec<String> = schema["oneOf"].as_array().into_iter().flatten().flat_map(choice).collect();
        if of_one.is_empty() && schema["enum"].is_array() { choice(schema) } else { of_one }
    }

    /// Alternatives of which exactly one key is given, each with the keys of its own table.
    pub fn alternatives(&self, schema: &Value) -> Vec<Item> {
        let alternatives = schema["oneOf"].as_array().into_iter().flatten();
        let item = |alternative: &Value| {
            let (name, inner) = properties(alternative).next()?;
            Some(Item { name: name.clone(), value: names(self.followed(inner)), text: described(alternative) })
        };
        alternatives.filter_map(item).collect()
    }
}

/// Keys of a table with their schemas.
fn properties(table: &Value) -> impl Iterator<Item = (&String, &Value)> {
    table["properties"].as_object().into_iter().flatten()
}

/// Names of the keys of a table.
fn names(table: &Value) -> String {
    properties(table).map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
}

fn described(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// Default value in TOML; empty for none.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(table) if table.is_empty() => "{}".to_owned(),
        Value::Object(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}", written(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
