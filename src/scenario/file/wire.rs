//! What was said of sizes on the wire.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::{Duration, Size};

/// Sizes of messages on the wire. Each key overrides the preset's; the tables of systems override `[network.wire]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wire {
    /// Default what a deployment sends: "bep5" for peers, "https" for a server and its clients. "p2psim" has contacts of 4 bytes,
    /// smaller than any deployed one's. `peerlab list wire` has all, with their sources.
    pub preset: Option<WirePreset>,
    /// Headers of the network and transport layers of each message, 0 to 4 KiB as all sizes here. IPv4 and UDP: "28B".
    pub packet: Option<Size>,
    /// The head of a request or notice about a key, with the key and the sender's identifier.
    pub request: Option<Size>,
    /// The head of a request or notice about no key, with the sender's identifier.
    pub ping: Option<Size>,
    /// The head of a reply, with the sender's identifier.
    pub reply: Option<Size>,
    /// A further key or identifier in a message.
    pub identifier: Option<Size>,
    /// A node that a message names: its identifier and its addresses.
    pub contact: Option<Size>,
    /// What the first message between two machines costs.
    pub handshake: Option<Handshake>,
}

/// A preset by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WirePreset {
    /// BitTorrent's DHT.
    Bep5,
    /// libp2p over QUIC.
    Libp2p,
    /// p2psim: 20 bytes, and 4 for each node named.
    P2psim,
    /// HTTP/1.1 over TLS 1.3.
    Https,
}

/// What the first message between two machines costs after a time without one. Keys that are not given are the preset's, or
/// none.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Handshake {
    /// Bytes of whoever sends that message, headers included.
    pub bytes: Option<Size>,
    /// Bytes of the other, which leave with its first message back.
    pub answer: Option<Size>,
    /// Round trips before the message leaves, 0 to 10. With connections one of them is the dial's own.
    pub round_trips: Option<u32>,
    /// Without a message for so long, the next one pays again. Default "1min".
    pub idle: Option<Duration>,
}
