//! The iterative lookup as a pure value: whom to ask next, given who has answered what.
//!
//! Source: Maymounkov & Mazières 2002, §2.3. The initiator keeps the nodes that it has heard of, nearest to the target
//! first. The k nearest that have neither failed nor are slow are the *front*. While fewer than α requests are in flight, the
//! nearest node of the front that was not asked yet is asked; a reply names further nodes, a failure lets the next one move up
//! into the front. Who does not answer quickly is *slow*: its slot is free for another, and it is out of consideration until it
//! answers. After a round of α requests none of which has shown a node nearer than all before, all of the front are asked at
//! once. The lookup is finished when the nearest of the front have answered, as many as wanted, whatever is still in flight
//! behind them.
//!
//! Since nobody is asked twice, it always ends.
//!
//! # Departures from the paper
//!
//! * Requests are not sent in rounds: a slot is filled as soon as it is free. A round is over when α more requests have been
//!   answered, have failed or are slow.
//! * When fewer than the nodes wanted are left, slow ones are waited for: on a network where all are slow a lookup ends too.
//! * The initiator stands among the candidates with depth 0, as one that has answered. It may be responsible itself,
//!   and replies that name it need no special case.
//!
//! # Cost
//!
//! 16 bytes a candidate; at most 2k not yet asked and those asked (10 to 30): about 1 kB at k = 20, and half of that to know
//! familiar nodes again, once per lookup under way. A step looks through that part of the front which has not answered,
//! O(k); a reply costs a glance for each node that it names, a look at its distance for each that is not familiar, and a
//! binary search and a move of half the candidates for each that is new and near enough. A finished lookup can
//! [`Lookup::begin`] again in the same memory.

mod heard;
mod rounds;

use super::protocol::Contact;
use crate::engine::prefetch;
use crate::model::{Key, Metric, NodeId, Passed};

/// Places for familiar nodes: some four times the usual number of candidates.
const FAMILIAR: usize = 256;
/// Candidates of a front that are asked for: four lines.
const FRONT: usize = 16;
const NOBODY: u16 = u16::MAX;
/// Nodes that are looked through at once for those that are not familiar.
const AT_ONCE: usize = 32;
/// Nodes that a lookup can tell apart by their names among the familiar ones.
pub const MOST_NAMED: u32 = FAMILIAR as u32 * NOBODY as u32;

/// What a lookup looks for, and how hard.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    pub target: Key,
    pub metric: Metric,
    /// The nearest nodes that may be asked; at least 1.
    pub k: usize,
    /// How many of the nearest must have answered; at least 1, at most `k`.
    pub answered: usize,
    /// Requests in flight at most; at least 1.
    pub alpha: usize,
    /// After a round without progress all of the `k` nearest are asked at once.
    pub widen: bool,
    /// Patience: the lookup does not end while a slow node is nearer than this many others; at most `answered`.
    pub patient: usize,
    /// Requests are sent in rounds, as in OverSim.
    pub rounds: bool,
}

/// What a lookup wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this node now; it counts as asked.
    Ask(NodeId),
    /// Nothing until a node answers, fails or is slow. At least one is awaited.
    Wait,
    /// As many of the nearest have answered as are wanted: see [`Lookup::result`].
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Heard,
    Asked,
    /// Asked, and not answered quickly.
    Slow,
    Answered,
    /// Remembered, so that it is not asked again when somebody else names it.
    Failed,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    distance: u64,
    node: NodeId,
    hops: u8,
    state: State,
    /// In which it was heard of, and then asked: in rounds only.
    round: u8,
}

/// One lookup under way.
#[derive(Clone, Debug)]
pub struct Lookup {
    aim: Aim,
    /// Nearest first. The distance identifies a node.
    candidates: Vec<Candidate>,
    /// So many candidates, the nearest, have answered all: there is no need to look through them again.
    settled: usize,
    /// A direct-mapped cache of the candidates, each at the place that its number gives unless another took it: most nodes
    /// that a reply names are known, and are found to be here without their keys and without a search. See [`familiar`].
    familiar: Box<[u16; FAMILIAR]>,
    /// Candidates that were not asked yet.
    heard: usize,
    /// Requests whose answers are awaited, without those to slow nodes, and those.
    in_flight: usize,
    slow: usize,
    answers: usize,
    /// Whether all nodes of the front have been asked, as long as none has come into it.
    all_asked: bool,
    /// Requests settled since a node was named that is nearer than all before.
    in_vain: usize,
    /// In rounds only: the present one, and requests that may still be sent in it.
    round: u8,
    budget: usize,
}

