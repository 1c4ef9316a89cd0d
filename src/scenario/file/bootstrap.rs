//! What was said of how machines find their way into a system.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};

use crate::engine::Duration;
use crate::engine::quantity::{Limit, Rate};

/// How machines find a first node to talk to: `"oracle"`, or a table of the service's machines.
#[derive(Clone, Copy, Debug)]
pub enum Bootstrap {
    /// For nothing: a joined node that can be dialled, at random, known to nobody how.
    Oracle,
    /// By asking a bootstrap service.
    Service(Service),
}

/// A service that knows who has told it of late to be a member of the overlay.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Its machines, which are no participants, 1 to 16. Default 2.
    pub machines: u32,
    /// The line of each. Default "1Gbit/s", both ways, as of a server.
    pub uplink: Rate,
    pub downlink: Rate,
    /// Bytes that each direction of the line may queue. Default "1MiB".
    pub queue: Limit,
    /// Mean time of each between failures, exponential; with `mttr`. Absent: it never fails.
    pub mtbf: Option<Duration>,
    /// Mean time to repair it, exponential.
    pub mttr: Option<Duration>,
    /// Members that it remembers, 8 to 100000, the newest. Default 200.
    pub list: u32,
    /// Members that an answer names at most, 1 to 64. Default 8, as routers of BitTorrent's DHT name (BEP 5: k).
    pub answers: u32,
    /// How long a member is believed to be one after it has said so, 2 min or more; it says so again every half of that. Default
    /// "1h".
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
