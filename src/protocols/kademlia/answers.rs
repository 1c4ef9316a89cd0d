//! What nodes say of themselves and of others: who enters the tables, what is answered, and what becomes of answers.

use super::{Cx, Ends, Enters, Kademlia, Message, Purpose, Search, Stage, Tables};
use crate::model::{Answer, Envelope, Key, NodeId, RecordId};
use crate::overlay::{Change, Contact, List, Task, Walk};

impl Kademlia {
    /// The node that sent something is up: its bucket learns of it, unless it says that it is not to.
    pub(super) fn seen(&mut self, cx: &mut Cx<'_>, from: &Envelope) {
        if !Kademlia::takes_in(cx, from) || self.is_checked_first(cx, from) {
            return;
        }
        if self.buckets.seen(cx.config, &cx.view, cx.now, from.from) {
            cx.neighbour(from.from, Change::Appeared);
        }
        self.seen_alive(cx, from.from);
    }

    /// Whether tables take in who sent something. Not the node itself, which answers itself where a recursive walk comes back.
    fn takes_in(cx: &Cx<'_>, from: &Envelope) -> bool {
        from.from != cx.me() && (!from.client || cx.config.tables == Tables::Everyone)
    }

    /// FIND_NODE or FIND_VALUE from another node: the own portion first, then the nearest known, without the asker.
    pub(super) fn answer(&self, cx: &mut Cx<'_>, request: &Envelope, target: Key, record: Option<RecordId>) {
        if !self.is_connected() {
            return; // it seeks a way in itself: whoever took this for one would be on an island
        }
        if let Some(record) = record
            && let Some(answer) = cx.answer(request, record)
        {
            return cx.reply(request, Message::Value { answer, bytes: cx.size(record) });
        }
        let was_seen = Kademlia::takes_in(cx, request) && cx.config.enters != Enters::Checked;
        let asker = match was_seen {
            true => self.buckets.latest_place(&cx.view, request.from),
            false => self.buckets.place(&cx.view, request.from),
        };
        self.buckets.closest(&cx.view, target, cx.config.named(), false, asker, &mut cx.shared.closest);
        let sibling =
            cx.config.ends == Ends::Sibling && self.is_sibling(cx, target, Some(request.from), &cx.shared.closest);
        let nearest = cx.lists.put(cx.shared.closest.iter().map(|node| node.0));
        cx.reply(request, Message::Nodes { nearest, sibling });
    }

    /// Whether the node has joined, though it may be leaving, or somebody has answered its join: who answers is connected itself.
    fn is_connected(&self) -> bool {
        let is_answered = |search: &Search| search.purpose == Purpose::Join && search.lookup.answers() > 0;
        self.stage != Stage::Outside || self.searches.iter().any(is_answered)
    }

    /// Whether the node is one of the k nearest to the target, as far as it knows: `closest` are the nearest that it knows, without
    /// who asks.
    fn is_sibling(&self, cx: &Cx<'_>, target: Key, asker: Option<NodeId>, closest: &[NodeId]) -> bool {
        let mine = cx.my_key().0 ^ target.0;
        let nearer = closest.iter().chain(&asker).filter(|&&node| cx.view.key(node).0 ^ target.0 < mine).count();
        self.stage == Stage::Member && !self.client && nearer < cx.config.k as usize
    }

    /// A node names those that it knows nearest to the target.
    pub(super) fn named(&mut self, cx: &mut Cx<'_>, from: &Envelope, nearest: List, sibling: bool) {
        if cx.config.enters == Enters::Named {
            self.heard_of(cx, nearest);
        }
        let Some(mut search) = self.awaiting(cx, from) else { return };
        search.lookup.on_success(from.from, cx.lists.get(nearest), |node| cx.view.key(node));
        match search.purpose {
            Purpose::Walk(walk) if sibling => self.found_sibling(cx, search, &walk, from.from, nearest),
            _ => self.advance(cx, search),
        }
    }

    /// One of the k nearest, by its own account, has answered an operation's lookup, and that is the end of it: it and those that it
    /// names are the nearest. In rounds hops are rounds.
    fn found_sibling(&mut self, cx: &mut Cx<'_>, search: Task<Search>, walk: &Walk, sibling: NodeId, nearest: List) {
        let rounds = search.lookup.answers().min(254) as u8;
        let depth = if cx.config.rounds { Some(rounds) } else { search.lookup.hops(sibling) }.unwrap_or(1);
        let mut answer = std::mem::take(&mut cx.shared.answer);
        answer.clear();
        let named =
            cx.lists.get(nearest).iter().map(|&node| Contact { node: NodeId(node), hops: depth.saturating_add(1) });
        answer.extend(named.chain([Contact { node: sibling, hops: depth }]));
        answer.extend((!self.client).then_some(Contact { node: cx.me(), hops: 0 }));
        answer.sort_by_key(|contact| cx.view.key(contact.node).0 ^ walk.target.0);
        cx.found(walk, &answer);
        cx.shared.answer = answer;
        cx.shared.searches.give(search);
    }

    /// A holder has answered.
    pub(super) fn found_value(&mut self, cx: &mut Cx<'_>, from: &Envelope, answer: Answer) {
        let Some(search) = self.awaiting(cx, from) else { return };
        let hops = search.lookup.hops(from.from).expect("who was asked had been named");
        let op = search.op().expect("only operations look for records");
        search.tell_passed(cx, from.from);
        cx.found_record(op, Contact { node: from.from, hops }, answer);
        cx.shared.searches.give(search);
    }

    /// Answers a walk by itself, if the node is one of the k nearest as far as it knows and that is an answer.
    pub(super) fn knows_the_end(&mut self, cx: &mut Cx<'_>, walk: &Walk) -> bool {
        let mut nearest = std::mem::take(&mut cx.shared.nearest);
        nearest.clear();
        self.buckets.nearest(&cx.view, walk.target, cx.config.k as usize, false, &mut nearest);
        let knows = walk.record.is_none() && !nearest.is_empty() && self.is_sibling(cx, walk.target, None, &nearest);
        if knows {
            nearest.push(cx.me());
            nearest.sort_by_key(|&node| cx.view.key(node).0 ^ walk.target.0);
            cx.found_known(walk, &nearest);
        }
        cx.shared.nearest = nearest;
        knows
    }
}