impl Default for Lookup {
    /// A lookup that is finished and has found nothing: memory to begin one in.
    fn default() -> Self {
        let aim = Aim {
            target: Key(0),
            metric: Metric::Xor,
            k: 1,
            answered: 1,
            alpha: 1,
            widen: false,
            patient: 0,
            rounds: false,
        };
        let familiar = Box::new([NOBODY; FAMILIAR]);
        let (candidates, settled, heard, in_flight, slow, answers, in_vain) = (Vec::new(), 0, 0, 0, 0, 0, 0);
        let all_asked = false;
        let (round, budget) = (0, 0);
        Lookup {
            aim,
            candidates,
            settled,
            familiar,
            heard,
            in_flight,
            slow,
            answers,
            all_asked,
            in_vain,
            round,
            budget,
        }
    }
}

impl Lookup {
    /// Begins a lookup by `initiator` that knows `contacts` (which get depth 1), and forgets the one before. `key` gives
    /// the key of any of them. Nodes have numbers below [`MOST_NAMED`]: a protocol with lookups has room for so many.
    pub fn begin(&mut self, aim: Aim, initiator: NodeId, contacts: &[NodeId], key: impl Fn(NodeId) -> Key) {
        assert!((1..=aim.k).contains(&aim.answered) && aim.alpha > 0, "a lookup asks somebody: {aim:?}");
        self.candidates.clear();
        (self.aim, self.settled, self.heard, self.in_flight, self.answers) = (aim, 0, 0, 0, 0);
        (self.slow, self.in_vain, self.all_asked) = (0, 0, false);
        (self.round, self.budget) = (0, 0);
        self.familiar.fill(NOBODY);
        let distance = aim.metric.distance(aim.target, key(initiator));
        self.candidates.push(Candidate { distance, node: initiator, hops: 0, state: State::Answered, round: 0 });
        self.hear_of_all(contacts, key, 1);
    }

    /// What to do now. Call after `begin`, and after every answer, failure or slow node until it is no longer `Ask`.
    pub fn step(&mut self) -> Step {
        if self.aim.rounds {
            return self.step_in_rounds();
        }
        while self.candidates.get(self.settled).is_some_and(|next| next.state == State::Answered) {
            self.settled += 1;
        }
        let most = self.most_in_flight();
        let (wanted, last) = (self.aim.answered, self.aim.k);
        if self.settled >= wanted {
            return Step::Finished;
        }
        if self.all_asked && self.candidates.get(self.settled).is_some_and(|next| next.state == State::Asked) {
            return Step::Wait;
        }
        // Nodes of the front looked at so far, and whether all of those wanted have answered.
        let (mut front, mut answered, mut held) = (self.settled, true, false);
        for candidate in &mut self.candidates[self.settled..] {
            if front == last || front >= wanted && answered {
                break;
            }
            match candidate.state {
                State::Heard if self.in_flight < most => {
                    candidate.state = State::Asked;
                    self.heard -= 1;
                    self.in_flight += 1;
                    return Step::Ask(candidate.node);
                }
                State::Heard | State::Asked if self.in_flight >= most => return Step::Wait,
                State::Heard | State::Asked => answered &= front >= wanted,
                State::Answered => {}
                State::Slow | State::Failed => {
                    held |= candidate.state == State::Slow && front < self.aim.patient;
                    continue;
                }
            }
            front += 1;
        }
        self.all_asked = true;
        let waits = !answered || held || front < wanted && self.slow > 0;
        if waits { Step::Wait } else { Step::Finished }
    }

    /// Requests in flight at most: all that may be asked, after a round that has shown nobody nearer.
    fn most_in_flight(&self) -> usize {
        if self.aim.widen && self.in_vain >= self.aim.alpha { self.aim.k } else { self.aim.alpha }
    }

    /// `node` has answered and named `contacts`, in any order; `key` gives the key of any of them. Ignored unless its
    /// answer is awaited.
    pub fn on_success<N: Copy + Into<NodeId>>(&mut self, node: NodeId, contacts: &[N], key: impl Fn(NodeId) -> Key) {
        if self.aim.rounds {
            return self.succeeded_in_rounds(node, contacts, key);
        }
        let Some(hops) = self.settle(node, State::Answered) else { return };
        self.answers += 1;
        let nearest = self.nearest_other();
        self.hear_of_all(contacts, key, hops.saturating_add(1));
        if self.nearest_other() < nearest {
            self.in_vain = 0;
        }
    }

    /// Distance of the nearest node heard of, other than the initiator.
    fn nearest_other(&self) -> u64 {
        self.candidates.iter().find(|candidate| candidate.hops > 0).map_or(u64::MAX, |candidate| candidate.distance)
    }

