//! How a change gets to everyone: what one machine does with its range.

use super::table::{Change, VERSION_BYTES};
use super::{Cx, FullTable, Message, Phase, Spread, Tag, before};
use crate::model::{Envelope, Kind, LARGEST_IN_PACKET, NodeId, OpId, Traffic};
use crate::overlay::context::Effect;

/// A change that this machine is passing on to a range of members.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relay {
    id: u32,
    change: u32,
    /// Machine that is told when the range is done: this machine itself if it made the change.
    parent: NodeId,
    /// The members after `upto`, to `last`, have not been sent it yet (direct spreading only; a tree sends at once).
    upto: NodeId,
    last: NodeId,
    /// On whose behalf, while that operation lasts.
    pub(super) op: Option<OpId>,
    /// Ranges passed on and not done.
    open: u32,
    /// Not this machine's own put, coming or leave.
    for_others: bool,
    /// Some of the range may have had the change already.
    again: bool,
}

impl Relay {
    fn new(change: u32, parent: NodeId, me: NodeId, last: NodeId) -> Relay {
        Relay { id: 0, change, parent, upto: me, last, op: None, open: 0, for_others: false, again: false }
    }
}

impl FullTable {
    /// Spreads a change that this machine has logged to everyone.
    pub(super) fn originate(&mut self, cx: &mut Cx<'_>, change: u32, op: Option<OpId>, for_others: bool) {
        let me = cx.me();
        self.pass_on(cx, Relay { op, for_others, ..Relay::new(change, me, me, before(me)) });
    }

    /// An update arrived.
    pub(super) fn on_update(&mut self, cx: &mut Cx<'_>, from: &Envelope, change: u32, last: NodeId, again: bool) {
        let me = cx.me();
        let news = self.learn(cx, change..change + 1);
        // Whoever has learnt it by comparing counts as reached, too, but once only.
        if (news || !again)
            && let Some(op) = from.op
        {
            cx.effects.list.push(Effect::Stored { op });
        }
        let same = |relay: &Relay| (relay.change, relay.parent, relay.last) == (change, from.from, last);
        let busy = self.relays.iter().any(same);
        let done = !busy && cx.shared.known_by(me).between(me, last).next().is_none();
        cx.reply(from, Message::Stored { done });
        // An update that comes again after its range was done (the reply was lost) is passed on again: whoever asks
        // cannot know.
        if !busy && !done {
            let relay = Relay::new(change, from.from, me, last);
            self.pass_on(cx, Relay { op: from.op, for_others: true, again, ..relay });
        }
    }

    /// Begins a relay.
    fn pass_on(&mut self, cx: &mut Cx<'_>, relay: Relay) {
        self.last_relay += 1;
        let id = self.last_relay;
        self.relays.push(Relay { id, ..relay });
        if cx.config.spread == Spread::Tree {
            self.split(cx, id);
        }
        self.carry_on(cx, id);
    }

    /// Splits a relay's range and sends the change to the head of each part. A part ends where the next one begins, so
    /// that members known to its head only are in it, too.
    fn split(&mut self, cx: &mut Cx<'_>, id: u32) {
        let at = self.position(id).expect("the relay has just begun");
        let relay = &mut self.relays[at];
        let after = std::mem::replace(&mut relay.upto, relay.last);
        let last = relay.last;
        let mut members = std::mem::take(&mut cx.shared.scratch);
        members.extend(cx.shared.known_by(cx.me()).between(after, last));
        let parts = members.len().min(cx.config.fan_out as usize);
        let head = |part: usize| members[part * members.len() / parts];
        for part in 0..parts {
            let end = if part + 1 < parts { before(head(part + 1)) } else { last };
            self.open_range(cx, id, head(part), end);
        }
        members.clear();
        cx.shared.scratch = members;
    }

    /// Sends to those that a direct sender has not sent to yet, as far as it may; ends the relay when all is done.
    fn carry_on(&mut self, cx: &mut Cx<'_>, id: u32) {
        let Some(at) = self.position(id) else { return };
        while self.relays[at].upto != self.relays[at].last && self.relays[at].open < cx.config.unacknowledged {
            let Relay { upto, last, .. } = self.relays[at];
            let next = cx.shared.known_by(cx.me()).between(upto, last).next();
            self.relays[at].upto = next.unwrap_or(last);
            if let Some(next) = next {
                self.open_range(cx, id, next, next);
            }
        }
        if self.relays[at].open > 0 {
            return;
        }
        let Relay { change, parent, last, op, .. } = self.relays.swap_remove(at);
        if parent != cx.me() {
            let message = Message::Done { change, last };
            let envelope = cx.envelope(Kind::Notice, 0, op, traffic_of(cx, change), &message);
            cx.send(parent, Envelope { for_others: true, ..envelope }, message);
        } else if let Some(op) = op {
            cx.effects.list.push(Effect::Spread { op });
        }
    }

