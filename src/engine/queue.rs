//! The event queue: a hierarchical timing wheel (Varghese & Lauck, SOSP 1987) that pops in exact order.
//!
//! Near time is cut into slots of 2²⁰ ns (about 1 ms), 4096 of which make a page (about 4.3 s). Events of the current
//! page wait in their slot, events of the next 4095 pages (4.9 h) in their page, and the rest in a heap. A page is
//! dealt onto its slots when it is entered; a few slots at a time are sorted into a batch (see `batch`). So an
//! event is moved three times at most, wherever it lies. An empty slot costs nothing.
//!
//! Two batches are open: the one being emptied and the one after it, so that whoever wants to know can see which events
//! come next. What is pushed into their slots goes to a small heap beside them: at any density that costs a logarithm
//! at worst, where an insertion into the sorted rest could cost its length.

use std::collections::BinaryHeap;
use std::mem::swap;

use super::batch::{Batch, Entry, SPAN};
use super::order::Order;
use super::slots::{Ring, SLOTS, Slab};
use super::time::Time;

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
    /// The batch being emptied …
    current: Batch<E>,
    /// … and the one after it.
    following: Batch<E>,
    /// Entries pushed into slots of open batches.
    late: BinaryHeap<Entry<E>>,
    /// Where the open batches end; later entries are in a ring or in the overflow.
    opened: u64,
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
            current: Batch::new(),
            following: Batch::new(),
            late: BinaryHeap::new(),
            opened: 0,
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
    #[inline(always)]
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
        if time < self.opened {
            self.late.push(entry);
        } else {
            self.place(entry);
        }
    }

    /// Puts an entry behind the open batches where it waits for its turn.
    #[inline(always)]
    fn place(&mut self, entry: Entry<E>) {
        match page_of(entry.time) - self.page {
            0 => self.slots.push(&mut self.slab, slot_of(entry.time), entry),
            ahead if ahead < SLOTS as u64 => {
                self.pages.push(&mut self.slab, page_of(entry.time) as usize % SLOTS, entry);
            }
            _ => self.overflow.push(entry),
        }
    }

    /// When the next event is. Events before that time can still be pushed; what comes before the batches that were opened
    /// for the look costs a logarithm.
    #[inline]
    pub fn next_time(&mut self) -> Option<Time> {
        if self.current.is_empty() && !self.open() {
            return None;
        }
        let late = self.late.peek().map_or(u64::MAX, |late| late.time);
        Some(Time::from_nanos(self.current.first_time().min(late)))
    }

    /// Takes out the first event. Amortised O(1) for pages and slots, O(log n) in the overflow.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, Order, E)> {
        if self.current.is_empty() && !self.open() {
            return None;
        }
        let is_late = match (self.late.peek(), self.current.first()) {
            (None, _) => false,
            (Some(late), sorted) => sorted.is_none_or(|sorted| late.rank() < sorted.rank()),
        };
        let entry = if is_late { self.late.pop() } else { self.current.pop() }?;
        self.len -= 1;
        self.now = entry.time;
        Some((Time::from_nanos(entry.time), entry.order, entry.event))
    }

    /// The batch being emptied is empty: goes on to the next ones. False if nothing is pending.
    fn open(&mut self) -> bool {
        swap(&mut self.current, &mut self.following);
        if self.current.is_empty() {
            if !self.late.is_empty() {
                return true;
            }
            // Slots of this page that are behind are empty, so the first is the next.
            let first = loop {
                match self.slots.first_from(0) {
                    Some(first) => break first,
                    None if !self.turn_page() => return false,
                    None => {}
                }
            };
            let start = self.start_of(first);
            let behind = self.current.fill(&mut self.slots, &mut self.slab, first, start);
            self.opened = self.start_of(behind);
        }
        if let Some(first) = self.slots.first_from(0)
            && self.start_of(first) <= self.opened.saturating_add((SPAN as u64) << SLOT_BITS)
        {
            let start = self.start_of(first);
            let behind = self.following.fill(&mut self.slots, &mut self.slab, first, start);
            self.opened = self.start_of(behind);
            self.slots.prefetch(&self.slab, SPAN);
        }
        true
    }

    /// When a slot of the current page begins; the end of time for the one after the last.
    const fn start_of(&self, slot: usize) -> u64 {
        (self.page << PAGE_BITS).saturating_add((slot as u64) << SLOT_BITS)
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

    /// The event that is popped after `ahead` others if nothing is pushed before it. Only the open batches are looked
    /// through: `None` says little. For prefetching: as events are popped, each comes once to the place `ahead`.
    #[inline]
    pub fn upcoming(&self, ahead: usize) -> Option<&E> {
        let entry = match ahead.checked_sub(self.current.len()) {
            None => self.current.get(ahead),
            Some(ahead) => self.following.get(ahead),
        };
        Some(&entry?.event)
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
        let entries = self.late.capacity() + self.overflow.capacity();
        entries * size_of::<Entry<E>>()
            + self.current.heap_bytes()
            + self.following.heap_bytes()
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
        for number in 0..100 {
            // One a slot: three in each batch of eight slots.
            let time = (2 * SPAN as u64 * number / 5) << SLOT_BITS;
            queue.push(Time::from_nanos(time), Order::new(Class::Timer, 0, number as u32), number);
        }
        for next in 0..100 {
            assert!(queue.next_time().is_some());
            let upcoming: Vec<_> = (0..).map_while(|ahead| queue.upcoming(ahead).copied()).collect();
            assert!(upcoming.len() > 2 || next > 97, "{} are known before number {next}", upcoming.len());
            assert!(upcoming.iter().copied().eq(next..next + upcoming.len() as u64));
            assert_eq!(queue.pop().map(|first| first.2), Some(next));
        }
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
