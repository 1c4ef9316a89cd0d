//! Structural check against the schema: every value has a permitted kind, every whole number is within its bounds, and
//! a choice between tables has exactly one. `serde` alone accepts a list for a table, its items for the keys in the
//! order in which a program declares them, and does not say what there is to choose from.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::alternatives::exclude;
use super::document::entries;
use super::problem::Problem;

/// Problems of all values with a kind that is not permitted at their place.
pub(super) fn problems(schema: &Value, document: &DeTable<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    let shapes = Shapes { schema };
    shapes.table(&shapes.alternatives(&[schema]), document, &mut found);
    found
}

struct Shapes<'a> {
    schema: &'a Value,
}

/// Choice: one of several words and tables of which exactly one is permitted.
struct Choice<'a> {
    name: &'a str,
    /// Schema of the table; `None` for a word.
    table: Option<&'a Value>,
}

impl<'a> Shapes<'a> {
    /// Schema nodes behind references and alternatives.
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

    /// Checks the keys of a table, in the order of the file.
    fn table(&self, nodes: &[&'a Value], table: &DeTable<'_>, found: &mut Vec<Problem>) {
        for (key, value) in entries(Some(table)) {
            let name = key.get_ref().as_ref();
            let below = |node: &&'a Value| node["properties"].get(name).or(node.get("additionalProperties"));
            let nodes: Vec<_> = nodes.iter().filter_map(below).collect();
            self.value(&nodes, name, value, found);
        }
    }

    /// Choices at a place; none if a table of another kind is permitted too.
    fn choices(&self, nodes: &[&'a Value]) -> Vec<Choice<'a>> {
        let mut open = nodes.to_vec();
        let mut found = Vec::new();
        while let Some(node) = open.pop() {
            if let Some(reference) = node["$ref"].as_str() {
                open.push(&self.schema["$defs"][reference.trim_start_matches("#/$defs/")]);
            } else if node["properties"].is_object() {
                return Vec::new();
            } else if let Some(list) = node["anyOf"].as_array() {
                open.extend(list);
            } else if let Some(list) = node["oneOf"].as_array() {
                found.extend(list.iter().flat_map(choices));
            }
        }
        found
    }

    /// Choice in the syntax of a scenario, with the keys that it must have.
    fn written(&self, choice: &Choice<'_>) -> String {
        let Some(table) = choice.table else { return format!("\"{}\"", choice.name) };
        let table = self.alternatives(&[table]);
        let required = table.iter().filter_map(|node| node["required"].as_array()).flatten().filter_map(Value::as_str);
        let required: Vec<String> = required.map(|key| format!("{key} = …")).collect();
        match table.iter().any(|node| node["properties"].is_object()) {
            true if required.is_empty() => format!("{{ {} = {{ … }} }}", choice.name),
            true => format!("{{ {} = {{ {} }} }}", choice.name, required.join(", ")),
            false => format!("{{ {} = … }}", choice.name),
        }
    }

    /// Problem of a word that needs keys of its own, or of a table that is not exactly one of the choices.
    fn no_choice(&self, choices: &[Choice<'a>], value: &Spanned<DeValue<'_>>) -> Option<Problem> {
        let named = |name: &str| choices.iter().find(|choice| choice.name == name);
        let names: Vec<&str> = choices.iter().map(|choice| choice.name).collect();
        let table = match value.get_ref() {
            DeValue::String(word) => {
                let choice = named(word).filter(|choice| choice.table.is_some())?;
                let problem = Problem::new(value.span(), format!("`{word}` needs more than its name"));
                return Some(problem.help(format!("write {} here", self.written(choice))));
            }
            DeValue::Table(table) if choices.iter().any(|choice| choice.table.is_some()) => entries(Some(table)),
            _ => return None,
        };
        if let Some((key, _)) = table.iter().find(|(key, _)| named(key.get_ref()).is_none()) {
            let name = key.get_ref().as_ref();
            let problem = Problem::unknown(key.span(), "choice", name, &names);
            // What belongs into the table of a choice stands beside it.
            let has = |choice: &&Choice<'a>| {
                let keys = choice.table.map_or(Vec::new(), |table| self.alternatives(&[table]));
                keys.iter().any(|node| !node["properties"][name].is_null())
            };
            let chosen = table.iter().find_map(|(key, _)| named(key.get_ref())).filter(has);
            return Some(match chosen.or(choices.iter().find(has)) {
                Some(choice) => problem.help(format!(
                    "`{name}` is a key of one of `{}`: write it in there, as in {}",
                    names.join("`, `"),
                    self.written(choice)
                )),
                None => problem,
            });
        }
        match &table[..] {
            [] => {
                let problem = Problem::new(value.span(), "exactly one alternative must be given here");
                Some(problem.help(format!("write one of `{}`", names.join("`, `"))))
            }
            [_] => None,
            [(first, _), (second, _), ..] => Some(exclude(first, second, &names)),
        }
    }

    /// Checks a value, and its content, against these nodes.
    fn value(&self, nodes: &[&'a Value], key: &str, value: &Spanned<DeValue<'_>>, found: &mut Vec<Problem>) {
        let choices = self.choices(nodes);
        let nodes = &self.alternatives(nodes)[..];
        if let Some(problem) = self.no_choice(&choices, value).or_else(|| no_whole_number(nodes, key, value)) {
            return found.push(problem);
        }
        let kinds: Vec<&str> = nodes.iter().flat_map(|node| kinds(node)).filter(|kind| *kind != "null").collect();
        let is = kind(value.get_ref());
        // Of numbers without a unit, and of fractions, more can be said.
        let is_told_elsewhere = is == "number" && ["string", "integer"].iter().any(|kind| kinds.contains(kind));
        if !(kinds.is_empty() || kinds.contains(&is) || is_told_elsewhere) {
            return found.push(wrong(value, key, &kinds, nodes));
        }
        match value.get_ref() {
            DeValue::Table(table) => self.table(nodes, table, found),
            DeValue::Array(list) => {
                let items: Vec<_> = nodes.iter().filter_map(|node| node.get("items")).collect();
                list.iter().for_each(|item| self.value(&items, key, item, found));
            }
            _ => {}
        }
    }
}

/// Choices of a member of `oneOf`: its words, or a table of one key.
fn choices(node: &Value) -> Vec<Choice<'_>> {
    let words = node["enum"].as_array().into_iter().flatten().chain(node.get("const")).filter_map(Value::as_str);
    let tables = node["properties"].as_object().into_iter().flatten();
    let tables = tables.map(|(name, table)| Choice { name, table: Some(table) });
    words.map(|name| Choice { name, table: None }).chain(tables).collect()
}

/// Problem of a number that is not whole, or out of bounds.
fn no_whole_number(nodes: &[&Value], key: &str, value: &Spanned<DeValue<'_>>) -> Option<Problem> {
    let is = |node: &&&Value, kind: &str| {
        node["type"] == kind || node["type"].as_array().is_some_and(|all| all.contains(&kind.into()))
    };
    let node = nodes.iter().find(|node| is(node, "integer"))?;
    if nodes.iter().any(|node| is(&node, "number")) {
        return None;
    }
    let lowest = node["minimum"].as_i64().map_or(i128::MIN, i128::from);
    let highest = match (node["maximum"].as_u64(), node["format"].as_str()) {
        (Some(highest), _) => highest.into(),
        (None, Some("uint32")) => u32::MAX.into(),
        (None, _) => i64::MAX.into(), // as TOML has it
    };
    let in_bounds = |number: &i128| (lowest..=highest).contains(number);
    let words = nodes.iter().flat_map(|node| choices(node)).map(|word| format!(", or \"{}\"", word.name));
    let help = format!("write a whole number from {lowest} to {highest}{}", words.collect::<String>());
    let (whole, problem) = match value.get_ref() {
        DeValue::Integer(number) => {
            let whole = i128::from_str_radix(number.as_str(), number.radix()).ok();
            (whole, Problem::new(value.span(), format!("`{key}` cannot be {number}")).help(help))
        }
        DeValue::Float(number) => {
            let text = number.as_str();
            let near = text.parse::<f64>().ok().filter(|near| near.fract() == 0.0).map(|near| near as i128);
            let help = near.filter(in_bounds).map_or(help, |near| format!("write {near}"));
            (None, Problem::new(value.span(), format!("`{key}` is a whole number, not {text}")).help(help))
        }
        _ => return None,
    };
    (!whole.is_some_and(|whole| in_bounds(&whole))).then_some(problem)
}

/// JSON kinds that a node permits; none if it does not say.
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

/// JSON kind of a TOML value.
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

/// Spelling of the number that a text may mean.
fn number_in(text: &str) -> String {
    let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match percent {
        Some(percent) => format!("write it without quotes, as a share: {}", percent / 100.0),
        None => "write it without quotes, a share as in 0.05".to_owned(),
    }
}

fn wrong(value: &Spanned<DeValue<'_>>, key: &str, kinds: &[&str], nodes: &[&Value]) -> Problem {
    let (is, text) = (kind(value.get_ref()), value.get_ref().as_str().unwrap_or_default());
    let is_whole = kinds.contains(&"integer");
    let mut right: Vec<&str> =
        kinds.iter().filter(|kind| !(is_whole && **kind == "number")).map(|kind| in_words(kind)).collect();
    right.sort_unstable();
    right.dedup();
    let problem = Problem::new(value.span(), format!("`{key}` is {}, not {}", right.join(" or "), in_words(is)));
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
        ("string", _) if right == ["a number"] => problem.help(number_in(text)),
        ("string", _) => problem.help("write it without quotes"),
        _ => problem,
    }
}
