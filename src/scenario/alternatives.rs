//! Mutually exclusive keys of a table.
//!
//! One table of groups serves two purposes: a file with two keys of a group is refused, and `--set` or an axis that
//! sets one removes the others.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::document::entries;
use super::problem::Problem;

/// Families of probability laws: mutually exclusive in every table, a protocol's too.
const LAWS: &[&str] =
    &["constant", "uniform", "exponential", "weibull", "pareto", "lognormal", "normal", "gamma", "mixture"];

const LATENCIES: &[&str] = &["constant", "uniform", "lognormal", "plane", "regions", "matrix", "coordinates"];

/// Mutually exclusive figures for the scale of a law.
const SCALES: &[&str] = &["scale", "mean", "median"];

const NAT_SHARES: &[&str] = &["preset", "shares"];

/// Wildcard in a place: a name chosen by the user.
const ANY: &str = "*";

/// Groups, by their place in the file.
const PLACED: &[(&[&str], &[&str])] = &[
    (&["population"], &["online", "participants"]),
    (&["population", "churn"], &["preset", "session", "trace"]),
    (&["population", "classes", "churn"], &["preset", "session"]),
    (&["population", "departures"], &["probability", "lifetime"]),
    (&["population", "diurnal"], &["amplitude", "hours"]),
    (&["workload", "diurnal"], &["amplitude", "hours"]),
    (&["resources", "size"], &["constant", "lognormal", "pareto", "mixture"]),
    (&["network", "latency"], LATENCIES),
    (&["network", "nat"], NAT_SHARES),
    (&["network", "nat", "regions", ANY], NAT_SHARES),
    (&["population", "classes", "nat"], NAT_SHARES),
    (&["resources", "popularity"], &["uniform", "zipf"]),
];

/// Group of `key` in the table at `parents`.
fn group(parents: &[String], key: &str) -> &'static [&'static str] {
    let is_at = |place: &[&str]| {
        parents.len() == place.len() && parents.iter().zip(place).all(|(is, be)| is == be || *be == ANY)
    };
    let placed = PLACED.iter().filter(|(place, _)| is_at(place)).map(|(_, group)| *group);
    let law = parents.last().filter(|parent| LAWS.contains(&parent.as_str())).map(|_| SCALES);
    // Higher up stand names that are the user's: a system may be called `uniform`.
    let deep = (parents.len() >= 3).then_some(LAWS);
    placed.chain(law).chain(deep).find(|group| group.contains(&key)).unwrap_or(&[])
}

/// Keys that are removed when `key` is set in the table at `parents`.
pub(super) fn rivals(parents: &[String], key: &str) -> impl Iterator<Item = &'static str> {
    // A preset brings a downtime of its own; the reverse would leave a downtime without its session.
    let brought = (key == "preset" && parents == ["population", "churn"]).then_some("downtime");
    group(parents, key).iter().copied().filter(move |rival| *rival != key).chain(brought)
}

/// Problem of two keys of a group in one table.
pub(super) fn exclude(first: &Spanned<DeString<'_>>, second: &Spanned<DeString<'_>>, group: &[&str]) -> Problem {
    let message = format!("`{}` and `{}` exclude each other", first.get_ref(), second.get_ref());
    Problem::new(second.span(), message)
        .help(format!("keep one of them: alternatives here are `{}`", group.join("`, `")))
}

/// Removes from `table`, and from the tables below it, every key that stands beside an alternative, with a problem for
/// each. The first one in the text is kept.
pub(super) fn keep_first(parents: &mut Vec<String>, table: &mut DeTable<'_>, found: &mut Vec<Problem>) {
    let keys: Vec<_> = entries(Some(table)).into_iter().map(|(key, _)| key.clone()).collect();
    for (position, key) in keys.iter().enumerate() {
        let name = key.get_ref().as_ref();
        let group = group(parents, name);
        if let Some(first) = keys[..position].iter().find(|other| group.contains(&other.get_ref().as_ref())) {
            found.push(exclude(first, key, group));
            table.remove(name);
        } else if let Some(value) = table.get_mut(name) {
            parents.push(name.to_string());
            match value.get_mut() {
                DeValue::Table(below) => keep_first(parents, below, found),
                DeValue::Array(list) => {
                    let tables = list.iter_mut().filter_map(|one| match one.get_mut() {
                        DeValue::Table(table) => Some(table),
                        _ => None,
                    });
                    tables.for_each(|table| keep_first(parents, table, found));
                }
                _ => {}
            }
            parents.pop();
        }
    }
}
