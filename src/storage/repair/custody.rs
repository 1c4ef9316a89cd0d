//! Custody: the one place that decides whether a copy is kept, offered, sent, put back or dropped.
//!
//! It knows who is responsible by this node's own account, what others have said of late ([`super::words`]), and how many
//! copies are enough: all of them for eager repair, a threshold for lazy repair. What each event leads to stands in
//! [`super::eager`] and [`super::lazy`]. It writes [`Orders`], which [`Agent`](super::super::Agent) carries out.

use super::Neighbourhood;
use super::seen::{Seen, print};
use super::silence::Silences;
use super::words::{LEAST_PAUSE, PAUSE, REVIEW, Says, Words, pause};
use crate::engine::{Duration, Source, Time};
use crate::model::{Held, NodeId, RecordId};
use crate::storage::desk::Desk;

/// The first pause before all responsible nodes are asked again about a copy that is not this node's to keep.
const ASTRAY_PAUSE: Duration = Duration::from_secs(20);
/// The first pause before it is put back again.
const RETURN_PAUSE: Duration = Duration::from_secs(60);

/// What is to be done about copies held here.
#[derive(Debug, Default)]
pub struct Orders {
    /// Ask these whether they hold it, which is an offer.
    pub asks: Vec<(NodeId, Held)>,
    /// Nodes to ask that take the place of one that has gone.
    pub moved_up: Vec<(NodeId, Held)>,
    /// Send these a copy.
    pub sends: Vec<(NodeId, Held)>,
    /// Put it where it belongs, with a lookup.
    pub returns: Vec<Held>,
    /// Put it into reserve, or take it out.
    pub reserves: Vec<(RecordId, bool)>,
    /// Drop it, and tell these.
    pub drops: Vec<(RecordId, Vec<NodeId>)>,
}

/// Why copies are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Occasion<'a> {
    pub appeared: &'a [NodeId],
    pub gone: &'a [NodeId],
    /// All whose word is old are asked.
    pub review: bool,
}

/// A copy that is not this node's to keep, or was not a while ago: pauses last until then.
#[derive(Clone, Copy, Debug)]
struct Astray {
    record: RecordId,
    /// It has been dropped, or is this node's to keep again.
    past: bool,
    /// Since when it is not, absences included.
    since: Time,
    /// When the responsible nodes were asked last, and how often since they became responsible.
    asked: Option<Time>,
    tries: u8,
    /// When they are asked next.
    next: Time,
    /// When it may be put back next, and how often it was.
    back: Time,
    returned: u8,
    /// A hash of who was responsible then.
    responsible: u32,
    /// It is in reserve.
    reserved: bool,
}

/// What one node knows about who else keeps what it holds.
#[derive(Clone, Debug)]
pub struct Custody {
    pub words: Words,
    /// By record.
    astray: Vec<Astray>,
    silences: Silences,
    /// By record.
    seen: Vec<Seen>,
    /// Reused by every look.
    buffer: Vec<NodeId>,
    /// A copy that is not this node's to keep is looked at by then.
    next: Time,
    /// When copies are looked at next, if a timer is set.
    pub timer: Option<Time>,
    /// When all are.
    pub review: Time,
}

impl Default for Custody {
    fn default() -> Custody {
        let (words, astray, silences) = (Words::default(), Vec::new(), Silences::default());
        Custody {
            words,
            astray,
            silences,
            seen: Vec::new(),
            buffer: Vec::new(),
            next: Time::NEVER,
            timer: None,
            review: Time::NEVER,
        }
    }
}

impl Custody {
    /// The up to r responsible nodes by this node's own account, nearest first, those left out that have been silent.
    pub fn responsible(&self, desk: &Desk<'_>, record: RecordId, around: &impl Neighbourhood, out: &mut Vec<NodeId>) {
        out.clear();
        around.responsible(record, desk.replicas + self.silences.count(), out);
        if self.silences.count() > 0 {
            out.retain(|node| !self.is_silent(*node));
            out.truncate(desk.replicas);
        }
    }

    /// Whether `node` is passed over because it does not answer.
    pub fn is_silent(&self, node: NodeId) -> bool {
        self.silences.is_silent(node)
    }

    /// `node` has said something.
    pub fn heard(&mut self, node: NodeId) {
        if self.silences.end(|silence| silence.node == node) {
            self.forget_bounds();
        }
    }

    /// `node` has not answered in time. Gives the records that it was asked about.
    pub fn not_heard(&mut self, now: Time, node: NodeId) -> Vec<RecordId> {
        self.silences.begin(now, node);
        self.words.silent(now, node)
    }

    /// Those who were passed over count again: whoever was responsible may not be any more.
    fn forget_bounds(&mut self) {
        self.seen.iter_mut().for_each(|seen| seen.farthest = None);
    }

