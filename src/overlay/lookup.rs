//! The iterative lookup as a pure value: whom to ask next, given who has answered what.
//!
//! Source: Maymounkov & Mazières 2002, §2.3. The initiator keeps the nodes that it has heard of, nearest to the target
//! first. The k nearest that have not failed are the *front*. While fewer than α requests are in flight, the nearest
//! node of the front that was not asked yet is asked; a reply names further nodes, a failure lets the next one move up
//! into the front. The lookup is finished when the whole front has answered, whatever is still in flight behind it.
//!
//! *Progress* is therefore a reply that puts a new node into the front; a lookup without progress runs out of nodes to
//! ask. Since nobody is asked twice, it always ends.
//!
//! # Departures from the paper
//!
//! * A round without a nearer node does not widen the search to all of the front at once: at most α requests are in
//!   flight, always. The front is the same, and so are the requests; the last ones take longer.
//! * The initiator stands among the candidates with depth 0, as one that has answered. It may be responsible itself,
//!   and replies that name it need no special case.
//!
//! # Cost
//!
//! 16 bytes a candidate; at most 2k not yet asked and those asked (10 to 30): about 1 kB at k = 20, and 1 kB to know
//! familiar nodes again, once per lookup under way. A step looks through the front, O(k); a reply costs a glance for each
//! node that it names, and a binary search and a move of half the candidates for each that is new. A finished lookup can [`Lookup::begin`] again in the same memory.

use super::key::{Key, Metric};
use super::message::NodeId;
use super::protocol::Contact;

/// Places for familiar nodes: some four times the usual number of candidates.
const FAMILIAR: usize = 256;
const NOBODY: NodeId = NodeId(u32::MAX);

/// What a lookup looks for, and how hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    pub target: Key,
    pub metric: Metric,
    /// How many of the nearest nodes must have answered; at least 1.
    pub k: usize,
    /// Requests in flight at most; at least 1.
    pub alpha: usize,
}

/// What a lookup wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this node now; it counts as asked.
    Ask(NodeId),
    /// Nothing until a node answers or fails. At least one request is in flight.
    Wait,
    /// The front has answered: see [`Lookup::result`].
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Heard,
    Asked,
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
}

/// One lookup under way.
#[derive(Clone, Debug)]
pub struct Lookup {
    aim: Aim,
    /// Nearest first. The distance identifies a node.
    candidates: Vec<Candidate>,
    /// Candidates, each at the place that its number gives, unless another took it: most nodes that a reply names are
    /// known, and are found to be here without their keys and without a search.
    familiar: Vec<NodeId>,
    /// Candidates that were not asked yet.
    heard: usize,
    in_flight: usize,
    answers: usize,
}

impl Default for Lookup {
    /// A lookup that is finished and has found nothing: memory to begin one in.
    fn default() -> Self {
        let aim = Aim { target: Key(0), metric: Metric::Xor, k: 1, alpha: 1 };
        Lookup { aim, candidates: Vec::new(), familiar: Vec::new(), heard: 0, in_flight: 0, answers: 0 }
    }
}

impl Lookup {
    /// Begins a lookup by `initiator` that knows `contacts` (which get depth 1), and forgets the one before. `key` gives
    /// the key of any of them.
    pub fn begin(
        &mut self,
        aim: Aim,
        initiator: NodeId,
        contacts: impl IntoIterator<Item = NodeId>,
        key: impl Fn(NodeId) -> Key,
    ) {
        assert!(aim.k > 0 && aim.alpha > 0, "a lookup asks somebody: {aim:?}");
        self.candidates.clear();
        (self.aim, self.heard, self.in_flight, self.answers) = (aim, 0, 0, 0);
        self.familiar.clear();
        self.familiar.resize(FAMILIAR, NOBODY);
        let distance = aim.metric.distance(aim.target, key(initiator));
        self.candidates.push(Candidate { distance, node: initiator, hops: 0, state: State::Answered });
        for node in contacts {
            self.hear_of(node, &key, 1);
        }
    }

