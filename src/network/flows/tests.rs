//! Flows with the instants that fair sharing gives by hand, and many of them against a fluid model that is computed anew at
//! every change.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::engine::{Noise, Source};

/// Nanoseconds a byte at 8 Mbit/s: a megabyte takes a second.
const SLOW: f64 = 1000.0;
/// At 32 Mbit/s: a quarter.
const FAST: f64 = 250.0;
const MB: u64 = 1_000_000;

const fn at(millis: u64) -> Time {
    Time::from_nanos(millis * 1_000_000)
}

/// Flows with names, and what has become of them.
struct Bench {
    flows: Flows<usize>,
    wakes: BinaryHeap<Reverse<(Time, u32, u32)>>,
    moved: Vec<u64>,
    ended: Vec<Option<Time>>,
    ids: Vec<FlowId>,
}

impl Bench {
    /// Machines with these paces up and down.
    fn new(paces: &[[f64; 2]]) -> Bench {
        let flows = Flows::new(paces.iter().copied());
        Bench { flows, wakes: BinaryHeap::new(), moved: Vec::new(), ended: Vec::new(), ids: Vec::new() }
    }

    /// The next flow begins at `now`, after whatever ends by then.
    fn start(&mut self, now: Time, from: u32, to: u32, bytes: u64) {
        self.run(now);
        let name = self.ids.len();
        self.ids.push(self.flows.start(now, from, to, bytes, name));
        self.moved.push(0);
        self.ended.push(None);
        self.collect();
    }

    fn collect(&mut self) {
        let rank = |wake: Wake| Reverse((wake.at, wake.flow.slot, wake.flow.generation));
        self.wakes.extend(std::iter::from_fn(|| self.flows.next_wake()).map(rank));
    }

    /// Until `end`, what is due then included.
    fn run(&mut self, end: Time) {
        while let Some(&Reverse((at, slot, generation))) = self.wakes.peek().filter(|wake| wake.0.0 <= end) {
            self.wakes.pop();
            if let Some(Ended { job, moved }) = self.flows.wake(at, FlowId { slot, generation }) {
                self.ended[job] = Some(at);
                self.moved[job] += moved;
            }
            self.collect();
        }
    }

    fn abort(&mut self, now: Time, name: usize) {
        self.run(now);
        self.moved[name] += self.flows.end(now, self.ids[name]).expect("it is under way").moved;
        self.collect();
    }

    fn account(&mut self, now: Time) {
        self.run(now);
        self.flows.account(now, |name, moved| self.moved[name] += moved);
    }

    #[track_caller]
    fn assert_ends(&mut self, expected: &[Time]) {
        self.run(Time::NEVER);
        assert_eq!(self.ended, expected.iter().map(|&end| Some(end)).collect::<Vec<_>>());
        assert!(self.flows.is_empty());
    }
}

#[test]
fn equal_flows_over_one_line_end_together_after_as_many_times_the_time_of_one() {
    for n in [1, 2, 7] {
        // They come from one sender to many receivers, or from many senders to one.
        for from_one in [true, false] {
            let mut bench = Bench::new(&vec![[SLOW; 2]; n + 1]);
            for other in 1..=n as u32 {
                let (from, to) = if from_one { (0, other) } else { (other, 0) };
                bench.start(at(0), from, to, MB);
            }
            bench.assert_ends(&vec![at(1000 * n as u64); n]);
            assert_eq!(bench.moved, vec![MB; n]);
        }
    }
}

#[test]
fn a_late_joiner_takes_its_share_and_gets_the_whole_line_when_the_other_is_done() {
    let mut bench = Bench::new(&[[SLOW; 2]; 3]);
    bench.start(at(0), 0, 1, MB);
    bench.start(at(500), 0, 2, MB);
    // Half a megabyte is left at half the rate: one more second. By then half of the other has moved.
    bench.assert_ends(&[at(1500), at(2000)]);
}

