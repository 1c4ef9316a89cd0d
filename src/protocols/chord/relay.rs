//! Recursive lookups: each node passes the question on to the best that it knows, and whoever knows the answer gives it straight to
//! the requester. Hops are acknowledged, unless `acknowledge = false`: see [`crate::overlay::relay`].

use super::lookup::{Goal, Lookup, MOST_HOPS, own_portion};
use super::tables::{Query, Step};
use super::{Chord, Message, Tag};
use crate::model::{Envelope, NodeId};
use crate::overlay::rpc::Pending;
use crate::overlay::{Context, Relay, Task};

impl Chord {
    /// Sends a lookup on its way to the last node of its path.
    pub(super) fn send_off(&mut self, cx: &mut Context<'_, Self>, lookup: Task<Lookup>, retries: u8) {
        let (tag, first) = (Tag::Lookup(lookup.number), lookup.last());
        let timeout = self.rpcs.walk_timeout(cx.config.rpc_timeout, cx.config.acknowledge);
        let rpc = self.rpcs.open_in(cx, first, tag, timeout, retries);
        let request = Relay::request(cx.me(), (rpc, cx.epoch), lookup.op());
        let depth = (lookup.path.len() - 2) as u8;
        let relay = self.begin_relay(cx, lookup.query, depth, request);
        self.lookups.push(lookup);
        self.pass_on(cx, relay, first);
    }

    fn begin_relay(&mut self, cx: &mut Context<'_, Self>, query: Query, hops: u8, request: Envelope) -> Task<Relay> {
        self.last_lookup = self.last_lookup.wrapping_add(1);
        let mut relay = cx.shared.relays.take();
        relay.begin(self.last_lookup.into(), (query.target, query.record, query.count), hops, request);
        relay
    }

    /// A walk has come, which is at depth `hops` here.
    pub(super) fn routed(
        &mut self,
        cx: &mut Context<'_, Self>,
        sent: &Envelope,
        query: Query,
        hops: u8,
        request: Envelope,
    ) {
        if cx.config.acknowledge {
            cx.reply(sent, Message::Received);
            if !self.recent.get_or_insert_default().is_new(&request) {
                return;
            }
        }
        if let Some(holds) = own_portion(cx, sent, &query, hops) {
            return cx.reply(&request, holds);
        }
        let relay = self.begin_relay(cx, query, hops, request);
        self.relay(cx, relay);
    }

    /// Passes a walk on to the best that has not been tried, or ends it.
    fn relay(&mut self, cx: &mut Context<'_, Self>, relay: Task<Relay>) {
        let Relay { target, record, count, hops, request, .. } = **relay;
        if self.begins_elsewhere(cx, &request) {
            return match self.waits_for(Tag::Hop(relay.number as u16)) {
                true => self.relays.push(relay),
                false => self.no_first_hop(cx, relay),
            };
        }
        let query = Query { target, record, count };
        let step = self.tables.find_successor(&cx.view, cx.config, &query, &relay.tried);
        let answer = match step {
            Step::Next(node) if hops < MOST_HOPS => return self.pass_on(cx, relay, node),
            // Those who are slow may yet say that they got it.
            Step::Nobody if self.waits_for(Tag::Hop(relay.number as u16)) => return self.relays.push(relay),
            _ if request.from == cx.me() => return self.no_first_hop(cx, relay),
            Step::Responsible => self.responsible(cx, &query, hops, &[]),
            Step::Next(_) | Step::Nobody => Message::Next { node: None },
        };
        cx.reply(&request, answer);
        cx.shared.relays.give(relay);
    }

    fn pass_on(&mut self, cx: &mut Context<'_, Self>, relay: Task<Relay>, to: NodeId) {
        let Relay { number, target, record, count, hops, request, .. } = **relay;
        let Envelope { from: requester, rpc, epoch, .. } = request;
        let message = Message::Route { target, record, count, hops: hops + 1, requester, rpc, epoch };
        if cx.config.acknowledge {
            self.rpcs.pass_on(cx, to, &request, message, Tag::Hop(number as u16));
            self.relays.push(relay);
        } else {
            cx.forward(to, &request, message);
            cx.shared.relays.give(relay);
        }
    }

    /// The next hop has got the walk of this number.
    pub(super) fn acknowledged(&mut self, cx: &mut Context<'_, Self>, number: u16, hop: &Pending<Tag>) {
        self.rpcs.measured(cx.now, hop);
        if let Some(relay) = self.relays.take(|relay| relay.number == u32::from(number)) {
            cx.shared.relays.give(relay);
        }
    }

    /// Whether a walk of this node has a first hop that is given: one by another ring's account, or of a node that has not joined.
    fn begins_elsewhere(&self, cx: &Context<'_, Self>, request: &Envelope) -> bool {
        if request.from != cx.me() {
            return false;
        }
        let Some(sent) = self.rpcs.outstanding().find(|pending| pending.is_number(request.rpc)) else { return false };
        let mut lookups = self.lookups.iter();
        let lookup = lookups.find(|lookup| sent.tag == Tag::Lookup(lookup.number));
        lookup.is_some_and(|lookup| matches!(lookup.goal, Goal::Join | Goal::Merge))
    }

