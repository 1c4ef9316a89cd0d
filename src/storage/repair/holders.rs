//! Holder checks: eager and lazy repair of copies on random participants, which a pointer names.
//!
//! Once every period (`audit`) the node nearest to a pointer probes all holders that the pointer names, as the master
//! of a file does in Total Recall (Bhagwan et al., NSDI 2004). A holder that does not reply in time counts as missing,
//! though it may be back tomorrow.
//!
//! | event | action |
//! | --- | --- |
//! | a neighbour appears, fails, or leaves with notice; the own session ends | nothing |
//! | the own session begins | holders replaced meanwhile drop their copies |
//! | the period is over | all holders that a pointer names are probed, which moves no value |
//! | all have replied or timed out: fewer than r (eager) or the threshold (lazy) are there | one with the newest
//! version sends a copy for each missing one to another machine, which replaces it in the pointer |
//! | all have replied or timed out: one has an older version | one with the newest sends it that |
//! | a disk is full | the copy is refused, and another machine is drawn at the next check |
//! | no holder replies | nothing |
//!
//! # Departures from a real system
//!
//! * What pointers say is kept once for all ([`Pointers`]): naming another holder costs nothing.
//! * The machine for a new copy is drawn among those online that have no piece of the resource, as for
//!   [repair with a delay](super::delayed); finding it costs nothing.
//! * Whoever comes back after another was named in its place drops its copy as soon as it has joined, without asking.
//! * A copy made while a new version is put, or one that was away then, stays old until the next check.
//! * A piece of which no holder answers is not made again from others.
//!
//! Temporary absences cause repairs, of which `repair_useless_ratio` tells.

use crate::engine::{Duration, Time};
use crate::model::{Envelope, Held, NodeId, Record, RecordId, RecordSpace, Version};
use crate::storage::Neighbourhood;
use crate::storage::message::Message;
use crate::storage::node::StorageNode;
use crate::storage::node::context::{Effect, StorageContext, Tag};
use crate::storage::placement::pointers::{Pointers, new_holder};
use crate::storage::system::{Machines, Storage, SystemContext, SystemEffect};

/// Checks in progress, and pending copies.
#[derive(Debug)]
pub struct HolderChecks {
    /// Copies that are enough.
    enough: usize,
    /// Between two checks of a value; how long a copy may take.
    period: Duration,
    under_way: Vec<Check>,
    pending: Vec<PendingCopy>,
}

/// A check of all copies of a value.
#[derive(Debug)]
struct Check {
    by: NodeId,
    value: RecordId,
    waiting: usize,
    there: Vec<(NodeId, Version)>,
    /// Places of copies whose holders did not reply.
    missing: Vec<u32>,
}

/// Pending copy that a holder was told to send to `to`, for a place.
#[derive(Debug)]
struct PendingCopy {
    place: u32,
    value: RecordId,
    to: NodeId,
    /// Time after which the copy is requested again.
    until: Time,
}

/// Result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// Holders of the newest version that is there.
    newest: Vec<NodeId>,
    /// Holders of an older one.
    older: Vec<NodeId>,
    /// Places of copies to be replaced.
    missing: Vec<u32>,
}

impl HolderChecks {
    /// With so many copies being enough, and so long between two checks of a value.
    pub fn new(enough: usize, period: Duration) -> HolderChecks {
        HolderChecks { enough, period, under_way: Vec::new(), pending: Vec::new() }
    }

    /// Node `by` asks all holders of a value that its pointer names. A check of it that was not finished is forgotten: its node
    /// has gone, or is another.
    pub fn begin(
        &mut self,
        cx: &mut SystemContext<'_, impl Machines>,
        pointers: &Pointers,
        by: NodeId,
        value: RecordId,
    ) {
        self.under_way.retain(|check| check.value != value);
        let holders = pointers.holders(value);
        let (there, missing) = (Vec::new(), Vec::new());
        self.under_way.push(Check { by, value, waiting: holders.len(), there, missing });
        holders.iter().for_each(|&holder| cx.do_effect(SystemEffect::Probe { by, value, holder }));
    }

    /// `holder`, whose copy is at `place` unless another was named meanwhile, has said which version it has; `None`: it has none,
    /// or did not answer. Gives what was found if it was the last.
    fn answered(
        &mut self,
        (by, value): (NodeId, RecordId),
        (holder, place): (NodeId, Option<u32>),
        version: Option<Version>,
    ) -> Option<Found> {
        let at = self.under_way.iter().position(|check| (check.by, check.value) == (by, value))?;
        let check = &mut self.under_way[at];
        check.waiting -= 1;
        match version {
            Some(version) => check.there.push((holder, version)),
            None => check.missing.extend(place),
        }
        if check.waiting > 0 {
            return None;
        }
        let Check { there, missing, .. } = self.under_way.swap_remove(at);
        let newest = there.iter().map(|one| one.1).max()?;
        let (newest, older): (Vec<_>, Vec<_>) = there.iter().copied().partition(|one| one.1 == newest);
        let missing = if there.len() < self.enough { missing } else { Vec::new() };
        let nodes = |list: Vec<(NodeId, Version)>| list.into_iter().map(|one| one.0).collect();
        Some(Found { newest: nodes(newest), older: nodes(older), missing })
    }

