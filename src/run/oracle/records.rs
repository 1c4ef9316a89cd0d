//! Where the copies of every record are, what can be had, and what is lost: true, and for judging only.
//!
//! A resource is *available* while enough different pieces of it are on machines that are online, in the newest version that
//! was acknowledged to its writer or a later one: what a get that begins now could be answered with and be correct. It is *lost*
//! when too few pieces are left on any disk, in whatever version.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::engine::{Duration, Time};
use crate::measure::outcome::ResourceRow;
use crate::model::{Coding, Held, RecordId, RecordSpace, ResourceId, Stock, Version};

/// The copies of a record.
#[derive(Clone, Copy, Debug, Default)]
struct Copies {
    on_disk: u32,
    /// On machines that are online, in the newest acknowledged version or a later one.
    current: u32,
    /// A version was put, or existed from the start.
    stored: bool,
}

/// What is left of a resource: how many different pieces. An event of one copy touches this at most, in O(1).
#[derive(Clone, Copy, Debug, Default)]
struct Pieces {
    on_disk: u32,
    /// Pieces of which there is a current copy.
    current: u32,
    stored: u32,
    acknowledged: Version,
    lost_at: Option<Time>,
    /// Whether the loss is one of copies that expired.
    expired: bool,
    /// The time that it could be had, up to `since`.
    available: Duration,
    since: Time,
}

/// The records of a run and the resources that they are pieces of.
#[derive(Debug)]
pub(crate) struct Records {
    space: RecordSpace,
    /// By record. Of what is no value only is known whether it was stored once.
    copies: Vec<Copies>,
    resources: Vec<Pieces>,
    stock: Stock,
    /// Of the current copies those that are newer than what was acknowledged, by version: of puts under way, and of some that
    /// failed.
    ahead: BTreeMap<(RecordId, Version), u32>,
    ever_stored: u32,
    last: Version,
}

impl Records {
    /// Records of which no copy exists.
    pub(crate) fn new(space: RecordSpace) -> Records {
        Records {
            space,
            copies: vec![Copies::default(); space.count() as usize],
            resources: vec![Pieces::default(); space.resource_count() as usize],
            stock: Stock::default(),
            ahead: BTreeMap::new(),
            ever_stored: 0,
            last: Version(0),
        }
    }

    pub(crate) fn stock(&self) -> Stock {
        self.stock
    }

    /// Resources that were stored once: enough pieces of them.
    pub(crate) fn ever_stored(&self) -> u32 {
        self.ever_stored
    }

    /// Whether this record was stored once.
    pub(crate) fn is_stored(&self, record: RecordId) -> bool {
        self.copies[record.index()].stored
    }

    /// Copies of a record on all disks.
    pub(crate) fn copies(&self, record: RecordId) -> u32 {
        self.copies[record.index()].on_disk
    }

    /// Whether enough of the resource of this record was stored once.
    pub(crate) fn is_resource_stored(&self, record: RecordId) -> bool {
        self.of(record).stored >= self.space.coding().needed
    }

    /// Whether so little is left of the resource of this record on any disk that it cannot be had again.
    pub(crate) fn is_lost(&self, record: RecordId) -> bool {
        self.of(record).on_disk < self.space.coding().needed
    }

    /// A new version: numbered in the order of issue, which is that of (time, participant).
    pub(crate) fn next_version(&mut self) -> Version {
        self.last.0 += 1;
        self.last
    }

    /// The newest version of the resource of this record acknowledged so far.
    pub(crate) fn acknowledged(&self, record: RecordId) -> Version {
        self.of(record).acknowledged
    }

    /// `version` of the resource of this record was acknowledged to its writer: older copies are no longer current.
    pub(crate) fn acknowledge(&mut self, now: Time, record: RecordId, version: Version) {
        if version <= self.acknowledged(record) {
            return;
        }
        let resource = self.space.resource(record);
        self.resources[resource.index()].acknowledged = version;
        for piece in self.space.pieces_of(resource) {
            let ahead = self.ahead.range((piece, Version(0))..=(piece, Version(u32::MAX)));
            let ahead: Vec<_> = ahead.map(|(&(_, version), &copies)| (version, copies)).collect();
            ahead.iter().filter(|one| one.0 <= version).for_each(|one| _ = self.ahead.remove(&(piece, one.0)));
            let current = ahead.iter().filter(|one| one.0 >= version).map(|one| one.1).sum();
            let before = std::mem::replace(&mut self.copies[piece.index()].current, current);
            if before > 0 && current == 0 {
                self.piece_is_current(now, piece, false);
            }
        }
    }

    /// Some node stored a version.
    pub(crate) fn mark_stored(&mut self, now: Time, record: RecordId) {
        if std::mem::replace(&mut self.copies[record.index()].stored, true) || !self.space.is_value(record) {
            return;
        }
        let resource = self.space.resource(record);
        let stored = &mut self.resources[resource.index()].stored;
        *stored += 1;
        self.ever_stored += u32::from(*stored == self.space.coding().needed);
        self.look_for_loss(now, resource);
    }

    /// A copy was made on a disk, of a machine that is online or not.
    pub(crate) fn copy_made(&mut self, now: Time, copy: Held, online: bool) {
        let record = copy.record;
        if !self.space.is_value(record) {
            return self.mark_stored(now, record);
        }
        self.stock.copies += 1;
        let on_disk = &mut self.copies[record.index()].on_disk;
        *on_disk += 1;
        if *on_disk == 1 {
            self.piece_on_disk(now, record, true);
        }
        self.mark_stored(now, record);
        if online {
            self.came_online(now, copy);
        }
    }