    /// `node` did not answer: the front does without it. Ignored unless its answer is awaited.
    pub fn on_failure(&mut self, node: NodeId) {
        self.settle(node, State::Failed);
        self.all_asked = false;
    }

    /// `node` has not answered quickly: it is out of consideration until it does. Ignored unless its answer is awaited.
    pub fn on_slow(&mut self, node: NodeId) {
        let asked = |candidate: &&mut Candidate| candidate.node == node && candidate.state == State::Asked;
        if let Some(candidate) = self.candidates[self.settled..].iter_mut().find(asked) {
            candidate.state = State::Slow;
            self.all_asked = false;
            self.in_flight -= 1;
            self.slow += 1;
            self.in_vain += 1;
        }
    }

    /// Whether as many of the nearest have answered as are wanted.
    pub fn is_finished(&self) -> bool {
        let out = [State::Failed, State::Slow];
        let standing = self.candidates.iter().filter(|candidate| !out.contains(&candidate.state));
        standing.take(self.aim.answered).all(|candidate| candidate.state == State::Answered)
    }

    /// The up to `count` nearest nodes that have answered, nearest first, the initiator included.
    pub fn result(&self, count: usize) -> impl Iterator<Item = Contact> + '_ {
        let answered = self.candidates.iter().filter(|candidate| candidate.state == State::Answered);
        answered.take(count).map(|candidate| Contact { node: candidate.node, hops: candidate.hops })
    }

    /// The nearest other node that has answered, and how many nearer ones that have not failed are known.
    pub fn nearest_answered(&self) -> Option<Passed> {
        self.nearest(|candidate| candidate.state == State::Answered && candidate.hops > 0)
    }

    /// Nearest other node whose answer is awaited, and how many nearer ones that have not failed are known.
    pub fn nearest_asked(&self) -> Option<Passed> {
        self.nearest(|candidate| matches!(candidate.state, State::Asked | State::Slow))
    }

    fn nearest(&self, which: impl Fn(&Candidate) -> bool) -> Option<Passed> {
        let mut standing = self.candidates.iter().filter(|candidate| candidate.state != State::Failed);
        let (place, found) = standing.by_ref().enumerate().find(|(_, candidate)| which(candidate))?;
        Some(Passed { node: found.node, nearer: place.min(usize::from(u8::MAX)) as u8 })
    }

    /// Depth of `node` in the referral tree; `None` if nobody has named it.
    pub fn hops(&self, node: NodeId) -> Option<u8> {
        self.candidates.iter().find(|candidate| candidate.node == node).map(|candidate| candidate.hops)
    }

    pub fn target(&self) -> Key {
        self.aim.target
    }

    /// Nodes that have answered, the initiator not counted.
    pub fn answers(&self) -> usize {
        self.answers
    }

    /// Whether anybody has been asked.
    pub fn has_asked(&self) -> bool {
        let asked = [State::Asked, State::Slow, State::Failed];
        self.answers > 0 || self.candidates.iter().any(|candidate| asked.contains(&candidate.state))
    }

    /// Whether the initiator has heard of nobody.
    pub fn is_alone(&self) -> bool {
        self.candidates.len() == 1
    }

    /// Asks for the memory that a reply is compared with: familiar nodes, and the front or most of it.
    pub fn prefetch(&self) {
        prefetch(&*self.familiar);
        // As an array: its lines are known when this is compiled.
        self.candidates.first_chunk::<FRONT>().into_iter().for_each(prefetch);
    }

    /// Requests without answer or failure yet, but for those to slow nodes.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// As many requests are in flight as may be: after an `Ask`, the next step is to wait.
    pub fn is_full(&self) -> bool {
        if self.aim.rounds { self.budget == 0 } else { self.in_flight >= self.most_in_flight() }
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.candidates.capacity() * size_of::<Candidate>() + size_of_val(&*self.familiar)
    }

    /// Ends the wait for `node`; gives its depth if there was one.
    fn settle(&mut self, node: NodeId, state: State) -> Option<u8> {
        let awaited = |candidate: &&mut Candidate| {
            candidate.node == node && matches!(candidate.state, State::Asked | State::Slow)
        };
        let candidate = self.candidates[self.settled..].iter_mut().find(awaited)?;
        match std::mem::replace(&mut candidate.state, state) {
            State::Slow => self.slow -= 1,
            _ => {
                self.in_flight -= 1;
                self.in_vain += 1;
            }
        }
        Some(candidate.hops)
    }
}

#[cfg(test)]
mod tests;
