//! The routing table of one node: k-buckets with their replacement caches.
//!
//! Bucket i holds contacts whose keys share exactly the first i bits with the node's own (Maymounkov & Mazières 2002,
//! §2.2, counted from the far end: bucket 0 is half of the space). Buckets exist up to the deepest that ever held a
//! contact, about log₂N + 1.
//!
//! All buckets of a node lie in one vector of 4-byte entries (see `entry`), bucket after bucket:
//!
//! ```text
//! | flagged, longest first | contacts, least recently seen first | replacements, least recently seen first | next bucket
//! ```
//!
//! # Cost
//!
//! At k = 20 and N = 10⁶: 340 contacts and up to 130 replacements of 4 bytes, 22 buckets of 6 bytes and a time: 2.2 kB.
//! To see a contact again is a search through one bucket and a rotation in it; a new contact moves what lies behind it
//! (on average half of the vector) and happens rarely.

mod closest;
mod entry;
#[cfg(test)]
mod tests;
mod upkeep;

use std::iter;
use std::ops::Range;

use wide::u32x4;

use self::entry::Entry;
use super::Config;
use crate::engine::{Noise, Source, Time, prefetch};
use crate::model::{Key, NodeId};
use crate::overlay::{Roster, View};

/// Contacts by which the vector grows: doubling would waste half of it.
const GROWTH: usize = 16;

/// One bucket: where it lies.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    start: u16,
    /// Contacts, the flagged ones included: at most k.
    contacts: u8,
    /// Contacts that did not answer when no replacement waited: the first of the bucket. None while there are
    /// replacements.
    flagged: u8,
    /// Replacements waiting: only where there are k contacts.
    replacements: u8,
}

/// What became of a contact that did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not a contact, or flagged already.
    NoContact,
    /// Flagged, for want of a replacement: it stays, but is not named to others.
    Flagged,
    /// Dropped for this replacement.
    ReplacedBy(NodeId),
}

/// The k-buckets of one node.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    buckets: Vec<Bucket>,
    entries: Vec<Entry>,
    /// When each bucket is to be refreshed, unless a lookup goes into its range before. Apart: messages do not ask for it.
    due: Box<[Time]>,
}

impl Buckets {
    /// The bucket whose range holds `key`: the number of leading bits it shares with the node's own. 64 for that itself.
    pub(super) fn index(view: &View<'_>, key: Key) -> usize {
        (view.my_key().0 ^ key.0).leading_zeros() as usize
    }

    /// The bucket of a node, and the node as it stands there.
    fn entry(view: &View<'_>, node: NodeId) -> (usize, Entry) {
        let key = view.key(node);
        let index = Buckets::index(view, key);
        (index, Entry::new(node, key, index))
    }

    /// A random key in the range of a bucket.
    pub(super) fn random_key(view: &View<'_>, index: usize, noise: &mut Noise) -> Key {
        let bit = 1 << 63 >> index;
        Key(view.my_key().0 ^ (bit | noise.next_u64() & (bit - 1)))
    }

    /// The tables of a node that has been in the overlay for long: in each bucket all members of its range, or k random
    /// ones if there are more, in random order. With `proximity` each is the nearest of so many random ones. Refreshes are due
    /// at random within one period.
    pub(super) fn fill(&mut self, config: &Config, view: &View<'_>, roster: &Roster, now: Time, noise: &mut Noise) {
        let (k, ranges) = (config.k as usize, Buckets::ranges(view, roster));
        let wanted = |range: &Range<usize>| range.len().min(k);
        let (mut due, mut drawn) = (Vec::with_capacity(ranges.len()), Vec::new());
        self.entries.reserve_exact(ranges.iter().map(wanted).sum());
        self.buckets.reserve_exact(ranges.len());
        for (index, range) in ranges.iter().enumerate() {
            let (start, contacts) = (self.entries.len(), wanted(range));
            // Drawing again on a repetition costs at most k·H(k) draws, and gives a random order as well.
            while self.entries.len() < start + contacts {
                let draws = (start + contacts - self.entries.len()) * config.proximity as usize;
                drawn.clear();
                drawn.extend((0..draws).map(|_| range.start + noise.below(range.len() as u64) as usize));
                // Each is a place in memory of its own: all are asked for before one is looked at.
                drawn.iter().for_each(|&at| roster.prefetch(at));
                for drawn in drawn.chunks(config.proximity as usize) {
                    let members = drawn.iter().map(|&at| roster.member(at));
                    let entries = members.map(|(key, node)| Entry::new(node, key, index));
                    let new = entries.filter(|&entry| position(&self.entries[start..], entry).is_none());
                    let nearest = roster.nearest(view.me, new);
                    self.entries.extend(nearest);
                }
            }
            due.push(now + config.refresh.mul_f64(noise.unit()));
            let (start, contacts) = (start as u16, contacts as u8);
            self.buckets.push(Bucket { start, contacts, flagged: 0, replacements: 0 });
        }
        self.due = due.into();
    }

