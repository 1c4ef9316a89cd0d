//! Upkeep of buckets beside their refresh: who is asked whether it is there before it enters, keeps or loses a place. All of it is
//! off by default.

use std::collections::BTreeMap;

use super::nearby::Nearby;
use super::{Cx, Enters, Kademlia, Message, Timer};
use crate::engine::Duration;
use crate::model::{Envelope, Kind, NodeId};
use crate::overlay::{Change, List, Recent};

/// The number of no search: that of a ping.
pub(super) const PING: u32 = 0;

/// Of the nearest nodes that are told of a leave, in k: the siblings of OverSim are 5·s.
const TOLD: usize = 5;

/// What only options need.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// With `proximity`.
    nearby: Option<Box<Nearby>>,
    /// With `failures` above 1: who has not answered so often in a row.
    failures: BTreeMap<NodeId, u8>,
    /// Where hops are acknowledged.
    recent: Option<Box<Recent>>,
}

impl Notes {
    /// Bytes allocated, but for what the tree of those who did not answer takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let nearby = self.nearby.as_ref().map_or(0, |_| size_of::<Nearby>());
        size_of::<Notes>() + nearby + self.recent.as_ref().map_or(0, |_| size_of::<Recent>())
    }

    /// The latest round trip to `node` in µs, the largest number if it is not known.
    pub(super) fn round_trip(notes: Option<&Notes>, node: NodeId) -> u32 {
        let nearby = notes.and_then(|notes| notes.nearby.as_ref());
        nearby.map_or(u32::MAX, |nearby| nearby.round_trip(node))
    }
}

impl Kademlia {
    /// Asks a node whether it is there, unless it is asked already.
    pub(super) fn ping(&mut self, cx: &mut Cx<'_>, node: NodeId) {
        if !self.rpcs.outstanding().any(|pending| pending.tag == PING && pending.to == node) {
            let timeout = self.rpcs.timeout(cx.config.rpc_timeout);
            self.rpcs.call(cx, node, None, Message::Ping, timeout, PING);
        }
    }

    /// Whether a node that has sent something is to answer a ping before it enters a bucket. It is asked, if there is room.
    pub(super) fn is_checked_first(&mut self, cx: &mut Cx<'_>, from: &Envelope) -> bool {
        let checks = cx.config.enters == Enters::Checked && from.kind != Kind::Reply;
        if !checks || self.buckets.is_contact(&cx.view, from.from) {
            return false;
        }
        if self.buckets.has_room(cx.config, &cx.view, from.from) {
            self.ping(cx, from.from);
        }
        true
    }

    /// A node is up. If it is no contact, its bucket is full, and the least recently seen of that is asked whether it is there (§2.2).
    pub(super) fn seen_alive(&mut self, cx: &mut Cx<'_>, node: NodeId) {
        if cx.config.failures > 1
            && let Some(notes) = &mut self.notes
        {
            notes.failures.remove(&node);
        }
        if cx.config.ping && self.buckets.place(&cx.view, node).is_none() {
            let oldest = self.buckets.oldest(&cx.view, node).filter(|&oldest| oldest != node);
            oldest.into_iter().for_each(|oldest| self.ping(cx, oldest));
        }
    }

    /// Nodes that were named enter buckets that have room, although nobody has heard from them.
    pub(super) fn heard_of(&mut self, cx: &mut Cx<'_>, named: List) {
        for at in 0..cx.lists.get(named).len() {
            let node = NodeId(cx.lists.get(named)[at]);
            if node != cx.view.me && self.buckets.heard_of(cx.config, &cx.view, cx.now, node) {
                cx.neighbour(node, Change::Appeared);
            }
        }
    }

