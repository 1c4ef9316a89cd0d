//! Layer 3: the protocols, one folder each.
//!
//! `mod.rs` is the state of a node and what it answers, and reads like the paper; the other files of a folder are the protocol's
//! table of a scenario (`config`), its messages (`message`), its maintenance, and what packs its memory.

pub mod chord;
pub mod client_server;
pub mod full_table;
pub mod kademlia;
