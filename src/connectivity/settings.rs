//! Settings of connections and relays.

use crate::engine::Duration;

/// Settings of the connections of a system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connections {
    /// Time-out of each method of connecting.
    pub dial_timeout: Duration,
    /// Interval of keep-alives on a silent link, sent by the end that opened it; `None`: no keep-alives.
    pub keep_alive: Option<Duration>,
    /// Time without a message other than keep-alives after which a link is closed; `None`: never.
    pub idle_close: Option<Duration>,
    /// Maximum of links of a node; the least recently used one makes room.
    pub limit: Option<u32>,
    /// Connection reversal: a dialable node asks an undialable one to dial back.
    pub reversal: bool,
    /// Hole punching, coordinated by the rendezvous of the undialable peer.
    pub punching: bool,
    /// Limits of dialable nodes as relays; `None`: no relaying.
    pub relays: Option<Relays>,
}

/// Limits of every relay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relays {
    /// Maximum of reservations.
    pub reservations: u32,
    /// Maximum of circuits at a time.
    pub connections: u32,
    /// Bits per second forwarded over all circuits together; may be infinite.
    pub rate: f64,
    /// Lifetime of a circuit.
    pub lifetime: Duration,
}
