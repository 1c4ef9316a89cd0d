//! The referee: whole runs, from the text of a scenario to the figures, held against theory, published numbers and the
//! rules of the design.
//!
//! One binary, so that all of it is linked once and both cores stay busy; a file for each subject. What takes longer than
//! seconds is under `scenarios/validation/`, with a script that checks it under `scripts/`.

mod accounts;
mod audit;
mod bootstrap;
mod caching;
mod churn;
mod classes;
mod conformance;
mod durability;
mod environment;
mod events;
mod lab;
mod laws;
mod leaving;
mod load;
mod nat;
mod numeric;
mod policies;
mod population;
mod processors;
mod published;
mod queueing;
mod repair;
mod requests;
mod rings;
mod servers;
mod shares;
mod sharing;
mod silent;
mod timeouts;
mod transfers;
mod traversal;
mod virtual_nodes;
mod wire;
