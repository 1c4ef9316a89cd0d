//! Eager repair: r copies on the r responsible nodes, as far as each holder knows them.
//!
//! The r responsible nodes are the nearest by a holder's own tables; a node that has not answered three times in a row,
//! ten seconds or more apart, is passed over. Every holder remembers the reports of others about its records
//! ([`super::words`]), so that no record is offered twice without need. A copy is its node's *own* while the node is
//! one of the responsible ones.
//!
//! | event | a node's own copy | any other copy |
//! | --- | --- | --- |
//! | a neighbour appears | it is offered the copy, if it is responsible and has not reported that it holds it | the
//! copy is offered to all responsible nodes, if none of them has reported that it holds it, or `hold` is over |
//! | a neighbour fails | the node that moves up is offered it, and takes it though it may not know yet | as above |
//! | a neighbour leaves with notice | as above; it has handed its copy to that node itself ([`super::hand_over`]) | as
//! above |
//! | the own session ends | reports of others become old | it stays on the disk |
//! | the own session begins | it is offered to all responsible nodes | as above, and `hold` begins |
//! | the tables have changed so that it is the node's own again | all responsible nodes are queried | |
//! | a newer version arrives | it replaces the older; the others are queried after 5 min if a put brought it, and at
//! once otherwise | as above |
//! | an older or equal version arrives | the sender is told the version held here, and fetches it if newer | as above |
//! | an offer is answered: older | the newer version is sent | as above |
//! | an offer is answered: wanted | it is sent, if fewer than enough may be left ([`super::lazy`]) | as above |
//! | an offer is answered: no room | it is offered again at the next review, every 30 min | as above |
//! | an offer is answered: declined | it is offered again after 10 s, and after twice that each further time, up to 30
//! min | it is returned by a lookup, at once if no responsible node holds it and after `hold` otherwise, then after 1
//! min, 2 min, … 30 min |
//! | an offer is not answered | it is offered again after 10 s, 20 s, …; after the third time the next node takes the
//! silent one's place | as above |
//! | the own disk is full | | it is dropped for an own copy, if others have reported that they hold it |
//! | a holder reports that it dropped its copy | the holder is queried | |
//! | a review, every 30 min | all nodes without a report for 15 min are queried | |
//! | a pause is over | | all responsible nodes are queried when `hold` is over; then, and while none of them has
//! reported that it holds it, after 20 s, 40 s, … 30 min |
//! | r others have just reported that they hold it, and `hold` is over | | it is dropped, and the responsible nodes are
//! told |
//!
//! `hold` counts from the time when the copy ceased to be the node's own: the node that displaces a holder may leave
//! again, and take its copies along. With `hold` zero, storage stays at r copies, and short-lived nodes do that. While
//! others are known to hold it, a copy that is not the node's own is in reserve ([`crate::storage::store`]): it answers
//! no lookup, since it is not updated to newer versions.

use super::Neighbourhood;
use super::custody::{Occasion, Orders};
use super::words::{REVIEW, Says, Words};
use crate::engine::{Source, Time};
use crate::model::{Held, NodeId, RecordId};
use crate::storage::agent::Agent;
use crate::storage::desk::{Desk, Effect, Tag};
use crate::storage::message::Message;

impl Agent {
    /// Handles a change of the overlay's tables, which gained `appeared` and lost `gone`.
    pub fn on_change(
        &mut self,
        desk: &mut Desk<'_>,
        appeared: &[NodeId],
        gone: &[NodeId],
        around: &impl Neighbourhood,
    ) {
        if desk.repair.threshold(desk.replicas).is_some() {
            self.look_at_all(desk, &Occasion { appeared, gone, review: false }, around);
        }
    }

    /// Handles the (re)join of the node.
    pub fn on_return(&mut self, desk: &mut Desk<'_>, around: &impl Neighbourhood) {
        if desk.terms.is_some() {
            return self.expire(desk);
        }
        if desk.repair.threshold(desk.replicas).is_none() {
            return;
        }
        if around.passes_puts_on() {
            return self.catch_up(desk, around);
        }
        self.begin_reviews(desk);
        self.look_at_all(desk, &Occasion { review: true, ..Occasion::default() }, around);
    }

    /// Offers the records of a server that is up again to the other servers that hold them.
    fn catch_up(&mut self, desk: &mut Desk<'_>, around: &impl Neighbourhood) {
        let (mut offers, mut holders) = (Vec::new(), Vec::new());
        for held in self.store.from(desk.fixed) {
            holders.clear();
            around.responsible(held.record, desk.replicas, &mut holders);
            offers.extend(holders.iter().filter(|&&node| node != desk.me).map(|&node| (node, *held)));
        }
        self.offer(desk, offers, false);
    }

