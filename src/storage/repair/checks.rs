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

use crate::engine::{Duration, Time};
use crate::model::{Envelope, NodeId, RecordId, Version};
use crate::storage::agent::Agent;
use crate::storage::desk::{Desk, Effect, Tag};
use crate::storage::message::Message;

/// Checks in progress, and pending copies.
#[derive(Debug, Default)]
pub struct Checks {
    under_way: Vec<Check>,
    making: Vec<Making>,
}

/// Check of all copies of a value.
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
struct Making {
    place: u32,
    value: RecordId,
    to: NodeId,
    /// Time after which the copy is requested again.
    until: Time,
}

/// Result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Holders of the newest version found.
    pub newest: Vec<NodeId>,
    /// Holders of older versions.
    pub older: Vec<NodeId>,
    /// Places of copies to be replaced.
    pub missing: Vec<u32>,
}

impl Checks {
    /// Begins a check by `by` of all `holders` of a value. An unfinished check of it is dropped: its node has gone, or
    /// has changed.
    pub fn begin(&mut self, by: NodeId, value: RecordId, holders: usize) {
        self.under_way.retain(|check| check.value != value);
        let (there, missing) = (Vec::new(), Vec::new());
        self.under_way.push(Check { by, value, waiting: holders, there, missing });
    }

    /// Handles the reply of `holder`, whose copy is at `place` unless another was named meanwhile, with its version;
    /// `None`: no copy, or no reply. Returns the result if it was the last reply, with `enough` copies being enough.
    pub fn answered(
        &mut self,
        (by, value): (NodeId, RecordId),
        (holder, place): (NodeId, Option<u32>),
        version: Option<Version>,
        enough: usize,
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
        let missing = if there.len() < enough { missing } else { Vec::new() };
        let nodes = |list: Vec<(NodeId, Version)>| list.into_iter().map(|one| one.0).collect();
        Some(Found { newest: nodes(newest), older: nodes(older), missing })
    }

    /// Whether a copy for `place` is pending.
    pub fn is_making(&mut self, now: Time, place: u32) -> bool {
        self.making.retain(|making| making.until > now);
        self.making.iter().any(|making| making.place == place)
    }

    /// Registers a pending copy for `place` on `to`, for up to `within`.
    pub fn make(&mut self, now: Time, place: u32, value: RecordId, to: NodeId, within: Duration) {
        self.making.push(Making { place, value, to, until: now + within });
    }

    /// Place of the pending copy that a machine's new copy of a value completes, if any.
    pub fn made(&mut self, value: RecordId, to: NodeId) -> Option<u32> {
        let at = self.making.iter().position(|making| (making.value, making.to) == (value, to))?;
        Some(self.making.swap_remove(at).place)
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.under_way.capacity() * size_of::<Check>() + self.making.capacity() * size_of::<Making>()
    }
}

impl Agent {
    /// Probes `holder` for its copy of a value. Ends in [`Effect::Probed`].
    pub fn probe(&mut self, desk: &mut Desk<'_>, value: RecordId, holder: NodeId) {
        if holder == desk.me {
            let version = self.store.version(value);
            return desk.do_effect(Effect::Probed { value, holder, version });
        }
        desk.call(&mut self.rpcs, holder, None, Message::Probe { record: value }, Tag::Probe(value));
    }

    /// Handles a probe.
    pub(in crate::storage) fn probed(&self, desk: &mut Desk<'_>, from: &Envelope, record: RecordId) {
        let answer = match self.store.version(record) {
            Some(version) => Message::Stored { record, version },
            None => Message::Missing { record },
        };
        desk.reply(from, answer);
    }

    /// Requests that `holder` send a copy of a value to `to`. The next check shows whether it succeeded.
    pub fn have_copied(&mut self, desk: &mut Desk<'_>, value: RecordId, holder: NodeId, to: NodeId) {
        if holder == desk.me {
            return self.copy_to(desk, value, to);
        }
        desk.call(&mut self.rpcs, holder, None, Message::Copy { record: value, to }, Tag::Copy);
    }

    /// Sends a copy of a record held here to `to`.
    pub(in crate::storage) fn copy_to(&mut self, desk: &mut Desk<'_>, record: RecordId, to: NodeId) {
        if let Some(version) = self.store.version(record) {
            self.hand_over(desk, to, record, version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: RecordId = RecordId::new(4);
    const BY: NodeId = NodeId(9);

    /// What is found if three holders at places 12 to 14 have these versions.
    fn found(versions: [Option<u32>; 3], enough: usize) -> Option<Found> {
        let mut checks = Checks::default();
        checks.begin(BY, VALUE, 3);
        let mut found = None;
        for (holder, version) in (0..3).zip(versions) {
            assert_eq!(found, None, "not all have answered");
            let named = (NodeId(holder), Some(12 + holder));
            found = checks.answered((BY, VALUE), named, version.map(Version), enough);
        }
        found
    }

    #[test]
    fn what_is_missing_is_made_again_from_the_newest_if_too_few_are_there() {
        let (newest, older) = (vec![NodeId(1)], vec![NodeId(0)]);
        let missing = |missing| Some(Found { newest: newest.clone(), older: older.clone(), missing });
        assert_eq!(found([Some(3), Some(5), None], 3), missing(vec![14]));
        assert_eq!(found([Some(3), Some(5), None], 2), missing(vec![]), "an older version is replaced, lazily too");
        assert_eq!(found([None; 3], 3), None);
    }

    #[test]
    fn a_copy_is_made_once_and_again_if_it_does_not_come() {
        let (mut checks, second) = (Checks::default(), Duration::from_secs(1));
        checks.make(Time::ZERO, 12, VALUE, NodeId(7), second);
        assert!(checks.is_making(Time::ZERO, 12) && !checks.is_making(Time::ZERO, 13));
        assert_eq!((checks.made(VALUE, NodeId(6)), checks.made(VALUE, NodeId(7))), (None, Some(12)));
        checks.make(Time::ZERO, 12, VALUE, NodeId(7), second);
        assert!(!checks.is_making(Time::ZERO + second, 12));
    }
}
