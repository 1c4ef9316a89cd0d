//! The time between two rounds of upkeep.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::engine::{Duration, DurationLaw, Law, Source};

/// The shortest time between two rounds, so that no law keeps a node busy at one instant.
const SHORTEST: Duration = Duration::from_millis(1);

/// `"30s"`, or a law from which every gap between two rounds is drawn, such as `{ uniform = { low = "15s", high = "45s" } }`.
#[derive(Clone, Debug, PartialEq)]
pub enum Period {
    Always(Duration),
    Drawn { said: DurationLaw, law: Law },
}

impl Period {
    /// The time to the next round, 1 ms at least where it is drawn.
    #[inline]
    pub fn next(&self, noise: &mut impl Source) -> Duration {
        match self {
            Period::Always(period) => *period,
            Period::Drawn { law, .. } => law.sample_duration(noise).max(SHORTEST),
        }
    }

    pub fn mean(&self) -> Duration {
        match self {
            Period::Always(period) => *period,
            Period::Drawn { law, .. } => Duration::from_secs_f64(law.mean()),
        }
    }

    /// Whether rounds can follow each other: the mean is finite and above zero.
    pub fn is_possible(&self) -> bool {
        match self {
            Period::Always(period) => *period > Duration::ZERO,
            Period::Drawn { law, .. } => law.mean().is_finite() && law.mean() > 0.0,
        }
    }
}

impl From<Duration> for Period {
    fn from(period: Duration) -> Period {
        Period::Always(period)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Period::Always(period) => period.serialize(serializer),
            Period::Drawn { said, .. } => said.serialize(serializer),
        }
    }
}

// By hand: serde's own untagged enums forget where in the text an error is.
impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
        struct TimeOrLaw;
        impl<'de> de::Visitor<'de> for TimeOrLaw {
            type Value = Period;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a duration with a unit, such as \"30s\", or a law, such as { exponential = { mean = \"30s\" } }",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Period, E> {
                text.parse().map(Period::Always).map_err(E::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Period, A::Error> {
                let said = DurationLaw::deserialize(MapAccessDeserializer::new(map))?;
                let law = said.law().map_err(de::Error::custom)?;
                Ok(Period::Drawn { said, law })
            }
        }
        deserializer.deserialize_any(TimeOrLaw)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (time, law) = (generator.subschema_for::<Duration>(), generator.subschema_for::<DurationLaw>());
        json_schema!({ "anyOf": [time, law], "description": "a period, or a law of it" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Noise;

    #[derive(Deserialize)]
    struct Table {
        every: Period,
    }

    #[test]
    fn a_period_is_a_time_or_drawn_from_a_law() {
        let read = |text: &str| toml::from_str::<Table>(&format!("every = {text}")).map(|table| table.every);
        let secs = Duration::from_secs;
        assert_eq!(read("\"30s\"").unwrap(), Period::Always(secs(30)));
        let drawn = read("{ uniform = { low = \"15s\", high = \"45s\" } }").unwrap();
        assert_eq!((drawn.mean(), drawn.is_possible()), (secs(30), true));
        let mut noise = Noise::new(1);
        let gaps: Vec<Duration> = (0..1000).map(|_| drawn.next(&mut noise)).collect();
        assert!(gaps.iter().all(|gap| (secs(15)..=secs(45)).contains(gap)));
        let mean = gaps.iter().map(|gap| gap.as_secs_f64()).sum::<f64>() / 1000.0;
        assert!((mean - 30.0).abs() < 4.0 * 8.66 / 1000f64.sqrt(), "{mean}");
        assert!(!read("\"0s\"").unwrap().is_possible());
        assert!(!read("{ pareto = { shape = 0.5, scale = \"1s\" } }").unwrap().is_possible());
        assert!(read("30").unwrap_err().message().contains("a duration with a unit"));
    }
}
