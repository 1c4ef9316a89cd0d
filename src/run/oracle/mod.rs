//! What is true, for judging answers and for the figures only: nothing here ever reaches a node.

mod directory;
mod disks;
mod records;
mod witnesses;

pub(super) use directory::Directory;
pub(super) use records::Records;
pub(super) use witnesses::Witnesses;

/// What the oracle knows.
#[derive(Debug)]
pub(super) struct Oracle {
    /// Which joined nodes are responsible for a key.
    pub directory: Directory,
    /// Where the copies of records are.
    pub records: Records,
    /// Where everybody holds everything.
    pub witnesses: Witnesses,
}
