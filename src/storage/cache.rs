//! Caching along the way: whoever has read a record leaves copies of it with nodes that its walk has passed, and the next
//! walk that comes that way ends there.
//!
//! Sources: Dabek et al. (*Wide-area cooperative storage with CFS*, SOSP 2001) §5.2: the reader sends the block to each of the
//! servers that it contacted along the lookup path; caches have a size and drop what was used least recently. Maymounkov &
//! Mazières 2002, §2.3: the reader stores the pair at the closest node it observed that did not return the value, for a time
//! exponentially inversely proportional to the number of nodes between that node and the one closest to the key. So Chord's
//! walks fill their whole path and Kademlia's one node; of a recursive walk either knows only the first hop.
//!
//! A cached copy answers gets, whether met on the way or fetched, and its owner's own. It is nobody's replica: it is not
//! counted, repaired, republished, handed over or looked for by an audit, and it goes with its owner's session.
//!
//! # Staleness
//!
//! Nobody tells a cache of a put (CFS needs not: its blocks never change). So a copy lasts for `ttl` from the moment when it was
//! read from a replica, copies of copies included, and an answer is no older than that. A longer life takes more load off the
//! holders and gives more old answers, which count as incorrect. The default is 10 minutes: of the names in a cache of DNS most
//! hits come within a few hundred seconds (Jung, Sit, Balakrishnan and Morris, *DNS performance and the effectiveness of
//! caching*, IMW 2001).
//!
//! # Departures
//!
//! * Kademlia halves the life for every node that the reader has heard of between the caching node and the r nearest, which hold the
//!   record: the paper does not say how fast, nor who counts.
//! * The reader itself keeps nothing (in CFS its own server is the first on the path).
//! * Copies are sent without a word before; they are not acknowledged, and not sent again.
//!
//! # Cost
//!
//! 28 bytes a copy, none on a machine that has none. Dropping the least recently used one looks at all.

use super::agent::Agent;
use super::desk::{Desk, Effect};
use super::message::Message;
use crate::engine::{Duration, Time};
use crate::model::{Answer, Cached, Envelope, Passed, RecordId, Traffic, Until};

/// How records are cached along the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// Bytes of values in a machine's cache, at most.
    pub limit: u64,
    /// How long a copy may be given.
    pub ttl: Duration,
}

impl Caching {
    /// How long a copy lasts with a node that has so many others between it and those that hold the record.
    fn life(self, between: usize) -> Duration {
        Duration::from_nanos(self.ttl.as_nanos().checked_shr(between as u32).unwrap_or(0))
    }
}

/// The cached copies of one machine.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// Sorted by record.
    copies: Vec<Cached>,
    /// Of each of them: when it was used last, counted in uses, and its bytes.
    used: Vec<(u64, u32)>,
    uses: u64,
    bytes: u64,
}

impl Cache {
    /// Sorted by record.
    pub fn copies(&self) -> &[Cached] {
        &self.copies
    }

    /// Bytes of values.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What can be given of a record at `now`.
    pub fn get(&self, record: RecordId, now: Time) -> Option<Answer> {
        let copy = self.copies[self.find(record).ok()?];
        (!copy.until.is_over(now)).then_some(copy.into())
    }

    /// A copy was given, or put here anew.
    pub fn touch(&mut self, record: RecordId) {
        if let Ok(at) = self.find(record) {
            self.uses += 1;
            self.used[at].0 = self.uses;
        }
    }

    /// Keeps a copy of so many bytes, unless that is more than `limit` or a newer or longer lived one is here. Makes room: what
    /// has expired goes first, then what was used least recently.
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

    /// Drops a copy, if there is one.
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

impl Agent {
    /// What is cached here, sorted by record.
    pub fn cached(&self) -> &[Cached] {
        self.cache.as_ref().map_or(&[], |cache| cache.copies())
    }

    /// Bytes of values that are.
    pub fn cached_bytes(&self) -> u64 {
        self.cache.as_ref().map_or(0, |cache| cache.bytes())
    }

    /// What this node answers a request for a record with. Repair wants to know of copies that last.
    pub(super) fn answer_to(&mut self, request: &Envelope, record: RecordId, now: Time) -> Option<Answer> {
        if request.traffic == Traffic::Repair {
            return self.store.version(record).map(Answer::from);
        }
        self.gave(record);
        // Whoever asks the responsible nodes in turn has asked the nearer ones before: it is given what is in reserve too.
        self.answer(record, now).or_else(|| self.store.version(record).map(Answer::from))
    }

    /// What this node gives of a record: its own copy, unless that is in reserve, or else a cached one.
    pub fn answer(&self, record: RecordId, now: Time) -> Option<Answer> {
        let cached = || self.cache.as_ref().and_then(|cache| cache.get(record, now));
        self.store.version_given(record).map(Answer::from).or_else(cached)
    }

    /// The cached copy of a record was given.
    pub fn gave(&mut self, record: RecordId) {
        self.cache.iter_mut().for_each(|cache| cache.touch(record));
    }

    /// This node has read a record by a walk that has passed these: they are sent copies.
    pub fn leave_copies(&self, desk: &mut Desk<'_>, record: RecordId, answer: Answer, passed: &[Passed]) {
        let (Some(caching), bytes) = (desk.caching, desk.size(record)) else { return };
        if u64::from(bytes) > caching.limit {
            return;
        }
        for &Passed { node, nearer } in passed {
            let own = Until::at(desk.now + caching.life(usize::from(nearer).saturating_sub(desk.replicas)));
            let until = answer.until.map_or(own, |until| until.min(own));
            if !until.is_over(desk.now) {
                desk.notice(node, Message::Cache { record, version: answer.version, bytes, until });
            }
        }
    }

    /// Somebody who has read a record leaves a copy here.
    pub(super) fn on_copy(&mut self, desk: &mut Desk<'_>, copy: Cached, bytes: u32) {
        let Some(Caching { limit, .. }) = desk.caching else { return };
        if copy.until.is_over(desk.now) || self.store.version(copy.record).is_some() {
            return;
        }
        let before = self.cached_bytes();
        self.cache.get_or_insert_default().keep(copy, bytes, limit, desk.now);
        self.tell_cached(desk, before);
    }

    /// A replica has come in the place of a cached copy.
    pub(super) fn uncache(&mut self, desk: &mut Desk<'_>, record: RecordId) {
        let before = self.cached_bytes();
        self.cache.iter_mut().for_each(|cache| cache.remove(record));
        self.tell_cached(desk, before);
    }

    fn tell_cached(&self, desk: &mut Desk<'_>, before: u64) {
        let after = self.cached_bytes();
        if after != before {
            desk.do_effect(Effect::Cached { before, after });
        }
    }
}

#[cfg(test)]
mod tests;
