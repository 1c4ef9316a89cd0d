//! Hand-over: a node that leaves with notice sends each record that it keeps to the node that becomes responsible in its
//! place.
//!
//! One record after another: the next is sent when the last bit of the one before has left, so what fits into the notice
//! arrives whole, whether values travel as packets or as flows. Whoever hands over learns that from its line, from the answer,
//! or from the silence of the receiver, whichever comes first.

use super::agent::Agent;
use super::desk::{Desk, Effect};
use super::repair::Neighbourhood;
use crate::overlay::{NodeId, RecordId};

/// What a leaving node has still to hand over.
#[derive(Clone, Debug, Default)]
pub(super) struct Legacy {
    /// The next last.
    rest: Vec<RecordId>,
    /// Sent, and perhaps not yet on the wire.
    sent: Option<RecordId>,
}

impl Legacy {
    pub fn heap_bytes(&self) -> usize {
        self.rest.capacity() * size_of::<RecordId>()
    }
}

impl Agent {
    /// The node leaves with notice: hands its records over, the first now.
    pub fn on_leave(&mut self, desk: &mut Desk<'_>, neighbourhood: &impl Neighbourhood) {
        self.legacy.rest = self.store.from(desk.fixed).iter().rev().map(|held| held.record).collect();
        self.hand_over_next(desk, neighbourhood);
    }

    /// The copy of `record` that was sent last has left, was answered, or was not answered in time: sends the next one.
    pub fn handed_over(&mut self, desk: &mut Desk<'_>, record: RecordId, neighbourhood: &impl Neighbourhood) {
        if self.hands_over(record) {
            self.hand_over_next(desk, neighbourhood);
        }
    }

    /// Whether `record` is the one that was handed over last, and others wait for it.
    pub fn hands_over(&self, record: RecordId) -> bool {
        self.legacy.sent == Some(record)
    }

    fn hand_over_next(&mut self, desk: &mut Desk<'_>, neighbourhood: &impl Neighbourhood) {
        self.legacy.sent = None;
        while let Some(record) = self.legacy.rest.pop() {
            let Some(version) = self.store.version(record) else { continue };
            if let Some(heir) = heir(desk, record, neighbourhood) {
                self.legacy.sent = Some(record);
                self.hand_over(desk, heir, record, version);
                return desk.do_effect(Effect::HandedOver { record, to: heir });
            }
        }
    }
}

/// The node that becomes responsible for a record when this one goes, if this one is.
fn heir(desk: &Desk<'_>, record: RecordId, neighbourhood: &impl Neighbourhood) -> Option<NodeId> {
    let mut responsible = Vec::with_capacity(desk.replicas + 1);
    neighbourhood.responsible(record, desk.replicas + 1, &mut responsible);
    let place = responsible.iter().position(|&node| node == desk.me)?;
    responsible.last().copied().filter(|&heir| place < desk.replicas && heir != desk.me)
}
