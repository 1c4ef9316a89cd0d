//! Event queue: a hierarchical timing wheel (Varghese & Lauck, SOSP 1987) that pops in exact order.
//!
//! Near time is divided into slots of 2²⁰ ns (about 1 ms), 4096 of which make a page (about 4.3 s). Events of the
//! current page wait in their slot, events of the next 4095 pages (4.9 h) in their page, and the rest in a heap. A page
//! is distributed over its slots when it is entered; the next few slots are opened, that is, sorted (see `opened`). So
//! every event is moved at most twice. An empty slot costs nothing.
//!
//! Slots are opened before the last event of the opened ones is popped, unless the next ones are far away or on the
//! next page, so that upcoming events can be inspected. An event pushed into an opened slot goes to a small heap beside
//! them: it costs a logarithm at any density, where insertion into the sorted rest could cost its length.

use std::collections::BinaryHeap;

use super::opened::{Entry, Opened, Pending};
use super::order::Order;
use super::slots::{Ring, SLOTS, Slab};
use super::time::Time;

pub(super) const SLOT_BITS: u32 = 20;
pub(super) const PAGE_BITS: u32 = SLOT_BITS + SLOTS.ilog2();

/// Fewest opened events, below which more are opened: the distance of look-ahead.
const LEAST: usize = 12;
/// Number of events that suffice to open at once.
const ENOUGH: usize = 32;
/// Most slots opened beyond the next event: a push into them costs a logarithm, so they are few compared with the usual
/// delay of a packet. Below 2¹², so that a time within them has 32 bits.
const SPAN: u64 = 8;
const _: () = assert!((SPAN + 1) << SLOT_BITS <= 1 << 32);

const fn page_of(time: u64) -> u64 {
    time >> PAGE_BITS
}

/// Slot of a time within its page.
const fn slot_of(time: u64) -> usize {
    (time >> SLOT_BITS) as usize % SLOTS
}

/// Pending events of a run, in the order of (time, class, source, counter).
///
/// In the steady state there is no allocation; memory is bounded by the largest number of pending events, those of the
/// slots just opened counted twice.
pub struct Queue<E> {
    /// Opened events, which come first.
    opened: Opened,
    /// Entries pushed into opened slots.
    late: BinaryHeap<Entry<E>>,
    /// Time from which it is worthwhile to open more, if fewer than `LEAST` events are opened.
    again: u64,
    /// End of the opened slots; later entries are in a ring or in the overflow.
    end: u64,
    /// Current page.
    page: u64,
    /// Slots of the current page.
    slots: Ring,
    /// Next `SLOTS − 1` pages, page p in slot p mod `SLOTS`.
    pages: Ring,
    slab: Slab<Entry<E>>,
    /// Entries beyond these pages.
    overflow: BinaryHeap<Entry<E>>,
    len: usize,
    /// Time of the last popped event.
    now: u64,
}

impl<E: Pending> Default for Queue<E> {
    fn default() -> Queue<E> {
        Queue::new()
    }
}

impl<E: Pending> Queue<E> {
    /// Empty queue at time zero.
    pub fn new() -> Queue<E> {
        Queue {
            opened: Opened::new(),
            late: BinaryHeap::new(),
            again: 0,
            end: 0,
            page: 0,
            slots: Ring::new(),
            pages: Ring::new(),
            slab: Slab::new(),
            overflow: BinaryHeap::new(),
            len: 0,
            now: 0,
        }
    }

    /// Adds an event. An event at the time of the last popped one takes its place in the order among those left.
    ///
    /// Events at [`Time::NEVER`], which a law may give beyond the end of time, are dropped.
    ///
    /// Panics if `at` is before the last popped event.
    #[inline(always)]
    pub fn push(&mut self, at: Time, order: Order, event: E) {
        self.push_with(at, order, || event);
    }

    /// Pushes an event constructed in place, once or twice: copying a value just written field by field would stall on
    /// store forwarding.
    #[inline(always)]
    pub fn push_with(&mut self, at: Time, order: Order, event: impl Fn() -> E) {
        if at == Time::NEVER {
            return;
        }
        let time = at.as_nanos();
        assert!(
            time >= self.now,
            "an event at {at} was scheduled after one at {} had happened",
            Time::from_nanos(self.now)
        );
        self.len += 1;
        let entry = || Entry { time, order, event: event() };
        if time < self.end {
            return self.late.push(entry());
        }
        self.place(time, entry);
    }

    /// Puts an entry behind the opened slots into its slot, page or the overflow.
    #[inline(always)]
    fn place(&mut self, time: u64, entry: impl Fn() -> Entry<E>) {
        let (ring, slot) = match page_of(time) - self.page {
            0 => (&mut self.slots, slot_of(time)),
            ahead if ahead < SLOTS as u64 => (&mut self.pages, page_of(time) as usize % SLOTS),
            _ => return self.overflow.push(entry()),
        };
        if self.slab.is_full() {
            self.slab.grow(entry());
        }
        let place = ring.add(&mut self.slab, slot);
        *self.slab.at(place) = entry();
    }

