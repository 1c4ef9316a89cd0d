//! Looking after copies that stay on the disks on which they were put: whoever keeps the pointer to a piece asks those whom it
//! names, and has one of them send a copy to another machine.
//!
//! What is missing is decided by whoever keeps the pointer (`run/keepers.rs`); here are the questions and the answers. A holder
//! that does not answer in time counts as gone, whether it has gone for good or not.

use super::agent::Agent;
use super::desk::{Desk, Effect, Tag};
use super::message::Message;
use crate::overlay::{Envelope, NodeId, RecordId};

impl Agent {
    /// Asks `holder` whether it has its copy of a value. Ends in [`Effect::Probed`].
    pub fn probe(&mut self, desk: &mut Desk<'_>, value: RecordId, holder: NodeId) {
        if holder == desk.me {
            let there = self.store.version(value).is_some();
            return desk.do_effect(Effect::Probed { value, holder, there });
        }
        desk.call(&mut self.rpcs, holder, None, Message::Probe { record: value }, Tag::Probe(value));
    }

    /// Somebody asks whether a copy is here.
    pub(super) fn probed(&self, desk: &mut Desk<'_>, from: &Envelope, record: RecordId) {
        let there = self.store.version(record).is_some();
        desk.reply(from, if there { Message::Stored { record } } else { Message::Missing { record } });
    }

    /// Has `holder` send a copy of a value to `to`. Whether it comes to that the next check will show.
    pub fn have_copied(&mut self, desk: &mut Desk<'_>, value: RecordId, holder: NodeId, to: NodeId) {
        if holder == desk.me {
            return self.copy_to(desk, value, to);
        }
        desk.call(&mut self.rpcs, holder, None, Message::Copy { record: value, to }, Tag::Copy);
    }

    /// Sends a copy of what is here to `to`.
    pub(super) fn copy_to(&mut self, desk: &mut Desk<'_>, record: RecordId, to: NodeId) {
        if let Some(version) = self.store.version(record) {
            self.hand_over(desk, to, record, version);
        }
    }
}