    /// Where in the roster the nodes of each bucket are, down to the last whose prefix anybody else shares.
    fn ranges(view: &View<'_>, roster: &Roster) -> Vec<Range<usize>> {
        let me = view.my_key().0;
        // A client is not in the overlay.
        let own = roster.between(Key(me), Key(me)).len();
        let shares = |rest: &u64| roster.between(Key(me & !rest), Key(me | rest)).len() > own;
        let rests = (0..64).map(|index| u64::MAX >> index).take_while(shares);
        let range = |rest: u64| {
            let first = (me ^ rest) & !(rest >> 1);
            roster.between(Key(first), Key(first | rest >> 1))
        };
        rests.map(range).collect()
    }

    /// `node` sent a message: it becomes the most recently seen of its bucket. Where there is no room it becomes the
    /// latest replacement instead. True if it is a contact now and was none, or a flagged one.
    pub(super) fn seen(&mut self, config: &Config, view: &View<'_>, now: Time, node: NodeId) -> bool {
        let (index, node) = Buckets::entry(view, node);
        self.grow(config, now, index);
        let bucket = self.buckets[index];
        let known = &mut self.entries[bucket.entries()];
        let at = position(known, node);
        let (contacts, replacements) = known.split_at_mut(bucket.contacts as usize);
        match at {
            Some(at) if at < contacts.len() => {
                move_to_end(contacts, at);
                let was_flagged = at < bucket.flagged as usize;
                self.buckets[index].flagged -= u8::from(was_flagged);
                return was_flagged;
            }
            Some(at) => move_to_end(replacements, at - contacts.len()),
            None if contacts.len() < config.k as usize => {
                self.insert(index, bucket.contacts().end, node);
                self.buckets[index].contacts += 1;
                return true;
            }
            None if bucket.flagged > 0 => {
                contacts[0] = node;
                move_to_end(contacts, 0);
                self.buckets[index].flagged -= 1;
                return true;
            }
            None if replacements.len() < config.replacement_cache as usize => {
                self.insert(index, bucket.replacements().end, node);
                self.buckets[index].replacements += 1;
            }
            None => {
                if let Some(oldest) = replacements.first_mut() {
                    *oldest = node;
                    move_to_end(replacements, 0);
                }
            }
        }
        false
    }

    /// Makes buckets up to this one.
    fn grow(&mut self, config: &Config, now: Time, index: usize) {
        while self.buckets.len() <= index {
            let start = self.entries.len() as u16;
            self.buckets.push(Bucket { start, contacts: 0, flagged: 0, replacements: 0 });
            self.due = [&self.due[..], &[now + config.refresh]].concat().into();
        }
    }

    /// Where `node` stands, if it is a contact.
    pub(super) fn place(&self, view: &View<'_>, node: NodeId) -> Option<usize> {
        let (index, entry) = Buckets::entry(view, node);
        let contacts = self.buckets.get(index)?.contacts();
        Some(contacts.start + position(&self.entries[contacts], entry)?)
    }

    /// Place of a node that was [`Buckets::seen`] just now: it can only be the last of its bucket.
    pub(super) fn latest_place(&self, view: &View<'_>, node: NodeId) -> Option<usize> {
        let (index, entry) = Buckets::entry(view, node);
        let last = self.buckets.get(index)?.contacts().last()?;
        let found = (self.entries[last] == entry).then_some(last);
        debug_assert_eq!(found, self.place(view, node), "{node} was not seen just now");
        found
    }

