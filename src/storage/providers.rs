//! Provider records, stored on the nodes responsible for a resource's key: which nodes provide the resource.
//!
//! As in IPFS (Trautwein et al., SIGCOMM 2022, §3.1) and BitTorrent's DHT (BEP 5): a provider announces itself to the r
//! responsible nodes, and repeats this periodically, as each record expires. Provider records are not handed over or
//! repaired: those lost with their holders come back with the next announcement.

use super::agent::Agent;
use super::desk::{Desk, Effect, Tag};
use super::exchange::PEERS;
use crate::engine::{Duration, Time};
use crate::model::{NodeId, RecordId, Version};

/// Parameters of providers and provider records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Providing {
    /// Lifetime of a provider record.
    pub ttl: Duration,
    /// Interval between a provider's announcements.
    pub republish: Duration,
    /// Whether participants that have fetched a resource keep and serve it.
    pub share: bool,
    /// Uplink of publishers in bit/s, if different from participants'.
    pub uplink: Option<f64>,
}

/// Provider record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    resource: u32,
    provider: NodeId,
    until: Time,
}

/// Provider records on one machine's disk.
#[derive(Debug, Default)]
pub struct Words {
    words: Vec<Word>,
    /// Whether a timer is set for the first expiry.
    timed: bool,
}

impl Words {
    /// Providers of a resource, in the order of their first announcement.
    pub fn of(&self, resource: u32, now: Time) -> impl Iterator<Item = NodeId> {
        let fresh = self.words.iter().filter(move |word| word.resource == resource && word.until > now);
        fresh.map(|word| word.provider)
    }

    /// Adds or renews a provider record, valid until a given time.
    fn hear(&mut self, resource: u32, provider: NodeId, until: Time) {
        match self.words.iter_mut().find(|word| (word.resource, word.provider) == (resource, provider)) {
            Some(word) => word.until = word.until.max(until),
            None => self.words.push(Word { resource, provider, until }),
        }
    }

    /// Ends the session, and with it the timer.
    pub(super) fn suspend(&mut self) {
        self.timed = false;
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.words.capacity() * size_of::<Word>()
    }
}

impl Agent {
    /// Providers of a resource known to this machine.
    pub fn providers(&self, resource: u32, now: Time) -> impl Iterator<Item = NodeId> {
        self.shares.iter().flat_map(move |shares| shares.words.of(resource, now))
    }

    /// Bytes of a record's value on this machine; for provider records, those of all of the resource.
    pub(super) fn value_bytes(&self, desk: &Desk<'_>, record: RecordId) -> u32 {
        match desk.is_about_providers(record) {
            true => self.providers(desk.resource_of(record), desk.now).count().min(PEERS) as u32 * desk.wire.contact,
            false => desk.size(record),
        }
    }

    /// Handles the announcement of `provider`; `record` stands for the resource's provider records. False if the disk
    /// has no room.
    pub fn hear_provider(&mut self, desk: &mut Desk<'_>, record: RecordId, provider: NodeId, until: Time) -> bool {
        let kept = self.keep(desk, record, Version(0));
        if kept {
            self.shares().words.hear(desk.resource_of(record), provider, until);
            self.time_words(desk);
        }
        kept
    }

    /// Sets a timer for the first expiry, unless one is set.
    fn time_words(&mut self, desk: &mut Desk<'_>) {
        let words = &mut self.shares().words;
        let Some(first) = words.words.iter().map(|word| word.until).min().filter(|_| !words.timed) else { return };
        words.timed = true;
        if let Some(at) = self.rpcs.pause(desk.now, desk.me, Tag::Expiry, first.since(desk.now), 0) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Removes expired records, at the timer or when the machine is back online.
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
