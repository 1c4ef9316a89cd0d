//! Republishing and expiry: soft state instead of repair (Maymounkov and Mazières 2002, §2.5).
//!
//! The publisher puts a record again periodically, and so does every holder, unless another node has just done so. No
//! other copies are sent. A copy expires some time after the last put by its *publisher*: a put by a holder keeps the
//! age. So misplaced copies vanish, and the records of a publisher that has departed for good do too.
//!
//! | event | action |
//! | --- | --- |
//! | a neighbour appears, fails, or leaves with notice | nothing |
//! | the own session ends | nothing: copies expire on the disk |
//! | the own session begins | the publisher puts the records that fell due meanwhile |
//! | the publisher's period is over | it puts the newest version that it has put, by a lookup |
//! | the holder's period is over | it puts the records that no node has put within it, by lookups |
//! | a newer version arrives | it replaces the older, and its lifetime counts from its publisher's put |
//! | an older or equal version arrives | the sender is told the version held here, and fetches it if it holds an older
//! one |
//! | an expired copy arrives | it is rejected |
//! | a copy expires | it is dropped |
//! | a disk is full, or no node replies | the next put tries again |
//!
//! Without expiry, and without puts of holders, misplaced copies stay for ever and become stale.
//!
//! The publisher of a record is the participant that put it last. It republishes as long as it takes part; a put that
//! falls due during a downtime is made after the next join.
//!
//! # Cost
//!
//! 16 bytes per copy for its age, only if records are republished.

use super::Repair;
use crate::engine::{Duration, Time};
use crate::model::{Held, RecordId};
use crate::storage::node::StorageNode;
use crate::storage::node::context::{Effect, StorageContext};

/// Periods of republishing and lifetime of copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Republish {
    /// Period of holders; `None`: holders do not republish.
    pub every: Option<Duration>,
    /// Period of the publisher.
    pub publisher: Duration,
    /// Lifetime of a copy after the publisher's last put; `None`: unlimited.
    pub expiry: Option<Duration>,
}

/// Time of the publisher's last put, in seconds: a finer resolution would need more room in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Published(u32);

impl Published {
    pub const fn at(time: Time) -> Published {
        Published((time.as_nanos() / NANOS) as u32)
    }

    /// Start of the second.
    const fn time(self) -> Time {
        Time::from_nanos(self.0 as u64 * NANOS)
    }
}

/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// Age of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Age {
    record: RecordId,
    /// Time of the publisher's last put.
    published: Published,
    /// Time of the last put by any node.
    put: Time,
}

/// Ages of the copies on one disk, by record. Empty without republishing.
#[derive(Clone, Debug, Default)]
pub struct Ages {
    ages: Vec<Age>,
    /// Time of the next possible expiry, if a timer is set.
    timer: Option<Time>,
}

impl Ages {
    fn find(&self, record: RecordId) -> Result<usize, usize> {
        self.ages.binary_search_by_key(&record, |age| age.record)
    }

    fn put(&mut self, record: RecordId, published: Published, now: Time) {
        match self.find(record) {
            Ok(at) => {
                let age = &mut self.ages[at];
                (age.published, age.put) = (age.published.max(published), now);
            }
            Err(at) => self.ages.insert(at, Age { record, published, put: now }),
        }
    }

    pub fn forget(&mut self, record: RecordId) {
        if let Ok(at) = self.find(record) {
            self.ages.remove(at);
        }
    }

    pub fn heap_bytes(&self) -> usize {
        self.ages.capacity() * size_of::<Age>()
    }
}

impl StorageNode {
    /// Whether a copy that its publisher put at `published` has expired, in transit or on a disk.
    pub(in crate::storage) fn has_expired(&self, cx: &StorageContext<'_>, published: Published) -> bool {
        match *cx.repair {
            Repair::Republish(Republish { expiry: Some(expiry), .. }) => published.time() + expiry <= cx.now,
            _ => false,
        }
    }

    /// Notes a put of a record whose publisher put it at `published`.
    pub fn note_put(&mut self, cx: &mut StorageContext<'_>, record: RecordId, published: Published) {
        let Repair::Republish(republish) = *cx.repair else { return };
        self.ages.put(record, published, cx.now);
        if let Some(expiry) = republish.expiry {
            self.set_timer(cx, published.time() + expiry);
        }
    }

    /// Time of the publisher's put of a record held here.
    pub fn published(&self, record: RecordId) -> Option<Published> {
        self.ages.find(record).ok().map(|at| self.ages.ages[at].published)
    }

    /// Republishes, as a holder, the records that no node has put within the period, each by a lookup.
    pub fn republish(&self, cx: &mut StorageContext<'_>, every: Duration) {
        for held in self.store.held() {
            let fresh = self.ages.find(held.record).is_ok_and(|at| self.ages.ages[at].put + every > cx.now);
            if !fresh {
                cx.do_effect(Effect::Return { record: held.record, version: held.version });
            }
        }
    }

    /// Drops and returns expired copies; the machine may be offline.
    pub fn expire_copies(&mut self, cx: &mut StorageContext<'_>) -> Vec<Held> {
        let Repair::Republish(Republish { expiry: Some(expiry), .. }) = *cx.repair else { return Vec::new() };
        self.ages.timer = None;
        let now = cx.now;
        let (old, young) = self.ages.ages.iter().partition(|age| age.published.time() + expiry <= now);
        self.ages.ages = young;
        let expired = Vec::<Age>::into_iter(old).map(|age| age.record);
        let removed = |record| Some(Held { record, version: self.store.remove(record)? });
        let expired = expired.filter_map(removed).collect();
        if let Some(next) = self.ages.ages.iter().map(|age| age.published.time() + expiry).min() {
            self.set_timer(cx, next);
        }
        expired
    }

    fn set_timer(&mut self, cx: &mut StorageContext<'_>, at: Time) {
        if self.ages.timer.is_none_or(|set| at < set) {
            self.ages.timer = Some(at);
            cx.do_effect(Effect::ExpiryTimer { at });
        }
    }
}
