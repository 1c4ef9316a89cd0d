//! Keeping the ring: join, stabilize, notify, fix_fingers, check_predecessor, leave, in the words of the paper.

use std::iter;

use super::lookup::Goal;
use super::merge::ROUNDS;
use super::tables::{Query, candidates};
use super::{Chord, Fingers, Message, Tag, Timer};
use crate::model::NodeId;
use crate::overlay::{Change, Contact, Context, List};

impl Chord {
    /// `n.join(n')`: predecessor = nil, successor = n'.find_successor(n). The fingers that a returning node remembers stay.
    pub(super) fn join(&mut self, cx: &mut Context<'_, Self>, contact: Option<NodeId>) {
        self.tables.set_predecessors(&[]);
        self.tables.set_successors(&[]);
        let Some(contact) = contact else { return self.enter(cx) };
        // More than a list holds: so the answer comes from the node just before, which names its whole list. The first may
        // be dead, and a node that returns before its absence was noticed is named itself.
        let query = Query { target: cx.my_key(), record: None, count: cx.config.successors + 1 };
        self.look_up(cx, Goal::Join, query, Some(contact));
    }

    /// The lookup of the own key has ended.
    pub(super) fn found_successor(&mut self, cx: &mut Context<'_, Self>, named: &[Contact]) {
        let others = named.iter().map(|contact| contact.node).filter(|&node| node != cx.me());
        let successors = self.in_ring_order(cx, others).unwrap_or_default();
        let Some(&successor) = successors.first() else { return cx.join_failed() };
        self.set_successors(cx, successors);
        self.enter(cx);
        self.send_notify(cx, successor);
        self.stabilize(cx);
        self.fills_fingers = true;
        self.fix_fingers(cx);
    }

    fn enter(&mut self, cx: &mut Context<'_, Self>) {
        self.joined = true;
        cx.joined();
        self.start_timers(cx);
    }

    /// Periodic timers start at random phases.
    pub(super) fn start_timers(&mut self, cx: &mut Context<'_, Self>) {
        for timer in [Timer::Stabilize, Timer::FixFingers, Timer::CheckPredecessor, Timer::Merge] {
            if timer != Timer::Merge || cx.config.merge {
                cx.set_timer_within(timer.period(cx.config).mean(), timer);
            }
        }
    }

    /// `n.stabilize()`: asks the successor for its predecessor and its successor list, in one RPC.
    pub(super) fn stabilize(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(successor) = self.tables.successor() {
            self.stabilize_with(cx, successor);
        }
    }

    /// Nothing where an answer of that node is awaited. Answers of others are no reason to wait: a nearer one may be dead, and
    /// walking back to the first of many nodes that were not known takes so long that a shortcut must not wait for its end.
    fn stabilize_with(&mut self, cx: &mut Context<'_, Self>, node: NodeId) {
        if !self.rpcs.outstanding().any(|pending| pending.tag == Tag::Stabilize && pending.to == node) {
            let timeout = cx.config.rpc_timeout.longest();
            self.rpcs.call(cx, node, None, Message::GetNeighbours, timeout, Tag::Stabilize);
        }
    }

    /// The rest of `n.stabilize()`: x = successor.predecessor; if x ∈ (n, successor), x is the successor, as soon as it
    /// answers itself; the successor list is the successor followed by its list; successor.notify(n).
    pub(super) fn stabilized(&mut self, cx: &mut Context<'_, Self>, from: NodeId, x: Option<NodeId>, list: List) {
        let between = |node: NodeId, end: NodeId| cx.key(node).in_open(cx.my_key(), cx.key(end));
        if !self.tables.successor().is_some_and(|successor| successor == from || between(from, successor)) {
            return; // a nearer one was found meanwhile
        }
        let x = x.filter(|&x| x != cx.me() && between(x, from));
        let list = [from].into_iter().chain(cx.lists.get(list).iter().map(|&node| NodeId(node)));
        if let Some(successors) = self.in_ring_order(cx, list) {
            self.set_successors(cx, successors);
        }
        self.send_notify(cx, from);
        if let Some(x) = x {
            self.stabilize_with(cx, x);
        }
    }

