//! All tables of a run in one: a log of changes, and for each machine which of them it has received.
//!
//! N tables of N entries would be N². But tables differ only in what has not got through yet, so it suffices to keep
//! every change once, chained to the previous one of the same record or member, and per machine a position and a few
//! gaps: O(members + records + changes). What a machine knows is read through [`Known`], which looks at nothing else.

use std::ops::Range;

use super::received::Received;
use crate::model::{Key, NodeId, RecordId, Version};
use crate::overlay::{Roster, Wire};

/// A change of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new version of a record.
    Put(RecordId, Version),
    /// A member came online.
    Came(NodeId),
    /// A member went, or did not answer.
    Gone(NodeId),
    /// A machine began alone: whoever was a member before is gone.
    Founded,
}

impl Change {
    /// The member that it is about.
    pub fn member(self) -> Option<NodeId> {
        match self {
            Change::Came(member) | Change::Gone(member) => Some(member),
            Change::Put(..) | Change::Founded => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    change: Change,
    /// The next to look at if this one was not received: of a member its previous change, of a record the next lower
    /// version.
    previous: Option<Index>,
}

/// A position in the log, with a hole for `Option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Index(std::num::NonZeroU32);

impl Index {
    fn new(index: u32) -> Index {
        Index(std::num::NonZeroU32::new(index + 1).expect("a log has fewer than 2^32 changes"))
    }

    const fn get(self) -> u32 {
        self.0.get() - 1
    }
}

/// The tables of all machines.
#[derive(Debug, Default)]
pub struct Table {
    log: Vec<Entry>,
    /// Heads of the chains, by record and by member.
    records: Vec<Option<Index>>,
    members: Vec<Option<Index>>,
    foundings: Vec<u32>,
    /// The members of a converged start, by `NodeId`; empty if there was none.
    founders: Vec<bool>,
    /// All that were ever members, in the order of their keys.
    ring: Vec<(Key, NodeId)>,
    received: Vec<Received>,
    /// A buffer for lists of members, empty between uses: nothing is allocated per change.
    pub scratch: Vec<NodeId>,
}

/// Bytes of a change's version, beside what it is about.
pub(super) const VERSION_BYTES: u32 = 4;

impl Table {
    /// The run starts converged, with these members online, known to all. Only the first call changes anything.
    ///
    /// Version 0 of every record is then on the disk of every machine, of those too that are offline: they took part
    /// before.
    pub fn converge(&mut self, roster: &Roster) {
        if !self.founders.is_empty() {
            return;
        }
        self.ring = roster.iter().collect();
        let nodes = roster.iter().map(|(_, node)| node.index() + 1).max().unwrap_or(0);
        self.founders = vec![false; nodes];
        for (_, node) in roster.iter() {
            self.founders[node.index()] = true;
        }
        grow(&mut self.members, nodes);
        grow(&mut self.received, nodes);
    }

    /// Logs a change that machine `by` has made or found out. Gives its position in the log.
    pub fn log(&mut self, by: NodeId, change: Change) -> u32 {
        let index = self.log.len() as u32;
        let new = Some(Index::new(index));
        let previous = match change {
            Change::Put(record, _) => {
                grow(&mut self.records, record.index() + 1);
                self.chain_by_version(record, index, change)
            }
            Change::Came(member) | Change::Gone(member) => {
                grow(&mut self.members, member.index() + 1);
                std::mem::replace(&mut self.members[member.index()], new)
            }
            Change::Founded => {
                self.foundings.push(index);
                None
            }
        };
        self.log.push(Entry { change, previous });
        self.receive(by, index..index + 1);
        index
    }

    /// Logs that `member` came online.
    pub fn log_came(&mut self, by: NodeId, member: NodeId, key: Key) -> u32 {
        if let Err(at) = self.ring.binary_search(&(key, member)) {
            self.ring.insert(at, (key, member));
        }
        self.log(by, Change::Came(member))
    }

    /// Puts a version into its record's chain, newest version first: nearly always at the head, but a put that had to
    /// wait is logged after a newer one.
    fn chain_by_version(&mut self, record: RecordId, index: u32, change: Change) -> Option<Index> {
        let rank = |change| if let Change::Put(_, version) = change { version } else { unreachable!("of a record") };
        let mut above = None;
        let mut below = self.records[record.index()];
        while let Some(at) = below.filter(|at| rank(self.log[at.get() as usize].change) > rank(change)) {
            above = below;
            below = self.log[at.get() as usize].previous;
        }
        match above {
            None => self.records[record.index()] = Some(Index::new(index)),
            Some(at) => self.log[at.get() as usize].previous = Some(Index::new(index)),
        }
        below
    }

    /// A message has brought `machine` the changes of `run`. Gives whether there was something new among them.
    pub fn receive(&mut self, machine: NodeId, run: Range<u32>) -> bool {
        grow(&mut self.received, machine.index() + 1);
        let received = &mut self.received[machine.index()];
        let news = received.gap_from(run.start).start < run.end;
        received.insert(run);
        news
    }

    pub fn change(&self, index: u32) -> Change {
        self.log[index as usize].change
    }

    /// Bytes of a change in a message, beside the identity of the member that it is about.
    pub fn bytes_of(&self, index: u32, sizes: &[u32], wire: &Wire) -> u32 {
        match self.change(index) {
            Change::Put(record, _) => wire.identifier + VERSION_BYTES + sizes[record.index()],
            Change::Came(_) | Change::Gone(_) => VERSION_BYTES,
            Change::Founded => wire.identifier + VERSION_BYTES,
        }
    }

    /// The table as `machine` knows it.
    pub fn known_by(&self, machine: NodeId) -> Known<'_> {
        const NOTHING: &Received = &Received::new();
        let received = self.received.get(machine.index()).unwrap_or(NOTHING);
        let founded = self.foundings.iter().rev().copied().find(|&index| received.contains(index));
        Known { table: self, machine, received, founded }
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.log.capacity() * size_of::<Entry>()
            + (self.records.capacity() + self.members.capacity() + self.foundings.capacity()) * 4
            + self.founders.capacity()
            + self.scratch.capacity() * size_of::<NodeId>()
            + self.ring.capacity() * size_of::<(Key, NodeId)>()
            + self.received.capacity() * size_of::<Received>()
            + self.received.iter().map(Received::heap_bytes).sum::<usize>()
    }
}

fn grow<T: Clone + Default>(list: &mut Vec<T>, length: usize) {
    if list.len() < length {
        list.resize(length, T::default());
    }
}

/// The table as one machine knows it: by the changes it has received, and by how the run started.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    table: &'a Table,
    machine: NodeId,
    received: &'a Received,
    founded: Option<u32>,
}

