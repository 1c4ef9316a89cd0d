//! `find_successor` over the network: lookups of operations, of joins and of fingers, iterative or recursive.
//!
//! A lookup is a depth-first walk. Its path holds the initiator and then every node that answered, each named by the
//! one before it; the last is the one being asked. Whoever does not answer, or knows nobody, is taken off the path and
//! excluded, and the node before it is asked again for the next best that is not excluded. So a node's place in the path
//! is its depth in the referral tree, and time-outs add nothing to it.

use super::tables::{Query, Step};
use super::{Chord, Message, OnTimeout, Tag};
use crate::model::{Cause, Envelope, NodeId, OpId, Passed};
use crate::overlay::rpc::Pending;
use crate::overlay::{Contact, Context, List, Routing, Task, Timeout, Walk};

/// Nodes that a lookup remembers as excluded, at most; a lookup that met more gives up. Half the nodes dead means about
/// five (Stoica et al. 2003, Table II).
pub(super) const MOST_EXCLUDED: usize = 32;

/// Excluded nodes of a lookup for another ring, at most: there is another member to try.
const MOST_EXCLUDED_OF_MERGE: usize = 12;

/// Hops a lookup takes at most; past them it gives up. Only a ring in pieces needs so many.
pub(super) const MOST_HOPS: u8 = 250;

/// What a lookup is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Goal {
    Operation(OpId),
    /// The entry of this number in the finger table.
    Finger(u8),
    #[default]
    Join,
    /// Lookup of this node's successor by the account of another ring, perhaps.
    Merge,
}

/// A lookup under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
    pub(super) number: u16,
    pub(super) goal: Goal,
    pub(super) query: Query,
    pub(super) path: Vec<NodeId>,
    pub(super) excluded: Vec<NodeId>,
    /// Attempts that have failed: see [`super::OnTimeout::Fail`].
    attempts: u8,
    /// The last of these did not answer, and who named it has not been told yet.
    dead: bool,
    /// What was named, while the first of it (the last of the path) is asked whether it is there.
    named: Vec<Contact>,
}

impl Lookup {
    pub(super) fn op(&self) -> Option<OpId> {
        match self.goal {
            Goal::Operation(op) => Some(op),
            Goal::Finger(_) | Goal::Join | Goal::Merge => None,
        }
    }

    pub(super) fn last(&self) -> NodeId {
        *self.path.last().expect("the initiator stays on the path")
    }
}

impl Chord {
    /// Starts a lookup at this node, or at a `contact`: of one that has not joined, or looks for another ring.
    pub(super) fn look_up(&mut self, cx: &mut Context<'_, Self>, goal: Goal, query: Query, contact: Option<NodeId>) {
        self.last_lookup = self.last_lookup.wrapping_add(1);
        let mut lookup = cx.shared.lookups.take();
        (lookup.number, lookup.goal, lookup.query) = (self.last_lookup, goal, query);
        lookup.path.clear();
        lookup.excluded.clear();
        lookup.named.clear();
        (lookup.dead, lookup.attempts) = (false, 0);
        lookup.path.push(cx.me());
        lookup.path.extend(contact);
        if goal == Goal::Merge && cx.config.successors > 1 {
            // Who follows it by the account of others: asked itself, it would answer by its own. Whose list is of one names
            // nobody beyond it.
            lookup.excluded.push(cx.me());
        }
        self.ask_last(cx, lookup);
    }