    /// Whether a copy for `place` is pending.
    fn is_pending(&mut self, now: Time, place: u32) -> bool {
        self.pending.retain(|pending| pending.until > now);
        self.pending.iter().any(|pending| pending.place == place)
    }

    /// A machine has a new copy of a value: its pointer names it from now on, if the copy was made for that.
    pub fn copy_came(&mut self, pointers: &mut Pointers, value: RecordId, to: NodeId) {
        if let Some(at) = self.pending.iter().position(|pending| (pending.value, pending.to) == (value, to)) {
            pointers.name(self.pending.swap_remove(at).place, to);
        }
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.under_way.capacity() * size_of::<Check>() + self.pending.capacity() * size_of::<PendingCopy>()
    }
}

impl Storage {
    /// Node `by`, the nearest to its pointer, is to check the holders of a value.
    pub fn check_holders(&mut self, cx: &mut SystemContext<'_, impl Machines>, by: NodeId, value: RecordId) {
        if let (Some(checks), Some(pointers)) = (&mut self.holder_checks, &self.pointers) {
            checks.begin(cx, pointers, by, value);
        }
    }

    /// A holder has said which version of a value it has, if any, or nothing in time. After the last answer copies are sent to
    /// those that have older ones, and in place of those that are missing.
    pub fn probed(
        &mut self,
        cx: &mut SystemContext<'_, impl Machines>,
        (by, value): (NodeId, RecordId),
        holder: NodeId,
        version: Option<Version>,
    ) {
        let (Some(checks), Some(pointers)) = (&mut self.holder_checks, &self.pointers) else { return };
        let named = (holder, pointers.place(value, holder));
        let Some(found) = checks.answered((by, value), named, version) else { return };
        let mut from = found.newest.iter().copied().cycle();
        let mut next = || from.next().expect("somebody has the newest");
        for to in found.older {
            cx.do_effect(SystemEffect::Copy { by, value, from: next(), to });
        }
        let space = self.resources.space();
        for place in found.missing {
            if checks.is_pending(cx.now, place) {
                continue;
            }
            let target = new_holder(cx, (space, &self.nodes), place, space.resource(value));
            if let Some(to) = target {
                checks.pending.push(PendingCopy { place, value, to, until: cx.now + checks.period });
                cx.do_effect(SystemEffect::Copy { by, value, from: next(), to });
            }
        }
    }
}

impl StorageNode {
    /// The values whose holders this node is to check: those of the pointers held here to which it is the nearest node.
    pub fn values_to_check(&self, cx: &StorageContext<'_>, around: &impl Neighbourhood) -> Vec<RecordId> {
        let mut nearest = Vec::new();
        let mut is_nearest = |record| {
            nearest.clear();
            around.responsible(record, 1, &mut nearest);
            nearest.first() == Some(&cx.me)
        };
        let pointed = |held: &Held| match cx.records.kind(held.record) {
            Record::Pointer(value) if is_nearest(held.record) => Some(value),
            _ => None,
        };
        self.store.from(cx.records.first_kept()).iter().filter_map(pointed).collect()
    }

    /// Drops the copies in place of which others were named while this node was away. Gives them.
    pub fn drop_unnamed(&mut self, me: NodeId, space: RecordSpace, pointers: &Pointers) -> Vec<Held> {
        let values = self.store.held().iter().filter(|held| space.is_value(held.record));
        let unnamed = values.filter(|held| pointers.place(held.record, me).is_none());
        let unnamed: Vec<Held> = unnamed.copied().collect();
        unnamed.iter().for_each(|held| _ = self.store.remove(held.record));
        unnamed
    }

    /// Probes `holder` for its copy of a value. Ends in [`Effect::Probed`].
    pub fn probe(&mut self, cx: &mut StorageContext<'_>, value: RecordId, holder: NodeId) {
        if holder == cx.me {
            let version = self.store.version(value);
            return cx.do_effect(Effect::Probed { value, holder, version });
        }
        cx.call(&mut self.rpcs, holder, None, Message::Probe { record: value }, Tag::Probe(value));
    }

    /// Answers whether a copy is here.
    pub(in crate::storage) fn probed(&self, cx: &mut StorageContext<'_>, from: &Envelope, record: RecordId) {
        let answer = match self.store.version(record) {
            Some(version) => Message::Stored { record, version },
            None => Message::Missing { record },
        };
        cx.reply(from, answer);
    }

    /// Requests that `holder` send a copy of a value to `to`. The next check shows whether it succeeded.
    pub fn have_copied(&mut self, cx: &mut StorageContext<'_>, value: RecordId, holder: NodeId, to: NodeId) {
        if holder == cx.me {
            return self.copy_to(cx, value, to);
        }
        cx.call(&mut self.rpcs, holder, None, Message::Copy { record: value, to }, Tag::Copy);
    }

