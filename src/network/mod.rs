//! Layer 2: latency models, access links, packet loss, NATs and firewalls, and the request queue of a machine.
//!
//! A machine is a number, participants first, then dedicated servers; nodes are unknown here. A packet's path has two
//! ends: [`Network::depart`] changes the sender's side only, [`Network::arrive`] the receiver's side only, at the
//! arrival time that departure has given. Each condition is evaluated where and when it applies. One-way delay = uplink
//! queue + uplink serialisation + max(propagation × jitter × factor of the hour, floor) + downlink serialisation +
//! downlink queue.
//!
//! Large values are not packets: [`Flows`] share the same links.

pub mod access;
pub mod burst;
pub mod coordinates;
pub mod diurnal;
pub mod flows;
pub mod inflation;
pub mod latency;
mod lines;
pub mod loss;
pub mod machines;
pub mod matrix;
pub mod measured;
pub mod nat;
pub mod regions;
pub mod station;
pub mod wire;

pub use access::Access;
pub use burst::Burst;
pub use coordinates::{Coordinates, Layout};
pub use diurnal::Diurnal;
pub use flows::{End, FlowId, Flows, Wake};
pub use inflation::Inflation;
pub use latency::Latency;
pub use loss::Loss;
pub use machines::{Machines, Site};
pub use matrix::{Form, Format, Found, Matrix, Missing, Names, Rows, Value, Zero};
pub use measured::{FileError, Holds, Unit};
pub use nat::{Endpoint, NatClass, NatPlan, Nats, Shares, Wire};
pub use regions::Regions;
pub use station::{Offer, Processor, Started, Station};
pub use wire::{Departure, Network, NetworkPlan};