    /// Whether a contact that has not answered has more chances.
    pub(super) fn is_spared(&mut self, cx: &Cx<'_>, node: NodeId) -> bool {
        if cx.config.failures <= 1 || !self.buckets.is_contact(&cx.view, node) {
            return false;
        }
        let failures = self.notes.get_or_insert_default().failures.entry(node).or_default();
        *failures += 1;
        let is_spared = u32::from(*failures) < cx.config.failures;
        if !is_spared {
            self.notes.get_or_insert_default().failures.remove(&node);
        }
        is_spared
    }

    /// Tells the nearest nodes that it leaves.
    pub(super) fn say_farewell(&mut self, cx: &mut Cx<'_>) {
        let mut nearest = Vec::new();
        self.buckets.nearest(&cx.view, cx.my_key(), TOLD * cx.config.k as usize, false, &mut nearest);
        nearest.into_iter().for_each(|node| cx.notice(node, Message::Farewell));
    }

    /// Whether a walk comes for the first time.
    pub(super) fn is_new(&mut self, request: &Envelope) -> bool {
        self.notes.get_or_insert_default().recent.get_or_insert_default().is_new(request)
    }

    /// A new session: nobody has failed in it.
    pub(super) fn forget_failures(&mut self) {
        if let Some(notes) = &mut self.notes {
            notes.failures.clear();
        }
    }

    pub(super) fn note_round_trip(&mut self, node: NodeId, round_trip: Duration) {
        self.notes.get_or_insert_default().nearby.get_or_insert_default().measured(node, round_trip);
    }

    /// Asks the least recently seen contact of each bucket whether it is there.
    pub(super) fn revalidate(&mut self, cx: &mut Cx<'_>) {
        for oldest in self.buckets.all_oldest() {
            self.ping(cx, oldest);
        }
        if let Some(period) = cx.config.revalidate.0 {
            cx.set_timer(period, Timer::Revalidate);
        }
    }

