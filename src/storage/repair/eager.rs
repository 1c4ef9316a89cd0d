//! Eager repair: r copies on the r responsible nodes, as far as each holder knows them.
//!
//! The r responsible nodes are the nearest by a holder's own account; a node that was silent three times in a row, ten seconds
//! or more apart, is passed over. Every holder remembers what the others have said about what it holds ([`super::reports`]), so
//! that nothing is offered twice without need. A copy is its node's *own* while that is one of the responsible nodes.
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
//! `hold` counts from when the copy was no longer the node's own: whoever displaces a holder may leave again, and take its
//! copies along. With `hold` zero storage stays at r copies and visitors do that. While others are known to hold it, a copy that
//! is not the node's own is in reserve ([`crate::storage::node::store`]): it answers no walk, for nobody tells it of newer versions.

use super::custody::{Occasion, Orders};
use super::reports::{REVIEW, Reports, Says};
use crate::engine::{Source, Time};
use crate::model::{Held, NodeId, RecordId};
use crate::storage::Neighbourhood;
use crate::storage::message::Message;
use crate::storage::node::StorageNode;
use crate::storage::node::context::{Effect, StorageContext, Tag};

impl StorageNode {
    /// Handles a change of the overlay's tables, which gained `appeared` and lost `gone`.
    pub fn on_change(
        &mut self,
        cx: &mut StorageContext<'_>,
        appeared: &[NodeId],
        gone: &[NodeId],
        around: &impl Neighbourhood,
    ) {
        if cx.repair.threshold(cx.replicas).is_some() {
            self.look_at_all(cx, &Occasion { appeared, gone, review: false }, around);
        }
    }

    /// Handles the (re)join of the node.
    pub fn on_return(&mut self, cx: &mut StorageContext<'_>, around: &impl Neighbourhood) {
        if cx.terms.is_some() {
            return self.expire(cx);
        }
        if cx.repair.threshold(cx.replicas).is_none() {
            return;
        }
        if around.passes_puts_on() {
            return self.catch_up(cx, around);
        }
        self.begin_reviews(cx);
        self.look_at_all(cx, &Occasion { review: true, ..Occasion::default() }, around);
    }

    /// Offers the records of a server that is up again to the other servers that hold them.
    fn catch_up(&mut self, cx: &mut StorageContext<'_>, around: &impl Neighbourhood) {
        let (mut offers, mut holders) = (Vec::new(), Vec::new());
        for held in self.store.from(cx.records.first_kept()) {
            holders.clear();
            around.responsible(held.record, cx.replicas, &mut holders);
            offers.extend(holders.iter().filter(|&&node| node != cx.me).map(|&node| (node, *held)));
        }
        self.offer(cx, offers, false);
    }

    /// Initialises the reports for records placed at the start: the other responsible nodes hold them too.
    pub fn on_placed(&mut self, cx: &mut StorageContext<'_>, around: &impl Neighbourhood) {
        if around.passes_puts_on() || self.store.from(cx.records.first_kept()).is_empty() {
            return;
        }
        for held in self.store.from(cx.records.first_kept()).to_vec() {
            self.assume_held(cx, held.record, around);
        }
        self.begin_reviews(cx);
    }

    /// Whether this node keeps reports about `record`: if its copies are repaired, and not by servers, which know each
    /// other.
    pub(in crate::storage) fn keeps_reports(
        &self,
        cx: &StorageContext<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
    ) -> bool {
        cx.repair.threshold(cx.replicas).is_some()
            && cx.records.is_kept_by_responsible(record)
            && !around.passes_puts_on()
    }

    /// Whether this node is, by its own tables, one of the responsible nodes.
    pub(in crate::storage) fn is_own(
        &self,
        cx: &StorageContext<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
    ) -> bool {
        let mut responsible = Vec::with_capacity(cx.replicas);
        self.custody.responsible(cx, record, around, &mut responsible);
        responsible.contains(&cx.me)
    }

    /// Assumes that the other responsible nodes hold `record`, having received it together with this one.
    fn assume_held(&mut self, cx: &StorageContext<'_>, record: RecordId, around: &impl Neighbourhood) {
        let mut responsible = Vec::with_capacity(cx.replicas);
        self.custody.responsible(cx, record, around, &mut responsible);
        for node in responsible.into_iter().filter(|&node| node != cx.me) {
            self.custody.reports.hearsay(cx.now, record, node);
        }
    }

