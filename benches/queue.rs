//! One pop and one push at a steady number of pending events: the timing wheel beside std's binary heap.
//!
//! Exponential increments with a mean of one second, events of 48 bytes, as in a run. Divan shows the time of one pair.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use divan::{Bencher, black_box};
use peerlab::engine::{Class, Duration, Law, Noise, Order, Queue, Time};

/// Pending events: 10⁴ fit in the cache, 10⁶ do not.
const PENDING: [u32; 2] = [10_000, 1_000_000];
/// Pairs of pop and push in one timed sample.
const PAIRS: u32 = 1_000_000;

type Event = [u64; 6];

fn main() {
    divan::main();
}

/// Increments drawn before the clock starts, so that their logarithms are not measured.
fn increments() -> Vec<Duration> {
    let mut noise = Noise::new(1);
    let law = Law::Exponential { mean: 1.0 };
    (0..1 << 16).map(|_| law.sample_duration(&mut noise)).collect()
}

#[divan::bench(args = PENDING, sample_count = 10, sample_size = 1)]
fn wheel(bencher: Bencher, pending: u32) {
    let increments = increments();
    let mut queue = Queue::new();
    for source in 0..pending {
        queue.push(
            Time::ZERO + increments[source as usize % increments.len()],
            Order::new(Class::Timer, source, 0),
            Event::default(),
        );
    }
    bencher.counter(PAIRS).bench_local(|| {
        for pair in 0..PAIRS {
            let (time, order, event) = queue.pop().expect("as many are pushed as popped");
            queue.push(time + increments[pair as usize % increments.len()], order, black_box(event));
        }
    });
}

#[divan::bench(args = PENDING, sample_count = 10, sample_size = 1)]
fn heap(bencher: Bencher, pending: u32) {
    let increments = increments();
    let mut queue = BinaryHeap::new();
    for source in 0..pending {
        let at = Time::ZERO + increments[source as usize % increments.len()];
        queue.push(Reverse((at, Order::new(Class::Timer, source, 0), Event::default())));
    }
    bencher.counter(PAIRS).bench_local(|| {
        for pair in 0..PAIRS {
            let Reverse((time, order, event)) = queue.pop().expect("as many are pushed as popped");
            queue.push(Reverse((time + increments[pair as usize % increments.len()], order, black_box(event))));
        }
    });
}