    /// A machine that is online holds `version` instead of a copy.
    pub(crate) fn copy_renewed(&mut self, now: Time, copy: Held, version: Version) {
        self.came_online(now, Held { version, ..copy });
        self.went_offline(now, copy);
    }

    /// A copy was deleted by a machine that is online.
    pub(crate) fn copy_dropped(&mut self, now: Time, copy: Held) {
        self.went_offline(now, copy);
        self.copy_gone(now, copy.record);
    }

    /// A copy went with its disk, which was offline.
    pub(crate) fn copy_gone(&mut self, now: Time, record: RecordId) {
        if !self.space.is_value(record) {
            return;
        }
        self.stock.copies -= 1;
        let on_disk = &mut self.copies[record.index()].on_disk;
        *on_disk -= 1;
        if *on_disk == 0 {
            self.piece_on_disk(now, record, false);
        }
    }

    /// A copy has expired, on a machine that is online or not.
    pub(crate) fn copy_expired(&mut self, now: Time, copy: Held, online: bool) {
        let record = copy.record;
        if online {
            self.went_offline(now, copy);
        }
        let was_lost = self.of(record).lost_at.is_some();
        self.copy_gone(now, record);
        let pieces = &mut self.resources[self.space.resource(record).index()];
        pieces.expired |= !was_lost && pieces.lost_at.is_some();
    }

    /// Whether the resource of this record is lost, and was lost because copies expired.
    pub(crate) fn is_expired(&self, record: RecordId) -> bool {
        self.of(record).expired
    }

    /// A machine with a copy came online.
    pub(crate) fn came_online(&mut self, now: Time, copy: Held) {
        let Held { record, version } = copy;
        if !self.space.is_value(record) {
            return;
        }
        self.stock.copies_online += 1;
        let acknowledged = self.acknowledged(record);
        if version > acknowledged {
            *self.ahead.entry((record, version)).or_default() += 1;
        }
        if version >= acknowledged {
            let current = &mut self.copies[record.index()].current;
            *current += 1;
            if *current == 1 {
                self.piece_is_current(now, record, true);
            }
        }
    }

    /// A machine with a copy went offline.
    pub(crate) fn went_offline(&mut self, now: Time, copy: Held) {
        let Held { record, version } = copy;
        if !self.space.is_value(record) {
            return;
        }
        self.stock.copies_online -= 1;
        let acknowledged = self.acknowledged(record);
        if version > acknowledged {
            let copies = self.ahead.get_mut(&(record, version)).expect("it came online");
            *copies -= 1;
            if *copies == 0 {
                self.ahead.remove(&(record, version));
            }
        }
        if version >= acknowledged {
            let current = &mut self.copies[record.index()].current;
            *current -= 1;
            if *current == 0 {
                self.piece_is_current(now, record, false);
            }
        }
    }

    /// The measurement begins: availability is counted from now on.
    pub(crate) fn measure(&mut self, now: Time) {
        for pieces in &mut self.resources {
            (pieces.available, pieces.since) = (Duration::ZERO, now);
        }
    }

    /// One row for each resource, `measured` after the measurement began; `size` is that of a resource.
    pub(crate) fn rows(&mut self, now: Time, measured: Duration, size: impl Fn(u32) -> u32) -> Vec<ResourceRow> {
        let Coding { needed, .. } = self.space.coding();
        let row = |(resource, pieces): (u32, &mut Pieces)| {
            pieces.account(now, needed);
            ResourceRow {
                resource,
                rank: resource + 1,
                size: size(resource),
                pieces: self.space.coding().pieces(),
                needed,
                lost_at: pieces.lost_at,
                expired: pieces.expired,
                availability_mean: pieces.available.as_secs_f64() / measured.as_secs_f64(),
            }
        };
        (0..).zip(&mut self.resources).map(row).collect()
    }

    fn of(&self, record: RecordId) -> &Pieces {
        &self.resources[self.space.resource(record).index()]
    }

    /// The first current copy of a piece came, or the last has gone.
    fn piece_is_current(&mut self, now: Time, record: RecordId, there: bool) {
        let needed = self.space.coding().needed;
        let pieces = &mut self.resources[self.space.resource(record).index()];
        pieces.account(now, needed);
        if there {
            pieces.current += 1;
            self.stock.available += u32::from(pieces.current == needed);
        } else {
            self.stock.available -= u32::from(pieces.current == needed);
            pieces.current -= 1;
        }
    }

    /// The first copy of a piece was made, or the last has gone.
    fn piece_on_disk(&mut self, now: Time, record: RecordId, there: bool) {
        let resource = self.space.resource(record);
        let on_disk = &mut self.resources[resource.index()].on_disk;
        *on_disk = if there { *on_disk + 1 } else { *on_disk - 1 };
        self.look_for_loss(now, resource);
    }

    /// A loss is not for ever if somebody puts the resource again.
    fn look_for_loss(&mut self, now: Time, resource: ResourceId) {
        let needed = self.space.coding().needed;
        let pieces = &mut self.resources[resource.index()];
        match (pieces.stored >= needed && pieces.on_disk < needed, pieces.lost_at) {
            (true, None) => {
                pieces.lost_at = Some(now);
                self.stock.lost += 1;
            }
            (false, Some(_)) => {
                (pieces.lost_at, pieces.expired) = (None, false);
                self.stock.lost -= 1;
            }
            _ => {}
        }
    }
}

impl Pieces {
    fn account(&mut self, now: Time, needed: u32) {
        if self.current >= needed {
            self.available += now.since(self.since);
        }
        self.since = now;
    }
}
