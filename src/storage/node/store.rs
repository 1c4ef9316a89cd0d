//! Record store: the records on one machine's disk.

use crate::model::{Held, RecordId, RecordSpace, ResourceId, Version};

/// Records held by a node and their versions, sorted by record. 8 bytes per record; values have no content.
///
/// Some may be in *reserve*: copies that the node is not responsible for and that others hold. They are on the disk,
/// but do not answer lookups, because they are not updated to newer versions.
#[derive(Clone, Debug, Default)]
pub struct Store {
    held: Vec<Held>,
    reserve: Vec<RecordId>,
    /// Records not in reserve, if any is in reserve.
    given: Vec<Held>,
}

impl Store {
    /// Records held, sorted by record.
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// Records held and not in reserve, sorted by record.
    pub fn given(&self) -> &[Held] {
        if self.reserve.is_empty() { &self.held } else { &self.given }
    }

    /// Version held of `record`, unless it is in reserve.
    pub fn version_given(&self, record: RecordId) -> Option<Version> {
        self.version(record).filter(|_| self.reserve.binary_search(&record).is_err())
    }

    /// Records in reserve.
    pub fn reserved(&self) -> &[RecordId] {
        &self.reserve
    }

    /// Bytes of the values in reserve; `sizes` are those of all records.
    pub fn reserved_bytes(&self, sizes: &[u32]) -> u64 {
        self.reserve.iter().map(|record| u64::from(sizes[record.index()])).sum()
    }

    /// Puts a copy that is held into reserve, or takes it out.
    pub fn reserve(&mut self, record: RecordId, reserved: bool) {
        match (self.reserve.binary_search(&record), reserved) {
            (Err(at), true) => {
                if self.reserve.is_empty() {
                    self.given.clone_from(&self.held);
                }
                self.reserve.insert(at, record);
                self.give(record, None);
            }
            (Ok(at), false) => {
                self.reserve.remove(at);
                self.give(record, self.version(record));
            }
            _ => {}
        }
    }

    /// Takes everything out of reserve.
    pub fn reserve_nothing(&mut self) {
        self.reserve.clear();
        self.given.clear();
    }

    /// Updates the list of records not in reserve: present in this version, or absent.
    fn give(&mut self, record: RecordId, version: Option<Version>) {
        if self.reserve.is_empty() {
            return self.given.clear();
        }
        match (self.given.binary_search_by_key(&record, |held| held.record), version) {
            (Ok(at), Some(version)) => self.given[at].version = version,
            (Err(at), Some(version)) => self.given.insert(at, Held { record, version }),
            (Ok(at), None) => drop(self.given.remove(at)),
            (Err(_), None) => {}
        }
    }

    /// What is held from this record on.
    pub fn from(&self, first: RecordId) -> &[Held] {
        let at = if first == RecordId::new(0) { 0 } else { self.held.partition_point(|held| held.record < first) };
        &self.held[at..]
    }

    /// Whether a piece of a resource is held.
    pub fn holds_any_of(&self, space: RecordSpace, resource: ResourceId) -> bool {
        let next = self.from(space.value(resource, 0)).first();
        next.is_some_and(|held| space.is_value(held.record) && space.resource(held.record) == resource)
    }

    /// Version held of `record`.
    pub fn version(&self, record: RecordId) -> Option<Version> {
        self.find(record).ok().map(|at| self.held[at].version)
    }

    /// Whether `record` is held, or fits on a disk of `disk` bytes with the values held. `sizes` are those of all
    /// records. O(records held), if the disk has a limit.
    pub fn has_room(&self, record: RecordId, disk: u64, sizes: &[u32]) -> bool {
        let bytes = |record: RecordId| u64::from(sizes[record.index()]);
        let taken = || self.held.iter().map(|held| bytes(held.record)).sum::<u64>();
        disk == u64::MAX || self.find(record).is_ok() || taken() + bytes(record) <= disk
    }

    /// Stores `version` unless a newer one is present; returns the previous version.
    pub fn keep(&mut self, record: RecordId, version: Version) -> Option<Version> {
        let before = match self.find(record) {
            Ok(at) => {
                let held = &mut self.held[at].version;
                Some(std::mem::replace(held, version.max(*held)))
            }
            Err(at) => {
                self.held.insert(at, Held { record, version });
                None
            }
        };
        if !self.reserve.is_empty() {
            self.give(record, self.version_given(record));
        }
        before
    }

    /// Removes `record`; returns its version.
    pub fn remove(&mut self, record: RecordId) -> Option<Version> {
        let version = self.find(record).ok().map(|at| self.held.remove(at).version);
        self.reserve(record, false);
        self.give(record, None);
        version
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        (self.held.capacity() + self.given.capacity()) * size_of::<Held>()
            + self.reserve.capacity() * size_of::<RecordId>()
    }

    fn find(&self, record: RecordId) -> Result<usize, usize> {
        self.held.binary_search_by_key(&record, |held| held.record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_stays_whatever_the_order_of_arrival() {
        let mut store = Store::default();
        let record = RecordId::new(3);
        assert_eq!(store.keep(record, Version(2)), None);
        assert_eq!(store.keep(record, Version(1)), Some(Version(2)));
        assert_eq!(store.version(record), Some(Version(2)));
        assert_eq!((store.remove(record), store.remove(record)), (Some(Version(2)), None));
        assert_eq!(store.version(record), None);
    }

    #[test]
    fn what_is_in_reserve_is_held_and_not_given() {
        let (mut store, [a, b]) = (Store::default(), [1, 2].map(RecordId::new));
        assert_eq!([a, b].map(|record| store.keep(record, Version(1))), [None, None]);
        store.reserve(a, true);
        store.keep(a, Version(3));
        store.keep(b, Version(2));
        assert_eq!((store.given(), store.held().len()), (&[Held { record: b, version: Version(2) }][..], 2));
        assert_eq!((store.version(a), store.version_given(a)), (Some(Version(3)), None));
        store.reserve(a, false);
        assert_eq!(store.given(), store.held());
        store.reserve(b, true);
        store.remove(b);
        assert_eq!(store.given(), store.held(), "nothing is left in reserve");
    }

    #[test]
    fn a_full_disk_takes_newer_versions_of_what_it_holds_and_nothing_else() {
        let (mut store, sizes) = (Store::default(), [60, 40, 1]);
        let fits = |store: &Store, record, disk| store.has_room(RecordId::new(record), disk, &sizes);
        store.keep(RecordId::new(0), Version(1));
        assert!(fits(&store, 1, 100) && !fits(&store, 1, 99));
        store.keep(RecordId::new(1), Version(1));
        assert!(fits(&store, 0, 100) && !fits(&store, 2, 100) && fits(&store, 2, u64::MAX));
    }
}