    /// Initialises the reports for records placed at the start: the other responsible nodes hold them too.
    pub fn on_placed(&mut self, desk: &mut Desk<'_>, around: &impl Neighbourhood) {
        if around.passes_puts_on() || self.store.from(desk.fixed).is_empty() {
            return;
        }
        for held in self.store.from(desk.fixed).to_vec() {
            self.assume_held(desk, held.record, around);
        }
        self.begin_reviews(desk);
    }

    /// Whether this node keeps reports about `record`: if its copies are repaired, and not by servers, which know each
    /// other.
    pub(in crate::storage) fn keeps_words(
        &self,
        desk: &Desk<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
    ) -> bool {
        desk.repair.threshold(desk.replicas).is_some()
            && record.index() as u32 >= desk.fixed
            && !around.passes_puts_on()
    }

    /// Whether this node is, by its own tables, one of the responsible nodes.
    pub(in crate::storage) fn is_own(&self, desk: &Desk<'_>, record: RecordId, around: &impl Neighbourhood) -> bool {
        let mut responsible = Vec::with_capacity(desk.replicas);
        self.custody.responsible(desk, record, around, &mut responsible);
        responsible.contains(&desk.me)
    }

    /// Assumes that the other responsible nodes hold `record`, having received it together with this one.
    fn assume_held(&mut self, desk: &Desk<'_>, record: RecordId, around: &impl Neighbourhood) {
        let mut responsible = Vec::with_capacity(desk.replicas);
        self.custody.responsible(desk, record, around, &mut responsible);
        for node in responsible.into_iter().filter(|&node| node != desk.me) {
            self.custody.words.hearsay(desk.now, record, node);
        }
    }

    /// Handles a put that stored a new version here. If this node is not responsible, the put's lookup did not know
    /// better.
    pub(in crate::storage) fn on_put_here(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
    ) {
        if !self.keeps_words(desk, record, around) {
            return;
        }
        let mut responsible = Vec::with_capacity(desk.replicas);
        self.custody.responsible(desk, record, around, &mut responsible);
        if responsible.contains(&desk.me) {
            self.on_own_put_here(desk, record, &responsible);
        } else {
            self.custody.words.forget(record);
            self.look_at(desk, &[record], around);
        }
    }

    /// Handles a put of this node that stored a new version here and on others of `named`.
    pub(in crate::storage) fn on_own_put_here(&mut self, desk: &mut Desk<'_>, record: RecordId, named: &[NodeId]) {
        if desk.repair.threshold(desk.replicas).is_some() && record.index() as u32 >= desk.fixed {
            self.custody.words.forget(record);
            for &node in named.iter().filter(|&&node| node != desk.me) {
                self.custody.words.told(desk.now, record, node, desk.noise);
            }
            self.begin_reviews(desk);
        }
    }

    /// Handles a copy from `from`, which was `new` here.
    pub(in crate::storage) fn on_copy_here(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        (from, new): (NodeId, bool),
        around: &impl Neighbourhood,
    ) {
        if !self.keeps_words(desk, record, around) {
            return;
        }
        if new {
            self.custody.words.forget(record);
            self.assume_held(desk, record, around);
            self.custody.received(desk, record, around);
            self.begin_reviews(desk);
        }
        self.custody.words.said(desk.now, record, from, Says::Holds);
    }

    /// Records a report about a record held here, and checks the copy again.
    fn learn(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
        write: impl FnOnce(&mut Words),
    ) {
        if self.keeps_words(desk, record, around) && self.store.version(record).is_some() {
            write(&mut self.custody.words);
            self.look_at(desk, &[record], around);
        }
    }

    /// Handles a newer version fetched from `from`: the others may lack it too.
    pub(in crate::storage) fn on_fetched(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        from: NodeId,
        around: &impl Neighbourhood,
    ) {
        let now = desk.now;
        self.learn(desk, record, around, |words| {
            words.forget(record);
            words.said(now, record, from, Says::Holds);
        });
    }

    /// Handles a store reply of `from`: it holds `record`.
    pub(in crate::storage) fn on_word(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        (from, says): (NodeId, Says),
        around: &impl Neighbourhood,
    ) {
        let now = desk.now;
        self.learn(desk, record, around, |words| words.said(now, record, from, says));
    }

    /// Handles the notice that `from` has dropped its copy.
    pub(in crate::storage) fn on_dropped(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        from: NodeId,
        around: &impl Neighbourhood,
    ) {
        self.learn(desk, record, around, |words| words.forget_of(record, from));
    }

    /// Handles the return of an astray record: `storers` hold it.
    pub fn on_returned(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        storers: &[NodeId],
        around: &impl Neighbourhood,
    ) {
        let (now, me) = (desk.now, desk.me);
        self.learn(desk, record, around, |words| {
            for &storer in storers.iter().filter(|&&storer| storer != me) {
                words.said(now, record, storer, Says::Holds);
            }
        });
    }

