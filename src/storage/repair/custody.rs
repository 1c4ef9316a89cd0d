//! Custody: decides whether a copy is kept, offered, sent, returned or dropped.
//!
//! It knows who is responsible by this node's own account, what others have said of late ([`super::reports`]), and how many
//! copies are enough: all of them for eager repair, a threshold for lazy repair. What each event leads to stands in
//! [`super::eager`] and [`super::lazy`]. It writes [`Orders`], which [`StorageNode`](super::super::StorageNode) carries out.

use super::reports::{LEAST_PAUSE, PAUSE, REVIEW, Reports, Says, pause};
use super::seen::{Seen, print};
use super::silence::Silences;
use crate::engine::{Duration, Source, Time};
use crate::model::{Held, NodeId, RecordId};
use crate::storage::Neighbourhood;
use crate::storage::node::context::StorageContext;

/// First pause before all responsible nodes are queried again about an astray copy.
const ASTRAY_PAUSE: Duration = Duration::from_secs(20);
/// First pause before an astray copy is returned again.
const RETURN_PAUSE: Duration = Duration::from_secs(60);

/// Orders about copies held here.
#[derive(Debug, Default)]
pub struct Orders {
    /// Offers: nodes to query whether they hold a copy.
    pub asks: Vec<(NodeId, Held)>,
    /// Offers to nodes that take the place of one that has gone.
    pub moved_up: Vec<(NodeId, Held)>,
    /// Copies to send.
    pub sends: Vec<(NodeId, Held)>,
    /// Copies to store on the responsible nodes, by a lookup.
    pub returns: Vec<Held>,
    /// Copies to put into reserve, or to take out.
    pub reserves: Vec<(RecordId, bool)>,
    /// Copies to drop, and the nodes to notify.
    pub drops: Vec<(RecordId, Vec<NodeId>)>,
}

/// Occasion of a check of copies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Occasion<'a> {
    pub appeared: &'a [NodeId],
    pub gone: &'a [NodeId],
    /// Whether this is a review: all nodes with old reports are queried.
    pub review: bool,
}

/// Astray copy, or one that was astray recently: pauses last until then.
#[derive(Clone, Copy, Debug)]
struct Astray {
    record: RecordId,
    /// Whether it has been dropped or is no longer astray.
    past: bool,
    /// Time since which it is astray, downtimes included.
    since: Time,
    /// Time of the last query of the responsible nodes.
    asked: Option<Time>,
    /// Number of queries since they became responsible.
    tries: u8,
    /// Time of the next query.
    next: Time,
    /// Earliest time of the next return.
    back: Time,
    /// Number of returns.
    returned: u8,
    /// Hash of the nodes responsible at the last query.
    responsible: u32,
    /// Whether it is in reserve.
    reserved: bool,
}

/// Knowledge of one node about other holders of its records.
#[derive(Clone, Debug)]
pub struct Custody {
    pub reports: Reports,
    /// Entries sorted by record.
    astray: Vec<Astray>,
    silences: Silences,
    /// Entries sorted by record.
    seen: Vec<Seen>,
    /// Buffer reused by every check.
    buffer: Vec<NodeId>,
    /// Time by which some astray copy is checked.
    next: Time,
    /// Time of the next check of copies, if a timer is set.
    pub timer: Option<Time>,
    /// Time of the next review.
    pub review: Time,
}

impl Default for Custody {
    fn default() -> Custody {
        let (reports, astray, silences, seen, buffer) = Default::default();
        Custody { reports, astray, silences, seen, buffer, next: Time::NEVER, timer: None, review: Time::NEVER }
    }
}

impl Custody {
    /// Up to r responsible nodes by this node's own tables, nearest first, without those that do not answer.
    pub fn responsible(
        &self,
        cx: &StorageContext<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
        out: &mut Vec<NodeId>,
    ) {
        out.clear();
        around.responsible(record, cx.replicas + self.silences.count(), out);
        if self.silences.count() > 0 {
            out.retain(|node| !self.is_silent(*node));
            out.truncate(cx.replicas);
        }
    }

    /// Whether `node` is passed over as unresponsive.
    pub fn is_silent(&self, node: NodeId) -> bool {
        self.silences.is_silent(node)
    }

