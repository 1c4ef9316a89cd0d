//! The `bootstrap` key of a scenario file: how joining nodes find a first contact.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};

use crate::engine::Duration;
use crate::engine::quantity::{Limit, Rate};

/// Bootstrap of joining nodes: `"oracle"`, or the table of a bootstrap service.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bootstrap {
    /// Oracle: a random joined node that can be dialled, at no cost.
    Oracle,
    /// Query to a bootstrap service.
    Service(Service),
}

/// Bootstrap service: machines that keep a list of recently announced members of the overlay.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Service {
    /// Number of machines of the service, which are not participants, 1 to 16. Default 2.
    pub machines: u32,
    /// Uplink rate of each machine. Default "1Gbit/s", as for a server.
    pub uplink: Rate,
    /// Downlink rate of each machine. Default "1Gbit/s", as for a server.
    pub downlink: Rate,
    /// Queue capacity of each direction of the link in bytes. Default "1MiB".
    pub queue: Limit,
    /// Mean time between failures of each machine, exponential; with `mttr`. Absent: no failures.
    pub mtbf: Option<Duration>,
    /// Mean time to repair, exponential; with `mtbf`.
    pub mttr: Option<Duration>,
    /// Capacity of the member list, 8 to 100000; the newest are kept. Default 200.
    pub list: u32,
    /// Limit on the members named in a reply, 1 to 64. Default 8 (routers of BitTorrent's DHT, BEP 5: k).
    pub answers: u32,
    /// Lifetime of an entry after the member's last announcement, at least 2 min; members announce themselves every
    /// half of it. Default "1h".
    pub life: Duration,
}

impl Default for Service {
    fn default() -> Service {
        Service {
            machines: 2,
            uplink: Rate(1e9),
            downlink: Rate(1e9),
            queue: Limit(1 << 20),
            mtbf: None,
            mttr: None,
            list: 200,
            answers: 8,
            life: Duration::from_secs(3_600),
        }
    }
}

// By hand: serde's own untagged enums forget where in the text an error is.
impl<'de> Deserialize<'de> for Bootstrap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bootstrap, D::Error> {
        struct WordOrTable;
        impl<'de> de::Visitor<'de> for WordOrTable {
            type Value = Bootstrap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"oracle\", or a table of the bootstrap service, such as { machines = 2 }")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Bootstrap, E> {
                match word {
                    "oracle" => Ok(Bootstrap::Oracle),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Bootstrap, A::Error> {
                Service::deserialize(MapAccessDeserializer::new(map)).map(Bootstrap::Service)
            }
        }
        deserializer.deserialize_any(WordOrTable)
    }
}

impl JsonSchema for Bootstrap {
    fn schema_name() -> Cow<'static, str> {
        "Bootstrap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let service = generator.subschema_for::<Service>();
        json_schema!({
            "anyOf": [{ "const": "oracle" }, service],
            "description": "\"oracle\", or a table of the bootstrap service"
        })
    }
}