    /// Asks the last node of the path; the initiator asks itself without a message.
    pub(super) fn ask_last(&mut self, cx: &mut Context<'_, Self>, mut lookup: Task<Lookup>) {
        if lookup.path.len() > 1 {
            return self.send_to_last(cx, lookup, 0);
        }
        // Its own account of who follows it is known.
        let step = if self.joined && lookup.goal != Goal::Merge {
            self.tables.find_successor(&cx.view, cx.config, &lookup.query, &lookup.excluded)
        } else {
            Step::Nobody
        };
        match step {
            Step::Responsible => {
                let Lookup { query, excluded, named, .. } = &mut **lookup;
                let nodes = self.tables.responsible(&cx.view, query.target, excluded);
                let nodes = nodes.take(usize::from(query.count));
                named.extend(nodes.map(|node| Contact { node, hops: u8::from(node != cx.me()) }));
                self.name(cx, lookup);
            }
            Step::Next(node) => {
                lookup.path.push(node);
                self.send_to_last(cx, lookup, 0);
            }
            // Those who are slow may yet answer.
            Step::Nobody if self.waits_for(Tag::Lookup(lookup.number)) => self.lookups.push(lookup),
            Step::Nobody if lookup.excluded.is_empty() => self.fail(cx, lookup, Cause::NoContact),
            Step::Nobody => self.fail(cx, lookup, Cause::Timeout),
        }
    }

    fn send_to_last(&mut self, cx: &mut Context<'_, Self>, mut lookup: Task<Lookup>, retries: u8) {
        let Query { target, record, count } = lookup.query;
        let hops = (lookup.path.len() - 1) as u8;
        let mut timeout = self.rpcs.timeout(cx.config.rpc_timeout);
        let message = if !lookup.named.is_empty() {
            // Nobody else is responsible: it has all the time that there is.
            timeout = cx.config.rpc_timeout.longest();
            Message::Ping
        } else if cx.config.routing == Routing::Recursive {
            return self.send_off(cx, lookup, retries);
        } else {
            let excluded = lookup.excluded.iter().map(|node| node.0);
            let excluded = (excluded.len() > 0).then(|| cx.lists.put(excluded));
            let dead = std::mem::take(&mut lookup.dead);
            Message::FindSuccessor { target, record, count, hops, excluded, dead }
        };
        self.rpcs.call_again(cx, lookup.last(), lookup.op(), message, timeout, Tag::Lookup(lookup.number), retries);
        self.lookups.push(lookup);
    }

    /// A node is asked. Own portion first; then it names the responsible, or whom to ask next.
    pub(super) fn asked(
        &mut self,
        cx: &mut Context<'_, Self>,
        request: &Envelope,
        query: Query,
        hops: u8,
        (excluded, dead): (Option<List>, bool),
    ) {
        if let Some(holds) = own_portion(cx, request, &query, hops) {
            return cx.reply(request, holds);
        }
        let excluded: Vec<_> = excluded.map_or(&[][..], |list| cx.lists.get(list)).iter().map(|&n| NodeId(n)).collect();
        if let Some(&last) = excluded.last().filter(|_| dead) {
            self.told_dead(cx, last);
        }
        let answer = match self.tables.find_successor(&cx.view, cx.config, &query, &excluded) {
            Step::Responsible => self.responsible(cx, &query, hops, &excluded),
            Step::Next(node) => Message::Next { node: Some(node) },
            Step::Nobody => Message::Next { node: None },
        };
        cx.reply(request, answer);
    }

    pub(super) fn responsible(
        &self,
        cx: &mut Context<'_, Self>,
        query: &Query,
        hops: u8,
        excluded: &[NodeId],
    ) -> Message {
        let nodes = self.tables.responsible(&cx.view, query.target, excluded);
        let nodes = cx.lists.put(nodes.take(usize::from(query.count)).map(|node| node.0));
        Message::Responsible { nodes, hops: hops + 1 }
    }

