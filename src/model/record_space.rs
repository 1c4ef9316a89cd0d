//! The numbers of records: which of them are pieces of which resource, and which are pointers or provider records.
//!
//! Pieces come first, those of one resource after another. Behind them stand what the overlay keeps in order that pieces that
//! it does not keep are found: one pointer a piece, or the provider records of each resource. Nobody else computes with these
//! numbers.

use super::ids::{RecordId, ResourceId};

/// An erasure code: any `needed` different pieces of `needed + parity` give the resource back, as with a Reed–Solomon code
/// (Reed and Solomon, J. SIAM 8, 1960; for storage among peers: Weatherspoon and Kubiatowicz, IPTPS 2002). With one piece in
/// all, the default, a resource is a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// Number of pieces needed, m, at least 1.
    pub needed: u32,
    /// Number of parity pieces, n − m.
    pub parity: u32,
}

impl Coding {
    /// One piece: a resource is one record.
    pub const WHOLE: Coding = Coding { needed: 1, parity: 0 };

    /// Most pieces of a resource: symbols of a Reed–Solomon code over bytes.
    pub const MOST_PIECES: u32 = 256;

    /// Number of pieces of a resource, n.
    pub const fn pieces(self) -> u32 {
        self.needed + self.parity
    }

    /// Bytes of each piece of a resource of `size` bytes.
    pub const fn piece_size(self, size: u32) -> u32 {
        size.div_ceil(self.needed)
    }
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A piece of this resource; with one piece, all of it.
    Value(ResourceId),
    /// A pointer: it names the holders of this value.
    Pointer(RecordId),
    /// The provider records of this resource.
    Provider(ResourceId),
}

/// How values are found that the overlay's responsible nodes do not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// No record beside the values.
    None,
    Pointers,
    Providers,
}

/// The records of a run, and what each of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordSpace {
    resources: u32,
    coding: Coding,
    names: Names,
}

impl RecordSpace {
    /// Values alone, which the responsible nodes keep.
    pub const fn new(resources: u32, coding: Coding) -> RecordSpace {
        RecordSpace { resources, coding, names: Names::None }
    }

    /// A pointer to each value too, which the responsible nodes keep instead of the value.
    pub const fn with_pointers(self) -> RecordSpace {
        RecordSpace { names: Names::Pointers, ..self }
    }

    /// Provider records of each resource too, which the responsible nodes keep instead of its pieces.
    pub const fn with_providers(self) -> RecordSpace {
        RecordSpace { names: Names::Providers, ..self }
    }

    /// How a resource is cut into pieces.
    pub const fn coding(&self) -> Coding {
        self.coding
    }

    /// How many resources there are.
    pub const fn resource_count(&self) -> u32 {
        self.resources
    }

    /// All resources.
    pub fn resources(&self) -> impl Iterator<Item = ResourceId> + use<> {
        (0..self.resources).map(ResourceId)
    }

    /// How many values there are.
    pub const fn value_count(&self) -> u32 {
        self.resources * self.coding.pieces()
    }

    /// How many records of any kind there are.
    pub const fn count(&self) -> u32 {
        self.value_count()
            + match self.names {
                Names::None => 0,
                Names::Pointers => self.value_count(),
                Names::Providers => self.resources,
            }
    }

    /// All records.
    pub fn records(&self) -> impl Iterator<Item = RecordId> + use<> {
        (0..self.count()).map(RecordId::new)
    }

    /// The records that the responsible nodes keep.
    pub fn responsible_keep(&self) -> impl Iterator<Item = RecordId> + use<> {
        (self.first_kept().number()..self.count()).map(RecordId::new)
    }

    /// The first record that the responsible nodes keep: they keep all that follow, and none before.
    pub const fn first_kept(&self) -> RecordId {
        match self.names {
            Names::None => RecordId::new(0),
            Names::Pointers | Names::Providers => RecordId::new(self.value_count()),
        }
    }

    /// Whether the responsible nodes keep a record. What they do not keep stays on the disks on which it was put.
    pub const fn is_kept_by_responsible(&self, record: RecordId) -> bool {
        record.number() >= self.first_kept().number()
    }

    /// Whether some records lead to others.
    pub const fn has_names(&self) -> bool {
        !matches!(self.names, Names::None)
    }

