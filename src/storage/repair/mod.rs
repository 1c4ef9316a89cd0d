//! Repair policies: the reaction to changes of the responsible nodes and to missing replicas.
//!
//! | policy | under churn | module |
//! | --- | --- | --- |
//! | none | nothing: copies are made by puts only; a returning node has what it had, and is not told of newer versions
//! | here |
//! | eager | r copies on the r responsible nodes | [`eager`] |
//! | lazy | r copies again when fewer than a threshold may be left | [`lazy`] |
//! | republish | nothing: records are put again from time to time, and copies expire | [`republish`] |
//! | delay | copies that have gone for good are made again some time later, by nobody in particular | [`delayed`] |
//! | eager or lazy, of random participants | holders are asked once a period, and copies made again | [`holders`] |
//! | audits, of coded pieces | holders look once a period whether the next piece is there | [`audit`] |
//!
//! Eager and lazy repair are one machine: [`offers`] are what nodes say to each other, [`reports`] what they remember of it, and
//! [`custody`] decides.

pub mod audit;
pub mod custody;
pub mod delayed;
pub mod eager;
pub mod hand_over;
pub mod holders;
pub mod lazy;
pub mod offers;
pub mod publishers;
pub mod reports;
pub mod republish;
pub mod seen;
pub mod silence;

pub use delayed::Delay;
pub use republish::Republish;

/// Repair policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// None: copies are made by puts only, and lost with their holders.
    None,
    /// Eager: a holder offers a record to nodes that may lack it as soon as it learns of a change: see [`eager`].
    Eager,
    /// Lazy: only once fewer than `threshold` copies, 1 to r, may be left: see [`lazy`].
    Lazy { threshold: u32 },
    /// Republish: churn moves no records; holders and publishers put them again periodically, and copies not renewed
    /// expire: see [`republish`].
    Republish(Republish),
    /// Copies on random participants are made again after a delay, by nobody in particular: see [`delayed`].
    Delay(Delay),
}

/// What a node does once a period while it is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Periodic {
    /// Put again what nobody else has put: see [`republish`].
    Republish,
    /// Look after pieces, or after the copies that pointers name: see [`audit`] and [`holders`].
    Audit,
}

impl Periodic {
    /// In the order in which their first turns are drawn.
    pub const ALL: [Periodic; 2] = [Periodic::Republish, Periodic::Audit];
}

impl Repair {
    /// Number of copies that suffice, of `replicas`; `None`: churn does not trigger repair.
    pub const fn threshold(&self, replicas: usize) -> Option<usize> {
        match *self {
            Repair::Eager => Some(replicas),
            Repair::Lazy { threshold } => Some(threshold as usize),
            Repair::None | Repair::Republish(_) | Repair::Delay(_) => None,
        }
    }
}
