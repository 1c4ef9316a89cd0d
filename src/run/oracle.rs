//! What is true, for judging answers only: nothing here ever reaches a node.

use crate::overlay::{Key, Metric, NodeId, RecordId, Version};

/// The joined nodes, by key: who is responsible *now*.
///
/// Nodes lie in buckets by the leading bits of their keys, a few in each, so that joining, leaving and finding the
/// nearest cost O(1) on uniform keys. The buckets nearest to bucket b by exclusive or are b, b ^ 1, b ^ 2, …; clockwise
/// they are b, b + 1, b + 2, ….
#[derive(Debug)]
pub struct Directory {
    buckets: Vec<Vec<(Key, NodeId)>>,
    shift: u32,
}

impl Directory {
    /// For about `expected` nodes.
    pub fn new(expected: u32) -> Directory {
        let bits = (expected / 4).max(2).ilog2();
        Directory { buckets: vec![Vec::new(); 1 << bits], shift: 64 - bits }
    }

    pub fn insert(&mut self, key: Key, node: NodeId) {
        let bucket = &mut self.buckets[(key.0 >> self.shift) as usize];
        let at = bucket.partition_point(|member| member.0 < key);
        bucket.insert(at, (key, node));
    }

    pub fn remove(&mut self, key: Key) {
        let bucket = &mut self.buckets[(key.0 >> self.shift) as usize];
        let at = bucket.binary_search_by_key(&key, |member| member.0).expect("who leaves was there");
        bucket.remove(at);
    }

    /// The node responsible for `key`, if any has joined.
    pub fn responsible(&self, metric: Metric, key: Key) -> Option<NodeId> {
        let (home, last) = ((key.0 >> self.shift) as usize, self.buckets.len() - 1);
        let nearest = match metric {
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

    /// The `count` nodes nearest to `key` with their distances, nearest first, or all there are.
    pub fn nearest(&self, metric: Metric, key: Key, count: usize, out: &mut Vec<(u64, NodeId)>) {
        out.clear();
        let (home, last) = ((key.0 >> self.shift) as usize, self.buckets.len() - 1);
        let measure = |&(other, node): &(Key, NodeId)| (metric.distance(key, other), node);
        for step in 0..=last {
            let bucket = match metric {
                Metric::Xor => home ^ step,
                Metric::Ring => (home + step) & last,
            };
            out.extend(self.buckets[bucket].iter().map(measure));
            // On the ring the home bucket also holds the farthest, those just before the key: they are sorted out below,
            // but they must not end the search.
            let behind = match metric {
                Metric::Xor => 0,
                Metric::Ring => self.buckets[home].partition_point(|member| member.0 < key),
            };
            if out.len() >= count + behind {
                break;
            }
        }
        out.sort_unstable();
        out.truncate(count);
    }
}

/// Where the copies of every record are, and what has been acknowledged.
#[derive(Debug)]
pub struct Records {
    /// Copies on disks, and on disks of machines that are online.
    on_disk: Vec<u32>,
    online: Vec<u32>,
    /// A version was put, or existed from the start.
    stored: Vec<bool>,
    acknowledged: Vec<Version>,
    available: u32,
    ever_stored: u32,
    last: Version,
}

impl Records {
    /// `count` records of which no copy exists.
    pub fn new(count: u32) -> Records {
        let count = count as usize;
        Records {
            on_disk: vec![0; count],
            online: vec![0; count],
            stored: vec![false; count],
            acknowledged: vec![Version(0); count],
            available: 0,
            ever_stored: 0,
            last: Version(0),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.stored.len() as u32
    }

    /// Records with a copy online.
    pub fn available(&self) -> u32 {
        self.available
    }

    /// Records that were stored once and of which no copy is left on any disk.
    pub fn lost(&self) -> usize {
        self.stored.iter().zip(&self.on_disk).filter(|(stored, copies)| **stored && **copies == 0).count()
    }

    /// Records that were stored once.
    pub fn ever_stored(&self) -> u32 {
        self.ever_stored
    }

    pub fn is_lost(&self, record: RecordId) -> bool {
        self.on_disk[record.index()] == 0
    }

    pub fn is_stored(&self, record: RecordId) -> bool {
        self.stored[record.index()]
    }

    /// Some node stored a version.
    pub fn mark_stored(&mut self, record: RecordId) {
        let stored = &mut self.stored[record.index()];
        self.ever_stored += u32::from(!*stored);
        *stored = true;
    }

    /// A new version: numbered in the order of issue, which is that of (time, participant).
    pub fn next_version(&mut self) -> Version {
        self.last.0 += 1;
        self.last
    }

    /// The newest version acknowledged so far.
    pub fn acknowledged(&self, record: RecordId) -> Version {
        self.acknowledged[record.index()]
    }

    /// `version` was acknowledged to its writer.
    pub fn acknowledge(&mut self, record: RecordId, version: Version) {
        self.mark_stored(record);
        let newest = &mut self.acknowledged[record.index()];
        *newest = version.max(*newest);
    }

    /// A copy was made on a disk, of a machine that is online or not.
    pub fn copy_made(&mut self, record: RecordId, online: bool) {
        self.mark_stored(record);
        self.on_disk[record.index()] += 1;
        if online {
            self.came_online(record);
        }
    }

    /// A copy was deleted by a machine that is online.
    pub fn copy_dropped(&mut self, record: RecordId) {
        self.on_disk[record.index()] -= 1;
        self.went_offline(record);
    }

    /// A copy went with its disk, which was offline.
    pub fn copy_gone(&mut self, record: RecordId) {
        self.on_disk[record.index()] -= 1;
    }

    /// A machine with a copy came online.
    pub fn came_online(&mut self, record: RecordId) {
        let copies = &mut self.online[record.index()];
        self.available += u32::from(*copies == 0);
        *copies += 1;
    }

    /// A machine with a copy went offline.
    pub fn went_offline(&mut self, record: RecordId) {
        let copies = &mut self.online[record.index()];
        *copies -= 1;
        self.available -= u32::from(*copies == 0);
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

    #[test]
    fn a_record_is_available_while_a_copy_is_online_and_lost_when_none_is_left() {
        let mut records = Records::new(2);
        let record = RecordId::new(1);
        records.copy_made(record, true);
        records.copy_made(record, true);
        assert_eq!(records.available(), 1);
        records.went_offline(record);
        assert_eq!(records.available(), 1);
        records.copy_dropped(record);
        assert_eq!((records.available(), records.lost()), (0, 0));
        records.came_online(record);
        records.copy_dropped(record);
        assert_eq!((records.available(), records.lost(), records.ever_stored()), (0, 1, 1));
    }
}
