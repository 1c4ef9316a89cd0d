//! Workload: the operations of each online participant and their times.
//!
//! Each kind of operation has its own law of gaps and its own draws, per (participant, incarnation, session, number):
//! adding puts does not change the gets of a run, and a gap does not depend on the target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SessionId;
use super::changes::{Changes, Extra, extra_record};
use super::daily::Pace;
use crate::engine::{Duration, Law, Purpose, Source, Stream, Streams, Time, Zipf};
use crate::model::OperationKind;

/// Stream of the gaps between operations of a kind.
const fn gaps(kind: OperationKind) -> Purpose {
    match kind {
        OperationKind::Lookup => Purpose::new("lookup gap"),
        OperationKind::Get => Purpose::new("get gap"),
        OperationKind::Put => Purpose::new("put gap"),
    }
}

/// Stream of the targets of operations of a kind.
const fn subjects(kind: OperationKind) -> Purpose {
    match kind {
        OperationKind::Lookup => Purpose::new("lookup subject"),
        OperationKind::Get => Purpose::new("get subject"),
        OperationKind::Put => Purpose::new("put subject"),
    }
}

/// Popularity: distribution of requests over the resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Popularity {
    /// Uniform.
    #[default]
    Uniform,
    /// Zipf: the i-th most popular resource is requested with probability ∝ i^−exponent. The exponent is zero or more;
    /// 0.64 to 0.83 were measured for the web (Breslau et al., INFOCOM 1999).
    Zipf { exponent: f64 },
}

impl Popularity {
    /// Checks the exponent.
    pub fn check(&self) -> Result<(), String> {
        match *self {
            Popularity::Zipf { exponent } if !(exponent >= 0.0 && exponent.is_finite()) => {
                Err(format!("`exponent` must not be negative, and is {exponent}"))
            }
            _ => Ok(()),
        }
    }

    /// Popularity of `count` records.
    ///
    /// Panics if there are none, or the exponent is out of range.
    pub fn over(&self, count: u32) -> Records {
        assert!(count > 0, "there is no record to ask for");
        match *self {
            Popularity::Uniform => Records::Uniform(count),
            Popularity::Zipf { exponent } => Records::Zipf(Zipf::new(count, exponent)),
        }
    }
}

/// Records of a run by popularity rank: record i is the (i + 1)-th most popular at the start (its key is random, so the
/// position in the identifier space is independent of it).
#[derive(Clone, Debug, PartialEq)]
pub enum Records {
    /// Number of records, equally popular.
    Uniform(u32),
    Zipf(Zipf),
}

impl Records {
    /// Number of records.
    pub fn count(&self) -> u32 {
        match self {
            Records::Uniform(count) => *count,
            Records::Zipf(zipf) => zipf.count(),
        }
    }

    /// Probability of a rank.
    ///
    /// Panics on a rank that is not below the count.
    pub fn probability(&self, rank: u32) -> f64 {
        match self {
            Records::Uniform(count) => 1.0 / f64::from(*count),
            Records::Zipf(zipf) => zipf.probability(rank),
        }
    }

    fn sample(&self, source: &mut impl Source) -> u32 {
        match self {
            Records::Uniform(count) => source.below(u64::from(*count)) as u32,
            Records::Zipf(zipf) => zipf.sample(source),
        }
    }
}

/// Target of a lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Random key of the identifier space.
    #[default]
    Key,
    /// Identifier of a random online node.
    Node,
}

/// Workload of an online participant, with laws common to all.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Gap between two operations of a kind in seconds, in the order of [`OperationKind::ALL`]; `None`: no operations
    /// of the kind.
    gaps: [Option<Law>; 3],
    target: Target,
    records: Records,
    changes: Changes,
    paces: [Pace; 3],
    extras: Vec<Extra>,
}

