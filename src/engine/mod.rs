//! Layer 0: virtual time, the event queue, random streams, distributions, the fingerprint.
//!
//! Knows nothing of networks, nodes or DHTs.

pub mod distribution;
pub mod fingerprint;
pub mod quantity;
pub mod queue;
pub mod random;
mod slots;
pub mod time;

pub use distribution::Law;
pub use quantity::{Limit, Rate, Size};
pub use queue::{Class, Order, Queue};
pub use random::{Noise, Purpose, Source, Stream, Streams};
pub use time::{Duration, Time};
