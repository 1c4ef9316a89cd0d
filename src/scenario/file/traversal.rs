//! The `traversal` tables of a scenario file: connections and NAT traversal.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::engine::Duration;
use crate::engine::quantity::{Rate, Switch};

/// Connections and NAT traversal; the tables of systems override this one. Keys other than `transport` need transport =
/// "connection".
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Traversal {
    /// Transport: whether a packet needs a connection. Default "datagram".
    pub transport: Option<Transport>,
    /// Timeout of each way of connecting. Default "5s" (libp2p: Trautwein et al., SIGCOMM 2022).
    pub dial_timeout: Option<Duration>,
    /// Keep-alive interval: idle time after which the end that opened the connection sends a small packet, which is
    /// answered; or "off". Default "25s", as WireGuard's persistent keep-alive: below the 30 s after which the
    /// shortest-lived mappings expire.
    pub keep_alive: Option<Switch>,
    /// Idle timeout after which a connection is closed; or "off". Default "1min", the grace period of go-libp2p's
    /// connection manager.
    pub idle_close: Option<Switch>,
    /// Limit on the connections of a machine; the least recently used one makes room. Default "unlimited".
    pub connections: Option<Connections>,
    /// Connection reversal: to reach a peer that cannot be dialled, a machine that can be has a rendezvous ask the peer
    /// to dial back. Default true.
    pub reversal: Option<bool>,
    /// Hole punching: two machines that cannot be dialled send to each other at the same time, in up to three attempts.
    /// Default true.
    pub punching: Option<bool>,
    /// Relays: machines that can be dialled forward traffic between pairs that cannot connect otherwise. Absent: none.
    pub relays: Option<Relays>,
}

/// Transport of packets: with or without connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    /// Datagrams: a NAT admits a packet or drops it.
    #[default]
    Datagram,
    /// Connections: without one, the sender dials first while the packet waits.
    Connection,
}

/// Limits of each relay; the defaults are those of libp2p's circuit relay v2, except for the rate.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Relays {
    /// Limit on reservations, that is, on machines reachable through the relay. At least 1, default 128.
    pub reservations: u32,
    /// Limit on the pairs that a relay connects at a time. At least 1, default 16.
    pub connections: u32,
    /// Forwarding rate, shared by all pairs. Default "1Mbit/s", an assumption.
    pub rate: Rate,
    /// Lifetime of a connection through the relay. Default "2min".
    pub lifetime: Duration,
}

impl Default for Relays {
    fn default() -> Relays {
        Relays { reservations: 128, connections: 16, rate: Rate(1e6), lifetime: Duration::from_secs(120) }
    }
}

/// Limit on connections: a number, or "unlimited".
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Connections {
    AtMost(u32),
    Unlimited(Word),
}

/// The word for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(crate) enum Word {
    Unlimited,
}

impl<'de> Deserialize<'de> for Connections {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Connections, D::Error> {
        struct NumberOrWord;
        impl de::Visitor<'_> for NumberOrWord {
            type Value = Connections;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of connections, or \"unlimited\"")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Connections, E> {
                let wrong = || E::invalid_value(de::Unexpected::Signed(number), &self);
                u32::try_from(number).map(Connections::AtMost).map_err(|_| wrong())
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Connections, E> {
                match word {
                    "unlimited" => Ok(Connections::Unlimited(Word::Unlimited)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrWord)
    }
}
