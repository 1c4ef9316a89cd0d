//! The joined nodes, by key.

use crate::model::{Key, Metric, NodeId};

/// The joined nodes, by key: who is responsible *now*.
///
/// Nodes lie in buckets by the leading bits of their keys, a few in each, so that joining, leaving and finding the
/// nearest cost O(1) on uniform keys. The buckets nearest to bucket b by exclusive or are b, b ^ 1, b ^ 2, …; clockwise
/// they are b, b + 1, b + 2, ….
#[derive(Debug)]
pub(crate) struct Directory {
    buckets: Vec<Vec<(Key, NodeId)>>,
    shift: u32,
}

impl Directory {
    /// For about `expected` nodes.
    pub(crate) fn new(expected: u32) -> Directory {
        let bits = (expected / 4).max(2).ilog2();
        Directory { buckets: vec![Vec::new(); 1 << bits], shift: 64 - bits }
    }

    pub(crate) fn insert(&mut self, key: Key, node: NodeId) {
        let bucket = &mut self.buckets[(key.0 >> self.shift) as usize];
        let at = bucket.partition_point(|member| member.0 < key);
        bucket.insert(at, (key, node));
    }

    pub(crate) fn remove(&mut self, key: Key) {
        let bucket = &mut self.buckets[(key.0 >> self.shift) as usize];
        let at = bucket.binary_search_by_key(&key, |member| member.0).expect("who leaves was there");
        bucket.remove(at);
    }

    /// The node responsible for `key`, if any has joined.
    pub(crate) fn responsible(&self, metric: Metric, key: Key) -> Option<NodeId> {
        let (home, last) = ((key.0 >> self.shift) as usize, self.buckets.len() - 1);
        let nearest = match metric {
            Metric::Other(_) => {
                self.buckets.iter().flatten().min_by_key(|member| (metric.distance(key, member.0), member.1))
            }
            Metric::Xor => (0..=last)
                .find_map(|step| self.buckets[home ^ step].iter().min_by_key(|member| metric.distance(key, member.0))),
            Metric::Ring => {
                let (before, after) = self.buckets[home].split_at(self.buckets[home].partition_point(|m| m.0 < key));
                let beyond = || (1..=last).find_map(|step| self.buckets[(home + step) & last].first());
                after.first().or_else(beyond).or(before.first())
            }
        };
        nearest.map(|(_, node)| *node)
    }

    /// Whether a node is responsible for `key`: it has joined, and none that has is nearer.
    pub(crate) fn is_responsible(&self, metric: Metric, key: Key, (place, node): (Key, NodeId)) -> bool {
        let nearest = self.responsible(metric, key);
        let ties = || {
            let mut nearest = Vec::new();
            self.nearest(metric, key, 1, &mut nearest);
            nearest.contains(&(metric.distance(key, place), node))
        };
        nearest == Some(node) || matches!(metric, Metric::Other(_)) && ties()
    }

    /// The `count` nodes nearest to `key` with their distances, nearest first, or all there are; by a metric with ties those
    /// too that are as near as the last of them.
    pub(crate) fn nearest(&self, metric: Metric, key: Key, count: usize, out: &mut Vec<(u64, NodeId)>) {
        out.clear();
        let (home, last) = ((key.0 >> self.shift) as usize, self.buckets.len() - 1);
        let measure = |&(other, node): &(Key, NodeId)| (metric.distance(key, other), node);
        if let Metric::Other(_) = metric {
            out.extend(self.buckets.iter().flatten().map(measure));
            out.sort_unstable();
            let farthest = out.get(count.max(1) - 1).map(|(distance, _)| *distance);
            return out.retain(|(distance, _)| farthest.is_none_or(|farthest| *distance <= farthest));
        }
        for step in 0..=last {
            let bucket = match metric {
                Metric::Ring => (home + step) & last,
                _ => home ^ step,
            };
            out.extend(self.buckets[bucket].iter().map(measure));
            // On the ring the home bucket also holds the farthest, those just before the key: they are sorted out below,
            // but they must not end the search.
            let behind = match metric {
                Metric::Ring => self.buckets[home].partition_point(|member| member.0 < key),
                _ => 0,
            };
            if out.len() >= count + behind {
                break;
            }
        }
        out.sort_unstable();
        out.truncate(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Noise, Source};

    #[test]
    fn the_nearest_agree_with_a_linear_scan_by_both_metrics() {
        let mut noise = Noise::new(7);
        for size in [1u32, 2, 5, 40, 1000] {
            let mut directory = Directory::new(size.max(8));
            let members: Vec<_> = (0..size).map(|i| (Key(noise.next_u64()), NodeId(i))).collect();
            members.iter().for_each(|&(key, node)| directory.insert(key, node));
            let gone = members.iter().step_by(3).copied().collect::<Vec<_>>();
            gone.iter().for_each(|&(key, _)| directory.remove(key));
            let left: Vec<_> = members.iter().filter(|member| !gone.contains(member)).collect();
            for metric in [Metric::Ring, Metric::Xor] {
                for _ in 0..100 {
                    let key = Key(noise.next_u64());
                    let mut scan: Vec<_> = left.iter().map(|m| (metric.distance(key, m.0), m.1)).collect();
                    scan.sort_unstable();
                    scan.truncate(3);
                    let mut nearest = Vec::new();
                    directory.nearest(metric, key, 3, &mut nearest);
                    assert_eq!(nearest, scan);
                    assert_eq!(directory.responsible(metric, key), scan.first().map(|(_, node)| *node));
                }
            }
        }
    }
}