#[test]
fn what_a_slower_receiver_leaves_of_its_share_is_not_dealt_out_again() {
    // The sender has four times the rate of receiver 1, and receiver 2 as much as the sender.
    let mut bench = Bench::new(&[[FAST; 2], [SLOW; 2], [FAST; 2]]);
    bench.start(at(0), 0, 1, MB);
    bench.start(at(0), 0, 2, MB);
    // Half the uplink each: the first takes half of that (1 s), the second all of it (½ s; max-min would give ⅓ s).
    bench.assert_ends(&[at(1000), at(500)]);
}

#[test]
fn a_receiver_of_two_senders_is_shared_and_its_senders_others_are_not_slowed_down() {
    // 0 and 1 send to 2; 1 sends to 3 as well.
    let mut bench = Bench::new(&[[SLOW; 2]; 4]);
    bench.start(at(0), 0, 2, MB);
    bench.start(at(0), 1, 2, MB);
    bench.start(at(0), 1, 3, MB);
    // Half a line each, all three, though the one from 0 shares its uplink with nobody.
    bench.assert_ends(&[at(2000); 3]);
}

#[test]
fn without_links_nothing_takes_time_and_one_line_alone_limits() {
    let mut bench = Bench::new(&[[0.0; 2], [SLOW, 0.0]]);
    bench.start(at(3), 0, 1, u64::from(u32::MAX));
    bench.start(at(3), 1, 0, MB);
    bench.assert_ends(&[at(3), at(1003)]);
}

