//! Reference event queue: a binary heap of the full order, and the tests that compare the timing wheel with it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::opened::Pending;
use super::order::{Class, Order};
use super::queue::{PAGE_BITS, Queue, SLOT_BITS};
use super::slots::SLOTS;
use super::time::Time;

const SLOT: u64 = 1 << SLOT_BITS;
const PAGE: u64 = 1 << PAGE_BITS;
const CLASSES: [Class; 7] =
    [Class::Scenario, Class::Server, Class::Session, Class::Operation, Class::Arrival, Class::Timer, Class::Deadline];

impl Pending for u32 {
    fn touches(&self, _source: u32) -> u32 {
        *self
    }
}

/// Timing wheel and reference heap, with equal input.
#[derive(Default)]
struct Pair {
    wheel: Queue<u32>,
    heap: BinaryHeap<Reverse<(Time, Order, u32)>>,
    now: u64,
    pushed: u32,
}

impl Pair {
    fn push(&mut self, time: u64, class: Class, source: u32) {
        let (at, order) = (Time::from_nanos(time), Order::new(class, source, self.pushed));
        self.wheel.push(at, order, self.pushed);
        self.heap.push(Reverse((at, order, self.pushed)));
        self.pushed += 1;
    }

    /// Pops from both and compares; false if they are empty.
    fn pop(&mut self) -> bool {
        let expected = self.heap.pop().map(|Reverse(first)| first);
        let limit = expected.map_or(Time::NEVER, |first| first.0);
        assert_eq!(self.wheel.pop_before(limit), None);
        let after = Time::from_nanos(limit.as_nanos().saturating_add(1));
        assert_eq!(self.wheel.pop_before(after), expected);
        assert_eq!(self.wheel.len(), self.heap.len());
        self.now = expected.map_or(self.now, |first| first.0.as_nanos());
        expected.is_some()
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Push at the current time plus an offset, rounded down to a multiple of a unit.
    Push {
        ahead: u64,
        grain: u64,
        class: usize,
        source: u32,
    },
    Pop(usize),
    Empty,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Every scale of the wheel and its edges, one nanosecond to either side.
    let edge = prop_oneof![Just(SLOT), Just(PAGE), Just(PAGE * (SLOTS as u64 - 1)), Just(PAGE * SLOTS as u64)];
    let ahead = prop_oneof![
        3 => 0..4u64,
        3 => 0..2 * SLOT,
        3 => 0..2 * PAGE,
        2 => 0..2 * PAGE * SLOTS as u64,
        2 => (edge, 0..3u64).prop_map(|(edge, side)| edge + side - 1),
        1 => 0..1u64 << 60,
    ];
    let grain = prop_oneof![3 => Just(1), 1 => Just(SLOT / 4), 1 => Just(SLOT), 1 => Just(PAGE)];
    let push = (ahead, grain, 0..CLASSES.len(), 0..3u32).prop_map(|(ahead, grain, class, source)| Step::Push {
        ahead,
        grain,
        class,
        source,
    });
    let step = prop_oneof![20 => push, 12 => (1..4usize).prop_map(Step::Pop), 1 => Just(Step::Empty)];
    prop::collection::vec(step, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_wheel_pops_what_a_binary_heap_pops(steps in steps()) {
        let mut pair = Pair::default();
        for step in steps {
            match step {
                Step::Push { ahead, grain, class, source } => {
                    let time = pair.now.saturating_add(ahead).min(u64::MAX - 1);
                    pair.push((time / grain * grain).max(pair.now), CLASSES[class], source);
                }
                Step::Pop(times) => (0..times).for_each(|_| { pair.pop(); }),
                Step::Empty => while pair.pop() {},
            }
        }
        while pair.pop() {}
    }
}

#[test]
fn an_event_pushed_at_the_current_time_takes_its_place_among_what_is_left() {
    let mut pair = Pair::default();
    for class in [Class::Session, Class::Timer, Class::Deadline] {
        pair.push(7, class, 0);
    }
    assert!(pair.pop());
    for class in [Class::Scenario, Class::Arrival, Class::Timer, Class::Deadline] {
        pair.push(7, class, 1);
    }
    while pair.pop() {}
}

#[test]
fn events_before_the_next_can_be_pushed_after_a_look_at_its_time() {
    let mut pair = Pair::default();
    pair.push(PAGE * 5000, Class::Timer, 0);
    assert_eq!(pair.wheel.pop_before(Time::from_nanos(PAGE * 5000)), None);
    pair.push(3, Class::Timer, 0);
    pair.push(PAGE + 1, Class::Timer, 0);
    while pair.pop() {}
}

#[test]
fn the_last_instant_before_never_can_be_scheduled_and_filled() {
    let mut pair = Pair::default();
    pair.push(u64::MAX - 1, Class::Timer, 1);
    assert!(pair.pop());
    pair.push(u64::MAX - 1, Class::Timer, 0);
    while pair.pop() {}
}

#[test]
fn equal_times_pop_by_class_then_source_then_counter() {
    let mut queue = Queue::new();
    let at = Time::from_nanos(SLOT);
    let orders = [
        Order::new(Class::Server, 5, 9),
        Order::new(Class::Arrival, 1, 2),
        Order::new(Class::Arrival, 1, 3),
        Order::new(Class::Arrival, 2, 0),
        Order::new(Class::Timer, 0, 0),
        Order::new(Class::Deadline, (1 << 28) - 1, u32::MAX),
    ];
    for &place in &[3, 0, 5, 2, 4, 1] {
        queue.push(at, orders[place as usize], place);
    }
    for (place, &order) in (0..).zip(&orders) {
        assert_eq!(queue.pop(), Some((at, order, place)));
    }
}
