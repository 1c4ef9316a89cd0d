//! Repair: records move when the nodes responsible for them change. What follows is eager repair; [`super::lazy`] says what is
//! different with lazy repair, and [`super::probing`] how copies are looked after that stay where they were put.
//!
//! When a neighbour appears that is among the r nodes responsible for a record held here, the record is offered to it;
//! when one has gone, to the node that has moved up into the r. An offer names records and versions; the answer says
//! which are wanted, and those are sent. A holder that is no longer among the r by its own account offers its copy to all
//! of them, and drops it once r others have just said that they hold it, so that copies do not pile up and go stale along
//! the paths of lookups. (One word is not enough: where tables are stale, the one that spoke may hold the last copy.)
//! A returning node offers what its disk holds, and fetches what has become newer meanwhile. A node on which a record is
//! stored by mistake passes it on in the same way.
//!
//! Nobody takes what is not its own to keep, except in the place of a node that has gone: else copies that were left behind
//! would wander from neighbour to neighbour and multiply. A holder whose neighbours all decline is far from where the record
//! belongs (on a ring it sees only its surroundings), and puts it back with a lookup.
//!
//! Offers are repeated to nodes that hold the record already: they cost 16 bytes a record, and no memory of who has what.

use super::Providing;
use super::agent::Agent;
use super::desk::{Desk, Effect, Tag};
use super::expiry::{Published, Republish};
use super::message::{Message, OFFERED_AT_ONCE, Standing};
use crate::engine::{Law, Noise, Time};
use crate::overlay::message::LARGEST_IN_PACKET;
use crate::overlay::{Held, List, NodeId, RecordId, Version};

/// What is done when the nodes responsible for a record change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repair {
    /// Nothing: copies are made by puts only, and lost with their holders.
    None,
    /// Whoever holds a record offers it to those that may lack it as soon as it learns of the change.
    Eager,
    /// The same once fewer than `threshold` copies, 1 to r, are believed to be up: see [`super::lazy`].
    Lazy { threshold: u32 },
    /// Nothing moves when nodes come and go: holders and publishers put their records again from time to time, and copies that
    /// were not put again expire. See [`super::expiry`].
    Republish(Republish),
    /// Copies on random participants are made again after a delay, by nobody in particular.
    Delay(Delay),
}

impl Repair {
    /// Whether copies are moved because nodes come and go.
    const fn follows_changes(self) -> bool {
        !matches!(self, Repair::None | Repair::Republish(_))
    }
}

/// A repair that takes time and nothing else: see [`Repair::Delay`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// Seconds from a permanent departure, or the end of the repair before, to the new copy.
    pub after: Law,
    /// Repairs of one resource under way at once, 1 or more.
    pub concurrency: u32,
}

/// Where the copies of a piece are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Keepers {
    /// On the nodes that the overlay holds responsible for its key.
    #[default]
    Responsible,
    /// On participants drawn whether they are online or not. Pointers in the overlay name them.
    RandomParticipants,
    /// On its publisher and those who have fetched it. Provider records in the overlay name them.
    Providers(Providing),
}

/// Who is responsible, by a node's own account. Implemented by `run/` on the node's overlay.
pub trait Neighbourhood {
    /// The up to `count` nodes nearest to the record's key, nearest first, this one included. Appends to `out`.
    fn responsible(&self, record: RecordId, count: usize, out: &mut Vec<NodeId>);

    /// Whether `a` is nearer to the record's key than `b`.
    fn is_nearer(&self, record: RecordId, a: NodeId, b: NodeId) -> bool;

    /// Whether a put goes to one of the responsible only, which passes it on to the others. Default false: to all of them.
    fn passes_puts_on(&self) -> bool {
        false
    }

    /// Whom to ask for `record` when a request to `asked` is sent again. Default the same.
    fn instead_of(&self, asked: NodeId, _record: RecordId, _noise: &mut Noise) -> NodeId {
        asked
    }
}

