//! The nearest of a bucket's nodes, chosen without sorting them.

use crate::overlay::NodeId;

/// Offsets are compared so many at a time.
const LANES: usize = 8;

/// The contacts that were found nearest to a target, and memory to choose them in.
#[derive(Clone, Debug, Default)]
pub struct Closest {
    pub nodes: Vec<NodeId>,
    /// How far into the range of one bucket the distances of its nodes are.
    offsets: Vec<i32>,
}

impl Closest {
    /// Of the nodes from `from` on keeps the `count` nearest. `distance` gives how far each is, as a share of 2⁶⁴ of the
    /// range in which they all lie.
    pub(super) fn keep_nearest(&mut self, from: usize, count: usize, distance: impl Fn(NodeId) -> u64) {
        let Closest { nodes, offsets } = self;
        // Signed, as processors compare.
        offsets.clear();
        offsets.extend(nodes[from..].iter().map(|&node| ((distance(node) >> 32) as u32 ^ 1 << 31) as i32));
        offsets.resize(offsets.len().next_multiple_of(LANES), i32::MAX);
        let Some(farthest) = farthest_of(count, offsets) else {
            // Some agree in 32 bits.
            nodes[from..].sort_unstable_by_key(|&node| distance(node));
            return nodes.truncate(from + count);
        };
        let measured = &mut nodes[from..];
        let mut kept = 0;
        for (at, &offset) in (0..measured.len()).zip(&*offsets) {
            measured[kept] = measured[at];
            kept += usize::from(offset <= farthest);
        }
        nodes.truncate(from + kept);
    }
}

/// An offset that just `count` of these do not exceed, if there is one. Bisection of the range in which they lie: keys are
/// random, so that it takes about log₂ of their number steps, and no step branches on what it finds, which a processor
/// could not foresee.
fn farthest_of(count: usize, offsets: &[i32]) -> Option<i32> {
    let (mut low, mut high) = (i32::MIN, i32::MAX - 1); // what fills up the last lanes is never nearer
    while low <= high {
        let middle = low.midpoint(high);
        let lanes = offsets.as_chunks::<LANES>().0;
        let nearer: i32 = lanes.as_flattened().iter().map(|&offset| i32::from(offset <= middle)).sum();
        if nearer as usize == count {
            return Some(middle);
        }
        (low, high) = if (nearer as usize) < count { (middle + 1, high) } else { (low, middle.checked_sub(1)?) };
    }
    None
}
