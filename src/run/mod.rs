//! Layer 5: the simulation loop, its observers, and what a run leaves behind.

pub mod catalogue;
pub mod outcome;