    /// Handles the timeout of an offer to `node`, or of a store request.
    pub(in crate::storage) fn on_silence(&mut self, desk: &mut Desk<'_>, node: NodeId, around: &impl Neighbourhood) {
        if desk.repair.threshold(desk.replicas).is_none() || around.passes_puts_on() {
            return;
        }
        let records = self.custody.not_heard(desk.now, node);
        if self.custody.is_silent(node) {
            self.look_at_all(desk, &Occasion::default(), around);
        } else {
            self.look_at(desk, &records, around);
        }
    }

    /// Checks the copies that are due, or all.
    pub(in crate::storage) fn on_look(&mut self, desk: &mut Desk<'_>, around: &impl Neighbourhood) {
        self.custody.timer = None;
        let records = self.custody.due(desk.now);
        if desk.now < self.custody.review {
            self.look_at(desk, &records, around);
            return self.set_look(desk);
        }
        self.custody.review = Time::NEVER;
        if !self.store.from(desk.fixed).is_empty() {
            self.custody.review = desk.now + REVIEW;
            self.look_at_all(desk, &Occasion { review: true, ..Occasion::default() }, around);
        }
        self.set_look(desk);
    }

    /// Schedules reviews from a random phase of their period, unless they have begun.
    fn begin_reviews(&mut self, desk: &mut Desk<'_>) {
        if self.custody.review == Time::NEVER {
            self.custody.review = desk.now + REVIEW.mul_f64(desk.noise.unit());
        }
        self.set_look(desk);
    }

    /// Sets the timer for the next check, unless an earlier one is set.
    fn set_look(&mut self, desk: &mut Desk<'_>) {
        let at = self.custody.next();
        if at == Time::NEVER || self.custody.timer.is_some_and(|timer| timer <= at) {
            return;
        }
        self.custody.timer = Some(at);
        self.rpcs.retain(|pending| pending.tag != Tag::Look);
        if let Some(at) = self.rpcs.pause(desk.now, desk.me, Tag::Look, at.since(desk.now), 0) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
    }

    fn look_at(&mut self, desk: &mut Desk<'_>, records: &[RecordId], around: &impl Neighbourhood) {
        let mut orders = Orders::default();
        for &record in records {
            if let Some(version) = self.store.version(record) {
                self.custody.look(desk, Held { record, version }, &Occasion::default(), around, &mut orders);
            }
        }
        self.carry_out(desk, orders);
    }

    fn look_at_all(&mut self, desk: &mut Desk<'_>, occasion: &Occasion<'_>, around: &impl Neighbourhood) {
        if around.passes_puts_on() {
            return;
        }
        let mut orders = Orders::default();
        for &held in self.store.from(desk.fixed) {
            self.custody.look(desk, held, occasion, around, &mut orders);
        }
        self.carry_out(desk, orders);
    }

    /// Carries out orders.
    pub(in crate::storage) fn carry_out(&mut self, desk: &mut Desk<'_>, orders: Orders) {
        let Orders { asks, moved_up, sends, returns, reserves, drops } = orders;
        reserves.into_iter().for_each(|(record, reserved)| self.store.reserve(record, reserved));
        self.offer(desk, asks, false);
        self.offer(desk, moved_up, true);
        for (to, Held { record, version }) in sends {
            self.hand_over(desk, to, record, version);
        }
        for Held { record, version } in returns {
            desk.do_effect(Effect::Return { record, version });
        }
        for (record, others) in drops {
            self.drop_copy(desk, record, &others);
        }
        self.set_look(desk);
    }

    fn drop_copy(&mut self, desk: &mut Desk<'_>, record: RecordId, others: &[NodeId]) {
        let version = self.store.remove(record).expect("it is held");
        self.custody.forget(record);
        desk.do_effect(Effect::Dropped { record, version });
        others.iter().for_each(|&node| desk.notice_of_repair(node, Message::Dropped { record }));
    }

    /// Whether there is room for `record` if copies in reserve are dropped.
    pub(in crate::storage) fn can_make_room(&self, desk: &Desk<'_>, record: RecordId) -> bool {
        self.store.has_room(record, desk.disk.saturating_add(self.store.reserved_bytes(desk.sizes)), desk.sizes)
    }

    /// Makes room for `record` if possible, by dropping copies in reserve as needed.
    pub(in crate::storage) fn make_room(&mut self, desk: &mut Desk<'_>, record: RecordId) -> bool {
        if !self.can_make_room(desk, record) {
            return false;
        }
        while !self.store.has_room(record, desk.disk, desk.sizes) {
            let reserved = self.store.reserved().first().copied().expect("it takes the room that is missing");
            let others = self.custody.words.about(reserved).holders();
            self.drop_copy(desk, reserved, &others);
        }
        true
    }
}
