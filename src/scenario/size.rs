//! Size of values in scenario files: a size, or a law of sizes.

use std::borrow::Cow;
use std::fmt;

use libm::log;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};

use crate::engine::{Law, Size, Weighted};

/// Size of resources: `size = "4KiB"`, or a law from which each resource draws its size once.
#[derive(Clone, Debug)]
pub(super) enum ValueSize {
    Constant(Size),
    Law(SizeLaw),
}

/// Probability law of sizes. Draws above the largest value are cut to it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SizeLaw {
    /// Constant.
    Constant(Size),
    /// Lognormal: the logarithm is normal with standard deviation `sigma`.
    Lognormal { median: Size, sigma: f64 },
    /// Pareto: P(X > x) = (minimum/x)^shape for x ≥ `minimum`.
    Pareto { shape: f64, minimum: Size },
    /// Mixture of at least one size or law, chosen in proportion to their weights.
    Mixture(Vec<Weighted<ValueSize>>),
}

impl Default for ValueSize {
    fn default() -> ValueSize {
        ValueSize::Constant(Size(4096))
    }
}

impl ValueSize {
    /// Largest size that is given explicitly.
    pub(super) fn largest_said(&self) -> Size {
        match *self {
            ValueSize::Constant(size) | ValueSize::Law(SizeLaw::Constant(size)) => size,
            ValueSize::Law(SizeLaw::Lognormal { median, .. }) => median,
            ValueSize::Law(SizeLaw::Pareto { minimum, .. }) => minimum,
            ValueSize::Law(SizeLaw::Mixture(ref components)) => components
                .iter()
                .map(|component| component.law.largest_said())
                .max_by_key(|size| size.0)
                .unwrap_or(Size(0)),
        }
    }

    /// Law in bytes, or an error.
    pub(super) fn law(&self) -> Result<Law, String> {
        let law = match *self {
            ValueSize::Constant(size) | ValueSize::Law(SizeLaw::Constant(size)) => Law::Constant(size.0 as f64),
            ValueSize::Law(SizeLaw::Lognormal { median: Size(0), .. } | SizeLaw::Pareto { minimum: Size(0), .. }) => {
                return Err("the size of a law must be above zero".into());
            }
            ValueSize::Law(SizeLaw::Lognormal { median, sigma }) => Law::Lognormal { mu: log(median.0 as f64), sigma },
            ValueSize::Law(SizeLaw::Pareto { shape, minimum }) => Law::Pareto { shape, scale: minimum.0 as f64 },
            ValueSize::Law(SizeLaw::Mixture(ref components)) => Weighted::mixture(components, ValueSize::law)?,
        };
        law.check().map(|()| law)
    }
}

// By hand: serde's own untagged enums forget where in the text an error is.
impl<'de> Deserialize<'de> for ValueSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ValueSize, D::Error> {
        struct SizeOrLaw;
        impl<'de> de::Visitor<'de> for SizeOrLaw {
            type Value = ValueSize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a size with a unit, such as \"4KiB\", or a law, such as { pareto = { shape = 1.2, minimum = \"500B\" } }",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ValueSize, E> {
                text.parse().map(ValueSize::Constant).map_err(E::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ValueSize, A::Error> {
                SizeLaw::deserialize(MapAccessDeserializer::new(map)).map(ValueSize::Law)
            }
        }
        deserializer.deserialize_any(SizeOrLaw)
    }
}

impl JsonSchema for ValueSize {
    fn schema_name() -> Cow<'static, str> {
        "ValueSize".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (size, law) = (generator.subschema_for::<Size>(), generator.subschema_for::<SizeLaw>());
        json_schema!({ "anyOf": [size, law], "description": "a size, or a law of sizes" })
    }
}