    /// The answer to the lookup of this number arrived.
    pub(super) fn answered(&mut self, cx: &mut Context<'_, Self>, number: u16, from: NodeId, message: Message) {
        let Some(mut lookup) = self.lookups.take(|lookup| lookup.number == number) else { return };
        match message {
            Message::Next { node: Some(_) } if lookup.path.len() >= usize::from(MOST_HOPS) => {
                self.fail(cx, lookup, Cause::Limit);
            }
            Message::Next { node: Some(node) } => {
                lookup.path.push(node);
                self.ask_last(cx, lookup);
            }
            Message::Next { .. } => {
                lookup.dead = false;
                self.exclude_last(cx, lookup);
            }
            Message::Responsible { nodes, hops } => {
                let depth = |node| match node {
                    node if node == cx.me() => 0,
                    node if node == from => hops - 1,
                    _ => hops,
                };
                let nodes = cx.lists.get(nodes).iter().map(|&node| NodeId(node));
                lookup.named.extend(nodes.map(|node| Contact { node, hops: depth(node) }));
                self.name(cx, lookup);
            }
            Message::Holds { answer, hops, .. } => {
                let op = lookup.op().expect("only operations look for records");
                lookup.tell_passed(cx, Some(from));
                cx.found_record(op, Contact { node: from, hops }, answer);
                cx.shared.lookups.give(lookup);
            }
            Message::Pong => self.succeed(cx, lookup),
            _ => unreachable!("{message:?} answers no lookup"),
        }
    }

    /// A node that the lookup of this number was slow to hear from has answered, after others were asked: the answer counts if it
    /// is the last that the lookup wanted, or if nobody else was left to ask.
    pub(super) fn answered_late(&mut self, cx: &mut Context<'_, Self>, number: u16, from: NodeId, message: Message) {
        let Some(mut lookup) = self.lookups.take(|lookup| lookup.number == number) else { return };
        let ends = matches!(message, Message::Responsible { .. } | Message::Holds { .. }) && lookup.named.is_empty();
        let is_stuck = lookup.path.len() == 1 && message != Message::Pong;
        if is_stuck {
            lookup.excluded.retain(|&node| node != from);
            lookup.path.push(from);
        }
        self.lookups.push(lookup);
        if ends || is_stuck {
            // What else it has asked does not matter any more.
            self.rpcs.retain(|pending| pending.tag != Tag::Lookup(number));
            self.answered(cx, number, from, message);
        }
    }

    /// The node asked by the lookup of this number did not answer. Who has not answered within an adaptive time-out may be slow: it is
    /// passed over, and taken for dead later.
    pub(super) fn unanswered(&mut self, cx: &mut Context<'_, Self>, number: u16, pending: Pending<Tag>) {
        let lookup = self.lookups.take(|lookup| lookup.number == number);
        let asks_itself = cx.config.routing == Routing::Iterative;
        let verifies = lookup.as_ref().is_some_and(|lookup| !lookup.named.is_empty());
        let may_be_slow = asks_itself && !verifies && cx.config.rpc_timeout == Timeout::Adaptive;
        if may_be_slow {
            self.rpcs.wait_longer(cx.now, pending, Timeout::Adaptive);
        }
        let Some(mut lookup) = lookup else { return };
        // The requests of a walk whose hops are acknowledged are those hops.
        if verifies || !cx.config.acknowledges() {
            cx.timed_out(lookup.op());
        }
        if pending.retries < cx.config.retries {
            return self.send_to_last(cx, lookup, pending.retries + 1);
        }
        if asks_itself && cx.config.on_timeout == OnTimeout::Fail {
            return self.begin_again(cx, lookup);
        }
        // Who failed on a recursive way is not known: the first hop is avoided, but not held for dead.
        if !may_be_slow && (asks_itself || verifies) {
            self.forget(cx, lookup.last());
            lookup.dead = true;
        }
        self.exclude_last(cx, lookup);
    }

    /// A node that was passed over has not answered later either: it is dead, and a lookup that has nobody else to ask is over.
    pub(super) fn silent(&mut self, cx: &mut Context<'_, Self>, number: u16, node: NodeId) {
        self.forget(cx, node);
        if let Some(lookup) = self.lookups.take(|lookup| lookup.number == number) {
            match lookup.path.len() {
                1 => self.ask_last(cx, lookup),
                _ => self.lookups.push(lookup),
            }
        }
    }