    /// `node` did not answer. A contact gives its place to a replacement: of the `proximity` that were seen last the one with
    /// the shortest round trip, of equals the last. Without any it is flagged, and gives it to the next newcomer. A replacement
    /// is forgotten.
    pub(super) fn failed(
        &mut self,
        config: &Config,
        view: &View<'_>,
        node: NodeId,
        round_trip: impl Fn(NodeId) -> u32,
    ) -> Failure {
        let (index, node) = Buckets::entry(view, node);
        let Some(&bucket) = self.buckets.get(index) else { return Failure::NoContact };
        let flagged = bucket.flagged as usize;
        let contacts = &mut self.entries[bucket.contacts()];
        match position(contacts, node) {
            Some(at) if at < flagged => Failure::NoContact,
            Some(at) if bucket.replacements == 0 => {
                contacts[flagged..=at].rotate_right(1);
                self.buckets[index].flagged += 1;
                Failure::Flagged
            }
            Some(at) => {
                move_to_end(contacts, at);
                let waiting = bucket.replacements();
                let last = waiting.rev().take(config.proximity as usize);
                let shortest = last.min_by_key(|&at| round_trip(self.entries[at].node()));
                let chosen = shortest.expect("one waits, and proximity is not 0");
                let replacement = self.entries[chosen];
                self.entries[bucket.contacts().end - 1] = replacement;
                self.remove_replacement(index, chosen);
                Failure::ReplacedBy(replacement.node())
            }
            None => {
                let replacements = bucket.replacements();
                if let Some(at) = position(&self.entries[replacements.clone()], node) {
                    self.remove_replacement(index, replacements.start + at);
                }
                Failure::NoContact
            }
        }
    }

    /// The up to `count` nodes nearest to `target` among the contacts and, if `with_me`, the node itself, nearest first.
    /// Appends to `out`.
    pub(super) fn nearest(&self, view: &View<'_>, target: Key, count: usize, with_me: bool, out: &mut Vec<NodeId>) {
        let from = out.len();
        for index in Buckets::by_distance(view, target, self.buckets.len()) {
            if out.len() >= from + count {
                break;
            }
            out.extend(self.entries[self.buckets[index].unflagged()].iter().map(|entry| entry.node()));
        }
        out.extend(with_me.then_some(view.me));
        out[from..].sort_unstable_by_key(|&node| view.key(node).0 ^ target.0);
        out.truncate(from + count);
    }

    /// The first `count` buckets, nearest to `target` first.
    ///
    /// With d = target ⊕ own key, the distances of a bucket's nodes from the target form an interval, and no two
    /// buckets' intervals overlap. A node of bucket i differs from the own key in bit i first: its distance is d above
    /// bit i and inverted there. Buckets whose bit is set in d are thus nearer than the own key, the more so the higher
    /// the bit; those whose bit is not set are farther, the more so the higher the bit. So only the last bucket that is
    /// needed must be looked at more closely.
    fn by_distance(view: &View<'_>, target: Key, count: usize) -> impl Iterator<Item = usize> {
        let d = view.my_key().0 ^ target.0;
        let existing = !u64::MAX.checked_shr(count as u32).unwrap_or(0);
        let (mut near, mut far) = (d & existing, !d & existing);
        iter::from_fn(move || {
            let bit = if near != 0 { 1 << 63 >> near.leading_zeros() } else { far & far.wrapping_neg() };
            near &= !bit;
            far &= !bit;
            (bit != 0).then(|| bit.leading_zeros() as usize)
        })
    }

