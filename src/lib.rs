//! `peerlab`: a deterministic discrete-event simulator of peer-to-peer systems and their client-server baseline.

pub mod engine;
pub mod overlay;
pub mod population;
