//! The contacts nearest to a target, chosen without sorting them.

use std::mem;

use super::entry::{Entry, tag};
use super::{Buckets, position};
use crate::overlay::{Key, NodeId, View};

/// Offsets are compared so many at a time.
const LANES: usize = 16;

/// The contacts that were found nearest to a target, and memory to choose them in.
#[derive(Clone, Debug, Default)]
pub struct Closest {
    pub nodes: Vec<NodeId>,
    /// A bucket without the node that is left out.
    others: Vec<Entry>,
    /// How far into the range of one bucket the distances of its nodes are, in 256ths from -128 on: processors compare
    /// signed numbers.
    offsets: Vec<i8>,
}

impl Buckets {
    /// The up to `count` contacts nearest to `target` but `except`, in no particular order; flagged ones on request only.
    pub fn closest(
        &self,
        view: &View<'_>,
        target: Key,
        count: usize,
        with_flagged: bool,
        except: Option<NodeId>,
        found: &mut Closest,
    ) {
        found.nodes.clear();
        let except = except.map(|node| {
            let key = view.key(node);
            let index = Buckets::index(view, key);
            (index, Entry::new(node, key, index))
        });
        let home = Buckets::index(view, target).min(self.buckets.len());
        let mut rest = self.buckets.len();
        if let Some(deepest) = self.deepest(home, with_flagged).filter(|deepest| deepest.len() <= count) {
            found.nodes.extend(deepest.iter().map(|entry| entry.node()));
            let there = except.filter(|&(index, _)| index >= home).and_then(|(_, entry)| position(deepest, entry));
            there.map(|at| found.nodes.swap_remove(at));
            rest = home;
        }
        for index in Buckets::by_distance(view, target, rest) {
            let wanted = count - found.nodes.len();
            if wanted == 0 {
                break;
            }
            let bucket = &self.buckets[index];
            let entries = &self.entries[if with_flagged { bucket.contacts() } else { bucket.unflagged() }];
            let distance = |node| (view.key(node).0 ^ target.0) << index << 1;
            let tag = tag(target, index);
            match except.filter(|&(home, _)| home == index).and_then(|(_, entry)| position(entries, entry)) {
                Some(at) => found.add_others(entries, at, wanted, tag, distance),
                None => found.add_nearest(entries, wanted, tag, distance),
            }
        }
    }

    /// The contacts of all buckets from `first` on, if they lie together.
    fn deepest(&self, first: usize, with_flagged: bool) -> Option<&[Entry]> {
        let buckets = &self.buckets[first..];
        let others = buckets
            .iter()
            .fold(0, |others, bucket| others | bucket.replacements | if with_flagged { 0 } else { bucket.flagged });
        let start = buckets.first().map_or(self.entries.len(), |bucket| usize::from(bucket.start));
        (others == 0).then(|| &self.entries[start..])
    }
}

impl Closest {
    /// Adds the up to `count` nearest of `entries`, which are of one bucket. `tag` is that of the target there, and `distance`
    /// gives how far each is.
    fn add_nearest(&mut self, entries: &[Entry], count: usize, tag: u8, distance: impl Fn(NodeId) -> u64) {
        let Closest { nodes, offsets, .. } = self;
        if entries.len() <= count {
            return nodes.extend(entries.iter().map(|entry| entry.node()));
        }
        offsets.clear();
        offsets.extend(entries.iter().map(|entry| (entry.tag() ^ tag ^ 1 << 7) as i8));
        offsets.resize(entries.len().next_multiple_of(LANES), i8::MAX);
        let farthest = smallest(count, offsets);
        let start = nodes.len();
        nodes.resize(start + entries.len(), NodeId(0));
        let found = &mut nodes[start..];
        let mut kept = 0;
        for (entry, &offset) in entries.iter().zip(&*offsets) {
            found[kept] = entry.node();
            kept += usize::from(offset <= farthest);
        }
        if kept > count {
            // Some are as far as each other, as far as tags tell.
            found[..kept].select_nth_unstable_by_key(count, |&node| distance(node));
        }
        nodes.truncate(start + count);
    }

    /// The same of all `entries` but the one at `except`.
    fn add_others(
        &mut self,
        entries: &[Entry],
        except: usize,
        count: usize,
        tag: u8,
        distance: impl Fn(NodeId) -> u64,
    ) {
        let mut others = mem::take(&mut self.others);
        others.clear();
        others.extend_from_slice(entries);
        others.swap_remove(except);
        self.add_nearest(&others, count, tag, distance);
        self.others = others;
    }
}

/// The smallest value that `count` of these do not exceed, bit by bit. No step branches on what it finds, which a processor
/// could not foresee.
fn smallest(count: usize, offsets: &[i8]) -> i8 {
    let mut found = i8::MIN;
    for bit in (0..i8::BITS).rev() {
        let tried = found ^ 1 << bit;
        let lanes = offsets.as_chunks::<LANES>().0;
        let nearer: u8 = lanes.as_flattened().iter().map(|&offset| u8::from(offset < tried)).sum();
        if usize::from(nearer) < count {
            found = tried;
        }
    }
    found
}
