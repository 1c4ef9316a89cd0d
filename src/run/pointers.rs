//! Copies on participants drawn at random, and the pointers in the overlay that lead to them.
//!
//! Every piece is two records: the value, which stays on the disks of its holders, and a pointer under the same key, which
//! the overlay's responsible nodes keep and which names the holders. Of a pointer there are always three copies, which eager
//! repair looks after: what a scenario says of copies and repair it says of values. Values have the numbers 0 … N − 1, pointers N … 2N − 1.
//! A get or put walks to a pointer and goes on to whom it names. What pointers say is kept here once for all of them: it
//! changes only when [`super::mending`] or [`super::keepers`] has made a copy, which brings the pointers up to date at no cost.

use super::simulation::Simulation;
use crate::engine::random::Purpose;
use crate::engine::{Source, Streams};
use crate::measure::observer::Observer;
use crate::model::{Held, NodeId, OpId, Operation, OperationKind, RecordId, Stage, Version};
use crate::overlay::{Contact, Protocol};
use crate::storage::Coding;

const HOLDER: Purpose = Purpose::new("holder");

/// What the pointers say.
#[derive(Debug)]
pub(super) struct Pointers {
    /// Records that are values: the pointer of record i is record i + values.
    values: u32,
    /// Holders of each piece.
    copies: u32,
    /// By record, then by copy. A holder that has gone for good stays named until there is another.
    holders: Vec<NodeId>,
}

impl Pointers {
    /// Draws the holders among the participants of the start, whoever of them is online: environment, by resource, piece and
    /// copy. All copies of a resource are on different machines if there are enough, else those of each piece.
    pub fn draw(streams: &Streams, participants: u32, resources: u32, coding: Coding, replicas: u32) -> Pointers {
        let copies = replicas.min(participants);
        let mut holders = Vec::with_capacity((resources * coding.pieces() * copies) as usize);
        for resource in 0..resources {
            let first = holders.len();
            for (piece, copy) in (0..coding.pieces()).flat_map(|piece| (0..copies).map(move |copy| (piece, copy))) {
                let enough = holders.len() - first < participants as usize;
                let apart_from = if enough { first } else { first + (piece * copies) as usize };
                let mut source = streams.part(HOLDER, resource.into(), u64::from(piece) << 32 | u64::from(copy));
                let mut draw = || NodeId(source.below(participants.into()) as u32);
                let drawn = std::iter::repeat_with(&mut draw).find(|one| !holders[apart_from..].contains(one));
                holders.push(drawn.expect("some participant is left"));
            }
        }
        Pointers { values: resources * coding.pieces(), copies, holders }
    }

    /// Bytes of a pointer, given those of a contact.
    pub fn size(&self, contact: u32) -> u32 {
        self.copies * contact
    }

    /// Records that stay on the disks on which they were put.
    pub fn values(&self) -> u32 {
        self.values
    }

    /// Places for copies, numbered by record, then by copy.
    pub fn places(&self) -> usize {
        self.holders.len()
    }

    /// The holders of a value by its pointer.
    pub fn holders(&self, value: RecordId) -> &[NodeId] {
        let first = value.index() * self.copies as usize;
        &self.holders[first..first + self.copies as usize]
    }

    /// The place of the copy that `holder` has of a value.
    pub fn place(&self, value: RecordId, holder: NodeId) -> Option<u32> {
        let copy = self.holders(value).iter().position(|&one| one == holder)?;
        Some(value.index() as u32 * self.copies + copy as u32)
    }

    /// The value of which there is a copy at a place, and who holds it.
    pub fn at(&self, place: u32) -> (RecordId, NodeId) {
        (RecordId::new(place / self.copies), self.holders[place as usize])
    }

    /// The places of the copies of a resource.
    pub fn places_of(&self, resource: u32, coding: Coding) -> std::ops::Range<u32> {
        let each = coding.pieces() * self.copies;
        resource * each..(resource + 1) * each
    }

    /// Somebody else holds the copy at a place from now on.
    pub fn name(&mut self, place: u32, holder: NodeId) {
        self.holders[place as usize] = holder;
    }