    /// Sends the change to `head`, for the range from there to `last`.
    fn open_range(&mut self, cx: &mut Cx<'_>, id: u32, head: NodeId, last: NodeId) {
        if let Some(at) = self.position(id) {
            self.relays[at].open += 1;
            self.send_update(cx, id, head, last, 0, false);
        }
    }

    /// Sends an update. To one that has `stored` it already, a value too large for a packet is not sent again.
    fn send_update(&mut self, cx: &mut Cx<'_>, id: u32, to: NodeId, last: NodeId, retries: u8, stored: bool) {
        let Some(at) = self.position(id) else { return };
        let Relay { change, op, for_others, again, .. } = self.relays[at];
        let bytes = cx.shared.bytes_of(change, cx.sizes, cx.wire);
        let bare = cx.wire.identifier + VERSION_BYTES;
        let bytes = if stored && bytes > LARGEST_IN_PACKET + bare { bare } else { bytes };
        let message = Message::Update { change, last, bytes, again };
        let tag = Tag::Update { relay: id, last };
        let (rpc, timer) = self.rpcs.open_again(cx.now, to, tag, cx.config.rpc_timeout, retries);
        let envelope = cx.envelope(Kind::Request, rpc, op, traffic_of(cx, change), &message);
        cx.send(to, Envelope { for_others, ..envelope }, message);
        if let Some(at) = timer {
            cx.set_timeout_timer(at);
        }
    }

    /// Sends an update to one that may have had it, after so many time-outs since it was last heard of.
    pub(super) fn send_again(&mut self, cx: &mut Cx<'_>, id: u32, to: NodeId, last: NodeId, retries: u8) {
        if let Some(at) = self.position(id) {
            self.relays[at].again = true;
            self.send_update(cx, id, to, last, retries, false);
        }
    }

    /// Asks one that has stored the change, with the same update, whether its range is done.
    pub(super) fn ask_whether_done(&mut self, cx: &mut Cx<'_>, id: u32, head: NodeId, last: NodeId) {
        if let Some(at) = self.position(id) {
            self.relays[at].again = true;
            self.send_update(cx, id, head, last, 0, true);
        }
    }

    /// The head of a range has stored the change.
    pub(super) fn on_stored(&mut self, cx: &mut Cx<'_>, id: u32, head: NodeId, last: NodeId, done: bool) {
        if done {
            return self.range_done(cx, id);
        }
        // From here on its notice is waited for, as long as it takes it to find out that somebody does not answer.
        let (_, timer) = self.rpcs.open(cx.now, head, Tag::Range { relay: id, last }, cx.config.gives_up_after());
        if let Some(at) = timer {
            cx.set_timeout_timer(at);
        }
    }

    /// The head of a range says that the range is done (perhaps before its reply, which was lost).
    pub(super) fn on_done(&mut self, cx: &mut Cx<'_>, head: NodeId, change: u32, last: NodeId) {
        let relays = self.relays.iter().filter(|relay| relay.change == change).map(|relay| relay.id);
        let tags = |relay| [Tag::Update { relay, last }, Tag::Range { relay, last }];
        let waits = |relay: &u32| self.rpcs.outstanding().any(|one| one.to == head && tags(*relay).contains(&one.tag));
        if let Some(id) = relays.into_iter().find(waits) {
            self.rpcs.retain(|one| one.to != head || !tags(id).contains(&one.tag));
            self.range_done(cx, id);
        }
    }

    fn range_done(&mut self, cx: &mut Cx<'_>, id: u32) {
        if let Some(at) = self.position(id) {
            self.relays[at].open -= 1;
            self.carry_on(cx, id);
        }
    }

    /// An update timed out: it is sent again, or its range goes over to the next one in it.
    pub(super) fn on_no_reply(&mut self, cx: &mut Cx<'_>, id: u32, head: NodeId, last: NodeId, retries: u8) {
        let Some(at) = self.position(id) else { return };
        cx.timed_out(self.relays[at].op);
        let me = cx.me();
        // Somebody else may have found out meanwhile.
        if retries < cx.config.retries && cx.shared.known_by(me).online(head) {
            return self.send_again(cx, id, head, last, retries + 1);
        }
        self.mark_absent(cx, head);
        let heir = cx.shared.known_by(me).between(head, last).next();
        match heir {
            Some(heir) => self.send_again(cx, id, heir, last, 0),
            None => self.range_done(cx, id),
        }
    }

    /// `member` does not answer: everyone is told, if this is news.
    pub(super) fn mark_absent(&mut self, cx: &mut Cx<'_>, member: NodeId) {
        let me = cx.me();
        if self.phase >= Phase::Announced && cx.shared.known_by(me).online(member) {
            let change = cx.shared.log(me, Change::Gone(member));
            self.originate(cx, change, None, true);
        }
    }

    fn position(&self, id: u32) -> Option<usize> {
        self.relays.iter().position(|relay| relay.id == id)
    }
}

/// Membership is maintenance, records are storage.
fn traffic_of(cx: &Cx<'_>, change: u32) -> Traffic {
    if matches!(cx.shared.change(change), Change::Put(..)) { Traffic::Storage } else { Traffic::Maintenance }
}
