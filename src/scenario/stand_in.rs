//! Types of `engine/law` and `population/`, until those are merged.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::{Duration, Law};

/// A law of lengths of time as a file gives it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DurationLaw {
    Constant(Duration),
}

impl DurationLaw {
    pub fn law(&self) -> Result<Law, String> {
        let DurationLaw::Constant(value) = self;
        Ok(Law::Constant(value.as_secs_f64()))
    }
}

/// How often each resource is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Popularity {
    Uniform,
    Zipf { exponent: f64 },
}

/// What a lookup looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Key,
    Node,
}

pub const PRESETS: &[&str] = &["kad"];

pub fn preset(name: &str) -> Option<(Law, Option<Law>)> {
    (name == "kad").then_some((Law::Constant(1.0), None))
}
