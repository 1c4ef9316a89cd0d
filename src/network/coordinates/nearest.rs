//! The nearest other host of each, by a k-d tree.

use super::{Host, distance};

/// Finds half of each host's distance to its nearest other. O(n log n) however they lie: on a plane, on a line, in a point.
pub(super) fn measure_surroundings(hosts: &mut [Host]) {
    let mut order: Vec<u32> = (0..hosts.len() as u32).collect();
    let mut axes = vec![0u8; hosts.len()];
    build(hosts, &mut order, &mut axes);
    let tree = Tree { hosts, order: &order, axes: &axes };
    let around: Vec<f64> = (0..hosts.len() as u32).map(|host| tree.nearest(host)).collect();
    for (host, nearest) in hosts.iter_mut().zip(around) {
        host.around = if nearest.is_finite() { nearest / 2.0 } else { 0.0 };
    }
}

/// Hosts in the order of a balanced tree: the middle of a slice is its root, and on the root's axis nothing before it lies
/// above, nothing behind it below.
struct Tree<'a> {
    hosts: &'a [Host],
    order: &'a [u32],
    axes: &'a [u8],
}

/// Puts a slice into the order of a tree, along the axis on which it is longest.
fn build(hosts: &[Host], order: &mut [u32], axes: &mut [u8]) {
    if order.len() < 2 {
        return;
    }
    let extent = |axis: usize| {
        let places = order.iter().map(|&host| hosts[host as usize].position[axis]);
        let [low, high] =
            places.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], at| [low.min(at), high.max(at)]);
        high - low
    };
    let axis = (0..3).max_by(|&a, &b| extent(a).total_cmp(&extent(b))).unwrap_or(0);
    let middle = order.len() / 2;
    let place = |host: &u32| hosts[*host as usize].position[axis];
    order.select_nth_unstable_by(middle, |a, b| place(a).total_cmp(&place(b)));
    axes[middle] = axis as u8;
    let (before, behind) = order.split_at_mut(middle);
    let (axes_before, axes_behind) = axes.split_at_mut(middle);
    build(hosts, before, axes_before);
    build(hosts, &mut behind[1..], &mut axes_behind[1..]);
}

impl Tree<'_> {
    fn nearest(&self, host: u32) -> f64 {
        let mut nearest = f64::INFINITY;
        self.search(host, 0..self.order.len(), &mut nearest);
        nearest
    }

    fn search(&self, host: u32, within: std::ops::Range<usize>, nearest: &mut f64) {
        if within.is_empty() {
            return;
        }
        let middle = within.start + within.len() / 2;
        let (me, root) = (&self.hosts[host as usize], &self.hosts[self.order[middle] as usize]);
        if self.order[middle] != host {
            *nearest = nearest.min(distance(me, root));
        }
        let axis = usize::from(self.axes[middle]);
        let off = me.position[axis] - root.position[axis];
        let (below, above) = (within.start..middle, middle + 1..within.end);
        let (near, far) = if off < 0.0 { (below, above) } else { (above, below) };
        self.search(host, near, nearest);
        if off.abs() < *nearest {
            self.search(host, far, nearest);
        }
    }
}