    /// All contacts that are not flagged.
    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.buckets.iter().flat_map(|bucket| &self.entries[bucket.unflagged()]).map(|entry| entry.node())
    }

    /// How many buckets there are, empty ones between others included.
    #[cfg(test)]
    pub(super) fn depth(&self) -> usize {
        self.buckets.len()
    }

    /// A lookup went for a key in the range of this bucket (if it exists): its refresh is not due until `due`.
    pub(super) fn looked_up(&mut self, index: usize, due: Time) {
        if let Some(of_bucket) = self.due.get_mut(index) {
            *of_bucket = due;
        }
    }

    /// All buckets farther away than the nearest contact are to be refreshed at `due`.
    pub(super) fn refresh_far(&mut self, due: Time) {
        if let Some((_nearest, far)) = self.due.split_last_mut() {
            far.fill(due);
        }
    }

    /// The bucket to be refreshed first, and when; `None` if there are no buckets.
    pub(super) fn next_due(&self) -> Option<(usize, Time)> {
        self.due.iter().copied().enumerate().min_by_key(|&(index, due)| (due, index))
    }

    /// Asks for the memory of where the buckets lie.
    pub(super) fn prefetch(&self) {
        prefetch(&self.buckets[..]);
    }

    /// Asks for the memory of the bucket whose range holds `key`, where [`Buckets::prefetch`] was called before.
    pub(super) fn prefetch_around(&self, view: &View<'_>, key: Key) {
        if let Some(bucket) = self.buckets.get(Buckets::index(view, key)) {
            prefetch(&self.entries[bucket.entries()]);
        }
    }

    /// Prefetch of the contacts nearest to `target`: of its own bucket, and of all deeper ones where that has few.
    pub(super) fn prefetch_near(&self, view: &View<'_>, target: Key) {
        let Some(last) = self.buckets.len().checked_sub(1) else { return };
        let home = self.buckets[Buckets::index(view, target).min(last)];
        let whole = home.replacements > 0;
        let end = if whole { home.contacts().end } else { self.entries.len() };
        prefetch(&self.entries[home.start as usize..end]);
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
            + self.entries.capacity() * size_of::<Entry>()
            + size_of_val(&self.due[..])
    }

    fn insert(&mut self, index: usize, at: usize, node: Entry) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(GROWTH);
        }
        self.entries.insert(at, node);
        self.buckets[index + 1..].iter_mut().for_each(|behind| behind.start += 1);
    }

    fn remove_replacement(&mut self, index: usize, at: usize) {
        self.entries.remove(at);
        self.buckets[index].replacements -= 1;
        self.buckets[index + 1..].iter_mut().for_each(|behind| behind.start -= 1);
    }
}

impl Bucket {
    fn contacts(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.contacts as usize
    }

    fn unflagged(&self) -> Range<usize> {
        let contacts = self.contacts();
        contacts.start + self.flagged as usize..contacts.end
    }

    fn replacements(&self) -> Range<usize> {
        let start = self.contacts().end;
        start..start + self.replacements as usize
    }

    /// Contacts and replacements.
    fn entries(&self) -> Range<usize> {
        self.start as usize..self.replacements().end
    }
}

/// Where `node` stands in `nodes`, once at most. All are compared, unless they are fewer than four: how soon it is
/// found, a processor could not foresee.
fn position(nodes: &[Entry], node: Entry) -> Option<usize> {
    let Some(last) = nodes.last_chunk::<4>() else { return nodes.iter().position(|&other| other == node) };
    let (fours, _) = nodes.as_chunks::<4>();
    let equal = |four: &[Entry; 4]| u32x4::new(four.map(Entry::bits)).simd_eq(u32x4::splat(node.bits()));
    let (mut found, mut numbers) = (u32x4::ZERO, u32x4::new([1, 2, 3, 4]));
    for four in fours {
        found |= equal(four) & numbers;
        numbers += u32x4::splat(4);
    }
    // The last four, of which some may have been compared already.
    found |= equal(last) & (u32x4::new([1, 2, 3, 4]) + u32x4::splat(nodes.len() as u32 - 4));
    let number = found.to_array().into_iter().fold(0, |found, number| found | number);
    (number as usize).checked_sub(1)
}

/// The entry at `at` becomes the most recently seen.
fn move_to_end(nodes: &mut [Entry], at: usize) {
    let node = nodes[at];
    nodes.copy_within(at + 1.., at);
    nodes[nodes.len() - 1] = node;
}
