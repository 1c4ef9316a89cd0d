//! Dials: in which way a connection was opened, or that none was.

/// How a dial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DialOutcome {
    Direct,
    Reversed,
    Punched,
    /// A link opened without a rendezvous to a peer that says it cannot be dialled.
    Organic,
    Relayed,
    Failed,
}

impl DialOutcome {
    /// Their names in result columns.
    pub const NAMES: [&str; 6] = ["direct", "reversed", "punched", "organic", "relayed", "failed"];
}
