//! Erasure coding: pieces of a resource and their records.

use crate::model::RecordId;

/// Erasure code: any `needed` different pieces of `needed + parity` give the resource back, as with a Reed–Solomon code
/// (Reed and Solomon, J. SIAM 8, 1960; for storage among peers: Weatherspoon and Kubiatowicz, IPTPS 2002). The n pieces
/// of resource i are the records i·n to i·n + n − 1. With one piece in all, the default, a resource is a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// Number of pieces needed, m, at least 1.
    pub needed: u32,
    /// Number of parity pieces, n − m.
    pub parity: u32,
}

impl Coding {
    /// No coding: a resource is one record.
    pub const WHOLE: Coding = Coding { needed: 1, parity: 0 };

    /// Most pieces of a resource: symbols of a Reed–Solomon code over bytes.
    pub const MOST_PIECES: u32 = 256;

    /// Number of pieces of a resource, n.
    pub const fn pieces(self) -> u32 {
        self.needed + self.parity
    }

    /// Resource of a record.
    pub const fn resource(self, record: RecordId) -> u32 {
        record.index() as u32 / self.pieces()
    }

    /// Record of a piece of a resource.
    pub const fn record(self, resource: u32, piece: u32) -> RecordId {
        RecordId::new(resource * self.pieces() + piece)
    }

    /// Records of all pieces of a resource.
    pub fn pieces_of(self, resource: u32) -> impl Iterator<Item = RecordId> + Clone {
        (0..self.pieces()).map(move |piece| self.record(resource, piece))
    }

    /// Resource and piece number of a record.
    pub const fn piece(self, record: RecordId) -> (u32, u32) {
        (self.resource(record), record.index() as u32 % self.pieces())
    }

    /// Bytes of each piece of a resource of `size` bytes.
    pub const fn piece_size(self, size: u32) -> u32 {
        size.div_ceil(self.needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_resource_are_consecutive_records() {
        let coding = Coding { needed: 5, parity: 3 };
        let records: Vec<_> = coding.pieces_of(2).collect();
        assert_eq!(records.iter().map(|record| record.index()).collect::<Vec<_>>(), (16..24).collect::<Vec<_>>());
        assert!(records.iter().all(|&record| coding.resource(record) == 2));
        assert_eq!((coding.resource(RecordId::new(24)), coding.piece(RecordId::new(26))), (3, (3, 2)));
    }

    #[test]
    fn pieces_share_the_size_rounded_up() {
        let coding = Coding { needed: 3, parity: 2 };
        assert_eq!([0, 1, 3, 4].map(|size| coding.piece_size(size)), [0, 1, 1, 2]);
        assert_eq!(Coding::WHOLE.piece_size(4096), 4096);
    }
}