impl Workload {
    /// Workload with `gaps` in seconds, in the order of [`OperationKind::ALL`], `None` for no operations of a kind;
    /// `target`: of lookups; `records`: targets of gets and puts; `changes`: variation with time.
    pub fn new(gaps: [Option<Law>; 3], target: Target, records: Records, changes: Changes) -> Workload {
        let extras = changes.extras(&records);
        Workload { gaps, target, paces: changes.paces(&extras), records, changes, extras }
    }

    /// Target of lookups.
    pub fn target(&self) -> Target {
        self.target
    }

    /// Due time of operation `number` of this kind in a session, after the previous one or the start of the session at
    /// `now`; `None` if there are no operations of the kind, or none left in this run. The participant's clock is
    /// `ahead` of the run's.
    pub fn due(
        &self,
        streams: &Streams,
        kind: OperationKind,
        session: SessionId,
        number: u32,
        now: Time,
        ahead: Duration,
    ) -> Option<Time> {
        let gap = self.gap(streams, kind, session, number)?;
        Some(self.paces[kind as usize].after(now, gap, ahead, self.changes.end)).filter(|at| *at < Time::NEVER)
    }

    /// Gap before operation `number` of this kind in a session, at pace 1. The first is counted from the start of the
    /// session by the law's equilibrium residual, as if the user had been active before: a constant gap has a random
    /// phase. `None` if there are no operations of the kind.
    fn gap(&self, streams: &Streams, kind: OperationKind, session: SessionId, number: u32) -> Option<Duration> {
        let law = self.gaps[kind as usize].as_ref()?;
        let mut source = stream(streams, gaps(kind), session, number);
        Some(if number == 0 { law.residual_duration(&mut source) } else { law.sample_duration(&mut source) })
    }

    /// Record of a get or put at a time.
    pub fn record(&self, streams: &Streams, kind: OperationKind, session: SessionId, number: u32, at: Time) -> u32 {
        let mut source = stream(streams, subjects(kind), session, number);
        let extra = match kind {
            OperationKind::Get => extra_record(&self.extras, at, &mut source),
            _ => None,
        };
        extra.unwrap_or_else(|| self.changes.record(self.records.sample(&mut source), at, self.records.count()))
    }

    /// Random bits for the target of a lookup: the key itself, or for [`Target::Node`] the choice of an online node.
    pub fn subject(&self, streams: &Streams, session: SessionId, number: u32) -> u64 {
        stream(streams, subjects(OperationKind::Lookup), session, number).next_u64()
    }
}