    /// What a record is.
    pub const fn kind(&self, record: RecordId) -> Record {
        match (record.number().checked_sub(self.value_count()), self.names) {
            (None, _) => Record::Value(self.resource(record)),
            (Some(number), Names::Pointers) => Record::Pointer(RecordId::new(number)),
            (Some(number), Names::Providers) => Record::Provider(ResourceId(number)),
            (Some(_), Names::None) => panic!("no such record"),
        }
    }

    /// Whether a record is a piece of a resource.
    pub const fn is_value(&self, record: RecordId) -> bool {
        record.number() < self.value_count()
    }

    /// Whether a record stands for the provider records of a resource.
    pub const fn is_provider(&self, record: RecordId) -> bool {
        matches!(self.names, Names::Providers) && !self.is_value(record)
    }

    /// The record that leads to a value, if one is needed: its pointer, or the provider records of its resource.
    pub const fn name_of(&self, record: RecordId) -> Option<RecordId> {
        match (self.is_value(record), self.names) {
            (false, _) | (_, Names::None) => None,
            (true, Names::Pointers) => Some(RecordId::new(self.value_count() + record.number())),
            (true, Names::Providers) => Some(self.providers_of(self.resource(record))),
        }
    }

    /// The record that stands for the provider records of a resource.
    pub const fn providers_of(&self, resource: ResourceId) -> RecordId {
        RecordId::new(self.value_count() + resource.0)
    }

    /// The resource that a value is a piece of.
    pub const fn resource(&self, value: RecordId) -> ResourceId {
        ResourceId(value.number() / self.coding.pieces())
    }

    /// The resource that a value is a piece of, and which piece it is.
    pub const fn piece(&self, value: RecordId) -> (ResourceId, u32) {
        (self.resource(value), value.number() % self.coding.pieces())
    }

    /// Record of a piece of a resource.
    pub const fn value(&self, resource: ResourceId, piece: u32) -> RecordId {
        RecordId::new(resource.0 * self.coding.pieces() + piece)
    }

    /// The piece that follows a value: the first after the last.
    pub const fn next_piece(&self, value: RecordId) -> RecordId {
        let (resource, piece) = self.piece(value);
        self.value(resource, (piece + 1) % self.coding.pieces())
    }

    /// Records of all pieces of a resource.
    pub fn pieces_of(&self, resource: ResourceId) -> impl DoubleEndedIterator<Item = RecordId> + Clone + use<> {
        let space = *self;
        (0..self.coding.pieces()).map(move |piece| space.value(resource, piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODING: Coding = Coding { needed: 5, parity: 3 };

    #[test]
    fn the_pieces_of_a_resource_are_consecutive_records() {
        let space = RecordSpace::new(4, CODING);
        let records: Vec<_> = space.pieces_of(ResourceId(2)).collect();
        assert_eq!(records.iter().map(|record| record.number()).collect::<Vec<_>>(), (16..24).collect::<Vec<_>>());
        assert!(records.iter().all(|&record| space.resource(record) == ResourceId(2)));
        assert_eq!(space.piece(RecordId::new(26)), (ResourceId(3), 2));
        assert_eq!(space.next_piece(records[7]), records[0]);
    }

    #[test]
    fn pieces_share_the_size_rounded_up() {
        let coding = Coding { needed: 3, parity: 2 };
        assert_eq!([0, 1, 3, 4].map(|size| coding.piece_size(size)), [0, 1, 1, 2]);
        assert_eq!(Coding::WHOLE.piece_size(4096), 4096);
    }

    #[test]
    fn every_record_is_of_one_kind_and_those_that_lead_to_a_value_are_kept_by_the_responsible_nodes() {
        let plain = RecordSpace::new(3, CODING);
        for space in [plain, plain.with_pointers(), plain.with_providers()] {
            for record in space.records() {
                match space.kind(record) {
                    Record::Value(resource) => {
                        assert!(space.is_value(record) && space.pieces_of(resource).any(|piece| piece == record));
                        assert_eq!(space.is_kept_by_responsible(record), !space.has_names());
                    }
                    Record::Pointer(value) => assert_eq!(space.name_of(value), Some(record)),
                    Record::Provider(resource) => {
                        assert!(space.is_provider(record) && space.providers_of(resource) == record);
                        assert!(space.pieces_of(resource).all(|piece| space.name_of(piece) == Some(record)));
                    }
                }
            }
            assert!(space.responsible_keep().all(|record| space.is_kept_by_responsible(record)));
        }
        assert_eq!([plain, plain.with_pointers(), plain.with_providers()].map(|space| space.count()), [24, 48, 27]);
        assert_eq!(plain.name_of(RecordId::new(0)), None);
    }
}
