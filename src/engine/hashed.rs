//! Hash table in contiguous memory, with the keys in the entries: a look-up touches mostly one or two cache lines,
//! which are known beforehand and can be prefetched ([`prefetch`]).
//!
//! Linear probing (Knuth, The Art of Computer Programming 3, 6.4, algorithms L and R): an entry is at its hash's slot
//! or in the next free one, and removal leaves no gap. The order of entries depends on insertions and removals alone;
//! results should not depend on it all the same.

use super::prefetch;

/// Entry of a table.
pub(crate) trait Entry: Copy {
    type Key: Copy + PartialEq;
    /// Marker of a free slot, with a key that no entry has.
    const FREE: Self;
    fn key(&self) -> Self::Key;
    /// Hash of a key, spread over all bits. Entries with equal hashes are neighbours.
    fn hash(key: Self::Key) -> u32;
}

/// Capacity of the smallest table that is not empty.
const FEWEST: usize = 8;

/// Hash table.
#[derive(Clone, Debug)]
pub(crate) struct Hashed<T> {
    slots: Vec<T>,
    len: u32,
}

impl<T> Default for Hashed<T> {
    fn default() -> Self {
        Hashed { slots: Vec::new(), len: 0 }
    }
}

impl<T: Entry> Hashed<T> {
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether the table has to grow for another entry: three quarters of its slots are used.
    pub(crate) fn is_full(&self) -> bool {
        4 * self.len() >= 3 * self.slots.len()
    }

    /// Slot of the entry with this key, or otherwise the free slot for it.
    fn find(&self, key: T::Key) -> Result<usize, usize> {
        if self.slots.is_empty() {
            return Err(0);
        }
        let mut at = self.home(key);
        loop {
            let there = self.slots[at].key();
            if there == key {
                return Ok(at);
            } else if there == T::FREE.key() {
                return Err(at);
            }
            at = self.after(at);
        }
    }

    fn home(&self, key: T::Key) -> usize {
        ((u64::from(T::hash(key)) * self.slots.len() as u64) >> 32) as usize
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    pub(crate) fn get(&self, key: T::Key) -> Option<&T> {
        self.find(key).ok().map(|at| &self.slots[at])
    }

    /// Entry with this key, mutable except for the key.
    pub(crate) fn get_mut(&mut self, key: T::Key) -> Option<&mut T> {
        self.find(key).ok().map(|at| &mut self.slots[at])
    }

    /// Adds an entry with a new key.
    pub(crate) fn insert(&mut self, entry: T) {
        if self.is_full() {
            self.refill(self.larger(), |_| true);
        }
        let at = self.find(entry.key()).expect_err("it is not there yet");
        self.slots[at] = entry;
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, key: T::Key) -> Option<T> {
        let mut gap = self.find(key).ok()?;
        let removed = self.slots[gap];
        let slots = self.slots.len();
        let way = |from: usize, to: usize| if to >= from { to - from } else { to + slots - from };
        let mut at = self.after(gap);
        while self.slots[at].key() != T::FREE.key() {
            // Whoever would pass the gap on the way from where its hash says moves into it.
            if way(self.home(self.slots[at].key()), at) >= way(gap, at) {
                self.slots[gap] = self.slots[at];
                gap = at;
            }
            at = self.after(at);
        }
        self.slots[gap] = T::FREE;
        self.len -= 1;
        Some(removed)
    }

    /// Keeps only some entries. Grows if most of them stay: a table that can drop some entries when it is full should
    /// not have to for every second insertion.
    pub(crate) fn retain(&mut self, stays: impl Fn(&T) -> bool) {
        let most = 8 * self.iter().filter(|entry| stays(entry)).count() > 5 * self.slots.len();
        self.refill(if most { self.larger() } else { self.slots.len() }, stays);
    }

    fn larger(&self) -> usize {
        (self.slots.len() + self.slots.len() / 2).max(FEWEST)
    }

    fn refill(&mut self, slots: usize, stays: impl Fn(&T) -> bool) {
        let old = std::mem::replace(self, Hashed { slots: vec![T::FREE; slots], len: 0 });
        old.iter().filter(|entry| stays(entry)).for_each(|entry| self.insert(*entry));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter(|entry| entry.key() != T::FREE.key())
    }

    /// Entries with the hash of this key, and perhaps others.
    pub(crate) fn alike(&self, key: T::Key) -> impl Iterator<Item = &T> {
        let (before, from) = self.slots.split_at(if self.slots.is_empty() { 0 } else { self.home(key) });
        from.iter().chain(before).take_while(|entry| entry.key() != T::FREE.key())
    }

    /// Prefetches the probable place of the entry with this key: two slots.
    pub(crate) fn prefetch(&self, key: T::Key) {
        if !self.slots.is_empty() {
            let home = self.home(key);
            prefetch(&self.slots[home]);
            prefetch(&self.slots[self.after(home)]);
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Noise, Source};

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Pair(u32, u32);

    impl Entry for Pair {
        type Key = u32;
        const FREE: Pair = Pair(u32::MAX, 0);

        fn key(&self) -> u32 {
            self.0
        }

        /// Many are the same, and many lie at the end of the table.
        fn hash(key: u32) -> u32 {
            (key / 4).wrapping_mul(0x9E37_79B1) | 0xF000_0000
        }
    }

    #[test]
    fn it_holds_what_was_put_in_and_not_taken_out() {
        let (mut table, mut noise) = (Hashed::default(), Noise::new(1));
        let mut model = [None; 100];
        for value in 0..20_000 {
            let key = noise.below(model.len() as u64) as u32;
            let there = &mut model[key as usize];
            assert_eq!(table.get(key), there.map(|value| Pair(key, value)).as_ref());
            match *there {
                Some(before) if value % 2 == 0 => {
                    assert_eq!(table.remove(key), Some(Pair(key, before)));
                    *there = None;
                }
                Some(_) => (table.get_mut(key).unwrap().1, *there) = (value, Some(value)),
                None => {
                    table.insert(Pair(key, value));
                    *there = Some(value);
                }
            }
            if value % 1000 == 0 {
                table.retain(|pair| pair.1 % 3 > 0);
                model.iter_mut().for_each(|value| *value = value.filter(|value| value % 3 > 0));
            }
            assert_eq!(table.len(), model.iter().flatten().count());
        }
        let mut held: Vec<u32> = table.iter().map(|pair| pair.0).collect();
        held.sort_unstable();
        assert!((0..100).filter(|&key| model[key as usize].is_some()).eq(held));
        assert!((0..100).all(|key| {
            let alike: Vec<u32> = table.alike(key).map(|pair| pair.0 / 4).collect();
            let there = (key / 4 * 4..key / 4 * 4 + 4).filter(|&key| model[key as usize].is_some());
            alike.iter().filter(|&&four| four == key / 4).count() == there.count()
        }));
    }

    #[test]
    fn an_empty_table_takes_no_memory_and_a_full_one_is_not_much_larger_than_what_it_holds() {
        let mut table = Hashed::default();
        assert_eq!((table.remove(1), table.get(1), table.alike(1).count(), table.heap_bytes()), (None, None, 0, 0));
        for key in 0..1000 {
            table.insert(Pair(key, 0));
            let slots = table.heap_bytes() / size_of::<Pair>();
            assert!(slots <= (2 * table.len() + 2).max(FEWEST), "{slots} for {key}");
        }
    }
}