impl<'a> Known<'a> {
    /// The first change of a chain that this machine has received.
    fn first_of(&self, mut head: Option<Index>) -> Option<u32> {
        while let Some(index) = head.filter(|index| !self.received.contains(index.get())) {
            head = self.table.log[index.get() as usize].previous;
        }
        head.map(Index::get)
    }

    /// The last change received about a member, as its position in the log.
    pub fn last_about(&self, member: NodeId) -> Option<u32> {
        self.first_of(*self.table.members.get(member.index())?)
    }

    /// Whether it believes `member` to be online. It has no doubt about itself.
    pub fn online(&self, member: NodeId) -> bool {
        if member == self.machine {
            return true;
        }
        let since = |index: &u32| self.founded.is_none_or(|founded| founded < *index);
        match self.last_about(member).filter(since) {
            Some(index) => matches!(self.table.change(index), Change::Came(_)),
            None => self.founded.is_none() && self.table.founders.get(member.index()) == Some(&true),
        }
    }

    /// Version of a record in this table.
    pub fn version(&self, record: RecordId) -> Option<Version> {
        let last = self.table.records.get(record.index()).and_then(|&head| self.first_of(head));
        match last.map(|index| self.table.change(index)) {
            Some(Change::Put(_, version)) => Some(version),
            _ => (!self.table.founders.is_empty()).then_some(Version(0)),
        }
    }

