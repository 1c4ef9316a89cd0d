//! The stores of a few nodes that know each other, with every packet delivered at once and in order.

mod lazy;

use std::collections::VecDeque;

use super::agent::Agent;
use super::desk::{Desk, Effect, Effects};
use super::message::Message;
use super::repair::{Neighbourhood, Repair};
use crate::engine::{Duration, Noise, Time};
use crate::overlay::message::LARGEST_IN_PACKET;
use crate::overlay::{Cause, Contact, Envelope, Lists, NodeId, OpId, RecordId, Version};

const OP: OpId = OpId::new(1, 0);
const RECORD: RecordId = RecordId::new(0);

/// What one node knows: itself and the others that it has heard of. The lower a node's number, the nearer to every key.
struct Known {
    responsible: Vec<NodeId>,
    passes_puts_on: bool,
}

impl Neighbourhood for Known {
    fn responsible(&self, _: RecordId, count: usize, out: &mut Vec<NodeId>) {
        out.extend(self.responsible.iter().take(count));
    }

    fn is_nearer(&self, _: RecordId, a: NodeId, b: NodeId) -> bool {
        a < b
    }

    fn passes_puts_on(&self) -> bool {
        self.passes_puts_on
    }
}

struct Nodes {
    agents: Vec<Agent>,
    known: Vec<Known>,
    down: Vec<NodeId>,
    repair: Repair,
    replicas: usize,
    /// Bytes of the record's value.
    size: u32,
    /// Bytes that each node's disk takes.
    disks: Vec<u64>,
    now: Time,
    lists: Lists,
    packets: VecDeque<(NodeId, Envelope, Message)>,
    /// Everything but packets and timers, in order.
    effects: Vec<(NodeId, Effect)>,
    storers: Vec<NodeId>,
}

impl Nodes {
    /// Nodes that all know each other.
    fn new(count: u32) -> Nodes {
        let all: Vec<NodeId> = (0..count).map(NodeId).collect();
        Nodes {
            agents: all.iter().map(|_| Agent::default()).collect(),
            known: all.iter().map(|_| Known { responsible: all.clone(), passes_puts_on: false }).collect(),
            down: Vec::new(),
            repair: Repair::Eager,
            replicas: 2,
            size: 100,
            disks: vec![u64::MAX; all.len()],
            now: Time::ZERO,
            lists: Lists::new(32),
            packets: VecDeque::new(),
            effects: Vec::new(),
            storers: Vec::new(),
        }
    }