#[test]
fn a_line_is_full_unless_its_flows_are_slower_at_their_other_ends() {
    let mut bench = Bench::new(&[[FAST; 2], [SLOW; 2], [FAST; 2], [0.0; 2]]);
    bench.start(at(0), 0, 1, MB);
    bench.start(at(0), 0, 2, MB);
    bench.start(at(0), 3, 2, MB);
    let loads = |end| [0, 1, 2, 3].map(|machine| bench.flows.load(machine, end));
    // Half of 0's uplink each: receiver 1 cannot take more than half of that.
    assert_eq!(loads(End::Sender), [0.75, 0.0, 0.0, 0.0]);
    assert_eq!(loads(End::Receiver), [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn an_abort_keeps_what_has_moved_and_frees_the_line() {
    let mut bench = Bench::new(&[[SLOW; 2]; 3]);
    bench.start(at(0), 0, 1, MB);
    bench.start(at(0), 0, 2, MB);
    bench.abort(at(500), 1);
    assert_eq!((bench.moved[1], bench.ended[1]), (250_000, None));
    bench.run(Time::NEVER);
    assert_eq!((bench.moved[0], bench.ended[0]), (MB, Some(at(1250))));
    assert!(bench.flows.end(at(1250), bench.ids[1]).is_none(), "it had ended");
}

#[test]
fn a_flow_is_told_of_in_instalments_and_does_not_notice() {
    let mut bench = Bench::new(&[[SLOW; 2]; 3]);
    bench.start(at(0), 0, 1, MB);
    bench.start(at(300), 0, 2, MB);
    bench.account(at(301));
    assert_eq!(bench.moved, [300_500, 500]);
    bench.account(at(301));
    assert_eq!(bench.moved, [300_500, 500]);
    bench.account(at(700));
    assert_eq!(bench.moved, [500_000, 200_000]);
    bench.assert_ends(&[at(1700), at(2000)]);
    assert_eq!(bench.moved, [MB; 2]);
}

#[test]
fn a_change_touches_the_flows_of_its_own_two_lines_only() {
    let mut bench = Bench::new(&[[SLOW; 2]; 6]);
    for pair in [(0, 1), (2, 3), (3, 2)] {
        bench.start(at(0), pair.0, pair.1, MB);
    }
    let before: Vec<_> = bench.flows.slots.iter().map(|(_, flow)| flow.as_ref().unwrap().since).collect();
    bench.start(at(100), 0, 2, MB);
    let since: Vec<_> = bench.flows.slots.iter().map(|(_, flow)| flow.as_ref().unwrap().since).collect();
    assert_eq!(since, [at(100), before[1], at(100), at(100)], "it shares 0's uplink and 2's downlink");
    let of_two: Vec<usize> = bench.flows.of(2).into_iter().map(|(_, name)| name).collect();
    assert_eq!((of_two, bench.flows.of(5).len(), bench.flows.of(99).len()), (vec![1, 2, 3], 0, 0));
}

/// When each of `(start, from, to, bytes)` ends if all rates are computed anew at every start and end.
fn fluid(paces: &[[f64; 2]], flows: &[(f64, usize, usize, f64)]) -> Vec<f64> {
    let mut left: Vec<f64> = flows.iter().map(|flow| flow.3).collect();
    let (mut ended, mut now) = (vec![f64::NAN; flows.len()], 0.0);
    while ended.iter().any(|end| end.is_nan()) {
        let live: Vec<usize> = (0..flows.len()).filter(|&i| flows[i].0 <= now && ended[i].is_nan()).collect();
        let count = |of: &dyn Fn(usize) -> bool| live.iter().filter(|&&i| of(i)).count() as f64;
        let rate = |i: usize| {
            let (_, from, to, _) = flows[i];
            let up = 1.0 / (paces[from][0] * count(&|other| flows[other].1 == from));
            up.min(1.0 / (paces[to][1] * count(&|other| flows[other].2 == to)))
        };
        let ends = live.iter().map(|&i| (now + left[i] / rate(i), i)).min_by(|a, b| a.0.total_cmp(&b.0));
        let starts = flows.iter().map(|flow| flow.0).filter(|&start| start > now).fold(f64::INFINITY, f64::min);
        let next = ends.map_or(f64::INFINITY, |end| end.0).min(starts);
        let rates: Vec<f64> = live.iter().map(|&i| rate(i)).collect();
        live.iter().zip(rates).for_each(|(&i, rate)| left[i] -= (next - now) * rate);
        if let Some((end, i)) = ends.filter(|end| end.0 <= starts) {
            ended[i] = end;
        }
        now = next;
    }
    ended
}

#[test]
fn many_flows_end_when_the_fluid_model_says_and_every_byte_is_told_of_once() {
    let mut noise = Noise::new(11);
    let paces: Vec<[f64; 2]> = (0..12).map(|_| [0; 2].map(|_| 100.0 + 900.0 * noise.unit())).collect();
    let mut flows: Vec<(f64, usize, usize, f64)> = Vec::new();
    let mut start = 0;
    for _ in 0..400 {
        start += noise.below(60_000_000);
        let (from, to) = (noise.below(12) as usize, noise.below(11) as usize);
        flows.push((start as f64, from, if to == from { 11 } else { to }, (20_000 + noise.below(400_000)) as f64));
    }
    let mut bench = Bench::new(&paces);
    for &(start, from, to, bytes) in &flows {
        bench.account(Time::from_nanos(start as u64));
        bench.start(Time::from_nanos(start as u64), from as u32, to as u32, bytes as u64);
    }
    let most = flows.iter().zip(&bench.ended).filter(|(_, end)| end.is_none()).count();
    bench.run(Time::NEVER);
    assert!((5..400).contains(&most), "{most} were under way when the last began");
    for ((expected, end), flow) in fluid(&paces, &flows).iter().zip(&bench.ended).zip(&flows) {
        let end = end.expect("it ended").as_nanos() as f64;
        // Every change before it may have moved it by half a nanosecond's worth of rounding.
        assert!((end - expected).abs() < 1000.0, "{flow:?} ended at {end}, not {expected}");
    }
    assert!(bench.moved.iter().zip(&flows).all(|(&moved, flow)| moved == flow.3 as u64));
}