fn stream(streams: &Streams, purpose: Purpose, session: SessionId, number: u32) -> Stream {
    streams.part(purpose, session.entity(), u64::from(session.number) << 32 | u64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::goodness::{chi_square, kolmogorov_smirnov};

    fn workload(gap: Law) -> Workload {
        Workload::new(
            [Some(gap.clone()), Some(gap), None],
            Target::Key,
            Popularity::Uniform.over(10),
            Changes::default(),
        )
    }

    fn session(participant: u32, number: u32) -> SessionId {
        SessionId { participant, incarnation: 0, number }
    }

    #[test]
    fn a_constant_gap_has_a_random_phase_and_is_constant_from_then_on() {
        let (workload, streams) = (workload(Law::Constant(60.0)), Streams::new(1));
        let gap = |participant, number| {
            let gap = workload.gap(&streams, OperationKind::Lookup, session(participant, 3), number);
            gap.expect("lookups are asked for").as_secs_f64()
        };
        let mut phases: Vec<f64> = (0..20_000).map(|participant| gap(participant, 0)).collect();
        assert!(kolmogorov_smirnov(&mut phases, |x| x / 60.0) > 0.001);
        assert!((1..50).all(|number| gap(7, number) == 60.0));
    }

    #[test]
    fn demand_is_stationary_from_the_start_of_a_session() {
        // Any gap law must give as many operations in the first ten minutes as in any other: 10 for a mean of 60 s.
        for (seed, law) in (10..).zip([
            Law::Constant(60.0),
            Law::Exponential { mean: 60.0 },
            Law::Normal { mean: 60.0, sd: 6.0 },
            Law::Gamma { shape: 0.3, scale: 200.0 },
        ]) {
            let (workload, streams) = (workload(law.clone()), Streams::new(seed));
            let mut counts = [0.0f64; 3];
            for participant in 0..20_000 {
                let (mut minutes, mut number) = (0.0, 0);
                while minutes < 30.0 {
                    let gap = workload.gap(&streams, OperationKind::Get, session(participant, 0), number);
                    minutes += gap.expect("gets are asked for").as_secs_f64() / 60.0;
                    number += 1;
                    if minutes < 30.0 {
                        counts[(minutes / 10.0) as usize] += 1.0 / 20_000.0;
                    }
                }
            }
            assert!(counts.iter().all(|count| (count / 10.0 - 1.0).abs() < 0.02), "{law:?}: {counts:?}");
        }
    }

    #[test]
    fn kinds_sessions_and_numbers_have_their_own_draws() {
        let (workload, streams) = (workload(Law::Exponential { mean: 60.0 }), Streams::new(2));
        let gap = |kind, at: SessionId, number| workload.gap(&streams, kind, at, number);
        let first = gap(OperationKind::Lookup, session(1, 2), 3);
        assert_eq!(first, gap(OperationKind::Lookup, session(1, 2), 3));
        assert_ne!(first, gap(OperationKind::Get, session(1, 2), 3));
        assert_ne!(first, gap(OperationKind::Lookup, session(1, 3), 2));
        assert_ne!(first, gap(OperationKind::Lookup, session(2, 2), 3));
        assert_ne!(first, gap(OperationKind::Lookup, SessionId { incarnation: 1, ..session(1, 2) }, 3));
        assert_eq!(gap(OperationKind::Put, session(1, 2), 3), None);
        assert_ne!(workload.subject(&streams, session(1, 2), 3), workload.subject(&streams, session(1, 2), 4));
    }

    #[test]
    fn records_are_asked_for_in_their_shares() {
        let streams = Streams::new(3);
        let zipf = Zipf::new(10, 0.9);
        let shares = |rank| zipf.probability(rank);
        for (popularity, share) in
            [(Popularity::Uniform, &(|_| 0.1) as &dyn Fn(u32) -> f64), (Popularity::Zipf { exponent: 0.9 }, &shares)]
        {
            let gaps = [None, Some(Law::Constant(1.0)), None];
            let workload = Workload::new(gaps, Target::Key, popularity.over(10), Changes::default());
            let mut counts = [0.0; 10];
            for number in 0..50_000 {
                counts[workload.record(&streams, OperationKind::Get, session(4, 0), number, Time::ZERO) as usize] +=
                    1.0;
            }
            let expected: Vec<f64> = (0..10).map(|rank| 5e4 * share(rank)).collect();
            let p = chi_square(&counts, &expected);
            assert!(p > 0.001, "{popularity:?}: p = {p}");
        }
    }

    #[test]
    fn gaps_and_exponents_out_of_range_are_refused() {
        assert!(Popularity::Zipf { exponent: -1.0 }.check().unwrap_err().contains("`exponent`"));
        assert_eq!(Popularity::Zipf { exponent: 0.0 }.check(), Ok(()));
    }

    #[test]
    fn popularity_and_target_read_as_a_scenario_writes_them() {
        #[derive(Deserialize)]
        struct File {
            popularity: Popularity,
            target: Target,
        }
        let read = |text: &str| toml::from_str::<File>(text).map(|file| (file.popularity, file.target));
        let zipf = Popularity::Zipf { exponent: 0.9 };
        assert_eq!(read("popularity.zipf = { exponent = 0.9 }\ntarget = \"node\""), Ok((zipf, Target::Node)));
        assert_eq!(read("popularity = \"uniform\"\ntarget = \"key\""), Ok((Popularity::Uniform, Target::Key)));
        let error = read("popularity.zipf = { exponet = 0.9 }\ntarget = \"key\"").unwrap_err().to_string();
        assert!(error.contains("line 1, column 21") && error.contains("exponent"), "{error}");
    }
}