    /// Notes a message from `node`.
    pub fn heard(&mut self, node: NodeId) {
        if self.silences.end(|silence| silence.node == node) {
            self.forget_bounds();
        }
    }

    /// Notes a timeout of `node`; returns the records that it was queried about.
    pub fn not_heard(&mut self, now: Time, node: NodeId) -> Vec<RecordId> {
        self.silences.begin(now, node);
        self.reports.silent(now, node)
    }

    /// Invalidates the known bounds of responsibility, as unresponsive nodes count again.
    fn forget_bounds(&mut self) {
        self.seen.iter_mut().for_each(|seen| seen.farthest = None);
    }

    /// Decides about one copy.
    pub fn look(
        &mut self,
        cx: &mut StorageContext<'_>,
        held: Held,
        occasion: &Occasion<'_>,
        around: &impl Neighbourhood,
        orders: &mut Orders,
    ) {
        // Others have come and gone; pauses have a timer.
        let changed = !(occasion.appeared.is_empty() && occasion.gone.is_empty());
        let at = self.seen.binary_search_by_key(&held.record, |seen| seen.record);
        if changed && at.is_ok_and(|at| self.seen[at].is_beyond(occasion, around)) {
            return;
        }
        let mut responsible = std::mem::take(&mut self.buffer);
        self.responsible(cx, held.record, around, &mut responsible);
        if self.saw(at, Seen::new(held.record, &responsible, cx.replicas)) && changed {
            self.buffer = responsible;
            return;
        }
        if responsible.contains(&cx.me) {
            if let Some(since) = self.no_longer_astray(held.record) {
                orders.reserves.push((held.record, false));
                self.reports.wake(cx.now, held.record);
                if cx.now.since(since) >= PAUSE {
                    // It may have become old meanwhile: all are asked.
                    self.reports.forget(held.record);
                }
            }
            self.look_at_own(cx, held, (occasion, &responsible), around, orders);
        } else {
            self.look_at_astray(cx, held, &responsible, orders);
        }
        self.reports.keep_only(held.record, |node| responsible.contains(&node));
        self.settle(cx, held, &responsible, orders);
        self.buffer = responsible;
    }

    /// Records the nodes responsible for a record, at its place among [`Custody::seen`]; returns whether they are those
    /// of the last check.
    fn saw(&mut self, at: Result<usize, usize>, seen: Seen) -> bool {
        match at {
            Ok(at) => std::mem::replace(&mut self.seen[at], seen).print == seen.print,
            Err(at) => {
                self.seen.insert(at, seen);
                false
            }
        }
    }

