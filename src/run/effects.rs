//! Calling the handlers of a node, and doing what they ask for.

use super::event::{Body, Event};
use super::simulation::Simulation;
use crate::engine::Noise;
use crate::engine::order::Class;
use crate::measure::observer::{Copied, Observer};
use crate::model::{Held, Key, NodeId, OpId, RecordId, Stage};
use crate::overlay::{self, Change, Contact, Context, Placement, Protocol, Rule, View};
use crate::storage::{self, Agent, Desk, Neighbourhood, POINTER_COPIES, Repair};

/// Who is responsible by a node's own account.
pub(super) struct Around<'a, P: Protocol> {
    overlay: &'a P,
    shared: &'a P::Shared,
    view: View<'a>,
    record_keys: &'a [Key],
}

impl<P: Protocol> Neighbourhood for Around<'_, P> {
    fn responsible(&self, record: RecordId, count: usize, out: &mut Vec<NodeId>) {
        self.overlay.nearest(self.shared, &self.view, self.record_keys[record.index()], count, out);
    }

    fn is_nearer(&self, record: RecordId, a: NodeId, b: NodeId) -> bool {
        let Placement::Closest(metric) = P::PLACEMENT else { return false };
        let key = self.record_keys[record.index()];
        metric.distance(key, self.view.key(a)) < metric.distance(key, self.view.key(b))
    }

    fn passes_puts_on(&self) -> bool {
        P::PLACEMENT.is_servers()
    }

    fn instead_of(&self, asked: NodeId, record: RecordId, noise: &mut Noise) -> NodeId {
        match P::RULE {
            Rule::Servers(choose) => {
                let key = self.record_keys[record.index()];
                choose(self.shared, self.view.me, key, Some(asked), noise)
            }
            Rule::Closest(_) | Rule::Everyone(..) => asked,
        }
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Calls a handler of a node's overlay and applies its effects.
    pub fn with_overlay(&mut self, node: NodeId, handler: impl FnOnce(&mut P, &mut Context<'_, P>)) {
        let mut effects = self.buffers.overlay.pop().unwrap_or_default();
        let reachable = self.reachability(node);
        let seat = &mut self.seats[node.index()];
        let epoch = seat.epoch();
        let mut cx = Context {
            now: self.now,
            view: View::new(node, &self.keys),
            config: self.config,
            shared: &mut self.shared,
            noise: &mut seat.noise,
            lists: &mut self.lists,
            held: self.agents.get(node.index()).map_or(&[], |agent| agent.store.given()),
            cached: self.agents.get(node.index()).map_or(&[], |agent| agent.cached()),
            caches: self.system.storage.caching.is_some(),
            sizes: &self.sizes_in_packet,
            wire: &self.system.wire,
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

    /// Calls a handler of a node's storage and applies its effects; does nothing where there are no records.
    pub fn with_agent(&mut self, node: NodeId, handler: impl FnOnce(&mut Agent, &mut Desk<'_>, &Around<'_, P>)) {
        let (replicas, fixed) = (self.replicas() as usize, self.fixed());
        let (terms, disk) = (self.terms(node), self.disk(node));
        let Some(agent) = self.agents.get_mut(node.index()) else { return };
        let mut effects = self.buffers.storage.pop().unwrap_or_default();
        let seat = &mut self.seats[node.index()];
        let epoch = seat.epoch();
        let around = Around {
            overlay: &self.nodes[node.index()],
            shared: &self.shared,
            view: View::new(node, &self.keys),
            record_keys: &self.record_keys,
        };
        let mut desk = Desk {
            now: self.now,
            me: node,
            epoch,
            replicas,
            repair: if self.pointers.is_some() { &Repair::Eager } else { &self.system.storage.repair },
            hold: self.system.storage.hold,
            fixed,
            caching: self.system.storage.caching,
            terms,
            timeout: self.patience.timeout,
            retries: self.patience.retries,
            backoff: self.patience.backoff,
            noise: &mut seat.noise,
            disk,
            sizes: &self.sizes,
            wire: &self.system.wire,
            lists: &mut self.lists,
            effects: &mut effects,
        };
        handler(agent, &mut desk, &around);
        self.apply_storage(node, &effects);
        effects.list.clear();
        effects.storers.clear();
        self.buffers.storage.push(effects);
    }

    /// How many copies a record that the overlay keeps is to have, at most: of servers perhaps only one holds it.
    pub fn replicas(&self) -> u8 {
        match P::PLACEMENT {
            Placement::Servers => self.services.len() as u8,
            _ if self.pointers.is_some() => POINTER_COPIES as u8,
            _ => self.system.storage.replicas as u8,
        }
    }

    /// How many copies of a record there are to be.
    fn wanted_copies(&self, record: RecordId) -> u32 {
        let stays = (record.index() as u32) < self.fixed();
        if stays { self.system.storage.replicas } else { u32::from(self.replicas()) }
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
        if moved && self.seats[node.index()].joined && !self.held(node).is_empty() {
            self.tell_agent(node, effects);
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
            Effect::Passed { op, passed } => self.passed(op, passed),
            Effect::Gave { record } => self.agents[node.index()].gave(record),
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

    /// Storage hears who has entered or left the node's tables.
    fn tell_agent(&mut self, node: NodeId, effects: &overlay::Effects<P::Message, P::Timer>) {
        let changed = |wanted: Change| {
            effects.list.iter().filter_map(move |effect| match *effect {
                overlay::Effect::Neighbour { node, change } if change == wanted => Some(node),
                _ => None,
            })
        };
        let mut appeared = self.buffers.changes.pop().unwrap_or_default();
        let mut gone = self.buffers.changes.pop().unwrap_or_default();
        appeared.extend(changed(Change::Appeared));
        gone.extend(changed(Change::Gone));
        self.with_agent(node, |agent, desk, around| agent.on_change(desk, &appeared, &gone, around));
        for mut buffer in [gone, appeared] {
            buffer.clear();
            self.buffers.changes.push(buffer);
        }
    }

    fn apply_storage(&mut self, node: NodeId, effects: &storage::Effects) {
        use storage::Effect;
        for effect in &effects.list {
            match *effect {
                Effect::Send { to, envelope, message } => {
                    self.transmit(to, &envelope, Body::Storage(message));
                }
                Effect::TimeoutTimer { at } => {
                    let epoch = self.seats[node.index()].epoch();
                    self.schedule(at, Class::Timer, node, Event::StorageTimeout { node, epoch });
                }
                Effect::Kept { record, version, repaired } => {
                    if repaired {
                        let enough = self.records.copies(record) >= self.wanted_copies(record);
                        self.observer.repaired(self.now, self.copied(record), enough);
                    }
                    self.records.copy_made(self.now, Held { record, version }, true);
                    self.copy_came(record, node);
                    self.count_records(node);
                }
                Effect::Refused { .. } => self.observer.refused(self.now, self.hosts.of(node)),
                Effect::Renewed { record, before, version } => {
                    self.records.copy_renewed(self.now, Held { record, version: before }, version);
                    self.tell_stock();
                }
                Effect::Dropped { record, version } => {
                    self.records.copy_dropped(self.now, Held { record, version });
                    self.count_records(node);
                }
                Effect::HandedOver { record, to } => self.handed_over(node, record, to),
                Effect::ExpiryTimer { at } => self.schedule(at, Class::Timer, node, Event::Expires { node }),
                Effect::Return { record, version } => self.return_record(node, record, version),
                Effect::Stored { op } => self.stored(op),
                Effect::Got { op, holder, answer } => self.got(op, holder, answer, Stage::Storage),
                Effect::Probed { value, holder, version } => self.probed(node, value, holder, version),
                Effect::Cached { before, after } => self.cache_changed(before, after),
                Effect::Failed { op, cause } => self.storage_failed(op, cause),
                Effect::Acknowledged { op, storers } => {
                    let range = storers.first as usize..(storers.first + storers.count) as usize;
                    self.acknowledged(op, &effects.storers[range]);
                }
                Effect::TimedOut { op } => self.count_operation_timeout(op),
            }
        }
    }

    /// What kind of thing a record is.
    pub fn copied(&self, record: RecordId) -> Copied {
        match record.index() as u32 >= self.fixed() && self.fixed() > 0 {
            true => Copied::Pointer,
            false if self.records.coding().pieces() > 1 => Copied::Piece,
            false => Copied::Value,
        }
    }

    fn count_operation_timeout(&mut self, op: OpId) {
        if let Some(operation) = self.operations.charged(op) {
            operation.timeouts += 1;
        }
    }
}
