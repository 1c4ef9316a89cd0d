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
    /// All of them, in the order of the columns.
    pub const ALL: [DialOutcome; 6] = [
        DialOutcome::Direct,
        DialOutcome::Reversed,
        DialOutcome::Punched,
        DialOutcome::Organic,
        DialOutcome::Relayed,
        DialOutcome::Failed,
    ];

    /// The name in result columns.
    pub const fn name(self) -> &'static str {
        match self {
            DialOutcome::Direct => "direct",
            DialOutcome::Reversed => "reversed",
            DialOutcome::Punched => "punched",
            DialOutcome::Organic => "organic",
            DialOutcome::Relayed => "relayed",
            DialOutcome::Failed => "failed",
        }
    }
}
