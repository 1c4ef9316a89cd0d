//! Client and server modes, as libp2p has them: where tables hold only nodes that strangers can dial, the others ask and are
//! asked for nothing.

use super::{Cx, Kademlia, Lookup, Stage, Tables};
use crate::model::{Cause, Reachability};
use crate::overlay::protocol::Walk;

impl Kademlia {
    /// Whether a node is to ask only, as far as it knows.
    pub(super) fn is_client(cx: &Cx<'_>) -> bool {
        cx.config.tables == Tables::Dialable && cx.reachable != Reachability::Yes
    }

    /// The node can ask; whether it may be asked, too, depends on the tables that the others keep.
    pub(super) fn enter(&mut self, cx: &mut Cx<'_>) {
        (self.client, self.stage) = (Kademlia::is_client(cx), Stage::Member);
        self.revalidate_later(cx);
        if self.client { cx.joined_as_client() } else { cx.joined() }
    }

    /// A node that only asked has found out that strangers can dial it: it may be asked from now on.
    pub(super) fn serve(&mut self, cx: &mut Cx<'_>) {
        if self.client && !Kademlia::is_client(cx) {
            self.client = false;
            cx.joined();
        }
    }

    /// Names the responsible nodes that a finished walk has found, or says why there are none.
    pub(super) fn report(&self, cx: &mut Cx<'_>, walk: &Walk, lookup: &Lookup) {
        let alone = lookup.is_alone();
        // Nobody asked: the node itself is the nearest, and no more than one is wanted.
        if lookup.answers() == 0 && !alone && (self.client || lookup.has_asked()) {
            return cx.give_up(walk.op, Cause::Timeout);
        }
        if alone && (walk.record.is_some() || self.client) {
            return cx.give_up(walk.op, Cause::NoContact);
        }
        let mut answer = std::mem::take(&mut cx.shared.answer);
        answer.clear();
        // Who only asks is responsible for nothing.
        let me = cx.me();
        let named = lookup.result(usize::MAX).filter(|contact| !self.client || contact.node != me);
        answer.extend(named.take(walk.count as usize));
        cx.found(walk, &answer);
        cx.shared.answer = answer;
    }
}
