//! Walks on their way from node to node: recursive routing, with an acknowledgement of each hop.
//!
//! Who gets a walk says so at once to whom it came from, and passes it on. A hop that has not said so within the *hop time-out*,
//! mean + 4 deviations of the node's own round trips, is passed over: the walk goes to the next best as well. Whichever way comes
//! to the end first answers the requester; other answers are ignored. A node passes a walk on once, however often it comes. A hop
//! has twice as long again to say that it got the walk; silence is then held against it as any request is that nobody answers
//! (Chord asks it first whether it is there). So a hop that is merely slow costs some messages, and no answer is wrong for it.
//! (Rhea, Geels, Roscoe & Kubiatowicz, USENIX 2004, §4.2 and §4.3; OverSim's `routeMsgAcks`.)
//!
//! A node that dies with a walk that it has acknowledged takes it along: the requester waits for the whole walk and begins again.

use crate::engine::Duration;
use crate::model::{Envelope, Key, Kind, NodeId, OpId, RecordId, Traffic};

/// The hop time-out before a node has measured a round trip.
pub const FIRST_TIMEOUT: Duration = Duration::from_millis(500);

/// A walk at one node that is to pass it on.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Tells its acknowledgements from those of others.
    pub number: u32,
    pub target: Key,
    pub record: Option<RecordId>,
    /// How many responsible nodes are to be named.
    pub count: u8,
    /// Depth of this node in the referral tree: 0 at the requester.
    pub hops: u8,
    /// The request of the node that is to get the answer, as it would have come from that itself.
    pub request: Envelope,
    /// Next hops that have not acknowledged in time.
    pub tried: Vec<NodeId>,
}

impl Relay {
    /// Begins another in the memory of this one.
    pub fn begin(&mut self, number: u32, walk: (Key, Option<RecordId>, u8), hops: u8, request: Envelope) {
        let (target, record, count) = walk;
        self.tried.clear();
        let tried = std::mem::take(&mut self.tried);
        *self = Relay { number, target, record, count, hops, request, tried };
    }

    /// The request of a walk that a requester numbered `rpc` in its session `epoch`, for an operation or for maintenance.
    pub fn request(from: NodeId, (rpc, epoch): (u16, u16), op: Option<OpId>) -> Envelope {
        let traffic = if op.is_some() { Traffic::Lookup } else { Traffic::Maintenance };
        let (bytes, kind, for_others, client) = (0, Kind::Request, false, false);
        Envelope { from, op, bytes, rpc, epoch, kind, traffic, for_others, client }
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.tried.capacity() * size_of::<NodeId>()
    }
}

/// The walks that came to a node last. 520 bytes.
#[derive(Clone, Debug)]
pub struct Recent {
    /// Requester, its number and its session.
    walks: [(u32, u16, u16); 64],
    next: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Recent { walks: [(0, 0, 0); 64], next: 0 }
    }
}

impl Recent {
    /// Whether this one comes for the first time, as far as is remembered.
    pub fn is_new(&mut self, request: &Envelope) -> bool {
        // No request has the number 0.
        let walk = (request.from.0, request.rpc, request.epoch);
        if self.walks.contains(&walk) {
            return false;
        }
        self.walks[self.next] = walk;
        self.next = (self.next + 1) % self.walks.len();
        true
    }
}

impl Default for Relay {
    /// Memory to begin one in.
    fn default() -> Self {
        let request = Relay::request(NodeId(0), (0, 0), None);
        Relay { number: 0, target: Key(0), record: None, count: 0, hops: 0, request, tried: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_new_once() {
        let mut recent = Recent::default();
        let request = |rpc| Relay::request(NodeId(0), (rpc, 0), None);
        assert!((1..=64).all(|rpc| recent.is_new(&request(rpc))));
        assert!((1..=64).all(|rpc| !recent.is_new(&request(rpc))));
        assert!(recent.is_new(&request(65)) && recent.is_new(&request(1)), "it remembers sixty-four");
        assert_eq!(size_of::<Recent>(), 520);
    }
}
