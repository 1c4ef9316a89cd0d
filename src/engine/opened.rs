//! Opened part of the event queue: the places of its entries, sorted.
//!
//! Slots are opened a few at a time: small enough to sort within the cache, and many enough to share the cost. Sorting
//! moves 8-byte keys (time since the first slot, place), not events, and compares the full order only at equal times.
//! The entries stay in their slab; the chunks of a slot return to it when more slots are opened and all its entries
//! were popped.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::order::Order;
use super::slots::{Chain, Slab};

/// Pending event: one cache line with an event of 48 bytes.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Entry<E> {
    pub time: u64,
    pub order: Order,
    pub event: E,
}

impl<E> Entry<E> {
    pub(super) fn rank(&self) -> (u64, Order) {
        (self.time, self.order)
    }
}

/// Reverse order: the *earliest* entry is the greatest, as `BinaryHeap` pops the greatest first.
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

/// Event of a queue.
pub trait Pending: Copy {
    /// Entity whose memory the event will touch, given its `source`: known as soon as it is opened, so that a prefetch
    /// need not test the kind of event, which would be a mispredicted branch.
    fn touches(&self, source: u32) -> u32;
}

/// Plain words as events, for measurements and tests: the first is the entity that they touch.
impl<const N: usize> Pending for [u64; N] {
    fn touches(&self, source: u32) -> u32 {
        self.first().map_or(source, |&first| first as u32)
    }
}

/// Opened entry.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Place in the slab.
    pub at: u32,
    /// Entity whose memory the event will touch, and the event's source.
    pub touches: [u32; 2],
}

/// Places of opened entries in the order of popping.
pub(super) struct Opened {
    places: Vec<Place>,
    /// Index of the first entry that was not popped.
    first: usize,
    /// Number of places dropped from the front of `places` so far.
    dropped: u64,
    /// Lists of chunks, each with the total number of popped entries at which it is released.
    chunks: VecDeque<(u64, (u32, u32))>,
    /// Keys being sorted: time since the first slot << 32 | place.
    keys: Vec<u64>,
}

impl Opened {
    pub(super) fn new() -> Opened {
        Opened { places: Vec::new(), first: 0, dropped: 0, chunks: VecDeque::new(), keys: Vec::new() }
    }

    /// Number of entries that were not popped.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.first
    }

    /// Place of the entry that is popped after `ahead` others.
    #[inline(always)]
    pub(super) fn get(&self, ahead: usize) -> Option<&Place> {
        self.places.get(self.first + ahead)
    }

    /// Pops the first entry.
    #[inline(always)]
    pub(super) fn pop(&mut self) {
        self.first += 1;
    }

    /// Returns the chunks of popped entries to the slab, before more is added.
    pub(super) fn release<E: Copy>(&mut self, slab: &mut Slab<Entry<E>>) {
        self.dropped += self.first as u64;
        self.places.drain(..self.first);
        self.first = 0;
        while let Some(&(_, (first, last))) = self.chunks.front().filter(|(popped, _)| *popped <= self.dropped) {
            slab.release(first, last);
            self.chunks.pop_front();
        }
    }

    /// Adds the entries of a slot, behind all others. `start` is the start of the first slot to be sorted together.
    /// Returns their number so far.
    pub(super) fn collect<E: Copy>(&mut self, slab: &Slab<Entry<E>>, slot: Chain, start: u64) -> usize {
        let keys = &mut self.keys;
        let chunks = slot.open(slab, |entry, place| keys.push((entry.time - start) << 32 | u64::from(place)));
        let behind = self.dropped + (self.places.len() + keys.len()) as u64;
        self.chunks.push_back((behind, chunks));
        keys.len()
    }

    /// Sorts the added entries.
    pub(super) fn sort<E: Pending>(&mut self, slab: &Slab<Entry<E>>) {
        self.keys.sort_unstable();
        order_equal_times(&mut self.keys, |key| slab.get(key as u32).order);
        self.places.extend(self.keys.iter().map(|&key| {
            let at = key as u32;
            let Entry { order, event, .. } = slab.get(at);
            Place { at, touches: [event.touches(order.source()), order.source()] }
        }));
        self.keys.clear();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place>()
            + self.keys.capacity() * size_of::<u64>()
            + self.chunks.capacity() * size_of::<(u64, (u32, u32))>()
    }
}

/// Sorts runs of keys of equal time by the full order.
fn order_equal_times(keys: &mut [u64], order: impl Fn(u64) -> Order) {
    let equal = |a: u64, b: u64| a >> 32 == b >> 32;
    if !keys.windows(2).fold(false, |any, pair| any | equal(pair[0], pair[1])) {
        return;
    }
    for run in keys.chunk_by_mut(|&a, &b| equal(a, b)).filter(|run| run.len() > 1) {
        run.sort_unstable_by_key(|&key| order(key));
        debug_assert!(
            run.windows(2).all(|pair| order(pair[0]) != order(pair[1])),
            "two events of the same time have the same order"
        );
    }
}