    /// Calls a handler of `node`, then delivers packets until there are none.
    fn with(&mut self, node: u32, handler: impl FnOnce(&mut Agent, &mut Desk<'_>, &Known)) {
        self.call(NodeId(node), handler);
        self.deliver();
    }

    /// Delivers packets until there are none. Gives how many stores were among them.
    fn deliver(&mut self) -> u32 {
        let mut stores = 0;
        while let Some((to, envelope, message)) = self.packets.pop_front() {
            stores += u32::from(matches!(message, Message::Store { .. }));
            if !self.down.contains(&to) {
                self.call(to, |agent, desk, known| agent.on_message(desk, &envelope, message, known));
            }
        }
        stores
    }

    fn call(&mut self, node: NodeId, handler: impl FnOnce(&mut Agent, &mut Desk<'_>, &Known)) {
        let mut effects = Effects::default();
        let mut desk = Desk {
            now: self.now,
            me: node,
            epoch: 0,
            replicas: self.replicas,
            repair: self.repair,
            fixed: 0,
            caching: None,
            terms: None,
            timeout: Duration::from_secs(1),
            retries: 0,
            backoff: None,
            noise: &mut Noise::new(1),
            disk: self.disks[node.index()],
            sizes: &[self.size],
            lists: &mut self.lists,
            effects: &mut effects,
        };
        handler(&mut self.agents[node.index()], &mut desk, &self.known[node.index()]);
        for effect in effects.list {
            match effect {
                Effect::Send { to, envelope, message } => self.packets.push_back((to, envelope, message)),
                Effect::TimeoutTimer { .. } => {}
                other => self.effects.push((node, other)),
            }
        }
        self.storers.extend(effects.storers);
    }

    /// Lets every outstanding request time out.
    fn time_out(&mut self) {
        self.now += Duration::from_secs(2);
        for node in 0..self.agents.len() as u32 {
            self.with(node, |agent, desk, known| {
                agent.on_timeout(desk, known);
            });
        }
    }

    fn holds(&self, version: u32) -> Vec<u32> {
        let holders = (0u32..).zip(&self.agents);
        holders
            .filter(|(_, agent)| agent.store.version(RECORD) == Some(Version(version)))
            .map(|(node, _)| node)
            .collect()
    }

    fn put(&mut self, node: u32, version: u32, named: &[u32]) {
        let named: Vec<Contact> = named.iter().map(|&node| Contact { node: NodeId(node), hops: 1 }).collect();
        self.with(node, |agent, desk, _| agent.put(desk, OP, RECORD, Version(version), &named));
    }

    fn ended(&self, wanted: impl Fn(&Effect) -> bool) -> bool {
        self.effects.iter().any(|(_, effect)| wanted(effect))
    }
}

#[test]
fn a_put_is_acknowledged_when_all_named_have_stored_or_timed_out() {
    let mut nodes = Nodes::new(4);
    nodes.down.push(NodeId(1));
    nodes.put(3, 7, &[0, 1]);
    let acknowledged = |effect: &Effect| matches!(effect, Effect::Acknowledged { op: OP, .. });
    assert!(!nodes.ended(acknowledged), "one has neither stored nor timed out");
    nodes.time_out();
    assert!(nodes.ended(acknowledged));
    assert_eq!((nodes.storers.as_slice(), nodes.holds(7)), (&[NodeId(0)][..], vec![0]));
}

#[test]
fn a_server_passes_a_put_on_and_offers_it_again_to_one_that_missed_it() {
    let mut nodes = Nodes::new(3);
    nodes.known.iter_mut().for_each(|known| known.passes_puts_on = true);
    nodes.put(2, 7, &[1]);
    assert_eq!(nodes.holds(7), [0, 1]);
    nodes.down.push(NodeId(0));
    nodes.put(2, 8, &[1]);
    assert_eq!((nodes.holds(7), nodes.holds(8)), (vec![0], vec![1]));
    nodes.down.clear();
    nodes.time_out();
    assert_eq!(nodes.holds(8), [0, 1]);
}

#[test]
fn a_put_that_nobody_stored_has_failed() {
    let mut nodes = Nodes::new(3);
    nodes.down = vec![NodeId(0), NodeId(1)];
    nodes.put(2, 7, &[0, 1]);
    nodes.time_out();
    assert!(nodes.ended(|effect| *effect == Effect::Failed { op: OP, cause: Cause::Timeout }));
}

#[test]
fn a_get_asks_the_responsible_in_turn_until_one_holds_the_record() {
    let mut nodes = Nodes::new(4);
    nodes.agents[1].store.keep(RECORD, Version(3));
    let named = [0, 1, 2].map(|node| Contact { node: NodeId(node), hops: 2 });
    nodes.with(3, |agent, desk, _| agent.fetch(desk, OP, RECORD, &named));
    assert!(nodes.ended(|effect| *effect == Effect::Got { op: OP, holder: named[1], answer: Version(3).into() }));
}

#[test]
fn a_get_that_meets_only_silence_times_out_and_one_that_is_denied_does_not() {
    for (down, cause) in [(vec![NodeId(0), NodeId(1)], Cause::Timeout), (vec![NodeId(0)], Cause::Unreachable)] {
        let mut nodes = Nodes::new(3);
        nodes.down = down;
        let named = [0, 1].map(|node| Contact { node: NodeId(node), hops: 2 });
        nodes.with(2, |agent, desk, _| agent.fetch(desk, OP, RECORD, &named));
        nodes.time_out();
        nodes.time_out();
        assert!(nodes.ended(|effect| *effect == Effect::Failed { op: OP, cause }), "{cause:?}");
    }
}

#[test]
fn whoever_appears_among_the_responsible_gets_the_record_and_whoever_falls_out_drops_it() {
    let mut nodes = Nodes::new(3);
    for holder in [1, 2] {
        nodes.agents[holder].store.keep(RECORD, Version(4));
    }
    nodes.with(2, |agent, desk, known| agent.on_change(desk, &[NodeId(0)], &[], known));
    assert_eq!(nodes.holds(4), [0, 1], "node 0 is new, node 2 is third of two");
}

#[test]
fn a_copy_that_is_not_ones_own_is_dropped_only_when_as_many_others_as_should_have_just_said_that_they_hold_it() {
    let mut nodes = Nodes::new(3);
    for holder in [1, 2] {
        nodes.agents[holder].store.keep(RECORD, Version(4));
    }
    let changes = |agent: &mut Agent, desk: &mut Desk<'_>, known: &Known| agent.on_change(desk, &[], &[], known);
    nodes.down = vec![NodeId(0)];
    nodes.with(2, changes);
    assert_eq!(nodes.holds(4), [1, 2], "node 0, which should hold it, is stale in node 2's table");
    nodes.time_out();
    nodes.time_out();
    nodes.down = vec![NodeId(1)];
    nodes.with(2, changes);
    assert_eq!(nodes.holds(4), [0, 1, 2], "node 1 said so long ago, and is gone by now");
    nodes.down.clear();
    nodes.with(2, changes);
    assert_eq!(nodes.holds(4), [0, 1]);
}

#[test]
fn what_was_put_back_is_dropped_only_if_enough_others_stored_it() {
    let mut nodes = Nodes::new(3);
    nodes.agents[2].store.keep(RECORD, Version(4));
    nodes.with(2, |agent, desk, known| agent.on_returned(desk, RECORD, &[NodeId(0), NodeId(2)], known));
    assert_eq!(nodes.holds(4), [2]);
    nodes.with(2, |agent, desk, known| agent.on_returned(desk, RECORD, &[NodeId(0), NodeId(1)], known));
    assert!(nodes.holds(4).is_empty());
}

#[test]
fn the_node_that_moves_up_gets_the_record_when_a_holder_has_gone() {
    let mut nodes = Nodes::new(3);
    nodes.agents[1].store.keep(RECORD, Version(4));
    nodes.known[1].responsible.retain(|node| node.0 != 0);
    nodes.with(1, |agent, desk, known| agent.on_change(desk, &[], &[NodeId(0)], known));
    assert_eq!(nodes.holds(4), [1, 2], "though node 2 does not know yet that node 0 is gone");
}

#[test]
fn without_repair_nothing_moves() {
    let mut nodes = Nodes::new(3);
    nodes.repair = Repair::None;
    nodes.agents[2].store.keep(RECORD, Version(4));
    nodes.with(2, |agent, desk, known| agent.on_change(desk, &[NodeId(0)], &[NodeId(1)], known));
    nodes.with(2, |agent, desk, known| agent.on_return(desk, known));
    assert_eq!((nodes.holds(4), nodes.lists.in_use()), (vec![2], 0));
}

#[test]
fn a_returning_node_learns_what_became_newer_and_gives_away_what_is_not_its_own() {
    let mut nodes = Nodes::new(3);
    nodes.agents[0].store.keep(RECORD, Version(1));
    nodes.agents[1].store.keep(RECORD, Version(9));
    nodes.with(0, |agent, desk, known| agent.on_return(desk, known));
    assert_eq!(nodes.holds(9), [0, 1], "node 0 is responsible and was behind");
    nodes.agents[2].store.keep(RECORD, Version(5));
    nodes.with(2, |agent, desk, known| agent.on_return(desk, known));
    assert_eq!((nodes.holds(9), nodes.holds(5)), (vec![0, 1], vec![]));
}

#[test]
fn a_copy_stored_on_the_wrong_node_is_passed_on() {
    let mut nodes = Nodes::new(3);
    nodes.put(0, 6, &[1, 2]);
    assert_eq!(nodes.holds(6), [0, 1], "node 2 knows two that are nearer");
}

#[test]
fn a_value_too_large_for_a_packet_is_sent_by_one_of_those_who_offer_it() {
    for (size, sent) in [(LARGEST_IN_PACKET, 2), (LARGEST_IN_PACKET + 1, 1)] {
        let mut nodes = Nodes::new(3);
        nodes.size = size;
        for holder in [1, 2] {
            nodes.agents[holder].store.keep(RECORD, Version(4));
        }
        for holder in [1, 2] {
            nodes.call(NodeId(holder), |agent, desk, known| agent.on_change(desk, &[NodeId(0)], &[], known));
        }
        assert_eq!((nodes.deliver(), nodes.holds(4)[..2].to_vec()), (sent, vec![0, 1]), "{size} bytes");
    }
}

#[test]
fn a_value_on_its_way_is_not_wanted_until_its_way_breaks_off() {
    let mut nodes = Nodes::new(2);
    nodes.size = LARGEST_IN_PACKET + 1;
    nodes.agents[1].store.keep(RECORD, Version(4));
    let offer = |agent: &mut Agent, desk: &mut Desk<'_>, known: &Known| agent.on_change(desk, &[NodeId(0)], &[], known);
    nodes.agents[0].on_coming(RECORD, Version(4), Time::NEVER);
    nodes.now += Duration::from_secs(3600);
    nodes.with(1, offer);
    assert_eq!(nodes.holds(4), [1]);
    nodes.agents[0].no_more_coming(RECORD, Version(4));
    nodes.with(1, offer);
    assert_eq!(nodes.holds(4), [0, 1]);
}

#[test]
fn a_leaving_node_hands_over_to_its_heir() {
    let mut nodes = Nodes::new(4);
    for holder in [0, 1] {
        nodes.agents[holder].store.keep(RECORD, Version(2));
    }
    nodes.with(0, |agent, desk, known| agent.on_leave(desk, known));
    assert_eq!(nodes.holds(2), [0, 1, 2], "the heir keeps it, though it may not know yet that node 0 leaves");
}

#[test]
fn nobody_takes_what_is_not_its_own_and_the_holder_puts_it_where_it_belongs() {
    let mut nodes = Nodes::new(5);
    // As on a ring far from the key: nodes 3 and 4 know that others come before them, and node 4 not which.
    nodes.known[4] = Known { responsible: vec![NodeId(2), NodeId(3), NodeId(4)], passes_puts_on: false };
    nodes.agents[4].store.keep(RECORD, Version(1));
    nodes.with(4, |agent, desk, known| agent.on_change(desk, &[NodeId(3)], &[], known));
    assert_eq!(nodes.holds(1), [4], "node 3 declines");
    let back = Effect::Return { record: RECORD, version: Version(1) };
    assert!(nodes.ended(|effect| *effect == back));
}

#[test]
fn a_put_counts_on_those_that_have_room_and_fails_as_refused_without_any() {
    let mut nodes = Nodes::new(4);
    nodes.disks[1] = 99;
    nodes.put(3, 7, &[0, 1]);
    assert_eq!((nodes.storers.as_slice(), nodes.holds(7)), (&[NodeId(0)][..], vec![0]));
    nodes.disks[2] = 0;
    nodes.put(2, 8, &[1, 2]);
    assert!(nodes.ended(|effect| *effect == Effect::Failed { op: OP, cause: Cause::QueueFull }));
    assert_eq!(nodes.effects.iter().filter(|(_, effect)| *effect == Effect::Refused { record: RECORD }).count(), 3);
    assert_eq!(nodes.holds(8), [0; 0]);
}
