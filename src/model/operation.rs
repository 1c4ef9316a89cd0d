//! Operations: what participants ask of an overlay, how far an answer has got, and how it ended.

use super::cause::Cause;
use super::ids::{NodeId, OpId, RecordId};
use super::key::Key;
use super::record::Version;
use crate::engine::Time;

/// What a participant asks of the overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationKind {
    /// Lookup of the node responsible for a key.
    Lookup,
    /// The newest version of a record.
    Get,
    /// A new version of a record.
    Put,
}

impl OperationKind {
    /// All kinds, in the order of tables and columns.
    pub const ALL: [OperationKind; 3] = [OperationKind::Lookup, OperationKind::Get, OperationKind::Put];

    /// The word for it in scenario files and columns.
    pub const fn name(self) -> &'static str {
        match self {
            OperationKind::Lookup => "lookup",
            OperationKind::Get => "get",
            OperationKind::Put => "put",
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Correct,
    Incorrect,
    Failed(Cause),
    /// The operation's node went offline first.
    Abandoned,
    /// The run ended first.
    Open,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Correct => "correct",
            Verdict::Incorrect => "incorrect",
            Verdict::Failed(_) => "failed",
            Verdict::Abandoned => "abandoned",
            Verdict::Open => "open",
        }
    }
}

/// How far an operation has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The operation's node has not joined.
    Waiting,
    /// The overlay walks, or spreads.
    Overlay,
    /// A get's walk has met a holder of a value too large for a packet; storage moves it from there.
    Holder,
    /// A walk has met no pointer to the copies; the responsible nodes are asked for it.
    Pointer,
    /// The responsible nodes are named; storage asks or tells them.
    Storage,
    /// Operations of their own fetch or store the pieces of a resource.
    Pieces,
}

/// What is done without anybody's asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// The first put of a record: a put like others, that is no part of the workload.
    Publish,
    /// A put that puts a record again, or brings it back where it belongs.
    Return,
    /// A holder of a piece looks whether the next one is there.
    Audit,
    /// Repair after an audit: enough other pieces are fetched to make this one again.
    Rebuild(RecordId),
}

/// An operation under way.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub id: OpId,
    pub node: NodeId,
    pub session: u32,
    /// Number among the operations of this kind in the session.
    pub number: u32,
    pub kind: OperationKind,
    pub target: Key,
    pub record: Option<RecordId>,
    /// A put's own version; the version that a get must find at least.
    pub version: Version,
    pub issued: Time,
    /// Issued in the measurement, by the workload.
    pub counted: bool,
    /// What it is for if nobody asked for it: it is not part of the workload then.
    pub errand: Option<Errand>,
    /// The operation on the whole resource that this one on a piece is part of: the workload and the observers know of that
    /// one only.
    pub parent: Option<OpId>,
    pub stage: Stage,
    pub rpcs: u32,
    pub timeouts: u32,
    /// Nodes that stored a put's version.
    pub touched: u32,
    /// Depth of the node that a put's walk named as responsible.
    pub hops: u8,
    /// A get has been answered by a cached copy; of a resource in pieces, by cached copies only.
    pub cached: bool,
}
