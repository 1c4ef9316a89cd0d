//! The event queue: a hierarchical timing wheel (Varghese & Lauck, SOSP 1987) that pops in exact order.
//!
//! Near time is cut into slots of 2²⁰ ns (about 1 ms), 4096 of which make a page (about 4.3 s). Events of the current
//! page wait in their slot, events of the next 4095 pages (4.9 h) in their page, and the rest in a heap. A page is
//! dealt onto its slots when it is entered; a slot is sorted when it is entered. So an event is moved three times at
//! most, wherever it lies, and what is sorted at once is small enough for the cache. An empty slot costs nothing.
//!
//! Sorting moves 8-byte keys (time within the slot, index), not events, and compares the full order only where times
//! are equal. What is pushed into the slot being emptied goes to a small heap beside it: at any density that costs a
//! logarithm at worst, where an insertion into the sorted rest could cost its length.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::order::Order;
use super::slots::{Ring, SLOTS, Slab};
use super::time::Time;

/// 64 bytes with an event of 48.
#[derive(Clone, Copy)]
struct Entry<E> {
    time: u64,
    order: Order,
    event: E,
}

impl<E> Entry<E> {
    fn rank(&self) -> (u64, Order) {
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

pub(super) const SLOT_BITS: u32 = 20;
pub(super) const PAGE_BITS: u32 = SLOT_BITS + SLOTS.ilog2();

const fn page_of(time: u64) -> u64 {
    time >> PAGE_BITS
}

/// The slot of a time within its page.
const fn slot_of(time: u64) -> usize {
    (time >> SLOT_BITS) as usize % SLOTS
}

/// The pending events of a run, in the order of (time, class, source, counter).
///
/// Steady state: no allocation, memory bounded by the most events ever pending.
pub struct Queue<E> {
    /// The entries of the slot being emptied …
    bucket: Vec<Entry<E>>,
    /// … and those not yet popped, latest first: time within the slot << 32 | index in the bucket.
    keys: Vec<u64>,
    /// Entries pushed into the slot being emptied.
    late: BinaryHeap<Entry<E>>,
    /// Where the slot being emptied begins and ends; later entries are in a ring or in the overflow.
    slot_start: u64,
    slot_end: u64,
    /// The current page, and its slots.
    page: u64,
    slots: Ring,
    /// The `SLOTS − 1` pages after it, page p in slot p mod `SLOTS`.
    pages: Ring,
    slab: Slab<Entry<E>>,
    /// What lies beyond these pages.
    overflow: BinaryHeap<Entry<E>>,
    len: usize,
    /// When the last popped event was.
    now: u64,
}

impl<E: Copy> Default for Queue<E> {
    fn default() -> Queue<E> {
        Queue::new()
    }
}

impl<E: Copy> Queue<E> {
    /// An empty queue at time zero.
    pub fn new() -> Queue<E> {
        Queue {
            bucket: Vec::new(),
            keys: Vec::new(),
            late: BinaryHeap::new(),
            slot_start: 0,
            slot_end: 0,
            page: 0,
            slots: Ring::new(),
            pages: Ring::new(),
            slab: Slab::new(),
            overflow: BinaryHeap::new(),
            len: 0,
            now: 0,
        }
    }

    /// Adds an event. One at the time of the event last popped is popped in its place among what is left.
    ///
    /// Panics if `at` is before the event last popped, or never.
    pub fn push(&mut self, at: Time, order: Order, event: E) {
        assert!(at != Time::NEVER, "an event that never happens is not scheduled");
        let time = at.as_nanos();
        assert!(
            time >= self.now,
            "an event at {at} was scheduled after one at {} had happened",
            Time::from_nanos(self.now)
        );
        self.len += 1;
        let entry = Entry { time, order, event };
        if time < self.slot_end {
            self.late.push(entry);
        } else {
            self.place(entry);
        }
    }

    /// Puts an entry behind the slot being emptied where it waits for its turn.
    fn place(&mut self, entry: Entry<E>) {
        match page_of(entry.time) - self.page {
            0 => self.slots.push(&mut self.slab, slot_of(entry.time), entry),
            ahead if ahead < SLOTS as u64 => {
                self.pages.push(&mut self.slab, page_of(entry.time) as usize % SLOTS, entry);
            }
            _ => self.overflow.push(entry),
        }
    }

    /// When the next event is. Events before that time can still be pushed; what comes before the slot that was opened
    /// for the look costs a logarithm.
    #[inline]
    pub fn next_time(&mut self) -> Option<Time> {
        if self.keys.is_empty() && self.late.is_empty() && !self.open_slot() {
            return None;
        }
        let sorted = self.keys.last().map_or(u64::MAX, |key| self.slot_start + (key >> 32));
        let late = self.late.peek().map_or(u64::MAX, |late| late.time);
        Some(Time::from_nanos(sorted.min(late)))
    }

    /// Takes out the first event. Amortised O(1) for pages and slots, O(log n) in the overflow.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, Order, E)> {
        if self.keys.is_empty() && self.late.is_empty() && !self.open_slot() {
            return None;
        }
        let entry = match (self.first_sorted(), self.late.peek()) {
            (Some(sorted), late) if late.is_none_or(|late| sorted.rank() < late.rank()) => {
                let entry = *sorted;
                self.keys.pop();
                entry
            }
            _ => self.late.pop()?,
        };
        self.len -= 1;
        self.now = entry.time;
        Some((Time::from_nanos(entry.time), entry.order, entry.event))
    }

    fn first_sorted(&self) -> Option<&Entry<E>> {
        self.keys.last().map(|&key| &self.bucket[key as u32 as usize])
    }

    /// Sorts the next slot that is not empty into the bucket; false if nothing is pending.
    fn open_slot(&mut self) -> bool {
        let slot = loop {
            // Slots of this page that are behind are empty, so the first is the next.
            match self.slots.first_from(0) {
                Some(slot) => break slot,
                None if !self.turn_page() => return false,
                None => {}
            }
        };
        self.bucket.clear();
        self.slots.take(slot).empty_into(&mut self.slab, &mut self.bucket);
        const WITHIN: u64 = (1 << SLOT_BITS) - 1;
        self.slot_start = self.bucket[0].time & !WITHIN;
        // The last slot before the end of time would end one after it.
        self.slot_end = self.slot_start.saturating_add(1 << SLOT_BITS);
        self.keys.extend(self.bucket.iter().zip(0u64..).map(|(entry, index)| (entry.time & WITHIN) << 32 | index));
        self.keys.sort_unstable_by(|a, b| b.cmp(a));
        self.order_equal_times();
        true
    }

    /// Brings runs of keys of equal time into the full order, latest first.
    fn order_equal_times(&mut self) {
        let order = |key: u64| self.bucket[key as u32 as usize].order;
        for run in self.keys.chunk_by_mut(|a, b| a >> 32 == b >> 32).filter(|run| run.len() > 1) {
            run.sort_unstable_by_key(|&key| Reverse(order(key)));
            debug_assert!(
                run.windows(2).all(|pair| order(pair[0]) != order(pair[1])),
                "two events of the same time have the same order"
            );
        }
    }

    /// Deals the next page that is not empty onto the slots; false if there is none.
    fn turn_page(&mut self) -> bool {
        let Some(next) = self.next_page() else { return false };
        self.page = next;
        let mut chain = self.pages.take(next as usize % SLOTS);
        while let Some(entry) = chain.pop(&mut self.slab) {
            self.slots.push(&mut self.slab, slot_of(entry.time), entry);
        }
        while self.overflow.peek().is_some_and(|first| page_of(first.time) - next < SLOTS as u64) {
            let entry = self.overflow.pop().expect("there is a first one");
            self.place(entry);
        }
        true
    }

    /// The next page that holds anything. The overflow is behind all pages of the ring.
    fn next_page(&self) -> Option<u64> {
        let start = self.page + 1;
        match self.pages.first_from(start as usize % SLOTS) {
            Some(slot) => Some(start + (slot as u64).wrapping_sub(start) % SLOTS as u64),
            None => self.overflow.peek().map(|first| page_of(first.time)),
        }
    }

    /// The event that is `ahead` places behind the next one, about: those of the current slot are sorted, those of the
    /// one after it are in no order, what lies beyond is not looked for, and what will be pushed is not known. For
    /// prefetching: as events are popped, each comes once to a place near `ahead`.
    #[inline]
    pub fn upcoming(&self, ahead: usize) -> Option<&E> {
        let entry = match self.keys.len().checked_sub(ahead + 1) {
            Some(sorted) => &self.bucket[self.keys[sorted] as u32 as usize],
            None => self.slots.entry(&self.slab, self.slots.first_from(0)?, ahead - self.keys.len())?,
        };
        Some(&entry.event)
    }

    /// Pending events.
    pub const fn len(&self) -> usize {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        let entries = self.bucket.capacity() + self.late.capacity() + self.overflow.capacity();
        entries * size_of::<Entry<E>>()
            + self.keys.capacity() * size_of::<u64>()
            + self.slab.heap_bytes()
            + self.slots.heap_bytes()
            + self.pages.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::Class;
    use super::*;

    #[test]
    fn upcoming_events_are_those_that_are_popped_next() {
        let mut queue = Queue::new();
        for number in 0..10 {
            queue.push(Time::from_nanos((1 << SLOT_BITS) + 100 - 10 * number), Order::new(Class::Timer, 0, 0), number);
        }
        let mut unsorted: Vec<_> = (0..).map_while(|ahead| queue.upcoming(ahead).copied()).collect();
        unsorted.sort_unstable();
        assert_eq!(unsorted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(queue.pop().map(|first| first.2), Some(9));
        assert_eq!(
            (0..).map_while(|ahead| queue.upcoming(ahead).copied()).collect::<Vec<_>>(),
            [8, 7, 6, 5, 4, 3, 2, 1, 0]
        );
    }

    #[test]
    fn memory_follows_the_most_pending_events_not_the_events_that_passed() {
        let mut queue = Queue::new();
        for number in 0..1000u64 {
            queue.push(Time::from_nanos(number * 999_983), Order::new(Class::Timer, 0, number as u32), [0u64; 6]);
        }
        let mut bytes = 0;
        for number in 0..200_000 {
            let (time, order, event) = queue.pop().expect("a thousand are pending");
            queue.push(Time::from_nanos(time.as_nanos() + 999_983_000), order, event);
            if number == 20_000 {
                bytes = queue.heap_bytes();
            }
        }
        assert_eq!(queue.heap_bytes(), bytes);
        assert!(bytes < 700_000, "{bytes} bytes for a thousand events");
    }

    #[test]
    #[should_panic(expected = "was scheduled after one at")]
    fn an_event_in_the_past_is_a_bug() {
        let mut queue = Queue::new();
        queue.push(Time::from_nanos(10), Order::new(Class::Timer, 0, 0), ());
        queue.pop();
        queue.push(Time::from_nanos(9), Order::new(Class::Timer, 0, 1), ());
    }

    #[test]
    #[should_panic(expected = "never happens")]
    fn an_event_that_never_happens_is_a_bug() {
        Queue::new().push(Time::NEVER, Order::new(Class::Timer, 0, 0), ());
    }
}
