//! The contacts nearest to a target, chosen without sorting them.

use std::ops::Range;

use wide::i8x32;

use super::Buckets;
use super::entry::{Entry, tag};
use crate::model::{Key, NodeId};
use crate::overlay::View;

/// Tags that are compared at once.
const LANES: usize = 32;

impl Buckets {
    /// Fills `found` with the up to `count` contacts nearest to `target` but the one at `except`, in no particular order; flagged
    /// ones on request only.
    pub(crate) fn closest(
        &self,
        view: &View<'_>,
        target: Key,
        count: usize,
        with_flagged: bool,
        except: Option<usize>,
        found: &mut Vec<NodeId>,
    ) {
        found.clear();
        let mut rest = self.buckets.len();
        let home = Buckets::index(view, target).min(rest);
        if let Some(deepest) = self.deepest(home, with_flagged).filter(|deepest| deepest.len() <= count) {
            add(found, self.without(deepest, except));
            rest = home;
        }
        for index in Buckets::by_distance(view, target, rest) {
            let wanted = count - found.len();
            if wanted == 0 {
                break;
            }
            let bucket = &self.buckets[index];
            let range = if with_flagged { bucket.contacts() } else { bucket.unflagged() };
            let parts = self.without(range, except);
            if parts[0].len() + parts[1].len() <= wanted {
                add(found, parts);
            } else {
                let distance = |node| (view.key(node).0 ^ target.0) << index << 1;
                add_nearest(found, parts, wanted, tag(target, index), distance);
            }
        }
    }

    /// Where the contacts of all buckets from `first` on lie, if they lie together.
    fn deepest(&self, first: usize, with_flagged: bool) -> Option<Range<usize>> {
        let buckets = &self.buckets[first..];
        // The first tells, unless few nodes are so near.
        let mut others =
            buckets.iter().map(|bucket| bucket.replacements | if with_flagged { 0 } else { bucket.flagged });
        let start = buckets.first().map_or(self.entries.len(), |bucket| usize::from(bucket.start));
        others.all(|others| others == 0).then_some(start..self.entries.len())
    }

    /// The entries before and behind the one that is left out.
    fn without(&self, range: Range<usize>, except: Option<usize>) -> [&[Entry]; 2] {
        match except {
            Some(at) if range.contains(&at) => [&self.entries[range.start..at], &self.entries[at + 1..range.end]],
            _ => [&self.entries[range], &[]],
        }
    }
}

/// Adds all of these.
fn add(found: &mut Vec<NodeId>, parts: [&[Entry]; 2]) {
    for entries in parts {
        found.extend(entries.iter().map(|entry| entry.node()));
    }
}

/// Adds the `count` nearest of these, which are more and of one bucket. `tag` is that of the target there, and `distance`
/// gives how far each is. (Where that is asked of all, k is above 32, or the one left out is not the last: both are rare.)
fn add_nearest(found: &mut Vec<NodeId>, parts: [&[Entry]; 2], count: usize, tag: u8, distance: impl Fn(NodeId) -> u64) {
    let start = found.len();
    match parts {
        [entries, []] if entries.len() <= LANES => add_chosen(found, entries, nearest(entries, count, tag)),
        _ => add(found, parts),
    }
    if found.len() > start + count {
        // Some are as far as each other, as far as was looked.
        found[start..].select_nth_unstable_by_key(count, |&node| distance(node));
        found.truncate(start + count);
    }
}

/// Adds those of the entries whose bit is set.
fn add_chosen(found: &mut Vec<NodeId>, entries: &[Entry], mut chosen: u32) {
    while let Some(entry) = entries.get(chosen.trailing_zeros() as usize) {
        found.push(entry.node());
        chosen &= chosen - 1;
    }
}

/// The `count` nearest of up to 32 entries of a bucket by their tags alone, as bits: more of them where the last ones' tags are
/// equal. Near is of whom fewer than `count` are nearer. Nothing here branches on a tag, which a processor could not foresee.
fn nearest(entries: &[Entry], count: usize, target: u8) -> u32 {
    // From -128 on: processors compare signed numbers.
    let mut offsets = [i8::MAX; LANES];
    offsets.iter_mut().zip(entries).for_each(|(offset, entry)| *offset = (entry.tag() ^ target ^ 1 << 7) as i8);
    let all = i8x32::new(offsets);
    // By fours, since how many there are a processor could hardly foresee: nobody is behind those that are not there.
    let (fours, _) = offsets.as_chunks::<4>();
    let nearer = fours[..entries.len().div_ceil(4)].iter().fold(i8x32::ZERO, |nearer, four| {
        four.iter().fold(nearer, |nearer, &offset| nearer - all.simd_gt(i8x32::splat(offset))) // what is true is -1
    });
    let near = nearer.simd_lt(i8x32::splat(count as i8)).to_bitmask();
    near & (u64::MAX >> (u64::BITS as usize - entries.len())) as u32
}
