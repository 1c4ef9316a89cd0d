//! The order of events at equal times.

/// What kind of event: the order at equal times (determinism rule 2 in `lib.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// An event of the scenario file; source: its position there.
    Scenario = 0,
    /// A server goes up or down; source: the server.
    Server = 1,
    /// A session begins or ends; source: the participant.
    Session = 2,
    /// An operation is issued; source: the participant.
    Operation = 3,
    /// A packet arrives; source: the sending node.
    Arrival = 4,
    /// A timer fires; source: the node.
    Timer = 5,
    /// An operation has run out of time; source: the participant.
    Deadline = 6,
}

/// Sources of events that can be told apart.
pub const SOURCES: u32 = 1 << 28;

/// The place of an event among those of the same time: its class, its source, and the source's own counter when it was
/// created. It does not depend on when the event was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(u64);

impl Order {
    /// `source` is below [`SOURCES`]; no two pending events of the same time have the same order.
    ///
    /// Panics on a larger source.
    pub const fn new(class: Class, source: u32, counter: u32) -> Order {
        assert!(source < SOURCES, "a source of events is below 2^28");
        Order((class as u64) << 60 | (source as u64) << 32 | counter as u64)
    }

    /// Who has created the event.
    #[inline(always)]
    pub const fn source(self) -> u32 {
        (self.0 >> 32) as u32 % SOURCES
    }
}
