//! Placement and repair as a scenario file states them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::engine::{Duration, DurationLaw, Rate};

/// Placement of the replicas of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Placement {
    /// Nodes that are responsible for the key in the overlay.
    #[default]
    Responsible,
    /// Random participants, online or not, named by a pointer stored in the overlay. Each pointer has three replicas,
    /// which are repaired eagerly whatever the repair policy of the values.
    RandomParticipants,
    /// Providers: the publisher and the participants that have fetched the resource, named by provider records in the
    /// overlay.
    Provider,
}

/// Provider records and providers. Needs placement = "provider".
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Provider {
    /// Lifetime of a provider record after the provider's last announcement. Default "24h" (IPFS since 2022: 24 h to 48
    /// h).
    pub ttl: Option<Duration>,
    /// Interval at which a provider announces itself again. Default "12h" (IPFS: 12 h to 22 h).
    pub republish: Option<Duration>,
    /// Whether participants that have fetched a resource keep, serve and announce it. Default true.
    pub share: Option<bool>,
    /// Uplink rate of the publishers. Default: that of participants.
    pub uplink: Option<Rate>,
}

/// Repair policy: the reaction to a missing replica or to a change of the responsible nodes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Repair {
    /// No repair.
    None,
    /// Eager repair: a holder offers a record, as soon as it learns of a change, to responsible nodes that may lack it.
    /// With random participants, the keeper of a pointer probes the holders that it names every `audit`, and replaces
    /// each that does not reply.
    #[default]
    Eager,
    /// Lazy repair: as eager, but only while fewer than `threshold` replicas, 1 to `replicas`, are believed to be
    /// online.
    Lazy { threshold: u32 },
    /// Republishing (soft state): churn moves no records; publishers, and optionally holders, put their records again,
    /// and copies expire.
    Republish(Republish),
    /// Delayed repair, for studies: some time after a holder's permanent departure, its copy appears on another online
    /// machine, at no cost. Needs placement = "random-participants".
    Delay(Delay),
}

/// Republishing of records as soft state (Maymounkov & Mazières 2002, §2.5).
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Republish {
    /// Republish interval of holders: a holder puts a record again if no put has reached it for this time; Kademlia:
    /// "1h". Absent: only publishers republish, as in IPFS.
    pub every: Option<Duration>,
    /// Republish interval of the publisher, the participant of the last put. Default "24h" (Kademlia); IPFS: "22h".
    #[serde(default = "day")]
    pub publisher: Duration,
    /// Lifetime of a copy after the publisher's last put, at least `publisher`; Kademlia: "24h", IPFS: "48h". Absent:
    /// copies never expire.
    pub expiry: Option<Duration>,
}

fn day() -> Duration {
    Duration::from_secs(86_400)
}

/// Delayed repair, which takes time but no messages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delay {
    /// Time of a repair, from the departure, or from the end of the repair before it, to the new copy.
    pub after: DurationLaw,
    /// Number of concurrent repairs of one resource, or "unlimited". Default "unlimited".
    #[serde(default)]
    pub concurrency: Concurrency,
}

/// Limit on concurrent repairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Concurrency(pub u32);

impl Default for Concurrency {
    fn default() -> Concurrency {
        Concurrency(u32::MAX)
    }
}

// By hand: serde's own untagged enums forget where in the text an error is.
impl<'de> Deserialize<'de> for Concurrency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Concurrency, D::Error> {
        struct NumberOrWord;
        impl de::Visitor<'_> for NumberOrWord {
            type Value = Concurrency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 1, or \"unlimited\"")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Concurrency, E> {
                match u32::try_from(number) {
                    Ok(number @ 1..) => Ok(Concurrency(number)),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Concurrency, E> {
                match word {
                    "unlimited" => Ok(Concurrency::default()),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrWord)
    }
}

impl JsonSchema for Concurrency {
    fn schema_name() -> Cow<'static, str> {
        "Concurrency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": u32::MAX }, { "const": "unlimited" }] })
    }
}
