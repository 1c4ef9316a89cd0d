//! Recursive lookups of operations, one way at a time, as on Chord: each node passes the question on to its contact nearest
//! to the target, and the one that knows none nearer than itself answers the requester straight.
//!
//! Every hop is nearer to the target than the one before, so a walk always ends. Nobody acknowledges a hop: the initiator
//! waits for the whole walk, and then tries its next best first hop, without holding the first for dead.

use super::{Cx, Kademlia, Message, Purpose};
use crate::overlay::{Answer, Contact, Envelope, Key, List, NodeId, RecordId, Walk};

impl Kademlia {
    /// Sends a walk on its way, or answers it if nobody known is nearer to the target than this node.
    pub(super) fn send_off(&mut self, cx: &mut Cx<'_>, walk: Walk) {
        let mut nearest = Vec::with_capacity(usize::from(walk.count));
        self.buckets.nearest(&cx.view, walk.target, usize::from(walk.count), !self.client, &mut nearest);
        if nearest.first() == Some(&cx.me()) && self.buckets.iter().next().is_some() {
            return cx.found_known(&walk, &nearest);
        }
        self.search(cx, Purpose::Walk(walk), walk.target, None);
    }

    /// A question on its way: own portion first, then on to the nearest contact, if it is nearer than this node.
    pub(super) fn pass_on(
        &mut self,
        cx: &mut Cx<'_>,
        request: &Envelope,
        walk: (Key, Option<RecordId>, u8),
        hops: u8,
        requester: NodeId,
    ) {
        let (target, record, count) = walk;
        let answer_to = Envelope { from: requester, ..*request };
        if let Some(record) = record
            && let Some(answer) = cx.answer(request, record)
        {
            return cx.reply(&answer_to, Message::Holds { answer, bytes: cx.size(record), hops });
        }
        let mut nearest = std::mem::take(&mut cx.shared.nearest);
        nearest.clear();
        self.buckets.nearest(&cx.view, target, usize::from(count), !self.client, &mut nearest);
        let deeper = hops.saturating_add(1);
        if nearest.first() == Some(&cx.me()) {
            let named = nearest.iter().take(cx.config.k as usize); // as many as a list of the protocol holds
            let nodes = cx.lists.put(named.map(|node| node.0));
            cx.reply(&answer_to, Message::Responsible { nodes, hops: deeper });
        } else if let Some(&next) = nearest.first() {
            cx.forward(next, request, Message::Route { target, record, count, hops: deeper, requester });
        }
        cx.shared.nearest = nearest;
    }

    /// The walk has ended at `reply.from`, which names itself first.
    pub(super) fn responsible(&mut self, cx: &mut Cx<'_>, reply: &Envelope, nodes: List, hops: u8) {
        let Some(walk) = self.came_back(cx, reply) else { return };
        let me = cx.me();
        let depth = |node| match node {
            node if node == me => 0,
            node if node == reply.from => hops - 1,
            _ => hops,
        };
        let mut answer = std::mem::take(&mut cx.shared.answer);
        answer.clear();
        let nodes = cx.lists.get(nodes).iter().map(|&node| NodeId(node));
        answer.extend(nodes.map(|node| Contact { node, hops: depth(node) }));
        cx.found(&walk, &answer);
        cx.shared.answer = answer;
    }

    /// The walk has met a holder.
    pub(super) fn held(&mut self, cx: &mut Cx<'_>, reply: &Envelope, answer: Answer, hops: u8) {
        if let Some(walk) = self.came_back(cx, reply) {
            cx.found_record(walk.op, Contact { node: reply.from, hops }, answer);
        }
    }