    /// `successor.notify(n)`, and who comes before n.
    fn send_notify(&self, cx: &mut Context<'_, Self>, successor: NodeId) {
        let carried = cx.config.kept_predecessors() - 1;
        let predecessors = cx.lists.put(self.tables.predecessors().iter().take(carried).map(|node| node.0));
        cx.notice(successor, Message::Notify { predecessors });
    }

    /// `n.notify(n')`: n' thinks it might be our predecessor. If it is, what comes before it does so too, and the old
    /// predecessor is told (§V-A); if not, n' is told who is.
    pub(super) fn notify(&mut self, cx: &mut Context<'_, Self>, candidate: NodeId, before: List) {
        let nearer = |p: NodeId| p == candidate || cx.key(candidate).in_open(cx.key(p), cx.my_key());
        let old = self.tables.predecessor().filter(|&old| old != candidate);
        if let Some(node) = old.filter(|&old| !nearer(old)) {
            return cx.notice(candidate, Message::Nearer { node });
        }
        let before = [candidate].into_iter().chain(cx.lists.get(before).iter().map(|&node| NodeId(node)));
        if let Some(predecessors) = self.against_the_ring(cx, before) {
            self.set_predecessors(cx, predecessors);
        }
        if let Some(old) = old {
            cx.notice(old, Message::NewSuccessor { node: candidate });
        }
        // A node alone is its own successor, and what it would learn from itself is what it was just told.
        if self.tables.successors().is_empty() {
            self.set_successors(cx, vec![candidate]);
        }
    }

    /// The successor has `node` before it now, which is there, as it has said so itself: it is our successor, and is notified at
    /// once.
    pub(super) fn new_successor(&mut self, cx: &mut Context<'_, Self>, node: NodeId) {
        if self.would_be_successor(cx, node) {
            let list = [node].into_iter().chain(self.tables.successors().iter().copied());
            if let Some(successors) = self.in_ring_order(cx, list) {
                self.set_successors(cx, successors);
            }
            self.send_notify(cx, node);
        }
    }

    /// A node that stood alone has found another.
    pub(super) fn new_first_successor(&mut self, cx: &mut Context<'_, Self>, node: NodeId) {
        self.set_successors(cx, vec![node]);
        self.send_notify(cx, node);
        self.stabilize(cx);
    }

    /// By the account of others `node` may be nearer than the successor: it is that as soon as it answers, and is notified then.
    pub(super) fn ask_nearer(&mut self, cx: &mut Context<'_, Self>, node: NodeId) {
        if self.would_be_successor(cx, node) {
            self.stabilize_with(cx, node);
        }
    }

    /// Whether a node lies between this one and its successor.
    fn would_be_successor(&self, cx: &Context<'_, Self>, node: NodeId) -> bool {
        let between = |end: NodeId| cx.key(node).in_open(cx.my_key(), cx.key(end));
        node != cx.me() && self.tables.successor().is_some_and(between)
    }

    /// Report that `node`, which this node named, did not answer. A finger or a further successor is forgotten; the
    /// successor and the predecessor are asked first, since the ring hangs on them and a lost packet looks no different.
    pub(super) fn told_dead(&mut self, cx: &mut Context<'_, Self>, node: NodeId) {
        if self.tables.successor() == Some(node) {
            self.stabilize(cx);
        } else if self.tables.predecessor() == Some(node) {
            self.check_predecessor(cx);
        } else {
            self.forget(cx, node);
        }
    }

    /// `n.fix_fingers()`: starts at the first entry that the successor does not serve (`"all"`), or goes on where the last
    /// period stopped (`"one"`).
    pub(super) fn fix_fingers(&mut self, cx: &mut Context<'_, Self>) {
        let looked_up = self.lookups.iter().any(|lookup| matches!(lookup.goal, Goal::Finger(_)));
        if looked_up || self.rpcs.outstanding().any(|pending| matches!(pending.tag, Tag::Candidate(_))) {
            return; // still at it
        }
        let first = self.tables.drop_served_fingers(&cx.view);
        let next = u32::from(self.next_finger);
        let goes_on = cx.config.fingers == Fingers::One && (first..u64::BITS).contains(&next);
        self.fix_finger(cx, if goes_on { next } else { first });
    }

