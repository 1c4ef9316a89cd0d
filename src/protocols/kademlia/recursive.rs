//! Recursive lookups of operations, one way at a time, as on Chord: each node passes the question on to its contact nearest
//! to the target, and the one that knows none nearer than itself answers the requester straight.
//!
//! Every hop is nearer to the target than the one before, so a walk always ends. Hops are acknowledged, unless
//! `acknowledge = false`: see [`crate::overlay::relay`]. A node that knows nobody nearer but hops that are slow waits for those until
//! they are taken for dead: it does not take their place because they are far away.

use super::{Cx, Kademlia, Message, Purpose, Search, Stage};
use crate::model::{Answer, Envelope, Key, NodeId, OpId, RecordId};
use crate::overlay::rpc::Pending;
use crate::overlay::{Contact, List, Relay, Task, Walk};

/// Numbers of relays have this bit, those of searches do not.
pub(super) const HOP: u32 = 1 << 31;

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

    /// Sends a search on its way to a first hop.
    pub(super) fn set_out(&mut self, cx: &mut Cx<'_>, search: &Search, first: NodeId) {
        let Purpose::Walk(Walk { op, target, record, count }) = search.purpose else {
            unreachable!("upkeep is iterative")
        };
        let timeout = self.rpcs.walk_timeout(cx.config.rpc_timeout, cx.config.acknowledge);
        let rpc = self.rpcs.open_in(cx, first, search.number, timeout, 0);
        let request = Relay::request(cx.me(), (rpc, cx.epoch), Some(op));
        let relay = self.begin_relay(cx, (target, record, count), 0, request);
        self.pass_on(cx, relay, first);
    }

    fn begin_relay(
        &mut self,
        cx: &mut Cx<'_>,
        walk: (Key, Option<RecordId>, u8),
        hops: u8,
        request: Envelope,
    ) -> Task<Search> {
        self.last_search = self.last_search.wrapping_add(1);
        let mut relay = cx.shared.searches.take();
        let number = self.last_search | HOP;
        (relay.number, relay.routed, relay.purpose) = (number, true, Purpose::Relay);
        relay.relay.begin(number, walk, hops, request);
        relay
    }

    /// A walk has come, which is at depth `hops` here: own portion first.
    pub(super) fn routed(
        &mut self,
        cx: &mut Cx<'_>,
        sent: &Envelope,
        walk: (Key, Option<RecordId>, u8),
        hops: u8,
        request: Envelope,
    ) {
        if self.stage != Stage::Member {
            return; // who comes to it is told so by its silence
        }
        if cx.config.acknowledge {
            cx.reply(sent, Message::Received);
            if !self.is_new(&request) {
                return;
            }
        }
        if let Some(record) = walk.1
            && let Some(answer) = cx.answer(sent, record)
        {
            return cx.reply(&request, Message::Holds { answer, bytes: cx.size(record), hops });
        }
        let relay = self.begin_relay(cx, walk, hops, request);
        self.relay(cx, relay);
    }

    /// Passes a walk on to the nearest contact that has not been tried, if it is nearer than this node, or ends it.
    fn relay(&mut self, cx: &mut Cx<'_>, search: Task<Search>) {
        let Relay { target, count, hops, request, ref tried, .. } = search.relay;
        let mut nearest = std::mem::take(&mut cx.shared.nearest);
        nearest.clear();
        self.buckets.nearest(&cx.view, target, usize::from(count) + tried.len(), !self.client, &mut nearest);
        nearest.retain(|node| !tried.contains(node));
        match nearest.first() {
            Some(&next) if next != cx.me() => self.pass_on(cx, search, next),
            _ if self.waits_for(search.number) => self.searches.push(search),
            _ if request.from == cx.me() => self.no_first_hop(cx, search),
            first => {
                if first.is_some() {
                    // As many as a list of the protocol holds.
                    let named = nearest.iter().take(usize::from(count).min(cx.config.k as usize));
                    let nodes = cx.lists.put(named.map(|node| node.0));
                    cx.reply(&request, Message::Responsible { nodes, hops: hops.saturating_add(1) });
                }
                cx.shared.searches.give(search);
            }
        }
        cx.shared.nearest = nearest;
    }

    fn pass_on(&mut self, cx: &mut Cx<'_>, search: Task<Search>, to: NodeId) {
        let Relay { target, record, count, hops, request, .. } = search.relay;
        let Envelope { from: requester, rpc, epoch, .. } = request;
        let hops = hops.saturating_add(1);
        let message = Message::Route { target, record, count, hops, requester, rpc, epoch };
        if cx.config.acknowledge {
            self.rpcs.pass_on(cx, to, &request, message, search.number);
            self.searches.push(search);
        } else {
            cx.forward(to, &request, message);
            cx.shared.searches.give(search);
        }
    }

    /// The next hop has got a walk.
    pub(super) fn acknowledged(&mut self, cx: &mut Cx<'_>, reply: &Envelope) {
        if let Some(relay) = self.awaiting(cx, reply) {
            cx.shared.searches.give(relay);
        }
    }

    /// A hop has not said in time that it got a walk, which goes another way as well; the second time the node may lose its place.
    /// Whether that is so.
    pub(super) fn hop_unanswered(&mut self, cx: &mut Cx<'_>, hop: Pending<u32>) -> bool {
        let relay = self.take_search(hop.tag);
        if hop.slow {
            self.lost(cx, hop.to);
            match relay {
                Some(relay) if self.waits_for(relay.number) => self.searches.push(relay),
                Some(relay) => self.relay(cx, relay),
                None => {}
            }
            return true;
        }
        self.rpcs.wait_for_hop(cx.now, hop);
        if let Some(mut relay) = relay {
            cx.timed_out(relay.relay.request.op);
            relay.relay.tried.push(hop.to);
            self.relay(cx, relay);
        }
        false
    }

    fn waits_for(&self, number: u32) -> bool {
        self.rpcs.outstanding().any(|pending| pending.tag == number)
    }

    /// The requester knows no first hop any more that is nearer than itself. If it is the nearest itself it answers; else the walk
    /// begins again when it would have if it had been lost farther on.
    fn no_first_hop(&mut self, cx: &mut Cx<'_>, relay: Task<Search>) {
        let is_nearest = !self.client && self.buckets.iter().next().is_some();
        if is_nearest && let Some(search) = self.take_walk(relay.relay.request.op) {
            let purpose = search.purpose;
            cx.shared.searches.give(search);
            if let Purpose::Walk(walk) = purpose {
                let mut nearest = Vec::with_capacity(usize::from(walk.count));
                let count = usize::from(walk.count) + relay.relay.tried.len();
                self.buckets.nearest(&cx.view, walk.target, count, true, &mut nearest);
                nearest.retain(|node| !relay.relay.tried.contains(node));
                cx.found_known(&walk, &nearest);
            }
        }
        cx.shared.searches.give(relay);
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

    /// Takes out the search that has sent off the walk of an operation.
    fn take_walk(&mut self, op: Option<OpId>) -> Option<Task<Search>> {
        let search = self.searches.take(|search| search.routed && op.is_some() && search.op() == op)?;
        self.rpcs.retain(|pending| pending.tag != search.number);
        Some(search)
    }

    /// Ends the search that an answer belongs to, if it is still awaited.
    fn came_back(&mut self, cx: &mut Cx<'_>, reply: &Envelope) -> Option<Walk> {
        let search = self.take_walk(reply.op)?;
        search.tell_passed(cx, reply.from);
        let purpose = search.purpose;
        cx.shared.searches.give(search);
        if let Purpose::Walk(walk) = purpose { Some(walk) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Duration, Noise, Source};
    use crate::model::{Held, Key, NodeId, RecordId, Version};
    use crate::overlay::testing::{Bench, End};
    use crate::overlay::{Contact, Routing};
    use crate::protocols::kademlia::{Config, Kademlia, Message};

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

    /// Figures of docs/model/figures.md, static, N = 10,000, α = 1: 3.10 hops at k = 8, 2.52 at k = 20. Here no node is asked beside the way.
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

    /// At the end of the walk nobody else is left: the node before it waits for it until it must be dead.
    #[test]
    fn a_walk_goes_round_a_dead_hop_and_waits_for_the_last_one() {
        let mut bench = converged(20, 500, 6);
        let target = Key(1 << 50);
        let nearest = by_distance(&bench, target);
        bench.crash(nearest[0]);
        let walked = bench.walk(NodeId(7), target, None, 1);
        let End::Found(found) = &walked.end else { panic!("{walked:?}") };
        assert_eq!((found[0].node, walked.timeouts), (nearest[1], 2), "two on the way knew it");
        assert!((1.5..2.5).contains(&walked.took.as_secs_f64()), "{walked:?}");
        let again = bench.walk(NodeId(7), target, None, 1);
        assert_eq!((again.timeouts, again.end), (0, walked.end));
        bench.run_for(Duration::from_secs(2));
        let is_done = |node: &Kademlia| node.searches.iter().count() + node.rpcs.outstanding().count() == 0;
        assert!(bench.nodes.iter().all(is_done), "nothing is left");
    }

    #[test]
    fn without_acknowledgements_it_takes_another_first_hop_after_ten_seconds_and_holds_nobody_for_dead() {
        let mut bench = converged(20, 500, 6);
        bench.config.acknowledge = false;
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
        use crate::model::{Kind, Traffic};
        use crate::overlay::Protocol as _;
        let (mut bench, me) = (converged(20, 50, 7), NodeId(7));
        bench.with(me, |kademlia, cx| {
            let message = Message::Responsible { nodes: cx.lists.put([1]), hops: 1 };
            let envelope = cx.envelope(Kind::Reply, 1, None, Traffic::Lookup, &message);
            kademlia.on_message(cx, &envelope, message);
            assert!(kademlia.buckets.iter().all(|node| node != me));
        });
    }
}
