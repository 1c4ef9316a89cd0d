//! A node as a bucket keeps it.

use crate::model::{Key, NodeId};
use crate::overlay::lookup::MOST_NAMED;

/// Bits of a node's number.
const NODE_BITS: u32 = 24;

/// A node and its *tag*, the 8 bits of its key that follow those which all nodes of its bucket share. Tags tell mostly which
/// of two nodes is nearer to a target. To ask their keys means to go to a place in memory for each. 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(u32);

impl Entry {
    /// A node and its key, in the bucket of this index.
    pub(super) const fn new(node: NodeId, key: Key, index: usize) -> Entry {
        Entry((tag(key, index) as u32) << NODE_BITS | node.0)
    }

    pub(super) const fn node(self) -> NodeId {
        NodeId(self.0 & ((1 << NODE_BITS) - 1))
    }

    pub(super) const fn tag(self) -> u8 {
        (self.0 >> NODE_BITS) as u8
    }

    /// Different of different entries.
    pub(super) const fn bits(self) -> u32 {
        self.0
    }
}

impl From<Entry> for NodeId {
    fn from(entry: Entry) -> NodeId {
        entry.node()
    }
}

/// The tag of a key in the bucket of this index.
pub(super) const fn tag(key: Key, index: usize) -> u8 {
    (key.0 << index << 1 >> 56) as u8
}

const _: () = assert!(MOST_NAMED <= 1 << NODE_BITS, "a node's number fits");

#[cfg(test)]
mod tests {
    use crate::protocols::kademlia::buckets::entry::*;

    #[test]
    fn an_entry_gives_back_its_node_and_the_bits_behind_those_of_the_bucket() {
        let (last, key) = (MOST_NAMED - 1, Key(0x0123_4567_89ab_cdef));
        for (node, index, tag) in [(0, 0, 0x02), (last, 0, 0x02), (7, 7, 0x23), (last, 59, 0xf0), (last, 63, 0)] {
            let entry = Entry::new(NodeId(node), key, index);
            assert_eq!((entry.node(), entry.tag()), (NodeId(node), tag), "bucket {index}");
        }
        assert_eq!(size_of::<Entry>(), 4);
    }
}
