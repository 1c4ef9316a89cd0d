//! Layer 3: the protocols, one folder each.
//!
//! `mod.rs` is the state of a node and what it answers, and reads like the paper; the other files of a folder are the protocol's
//! table of a scenario (`config`), its messages (`message`), its maintenance, and what packs its memory.
//!
//! | folder | contents |
//! | --- | --- |
//! | `client_server` | the baseline: every request goes to one of the servers |
//! | `full_table` | every machine stores everything: updates down a tree or to all, anti-entropy |
//! | `chord` | `lookup`, `maintenance` (join, stabilize, notify, fix_fingers), `tables`, `merge` of rings, recursive `relay`s |
//! | `kademlia` | `search` and `answers`, `buckets`, `upkeep` (refresh, revalidation), `recursive` lookups, `silent` nodes |

pub mod chord;
pub mod client_server;
pub mod full_table;
pub mod kademlia;
