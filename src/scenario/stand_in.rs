//! Types of `network/` and `population/`, until those layers are merged.

use std::sync::Arc;

use crate::engine::Duration;

/// The network of a run.
#[derive(Clone, Debug)]
pub struct NetworkPlan {
    pub latency: Latency,
    pub jitter: f64,
    pub loss: f64,
    pub access: Option<Access>,
}

/// A latency model, one way.
#[derive(Clone, Debug)]
pub enum Latency {
    Constant(Duration),
    Uniform { low: Duration, high: Duration },
    Lognormal { median: Duration, sigma: f64 },
    Plane { width: Duration },
    Matrix(Arc<Matrix>),
}

/// One-way delays between the rows of a file.
#[derive(Clone, Debug)]
pub struct Matrix;

/// An access link: bits per second and bytes.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub uplink: f64,
    pub downlink: f64,
    pub queue: u64,
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
