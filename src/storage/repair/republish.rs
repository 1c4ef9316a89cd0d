//! Republishing and expiry: soft state instead of repair (Maymounkov and Mazières 2002, §2.5).
//!
//! Whoever published a record puts it again from time to time, and so does every holder, unless somebody else has just done
//! so. Nothing else moves. A copy expires some time after the record was last put by its *publisher*: what holders put again
//! keeps the age that it had. So copies that were left behind vanish, and with a publisher that has gone for good its records
//! do too.
//!
//! | event | action |
//! | --- | --- |
//! | a neighbour appears, fails, or leaves with notice | nothing |
//! | the own session ends | nothing: copies expire on the disk |
//! | the own session begins | the publisher puts what fell due meanwhile |
//! | the publisher's period is over | it puts the newest version that it has put, with a lookup |
//! | the holder's period is over | it puts what nobody has put within it, with a lookup |
//! | a newer version arrives | it takes the place of the older, and lasts from its publisher's put |
//! | an older or equal version arrives | whoever put it is told what is here, and fetches it if it holds an older one |
//! | a copy arrives whose time is over | it is not taken |
//! | a copy's time is over | it is dropped |
//! | a disk is full, nobody answers | the next put tries again |
//!
//! Without expiry, and without puts of holders, copies that were left behind stay for ever and go stale.
//!
//! The publisher of a record is who put it last. It does so as long as it takes part; a put that falls due while it is away
//! is made when it has joined again.
//!
//! # Cost
//!
//! 16 bytes a copy for its age, only where records are republished.

use super::Repair;
use crate::engine::{Duration, Time};
use crate::model::{Held, RecordId};
use crate::storage::agent::Agent;
use crate::storage::desk::{Desk, Effect};

/// How often records are put again, and how long copies last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Republish {
    /// Between two puts of a holder; `None`: holders put nothing.
    pub every: Option<Duration>,
    /// Between two puts of the publisher.
    pub publisher: Duration,
    /// From the publisher's last put to the end of a copy; `None`: copies last for ever.
    pub expiry: Option<Duration>,
}

/// When a record's publisher put it last, to the second: in a message there is no room for more, and no need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Published(u32);

impl Published {
    pub const fn at(time: Time) -> Published {
        Published((time.as_nanos() / NANOS) as u32)
    }

    /// The second began then.
    const fn time(self) -> Time {
        Time::from_nanos(self.0 as u64 * NANOS)
    }
}

/// A second.
const NANOS: u64 = 1_000_000_000;

/// The age of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Age {
    record: RecordId,
    /// When the publisher put it last.
    published: Published,
    /// When anybody did.
    put: Time,
}

/// The ages of the copies on one disk, by record. Empty where nothing is republished.
#[derive(Clone, Debug, Default)]
pub struct Ages {
    ages: Vec<Age>,
    /// When the next copy may have expired, if a timer is set.
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

impl Agent {
    /// Whether a copy that its publisher put at `published` has expired: it may have been long on its way, or long on a disk.
    pub(in crate::storage) fn has_expired(&self, desk: &Desk<'_>, published: Published) -> bool {
        match *desk.repair {
            Repair::Republish(Republish { expiry: Some(expiry), .. }) => published.time() + expiry <= desk.now,
            _ => false,
        }
    }

    /// A record was put here that its publisher had put at `published`.
    pub fn note_put(&mut self, desk: &mut Desk<'_>, record: RecordId, published: Published) {
        let Repair::Republish(republish) = *desk.repair else { return };
        self.ages.put(record, published, desk.now);
        if let Some(expiry) = republish.expiry {
            self.set_timer(desk, published.time() + expiry);
        }
    }

    /// When the publisher put a record that is held here.
    pub fn published(&self, record: RecordId) -> Option<Published> {
        self.ages.find(record).ok().map(|at| self.ages.ages[at].published)
    }

    /// The holder's own turn: puts again what nobody has put within the period, with a walk for each.
    pub fn republish(&self, desk: &mut Desk<'_>, every: Duration) {
        for held in self.store.held() {
            let fresh = self.ages.find(held.record).is_ok_and(|at| self.ages.ages[at].put + every > desk.now);
            if !fresh {
                desk.do_effect(Effect::Return { record: held.record, version: held.version });
            }
        }
    }

    /// Copies may have expired. Drops those that have, and gives them; the machine may be offline.
    pub fn expire_copies(&mut self, desk: &mut Desk<'_>) -> Vec<Held> {
        let Repair::Republish(Republish { expiry: Some(expiry), .. }) = *desk.repair else { return Vec::new() };
        self.ages.timer = None;
        let now = desk.now;
        let (old, young) = self.ages.ages.iter().partition(|age| age.published.time() + expiry <= now);
        self.ages.ages = young;
        let expired = Vec::<Age>::into_iter(old).map(|age| age.record);
        let removed = |record| Some(Held { record, version: self.store.remove(record)? });
        let expired = expired.filter_map(removed).collect();
        if let Some(next) = self.ages.ages.iter().map(|age| age.published.time() + expiry).min() {
            self.set_timer(desk, next);
        }
        expired
    }

    fn set_timer(&mut self, desk: &mut Desk<'_>, at: Time) {
        if self.ages.timer.is_none_or(|set| at < set) {
            self.ages.timer = Some(at);
            desk.do_effect(Effect::ExpiryTimer { at });
        }
    }
}
