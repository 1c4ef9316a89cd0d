//! Why a packet did not arrive. Every lost packet has one cause, and causes are counted.

/// The cause of a packet's loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Loss {
    /// The sender's uplink queue was full.
    UplinkQueue,
    /// The receiver's downlink queue was full.
    DownlinkQueue,
    /// Lost on the way, by chance.
    Noise,
    /// Its sender went before the last bit had left.
    SenderGone,
    /// Nobody was up where it arrived; of a transfer, its receiver went offline.
    Offline,
    /// A reply to a session that had ended; over a link that its receiver does not have; of a transfer, nobody waits for it
    /// any more.
    Stale,
    /// A server's request queue was full.
    ServerQueue,
    /// A partition lay between sender and receiver when it left.
    Partition,
    /// The receiver's NAT had no mapping for it, or did not let it in.
    Nat,
    /// A firewall did not let it in, or did not let it out.
    Firewall,
    /// It waited for a connection that did not come about.
    Dial,
    /// It came to a relay that does not or may not forward it.
    Relay,
    /// The queue before a participant's processor was full.
    PeerQueue,
}

impl Loss {
    /// All causes, in the order in which they are reported.
    pub const ALL: [Loss; 13] = [
        Loss::UplinkQueue,
        Loss::DownlinkQueue,
        Loss::Noise,
        Loss::SenderGone,
        Loss::Offline,
        Loss::Stale,
        Loss::ServerQueue,
        Loss::Partition,
        Loss::Nat,
        Loss::Firewall,
        Loss::Dial,
        Loss::Relay,
        Loss::PeerQueue,
    ];

    /// The name in result columns.
    pub const fn name(self) -> &'static str {
        match self {
            Loss::UplinkQueue => "uplink-queue",
            Loss::DownlinkQueue => "downlink-queue",
            Loss::Noise => "loss",
            Loss::SenderGone => "sender-gone",
            Loss::Offline => "offline",
            Loss::Stale => "stale",
            Loss::ServerQueue => "server-queue",
            Loss::Partition => "partition",
            Loss::Nat => "nat",
            Loss::Firewall => "firewall",
            Loss::Dial => "dial",
            Loss::Relay => "relay",
            Loss::PeerQueue => "peer-queue",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_numbered_in_the_order_of_the_report() {
        assert!(Loss::ALL.iter().enumerate().all(|(at, cause)| *cause as usize == at));
    }
}
