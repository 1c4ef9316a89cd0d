//! The registry of protocols. A protocol's TOML table, its line in `peerlab list`, its schema, its place in "expected
//! one of" and its membership in the conformance and determinism tests all follow from its row here.
//!
//! The registry is open: another crate adds a row and passes the registry to `cli::main`, which gives it the whole
//! command line (`examples/custom_protocol.rs`).

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

/// Run of one system of a plan with one seed, monomorphised over its protocol: see [`simulate`].
pub type Simulate =
    fn(&Plan, &System, u64, Wanted, Option<&mut dyn Write>, &Progress<'_>) -> Result<Outcome, Interrupted>;

/// Row of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Parser and schema of its table.
    pub registered: Registered,
    /// Description in one line.
    pub summary: &'static str,
    /// Publication that it comes from.
    pub source: &'static str,
    /// Entry point of a run: the only indirect call.
    pub simulate: Simulate,
}

impl Entry {
    /// Row of protocol `P`.
    pub const fn of<P: Protocol>(name: &'static str, summary: &'static str, source: &'static str) -> Entry {
        Entry { registered: Registered::of::<P>(name), summary, source, simulate: simulate::<P> }
    }
}

/// Protocols that a scenario may name.
#[derive(Clone, Debug)]
pub struct Registry {
    entries: Vec<Entry>,
    registered: Vec<Registered>,
}

impl Registry {
    /// Protocols of this crate.
    pub fn standard() -> Registry {
        Registry { entries: Vec::new(), registered: Vec::new() }
            .with(Entry::of::<ClientServer>(
                "client-server",
                "dedicated servers answer all requests: the baseline",
                "queueing theory: M/M/c, M/D/1",
            ))
            .with(Entry::of::<FullTable>(
                "full-table",
                "full replication and full membership: no hops, and every change is sent to all machines",
                "Gupta, Liskov and Rodrigues, NSDI 2004 (membership)",
            ))
            .with(Entry::of::<Chord>(
                "chord",
                "a ring with finger tables: O(log N) state and hops",
                "Stoica et al., SIGCOMM 2001 and ToN 2003",
            ))
            .with(Entry::of::<Kademlia>(
                "kademlia",
                "k-buckets under the XOR metric, parallel lookups",
                "Maymounkov & Mazières, IPTPS 2002",
            ))
    }

    /// Registry with one more row.
    pub fn with(mut self, entry: Entry) -> Registry {
        let name = entry.registered.name;
        assert!(self.find(name).is_none(), "there are two protocols named {name}");
        self.registered.push(entry.registered);
        self.entries.push(entry);
        self
    }

    /// Rows, in the order of registration.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Part of the rows that `scenario/` uses.
    pub fn registered(&self) -> &[Registered] {
        &self.registered
    }

    /// Protocol with this name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.registered.name == name)
    }
}

#[cfg(test)]
mod tests {
    use toml::Spanned;
    use toml::de::{DeTable, DeValue};

    use super::*;

    /// Error messages follow the name of their key.
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
