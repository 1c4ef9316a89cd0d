//! Whether every value has a kind that the schema allows at its place. `serde` alone takes a list for a table, its items for the
//! keys in the order in which a program declares them.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::entries;
use super::problem::Problem;
use super::source::Span;

/// A problem for every value of a kind that cannot stand where it does.
pub(super) fn problems(schema: &Value, document: &DeTable<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let shapes = Shapes { schema };
    shapes.table(&shapes.alternatives(&[schema]), document, &mut found);
    found
}

struct Shapes<'a> {
    schema: &'a Value,
}

impl<'a> Shapes<'a> {
    /// What nodes of the schema say, behind references and alternatives.
    fn alternatives(&self, nodes: &[&'a Value]) -> Vec<&'a Value> {
        let mut open = nodes.to_vec();
        let mut found = Vec::new();
        while let Some(node) = open.pop() {
            if let Some(reference) = node["$ref"].as_str() {
                open.push(&self.schema["$defs"][reference.trim_start_matches("#/$defs/")]);
            } else if let Some(list) = node["anyOf"].as_array().or(node["oneOf"].as_array())
                && node["properties"].is_null()
            {
                open.extend(list);
            } else {
                found.push(node);
            }
        }
        found
    }

    /// The keys of a table, in the order of the file.
    fn table(&self, nodes: &[&'a Value], table: &DeTable<'_>, found: &mut Vec<Problem>) {
        for (key, value) in entries(Some(table)) {
            let name = key.get_ref().as_ref();
            let below = |node: &&'a Value| node["properties"].get(name).or(node.get("additionalProperties"));
            let nodes: Vec<_> = nodes.iter().filter_map(below).collect();
            self.value(&self.alternatives(&nodes), name, value, found);
        }
    }

    /// A value where these nodes say what can stand there, and what is in it.
    fn value(&self, nodes: &[&'a Value], key: &str, value: &Spanned<DeValue<'_>>, found: &mut Vec<Problem>) {
        let kinds: Vec<&str> = nodes.iter().flat_map(|node| kinds(node)).filter(|kind| *kind != "null").collect();
        let is = kind(value.get_ref());
        // Of numbers without a unit, and of fractions, more can be said.
        let is_told_elsewhere = is == "number" && ["string", "integer"].iter().any(|kind| kinds.contains(kind));
        if !(kinds.is_empty() || kinds.contains(&is) || is_told_elsewhere) {
            return found.push(wrong(value.span(), key, &kinds, nodes, is));
        }
        match value.get_ref() {
            DeValue::Table(table) => self.table(nodes, table, found),
            DeValue::Array(list) => {
                let items: Vec<_> = nodes.iter().filter_map(|node| node.get("items")).collect();
                let items = self.alternatives(&items);
                list.iter().for_each(|item| self.value(&items, key, item, found));
            }
            _ => {}
        }
    }
}

/// The kinds of JSON that a node allows; none if it does not say.
fn kinds(node: &Value) -> Vec<&str> {
    let words = node["enum"].as_array().into_iter().flatten().chain(node.get("const"));
    let of_words = words.filter(|word| word.is_string()).map(|_| "string");
    let said = node["type"]
        .as_str()
        .into_iter()
        .chain(node["type"].as_array().into_iter().flatten().filter_map(Value::as_str));
    let mut kinds: Vec<&str> = of_words.chain(said).collect();
    if kinds.contains(&"number") || kinds.contains(&"integer") {
        kinds.push("number");
    }
    kinds.dedup();
    kinds
}

/// The kind of JSON that a value of TOML is.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Table(_) => "object",
        DeValue::Array(_) => "array",
        DeValue::String(_) => "string",
        DeValue::Integer(_) | DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "date",
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "object" => "a table of keys",
        "array" => "a list",
        "string" => "a text in quotes",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "a date",
    }
}

fn wrong(span: Span, key: &str, kinds: &[&str], nodes: &[&Value], is: &str) -> Problem {
    let is_whole = kinds.contains(&"integer");
    let mut right: Vec<&str> =
        kinds.iter().filter(|kind| !(is_whole && **kind == "number")).map(|kind| in_words(kind)).collect();
    right.sort_unstable();
    right.dedup();
    let problem = Problem::new(span, format!("`{key}` is {}, not {}", right.join(" or "), in_words(is)));
    let keys: Vec<&str> = nodes
        .iter()
        .filter_map(|node| node["properties"].as_object())
        .flat_map(|all| all.keys())
        .map(String::as_str)
        .collect();
    match (is, keys.as_slice()) {
        ("array", [_, ..]) | ("string" | "number" | "boolean", [_, ..]) => {
            problem.help(format!("its keys are `{}`", keys.join("`, `")))
        }
        ("string", _) if right == ["a number"] => problem.help("write it without quotes, a share as in 0.05"),
        ("string", _) => problem.help("write it without quotes"),
        _ => problem,
    }
}