    /// What to do now. Call after `begin`, and after every answer or failure until it is no longer `Ask`.
    pub fn step(&mut self) -> Step {
        let (mut step, mut front) = (Step::Finished, self.aim.k);
        for candidate in &mut self.candidates {
            if front == 0 {
                break;
            }
            match candidate.state {
                State::Heard if self.in_flight < self.aim.alpha => {
                    candidate.state = State::Asked;
                    self.heard -= 1;
                    self.in_flight += 1;
                    return Step::Ask(candidate.node);
                }
                State::Heard | State::Asked if self.in_flight == self.aim.alpha => return Step::Wait,
                State::Heard | State::Asked => step = Step::Wait,
                State::Answered => {}
                State::Failed => continue,
            }
            front -= 1;
        }
        step
    }

    /// `node` has answered and named `contacts`, in any order; `key` gives the key of any of them. Ignored unless its
    /// answer is awaited.
    pub fn on_success(
        &mut self,
        node: NodeId,
        contacts: impl IntoIterator<Item = NodeId>,
        key: impl Fn(NodeId) -> Key,
    ) {
        let Some(hops) = self.settle(node, State::Answered) else { return };
        self.answers += 1;
        for node in contacts {
            self.hear_of(node, &key, hops.saturating_add(1));
        }
    }

    /// `node` did not answer: the front does without it. Ignored unless its answer is awaited.
    pub fn on_failure(&mut self, node: NodeId) {
        self.settle(node, State::Failed);
    }

    /// Whether the front has answered.
    pub fn is_finished(&self) -> bool {
        let standing = self.candidates.iter().filter(|candidate| candidate.state != State::Failed);
        standing.take(self.aim.k).all(|candidate| candidate.state == State::Answered)
    }

    /// The up to `count` nearest nodes that have answered, nearest first, the initiator included.
    pub fn result(&self, count: usize) -> impl Iterator<Item = Contact> + '_ {
        let answered = self.candidates.iter().filter(|candidate| candidate.state == State::Answered);
        answered.take(count).map(|candidate| Contact { node: candidate.node, hops: candidate.hops })
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

    /// Whether the initiator has heard of nobody.
    pub fn is_alone(&self) -> bool {
        self.candidates.len() == 1
    }

