//! Provider records: who keeps a resource, by the record of those who do, on the nodes responsible for its key.
//!
//! As in IPFS (Trautwein et al., SIGCOMM 2022, §3.1) and BitTorrent's DHT (BEP 5): whoever has a resource says so to the r
//! responsible nodes, and says so again every now and then, since each keeps the record for a time only. Nobody hands such
//! records over to others: what is lost with its holders comes back when it is said again.

use crate::engine::{Duration, Time};
use crate::model::{NodeId, RecordId, ResourceId, Version};
use crate::storage::node::StorageNode;
use crate::storage::node::context::{Effect, StorageContext, Tag};
use crate::storage::swarm::pieces::PEERS;

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
struct ProviderRecord {
    resource: ResourceId,
    provider: NodeId,
    until: Time,
}

/// Provider records on one machine's disk.
#[derive(Debug, Default)]
pub struct ProviderRecords {
    records: Vec<ProviderRecord>,
    /// Whether a timer is set for the first expiry.
    timed: bool,
}

impl ProviderRecords {
    /// Providers of a resource, in the order of their first record.
    pub fn of(&self, resource: ResourceId, now: Time) -> impl Iterator<Item = NodeId> {
        let fresh = self.records.iter().filter(move |record| record.resource == resource && record.until > now);
        fresh.map(|record| record.provider)
    }

    /// Adds or renews a provider record, valid until a given time.
    fn hear(&mut self, resource: ResourceId, provider: NodeId, until: Time) {
        match self.records.iter_mut().find(|record| (record.resource, record.provider) == (resource, provider)) {
            Some(record) => record.until = record.until.max(until),
            None => self.records.push(ProviderRecord { resource, provider, until }),
        }
    }

    /// Ends the session, and with it the timer.
    pub(in crate::storage) fn suspend(&mut self) {
        self.timed = false;
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.records.capacity() * size_of::<ProviderRecord>()
    }
}

impl StorageNode {
    /// Providers of a resource, as far as this machine was told.
    pub fn providers(&self, resource: ResourceId, now: Time) -> impl Iterator<Item = NodeId> {
        self.swarms.iter().flat_map(move |swarms| swarms.provider_records.of(resource, now))
    }

    /// Bytes of a record's value on this machine; for provider records, those of all of the resource.
    pub(in crate::storage) fn value_bytes(&self, cx: &StorageContext<'_>, record: RecordId) -> u32 {
        match cx.records.is_provider(record) {
            true => self.providers(cx.resource_provided(record), cx.now).count().min(PEERS) as u32 * cx.wire.contact,
            false => cx.size(record),
        }
    }

    /// `provider` provides a resource, by its own account; `record` stands for the records about it.
    /// False if the disk has no room for it.
    pub fn hear_provider(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        provider: NodeId,
        until: Time,
    ) -> bool {
        let kept = self.keep(cx, record, Version(0));
        if kept {
            self.swarms().provider_records.hear(cx.resource_provided(record), provider, until);
            self.set_expiry_timer(cx);
        }
        kept
    }

    /// Sets a timer for the first expiry, unless one is set.
    fn set_expiry_timer(&mut self, cx: &mut StorageContext<'_>) {
        let records = &mut self.swarms().provider_records;
        let Some(first) = records.records.iter().map(|record| record.until).min().filter(|_| !records.timed) else {
            return;
        };
        records.timed = true;
        if let Some(at) = self.rpcs.pause(cx.now, cx.me, Tag::Expiry, first.since(cx.now), 0) {
            cx.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Removes expired records, at the timer or when the machine is back online.
    pub(in crate::storage) fn expire(&mut self, cx: &mut StorageContext<'_>) {
        let records = &mut self.swarms().provider_records;
        records.timed = false;
        let mut gone: Vec<ResourceId> = Vec::new();
        records.records.retain(|record| {
            let fresh = record.until > cx.now;
            gone.extend((!fresh).then_some(record.resource));
            fresh
        });
        gone.retain(|&resource| records.of(resource, cx.now).next().is_none());
        gone.sort_unstable();
        gone.dedup();
        for resource in gone {
            let record = cx.records.providers_of(resource);
            if let Some(version) = self.store.remove(record) {
                cx.do_effect(Effect::Dropped { record, version });
            }
        }
        self.set_expiry_timer(cx);
    }
}