    /// A hop has not said in time that it got the walk of this number, which goes another way as well. The node is asked whether it
    /// is there.
    pub(super) fn hop_unanswered(&mut self, cx: &mut Context<'_, Self>, number: u16, hop: Pending<Tag>) {
        self.rpcs.wait_for_hop(cx.now, hop);
        if let Some(mut relay) = self.relays.take(|relay| relay.number == u32::from(number)) {
            cx.timed_out(relay.request.op);
            relay.tried.push(hop.to);
            self.relay(cx, relay);
        }
        self.ask_if_there(cx, hop.to);
    }

    /// Nor has it later: the walk of this number does not wait for it any more.
    pub(super) fn hop_silent(&mut self, cx: &mut Context<'_, Self>, number: u16) {
        if !self.waits_for(Tag::Hop(number))
            && let Some(relay) = self.relays.take(|relay| relay.number == u32::from(number))
        {
            self.relay(cx, relay);
        }
    }

    /// One packet may have been lost: who stays silent is forgotten when it does not answer a ping either.
    fn ask_if_there(&mut self, cx: &mut Context<'_, Self>, node: NodeId) {
        let is_asked = |pending: &Pending<Tag>| pending.tag == Tag::CheckPredecessor && pending.to == node;
        if !self.rpcs.outstanding().any(is_asked) {
            let timeout = cx.config.rpc_timeout.longest();
            self.rpcs.call(cx, node, None, Message::Ping, timeout, Tag::CheckPredecessor);
        }
    }

    /// The requester knows no first hop that takes its walk: the lookup goes on without those.
    fn no_first_hop(&mut self, cx: &mut Context<'_, Self>, relay: Task<Relay>) {
        let pending = self.rpcs.close_of(relay.request.rpc, |tag| matches!(tag, Tag::Lookup(_)));
        let lookup = pending.and_then(|pending| match pending.tag {
            Tag::Lookup(number) => self.lookups.take(|lookup| lookup.number == number),
            _ => None,
        });
        if let Some(mut lookup) = lookup {
            lookup.path.truncate(1);
            lookup.excluded.extend(relay.tried.iter());
            self.ask_last(cx, lookup);
        }
        cx.shared.relays.give(relay);
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::Duration;
    use crate::model::NodeId;
    use crate::overlay::Routing;
    use crate::overlay::relay::FIRST_TIMEOUT;
    use crate::overlay::testing::{Bench, End};
    use crate::protocols::chord::{Chord, Config, Tag};

    /// A ring of 500 whose upkeep has stopped, and whose node 0 has lost its first hop to the far side.
    fn without_first_hop(acknowledge: bool) -> (Bench<Chord>, NodeId) {
        let years = Duration::from_secs(365 * 86_400);
        let (stabilize, fix_fingers) = (years.into(), years.into());
        let (check_predecessor, merge_every) = (years.into(), years.into());
        let routing = Routing::Recursive;
        let config = Config {
            stabilize,
            fix_fingers,
            check_predecessor,
            merge_every,
            routing,
            acknowledge,
            ..Config::default()
        };
        let mut bench: Bench<Chord> = Bench::new(config, 500, 15);
        bench.start_converged();
        let first = bench.nodes[0].tables.fingers().last().copied().expect("500 nodes have fingers");
        bench.crash(first);
        (bench, first)
    }

    #[test]
    fn a_walk_goes_round_a_dead_hop_within_a_hop_time_out_and_forgets_it() {
        let (mut bench, first) = without_first_hop(true);
        let target = bench.keys[0].plus(u64::MAX / 4 * 3);
        let walked = bench.walk(NodeId(0), target, None, 1);
        assert!(matches!(walked.end, End::Found(_)));
        assert_eq!(walked.timeouts, 1);
        let most = FIRST_TIMEOUT + bench.latency.mul_f64(f64::from(walked.rpcs) + 1.0);
        assert!(walked.took <= most, "{walked:?}");
        assert!(bench.nodes[0].tables.fingers().contains(&first), "it may only be slow");
        bench.run_for(Duration::from_secs(4));
        assert!(!bench.nodes[0].tables.fingers().contains(&first));
        let is_done = |node: &Chord| node.relays.iter().count() + node.rpcs.outstanding().count() == 0;
        assert!(bench.nodes.iter().all(is_done), "nothing is left");
        assert!(!bench.nodes[0].waits_for(Tag::Hop(1)));
    }

    #[test]
    fn without_acknowledgements_it_takes_another_first_hop_after_ten_seconds_and_forgets_nobody() {
        let (mut bench, first) = without_first_hop(false);
        let target = bench.keys[0].plus(u64::MAX / 4 * 3);
        let walked = bench.walk(NodeId(0), target, None, 1);
        assert!(matches!(walked.end, End::Found(_)));
        assert_eq!(walked.timeouts, 1);
        assert!(walked.took >= Duration::from_secs(10));
        assert_eq!(bench.nodes[0].tables.fingers().last(), Some(&first), "who failed on the way is not known");
    }
}