    /// Requests without answer or failure yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.candidates.capacity() * size_of::<Candidate>() + self.familiar.capacity() * size_of::<NodeId>()
    }

    /// Ends the wait for `node`; gives its depth if there was one.
    fn settle(&mut self, node: NodeId, state: State) -> Option<u8> {
        let asked = |candidate: &&mut Candidate| candidate.node == node && candidate.state == State::Asked;
        let candidate = self.candidates.iter_mut().find(asked)?;
        candidate.state = state;
        self.in_flight -= 1;
        Some(candidate.hops)
    }

    /// Remembers a node that is not known yet. Of those not asked the nearest 2k stay: k for the front and as many to
    /// move up when nodes of the front fail.
    fn hear_of(&mut self, node: NodeId, key: impl Fn(NodeId) -> Key, hops: u8) {
        let place = node.index() % FAMILIAR;
        if self.familiar[place] == node {
            return;
        }
        let distance = self.aim.metric.distance(self.aim.target, key(node));
        if let Err(at) = self.candidates.binary_search_by_key(&distance, |candidate| candidate.distance) {
            let candidate = Candidate { distance, node, hops, state: State::Heard };
            if self.heard < 2 * self.aim.k {
                self.candidates.insert(at, candidate);
                self.heard += 1;
            } else if !self.replace_farthest(at, candidate) {
                return;
            }
        }
        self.familiar[place] = node;
    }

    /// Puts a candidate at `at` and drops the farthest one not asked; false if that would be the new one itself.
    fn replace_farthest(&mut self, at: usize, candidate: Candidate) -> bool {
        let farthest = self.candidates.iter().rposition(|candidate| candidate.state == State::Heard);
        let farthest = farthest.expect("2k are not asked yet");
        if farthest < at {
            return false;
        }
        let dropped = self.candidates[farthest].node;
        let place = &mut self.familiar[dropped.index() % FAMILIAR];
        if *place == dropped {
            *place = NOBODY;
        }
        self.candidates.copy_within(at..farthest, at + 1);
        self.candidates[at] = candidate;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::{Noise, Source};

    /// A network whose nodes know up to `k` random nodes of each half, quarter, … of the space beside their own: all there
    /// are, where there are fewer.
    struct Network {
        keys: Vec<Key>,
        tables: Vec<Vec<NodeId>>,
        dead: Vec<bool>,
    }

    impl Network {
        fn new(size: usize, k: usize, dead_share: f64, noise: &mut Noise) -> Network {
            let keys: Vec<Key> = (0..size).map(|_| Key(noise.next_u64())).collect();
            let tables = (0..size).map(|me| Network::table(&keys, me, k, noise)).collect();
            let dead = (0..size).map(|node| node > 0 && noise.chance(dead_share)).collect();
            Network { keys, tables, dead }
        }

        fn table(keys: &[Key], me: usize, k: usize, noise: &mut Noise) -> Vec<NodeId> {
            let mut held = [0; 64];
            let mut others: Vec<usize> = (0..keys.len()).filter(|&node| node != me).collect();
            others.sort_by_cached_key(|_| noise.next_u64());
            others.retain(|&node| {
                let half = (keys[node].0 ^ keys[me].0).leading_zeros() as usize;
                held[half] += 1;
                held[half] <= k
            });
            others.into_iter().map(|node| NodeId(node as u32)).collect()
        }

        fn key(&self, node: NodeId) -> Key {
            self.keys[node.index()]
        }

        /// The k nodes nearest to the target that `node` knows.
        fn reply(&self, node: NodeId, aim: Aim) -> Vec<NodeId> {
            let mut known = self.tables[node.index()].clone();
            known.sort_by_key(|&node| aim.metric.distance(aim.target, self.key(node)));
            known.truncate(aim.k);
            known
        }
    }

    /// Runs a lookup from node 0, with replies and failures in random order, and checks what holds at every step.
    fn run(network: &Network, aim: Aim, noise: &mut Noise) -> (Lookup, Vec<NodeId>) {
        let mut lookup = Lookup::default();
        lookup.begin(aim, NodeId(0), network.reply(NodeId(0), aim), |node| network.key(node));
        let (mut asked, mut in_flight) = (Vec::new(), Vec::new());
        loop {
            match lookup.step() {
                Step::Ask(node) => {
                    assert!(node != NodeId(0) && !asked.contains(&node), "{node} was asked twice");
                    asked.push(node);
                    in_flight.push(node);
                    assert!(in_flight.len() <= aim.alpha && lookup.in_flight() == in_flight.len());
                }
                Step::Wait => {
                    assert!(!in_flight.is_empty() && !lookup.is_finished(), "waits for nobody");
                    let node = in_flight.swap_remove(noise.below(in_flight.len() as u64) as usize);
                    if network.dead[node.index()] {
                        lookup.on_failure(node);
                    } else {
                        lookup.on_success(node, network.reply(node, aim), |node| network.key(node));
                    }
                    assert!(lookup.candidates.len() <= 1 + 2 * aim.k + asked.len(), "unbounded memory");
                }
                Step::Finished => {
                    assert!(lookup.is_finished());
                    return (lookup, asked);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 200,
            rng_seed: proptest::test_runner::RngSeed::Fixed(1),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn finds_the_closest_when_nothing_fails(
            seed: u64, target: u64, size in 1usize..150, k in 1usize..12, alpha in 1usize..5,
        ) {
            let mut noise = Noise::new(seed);
            let network = Network::new(size, k, 0.0, &mut noise);
            let aim = Aim { target: Key(target), metric: Metric::Xor, k, alpha };
            let (lookup, _) = run(&network, aim, &mut noise);
            let mut all: Vec<NodeId> = (0..size as u32).map(NodeId).collect();
            all.sort_by_key(|node| network.keys[node.index()].0 ^ target);
            prop_assert_eq!(lookup.result(1).next().unwrap().node, all[0]);
        }

        #[test]
        fn ends_sorted_with_the_front_answered_whatever_fails(
            seed: u64, target: u64, size in 1usize..150, k in 1usize..12, alpha in 1usize..5, dead in 0.0..1.0f64,
            ring: bool,
        ) {
            let mut noise = Noise::new(seed);
            let network = Network::new(size, k, dead, &mut noise);
            let metric = if ring { Metric::Ring } else { Metric::Xor };
            let aim = Aim { target: Key(target), metric, k, alpha };
            let (lookup, asked) = run(&network, aim, &mut noise);
            let found: Vec<Contact> = lookup.result(usize::MAX).collect();
            let distance = |contact: &Contact| metric.distance(aim.target, network.keys[contact.node.index()]);
            prop_assert!(found.is_sorted_by(|a, b| distance(a) < distance(b)));
            prop_assert!(found.iter().all(|contact| !network.dead[contact.node.index()]));
            prop_assert!(found.iter().all(|contact| (contact.hops == 0) == (contact.node == NodeId(0))));
            prop_assert_eq!(found.len(), lookup.answers() + 1);
            prop_assert!(lookup.answers() <= asked.len() && (found.len() >= k || lookup.heard == 0));
        }
    }

    const AIM: Aim = Aim { target: Key(0), metric: Metric::Xor, k: 2, alpha: 1 };

    /// Every node has its number as key.
    fn key(node: NodeId) -> Key {
        Key(node.0.into())
    }

    #[test]
    fn depth_is_counted_from_the_reply_that_named_a_node_first() {
        let mut lookup = Lookup::default();
        lookup.begin(AIM, NodeId(99), [50, 40].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Ask(NodeId(40)));
        lookup.on_success(NodeId(40), [10, 50].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Ask(NodeId(10)));
        lookup.on_success(NodeId(10), [5, 40].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Ask(NodeId(5)));
        lookup.on_success(NodeId(5), [10].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Finished);
        let hops: Vec<_> = lookup.result(9).map(|contact| (contact.node.0, contact.hops)).collect();
        assert_eq!(hops, [(5, 3), (10, 2), (40, 1), (99, 0)]);
        assert_eq!((lookup.hops(NodeId(50)), lookup.hops(NodeId(7))), (Some(1), None));
    }

    #[test]
    fn a_failed_node_makes_room_for_the_next_and_is_not_asked_again() {
        let mut lookup = Lookup::default();
        lookup.begin(AIM, NodeId(99), [10, 20, 30].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Ask(NodeId(10)));
        lookup.on_failure(NodeId(10));
        assert_eq!(lookup.step(), Step::Ask(NodeId(20)));
        lookup.on_success(NodeId(20), [10, 30].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Ask(NodeId(30)));
        assert_eq!(lookup.step(), Step::Wait);
        lookup.on_success(NodeId(10), [1].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Wait, "an answer after the failure is not awaited");
        lookup.on_success(NodeId(30), [].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Finished);
    }

    #[test]
    fn an_initiator_without_contacts_is_finished_and_finds_itself() {
        let mut lookup = Lookup::default();
        lookup.begin(AIM, NodeId(99), [].map(NodeId), key);
        assert_eq!(lookup.step(), Step::Finished);
        assert_eq!(lookup.result(3).collect::<Vec<_>>(), [Contact { node: NodeId(99), hops: 0 }]);
        assert!(lookup.is_alone());
        assert_eq!((lookup.answers(), size_of::<Candidate>()), (0, 16));
    }
}