    /// Checks the node's own copy: queries the responsible nodes not known to hold it too.
    fn look_at_own(
        &mut self,
        cx: &mut StorageContext<'_>,
        held: Held,
        (occasion, responsible): (&Occasion<'_>, &[NodeId]),
        around: &impl Neighbourhood,
        orders: &mut Orders,
    ) {
        let Occasion { appeared, gone, review } = *occasion;
        let about = self.reports.about(held.record);
        let is_due = |&(_, node): &(usize, NodeId)| {
            node != cx.me && about.is_due(cx.now, node, appeared.contains(&node), review)
        };
        let due: Vec<(usize, NodeId)> = responsible.iter().copied().enumerate().filter(is_due).collect();
        for (place, node) in due {
            // Who left made room only if it was nearer than this one, which was not among the r then.
            let left = gone
                .iter()
                .copied()
                .chain(self.silences.passed_over())
                .filter(|&other| around.is_nearer(held.record, other, node));
            let moved_up = !appeared.contains(&node) && place + left.count() >= cx.replicas;
            self.reports.asked(cx.now, held.record, node, cx.noise);
            if moved_up { &mut orders.moved_up } else { &mut orders.asks }.push((node, held));
        }
    }

    /// Checks an astray copy: queries all responsible nodes at once and when `hold` is over; if none of them holds it,
    /// or after that, also after pauses and when they change.
    fn look_at_astray(&mut self, cx: &mut StorageContext<'_>, held: Held, responsible: &[NodeId], orders: &mut Orders) {
        let at = self.astray_from(cx.now, held.record, cx.now);
        let astray = &mut self.astray[at];
        let over = astray.since + cx.hold;
        // Until then it is there in case that those who hold it go: they look after each other.
        let waits = cx.now < over && astray.asked.is_some() && self.reports.about(held.record).is_held();
        let print = print(responsible);
        if print != astray.responsible && !waits {
            (astray.responsible, astray.tries) = (print, 0);
            if let Some(asked) = astray.asked {
                astray.next = astray.next.min(asked + LEAST_PAUSE);
            }
        }
        if waits {
            astray.next = over;
        } else if let Some(asked) = astray.asked {
            // It may have waited until now.
            astray.next = astray.next.min(asked + pause(ASTRAY_PAUSE, astray.tries.saturating_sub(1), 0.5));
        }
        self.next = self.next.min(astray.next);
        if cx.now < astray.next {
            return;
        }
        astray.asked = Some(cx.now);
        astray.next = cx.now + pause(ASTRAY_PAUSE, astray.tries, cx.noise.unit());
        astray.tries = astray.tries.saturating_add(1);
        if cx.now < over {
            astray.next = astray.next.min(over);
        }
        self.next = self.next.min(astray.next);
        let about = self.reports.about(held.record);
        let silent: Vec<NodeId> = responsible.iter().copied().filter(|&node| !about.is_open(node)).collect();
        for node in silent {
            self.reports.asked(cx.now, held.record, node, cx.noise);
            orders.asks.push((node, held));
        }
    }

    /// Marks the copy of `record` as astray. If it was astray before, the responsible nodes are queried at `next` or
    /// later.
    fn astray_from(&mut self, now: Time, record: RecordId, next: Time) -> usize {
        let at = match self.astray.binary_search_by_key(&record, |astray| astray.record) {
            Ok(at) if !self.astray[at].past => return at,
            Ok(at) => {
                let past = self.astray[at];
                self.astray[at] = Astray { past: false, since: now, next: past.next.max(next), ..past };
                at
            }
            Err(at) => {
                let (since, back, past, asked, reserved) = (now, now, false, None, false);
                let (tries, returned, responsible) = (0, 0, 0);
                let new = Astray { record, past, since, asked, tries, next, back, returned, responsible, reserved };
                self.astray.insert(at, new);
                at
            }
        };
        self.next = self.next.min(self.astray[at].next);
        at
    }

    /// Notes a copy sent by another node, which knows better: if it is astray here, no node is queried yet.
    pub fn received(&mut self, cx: &StorageContext<'_>, record: RecordId, around: &impl Neighbourhood) {
        let mut responsible = Vec::with_capacity(cx.replicas + self.silences.count());
        self.responsible(cx, record, around, &mut responsible);
        if !responsible.contains(&cx.me) {
            self.astray_from(cx.now, record, cx.now + ASTRAY_PAUSE);
        }
    }

    /// Clears the astray mark of a copy, as the node is responsible again or the copy is gone. Returns the time since
    /// which it was astray.
    fn no_longer_astray(&mut self, record: RecordId) -> Option<Time> {
        let at = self.astray.binary_search_by_key(&record, |astray| astray.record).ok()?;
        let astray = &mut self.astray[at];
        astray.reserved = false;
        (!std::mem::replace(&mut astray.past, true)).then_some(astray.since)
    }

    /// Acts on the known reports: sends copies if too few may be left, drops this one if it is not needed, and returns
    /// it if no node wants it.
    pub fn settle(&mut self, cx: &mut StorageContext<'_>, held: Held, responsible: &[NodeId], orders: &mut Orders) {
        let record = held.record;
        let round = cx.timeout + cx.timeout;
        if self.are_few_left(cx, record, responsible) {
            let about = self.reports.about(record);
            let lacks = |node: NodeId| about.says(node) == Some(Says::Lacks) && !about.is_open(node);
            // Whoever said so long ago may have gone: the value is not sent before it has said so again.
            let is_fresh = |node: NodeId| about.age(cx.now, node) <= round;
            let lacking: Vec<(NodeId, bool)> =
                responsible.iter().copied().filter(|&node| lacks(node)).map(|node| (node, is_fresh(node))).collect();
            for (node, is_fresh) in lacking {
                self.reports.asked(cx.now, record, node, cx.noise);
                if is_fresh { &mut orders.sends } else { &mut orders.asks }.push((node, held));
            }
        }
        let Ok(at) = self.astray.binary_search_by_key(&record, |astray| astray.record) else { return };
        let astray = &mut self.astray[at];
        if astray.past {
            return;
        }
        // Those who hold it are told of newer versions, and this node is not.
        let about = self.reports.about(record);
        let reserved = about.is_held();
        if std::mem::replace(&mut astray.reserved, reserved) != reserved {
            orders.reserves.push((record, reserved));
        }
        let held_long = cx.now >= astray.since + cx.hold;
        // Each takes a time-out at most to answer, and another to store what it wants.
        let holding = about.holding(cx.now, round);
        if held_long && holding >= cx.replicas {
            return orders.drops.push((record, responsible.to_vec()));
        }
        let any = |what: &dyn Fn(NodeId) -> bool| responsible.iter().any(|node| what(*node));
        let comes = any(&|node| about.says(node) == Some(Says::Comes));
        if let Some(asked) = astray.asked.filter(|_| comes && held_long) {
            // Somebody else sends it: asked again soon.
            let soon = asked + pause(LEAST_PAUSE, astray.tries.saturating_sub(1), 0.5);
            astray.next = astray.next.min(soon.max(cx.now));
            self.next = self.next.min(astray.next);
        }
        let answered = astray.asked.is_some() && !any(&|node| about.is_open(node));
        let declined = any(&|node| about.says(node) == Some(Says::Declines));
        let held_elsewhere = any(&|node| about.may_hold(node));
        if answered && declined && (held_long || !held_elsewhere) && cx.now >= astray.back {
            astray.back = cx.now + pause(RETURN_PAUSE, astray.returned, cx.noise.unit());
            astray.returned = astray.returned.saturating_add(1);
            orders.returns.push(held);
        }
    }

    /// Time of the next check of copies.
    pub fn next(&self) -> Time {
        self.next.min(self.reports.next()).min(self.review)
    }

    /// Records to check now.
    pub fn due(&mut self, now: Time) -> Vec<RecordId> {
        if self.silences.end(|silence| now.since(silence.at) >= REVIEW) {
            self.forget_bounds();
        }
        self.astray.retain(|astray| !astray.past || astray.asked.is_some_and(|asked| now.since(asked) < REVIEW));
        // Of a copy that is not this node's to keep, all are asked at once when its own pause is over.
        let is_astray = |record: RecordId| self.astray.binary_search_by_key(&record, |astray| astray.record);
        let mut records = self.reports.due(now, |record| is_astray(record).is_ok_and(|at| !self.astray[at].past));
        let astray = || self.astray.iter().filter(|astray| !astray.past);
        records.extend(astray().filter(|astray| astray.next <= now).map(|astray| astray.record));
        records.sort_unstable();
        let later = astray().map(|astray| astray.next).filter(|&next| next > now);
        self.next = later.min().unwrap_or(Time::NEVER);
        records
    }

    /// Removes a record that is no longer held here.
    pub fn forget(&mut self, record: RecordId) {
        self.reports.forget(record);
        self.no_longer_astray(record);
        self.seen.retain(|seen| seen.record != record);
    }

    /// Ends the session.
    pub fn suspend(&mut self) {
        self.reports.grow_old();
        self.astray.retain(|astray| !astray.past);
        for astray in &mut self.astray {
            let (next, back, asked, reserved, tries, returned) = (Time::ZERO, Time::ZERO, None, false, 0, 0);
            *astray = Astray { next, back, asked, reserved, tries, returned, ..*astray };
        }
        self.silences.clear();
        self.seen.clear();
        (self.next, self.timer, self.review) = (Time::NEVER, None, Time::NEVER);
    }

    pub fn heap_bytes(&self) -> usize {
        self.reports.heap_bytes()
            + self.astray.capacity() * size_of::<Astray>()
            + self.silences.heap_bytes()
            + self.seen.capacity() * size_of::<Seen>()
            + self.buffer.capacity() * size_of::<NodeId>()
    }
}
