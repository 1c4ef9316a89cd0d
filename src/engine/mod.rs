//! Layer 0: virtual time, the event queue, random streams, distributions, the fingerprint.
//!
//! This layer has no notion of networks, nodes or DHTs.
//!
//! | file | contents |
//! | --- | --- |
//! | `distribution` | Probability laws of non-negative quantities, mostly durations: sampling, moments, equilibrium residual |
//! | `fingerprint` | Fingerprint of the observable events of a run, with checkpoints that locate the first difference between two runs in virtual time |
//! | `hashed` | Hash table in contiguous memory, with the keys in the entries: a look-up touches mostly one or two cache lines, which are known beforehand and can be prefetched (`prefetch`) |
//! | `input` | Input files of the user, with limits that are checked before reading |
//! | `law` | Probability laws as scenario files write them |
//! | `law_use` | Uses of a law, and the laws that are fit for each |
//! | `mixture` | Finite mixtures of laws: a draw takes a random component, and its value from that |
//! | `normal` | Normal law: functions shared by the laws based on it |
//! | `numbered` | Names in data files, which may all be whole numbers |
//! | `opened` | Opened part of the event queue: the places of its entries, sorted |
//! | `order` | Order of events at equal times |
//! | `prefetch` | Prefetching: with 10⁴ nodes and more, an event spends more time on cache misses of its nodes' state than on computing |
//! | `quantile` | Quantiles, by linear interpolation between order statistics: type 7 of Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996), the default of R and NumPy |
//! | `quantity` | Quantities in scenario files: a number with a required unit (`"250ms"`, `"1MiB"`, `"10Mbit/s"`) |
//! | `queue` | Event queue: a hierarchical timing wheel (Varghese & Lauck, SOSP 1987) that pops in exact order |
//! | `random` | Named random streams: every draw of the environment is a function of (seed, purpose, entity) |
//! | `slab` | Slab of values under reusable numbers |
//! | `slots` | Slots of the event queue: linked lists of small chunks in one slab, and a bitmap of the occupied slots |
//! | `time` | Virtual time: an integer count of nanoseconds, so that no result depends on rounding |
//! | `units` | Units of durations, sizes and rates: parsing numbers with units, and error messages |
//! | `zipf` | Zipf law of popularity |

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
pub mod slab;
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
pub use slab::Slab;
pub use time::{Duration, Time};
pub use zipf::Zipf;
