//! The interval between two operations of a participant: a mean, or a law in full.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};

use crate::engine::{Duration, DurationLaw};

/// Interval between two operations: `every = "1min"` is exponential with that mean, a Poisson stream of operations; or
/// a law.
#[derive(Clone, Debug)]
pub(super) enum Gap {
    Mean(Duration),
    Law(DurationLaw),
}

// By hand: serde's own untagged enums forget where in the text an error is.
impl<'de> Deserialize<'de> for Gap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Gap, D::Error> {
        struct MeanOrLaw;
        impl<'de> de::Visitor<'de> for MeanOrLaw {
            type Value = Gap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a duration with a unit, such as \"1min\", or a law, such as { exponential = { mean = \"1min\" } }",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Gap, E> {
                text.parse().map(Gap::Mean).map_err(E::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Gap, A::Error> {
                DurationLaw::deserialize(MapAccessDeserializer::new(map)).map(Gap::Law)
            }
        }
        deserializer.deserialize_any(MeanOrLaw)
    }
}

impl JsonSchema for Gap {
    fn schema_name() -> Cow<'static, str> {
        "Gap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (mean, law) = (generator.subschema_for::<Duration>(), generator.subschema_for::<DurationLaw>());
        json_schema!({ "anyOf": [mean, law], "description": "a mean interval (exponential), or a law" })
    }
}
