//! Calling the handlers of a node's overlay, and doing what they ask for.

use super::event::{Body, Event};
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::measure::observer::Observer;
use crate::model::{NodeId, OpId, Stage};
use crate::overlay::{self, Contact, Context, Protocol, View};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Calls a handler of a node's overlay and applies its effects.
    pub(super) fn with_overlay(&mut self, node: NodeId, handler: impl FnOnce(&mut P, &mut Context<'_, P>)) {
        let mut effects = self.buffers.overlay.pop().unwrap_or_default();
        let reachable = self.reachability(node);
        let seat = &mut self.seats[node.index()];
        let epoch = seat.epoch();
        let mut cx = Context {
            now: self.now,
            view: View::new(node, &self.keys),
            config: self.fixed.config,
            shared: &mut self.shared,
            noise: &mut seat.noise,
            lists: &mut self.buffers.lists,
            held: self.storage.nodes.get(node.index()).map_or(&[], |storage| storage.store.given()),
            cached: self.storage.nodes.get(node.index()).map_or(&[], |storage| storage.cached()),
            caches: self.fixed.system.storage.caching.is_some(),
            sizes: self.storage.resources.sizes_in_packet(),
            wire: &self.fixed.system.wire,
            reachable,
            epoch,
            effects: &mut effects,
        };
        handler(&mut self.nodes[node.index()], &mut cx);
        self.apply_overlay(node, &effects);
        effects.list.clear();
        effects.answers.clear();
        self.buffers.overlay.push(effects);
    }

    fn apply_overlay(&mut self, node: NodeId, effects: &overlay::Effects<P::Message, P::Timer>) {
        use overlay::Effect;
        let epoch = self.seats[node.index()].epoch();
        let mut moved = false;
        for effect in &effects.list {
            match effect {
                Effect::Send { to, envelope, message } => {
                    self.transmit(*to, envelope, Body::Overlay(*message));
                }
                Effect::Timer { at, timer } => {
                    self.schedule(*at, Class::Timer, node, Event::Timer { node, epoch, timer: *timer });
                }
                Effect::TimeoutTimer { at } => {
                    self.schedule(*at, Class::Timer, node, Event::OverlayTimeout { node, epoch });
                }
                Effect::Neighbour { .. } => moved = true,
                other => self.apply_other(node, other, &effects.answers),
            }
        }
        if moved && self.seats[node.index()].joined && !self.storage.held(node).is_empty() {
            self.tell_storage(node, effects);
        }
    }

    /// What a handler asks for once in a while. (Apart, so that what it takes is not made ready for every packet.)
    #[inline(never)]
    fn apply_other(&mut self, node: NodeId, effect: &overlay::Effect<P::Message, P::Timer>, answers: &[Contact]) {
        use overlay::Effect;
        match *effect {
            Effect::Joined => self.has_joined(node),
            Effect::JoinedAsClient => self.has_joined_as_client(node),
            Effect::Left => self.forget_joined(node),
            Effect::JoinFailed => self.join_failed(node),
            Effect::AskMembers => self.ask_members(node),
            Effect::Found { op, first, count } => {
                self.walk_found(op, &answers[first as usize..(first + count) as usize]);
            }
            Effect::FoundRecord { op, holder, answer } => self.got(op, holder, answer, Stage::Overlay),
            Effect::Passed { op, passed } => self.storage.paths.add(op, passed),
            Effect::Gave { record } => self.storage.nodes[node.index()].gave(record),
            Effect::GiveUp { op, cause } => self.failed(op, cause),
            Effect::TimedOut { op } => {
                self.counts.operation_timeouts = self.counts.operation_timeouts.wrapping_add(1);
                self.count_operation_timeout(op);
            }
            Effect::Stored { op } => self.stored(op),
            Effect::Spread { op } => self.acknowledged(op, &[]),
            Effect::Send { .. } | Effect::Timer { .. } | Effect::TimeoutTimer { .. } | Effect::Neighbour { .. } => {
                unreachable!("done where most is")
            }
        }
    }

    pub(super) fn count_operation_timeout(&mut self, op: OpId) {
        if let Some(operation) = self.operations.charged(op) {
            operation.timeouts += 1;
        }
    }
}
