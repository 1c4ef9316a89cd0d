//! What a Chord ring must do, on the bench.

use super::{Chord, Config, Fingers, Message, Routing};
use crate::engine::{Duration, Noise, Source};
use crate::overlay::testing::{Bench, End};
use crate::overlay::{Change, Contact, Held, Key, NodeId, Protocol, RecordId, Version};

/// The first joined node at or after `key`.
pub(super) fn successor(bench: &Bench<Chord>, key: Key) -> NodeId {
    let joined = (0..bench.keys.len()).filter(|&node| bench.joined[node]);
    let nearest = joined.min_by_key(|&node| key.clockwise(bench.keys[node])).expect("somebody has joined");
    NodeId(nearest as u32)
}
