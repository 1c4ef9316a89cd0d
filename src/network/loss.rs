//! Causes of packet loss. Every lost packet has one cause, and causes are counted.

/// Cause of a packet's loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Loss {
    /// Uplink queue of the sender full.
    UplinkQueue,
    /// Downlink queue of the receiver full.
    DownlinkQueue,
    /// Random loss on the path.
    Noise,
    /// Sender offline before the last bit had left.
    SenderGone,
    /// Receiver offline on arrival; of a transfer, receiver gone offline.
    Offline,
    /// Stale: a reply to a session that had ended; a packet over a connection that its receiver does not have; a
    /// transfer no longer waited for.
    Stale,
    /// Request queue of a server full.
    ServerQueue,
    /// Partition between sender and receiver at departure.
    Partition,
    /// Rejected by the receiver's NAT: no mapping, or filtered.
    Nat,
    /// Rejected by a firewall, inbound or outbound.
    Firewall,
    /// Connection not established while the packet waited for it.
    Dial,
    /// Not forwarded by a relay.
    Relay,
    /// Request queue of a participant's processor full.
    PeerQueue,
}

impl Loss {
    /// Causes in the order of reports.
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

    /// Name in result columns.
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
