//! Where copies are, and what is done when they go, as a scenario file says it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::engine::{Duration, DurationLaw, Rate};

/// Where the copies of a piece are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// On the nodes that the overlay holds responsible for its key.
    #[default]
    Responsible,
    /// On participants drawn at random, whether they are online or not, whom a pointer in the overlay names. Of that there are
    /// three copies, repaired eagerly whatever is said of the copies themselves.
    RandomParticipants,
    /// On its publisher and those who have fetched it, whom provider records in the overlay name.
    Provider,
}

/// Provider records, and what providers do. Needs placement = "provider".
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// How long a record is kept after its provider's last word. Default "24h" (IPFS since 2022: 24 h to 48 h).
    pub ttl: Option<Duration>,
    /// How often a provider says again that it is one. Default "12h" (IPFS: 12 h to 22 h).
    pub republish: Option<Duration>,
    /// Whether those who have fetched a resource keep it, serve it and say so. Default true.
    pub share: Option<bool>,
    /// Uplink of the machines that publish. Default: what participants have.
    pub uplink: Option<Rate>,
}

/// What is done when a copy is missing, or the nodes responsible for a record change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Repair {
    /// Nothing.
    None,
    /// Whoever holds a record offers it to those that may lack it as soon as it learns of the change. Of random participants:
    /// whoever keeps the pointer asks those whom it names every `audit`, and has a copy made for each that does not answer.
    #[default]
    Eager,
    /// The same, but only once fewer than `threshold` copies, 1 to `replicas`, are believed to be up.
    Lazy { threshold: u32 },
    /// Nothing moves when nodes come and go: publishers, and if wanted holders, put their records again, and copies expire.
    Republish(Republish),
    /// Some time after a holder has gone for good the copy is on another online machine, at no cost. For studies. Needs
    /// placement = "random-participants".
    Delay(Delay),
}

/// Soft state (Maymounkov & Mazières 2002, §2.5).
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Republish {
    /// A holder puts again what nobody has put for so long; Kademlia: "1h". Absent: only publishers put again, as in IPFS.
    pub every: Option<Duration>,
    /// Between two puts of the publisher, which is who put the record last. Default "24h", as Kademlia; IPFS: "22h".
    #[serde(default = "day")]
    pub publisher: Duration,
    /// From the publisher's last put to the end of a copy, `publisher` or more; Kademlia: "24h", IPFS: "48h". Absent: never.
    pub expiry: Option<Duration>,
}

fn day() -> Duration {
    Duration::from_secs(86_400)
}

/// A repair that takes time and nothing else.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// From the departure, or from the end of the repair before it, to the new copy.
    pub after: DurationLaw,
    /// Repairs of one resource under way at once, or "unlimited". Default "unlimited".
    #[serde(default)]
    pub concurrency: Concurrency,
}

/// How many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency(pub u32);

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