    /// finger[interval] = find_successor(n + 2^interval)
    fn fix_finger(&mut self, cx: &mut Context<'_, Self>, interval: u32) {
        if interval < u64::BITS {
            let target = cx.my_key().plus(1 << interval);
            let query = Query { target, record: None, count: cx.config.proximity };
            self.look_up(cx, Goal::Finger(interval as u8), query, None);
        }
    }

    /// The first nodes from a finger's start on were named. Proximity neighbour selection is a race: the candidates are
    /// pinged all at once, and the first to answer is the nearest. One alone need not run.
    pub(super) fn found_finger(&mut self, cx: &mut Context<'_, Self>, interval: u8, named: &[Contact]) {
        let view = cx.view;
        let mut candidates = candidates(&view, named.iter().map(|contact| contact.node)).peekable();
        let first = candidates.next().expect("an answer names at least one node");
        if candidates.peek().is_none() {
            return self.fixed(cx, interval, Some(first));
        }
        let timeout = cx.config.rpc_timeout.longest();
        for node in iter::once(first).chain(candidates) {
            self.rpcs.call(cx, node, None, Message::Ping, timeout, Tag::Candidate(interval));
        }
    }

    /// A candidate for a finger has answered, before all others.
    pub(super) fn answered_first(&mut self, cx: &mut Context<'_, Self>, interval: u8, node: NodeId) {
        self.rpcs.retain(|pending| pending.tag != Tag::Candidate(interval));
        self.fixed(cx, interval, Some(node));
    }

    /// A finger was found, or none. Entries up to the finger's own are the same finger; the next is fixed at once
    /// (`"all"`: one after another, so that only one lookup is under way) or in the next period (`"one"`).
    pub(super) fn fixed(&mut self, cx: &mut Context<'_, Self>, interval: u8, finger: Option<NodeId>) {
        let interval = u32::from(interval);
        let next = finger.map_or(interval + 1, |finger| self.tables.set_finger(&cx.view, interval, finger));
        self.next_finger = next as u8;
        if next >= u64::BITS {
            self.fills_fingers = false;
        } else if cx.config.fingers == Fingers::All || self.fills_fingers {
            self.fix_finger(cx, next);
        }
    }

    /// `n.check_predecessor()`: if it has failed, it is forgotten.
    pub(super) fn check_predecessor(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(predecessor) = self.tables.predecessor()
            && !self.waits_for(Tag::CheckPredecessor)
        {
            let timeout = cx.config.rpc_timeout.longest();
            self.rpcs.call(cx, predecessor, None, Message::Ping, timeout, Tag::CheckPredecessor);
        }
    }

    /// Voluntary departure: the predecessor learns who comes after, the successor who came before.
    pub(super) fn depart(&mut self, cx: &mut Context<'_, Self>) {
        let Some(successor) = self.tables.successor() else { return };
        cx.notice(successor, Message::PredecessorLeaves { predecessor: self.tables.predecessor() });
        if let Some(predecessor) = self.tables.predecessor() {
            let successors = cx.lists.put(self.tables.successors().iter().map(|node| node.0));
            cx.notice(predecessor, Message::SuccessorLeaves { successors });
        }
    }

    /// `leaver` leaves, and `list` comes after it.
    pub(super) fn successor_leaves(&mut self, cx: &mut Context<'_, Self>, leaver: NodeId, list: List) {
        if let Some(at) = self.tables.successors().iter().position(|&node| node == leaver) {
            let before = self.tables.successors()[..at].iter().copied();
            let list = before.chain(cx.lists.get(list).iter().map(|&node| NodeId(node)));
            if let Some(successors) = self.in_ring_order(cx, list) {
                self.set_successors(cx, successors);
            }
        }
        self.forget(cx, leaver);
    }

    /// `leaver` leaves, and `before` came before it.
    pub(super) fn predecessor_leaves(&mut self, cx: &mut Context<'_, Self>, leaver: NodeId, before: Option<NodeId>) {
        if let Some(at) = self.tables.predecessors().iter().position(|&node| node == leaver) {
            let (nearer, further) = (&self.tables.predecessors()[..at], &self.tables.predecessors()[at + 1..]);
            let rest = before.into_iter().chain(further.iter().copied().filter(|&node| Some(node) != before));
            if let Some(predecessors) = self.against_the_ring(cx, nearer.iter().copied().chain(rest)) {
                self.set_predecessors(cx, predecessors);
            }
        }
        self.forget(cx, leaver);
    }

