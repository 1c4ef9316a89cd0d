//! The `wire` tables of a scenario file: message sizes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::{Duration, Size};

/// Message sizes on the wire. Each key overrides the preset; the tables of systems override `[network.wire]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wire {
    /// Preset of sizes. Default, as deployed: "bep5" for peers, "https" for a server and its clients. "p2psim" has
    /// contacts of 4 bytes, smaller than in any deployed system. `peerlab list wire` shows all presets with their
    /// sources.
    pub preset: Option<WirePreset>,
    /// Network and transport headers of each message, 0 to 4 KiB, as all sizes here. IPv4 and UDP: "28B".
    pub packet: Option<Size>,
    /// Request or one-way message about a key: fixed part, including the key and the sender's identifier.
    pub request: Option<Size>,
    /// Request or one-way message without a key: fixed part, including the sender's identifier.
    pub ping: Option<Size>,
    /// Reply: fixed part, including the sender's identifier.
    pub reply: Option<Size>,
    /// Each further key or identifier in a message.
    pub identifier: Option<Size>,
    /// Contact in a message: a node's identifier and addresses.
    pub contact: Option<Size>,
    /// Connection handshake before the first message between two machines.
    pub handshake: Option<Handshake>,
}

/// Presets of message sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WirePreset {
    /// BitTorrent's DHT.
    Bep5,
    /// libp2p over QUIC.
    Libp2p,
    /// p2psim: 20 bytes, and 4 for each node named.
    P2psim,
    /// HTTP/1.1 over TLS 1.3.
    Https,
}

/// Handshake before the first message between two machines, and after an idle time. Keys left out have the preset's
/// values, or none.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Handshake {
    /// Bytes sent by the initiator, headers included.
    pub bytes: Option<Size>,
    /// Bytes sent by the responder, headers included, together with its first message back.
    pub answer: Option<Size>,
    /// Round trips before the message is sent, 0 to 10. With connections, one of them is the dial itself.
    pub round_trips: Option<u32>,
    /// Idle time after which the next message needs a new handshake. Default "1min".
    pub idle: Option<Duration>,
}
