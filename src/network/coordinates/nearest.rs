//! Nearest neighbours of hosts, by a k-d tree.

use super::{Host, distance};

/// Computes half of each host's distance to its nearest other host. O(n log n) for any distribution of points.
pub(super) fn measure_surroundings(hosts: &mut [Host]) {
    let mut order: Vec<u32> = (0..hosts.len() as u32).collect();
    let mut axes = vec![0u8; hosts.len()];
    build(hosts, &mut order, &mut axes);
    let tree = Tree { hosts, order: &order, axes: &axes };
    let around: Vec<f64> = (0..hosts.len() as u32).map(|host| tree.nearest(host).distance).collect();
    for (host, nearest) in hosts.iter_mut().zip(around) {
        host.around = if nearest.is_finite() { nearest / 2.0 } else { 0.0 };
    }
}

/// k-d tree as a permutation of the hosts: the middle of a slice is its root; on the root's axis, nothing before it
/// lies above and nothing after it below.
struct Tree<'a> {
    hosts: &'a [Host],
    order: &'a [u32],
    axes: &'a [u8],
}

/// Orders a slice as a tree, along the axis of its largest extent.
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

/// Shortest distance from a host found so far, and the number of hosts examined.
struct Nearest {
    distance: f64,
    looked_at: u64,
}

impl Tree<'_> {
    fn nearest(&self, host: u32) -> Nearest {
        let mut nearest = Nearest { distance: f64::INFINITY, looked_at: 0 };
        self.search(host, 0..self.order.len(), &mut nearest);
        nearest
    }

    fn search(&self, host: u32, within: std::ops::Range<usize>, nearest: &mut Nearest) {
        if within.is_empty() {
            return;
        }
        let middle = within.start + within.len() / 2;
        let (me, root) = (&self.hosts[host as usize], &self.hosts[self.order[middle] as usize]);
        nearest.looked_at += 1;
        if self.order[middle] != host {
            nearest.distance = nearest.distance.min(distance(me, root));
        }
        let axis = usize::from(self.axes[middle]);
        let off = me.position[axis] - root.position[axis];
        let (below, above) = (within.start..middle, middle + 1..within.end);
        let (near, far) = if off < 0.0 { (below, above) } else { (above, below) };
        self.search(host, near, nearest);
        if off.abs() < nearest.distance {
            self.search(host, far, nearest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hosts looked at for each on average, however a million of them lie.
    fn looked_at(place: fn(u32) -> [f64; 3]) -> f64 {
        let mut hosts: Vec<Host> =
            (0..1_000_000).map(|at| Host { position: place(at), height: 0.0, around: 0.0 }).collect();
        let mut order: Vec<u32> = (0..hosts.len() as u32).collect();
        let mut axes = vec![0u8; hosts.len()];
        build(&hosts, &mut order, &mut axes);
        let tree = Tree { hosts: &hosts, order: &order, axes: &axes };
        let every = 1_000;
        let looked: u64 = (0..1_000_000).step_by(every).map(|host| tree.nearest(host).looked_at).sum();
        measure_surroundings(&mut hosts);
        looked as f64 * every as f64 / hosts.len() as f64
    }

    #[test]
    fn a_million_hosts_on_a_plane_on_a_line_or_in_a_point_take_some_dozens_of_looks_each() {
        assert!(looked_at(|at| [0.0, f64::from(at / 1_000), 0.0]) < 100.0);
        assert!(looked_at(|at| [f64::from(at), f64::from(at), 0.0]) < 100.0);
        assert!(looked_at(|_| [1.0; 3]) < 100.0);
        assert!(looked_at(|at| [f64::from(at % 1_000), f64::from(at / 1_000), 0.0]) < 100.0);
    }

    #[test]
    fn the_nearest_is_that_of_all() {
        let place = |at: u32, axis: u32| f64::from((at * 3 + axis).wrapping_mul(2_654_435_761) >> 20);
        let host = |at: u32| Host { position: [0, 1, 2].map(|axis| place(at, axis)), height: 0.0, around: 0.0 };
        let mut hosts: Vec<Host> = (0..500).map(host).collect();
        measure_surroundings(&mut hosts);
        for (at, one) in hosts.iter().enumerate() {
            let others = hosts.iter().enumerate().filter(|(other, _)| *other != at);
            let nearest = others.map(|(_, other)| distance(one, other)).fold(f64::INFINITY, f64::min);
            assert_eq!(one.around, nearest / 2.0, "host {at}");
        }
    }
}
