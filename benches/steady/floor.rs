//! The least that an event of a simulation can cost here: it is popped, changes two cache lines of its node's state, and
//! pushes another for some other node. The node of a coming event is prefetched, as in a run.

use peerlab::engine::{Class, Duration, Law, Noise, Order, Queue, Source, Time, prefetch};
use peerlab::measure::outcome::Timing;

/// Pending per node, a second away on average: about what a Chord node at rest has, and three events a second.
const PENDING: u32 = 3;
/// Events before its own at which a node is asked for.
const AHEAD: usize = 6;

/// As large as an event of a run: 48 bytes, the first of which name the node.
type Event = [u64; 6];

/// Two cache lines.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Node {
    lines: [[u64; 8]; 2],
}

/// Handles so many events of so many nodes.
pub(crate) fn run(nodes: u32, events: u32) -> Timing {
    let mut noise = Noise::new(1);
    let law = Law::Exponential { mean: 1.0 };
    // Drawn once, so that their logarithms are not measured.
    let increments: Vec<Duration> = (0..1 << 12).map(|_| law.sample_duration(&mut noise)).collect();
    let mut state = vec![Node::default(); nodes as usize];
    let mut queue: Queue<Event> = Queue::new();
    for number in 0..PENDING * nodes {
        let node = number % nodes;
        let at = Time::ZERO + law.sample_duration(&mut noise);
        queue.push(at, Order::new(Class::Timer, node, number), [u64::from(node); 6]);
    }
    for number in 0..events {
        if let Some([node, _]) = queue.upcoming_touches(AHEAD) {
            prefetch(&state[node as usize]);
        }
        let (now, _, event) = queue.pop().expect("as many are pushed as popped");
        let node = &mut state[event[0] as usize];
        node.lines[0][0] += 1;
        node.lines[1][0] ^= now.since(Time::ZERO).as_nanos();
        let to = noise.below(u64::from(nodes));
        let at = now + increments[number as usize % increments.len()];
        queue.push(at, Order::new(Class::Timer, to as u32, number), [to; 6]);
    }
    // What the nodes have become must be seen, or it would not be computed.
    let sum = state.iter().fold(0, |sum: u64, node| sum.wrapping_add(node.lines[0][0] ^ node.lines[1][0]));
    Timing { events: std::hint::black_box(events + u32::from(sum == 0)).into(), ..Timing::default() }
}
