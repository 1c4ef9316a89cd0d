//! The one list of protocols. Its TOML table, its line in `peerlab list`, its schema, its place in "expected one of" and
//! its membership in the conformance and determinism tests all follow from a protocol's row here.
//!
//! The list is open: a crate of your own adds a row and hands the registry to `cli::main`, which gives it the
//! whole command line (`examples/custom_protocol.rs`).

use std::io::Write;

use crate::measure::outcome::Outcome;
use crate::overlay::Protocol;
use crate::protocols::chord::Chord;
use crate::protocols::client_server::ClientServer;
use crate::protocols::full_table::FullTable;
use crate::protocols::kademlia::Kademlia;
use crate::run::{Interrupted, Progress, Wanted, simulate};
use crate::scenario::Registered;
use crate::scenario::plan::{Plan, System};

/// Runs one system of a plan with one seed, monomorphised over its protocol: see [`simulate`].
pub type Simulate =
    fn(&Plan, &System, u64, Wanted, Option<&mut dyn Write>, &Progress<'_>) -> Result<Outcome, Interrupted>;

/// A protocol's row.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// How its table is read and described.
    pub registered: Registered,
    /// One line: what it is.
    pub summary: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// The one indirect call of a run.
    pub simulate: Simulate,
}

impl Entry {
    /// The row of protocol `P`.
    pub const fn of<P: Protocol>(name: &'static str, summary: &'static str, source: &'static str) -> Entry {
        Entry { registered: Registered::of::<P>(name), summary, source, simulate: simulate::<P> }
    }
}

/// The protocols that a scenario may name.
#[derive(Clone, Debug)]
pub struct Registry {
    entries: Vec<Entry>,
    registered: Vec<Registered>,
}

impl Registry {
    /// The protocols of this crate.
    pub fn standard() -> Registry {
        Registry { entries: Vec::new(), registered: Vec::new() }
            .with(Entry::of::<ClientServer>(
                "client-server",
                "every request goes to one server: the baseline",
                "queueing theory: M/M/c, M/D/1",
            ))
            .with(Entry::of::<FullTable>(
                "full-table",
                "every machine stores everything: no hops, and every change goes to all",
                "Gupta, Liskov and Rodrigues, NSDI 2004 (membership)",
            ))
            .with(Entry::of::<Chord>(
                "chord",
                "a ring with fingers: O(log N) state and hops",
                "Stoica et al., SIGCOMM 2001 and ToN 2003",
            ))
            .with(Entry::of::<Kademlia>(
                "kademlia",
                "k-buckets by exclusive or, parallel lookups",
                "Maymounkov & Mazières, IPTPS 2002",
            ))
    }

    /// The registry with one more row.
    ///
    /// # Panics
    /// If the name is taken.
    pub fn with(mut self, entry: Entry) -> Registry {
        let name = entry.registered.name;
        assert!(self.find(name).is_none(), "there are two protocols named {name}");
        self.registered.push(entry.registered);
        self.entries.push(entry);
        self
    }

    /// All rows, in the order of registration.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The part that `scenario/` is given.
    pub fn registered(&self) -> &[Registered] {
        &self.registered
    }

    /// The protocol with this name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.registered.name == name)
    }
}

#[cfg(test)]
mod tests {
    use toml::Spanned;
    use toml::de::{DeTable, DeValue};

    use super::*;

    /// What is said of a key stands behind its name.
    #[test]
    fn what_protocols_say_of_a_value_does_not_begin_with_its_key() {
        let mut refused = 0;
        for entry in Registry::standard().entries() {
            let mut generator = schemars::SchemaGenerator::default();
            let _ = (entry.registered.schema)(&mut generator);
            let tables = generator.take_definitions(false);
            let keys = tables.values().filter_map(|table| table["properties"].as_object()).flat_map(|keys| keys.keys());
            for (key, value) in keys.flat_map(|key| ["0", "256", "255", "\"0s\"", "true"].map(|value| (key, value))) {
                let text = format!("{key} = {value}");
                let table = DeTable::parse(&text).expect("it is TOML");
                let span = table.span();
                let read = (entry.registered.parse)(Spanned::new(span, DeValue::Table(table.into_inner())));
                if let Err(crate::scenario::Refusal::Wrong(problem)) = read {
                    refused += 1;
                    assert!(!problem.message.starts_with(problem.key), "{}: {problem:?}", entry.registered.name);
                }
            }
        }
        assert!(refused > 20, "{refused}");
    }

    #[test]
    fn every_preset_can_be_read_and_says_where_it_is_from() {
        for entry in Registry::standard().entries() {
            for preset in (entry.registered.presets)() {
                let text = format!("preset = \"{}\"", preset.name);
                let table = DeTable::parse(&text).expect("it is TOML");
                let span = table.span();
                let read = (entry.registered.parse)(Spanned::new(span, DeValue::Table(table.into_inner())));
                assert!(read.is_ok(), "{} of {}: {:?}", preset.name, entry.registered.name, read.err());
                assert!(preset.source.len() > 40, "{} cites nothing", preset.name);
            }
        }
    }
}
