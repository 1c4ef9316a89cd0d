//! How a resource is cut into pieces, and which records they are.

use crate::model::RecordId;

/// Any `needed` different pieces of `needed + parity` give the resource back, as with a Reed–Solomon code (Reed and
/// Solomon, J. SIAM 8, 1960; for storage among peers: Weatherspoon and Kubiatowicz, IPTPS 2002). The pieces of resource i
/// are the records i·n to i·n + n − 1, n of them. With one piece in all, the default, a resource is a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// m, 1 or more.
    pub needed: u32,
    /// n − m, coded on top.
    pub parity: u32,
}

impl Coding {
    /// A resource is one record.
    pub const WHOLE: Coding = Coding { needed: 1, parity: 0 };

    /// Pieces of a resource at most: symbols of a Reed–Solomon code over bytes.
    pub const MOST_PIECES: u32 = 256;

    /// n: the pieces of one resource.
    pub const fn pieces(self) -> u32 {
        self.needed + self.parity
    }

    /// The resource that a record is a piece of.
    pub const fn resource(self, record: RecordId) -> u32 {
        record.index() as u32 / self.pieces()
    }

    /// One piece of a resource.
    pub const fn record(self, resource: u32, piece: u32) -> RecordId {
        RecordId::new(resource * self.pieces() + piece)
    }

    /// All pieces of a resource.
    pub fn pieces_of(self, resource: u32) -> impl Iterator<Item = RecordId> + Clone {
        (0..self.pieces()).map(move |piece| self.record(resource, piece))
    }

    /// The resource that a record is a piece of, and which piece it is.
    pub const fn piece(self, record: RecordId) -> (u32, u32) {
        (self.resource(record), record.index() as u32 % self.pieces())
    }

    /// Bytes of each piece of a resource of so many.
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
