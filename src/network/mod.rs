//! Layer 2: latency models, access links, packet loss, NATs and firewalls, and the request queue of a machine.
//!
//! A machine is a number, participants first, then dedicated servers; nodes are unknown here. A packet's path has two
//! ends: [`Network::depart`] changes the sender's side only, [`Network::arrive`] the receiver's side only, at the
//! arrival time that departure has given. Each condition is evaluated where and when it applies. One-way delay = uplink
//! queue + uplink serialisation + max(propagation × jitter × factor of the hour, floor) + downlink serialisation +
//! downlink queue.
//!
//! Large values are not packets: [`Flows`] share the same links.
//!
//! | file | contents |
//! | --- | --- |
//! | `access` | Access links between machines and the network, with one queue in each direction |
//! | `burst` | Packet loss on the path: independent, or in bursts |
//! | `coordinates` | Network coordinates from a file: hosts embedded in a space in which distance is delay |
//! | `diurnal` | Daily variation of delays, as in a network that is busy in the evening |
//! | `flows` | Bulk transfers (flows) that share the access links |
//! | `inflation` | Inflated routes, longer than the latency model says, so that a detour through a third machine is faster |
//! | `latency` | Propagation delay: the one-way delay between two machines, without links and queues |
//! | `lines` | Text files of tables, read line by line: comments, cells, separators |
//! | `loss` | Causes of packet loss |
//! | `machines` | Machines on the network of a run: the participants, with their individual attributes, and the servers |
//! | `matrix` | Measured delay matrices from files: square or triangular matrices, lists of pairs, PlanetLab's pings, topologies of p2psim |
//! | `measured` | Common parts of measured delay tables: units, meaning of numbers, errors |
//! | `nat` | NATs and firewalls: a mapping behaviour × a filtering behaviour (RFC 4787), and a table of mappings that expire |
//! | `regions` | Geographic regions: each machine is in one, and the delay of a pair is lognormal around the median of its two regions |
//! | `station` | Service station: the request queue of a machine, as a pure value |
//! | `wire` | Network between machines: a packet's path from departure to arrival |

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
