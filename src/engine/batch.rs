//! A batch of events: a run of consecutive slots of the event queue, sorted.
//!
//! Sorting moves 8-byte keys (time within the batch, index), not events, and compares the full order only where times
//! are equal. A batch has some tens of events where slots are sparse and the events of one slot where they are dense, so
//! what is sorted at once is small enough for the cache, and opening it is shared by many.

use std::cmp::{Ordering, Reverse};

use super::order::Order;
use super::queue::SLOT_BITS;
use super::slots::{Ring, Slab};

/// Events that are enough for a batch.
const ENOUGH: usize = 32;
/// Slots that a batch spans at most: what is pushed into them while they are emptied costs a logarithm, so they are few
/// beside the usual delay of a packet. Below 2¹², so that a time within the batch has 32 bits.
pub(super) const SPAN: usize = 8;

/// A pending event. 64 bytes with an event of 48.
#[derive(Clone, Copy)]
pub(super) struct Entry<E> {
    pub time: u64,
    pub order: Order,
    pub event: E,
}

impl<E> Entry<E> {
    pub fn rank(&self) -> (u64, Order) {
        (self.time, self.order)
    }
}

/// The *earliest* entry is the greatest: `BinaryHeap` gives the greatest first.
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Entry<E>) -> Ordering {
        other.rank().cmp(&self.rank())
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Entry<E>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Entry<E>) -> bool {
        self.rank() == other.rank()
    }
}

impl<E> Eq for Entry<E> {}

/// The entries of some consecutive slots, and which of them were not popped yet.
pub(super) struct Batch<E> {
    entries: Vec<Entry<E>>,
    /// Those not popped, latest first: time since `start` << 32 | index of the entry.
    keys: Vec<u64>,
    start: u64,
}

impl<E: Copy> Batch<E> {
    pub fn new() -> Batch<E> {
        Batch { entries: Vec::new(), keys: Vec::new(), start: 0 }
    }

    /// Fills an emptied batch with the slots from `first` on, which holds something and begins at `start`. Gives the slot
    /// after the last one.
    pub fn fill(&mut self, slots: &mut Ring, slab: &mut Slab<Entry<E>>, first: usize, start: u64) -> usize {
        debug_assert!(self.keys.is_empty(), "an opened batch is emptied before the next");
        self.entries.clear();
        self.start = start;
        let mut slot = first;
        let behind = loop {
            slots.take(slot).empty_into(slab, &mut self.entries);
            match slots.first_from(0) {
                Some(next) if self.entries.len() < ENOUGH && next < first + SPAN => slot = next,
                _ => break slot + 1,
            }
        };
        self.keys.extend(self.entries.iter().zip(0u64..).map(|(entry, index)| (entry.time - start) << 32 | index));
        self.keys.sort_unstable_by(|a, b| b.cmp(a));
        self.order_equal_times();
        behind
    }

    /// Brings runs of keys of equal time into the full order, latest first.
    fn order_equal_times(&mut self) {
        let order = |key: u64| self.entries[key as u32 as usize].order;
        let equal = |a: u64, b: u64| a >> 32 == b >> 32;
        if !self.keys.windows(2).fold(false, |any, pair| any | equal(pair[0], pair[1])) {
            return;
        }
        for run in self.keys.chunk_by_mut(|&a, &b| equal(a, b)).filter(|run| run.len() > 1) {
            run.sort_unstable_by_key(|&key| Reverse(order(key)));
            debug_assert!(
                run.windows(2).all(|pair| order(pair[0]) != order(pair[1])),
                "two events of the same time have the same order"
            );
        }
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Entries not popped.
    #[inline]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The time of the first entry; the end of time if there is none.
    #[inline]
    pub fn first_time(&self) -> u64 {
        self.keys.last().map_or(u64::MAX, |key| self.start + (key >> 32))
    }

    #[inline]
    pub fn first(&self) -> Option<&Entry<E>> {
        self.get(0)
    }

    /// The entry that is popped after `ahead` others.
    #[inline]
    pub fn get(&self, ahead: usize) -> Option<&Entry<E>> {
        let place = self.keys.len().checked_sub(ahead + 1)?;
        Some(&self.entries[self.keys[place] as u32 as usize])
    }

    /// Takes out the first entry.
    #[inline]
    pub fn pop(&mut self) -> Option<Entry<E>> {
        let key = self.keys.pop()?;
        Some(self.entries[key as u32 as usize])
    }

    pub fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry<E>>() + self.keys.capacity() * size_of::<u64>()
    }
}

const _: () = assert!((SPAN as u64) << SLOT_BITS <= 1 << 32);