    /// An attempt has met a dead node: an operation's lookup begins again if it may.
    fn begin_again(&mut self, cx: &mut Context<'_, Self>, mut lookup: Task<Lookup>) {
        lookup.attempts += 1;
        if lookup.attempts >= cx.config.attempts || lookup.op().is_none() {
            return self.fail(cx, lookup, Cause::Timeout);
        }
        lookup.named.clear();
        lookup.path.truncate(1);
        self.ask_last(cx, lookup);
    }

    fn exclude_last(&mut self, cx: &mut Context<'_, Self>, mut lookup: Task<Lookup>) {
        let most = if lookup.goal == Goal::Merge { MOST_EXCLUDED_OF_MERGE } else { MOST_EXCLUDED };
        if lookup.excluded.len() >= most {
            return self.fail(cx, lookup, Cause::Limit);
        }
        lookup.named.clear();
        let failed = lookup.path.pop();
        lookup.excluded.extend(failed);
        self.ask_last(cx, lookup);
    }

    /// The responsible nodes were named, or none was.
    fn name(&mut self, cx: &mut Context<'_, Self>, mut lookup: Task<Lookup>) {
        let Some(&Contact { node: first, .. }) = lookup.named.first() else { return self.exclude_last(cx, lookup) };
        let asks = matches!(lookup.goal, Goal::Operation(_)) && lookup.query.record.is_none();
        // Who names itself has answered.
        if cx.config.verify && asks && first != lookup.last() {
            lookup.path.push(first);
            self.send_to_last(cx, lookup, 0);
        } else {
            self.succeed(cx, lookup);
        }
    }

    fn succeed(&mut self, cx: &mut Context<'_, Self>, lookup: Task<Lookup>) {
        match lookup.goal {
            Goal::Operation(op) => {
                let Query { target, record, count } = lookup.query;
                lookup.tell_passed(cx, None);
                cx.found(&Walk { op, target, record, count }, &lookup.named);
            }
            Goal::Finger(interval) => self.found_finger(cx, interval, &lookup.named),
            Goal::Join => self.found_successor(cx, &lookup.named),
            Goal::Merge => self.found_follower(cx, &lookup.named),
        }
        cx.shared.lookups.give(lookup);
    }

    fn fail(&mut self, cx: &mut Context<'_, Self>, lookup: Task<Lookup>, cause: Cause) {
        match lookup.goal {
            Goal::Operation(op) => cx.give_up(op, cause),
            Goal::Finger(interval) => self.fixed(cx, interval, None),
            Goal::Join => cx.join_failed(),
            Goal::Merge => self.try_member(cx),
        }
        cx.shared.lookups.give(lookup);
    }

    /// The operation ended elsewhere.
    pub(super) fn drop_lookup(&mut self, op: OpId) {
        if let Some(lookup) = self.lookups.take(|lookup| lookup.goal == Goal::Operation(op)) {
            self.rpcs.retain(|pending| pending.tag != Tag::Lookup(lookup.number));
        }
    }
}

impl Lookup {
    /// Says whom it has asked for a record in vain: those on its path, of whom the initiator knows only the first if it is
    /// recursive.
    fn tell_passed(&self, cx: &mut Context<'_, Chord>, holder: Option<NodeId>) {
        if let (Some(op), Some(_)) = (self.op(), self.query.record) {
            let asked = self.path[1..].iter().filter(|&&node| Some(node) != holder);
            cx.passed(op, asked.map(|&node| Passed { node, nearer: 0 }));
        }
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        (self.path.capacity() + self.excluded.capacity()) * size_of::<NodeId>()
            + self.named.capacity() * size_of::<Contact>()
    }
}

/// What this node's own store says to the query.
pub(super) fn own_portion(cx: &mut Context<'_, Chord>, request: &Envelope, query: &Query, hops: u8) -> Option<Message> {
    let record = query.record?;
    let answer = cx.answer(request, record)?;
    Some(Message::Holds { answer, bytes: cx.size(record), hops })
}