    /// Decides what is to be done about one copy.
    pub fn look(
        &mut self,
        desk: &mut Desk<'_>,
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
        self.responsible(desk, held.record, around, &mut responsible);
        if self.saw(at, Seen::new(held.record, &responsible, desk.replicas)) && changed {
            self.buffer = responsible;
            return;
        }
        if responsible.contains(&desk.me) {
            if let Some(since) = self.no_longer_astray(held.record) {
                orders.reserves.push((held.record, false));
                self.words.wake(desk.now, held.record);
                if desk.now.since(since) >= PAUSE {
                    // It may have become old meanwhile: all are asked.
                    self.words.forget(held.record);
                }
            }
            self.look_at_own(desk, held, (occasion, &responsible), around, orders);
        } else {
            self.look_at_astray(desk, held, &responsible, orders);
        }
        self.words.keep_only(held.record, |node| responsible.contains(&node));
        self.settle(desk, held, &responsible, orders);
        self.buffer = responsible;
    }

    /// Remembers who is responsible for a record, at its place among [`Custody::seen`]. Gives whether these were it at the last
    /// look.
    fn saw(&mut self, at: Result<usize, usize>, seen: Seen) -> bool {
        match at {
            Ok(at) => std::mem::replace(&mut self.seen[at], seen).print == seen.print,
            Err(at) => {
                self.seen.insert(at, seen);
                false
            }
        }
    }