/// A node's word that it holds a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    record: RecordId,
    from: NodeId,
    at: Time,
}

/// A value too large for a packet that somebody sends here. Whoever else offers it is told so: two copies at once would
/// take twice the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coming {
    record: RecordId,
    version: Version,
    /// It is no more expected after that; `NEVER` while it moves.
    until: Time,
}

impl Agent {
    /// A value moves here, and has arrived by `until`.
    pub fn on_coming(&mut self, record: RecordId, version: Version, until: Time) {
        self.no_more_coming(record, version);
        self.coming.push(Coming { record, version, until });
    }

    /// Its way broke off, or it has arrived.
    pub fn no_more_coming(&mut self, record: RecordId, version: Version) {
        self.coming.retain(|coming| (coming.record, coming.version) != (record, version));
    }

    /// Whether this version or a newer one is on its way here, as far as is known. If not, and its value is too large for a
    /// packet, it is from now on, because this node is about to say that it wants it: within two time-outs, one for the
    /// answer and one for the first byte.
    fn comes_or_will(&mut self, desk: &Desk<'_>, record: RecordId, version: Version) -> bool {
        if desk.size(record) <= LARGEST_IN_PACKET {
            return false;
        }
        self.coming.retain(|coming| coming.until > desk.now);
        let comes = self.coming.iter().any(|coming| coming.record == record && coming.version >= version);
        if !comes {
            self.coming.push(Coming { record, version, until: desk.now + desk.timeout + desk.timeout });
        }
        comes
    }

    /// The overlay's tables gained `appeared` and lost `gone`.
    pub fn on_change(
        &mut self,
        desk: &mut Desk<'_>,
        appeared: &[NodeId],
        gone: &[NodeId],
        neighbourhood: &impl Neighbourhood,
    ) {
        if !desk.repair.follows_changes() || self.store.held().is_empty() {
            return;
        }
        if let Repair::Lazy { threshold } = desk.repair {
            return self.on_change_lazily(desk, threshold, neighbourhood);
        }
        let (mut offers, mut moved_up) = (Vec::new(), Vec::new());
        let mut responsible = Vec::with_capacity(desk.replicas);
        for held in self.store.from(desk.fixed) {
            responsible.clear();
            neighbourhood.responsible(held.record, desk.replicas, &mut responsible);
            if !responsible.contains(&desk.me) {
                // Perhaps nobody new is among them: a ring that many join at once moves past its holders.
                offers.extend(responsible.iter().map(|&node| (node, *held)));
                continue;
            }
            offers.extend(appeared.iter().filter(|node| responsible.contains(node)).map(|&node| (node, *held)));
            // Who left made room only if it was among the r: nearer than the last of those that are now.
            if let Some(&last) = responsible.last()
                && last != desk.me
                && !appeared.contains(&last)
                && gone.iter().any(|&node| neighbourhood.is_nearer(held.record, node, last))
            {
                moved_up.push((last, *held));
            }
        }
        self.offer(desk, offers, false, Tag::Offer);
        self.offer(desk, moved_up, true, Tag::Offer);
    }

    /// The node has joined (again): offers what its disk holds to those who are responsible now.
    pub fn on_return(&mut self, desk: &mut Desk<'_>, neighbourhood: &impl Neighbourhood) {
        if desk.terms.is_some() {
            return self.expire(desk);
        }
        if !desk.repair.follows_changes() {
            return;
        }
        let mut offers = Vec::new();
        let mut responsible = Vec::with_capacity(desk.replicas);
        for held in self.store.from(desk.fixed) {
            responsible.clear();
            neighbourhood.responsible(held.record, desk.replicas, &mut responsible);
            offers.extend(responsible.iter().filter(|&&node| node != desk.me).map(|&node| (node, *held)));
        }
        self.offer(desk, offers, false, Tag::Asked);
    }

