//! How a machine gets into the table, and what it does to stay there.

use std::ops::Range;

use super::table::Change;
use super::{Cx, FullTable, Message, Phase, Tag, Timer, before};
use crate::engine::Source;
use crate::model::{Envelope, NodeId};

/// Bytes of one answer to a returning machine at most: as large as a packet may be.
const PIECE: u32 = 16 * 1024;

impl FullTable {
    /// A message brought changes. Contradicts if one says that this machine has gone. Gives whether any was new.
    pub(super) fn learn(&mut self, cx: &mut Cx<'_>, run: Range<u32>) -> bool {
        let me = cx.me();
        let last_about_me = |cx: &Cx<'_>| cx.shared.known_by(me).last_about(me);
        let before = last_about_me(cx);
        let news = cx.shared.receive(me, run);
        let now = last_about_me(cx).filter(|_| self.phase == Phase::Joined);
        if now != before && now.is_some_and(|index| cx.shared.change(index) == Change::Gone(me)) {
            self.say_online(cx, me, false);
        }
        news
    }

    /// Spreads that `member` is online.
    fn say_online(&mut self, cx: &mut Cx<'_>, member: NodeId, for_others: bool) {
        let (me, key) = (cx.me(), cx.key(member));
        let change = cx.shared.log_came(me, member, key);
        self.originate(cx, change, None, for_others);
    }

    /// Asks `contact` for the first changes from `from` on that this machine lacks.
    pub(super) fn ask(&mut self, cx: &mut Cx<'_>, contact: NodeId, from: u32, announce: bool) {
        let gap = cx.shared.known_by(cx.me()).gap_from(from);
        self.ask_for(cx, contact, Tag::Missed { from: gap.start, until: gap.end, announce }, 0);
    }

    pub(super) fn ask_for(&mut self, cx: &mut Cx<'_>, contact: NodeId, tag: Tag, retries: u8) {
        let Tag::Missed { from, until, announce } = tag else { unreachable!("a question after what was missed") };
        let (rpc, timer) = self.rpcs.open_again(cx.now, contact, tag, cx.config.rpc_timeout, retries);
        cx.send_request(contact, rpc, None, Message::Missed { from, until, members: !self.remembers, announce });
        if let Some(at) = timer {
            cx.set_timeout_timer(at);
        }
    }

    /// Answers a returning machine, and tells everyone of it if it is news that it is online.
    pub(super) fn on_missed(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Envelope,
        wanted: Range<u32>,
        members: bool,
        announce: bool,
    ) {
        let me = cx.me();
        let came = announce && !cx.shared.known_by(me).online(from.from);
        let known = cx.shared.known_by(me);
        let (run, bytes) = known.piece(wanted, PIECE, cx.sizes, cx.wire);
        let more = run.end < known.position();
        cx.reply(from, Message::These { from: run.start, until: run.end, members, more, bytes });
        if came {
            self.say_online(cx, from.from, true);
        }
    }

    /// The next piece of what was missed. After the last one comes the announcement, and after that the session is a full
    /// member's.
    pub(super) fn on_these(&mut self, cx: &mut Cx<'_>, contact: NodeId, run: Range<u32>, more: bool, announced: bool) {
        let next = run.end;
        self.learn(cx, run);
        self.remembers = true;
        if announced && self.phase == Phase::Announced {
            self.phase = Phase::Joined;
            cx.joined();
            cx.set_timer(cx.config.settling(), Timer::Compare);
        }
        if more {
            self.ask(cx, contact, next, false);
        } else if self.phase == Phase::CatchingUp {
            self.phase = Phase::Announced;
            let position = cx.shared.known_by(cx.me()).position();
            self.ask(cx, contact, position, true);
        }
    }

    /// Asks a member chosen at random for what passed this machine by, and announces itself to it.
    pub(super) fn compare(&mut self, cx: &mut Cx<'_>) {
        let me = cx.me();
        let others = || cx.shared.known_by(me).between(me, before(me));
        let count = others().count() as u64;
        let drawn = if count > 0 { others().nth(cx.noise.below(count) as usize) } else { None };
        if let Some(member) = drawn {
            self.ask(cx, member, 0, true);
        }
    }

    /// Timeout of a request for missed changes.
    pub(super) fn on_no_answer(&mut self, cx: &mut Cx<'_>, contact: NodeId) {
        match self.phase {
            Phase::CatchingUp | Phase::Announced => {
                self.phase = Phase::Away;
                cx.join_failed();
            }
            Phase::Joined => {
                self.mark_absent(cx, contact);
                self.compare(cx);
            }
            Phase::Away | Phase::Leaving => {}
        }
    }
}
