//! The stores of a few nodes that know each other, with every packet delivered at once and in order.

mod eager;
mod hand_over;
mod lazy;
mod node;
mod republish;
mod swarm;
pub(super) mod world;

use std::collections::VecDeque;

use super::Neighbourhood;
use super::message::Message;
use super::node::StorageNode;
use super::node::context::{Effect, Effects, StorageContext};
use super::repair::Repair;
use super::{Caching, Terms};
use crate::engine::{Duration, Noise, Time};
use crate::model::{Cause, Coding, Envelope, LARGEST_IN_PACKET, NodeId, OpId, RecordId, RecordSpace, Version};
use crate::overlay::{Contact, Lists, Wire};

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
    nodes: Vec<StorageNode>,
    known: Vec<Known>,
    down: Vec<NodeId>,
    repair: Repair,
    /// Zero, unless a test says otherwise.
    hold: Duration,
    replicas: usize,
    /// The records; one, unless a test says otherwise.
    space: RecordSpace,
    caching: Option<Caching>,
    terms: Option<Terms>,
    /// Bytes of each record's value.
    size: u32,
    /// Bytes that each node's disk takes.
    disks: Vec<u64>,
    now: Time,
    lists: Lists,
    packets: VecDeque<(NodeId, Envelope, Message)>,
    /// Everything but packets and timers, in order.
    effects: Vec<(NodeId, Effect)>,
    storers: Vec<NodeId>,
    offered: Vec<(u32, u32)>,
}

impl Nodes {
    /// Nodes that all know each other.
    fn new(count: u32) -> Nodes {
        let all: Vec<NodeId> = (0..count).map(NodeId).collect();
        Nodes {
            nodes: all.iter().map(|_| StorageNode::default()).collect(),
            known: all.iter().map(|_| Known { responsible: all.clone(), passes_puts_on: false }).collect(),
            down: Vec::new(),
            repair: Repair::Eager,
            hold: Duration::ZERO,
            replicas: 2,
            space: RecordSpace::new(1, Coding::WHOLE),
            caching: None,
            terms: None,
            size: 100,
            disks: vec![u64::MAX; all.len()],
            now: Time::ZERO,
            lists: Lists::new(32),
            packets: VecDeque::new(),
            effects: Vec::new(),
            storers: Vec::new(),
            offered: Vec::new(),
        }
    }

    /// Calls a handler of `node`, then delivers packets until there are none.
    fn with(&mut self, node: u32, handler: impl FnOnce(&mut StorageNode, &mut StorageContext<'_>, &Known)) {
        self.call(NodeId(node), handler);
        self.deliver();
    }

    /// Delivers packets until there are none. Gives how many stores were among them.
    fn deliver(&mut self) -> u32 {
        let mut stores = 0;
        while let Some((to, envelope, message)) = self.packets.pop_front() {
            stores += u32::from(matches!(message, Message::Store { .. }));
            if let Message::Offer { .. } = message {
                self.offered.push((envelope.from.0, to.0));
            }
            if !self.down.contains(&to) {
                self.call(to, |storage, cx, known| storage.on_message(cx, &envelope, message, known));
            }
        }
        stores
    }

    fn call(&mut self, node: NodeId, handler: impl FnOnce(&mut StorageNode, &mut StorageContext<'_>, &Known)) {
        let mut effects = Effects::default();
        let mut cx = StorageContext {
            now: self.now,
            me: node,
            epoch: 0,
            replicas: self.replicas,
            repair: &self.repair,
            hold: self.hold,
            records: self.space,
            caching: self.caching,
            terms: self.terms,
            timeout: Duration::from_secs(1),
            retries: 0,
            backoff: None,
            noise: &mut Noise::new(1),
            disk: self.disks[node.index()],
            sizes: &vec![self.size; self.space.count() as usize],
            wire: &Wire::P2PSIM,
            lists: &mut self.lists,
            effects: &mut effects,
        };
        handler(&mut self.nodes[node.index()], &mut cx, &self.known[node.index()]);
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
        self.pass(Duration::from_secs(2));
    }

    /// Lets time pass, at whose end everybody does what fell due.
    fn pass(&mut self, time: Duration) {
        self.now += time;
        for node in 0..self.nodes.len() as u32 {
            if self.down.contains(&NodeId(node)) {
                continue;
            }
            self.with(node, |storage, cx, known| {
                storage.on_timeout(cx, known);
            });
        }
    }

    /// Change of this node's tables.
    fn change(&mut self, node: u32, appeared: &[u32], gone: &[u32]) {
        let [appeared, gone] = [appeared, gone].map(|nodes| nodes.iter().copied().map(NodeId).collect::<Vec<_>>());
        self.with(node, |storage, cx, known| storage.on_change(cx, &appeared, &gone, known));
    }

    /// Holders of the record in this version, unknown to each other.
    fn give(&mut self, holders: &[u32], version: u32) {
        for &holder in holders {
            self.nodes[holder as usize].store.keep(RECORD, Version(version));
        }
    }

    /// Offers that arrived or got lost, from whom and to whom, since this was asked last.
    fn offers(&mut self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.offered)
    }

    fn holds(&self, version: u32) -> Vec<u32> {
        let holders = (0u32..).zip(&self.nodes);
        holders
            .filter(|(_, storage)| storage.store.version(RECORD) == Some(Version(version)))
            .map(|(node, _)| node)
            .collect()
    }

    fn put(&mut self, node: u32, version: u32, named: &[u32]) {
        let named: Vec<Contact> = named.iter().map(|&node| Contact { node: NodeId(node), hops: 1 }).collect();
        self.with(node, |storage, cx, _| storage.put(cx, OP, RECORD, Version(version), &named));
    }

    /// What was asked for since this was asked last, by this node.
    fn effects_of(&mut self, node: u32) -> Vec<Effect> {
        let effects = std::mem::take(&mut self.effects);
        effects.into_iter().filter(|(by, _)| by.0 == node).map(|(_, effect)| effect).collect()
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
    nodes.nodes[1].store.keep(RECORD, Version(3));
    let named = [0, 1, 2].map(|node| Contact { node: NodeId(node), hops: 2 });
    nodes.with(3, |storage, cx, _| storage.fetch(cx, OP, RECORD, &named));
    assert!(nodes.ended(|effect| *effect == Effect::Got { op: OP, holder: named[1], answer: Version(3).into() }));
}

#[test]
fn a_get_that_meets_only_silence_times_out_and_one_that_is_denied_does_not() {
    for (down, cause) in [(vec![NodeId(0), NodeId(1)], Cause::Timeout), (vec![NodeId(0)], Cause::Unreachable)] {
        let mut nodes = Nodes::new(3);
        nodes.down = down;
        let named = [0, 1].map(|node| Contact { node: NodeId(node), hops: 2 });
        nodes.with(2, |storage, cx, _| storage.fetch(cx, OP, RECORD, &named));
        nodes.time_out();
        nodes.time_out();
        assert!(nodes.ended(|effect| *effect == Effect::Failed { op: OP, cause }), "{cause:?}");
    }
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