    /// Handles a put that stored a new version here. If this node is not responsible, the put's lookup did not know
    /// better.
    pub(in crate::storage) fn on_put_here(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
    ) {
        if !self.keeps_reports(cx, record, around) {
            return;
        }
        let mut responsible = Vec::with_capacity(cx.replicas);
        self.custody.responsible(cx, record, around, &mut responsible);
        if responsible.contains(&cx.me) {
            self.on_own_put_here(cx, record, &responsible);
        } else {
            self.custody.reports.forget(record);
            self.look_at(cx, &[record], around);
        }
    }

    /// Handles a put of this node that stored a new version here and on others of `named`.
    pub(in crate::storage) fn on_own_put_here(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        named: &[NodeId],
    ) {
        if cx.repair.threshold(cx.replicas).is_some() && cx.records.is_kept_by_responsible(record) {
            self.custody.reports.forget(record);
            for &node in named.iter().filter(|&&node| node != cx.me) {
                self.custody.reports.told(cx.now, record, node, cx.noise);
            }
            self.begin_reviews(cx);
        }
    }

    /// Handles a copy from `from`, which was `new` here.
    pub(in crate::storage) fn on_copy_here(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        (from, new): (NodeId, bool),
        around: &impl Neighbourhood,
    ) {
        if !self.keeps_reports(cx, record, around) {
            return;
        }
        if new {
            self.custody.reports.forget(record);
            self.assume_held(cx, record, around);
            self.custody.received(cx, record, around);
            self.begin_reviews(cx);
        }
        self.custody.reports.said(cx.now, record, from, Says::Holds);
    }

    /// Records a report about a record held here, and checks the copy again.
    fn learn(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
        write: impl FnOnce(&mut Reports),
    ) {
        if self.keeps_reports(cx, record, around) && self.store.version(record).is_some() {
            write(&mut self.custody.reports);
            self.look_at(cx, &[record], around);
        }
    }

    /// Handles a newer version fetched from `from`: the others may lack it too.
    pub(in crate::storage) fn on_fetched(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        from: NodeId,
        around: &impl Neighbourhood,
    ) {
        let now = cx.now;
        self.learn(cx, record, around, |reports| {
            reports.forget(record);
            reports.said(now, record, from, Says::Holds);
        });
    }

    /// Handles a store reply of `from`: it holds `record`.
    pub(in crate::storage) fn on_report(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        (from, says): (NodeId, Says),
        around: &impl Neighbourhood,
    ) {
        let now = cx.now;
        self.learn(cx, record, around, |reports| reports.said(now, record, from, says));
    }

    /// Handles the notice that `from` has dropped its copy.
    pub(in crate::storage) fn on_dropped(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        from: NodeId,
        around: &impl Neighbourhood,
    ) {
        self.learn(cx, record, around, |reports| reports.forget_of(record, from));
    }

    /// Handles the return of an astray record: `storers` hold it.
    pub fn on_returned(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        storers: &[NodeId],
        around: &impl Neighbourhood,
    ) {
        let (now, me) = (cx.now, cx.me);
        self.learn(cx, record, around, |reports| {
            for &storer in storers.iter().filter(|&&storer| storer != me) {
                reports.said(now, record, storer, Says::Holds);
            }
        });
    }

    /// Handles the timeout of an offer to `node`, or of a store request.
    pub(in crate::storage) fn on_silence(
        &mut self,
        cx: &mut StorageContext<'_>,
        node: NodeId,
        around: &impl Neighbourhood,
    ) {
        if cx.repair.threshold(cx.replicas).is_none() || around.passes_puts_on() {
            return;
        }
        let records = self.custody.not_heard(cx.now, node);
        if self.custody.is_silent(node) {
            self.look_at_all(cx, &Occasion::default(), around);
        } else {
            self.look_at(cx, &records, around);
        }
    }

