//! To how many different machines a machine sends packets.

use crate::model::NodeId;

/// Machines that are watched at most: an exact count of all would take N² bits.
const WATCHED: u32 = 256;

/// The machines that some have contacted: one bit a machine for each of up to 256 machines, evenly spread over all.
/// Up to that many machines the mean is exact; beyond, it is that of a sample. Participants' keys and places do not
/// depend on their numbers, so the sample is a fair one.
#[derive(Debug)]
pub struct Peers {
    machines: u32,
    /// Every so many-th machine is watched; a power of two, so that the test on the way of every packet is one mask.
    stride: u32,
    words: usize,
    bits: Vec<u64>,
}

impl Peers {
    pub fn new(machines: u32) -> Peers {
        let stride = machines.div_ceil(WATCHED).next_power_of_two();
        let words = (machines as usize).div_ceil(64);
        Peers { machines, stride, words, bits: vec![0; words * machines.div_ceil(stride) as usize] }
    }

    pub fn clear(&mut self) {
        self.bits.fill(0);
    }

    /// `from` sent a packet to `to`.
    pub fn contacted(&mut self, from: NodeId, to: NodeId) {
        if self.watches(from) {
            let row = (from.0 / self.stride) as usize * self.words;
            self.bits[row + to.index() / 64] |= 1 << (to.0 % 64);
        }
    }

    /// Whether a machine is one of those.
    pub const fn watches(&self, machine: NodeId) -> bool {
        machine.0 & (self.stride - 1) == 0
    }

    /// How many different machines a machine contacted; `None` if it is not watched.
    pub fn count(&self, machine: NodeId) -> Option<u32> {
        if !self.watches(machine) {
            return None;
        }
        let row = (machine.0 / self.stride) as usize * self.words;
        Some(self.bits[row..row + self.words].iter().map(|word| word.count_ones()).sum())
    }

    /// The machines watched.
    pub fn watched(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.machines).step_by(self.stride as usize).map(NodeId)
    }

    pub fn heap_bytes(&self) -> usize {
        self.bits.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_contacted_twice_counts_once() {
        let mut peers = Peers::new(100);
        for to in [3, 99, 3] {
            peers.contacted(NodeId(7), NodeId(to));
        }
        assert_eq!((peers.count(NodeId(7)), peers.count(NodeId(8))), (Some(2), Some(0)));
        peers.clear();
        assert_eq!(peers.count(NodeId(7)), Some(0));
    }

    #[test]
    fn of_many_machines_an_even_sample_is_watched() {
        let mut peers = Peers::new(1_000_000);
        assert_eq!(peers.watched().count(), 245); // every 4,096th
        peers.contacted(NodeId(1), NodeId(2));
        assert_eq!(peers.count(NodeId(1)), None);
    }
}