    pub fn heap_bytes(&self) -> usize {
        self.holders.capacity() * size_of::<NodeId>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Records that stay where they were put; those after them, all as a rule, belong to whoever is responsible.
    pub fn fixed(&self) -> u32 {
        match (&self.pointers, self.providing()) {
            (Some(pointers), _) => pointers.values(),
            (None, Some(_)) => self.records.count(),
            (None, None) => 0,
        }
    }

    /// The pointer that leads to a value, if one is needed.
    pub fn pointer(&self, record: RecordId) -> Option<RecordId> {
        let (values, number) = (self.fixed(), record.index() as u32);
        let place = if self.pointers.is_some() { number } else { self.records.coding().resource(record) };
        (number < values).then(|| RecordId::new(place + values))
    }

    /// Version 0 of every value is on the disks of its holders.
    pub fn place_values(&mut self) {
        if self.providing().is_some() {
            return self.place_published();
        }
        let Some(pointers) = &self.pointers else { return };
        let copies: Vec<_> = (0..pointers.places() as u32).map(|place| pointers.at(place)).collect();
        copies.into_iter().for_each(|(value, holder)| self.place(value, holder));
        self.tell_stock();
    }

    /// A get or put of a value begins: at the pointer that its machine has itself, or with a walk to one.
    pub fn look_for_pointer(&mut self, op: OpId, pointer: RecordId) {
        let &mut Operation { node, .. } = self.operations.get(op).expect("it begins");
        match self.version_at(node, pointer) {
            Some(_) => self.pointed(op, Contact { node, hops: 0 }),
            None => self.walk_for(op, Some(pointer)),
        }
    }

    /// A walk came to the responsible nodes without meeting a pointer on its way: they are asked for it in turn.
    pub fn ask_for_pointer(&mut self, op: OpId, pointer: RecordId, nodes: &[Contact]) {
        let operation = self.operations.get(op).expect("its walk has ended");
        operation.stage = Stage::Pointer;
        let node = operation.node;
        self.with_agent(node, |agent, desk, _| agent.fetch(desk, op, pointer, nodes));
    }

    /// A pointer was read: gets ask the holders one after another, beginning anywhere, and puts
    /// store on all of them.
    pub fn pointed(&mut self, op: OpId, at: Contact) {
        if self.providing().is_some() {
            return self.ask_providers(op, at);
        }
        let operation = self.operations.get(op).expect("it has come to a pointer");
        operation.stage = Stage::Storage;
        operation.hops = at.hops.saturating_add(1);
        let &mut Operation { node, kind, record, version, hops, .. } = operation;
        let value = record.expect("gets and puts name a record");
        let pointers = self.pointers.as_ref().expect("a pointer was read");
        let mut named: Vec<Contact> = pointers.holders(value).iter().map(|&node| Contact { node, hops }).collect();
        let first = self.seats[node.index()].noise.below(named.len() as u64) as usize;
        named.rotate_left(first);
        self.tell_named(node, at.node, &named);
        self.with_agent(node, |agent, desk, _| match kind {
            OperationKind::Put => agent.put(desk, op, value, version, &named),
            _ => agent.fetch(desk, op, value, &named),
        });
    }

    /// The newest version in which a piece can be copied, or rebuilt from others, now.
    pub fn newest_to_copy(&self, value: RecordId) -> Option<Version> {
        let pointers = self.pointers.as_ref()?;
        let here = |piece: RecordId| {
            let online = pointers.holders(piece).iter().filter(|holder| self.seats[holder.index()].online);
            online.filter_map(|holder| self.agents[holder.index()].store.version(piece)).max()
        };
        here(value).or_else(|| {
            let coding = self.records.coding();
            let resource = coding.resource(value);
            let mut versions: Vec<Version> = coding.pieces_of(resource).filter_map(here).collect();
            versions.sort_unstable();
            versions.iter().rev().nth(coding.needed as usize - 1).copied()
        })
    }

    /// Whether a machine holds a piece of a resource.
    pub fn holds_any(&self, node: NodeId, resource: u32) -> bool {
        let coding = self.records.coding();
        let held = self.agents[node.index()].store.held();
        let first = held.partition_point(|&Held { record, .. }| record < coding.record(resource, 0));
        held.get(first).is_some_and(|held| held.record < coding.record(resource + 1, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_resource_are_on_different_machines_while_there_are_enough() {
        let coding = Coding { needed: 2, parity: 1 };
        for (participants, different) in [(100, 6), (6, 6), (4, 4)] {
            let pointers = Pointers::draw(&Streams::new(1), participants, 50, coding, 2);
            for resource in 0..50 {
                let mut holders: Vec<_> =
                    pointers.places_of(resource, coding).map(|place| pointers.at(place).1).collect();
                assert!(holders.chunks(2).all(|piece| piece[0] != piece[1]), "two copies of a piece on one machine");
                holders.sort_unstable();
                holders.dedup();
                assert!(holders.len() >= different, "{participants} participants: {holders:?}");
            }
        }
    }

    #[test]
    fn a_holder_does_not_depend_on_how_many_there_are() {
        let few = Pointers::draw(&Streams::new(1), 10_000, 20, Coding::WHOLE, 1);
        let many = Pointers::draw(&Streams::new(1), 10_000, 20, Coding::WHOLE, 3);
        for value in (0..20).map(RecordId::new) {
            assert_eq!(few.holders(value)[0], many.holders(value)[0]);
            assert_eq!(many.place(value, many.holders(value)[2]), Some(3 * value.index() as u32 + 2));
        }
    }
}
