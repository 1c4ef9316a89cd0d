//! Output of a document: the resolved scenario, and values as cells of a table.

use std::fmt::Write;

use toml::de::{DeTable, DeValue};

use super::document::entries;
use super::path::spelling;

/// Value in a cell or a run's name: a string without its quotes, anything else as TOML on one line.
pub(super) fn cell(value: &DeValue<'_>) -> String {
    value.as_str().map_or_else(|| inline(value), String::from)
}

/// Value as TOML on one line.
fn inline(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => toml::Value::from(text.as_ref()).to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(value) => value.to_string(),
        DeValue::Array(list) => {
            let values: Vec<String> = list.iter().map(|value| inline(value.get_ref())).collect();
            format!("[{}]", values.join(", "))
        }
        DeValue::Table(table) if table.is_empty() => "{}".to_string(),
        DeValue::Table(table) => {
            let pair = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                format!("{} = {}", spelling(key), inline(value.get_ref()))
            };
            format!("{{ {} }}", entries(Some(table)).into_iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Document as TOML, in its own order, without comments. Deterministic.
pub(super) fn document(root: &DeTable<'_>) -> String {
    let mut text = String::new();
    table(&mut text, &mut Vec::new(), root);
    text
}

fn table(text: &mut String, path: &mut Vec<String>, table: &DeTable<'_>) {
    let entries = entries(Some(table));
    let (tables, values): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, value)| value.get_ref().is_table());
    // A header that only leads to further headers says nothing.
    if !path.is_empty() && (!values.is_empty() || tables.is_empty()) {
        let blank = if text.is_empty() { "" } else { "\n" };
        writeln!(text, "{blank}[{}]", path.join(".")).expect("a String takes everything");
    }
    for (key, value) in values {
        writeln!(text, "{} = {}", spelling(key.get_ref()), inline(value.get_ref())).expect("a String takes everything");
    }
    for (key, value) in tables {
        let DeValue::Table(below) = value.get_ref() else { unreachable!("partitioned by this") };
        path.push(spelling(key.get_ref()));
        self::table(text, path, below);
        path.pop();
    }
}
