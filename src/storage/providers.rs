//! Provider records: who keeps a resource, by the word of those who do, on the nodes responsible for its key.
//!
//! As in IPFS (Trautwein et al., SIGCOMM 2022, §3.1) and BitTorrent's DHT (BEP 5): whoever has a resource says so to the r
//! responsible nodes, and says so again every now and then, since each keeps the word for a time only. Nobody hands such
//! records over to others: what is lost with its holders comes back when it is said again.

use super::agent::Agent;
use super::desk::{Desk, Effect, Tag};
use super::exchange::PEERS;
use crate::engine::{Duration, Time};
use crate::model::{NodeId, RecordId, Version};

/// What is settled about providers and their records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Providing {
    /// How long a record is kept.
    pub ttl: Duration,
    /// How often a provider says again that it is one.
    pub republish: Duration,
    /// Whether those who have fetched a resource keep and serve it.
    pub share: bool,
    /// The uplink of publishers in bit/s, if it is not what participants have.
    pub uplink: Option<f64>,
}

/// A provider record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    resource: u32,
    provider: NodeId,
    until: Time,
}

/// The provider records on one machine's disk.
#[derive(Debug, Default)]
pub struct Words {
    words: Vec<Word>,
    /// A timer is set for the first to expire.
    timed: bool,
}

impl Words {
    /// Those who provide a resource, in the order of their first word.
    pub fn of(&self, resource: u32, now: Time) -> impl Iterator<Item = NodeId> {
        let fresh = self.words.iter().filter(move |word| word.resource == resource && word.until > now);
        fresh.map(|word| word.provider)
    }

    /// `provider` has said that it provides a resource, which is believed until then.
    fn hear(&mut self, resource: u32, provider: NodeId, until: Time) {
        match self.words.iter_mut().find(|word| (word.resource, word.provider) == (resource, provider)) {
            Some(word) => word.until = word.until.max(until),
            None => self.words.push(Word { resource, provider, until }),
        }
    }

    /// The session ended, and with it the timer.
    pub(super) fn suspend(&mut self) {
        self.timed = false;
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.words.capacity() * size_of::<Word>()
    }
}

impl Agent {
    /// Who provides a resource, as far as this machine was told.
    pub fn providers(&self, resource: u32, now: Time) -> impl Iterator<Item = NodeId> {
        self.shares.iter().flat_map(move |shares| shares.words.of(resource, now))
    }

    /// Bytes of the value of a record here: of one about providers, as many as it names.
    pub(super) fn value_bytes(&self, desk: &Desk<'_>, record: RecordId) -> u32 {
        match desk.is_about_providers(record) {
            true => self.providers(desk.resource_of(record), desk.now).count().min(PEERS) as u32 * desk.wire.contact,
            false => desk.size(record),
        }
    }

    /// `provider` provides a resource, by its own word; `record` stands for the records about it.
    /// False if the disk has no room for it.
    pub fn hear_provider(&mut self, desk: &mut Desk<'_>, record: RecordId, provider: NodeId, until: Time) -> bool {
        let kept = self.keep(desk, record, Version(0));
        if kept {
            self.shares().words.hear(desk.resource_of(record), provider, until);
            self.time_words(desk);
        }
        kept
    }

    /// Sets a timer for the first record to expire, if none is set.
    fn time_words(&mut self, desk: &mut Desk<'_>) {
        let words = &mut self.shares().words;
        let Some(first) = words.words.iter().map(|word| word.until).min().filter(|_| !words.timed) else { return };
        words.timed = true;
        if let Some(at) = self.rpcs.pause(desk.now, desk.me, Tag::Expiry, first.since(desk.now), 0) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// The first record expires, or the machine is back: what has expired is gone.
    pub(super) fn expire(&mut self, desk: &mut Desk<'_>) {
        let words = &mut self.shares().words;
        words.timed = false;
        let mut gone: Vec<u32> = Vec::new();
        words.words.retain(|word| {
            let fresh = word.until > desk.now;
            gone.extend((!fresh).then_some(word.resource));
            fresh
        });
        gone.retain(|&resource| words.of(resource, desk.now).next().is_none());
        gone.sort_unstable();
        gone.dedup();
        for resource in gone {
            let record = desk.record_of(resource);
            if let Some(version) = self.store.remove(record) {
                desk.do_effect(Effect::Dropped { record, version });
            }
        }
        self.time_words(desk);
    }
}