    /// A node did not answer, or left: it goes from all tables. A successor that fails is replaced by the next of the
    /// list; when the list is empty, by the nearest node known otherwise.
    pub(super) fn forget(&mut self, cx: &mut Context<'_, Self>, gone: NodeId) {
        if self.tables.successor() == Some(gone) && cx.config.merge {
            self.lost = ROUNDS;
        }
        self.tables.drop_finger(gone);
        if self.tables.predecessors().contains(&gone) {
            let mut left = self.tables.predecessors().to_vec();
            left.retain(|&node| node != gone);
            self.set_predecessors(cx, left);
        }
        if self.tables.successors().contains(&gone) {
            let mut left = self.tables.successors().to_vec();
            left.retain(|&node| node != gone);
            if left.is_empty() {
                left.extend(self.tables.fingers().first().copied().or(self.tables.predecessor()));
            }
            self.set_successors(cx, left);
        }
    }

    /// As many of `nodes` as the successor list takes, up to where they come round to this node again; `None` if that is
    /// the list as it is: nearly always, once the ring is in order.
    fn in_ring_order(
        &self,
        cx: &Context<'_, Self>,
        nodes: impl Iterator<Item = NodeId> + Clone,
    ) -> Option<Vec<NodeId>> {
        let distance = |node| cx.my_key().clockwise(cx.key(node));
        changed(self.tables.successors(), nodes, distance, cx.config.successors.into())
    }

    /// As many of `nodes` as are kept before this node, likewise.
    fn against_the_ring(
        &self,
        cx: &Context<'_, Self>,
        nodes: impl Iterator<Item = NodeId> + Clone,
    ) -> Option<Vec<NodeId>> {
        let distance = |node| cx.key(node).clockwise(cx.my_key());
        changed(self.tables.predecessors(), nodes, distance, cx.config.kept_predecessors())
    }

    /// The new successor list; storage is told who came and who went.
    fn set_successors(&mut self, cx: &mut Context<'_, Self>, successors: Vec<NodeId>) {
        let before = self.tables.successors().to_vec();
        self.tables.set_successors(&successors);
        tell_storage(cx, &before, &successors, self.tables.predecessors());
    }

    /// The new predecessors, likewise.
    fn set_predecessors(&mut self, cx: &mut Context<'_, Self>, predecessors: Vec<NodeId>) {
        let before = self.tables.predecessors().to_vec();
        self.tables.set_predecessors(&predecessors);
        tell_storage(cx, &before, &predecessors, self.tables.successors());
    }
}

/// The nodes as long as each is further away than the one before.
fn ever_further(
    nodes: impl Iterator<Item = NodeId> + Clone,
    distance: impl Fn(NodeId) -> u64 + Clone,
) -> impl Iterator<Item = NodeId> + Clone {
    let mut reached = 0;
    nodes.take_while(move |&node| distance(node) > std::mem::replace(&mut reached, distance(node)))
}

/// Up to `count` of `nodes`, as long as they lie ever further away, if that is another list than `before`. Neither memory is
/// allocated nor a key looked at to find that nothing has changed.
fn changed(
    before: &[NodeId],
    nodes: impl Iterator<Item = NodeId> + Clone,
    distance: impl Fn(NodeId) -> u64 + Clone,
    count: usize,
) -> Option<Vec<NodeId>> {
    if nodes.clone().take(count).eq(before.iter().copied()) {
        return None; // it was ever further away when it was taken
    }
    let list = ever_further(nodes, distance).take(count);
    (!list.clone().eq(before.iter().copied())).then(|| list.collect())
}

/// One side's list became another: who came and who went, unless the other side knows them too.
fn tell_storage(cx: &mut Context<'_, Chord>, before: &[NodeId], after: &[NodeId], other_side: &[NodeId]) {
    if before == after {
        return;
    }
    for &node in after.iter().filter(|node| !before.contains(node) && !other_side.contains(node)) {
        cx.neighbour(node, Change::Appeared);
    }
    for &node in before.iter().filter(|node| !after.contains(node) && !other_side.contains(node)) {
        cx.neighbour(node, Change::Gone);
    }
}
