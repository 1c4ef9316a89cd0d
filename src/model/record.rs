//! Records in their versions, as nodes hold them.

use super::ids::RecordId;

/// A version of a record: 0 exists from the start, later ones are numbered in the order of (issue time, participant).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

/// A record that a node holds, and in which version. Slices of these are sorted by record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub record: RecordId,
    pub version: Version,
}