    /// Sends a copy of a record held here to `to`.
    pub(in crate::storage) fn copy_to(&mut self, cx: &mut StorageContext<'_>, record: RecordId, to: NodeId) {
        if let Some(version) = self.store.version(record) {
            self.hand_over(cx, to, record, version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;
    use crate::model::Coding;
    use crate::storage::tests::world::{World, storage};

    const VALUE: RecordId = RecordId::new(0);
    const BY: NodeId = NodeId(9);

    /// Ten machines, of which three hold the value by its pointer, with `enough` copies being enough; all are online.
    fn three_of_ten(enough: usize) -> (Storage, World) {
        let space = RecordSpace::new(1, Coding::WHOLE).with_pointers();
        let mut storage = storage(10, space);
        let mut pointers = Pointers::draw(&Streams::new(1), 10, space, 3);
        (0..3).for_each(|place| pointers.name(place, NodeId(place)));
        storage.pointers = Some(pointers);
        storage.holder_checks = Some(HolderChecks::new(enough, Duration::from_secs(60)));
        (storage, World { online: (0..10).map(NodeId).collect(), ..World::default() })
    }

    /// Checks the value, whose holders answer in these versions. Gives the copies that are sent.
    fn check(storage: &mut Storage, world: &mut World, versions: [Option<u32>; 3]) -> Vec<(NodeId, NodeId)> {
        let (checks, pointers) = (storage.holder_checks.as_mut().unwrap(), storage.pointers.as_ref().unwrap());
        let holders = pointers.holders(VALUE).to_vec();
        let probes = world.effects(|cx| checks.begin(cx, pointers, BY, VALUE));
        let probe = |holder| SystemEffect::Probe { by: BY, value: VALUE, holder };
        assert_eq!(probes, holders.iter().copied().map(probe).collect::<Vec<_>>());
        let mut effects = Vec::new();
        for (holder, version) in holders.into_iter().zip(versions) {
            assert_eq!(effects, [], "not all have answered");
            effects = world.effects(|cx| storage.probed(cx, (BY, VALUE), holder, version.map(Version)));
        }
        let copy = |effect| match effect {
            SystemEffect::Copy { by: BY, value: VALUE, from, to } => (from, to),
            other => panic!("{other:?}"),
        };
        effects.into_iter().map(copy).collect()
    }

    #[test]
    fn the_newest_is_copied_to_who_has_an_older_one_and_for_who_is_missing_if_too_few_are_there() {
        let (newest, older) = (NodeId(1), NodeId(0));
        let (mut storage, mut world) = three_of_ten(3);
        let copies = check(&mut storage, &mut world, [Some(3), Some(5), None]);
        assert_eq!((copies[0], copies[1].0, copies.len()), ((newest, older), newest, 2));
        let (mut storage, mut world) = three_of_ten(2);
        let lazy = check(&mut storage, &mut world, [Some(3), Some(5), None]);
        assert_eq!(lazy, [(newest, older)], "an older version is replaced, lazily too");
        assert_eq!(check(&mut storage, &mut world, [None; 3]), [], "there is nothing to copy");
    }

    #[test]
    fn a_copy_is_made_once_and_again_if_it_does_not_come_and_then_its_machine_is_named() {
        let (mut storage, mut world) = three_of_ten(3);
        let missing = [Some(5), Some(5), None];
        assert_eq!(check(&mut storage, &mut world, missing).len(), 1);
        assert_eq!(check(&mut storage, &mut world, missing), [], "it is on its way");
        world.now += Duration::from_secs(60);
        let to = check(&mut storage, &mut world, missing)[0].1;
        let (checks, pointers) = (storage.holder_checks.as_mut().unwrap(), storage.pointers.as_mut().unwrap());
        let other = (0..10).map(NodeId).find(|&node| node != to && node.0 > 2).unwrap();
        checks.copy_came(pointers, VALUE, other);
        assert_eq!(pointers.holders(VALUE), [0, 1, 2].map(NodeId), "that copy was not made for the pointer");
        checks.copy_came(pointers, VALUE, to);
        assert_eq!(pointers.holders(VALUE), [NodeId(0), NodeId(1), to]);
    }

    #[test]
    fn whoever_was_replaced_drops_its_copy_when_it_is_back() {
        let (mut storage, _) = three_of_ten(3);
        let (space, pointers) = (storage.resources.space(), storage.pointers.as_mut().unwrap());
        let node = &mut storage.nodes[2];
        node.store.keep(VALUE, Version(4));
        assert_eq!(node.drop_unnamed(NodeId(2), space, pointers), []);
        pointers.name(2, NodeId(7));
        let dropped = node.drop_unnamed(NodeId(2), space, pointers);
        assert_eq!(dropped, [Held { record: VALUE, version: Version(4) }]);
        assert!(node.store.held().is_empty());
    }
}
