//! Packet loss on the path: independent, or in bursts.
//!
//! Bursts follow the chain of Gilbert (Bell System Technical Journal 1960) and Elliott (1963): a sender's path is in a
//! good or a bad state, changes it before each packet with a probability for each direction, and loses the packet with
//! the probability of the state. There is one chain for each *sender*, a byte per machine, as for a bad wireless or
//! access line; one per pair would be N². The chain advances with packets, as in the papers, not with time: a silent
//! sender stays in its state.

use super::latency::identity;
use crate::engine::{Noise, Purpose, Source, Streams};

/// Gilbert–Elliott chain, given by measurable quantities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Long-run loss rate, from `loss_good` to below `loss_bad`.
    pub mean_loss: f64,
    /// Mean length of the bad state in packets, at least 1; with `loss_bad` 1 the mean length of a run of losses.
    pub mean_burst: f64,
    /// Loss probability in the good state; 0 is Gilbert's chain.
    pub loss_good: f64,
    /// Loss probability in the bad state.
    pub loss_bad: f64,
}

impl Burst {
    /// Share of packets sent in the bad state.
    fn bad_share(&self) -> f64 {
        (self.mean_loss - self.loss_good) / (self.loss_bad - self.loss_good)
    }

    /// Shortest mean burst with which the chain reaches its loss rate: the good state lasts at least one packet.
    pub fn shortest(&self) -> f64 {
        let bad = self.bad_share();
        (bad / (1.0 - bad)).max(1.0)
    }

    /// Whether such a chain exists.
    pub fn is_possible(&self) -> bool {
        let Burst { mean_loss, loss_good, loss_bad, mean_burst } = *self;
        0.0 <= loss_good
            && loss_good <= mean_loss
            && mean_loss < loss_bad
            && loss_bad <= 1.0
            && mean_burst.is_finite()
            && mean_burst >= self.shortest() * (1.0 - 1e-9) // as far as floats go
    }
}

/// Loss model.
#[derive(Clone, Debug)]
pub(super) enum Chance {
    Never,
    /// Independent loss with this probability.
    Independent(f64),
    Bursts(Bursts),
}

/// Chains of all machines.
#[derive(Clone, Debug)]
pub(super) struct Bursts {
    /// Probability to change from the good to the bad state.
    enter: f64,
    /// Probability to change from the bad to the good state.
    leave: f64,
    /// Loss probabilities in the good and in the bad state.
    loss: [f64; 2],
    bad: Vec<bool>,
}

/// Stream of the initial state of a sender.
const BURST: Purpose = Purpose::new("burst");

impl Chance {
    /// Model with independent `loss` besides that of the bursts. Each chain starts in its stationary state. Panics on
    /// probabilities above 1 and on a chain that is not possible.
    pub(super) fn new(loss: f64, burst: Option<&Burst>, streams: &Streams, participants: u32, servers: u32) -> Chance {
        assert!((0.0..=1.0).contains(&loss), "a loss probability of {loss}");
        let Some(burst) = burst else {
            return if loss > 0.0 { Chance::Independent(loss) } else { Chance::Never };
        };
        assert!(burst.is_possible(), "there is no such chain: {burst:?}");
        let share = burst.bad_share();
        let leave = 1.0 / burst.mean_burst;
        let begins_bad = |machine| streams.stream(BURST, identity(participants, machine).into()).chance(share);
        Chance::Bursts(Bursts {
            enter: leave * share / (1.0 - share),
            leave,
            loss: [burst.loss_good, burst.loss_bad].map(|of_state| 1.0 - (1.0 - of_state) * (1.0 - loss)),
            bad: (0..participants + servers).map(begins_bad).collect(),
        })
    }

    /// Whether no packet is ever lost and no random number drawn.
    pub(super) fn is_never(&self) -> bool {
        matches!(self, Chance::Never)
    }

    /// Whether a packet of `from` is lost. Draws no number from the sender's `noise`, one, or, with bursts, two.
    pub(super) fn loses(&mut self, from: u32, noise: &mut Noise) -> bool {
        match self {
            Chance::Never => false,
            Chance::Independent(loss) => noise.chance(*loss),
            Chance::Bursts(bursts) => bursts.lose(from, noise),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Chance::Bursts(bursts) => bursts.bad.capacity(),
            _ => 0,
        }
    }
}

