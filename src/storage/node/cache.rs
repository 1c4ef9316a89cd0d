//! Path caching: after a get, the reader stores copies along the lookup path, and later lookups stop at them.
//!
//! Sources: Dabek et al. (*Wide-area cooperative storage with CFS*, SOSP 2001) §5.2: the reader sends the block to each
//! of the servers that it contacted along the lookup path; caches have a limited size and evict the least recently used
//! block. Maymounkov & Mazières 2002, §2.3: the reader stores the pair at the closest node it observed that did not
//! return the value, for a time exponentially inversely proportional to the number of nodes between that node and the
//! one closest to the key. So Chord's lookups fill their whole path and Kademlia's one node; for a recursive lookup
//! either knows only the first hop.
//!
//! A cached copy answers gets, on a lookup path, in a fetch, and of its own node. It is not a replica: it is not
//! counted, repaired, republished, handed over or audited, and it is lost at the end of its node's session.
//!
//! # Staleness
//!
//! Puts do not invalidate caches (CFS needs no invalidation: its blocks never change). So a copy lasts for `ttl` from
//! the time of its read at a replica, copies of copies included, and an answer is never older than that. A longer
//! lifetime takes more load off the holders and gives more stale answers, which count as incorrect. The default is 10
//! minutes: most hits of a DNS cache come within a few hundred seconds (Jung, Sit, Balakrishnan and Morris, *DNS
//! performance and the effectiveness of caching*, IMW 2001).
//!
//! # Departures
//!
//! * With Kademlia the lifetime is halved for every node known to the reader between the caching node and the r
//!   nearest, which hold the record: the paper gives neither the rate nor who counts.
//! * The reader itself keeps no copy (in CFS its own server is the first on the path).
//! * Copies are sent unasked; they are neither acknowledged nor resent.
//!
//! # Cost
//!
//! 28 bytes per copy, none on a machine without copies. Eviction of the least recently used copy scans all.

use super::StorageNode;
use super::context::{Effect, StorageContext};
use crate::engine::{Duration, Time};
use crate::model::{Answer, Cached, Envelope, Passed, RecordId, Traffic, Until};
use crate::storage::message::Message;

/// Parameters of path caching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// Capacity of a machine's cache in bytes of values.
    pub limit: u64,
    /// Lifetime of a copy.
    pub ttl: Duration,
}

impl Caching {
    /// Lifetime of a copy at a node with this many other nodes between it and the holders of the record.
    fn life(self, between: usize) -> Duration {
        Duration::from_nanos(self.ttl.as_nanos().checked_shr(between as u32).unwrap_or(0))
    }
}

/// Path cache of one machine.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// Cached copies, sorted by record.
    copies: Vec<Cached>,
    /// Time of the last use of each copy, counted in uses, and its bytes.
    used: Vec<(u64, u32)>,
    uses: u64,
    bytes: u64,
}

impl Cache {
    /// Cached copies, sorted by record.
    pub fn copies(&self) -> &[Cached] {
        &self.copies
    }

    /// Total bytes of values.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Valid copy of a record at `now`.
    pub fn get(&self, record: RecordId, now: Time) -> Option<Answer> {
        let copy = self.copies[self.find(record).ok()?];
        (!copy.until.is_over(now)).then_some(copy.into())
    }

    /// Notes the use or renewal of a copy.
    pub fn touch(&mut self, record: RecordId) {
        if let Ok(at) = self.find(record) {
            self.uses += 1;
            self.used[at].0 = self.uses;
        }
    }

    /// Inserts a copy of `bytes`, unless that exceeds `limit` or a newer or longer-lived copy is present. Evicts
    /// expired copies first, then the least recently used ones.
    pub fn keep(&mut self, copy: Cached, bytes: u32, limit: u64, now: Time) {
        if u64::from(bytes) > limit {
            return;
        }
        if let Ok(at) = self.find(copy.record) {
            let here = self.copies[at];
            if (here.version, here.until) >= (copy.version, copy.until) {
                return;
            }
            self.drop_at(at);
        }
        let expired = |copy: &Cached| copy.until.is_over(now);
        while self.bytes + u64::from(bytes) > limit {
            let (copies, used) = (&self.copies, &self.used);
            let first = (0..copies.len()).min_by_key(|&at| (!expired(&copies[at]), used[at].0));
            self.drop_at(first.expect("bytes are those of copies"));
        }
        let at = self.find(copy.record).expect_err("it was dropped");
        self.copies.insert(at, copy);
        self.used.insert(at, (0, bytes));
        self.bytes += u64::from(bytes);
        self.touch(copy.record);
    }

