//! Order of events at equal times.

/// Class of an event, which gives the order at equal times (determinism rule 2 in `lib.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Event of the scenario file; source: its position there.
    Scenario = 0,
    /// Failure or repair of a server; source: the server.
    Server = 1,
    /// Start or end of a session; source: the participant.
    Session = 2,
    /// Issue of an operation; source: the participant.
    Operation = 3,
    /// Arrival of a packet; source: the sending node.
    Arrival = 4,
    /// Timer; source: the node.
    Timer = 5,
    /// Deadline of an operation; source: the participant.
    Deadline = 6,
}

/// Number of distinct sources of events.
pub const SOURCES: u32 = 1 << 28;

/// Order of an event among those of equal time: its class, its source, and the source's own counter at creation. It
/// does not depend on when the event was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(u64);

impl Order {
    /// Order of an event; `source` is below [`SOURCES`], and no two pending events of equal time have equal orders.
    ///
    /// Panics on a larger source.
    pub const fn new(class: Class, source: u32, counter: u32) -> Order {
        assert!(source < SOURCES, "a source of events is below 2^28");
        Order((class as u64) << 60 | (source as u64) << 32 | counter as u64)
    }

    /// Source of the event.
    #[inline(always)]
    pub const fn source(self) -> u32 {
        (self.0 >> 32) as u32 % SOURCES
    }
}