    /// A copy that is this node's to keep: asks those of whom it does not know whether they hold it too.
    fn look_at_own(
        &mut self,
        desk: &mut Desk<'_>,
        held: Held,
        (occasion, responsible): (&Occasion<'_>, &[NodeId]),
        around: &impl Neighbourhood,
        orders: &mut Orders,
    ) {
        let Occasion { appeared, gone, review } = *occasion;
        let about = self.words.about(held.record);
        let is_due = |&(_, node): &(usize, NodeId)| {
            node != desk.me && about.is_due(desk.now, node, appeared.contains(&node), review)
        };
        let due: Vec<(usize, NodeId)> = responsible.iter().copied().enumerate().filter(is_due).collect();
        for (place, node) in due {
            // Who left made room only if it was nearer than this one, which was not among the r then.
            let left = gone
                .iter()
                .copied()
                .chain(self.silences.passed_over())
                .filter(|&other| around.is_nearer(held.record, other, node));
            let moved_up = !appeared.contains(&node) && place + left.count() >= desk.replicas;
            self.words.asked(desk.now, held.record, node, desk.noise);
            if moved_up { &mut orders.moved_up } else { &mut orders.asks }.push((node, held));
        }
    }

    /// A copy that is not: asks all who are responsible, at once and when `hold` is over, and if none of them holds it or after
    /// that, after pauses and when they are others.
    fn look_at_astray(&mut self, desk: &mut Desk<'_>, held: Held, responsible: &[NodeId], orders: &mut Orders) {
        let at = self.astray_from(desk.now, held.record, desk.now);
        let astray = &mut self.astray[at];
        let over = astray.since + desk.hold;
        // Until then it is there in case that those who hold it go: they look after each other.
        let waits = desk.now < over && astray.asked.is_some() && self.words.about(held.record).is_held();
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
        if desk.now < astray.next {
            return;
        }
        astray.asked = Some(desk.now);
        astray.next = desk.now + pause(ASTRAY_PAUSE, astray.tries, desk.noise.unit());
        astray.tries = astray.tries.saturating_add(1);
        if desk.now < over {
            astray.next = astray.next.min(over);
        }
        self.next = self.next.min(astray.next);
        let about = self.words.about(held.record);
        let silent: Vec<NodeId> = responsible.iter().copied().filter(|&node| !about.is_open(node)).collect();
        for node in silent {
            self.words.asked(desk.now, held.record, node, desk.noise);
            orders.asks.push((node, held));
        }
    }

    /// The copy of `record` is not this node's to keep, by its account now. If it was before, those who are responsible are
    /// asked at `next` or later.
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

    /// Somebody who knows better has sent a copy here: if it is not this node's to keep, nobody is asked yet.
    pub fn received(&mut self, desk: &Desk<'_>, record: RecordId, around: &impl Neighbourhood) {
        let mut responsible = Vec::with_capacity(desk.replicas + self.silences.count());
        self.responsible(desk, record, around, &mut responsible);
        if !responsible.contains(&desk.me) {
            self.astray_from(desk.now, record, desk.now + ASTRAY_PAUSE);
        }
    }

    /// A copy is this node's to keep again, or has gone. Gives since when it was not, if it was not.
    fn no_longer_astray(&mut self, record: RecordId) -> Option<Time> {
        let at = self.astray.binary_search_by_key(&record, |astray| astray.record).ok()?;
        let astray = &mut self.astray[at];
        astray.reserved = false;
        (!std::mem::replace(&mut astray.past, true)).then_some(astray.since)
    }

    /// Decides what follows from what is known: sends copies if too few may be left, drops this one if it is not needed, and
    /// puts it back if nobody wants it.
    pub fn settle(&mut self, desk: &mut Desk<'_>, held: Held, responsible: &[NodeId], orders: &mut Orders) {
        let record = held.record;
        let round = desk.timeout + desk.timeout;
        if self.are_few_left(desk, record, responsible) {
            let about = self.words.about(record);
            let lacks = |node: NodeId| about.says(node) == Some(Says::Lacks) && !about.is_open(node);
            // Whoever said so long ago may have gone: the value is not sent before it has said so again.
            let is_fresh = |node: NodeId| about.age(desk.now, node) <= round;
            let lacking: Vec<(NodeId, bool)> =
                responsible.iter().copied().filter(|&node| lacks(node)).map(|node| (node, is_fresh(node))).collect();
            for (node, is_fresh) in lacking {
                self.words.asked(desk.now, record, node, desk.noise);
                if is_fresh { &mut orders.sends } else { &mut orders.asks }.push((node, held));
            }
        }
        let Ok(at) = self.astray.binary_search_by_key(&record, |astray| astray.record) else { return };
        let astray = &mut self.astray[at];
        if astray.past {
            return;
        }
        // Those who hold it are told of newer versions, and this node is not.
        let about = self.words.about(record);
        let reserved = about.is_held();
        if std::mem::replace(&mut astray.reserved, reserved) != reserved {
            orders.reserves.push((record, reserved));
        }
        let held_long = desk.now >= astray.since + desk.hold;
        // Each takes a time-out at most to answer, and another to store what it wants.
        let holding = about.holding(desk.now, round);
        if held_long && holding >= desk.replicas {
            return orders.drops.push((record, responsible.to_vec()));
        }
        let any = |what: &dyn Fn(NodeId) -> bool| responsible.iter().any(|node| what(*node));
        let comes = any(&|node| about.says(node) == Some(Says::Comes));
        if let Some(asked) = astray.asked.filter(|_| comes && held_long) {
            // Somebody else sends it: asked again soon.
            let soon = asked + pause(LEAST_PAUSE, astray.tries.saturating_sub(1), 0.5);
            astray.next = astray.next.min(soon.max(desk.now));
            self.next = self.next.min(astray.next);
        }
        let answered = astray.asked.is_some() && !any(&|node| about.is_open(node));
        let declined = any(&|node| about.says(node) == Some(Says::Declines));
        let held_elsewhere = any(&|node| about.may_hold(node));
        if answered && declined && (held_long || !held_elsewhere) && desk.now >= astray.back {
            astray.back = desk.now + pause(RETURN_PAUSE, astray.returned, desk.noise.unit());
            astray.returned = astray.returned.saturating_add(1);
            orders.returns.push(held);
        }
    }

    /// When copies are to be looked at next.
    pub fn next(&self) -> Time {
        self.next.min(self.words.next()).min(self.review)
    }

    /// The records to look at now.
    pub fn due(&mut self, now: Time) -> Vec<RecordId> {
        if self.silences.end(|silence| now.since(silence.at) >= REVIEW) {
            self.forget_bounds();
        }
        self.astray.retain(|astray| !astray.past || astray.asked.is_some_and(|asked| now.since(asked) < REVIEW));
        // Of a copy that is not this node's to keep, all are asked at once when its own pause is over.
        let is_astray = |record: RecordId| self.astray.binary_search_by_key(&record, |astray| astray.record);
        let mut records = self.words.due(now, |record| is_astray(record).is_ok_and(|at| !self.astray[at].past));
        let astray = || self.astray.iter().filter(|astray| !astray.past);
        records.extend(astray().filter(|astray| astray.next <= now).map(|astray| astray.record));
        records.sort_unstable();
        let later = astray().map(|astray| astray.next).filter(|&next| next > now);
        self.next = later.min().unwrap_or(Time::NEVER);
        records
    }

    /// A record is no longer held here.
    pub fn forget(&mut self, record: RecordId) {
        self.words.forget(record);
        self.no_longer_astray(record);
        self.seen.retain(|seen| seen.record != record);
    }

    /// The session ended.
    pub fn suspend(&mut self) {
        self.words.grow_old();
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
        self.words.heap_bytes()
            + self.astray.capacity() * size_of::<Astray>()
            + self.silences.heap_bytes()
            + self.seen.capacity() * size_of::<Seen>()
            + self.buffer.capacity() * size_of::<NodeId>()
    }
}