    /// Ends the search that an answer belongs to, if it is still awaited.
    fn came_back(&mut self, cx: &mut Cx<'_>, reply: &Envelope) -> Option<Walk> {
        let number = self.rpcs.close_from_anyone(reply.rpc)?.tag;
        let search = self.take_search(number)?;
        search.tell_passed(cx, reply.from);
        let purpose = search.purpose;
        cx.shared.searches.give(search);
        match purpose {
            Purpose::Walk(walk) => Some(walk),
            Purpose::Join | Purpose::Refresh => unreachable!("upkeep is iterative"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Duration, Noise, Source};
    use crate::overlay::kademlia::{Config, Kademlia, Message};
    use crate::overlay::testing::{Bench, End};
    use crate::overlay::{Contact, Held, Key, NodeId, RecordId, Routing, Version};

    fn converged(k: u32, nodes: u32, seed: u64) -> Bench<Kademlia> {
        let refresh = Duration::from_secs(365 * 86_400);
        let mut bench =
            Bench::new(Config { k, refresh, routing: Routing::Recursive, ..Config::default() }, nodes, seed);
        bench.start_converged();
        bench
    }

    fn by_distance(bench: &Bench<Kademlia>, target: Key) -> Vec<NodeId> {
        let mut nodes: Vec<_> = (0..bench.keys.len() as u32).map(NodeId).collect();
        nodes.sort_by_key(|node| bench.keys[node.index()].0 ^ target.0);
        nodes
    }

    /// REFERENCE §5, static, N = 10,000, α = 1: 3.10 hops at k = 8, 2.52 at k = 20. Here no node is asked beside the way.
    #[test]
    fn a_walk_takes_the_hops_of_an_iterative_one_with_one_request_in_flight() {
        for (k, hops) in [(8, 3.10), (20, 2.52)] {
            let (mut bench, mut noise, mut sum) = (converged(k, 10_000, 1), Noise::new(2), 0);
            for _ in 0..4000 {
                let (from, target) = (NodeId(noise.below(10_000) as u32), Key(noise.next_u64()));
                let walked = bench.walk(from, target, None, 1);
                let End::Found(found) = &walked.end else { panic!("{:?}", walked.end) };
                let depth = u32::from(found[0].hops);
                assert_eq!((walked.rpcs, walked.timeouts), (depth, 0), "one request a hop");
                let ways = if depth == 0 { 0 } else { u64::from(depth) + 1 };
                assert_eq!(walked.took.as_nanos(), ways * bench.latency.as_nanos(), "and one answer, straight");
                sum += depth;
            }
            let mean = f64::from(sum) / 4000.0;
            println!("k = {k}: {mean:.3} hops, {hops} with α = 1");
            assert!((mean - hops).abs() < 0.15, "k = {k}: {mean} hops");
            assert_eq!(bench.lists.in_use(), 0);
        }
    }

    #[test]
    fn a_walk_ends_at_the_responsible_node_which_names_those_after_it() {
        let (mut bench, mut noise) = (converged(20, 500, 3), Noise::new(4));
        for _ in 0..200 {
            let target = Key(noise.next_u64());
            let End::Found(found) = bench.walk(NodeId(7), target, None, 3).end else { panic!("not found") };
            let named: Vec<_> = found.iter().map(|contact| contact.node).collect();
            assert_eq!(named, by_distance(&bench, target)[..3]);
        }
    }

    #[test]
    fn a_holder_on_the_way_ends_the_walk_with_its_depth() {
        let mut bench = converged(20, 500, 5);
        let (record, version, target) = (RecordId::new(3), Version(7), Key(1 << 40));
        let holder = by_distance(&bench, target)[0];
        bench.held[holder.index()].push(Held { record, version });
        let End::Found(found) = bench.walk(NodeId(7), target, None, 1).end else { panic!("not found") };
        let walked = bench.walk(NodeId(7), target, Some(record), 3);
        assert_eq!(walked.end, End::FoundRecord(Contact { node: holder, hops: found[0].hops }, version));
    }

    #[test]
    fn a_walk_that_is_lost_takes_another_first_hop_after_ten_seconds_and_holds_nobody_for_dead() {
        let mut bench = converged(20, 500, 6);
        let target = Key(1 << 50);
        bench.crash(by_distance(&bench, target)[0]);
        let walked = bench.walk(NodeId(7), target, None, 1);
        assert!(walked.timeouts > 1 && walked.took.as_secs_f64() > 10.0, "{walked:?}");
        assert!(bench.changes.is_empty(), "{:?}", bench.changes);
        let op = bench.begin(NodeId(7), target, None, 1);
        bench.with(NodeId(7), |kademlia, _| {
            use crate::overlay::Protocol as _;
            kademlia.cancel(op);
            assert_eq!((kademlia.searches.iter().count(), kademlia.rpcs.outstanding().count()), (0, 0));
        });
    }

    #[test]
    fn a_walk_that_comes_back_leaves_the_node_out_of_its_own_table() {
        use crate::overlay::{Kind, Protocol as _, Traffic};
        let (mut bench, me) = (converged(20, 50, 7), NodeId(7));
        bench.with(me, |kademlia, cx| {
            let message = Message::Responsible { nodes: cx.lists.put([1]), hops: 1 };
            let envelope = cx.envelope(Kind::Reply, 1, None, Traffic::Lookup, &message);
            kademlia.on_message(cx, &envelope, message);
            assert!(kademlia.buckets.iter().all(|node| node != me));
        });
    }
}
