//! `peerlab`: a deterministic discrete-event simulator of peer-to-peer systems and their client-server baseline.
//!
//! A virtual clock drives thousands to millions of in-process nodes that run a pluggable protocol over a modelled network
//! with latency, access links, loss and churn. The same environment is put under several architectures, and the result
//! is a comparison: who carries the load, what stays available, what it costs.
//!
//! # Bird's-eye view
//!
//! A scenario file is parsed (what was said) and planned (what it means). A *run* is one system × one parameter point ×
//! one seed: [`run::simulate`] joins the layers below it, drives the event loop, and leaves an [`measure::outcome::Outcome`].
//! A sweep makes many runs on all cores; `report` writes tables and charts from what they left.
//!
//! # Layers
//!
//! A layer names only layers with a smaller number, and of two with one number neither names the other (`tests/house/`). The
//! first page of each lists its files.
//!
//! | layer | where | what lives there |
//! | --- | --- | --- |
//! | 0 | [`engine`] | virtual time, event queue, random streams, probability laws, fingerprint |
//! | 1 | [`model`] | identifiers, keys and their distances, records, envelopes of packets, operations, causes of failure |
//! | 2 | [`network`] | latency, access links, bulk transfers, loss, NATs, request queues of machines. Owns no nodes |
//! | 2 | [`overlay`] | the protocol trait and its context, RPCs, the iterative lookup |
//! | 3 | [`protocols`] | one folder per protocol: client-server, full table, Chord, Kademlia |
//! | 3 | [`storage`] | stores, gets and puts, placement, repair policies, swarms, under any overlay |
//! | 3 | [`connectivity`] | connections between nodes: links, dials, reachability, hole punching, relays |
//! | 4 | [`population`] | sessions (laws, presets, traces), classes of participants, demand |
//! | 5 | [`scenario`] | the TOML file: parse, check, plan, problems with their place |
//! | 6 | [`measure`] | observers, counters, and the figures that follow from them: metrics, series, trace |
//! | 7 | [`run`] | the simulation loop that joins the layers below, and the oracle |
//! | 8 | [`registry`] | the one table of protocols |
//! | 9 | [`sweep`] | parallel execution, statistics |
//! | 10 | [`report`] | CSV, charts, tables |
//! | 11 | [`cli`] | commands, progress, exit codes: the only place that prints or reads the wall clock |
//!
//! # Where is …?
//!
//! | what | where |
//! | --- | --- |
//! | the event loop | `run/simulation.rs`: `run_until`, `handle` |
//! | the kinds of events, a packet | `run/event.rs` |
//! | the order of events at one time | [`engine::order`] |
//! | random draws of the environment | [`engine::random`]: [`engine::Streams`] |
//! | what a protocol must do | [`overlay::protocol`]; its table of the scenario: [`overlay::config`] |
//! | Chord's `stabilize`, `notify`, `fix_fingers` | `protocols/chord/maintenance.rs` |
//! | Kademlia's k-buckets, its lookup | `protocols/kademlia/buckets.rs`, [`overlay::lookup`] |
//! | sizes of messages in bytes | [`overlay::wire`] |
//! | a packet's way, and why it is lost | `run/packets.rs`, [`network::wire`], [`network::loss`] |
//! | delays: matrix, coordinates, regions | [`network::latency`] |
//! | NAT and firewall behaviour | [`network::nat`] |
//! | hole punching, relays, AutoNAT | [`connectivity`] |
//! | sessions, crashes, partitions | [`population::timeline`], `run/sessions.rs`, `run/faults.rs` |
//! | gets and puts at a node | [`storage::node`] |
//! | a repair policy | [`storage::repair`], a file for each |
//! | who is responsible, what is lost: the truth | `run/oracle/` |
//! | an operation from issue to verdict | `run/operations/`: `demand`, `steps`, `verdict` |
//! | a metric: its name, meaning and formula | [`measure::catalogue`] |
//! | a key of the scenario file | [`scenario`], `scenario/file/` |
//! | an error message with its line | `scenario/problem.rs` |
//! | a column, a chart | [`report::files`], `report/chart/` |
//!
//! # One lookup, file by file
//!
//! 1. `population/workload.rs` draws the gap and the key; `run/operations/demand.rs` (`operation_due`) issues the operation.
//! 2. `run/effects.rs` (`with_overlay`) gives the node's protocol a context and calls `walk`.
//! 3. `protocols/kademlia/search.rs` begins a lookup (`overlay/lookup.rs`) and sends its first α requests (`overlay/rpc.rs`).
//! 4. `run/effects.rs` applies what the handler left: `run/packets.rs` sends each request (`send`, `put_on_wire`).
//! 5. `network/wire.rs` gives the uplink's queue, the delay and the loss; `run/event.rs` puts the arrival into `engine/queue.rs`.
//! 6. `run/simulation.rs` takes it out; `run/packets.rs` (`arrive`, `deliver`) hands it to the receiver's `on_message`.
//! 7. `protocols/kademlia/answers.rs` replies with its nearest contacts, by the way of 4 to 6.
//! 8. `overlay/rpc.rs` matches the reply; `overlay/lookup.rs` says whom to ask next, or that the lookup is over.
//! 9. `run/operations/steps.rs` (`walk_found`) asks `run/oracle/` whether the node that was named is responsible now.
//! 10. `measure/metrics.rs` counts the verdict; `measure/catalogue/operations.rs` makes the figures of it, `report/csv.rs` the file.
//!
//! # Invariants
//!
//! *Same scenario, seed and version: the same bytes in every result file, on any machine, for any number of threads.*
//!
//! 1. Time is an integer count of nanoseconds ([`engine::Time`]). Floats never hold time.
//! 2. Events are ordered by (time, class, source, the source's own counter) ([`engine::Order`]), never by insertion. A
//!    sample at time t sees all events before t and none at t.
//! 3. What describes the environment is drawn per entity from named streams ([`engine::Streams`]), keyed by participant
//!    and incarnation: the same in every system. Packet noise and a protocol's own choices come from the node's own
//!    small generator and are unpaired.
//! 4. The environment's draws do not depend on the protocol. Adding a metric, a system, a repetition or an axis value
//!    changes no other result.
//! 5. `ln`, `exp`, `pow`, … come from `libm` only (`clippy.toml` refuses the platform's).
//! 6. No hash map is iterated (`clippy.toml` refuses `HashMap`).
//! 7. No clock, environment variable, thread or pointer enters a result.
//! 8. Handlers of a protocol touch their own node only, and know of others only what came in a message; what they want
//!    done they write down as effects. Nothing that an observer or the oracle does reaches a node.
//! 9. Sent = delivered + lost by cause + in flight; issued = correct + incorrect + failed + abandoned + open: asserted
//!    at the end of every run.
//! 10. Threads only across runs; results are collected in order before any float is summed.
//!
//! # Add a protocol in three steps
//!
//! 1. Write `protocols/your_protocol.rs`: a [`Config`](overlay::Config) (its TOML table), a `Message`, a `Timer`, and the 14
//!    methods of [`overlay::Protocol`], six of which have a default.
//! 2. Add its `mod` line to `protocols/mod.rs`.
//! 3. Add its row to [`registry`].
//!
//! From the row follow its TOML table, its line in `peerlab list`, its schema, its place in error messages, and its
//! membership in the conformance and determinism tests. In a crate of your own, `examples/custom_protocol.rs` shows the
//! same without touching this one.

#![deny(unsafe_code)]

pub mod cli;
pub mod connectivity;
pub mod engine;
pub mod measure;
pub mod model;
pub mod network;
pub mod overlay;
pub mod population;
pub mod protocols;
pub mod registry;
pub mod report;
pub mod run;
pub mod scenario;
pub mod storage;
pub mod sweep;
