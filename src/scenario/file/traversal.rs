//! What was said of connections and of getting through NATs.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::engine::Duration;
use crate::engine::quantity::{Rate, Switch};

/// How machines connect: the default for all systems. Keys other than `transport` need transport = "connection".
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Traversal {
    /// Whether a packet needs a connection. Default "datagram".
    pub transport: Option<Transport>,
    /// How long each way of connecting is tried. Default "5s", as libp2p's dials (Trautwein et al., SIGCOMM 2022).
    pub dial_timeout: Option<Duration>,
    /// How long a connection may be silent before the end that opened it sends a small packet, which is answered; or "off".
    /// Default "25s", as WireGuard's persistent keep-alive: less than the 30 s after which the shortest-lived mappings die.
    pub keep_alive: Option<Switch>,
    /// A connection over which nothing was said for so long is closed; or "off". Default "1min", the grace period of
    /// go-libp2p's connection manager.
    pub idle_close: Option<Switch>,
    /// Connections of a machine at most; the one not used for longest makes room. Default "unlimited".
    pub connections: Option<Connections>,
    /// A machine that can be dialled has one that cannot call it back. Default true.
    pub reversal: Option<bool>,
    /// Two machines that cannot be dialled send at the same time, up to three times. Default true.
    pub punching: Option<bool>,
    /// Machines that can be dialled forward for pairs that cannot connect otherwise. Absent: none do.
    pub relays: Option<Relays>,
}

/// Whether a packet needs a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// No: a NAT lets it in or not.
    #[default]
    Datagram,
    /// Yes: who has none dials first, and the packet waits.
    Connection,
}

/// The limits of every relay; the defaults are those of libp2p's circuit relay v2, the rate apart.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Relays {
    /// Machines that a relay keeps a place for. At least 1, default 128.
    pub reservations: u32,
    /// Pairs that it connects at a time. At least 1, default 16.
    pub connections: u32,
    /// What it forwards, all pairs together. Default "1Mbit/s": our choice.
    pub rate: Rate,
    /// For how long it connects a pair. Default "2min".
    pub lifetime: Duration,
}

impl Default for Relays {
    fn default() -> Relays {
        Relays { reservations: 128, connections: 16, rate: Rate(1e6), lifetime: Duration::from_secs(120) }
    }
}

/// A number, or "unlimited".
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Connections {
    AtMost(u32),
    Unlimited(Word),
}

/// The word for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Word {
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