    /// Checks the copies that are due, or all.
    pub(in crate::storage) fn on_look(&mut self, cx: &mut StorageContext<'_>, around: &impl Neighbourhood) {
        self.custody.timer = None;
        let records = self.custody.due(cx.now);
        if cx.now < self.custody.review {
            self.look_at(cx, &records, around);
            return self.set_look(cx);
        }
        self.custody.review = Time::NEVER;
        if !self.store.from(cx.records.first_kept()).is_empty() {
            self.custody.review = cx.now + REVIEW;
            self.look_at_all(cx, &Occasion { review: true, ..Occasion::default() }, around);
        }
        self.set_look(cx);
    }

    /// Schedules reviews from a random phase of their period, unless they have begun.
    fn begin_reviews(&mut self, cx: &mut StorageContext<'_>) {
        if self.custody.review == Time::NEVER {
            self.custody.review = cx.now + REVIEW.mul_f64(cx.noise.unit());
        }
        self.set_look(cx);
    }

    /// Sets the timer for the next check, unless an earlier one is set.
    fn set_look(&mut self, cx: &mut StorageContext<'_>) {
        let at = self.custody.next();
        if at == Time::NEVER || self.custody.timer.is_some_and(|timer| timer <= at) {
            return;
        }
        self.custody.timer = Some(at);
        self.rpcs.retain(|pending| pending.tag != Tag::Look);
        if let Some(at) = self.rpcs.pause(cx.now, cx.me, Tag::Look, at.since(cx.now), 0) {
            cx.do_effect(Effect::TimeoutTimer { at });
        }
    }

    fn look_at(&mut self, cx: &mut StorageContext<'_>, records: &[RecordId], around: &impl Neighbourhood) {
        let mut orders = Orders::default();
        for &record in records {
            if let Some(version) = self.store.version(record) {
                self.custody.look(cx, Held { record, version }, &Occasion::default(), around, &mut orders);
            }
        }
        self.carry_out(cx, orders);
    }

    fn look_at_all(&mut self, cx: &mut StorageContext<'_>, occasion: &Occasion<'_>, around: &impl Neighbourhood) {
        if around.passes_puts_on() {
            return;
        }
        let mut orders = Orders::default();
        for &held in self.store.from(cx.records.first_kept()) {
            self.custody.look(cx, held, occasion, around, &mut orders);
        }
        self.carry_out(cx, orders);
    }

    /// Carries out orders.
    pub(in crate::storage) fn carry_out(&mut self, cx: &mut StorageContext<'_>, orders: Orders) {
        let Orders { asks, moved_up, sends, returns, reserves, drops } = orders;
        reserves.into_iter().for_each(|(record, reserved)| self.store.reserve(record, reserved));
        self.offer(cx, asks, false);
        self.offer(cx, moved_up, true);
        for (to, Held { record, version }) in sends {
            self.hand_over(cx, to, record, version);
        }
        for Held { record, version } in returns {
            cx.do_effect(Effect::Return { record, version });
        }
        for (record, others) in drops {
            self.drop_copy(cx, record, &others);
        }
        self.set_look(cx);
    }

    fn drop_copy(&mut self, cx: &mut StorageContext<'_>, record: RecordId, others: &[NodeId]) {
        let version = self.store.remove(record).expect("it is held");
        self.custody.forget(record);
        cx.do_effect(Effect::Dropped { record, version });
        others.iter().for_each(|&node| cx.notice_of_repair(node, Message::Dropped { record }));
    }

    /// Whether there is room for `record` if copies in reserve are dropped.
    pub(in crate::storage) fn can_make_room(&self, cx: &StorageContext<'_>, record: RecordId) -> bool {
        self.store.has_room(record, cx.disk.saturating_add(self.store.reserved_bytes(cx.sizes)), cx.sizes)
    }

    /// Makes room for `record` if possible, by dropping copies in reserve as needed.
    pub(in crate::storage) fn make_room(&mut self, cx: &mut StorageContext<'_>, record: RecordId) -> bool {
        if !self.can_make_room(cx, record) {
            return false;
        }
        while !self.store.has_room(record, cx.disk, cx.sizes) {
            let reserved = self.store.reserved().first().copied().expect("it takes the room that is missing");
            let others = self.custody.reports.about(reserved).holders();
            self.drop_copy(cx, reserved, &others);
        }
        true
    }
}
