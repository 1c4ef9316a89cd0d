//! The resources of a run: what each record is, where it lies in the identifier space, and how large it is.

use crate::model::{Key, RecordId, RecordSpace, ResourceId};

/// Keys and sizes of all records.
#[derive(Clone, Debug)]
pub struct Resources {
    space: RecordSpace,
    keys: Vec<Key>,
    sizes: Vec<u32>,
    /// Bytes of values that an overlay's packets carry.
    in_packet: Vec<u32>,
}

impl Resources {
    /// All records of `space`, with their keys and sizes; `in_packet` are the bytes that an overlay's packets carry of a value.
    pub fn new(space: RecordSpace, keys: Vec<Key>, sizes: Vec<u32>, in_packet: impl Fn(u32) -> u32) -> Resources {
        assert_eq!([keys.len(), sizes.len()], [space.count() as usize; 2], "every record has a key and a size");
        let in_packet = sizes.iter().map(|&size| in_packet(size)).collect();
        Resources { space, keys, sizes, in_packet }
    }

    /// What each record is.
    #[inline]
    pub fn space(&self) -> RecordSpace {
        self.space
    }

    /// Where a record lies in the identifier space.
    #[inline]
    pub fn key(&self, record: RecordId) -> Key {
        self.keys[record.index()]
    }

    /// Keys of all records.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Bytes of a record's value.
    #[inline]
    pub fn size(&self, record: RecordId) -> u32 {
        self.sizes[record.index()]
    }

    /// Bytes of all values.
    #[inline]
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Bytes of all values that an overlay's packets carry.
    #[inline]
    pub fn sizes_in_packet(&self) -> &[u32] {
        &self.in_packet
    }

    /// Whether the value of a record is too large for a packet, and a lookup brings its version only.
    pub fn is_transferred(&self, record: RecordId) -> bool {
        self.sizes[record.index()] > self.in_packet[record.index()]
    }

    /// A resource has another size from now on, in bytes.
    pub fn resize(&mut self, resource: ResourceId, bytes: u32, in_packet: impl Fn(u32) -> u32) {
        for record in self.space.pieces_of(resource).map(RecordId::index) {
            self.sizes[record] = self.space.coding().piece_size(bytes);
            self.in_packet[record] = in_packet(self.sizes[record]);
        }
    }

    /// An answer to a lookup carries so many bytes of a record from now on.
    pub fn set_size_in_packet(&mut self, record: RecordId, bytes: u32) {
        self.in_packet[record.index()] = bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coding;

    #[test]
    fn all_pieces_of_a_resource_are_resized() {
        let space = RecordSpace::new(2, Coding { needed: 2, parity: 1 });
        let small = |size| if size > 100 { 0 } else { size };
        let mut resources = Resources::new(space, vec![Key(0); 6], vec![10; 6], small);
        resources.resize(ResourceId(1), 401, small);
        assert_eq!(
            (resources.sizes(), resources.sizes_in_packet()),
            (&[10, 10, 10, 201, 201, 201][..], &[10, 10, 10, 0, 0, 0][..])
        );
        let [before, after] = [2, 3].map(RecordId::new);
        assert!(resources.is_transferred(after) && !resources.is_transferred(before));
    }
}
