//! Layer 0: virtual time, the event queue, random streams, distributions, the fingerprint.
//!
//! This layer has no notion of networks, nodes or DHTs.

pub mod distribution;
pub mod fingerprint;
#[cfg(test)]
pub(crate) mod goodness;
pub(crate) mod hashed;
#[cfg(test)]
mod heap;
pub mod input;
pub mod law;
mod law_use;
pub mod mixture;
mod normal;
pub mod numbered;
mod opened;
pub mod order;
pub mod prefetch;
pub mod quantile;
pub mod quantity;
pub mod queue;
pub mod random;
mod slots;
pub mod time;
mod units;
pub mod zipf;

pub use distribution::Law;
pub use fingerprint::{Checkpoints, Fingerprint};
pub use law::{DurationLaw, Weighted};
pub use law_use::{LawUse, Unfit};
pub use mixture::Mixture;
pub use normal::standard_normal;
pub use opened::Pending;
pub use order::{Class, Order};
pub use prefetch::{prefetch, prefetch_at};
pub use quantity::{Limit, Rate, Size};
pub use queue::Queue;
pub use random::{Noise, Purpose, Source, Stream, Streams};
pub use time::{Duration, Time};
pub use zipf::Zipf;