    /// The members that it believes online, clockwise from `key`.
    pub fn clockwise(self, key: Key) -> impl Iterator<Item = NodeId> + 'a {
        let ring = &self.table.ring;
        let at = ring.partition_point(|member| member.0 < key);
        let around = ring[at..].iter().chain(&ring[..at]);
        around.map(|&(_, member)| member).filter(move |&member| self.online(member))
    }

    /// The other members that it believes online, by number from the one after `after` to `last`, around the end if
    /// `last` is before `after`.
    pub fn between(self, after: NodeId, last: NodeId) -> impl Iterator<Item = NodeId> + 'a {
        let count = self.table.members.len() as u32;
        let upto = |node: NodeId| node.0.checked_add(1).map_or(count, |end| end.min(count));
        let (head, tail) =
            if after <= last { (upto(after)..upto(last), 0..0) } else { (upto(after)..count, 0..upto(last)) };
        let others = head.chain(tail).map(NodeId).filter(move |&member| member != self.machine);
        others.filter(move |&member| self.online(member))
    }

    /// The first changes within `wanted` that it can pass on in one piece of at most `limit` bytes (but at
    /// least one change), and the bytes they take beside the identities of members. Of versions of one record only the last
    /// it has is sent, and so for members.
    pub fn piece(&self, wanted: Range<u32>, limit: u32, sizes: &[u32], wire: &Wire) -> (Range<u32>, u32) {
        let run = self.received.run_in(wanted);
        let (mut bytes, mut identities) = (0, 0);
        for index in run.clone() {
            let named = self.members_in(index..index + 1).count() as u32 * wire.contact;
            let more = if self.is_last(index) { self.table.bytes_of(index, sizes, wire) } else { 0 };
            if bytes > 0 && [bytes, identities, more, named].map(u64::from).iter().sum::<u64>() > limit.into() {
                return (run.start..index, bytes);
            }
            bytes += more;
            identities += named;
        }
        (run, bytes)
    }

    /// The members that the changes of a run are about which it would pass on.
    pub fn members_in(self, run: Range<u32>) -> impl Iterator<Item = NodeId> + 'a {
        run.filter(move |&index| self.is_last(index)).filter_map(move |index| self.table.change(index).member())
    }

    /// Whether nothing that it has received supersedes a change that it has received.
    fn is_last(&self, index: u32) -> bool {
        let last = match self.table.change(index) {
            Change::Put(record, _) => self.first_of(self.table.records[record.index()]),
            Change::Came(member) | Change::Gone(member) => self.last_about(member),
            Change::Founded => self.founded,
        };
        last == Some(index)
    }

    /// The first changes from `from` on that it lacks.
    pub fn gap_from(&self, from: u32) -> Range<u32> {
        self.received.gap_from(from)
    }

    /// Past the last change it has received.
    pub fn position(&self) -> u32 {
        self.received.position()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);
    const C: NodeId = NodeId(2);

    fn converged(nodes: u32) -> Table {
        let mut table = Table::default();
        table.converge(&Roster::new((0..nodes).map(|node| (Key(u64::from(node) * 10), NodeId(node))).collect()));
        table
    }

    #[test]
    fn a_machine_knows_what_it_has_received_and_nothing_else() {
        let mut table = converged(3);
        let record = RecordId::new(5);
        let put = table.log(A, Change::Put(record, Version(1)));
        let gone = table.log(A, Change::Gone(C));
        assert_eq!(table.known_by(A).version(record), Some(Version(1)));
        assert_eq!(table.known_by(B).version(record), Some(Version(0)));
        assert!(!table.known_by(A).online(C) && table.known_by(B).online(C));
        assert!(table.receive(B, gone..gone + 1));
        assert!(!table.known_by(B).online(C));
        assert_eq!(table.known_by(B).version(record), Some(Version(0)), "the put is still a gap");
        assert!(table.receive(B, put..gone + 1) && !table.receive(B, put..put + 1));
        assert_eq!(table.known_by(B).version(record), Some(Version(1)));
    }

    #[test]
    fn a_version_logged_late_does_not_hide_a_newer_one() {
        let mut table = converged(2);
        let record = RecordId::new(0);
        for version in [2, 1, 4, 3] {
            table.log(A, Change::Put(record, Version(version)));
        }
        assert_eq!(table.known_by(A).version(record), Some(Version(4)));
        table.receive(B, 1..2);
        table.receive(B, 3..4);
        assert_eq!(table.known_by(B).version(record), Some(Version(3)));
    }

    #[test]
    fn a_founding_ends_all_memberships_before_it() {
        let mut table = converged(3);
        table.log(A, Change::Founded);
        assert_eq!(table.known_by(A).between(A, C).count(), 0);
        assert_eq!(table.known_by(B).clockwise(Key(0)).collect::<Vec<_>>(), [A, B, C], "nobody has told it");
        let came = table.log_came(A, C, Key(20));
        assert_eq!(table.known_by(A).clockwise(Key(1)).collect::<Vec<_>>(), [C, A]);
        table.receive(B, 0..came + 1);
        assert_eq!(table.known_by(B).between(B, A).collect::<Vec<_>>(), [C], "the founder has not said that it came");
    }

    #[test]
    fn members_are_counted_around_the_end() {
        let mut table = converged(6);
        table.log(C, Change::Gone(NodeId(4)));
        let between = |after, last| {
            let members = table.known_by(C).between(NodeId(after), NodeId(last));
            members.map(|node| node.0).collect::<Vec<_>>()
        };
        assert_eq!(between(2, 1), [3, 5, 0, 1]);
        assert_eq!(between(0, u32::MAX), [1, 3, 5], "all after the first");
        assert!(between(4, 4).is_empty());
        assert_eq!(between(5, 0), [0]);
    }

    #[test]
    fn a_piece_holds_the_last_version_only_and_ends_at_its_limit_or_a_gap() {
        let mut table = converged(2);
        let sizes = [100; 3];
        let wire = &Wire::P2PSIM;
        for (record, version) in [(0, 1), (0, 2), (1, 1), (2, 1)] {
            table.log(A, Change::Put(RecordId::new(record), Version(version)));
        }
        assert_eq!(table.known_by(A).piece(0..u32::MAX, 1000, &sizes, wire), (0..4, 324));
        assert_eq!(table.known_by(A).piece(0..u32::MAX, 220, &sizes, wire), (0..3, 216));
        assert_eq!(table.known_by(A).piece(3..u32::MAX, 1, &sizes, wire), (3..4, 108), "never nothing");
        table.log(B, Change::Gone(C));
        table.log(A, Change::Came(C));
        assert_eq!(table.known_by(A).piece(3..u32::MAX, 1000, &sizes, wire), (3..4, 108));
        assert_eq!(table.known_by(A).piece(4..u32::MAX, 1000, &sizes, wire), (5..6, 4), "beside the member's identity");
        assert_eq!(table.known_by(B).piece(0..3, 1000, &sizes, wire), (3..3, 0));
    }

    #[test]
    fn memory_grows_with_members_and_changes_but_not_with_their_product() {
        let bytes = |nodes: u32, changes: u32| {
            let mut table = converged(nodes);
            for change in 0..changes {
                let index = table.log(NodeId(change % nodes), Change::Put(RecordId::new(change % 50), Version(change)));
                (0..nodes).for_each(|node| _ = table.receive(NodeId(node), index..index + 1));
            }
            table.heap_bytes()
        };
        assert!(bytes(1000, 1000) < 1000 * 150 + 1000 * 40, "{}", bytes(1000, 1000));
        assert!(bytes(2000, 1000) < 2 * bytes(1000, 1000));
    }
}
