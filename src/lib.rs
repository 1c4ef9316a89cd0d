//! `peerlab`: a deterministic discrete-event simulator of peer-to-peer systems and their client-server baseline.

pub mod engine;
pub mod network;
pub mod overlay;
pub mod population;
pub mod registry;
pub mod report;
pub mod run;
pub mod scenario;
pub mod storage;
pub mod sweep;