    /// Pops the first event. Amortised O(1) for pages and slots, O(log n) in the overflow.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, Order, E)> {
        self.pop_before(Time::NEVER)
    }

    /// Pops the first event if it is before `limit`. Otherwise events before it can still be pushed; a push into slots
    /// opened for the check costs a logarithm.
    #[inline(always)]
    pub fn pop_before(&mut self, limit: Time) -> Option<(Time, Order, E)> {
        if self.opened.len() < LEAST && (self.now >= self.again || self.opened.len() == 0) {
            self.open();
        }
        if !self.late.is_empty() {
            return self.pop_either(limit);
        }
        let entry = self.slab.get(self.opened.get(0)?.at);
        let at = Time::from_nanos(entry.time);
        if at >= limit {
            return None;
        }
        self.opened.pop();
        self.len -= 1;
        self.now = entry.time;
        Some((at, entry.order, entry.event))
    }

    /// Pops the first event when there are late entries.
    #[inline(never)]
    fn pop_either(&mut self, limit: Time) -> Option<(Time, Order, E)> {
        let late = *self.late.peek()?;
        let sorted = self.opened.get(0).map(|place| *self.slab.get(place.at));
        let sorted = sorted.filter(|sorted| sorted.rank() < late.rank());
        let entry = sorted.unwrap_or(late);
        if entry.time >= limit.as_nanos() {
            return None;
        }
        if sorted.is_some() {
            self.opened.pop();
        } else {
            self.late.pop();
        }
        self.len -= 1;
        self.now = entry.time;
        Some((Time::from_nanos(entry.time), entry.order, entry.event))
    }

    /// Opens the next slots when few opened events are left, unless they are too far ahead.
    #[inline(never)]
    fn open(&mut self) {
        let next = match self.opened.get(0) {
            Some(place) => Some(self.slab.get(place.at).time),
            None => self.late.peek().map(|late| late.time),
        };
        if next.is_none() && self.slots.is_empty() && !self.turn_page() {
            return;
        }
        // Slots of this page that are behind are empty, so the first is the next.
        let Some(first) = self.slots.first_from(0) else { return };
        let start = self.start_of(first);
        let next = next.unwrap_or(start);
        let limit = next.saturating_add(SPAN << SLOT_BITS);
        self.again = next.saturating_add((SPAN / 2) << SLOT_BITS);
        if start >= limit {
            return;
        }
        self.opened.release(&mut self.slab);
        let mut slot = first;
        while self.start_of(slot) < limit {
            let found = self.opened.collect(&self.slab, self.slots.take(slot), start);
            self.end = self.start_of(slot + 1);
            match self.slots.first_from(0) {
                Some(next) if found < ENOUGH => slot = next,
                _ => break,
            }
        }
        self.opened.sort(&self.slab);
        if self.opened.len() >= LEAST {
            self.again = 0;
        }
        self.slots.prefetch(&self.slab);
    }

    /// Start of a slot of the current page; the end of time for the one after the last.
    const fn start_of(&self, slot: usize) -> u64 {
        (self.page << PAGE_BITS).saturating_add((slot as u64) << SLOT_BITS)
    }

    /// Distributes the next page that is not empty over the slots; false if there is none.
    fn turn_page(&mut self) -> bool {
        let Some(next) = self.next_page() else { return false };
        self.page = next;
        let mut chain = self.pages.take(next as usize % SLOTS);
        while let Some(entry) = chain.pop(&mut self.slab) {
            self.place(entry.time, || entry);
        }
        while self.overflow.peek().is_some_and(|first| page_of(first.time) - next < SLOTS as u64) {
            let entry = self.overflow.pop().expect("there is a first one");
            self.place(entry.time, || entry);
        }
        true
    }

    /// Next page that is not empty. The overflow is behind all pages of the ring.
    fn next_page(&self) -> Option<u64> {
        let start = self.page + 1;
        match self.pages.first_from(start as usize % SLOTS) {
            Some(slot) => Some(start + (slot as u64).wrapping_sub(start) % SLOTS as u64),
            None => self.overflow.peek().map(|first| page_of(first.time)),
        }
    }

    /// Event that is popped after `ahead` others if none is pushed before it; `None` if it is beyond the opened slots.
    /// For prefetching: as events are popped, each comes once to the position `ahead`.
    #[inline(always)]
    pub fn upcoming(&self, ahead: usize) -> Option<&E> {
        Some(&self.slab.find(self.opened.get(ahead)?.at)?.event)
    }

    /// Entity whose memory that event will touch, and its source.
    #[inline(always)]
    pub fn upcoming_touches(&self, ahead: usize) -> Option<[u32; 2]> {
        Some(self.opened.get(ahead)?.touches)
    }

    /// Number of pending events.
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
            + self.opened.heap_bytes()
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
            let time = number << SLOT_BITS;
            queue.push(Time::from_nanos(time), Order::new(Class::Timer, 7, number as u32), [number]);
        }
        for next in 0..100 {
            assert!(queue.pop_before(Time::ZERO).is_none(), "a look at the next");
            let upcoming: Vec<_> = (0..).map_while(|ahead| Some(queue.upcoming(ahead)?[0])).collect();
            let touches: Vec<_> = (0..).map_while(|ahead| queue.upcoming_touches(ahead)).collect();
            assert!(touches.iter().copied().eq(upcoming.iter().map(|&event| [event as u32, 7])));
            assert!(
                upcoming.len() >= SPAN as usize / 2 || next > 96,
                "{} are known before number {next}",
                upcoming.len()
            );
            assert!(upcoming.iter().copied().eq(next..next + upcoming.len() as u64));
            assert_eq!(queue.pop().map(|first| first.2), Some([next]));
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
        queue.push(Time::from_nanos(10), Order::new(Class::Timer, 0, 0), [0]);
        queue.pop();
        queue.push(Time::from_nanos(9), Order::new(Class::Timer, 0, 1), [0]);
    }

    #[test]
    fn an_event_that_never_happens_is_left_out() {
        let mut queue = Queue::new();
        queue.push(Time::NEVER, Order::new(Class::Timer, 0, 0), [0]);
        assert_eq!((queue.len(), queue.pop()), (0, None));
    }
}
