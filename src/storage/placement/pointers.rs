//! Copies on participants drawn at random, and the pointers in the overlay that lead to them.
//!
//! Every piece is two records: the value, which stays on the disks of its holders, and a pointer under the same key, which
//! the overlay's responsible nodes keep and which names the holders. Of a pointer there are always three copies, which eager
//! repair looks after: what a scenario says of copies and repair it says of values.
//! A get or put looks up a pointer and goes on to the holders that it names. What pointers say is kept here once for all of
//! them: it changes only when [`delayed`](crate::storage::repair::delayed) or [`holders`](crate::storage::repair::holders)
//! repair has made a copy, which brings the pointers up to date at no cost.

use crate::engine::random::Purpose;
use crate::engine::{Source, Streams};
use crate::model::{NodeId, RecordId, RecordSpace, ResourceId, Version};
use crate::storage::StorageNode;
use crate::storage::system::{Machines, SystemContext};

const HOLDER: Purpose = Purpose::new("holder");
const TARGET: Purpose = Purpose::new("repair target");

/// Machines that are tried for a new copy before it is put off.
const TRIES: usize = 64;

/// What the pointers say.
#[derive(Debug)]
pub struct Pointers {
    /// Pieces of each resource.
    pieces: u32,
    /// Holders of each piece.
    copies: u32,
    /// By record, then by copy. A holder that has gone for good stays named until there is another.
    holders: Vec<NodeId>,
}

impl Pointers {
    /// Draws the holders among the participants of the start, whoever of them is online: environment, by resource, piece and
    /// copy. All copies of a resource are on different machines if there are enough, else those of each piece.
    pub fn draw(streams: &Streams, participants: u32, space: RecordSpace, replicas: u32) -> Pointers {
        let pieces = space.coding().pieces();
        let copies = replicas.min(participants);
        let mut holders = Vec::with_capacity((space.value_count() * copies) as usize);
        for resource in 0..space.resource_count() {
            let first = holders.len();
            for (piece, copy) in (0..pieces).flat_map(|piece| (0..copies).map(move |copy| (piece, copy))) {
                let enough = holders.len() - first < participants as usize;
                let apart_from = if enough { first } else { first + (piece * copies) as usize };
                let mut source = streams.part(HOLDER, resource.into(), u64::from(piece) << 32 | u64::from(copy));
                let mut draw = || NodeId(source.below(participants.into()) as u32);
                let drawn = std::iter::repeat_with(&mut draw).find(|one| !holders[apart_from..].contains(one));
                holders.push(drawn.expect("some participant is left"));
            }
        }
        Pointers { pieces, copies, holders }
    }

    /// Bytes of a pointer, given those of a contact.
    pub fn size(&self, contact: u32) -> u32 {
        self.copies * contact
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
        Some(value.number() * self.copies + copy as u32)
    }

    /// The value of which there is a copy at a place, and who holds it.
    pub fn at(&self, place: u32) -> (RecordId, NodeId) {
        (RecordId::new(place / self.copies), self.holders[place as usize])
    }

    /// The places of the copies of a resource.
    pub fn places_of(&self, resource: ResourceId) -> std::ops::Range<u32> {
        let each = self.pieces * self.copies;
        resource.0 * each..(resource.0 + 1) * each
    }

    /// Names `holder` for the copy at a place from now on.
    pub fn name(&mut self, place: u32, holder: NodeId) {
        self.holders[place as usize] = holder;
    }

    pub fn heap_bytes(&self) -> usize {
        self.holders.capacity() * size_of::<NodeId>()
    }
}

/// The newest version in which a piece can be copied, or rebuilt from others, now.
pub(in crate::storage) fn newest_to_copy(
    pointers: &Pointers,
    (space, nodes, machines): (RecordSpace, &[StorageNode], &impl Machines),
    value: RecordId,
) -> Option<Version> {
    let here = |piece: RecordId| {
        let online = pointers.holders(piece).iter().filter(|&&holder| machines.is_online(holder));
        online.filter_map(|holder| nodes[holder.index()].store.version(piece)).max()
    };
    here(value).or_else(|| {
        let mut versions: Vec<Version> = space.pieces_of(space.resource(value)).filter_map(here).collect();
        versions.sort_unstable();
        versions.iter().rev().nth(space.coding().needed as usize - 1).copied()
    })
}

/// A random online machine that holds no piece of a resource, for a new copy at `place`.
pub(in crate::storage) fn new_holder(
    cx: &SystemContext<'_, impl Machines>,
    (space, nodes): (RecordSpace, &[StorageNode]),
    place: u32,
    resource: ResourceId,
) -> Option<NodeId> {
    let mut source = cx.streams.part(TARGET, place.into(), cx.now.as_nanos());
    let online = cx.machines.online();
    let draw = || (!online.is_empty()).then(|| online[source.below(online.len() as u64) as usize]);
    std::iter::from_fn(draw).take(TRIES).find(|node| !nodes[node.index()].store.holds_any_of(space, resource))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coding;

    #[test]
    fn copies_of_a_resource_are_on_different_machines_while_there_are_enough() {
        let space = RecordSpace::new(50, Coding { needed: 2, parity: 1 });
        for (participants, different) in [(100, 6), (6, 6), (4, 4)] {
            let pointers = Pointers::draw(&Streams::new(1), participants, space, 2);
            for resource in space.resources() {
                let mut holders: Vec<_> = pointers.places_of(resource).map(|place| pointers.at(place).1).collect();
                assert!(holders.chunks(2).all(|piece| piece[0] != piece[1]), "two copies of a piece on one machine");
                holders.sort_unstable();
                holders.dedup();
                assert!(holders.len() >= different, "{participants} participants: {holders:?}");
            }
        }
    }

    #[test]
    fn a_holder_does_not_depend_on_how_many_there_are() {
        let space = RecordSpace::new(20, Coding::WHOLE);
        let few = Pointers::draw(&Streams::new(1), 10_000, space, 1);
        let many = Pointers::draw(&Streams::new(1), 10_000, space, 3);
        for value in (0..20).map(RecordId::new) {
            assert_eq!(few.holders(value)[0], many.holders(value)[0]);
            assert_eq!(many.place(value, many.holders(value)[2]), Some(3 * value.number() + 2));
        }
    }
}