    /// Removes a copy, if present.
    pub fn remove(&mut self, record: RecordId) {
        if let Ok(at) = self.find(record) {
            self.drop_at(at);
        }
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.copies.capacity() * size_of::<Cached>() + self.used.capacity() * size_of::<(u64, u32)>()
    }

    fn drop_at(&mut self, at: usize) {
        self.copies.remove(at);
        self.bytes -= u64::from(self.used.remove(at).1);
    }

    fn find(&self, record: RecordId) -> Result<usize, usize> {
        self.copies.binary_search_by_key(&record, |copy| copy.record)
    }
}

impl StorageNode {
    /// Cached copies, sorted by record.
    pub fn cached(&self) -> &[Cached] {
        self.cache.as_ref().map_or(&[], |cache| cache.copies())
    }

    /// Bytes of values cached here.
    pub fn cached_bytes(&self) -> u64 {
        self.cache.as_ref().map_or(0, |cache| cache.bytes())
    }

    /// Answer of this node to a request for a record. Repair is interested in replicas only, not in cached copies.
    pub(in crate::storage) fn answer_to(&mut self, request: &Envelope, record: RecordId, now: Time) -> Option<Answer> {
        if request.traffic == Traffic::Repair {
            return self.store.version(record).map(Answer::from);
        }
        self.gave(record);
        // Whoever asks the responsible nodes in turn has asked the nearer ones before: it is given what is in reserve too.
        self.answer(record, now).or_else(|| self.store.version(record).map(Answer::from))
    }

    /// Answer of this node for a record: its own copy, unless that is in reserve, or else a cached one.
    pub fn answer(&self, record: RecordId, now: Time) -> Option<Answer> {
        let cached = || self.cache.as_ref().and_then(|cache| cache.get(record, now));
        self.store.version_given(record).map(Answer::from).or_else(cached)
    }

    /// Notes the use of a cached copy.
    pub fn gave(&mut self, record: RecordId) {
        self.cache.iter_mut().for_each(|cache| cache.touch(record));
    }

    /// Sends copies of a record that this node has read to the nodes that the lookup has passed.
    pub fn leave_copies(&self, cx: &mut StorageContext<'_>, record: RecordId, answer: Answer, passed: &[Passed]) {
        let (Some(caching), bytes) = (cx.caching, cx.size(record)) else { return };
        if u64::from(bytes) > caching.limit {
            return;
        }
        for &Passed { node, nearer } in passed {
            let own = Until::at(cx.now + caching.life(usize::from(nearer).saturating_sub(cx.replicas)));
            let until = answer.until.map_or(own, |until| until.min(own));
            if !until.is_over(cx.now) {
                cx.notice(node, Message::Cache { record, version: answer.version, bytes, until });
            }
        }
    }

    /// Handles a copy sent by a reader.
    pub(in crate::storage) fn on_copy(&mut self, cx: &mut StorageContext<'_>, copy: Cached, bytes: u32) {
        let Some(Caching { limit, .. }) = cx.caching else { return };
        if copy.until.is_over(cx.now) || self.store.version(copy.record).is_some() {
            return;
        }
        let before = self.cached_bytes();
        self.cache.get_or_insert_default().keep(copy, bytes, limit, cx.now);
        self.tell_cached(cx, before);
    }

    /// Removes a cached copy that a replica has replaced.
    pub(in crate::storage) fn uncache(&mut self, cx: &mut StorageContext<'_>, record: RecordId) {
        let before = self.cached_bytes();
        self.cache.iter_mut().for_each(|cache| cache.remove(record));
        self.tell_cached(cx, before);
    }

    fn tell_cached(&self, cx: &mut StorageContext<'_>, before: u64) {
        let after = self.cached_bytes();
        if after != before {
            cx.do_effect(Effect::Cached { before, after });
        }
    }
}

#[cfg(test)]
mod tests;