    /// A node has joined: it revalidates its contacts from now on, at a phase of its own.
    pub(super) fn revalidate_later(&mut self, cx: &mut Cx<'_>) {
        if let Some(period) = cx.config.revalidate.0 {
            cx.set_timer_within(period, Timer::Revalidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::quantity::Switch;
    use crate::engine::{Duration, Noise, Source};
    use crate::model::{Key, NodeId};
    use crate::overlay::Protocol as _;
    use crate::overlay::testing::{Bench, End};
    use crate::protocols::kademlia::{Config, Ends, Enters, Kademlia};

    /// A converged overlay that looks nothing up by itself.
    fn still(config: Config, nodes: u32) -> Bench<Kademlia> {
        let mut bench = Bench::new(Config { refresh: Duration::from_secs(365 * 86_400), ..config }, nodes, 1);
        bench.start_converged();
        bench
    }

    fn knows(bench: &Bench<Kademlia>, node: NodeId, contact: NodeId) -> bool {
        bench.nodes[node.index()].buckets.iter().any(|known| known == contact)
    }

    /// A contact of node 0 that is in a full bucket as the least recently seen, and a stranger for that.
    fn oldest_and_stranger(bench: &mut Bench<Kademlia>) -> (NodeId, NodeId) {
        let (known, mut found) = (bench.nodes[0].buckets.iter().collect::<Vec<_>>(), None);
        let nodes = bench.nodes.len() as u32;
        bench.with(NodeId(0), |kademlia, cx| {
            let strangers = (1..nodes).map(NodeId).filter(|node| !known.contains(node));
            let mut full = strangers.filter(|&node| !kademlia.buckets.has_room(cx.config, &cx.view, node));
            found = full.next().map(|node| (kademlia.buckets.oldest(&cx.view, node).expect("it is full"), node));
        });
        found.expect("some bucket is full")
    }

    /// `from` looks a key up at `to`, so that `to` hears from it.
    fn speak(bench: &mut Bench<Kademlia>, from: NodeId, to: NodeId) {
        bench.with(from, |kademlia, cx| kademlia.ping(cx, to));
        bench.run_for(Duration::from_secs(5));
    }

    #[test]
    fn a_newcomer_takes_the_place_of_the_oldest_only_if_that_is_silent() {
        for (ping, crashes) in [(true, true), (true, false), (false, true)] {
            let mut bench = still(Config { k: 8, ping, ..Config::default() }, 200);
            let (oldest, stranger) = oldest_and_stranger(&mut bench);
            if crashes {
                bench.crash(oldest);
            }
            speak(&mut bench, stranger, NodeId(0));
            assert_eq!(knows(&bench, NodeId(0), stranger), ping && crashes, "ping {ping}, crashes {crashes}");
            assert_eq!(knows(&bench, NodeId(0), oldest), !(ping && crashes));
        }
    }

    #[test]
    fn a_contact_has_as_many_chances_as_are_said() {
        let mut bench = still(Config { failures: 3, ..Config::default() }, 30);
        bench.crash(NodeId(5));
        for left in [true, true, false] {
            bench.with(NodeId(0), |kademlia, cx| kademlia.ping(cx, NodeId(5)));
            bench.run_for(Duration::from_secs(5));
            assert_eq!(knows(&bench, NodeId(0), NodeId(5)), left);
        }
    }

    #[test]
    fn who_asks_enters_at_once_or_when_it_has_answered() {
        for enters in [Enters::Seen, Enters::Checked] {
            let mut bench = still(Config { enters, ..Config::default() }, 30);
            bench.with(NodeId(0), |kademlia, cx| kademlia.drop_contact(cx, NodeId(5)));
            assert!(!knows(&bench, NodeId(0), NodeId(5)));
            bench.with(NodeId(5), |kademlia, cx| kademlia.ping(cx, NodeId(0)));
            bench.crash(NodeId(5));
            bench.run_for(Duration::from_millis(500));
            assert_eq!(knows(&bench, NodeId(0), NodeId(5)), enters == Enters::Seen, "it asked and was gone");
        }
    }

    #[test]
    fn silent_contacts_are_found_by_revalidation_alone() {
        let revalidate = Switch(Some(Duration::from_secs(10)));
        let mut bench = still(Config { revalidate, ..Config::default() }, 30);
        bench.crash(NodeId(5));
        bench.run_for(Duration::from_secs(600));
        assert!((0..30).map(NodeId).all(|node| node == NodeId(5) || !knows(&bench, node, NodeId(5))));
    }

    #[test]
    fn who_says_farewell_is_forgotten_at_once() {
        let mut bench = still(Config { farewell: true, ..Config::default() }, 30);
        bench.with(NodeId(5), |kademlia, cx| kademlia.leave(cx));
        bench.run_for(Duration::from_secs(1));
        assert!((0..30).map(NodeId).all(|node| node == NodeId(5) || !knows(&bench, node, NodeId(5))));
    }

    /// With buckets as long as the neighbourhood is wide, who says that it is a sibling is one, and names the nearest.
    #[test]
    fn a_lookup_that_a_sibling_ends_names_the_nearest_and_asks_fewer() {
        let (mut asked, mut noise) = (Vec::new(), Noise::new(2));
        let targets: Vec<Key> = (0..300).map(|_| Key(noise.next_u64())).collect();
        for (ends, rounds) in [(Ends::All, false), (Ends::Sibling, false), (Ends::Sibling, true)] {
            let mut bench = still(Config { k: 8, ends, rounds, ..Config::default() }, 1000);
            let mut rpcs = 0;
            for &target in &targets {
                let walked = bench.walk(NodeId(7), target, None, 1);
                let End::Found(found) = &walked.end else { panic!("{walked:?}") };
                let nearest = (0..1000).map(NodeId).min_by_key(|node| bench.keys[node.index()].0 ^ target.0);
                assert_eq!(Some(found[0].node), nearest);
                rpcs += walked.rpcs;
            }
            asked.push(f64::from(rpcs) / 300.0);
        }
        println!("{asked:?} requests a lookup");
        assert!(asked[1] < 0.6 * asked[0] && asked[2] < 0.75 * asked[0]);
    }
}
