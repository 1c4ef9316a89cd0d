//! Layer 4: population and demand: churn, its presets, and the operations of participants.
//!
//! All of it is environment: drawn per participant, incarnation and session by [`Streams::part`], so that it is equal,
//! draw for draw, in every system and at every sweep point that does not change its parameters. Sessions are drawn
//! before a run starts ([`Timeline`]); operations are not stored: the n-th can be computed at any time.
//!
//! | file | contents |
//! | --- | --- |
//! | `changes` | Changes of demand over a run: daily variation, events, moving hot spots |
//! | `churn` | Churn: participants alternate between sessions and downtimes, each with its own law, from a stationary start |
//! | `classes` | Classes of participants: each participant has one class, for good |
//! | `daily` | Daily variation of activity, and the clock that measures it |
//! | `presets` | Churn presets from publications, which `peerlab list churn` shows |
//! | `requests` | Workload traces |
//! | `rows` | Trace files: tables whose first line names the columns, read row by row, with the line and column of errors |
//! | `timeline` | Timeline: the sessions of all participants over a run, drawn before it starts |
//! | `trace` | Availability traces: files of state changes, or of sessions |
//! | `workload` | Workload: the operations of each online participant and their times |

pub mod changes;
pub mod churn;
pub mod classes;
pub mod daily;
pub mod presets;
pub mod requests;
mod rows;
pub mod timeline;
pub mod trace;
pub mod workload;

pub use crate::model::OperationKind;
pub use changes::{Changes, Crowding, Surge};
pub use churn::Churn;
pub use classes::{Classes, Places};
pub use daily::{Daily, Pace};
pub use presets::{PRESETS, Preset};
pub use requests::Request;
pub use rows::TraceError;
pub use timeline::{Crowd, Demography, Departures, Identity, Life, Parting, Sessions, Spell, Timeline};
pub use trace::Trace;
pub use workload::{Popularity, Records, Target, Workload};

use crate::engine::{Law, Purpose, Source, Streams};

const PARTICIPANT_KEY: Purpose = Purpose::new("participant key");
const RECORD_KEY: Purpose = Purpose::new("record key");
const RECORD_SIZE: Purpose = Purpose::new("record size");

/// Most bytes of a value: with headers below 2³².
pub const LARGEST_VALUE: u32 = 1 << 31;

/// Session of a participant. Sessions are numbered within an incarnation: number 0 is the one in progress at time zero,
/// or the first of a later incarnation; a participant offline at time zero starts with number 1. The downtime after a
/// session has its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId {
    pub participant: u32,
    pub incarnation: u32,
    pub number: u32,
}

impl SessionId {
    /// Stream number of the draws for this participant and incarnation.
    const fn entity(self) -> u64 {
        entity(self.participant, self.incarnation)
    }
}

const fn entity(participant: u32, incarnation: u32) -> u64 {
    (participant as u64) << 32 | incarnation as u64
}

/// Identifiers of a participant's nodes, one for each: uniform; the first is that of a participant with one node.
pub fn participant_keys(streams: &Streams, participant: u32, incarnation: u32) -> impl Iterator<Item = u64> {
    let mut stream = streams.stream(PARTICIPANT_KEY, entity(participant, incarnation));
    std::iter::repeat_with(move || stream.next_u64())
}

/// Key of a piece of a resource: uniform. The first is the key of the undivided resource.
pub fn record_key(streams: &Streams, resource: u32, piece: u32) -> u64 {
    streams.part(RECORD_KEY, resource.into(), piece.into()).next_u64()
}

/// Size of a resource in bytes, up to [`LARGEST_VALUE`], drawn from a law in bytes.
pub fn resource_size(streams: &Streams, law: &Law, resource: u32) -> u32 {
    let drawn = law.sample(&mut streams.stream(RECORD_SIZE, resource.into()));
    (drawn + 0.5).clamp(0.0, f64::from(LARGEST_VALUE)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::goodness::kolmogorov_smirnov;

    #[test]
    fn keys_are_uniform_and_belong_to_the_incarnation() {
        let streams = Streams::new(1);
        let place = |key: u64| key as f64 / u64::MAX as f64;
        let participant_key = |i, incarnation| participant_keys(&streams, i, incarnation).next().unwrap();
        let mut participants: Vec<f64> = (0..20_000).map(|i| place(participant_key(i, 0))).collect();
        let mut of_one: Vec<f64> = participant_keys(&streams, 7, 0).take(20_000).map(place).collect();
        let mut records: Vec<f64> = (0..20_000).map(|i| place(record_key(&streams, i, 0))).collect();
        assert!(kolmogorov_smirnov(&mut participants, |x| x) > 0.001);
        assert!(kolmogorov_smirnov(&mut of_one, |x| x) > 0.001);
        assert!(kolmogorov_smirnov(&mut records, |x| x) > 0.001);
        assert!(participant_keys(&Streams::new(1), 7, 0).next() == Some(participant_key(7, 0)));
        assert_ne!(participant_key(7, 0), participant_key(7, 1));
        assert_ne!(participant_key(7, 0), record_key(&streams, 7, 0));
        assert_ne!(record_key(&streams, 7, 0), record_key(&streams, 7, 1));
    }
}
