//! Connections as observers see them: how a dial ended, and what happens to the links of a node.

use super::NodeId;
use crate::engine::Duration;

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

/// Something that happens to the links of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// Number of links from now on.
    Links(u32),
    /// End of a dial of this node; `attempts` to punch if that was what it tried last.
    Dialled { peer: NodeId, outcome: DialOutcome, took: Duration, attempts: u8 },
    /// Proposal to punch; `first` of this dial.
    PunchProposed { first: bool },
    /// Keep-alive or its answer is sent.
    KeptAlive { bytes: u32 },
    /// Packet is forwarded by this relay.
    Forwarded { bytes: u32 },
    /// Reservation is refused by this rendezvous.
    ReservationRefused,
    /// Circuit is refused by this relay.
    CircuitRefused,
}