    /// A put stored a record here. If by its own account this node is not among the responsible, the put's lookup did not
    /// know better: it is offered to them, and dropped once they hold it. (Kept, it would be missed by later puts
    /// and go stale in the path of lookups.) A hand-over or repair is not passed on: its sender knows who has gone.
    pub(super) fn pass_on_if_not_mine(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        neighbourhood: &impl Neighbourhood,
    ) {
        if !desk.repair.follows_changes() || (record.index() as u32) < desk.fixed {
            return;
        }
        let Some(version) = self.store.version(record) else { return };
        let mut responsible = Vec::with_capacity(desk.replicas);
        neighbourhood.responsible(record, desk.replicas, &mut responsible);
        if !responsible.contains(&desk.me) {
            let offers = responsible.into_iter().map(|node| (node, Held { record, version })).collect();
            self.offer(desk, offers, false, Tag::Offer);
        }
    }

    /// A put stored a record here alone: the others that are to hold it get it from this node.
    pub(super) fn replicate(&mut self, desk: &mut Desk<'_>, record: RecordId, neighbourhood: &impl Neighbourhood) {
        let Some(version) = self.store.version(record) else { return };
        let mut responsible = Vec::with_capacity(desk.replicas);
        neighbourhood.responsible(record, desk.replicas, &mut responsible);
        responsible.retain(|&node| node != desk.me);
        for node in responsible {
            self.send_copy(desk, node, record, version, Tag::Replica(record));
        }
    }

    /// A copy did not arrive, or its answer did not: it is offered once more. If that fails too, the other is down, and asks
    /// itself when it is back.
    pub(super) fn offer_again(&mut self, desk: &mut Desk<'_>, to: NodeId, record: RecordId) {
        if let Some(version) = self.store.version(record) {
            self.offer(desk, vec![(to, Held { record, version })], false, Tag::Offer);
        }
    }

    /// Sends offers, one message for up to [`OFFERED_AT_ONCE`] records to the same node.
    pub(super) fn offer(&mut self, desk: &mut Desk<'_>, mut offers: Vec<(NodeId, Held)>, moved_up: bool, tag: Tag) {
        offers.sort_unstable_by_key(|(node, held)| (*node, held.record));
        for to_one in offers.chunk_by(|a, b| a.0 == b.0) {
            for some in to_one.chunks(OFFERED_AT_ONCE) {
                let pairs = some.iter().flat_map(|(_, held)| [held.record.index() as u32, held.version.0]);
                let list = desk.lists.put(pairs);
                desk.call(&mut self.rpcs, some[0].0, None, Message::Offer { list, moved_up }, tag);
            }
        }
    }

    /// The answer to an offer.
    pub(super) fn stand_to(
        &mut self,
        desk: &mut Desk<'_>,
        offered: List,
        moved_up: bool,
        neighbourhood: &impl Neighbourhood,
    ) -> List {
        let mut responsible = Vec::with_capacity(desk.replicas);
        let mut entries = [0; OFFERED_AT_ONCE];
        let count = offered.len() / 2;
        for (place, entry) in entries[..count].iter_mut().enumerate() {
            let pair = &desk.lists.get(offered)[2 * place..];
            let (record, version) = (RecordId::new(pair[0]), Version(pair[1]));
            let standing = match self.store.version(record) {
                Some(own) if own == version => Standing::Same,
                Some(own) if own > version => Standing::Newer,
                _ => {
                    responsible.clear();
                    neighbourhood.responsible(record, desk.replicas, &mut responsible);
                    let mine = moved_up || responsible.contains(&desk.me);
                    match mine {
                        true if self.comes_or_will(desk, record, version) => Standing::Coming,
                        true => Standing::Wanted,
                        false => Standing::Declined,
                    }
                }
            };
            *entry = standing.entry(record);
        }
        desk.lists.put(entries[..count].iter().copied())
    }