impl Bursts {
    // Apart, so that a run without bursts does not carry their code on the way of every packet.
    #[inline(never)]
    fn lose(&mut self, from: u32, noise: &mut Noise) -> bool {
        let bad = &mut self.bad[from as usize];
        *bad ^= noise.chance(if *bad { self.leave } else { self.enter });
        noise.chance(self.loss[usize::from(*bad)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKETS: usize = 400_000;

    const GILBERT: Burst = Burst { mean_loss: 0.02, mean_burst: 5.0, loss_good: 0.0, loss_bad: 1.0 };

    /// Which of the packets that senders 0 and 1 send in turn are lost, by sender.
    fn fates(loss: f64, burst: Burst) -> [Vec<bool>; 2] {
        let mut chance = Chance::new(loss, Some(&burst), &Streams::new(1), 1, 1);
        let mut noises = [Noise::new(1), Noise::new(2)];
        let mut fates = [Vec::new(), Vec::new()];
        for packet in 0..2 * PACKETS {
            let from = packet % 2;
            fates[from].push(chance.loses(from as u32, &mut noises[from]));
        }
        fates
    }

    fn share(fates: &[bool]) -> f64 {
        fates.iter().filter(|lost| **lost).count() as f64 / fates.len() as f64
    }

    /// The lengths of runs of losses.
    fn runs(fates: &[bool]) -> Vec<usize> {
        fates.split(|lost| !lost).map(<[bool]>::len).filter(|length| *length > 0).collect()
    }

    fn assert_near(found: f64, expected: f64, share: f64) {
        assert!((found / expected - 1.0).abs() < share, "{found} instead of {expected}");
    }

    #[test]
    fn gilberts_bursts_have_the_mean_loss_and_geometric_lengths_of_the_mean_asked_for() {
        // 1,600 bursts a sender: a standard error of 2.2 % of the mean length and 3.4 % of the loss.
        for fates in fates(0.0, GILBERT) {
            let runs = runs(&fates);
            assert_near(share(&fates), 0.02, 0.1);
            assert_near(runs.iter().sum::<usize>() as f64 / runs.len() as f64, 5.0, 0.07);
            // P(length > 5) = (1 − 1/5)⁵
            let long = runs.iter().filter(|length| **length > 5).count() as f64 / runs.len() as f64;
            assert_near(long, 0.32768, 0.12);
        }
    }

    #[test]
    fn the_loss_of_both_states_adds_up_to_the_mean() {
        let elliott = Burst { mean_loss: 0.1, mean_burst: 10.0, loss_good: 0.01, loss_bad: 0.5 };
        let fates = fates(0.0, elliott);
        assert_near(share(&fates.concat()), 0.1, 0.02);
        // Two losses in a row: π_b·b·((1 − r)·b + r·g) + π_g·g·(p·b + (1 − p)·g)
        let (bad, leave) = (0.09 / 0.49, 0.1);
        let enter = leave * bad / (1.0 - bad);
        let after_bad = (1.0 - leave) * 0.5 + leave * 0.01;
        let after_good = enter * 0.5 + (1.0 - enter) * 0.01;
        let twice = fates[0].windows(2).filter(|pair| pair[0] && pair[1]).count() as f64 / PACKETS as f64;
        assert_near(twice, bad * 0.5 * after_bad + (1.0 - bad) * 0.01 * after_good, 0.04);
    }

    #[test]
    fn independent_loss_comes_on_top_of_bursts() {
        assert_near(share(&fates(0.1, GILBERT).concat()), 1.0 - 0.98 * 0.9, 0.02);
    }

    #[test]
    fn bursts_of_different_senders_are_independent() {
        let [one, other] = fates(0.0, Burst { mean_loss: 0.2, ..GILBERT });
        let both: Vec<bool> = one.iter().zip(&other).map(|(one, other)| *one && *other).collect();
        assert_near(share(&both), 0.04, 0.06);
    }

    #[test]
    fn a_chain_begins_in_its_stationary_state() {
        let burst = Burst { mean_loss: 0.3, mean_burst: 1e9, ..GILBERT };
        let Chance::Bursts(bursts) = Chance::new(0.0, Some(&burst), &Streams::new(1), 20_000, 0) else {
            unreachable!()
        };
        assert_near(share(&bursts.bad), 0.3, 0.03);
    }

    #[test]
    fn a_chain_is_possible_only_if_its_good_state_lasts_a_packet() {
        let burst = |mean_loss, mean_burst| Burst { mean_loss, mean_burst, ..GILBERT };
        assert!(burst(0.0, 1.0).is_possible() && burst(0.5, 1.0).is_possible());
        assert!(burst(0.9, 9.0).is_possible() && !burst(0.9, 8.9).is_possible());
        assert!((burst(0.9, 1.0).shortest() - 9.0).abs() < 1e-9);
        assert!(
            !burst(0.1, 0.9).is_possible() && !burst(1.0, 5.0).is_possible() && !burst(0.1, f64::NAN).is_possible()
        );
    }
}