    /// The answer came: sends what is wanted, fetches what is newer, and drops what is no longer this node's to keep.
    pub(super) fn on_standings(
        &mut self,
        desk: &mut Desk<'_>,
        from: NodeId,
        list: List,
        tag: Tag,
        neighbourhood: &impl Neighbourhood,
    ) {
        let mut entries = [0; OFFERED_AT_ONCE];
        let count = list.len();
        entries[..count].copy_from_slice(desk.lists.get(list));
        for &entry in &entries[..count] {
            let (record, standing) = Standing::read(entry);
            let Some(version) = self.store.version(record) else { continue };
            if let Repair::Lazy { threshold } = desk.repair {
                match standing {
                    Standing::Same | Standing::Newer => self.holders.add(record, from),
                    Standing::Wanted | Standing::Declined | Standing::Coming => self.holders.remove(record, from),
                }
                let spared = tag == Tag::Asked && !self.are_few_left(desk, threshold, record, neighbourhood);
                if standing == Standing::Wanted && spared {
                    continue;
                }
            }
            match standing {
                Standing::Coming => {}
                Standing::Wanted => self.hand_over(desk, from, record, version),
                Standing::Declined if self.is_mine(desk, record, neighbourhood) => {}
                Standing::Declined => desk.do_effect(Effect::Return { record, version }),
                Standing::Newer if self.is_mine(desk, record, neighbourhood) => {
                    desk.call(&mut self.rpcs, from, None, Message::Fetch { record }, Tag::Repair(record));
                }
                Standing::Same | Standing::Newer => self.on_word(desk, record, from, neighbourhood),
            }
        }
    }

    pub(super) fn hand_over(&mut self, desk: &mut Desk<'_>, to: NodeId, record: RecordId, version: Version) {
        self.send_copy(desk, to, record, version, Tag::Repair(record));
    }

    fn send_copy(&mut self, desk: &mut Desk<'_>, to: NodeId, record: RecordId, version: Version, tag: Tag) {
        let published = self.published(record).unwrap_or(Published::at(desk.now));
        let message = Message::Store { record, version, bytes: desk.size(record), published };
        desk.call(&mut self.rpcs, to, None, message, tag);
    }

    /// `from` said that it holds `record`, in this version or a newer one. If by its own account this node is not among the
    /// responsible, it drops its copy once as many others as are to hold it have said so within a round of offers: each
    /// takes a time-out at most to answer the offer, and another to store what it wants.
    pub(super) fn on_word(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        from: NodeId,
        neighbourhood: &impl Neighbourhood,
    ) {
        let stays = (record.index() as u32) < desk.fixed;
        if stays || self.store.version(record).is_none() || self.is_mine(desk, record, neighbourhood) {
            return;
        }
        let round = desk.timeout + desk.timeout;
        self.words.retain(|word| word.at + round >= desk.now && (word.record, word.from) != (record, from));
        self.words.push(Word { record, from, at: desk.now });
        if self.words.iter().filter(|word| word.record == record).count() >= desk.replicas {
            self.words.retain(|word| word.record != record);
            let version = self.store.remove(record).expect("it is held");
            self.holders.forget(record);
            self.ages.forget(record);
            desk.do_effect(Effect::Dropped { record, version });
        }
    }

    /// A record that belonged to others was put where it belongs: `storers` hold it.
    pub fn on_returned(
        &mut self,
        desk: &mut Desk<'_>,
        record: RecordId,
        storers: &[NodeId],
        neighbourhood: &impl Neighbourhood,
    ) {
        let me = desk.me;
        for &storer in storers.iter().filter(|&&storer| storer != me) {
            self.on_word(desk, record, storer, neighbourhood);
        }
    }

    /// Whether by its own account this node is among the responsible.
    fn is_mine(&self, desk: &Desk<'_>, record: RecordId, neighbourhood: &impl Neighbourhood) -> bool {
        let mut responsible = Vec::with_capacity(desk.replicas);
        neighbourhood.responsible(record, desk.replicas, &mut responsible);
        responsible.contains(&desk.me)
    }
}
