//! Changes of demand over a run: daily variation, events, moving hot spots.

use super::daily::{Daily, Pace};
use super::workload::Records;
use crate::engine::{Duration, Source, Time};
use crate::model::OperationKind;

/// Changes of demand. Default: none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Daily variation by local hour.
    pub daily: Option<Daily>,
    /// Surges: factors on all demand, or that of one kind, for a time.
    pub surges: Vec<Surge>,
    /// Crowds: factors on the gets of one record, for a time.
    pub crowds: Vec<Crowding>,
    /// Period after which the least popular record becomes the most popular, and all others fall by one rank.
    pub rotation: Option<Duration>,
    /// End of the run.
    pub end: Time,
}

/// Factor on demand in an interval of time. Simultaneous ones multiply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surge {
    pub from: Time,
    pub until: Time,
    /// Kind of operation; `None`: all.
    pub kind: Option<OperationKind>,
    pub factor: f64,
}

/// Factor on the gets of one record in an interval of time; those of other records are unchanged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crowding {
    pub from: Time,
    pub until: Time,
    pub record: u32,
    pub factor: f64,
}

/// Gets of one record beyond its popularity, as a share of all gets without them: a record of probability p with factor
/// f adds p·(f − 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extra {
    from: Time,
    until: Time,
    record: u32,
    share: f64,
}

impl Changes {
    /// Extra gets beyond the popularity law, for each interval between two shifts of popularity.
    pub(super) fn extras(&self, records: &Records) -> Vec<Extra> {
        let mut extras = Vec::new();
        for crowd in &self.crowds {
            let mut from = crowd.from;
            while from < crowd.until.min(self.end) {
                let until = self.next_turn(from).min(crowd.until);
                let rank = self.rank(crowd.record, from, records.count());
                let share = records.probability(rank) * (crowd.factor - 1.0);
                extras.push(Extra { from, until, record: crowd.record, share });
                from = until;
            }
        }
        extras
    }

    /// Pace of each kind of operation.
    pub(super) fn paces(&self, extras: &[Extra]) -> [Pace; 3] {
        OperationKind::ALL.map(|kind| {
            let surges = self.surges.iter().filter(|surge| surge.kind.is_none_or(|only| only == kind));
            let extras = if kind == OperationKind::Get { extras } else { &[] };
            let mut edges: Vec<Time> = surges.clone().flat_map(|surge| [surge.from, surge.until]).collect();
            edges.extend(extras.iter().flat_map(|extra| [extra.from, extra.until]));
            edges.sort_unstable();
            edges.dedup();
            let factor = |at: Time| {
                let surge: f64 = surges.clone().filter(|s| (s.from..s.until).contains(&at)).map(|s| s.factor).product();
                surge * (1.0 + extra_at(extras, at).map(|extra| extra.share).sum::<f64>())
            };
            Pace { daily: self.daily, steps: edges.into_iter().map(|at| (at, factor(at))).collect() }
        })
    }

    /// Record with a rank at a time.
    pub(super) fn record(&self, rank: u32, at: Time, count: u32) -> u32 {
        let turns = self.turns(at) % u64::from(count);
        ((u64::from(rank) + u64::from(count) - turns) % u64::from(count)) as u32
    }

    fn rank(&self, record: u32, at: Time, count: u32) -> u32 {
        ((u64::from(record) + self.turns(at)) % u64::from(count)) as u32
    }

    fn turns(&self, at: Time) -> u64 {
        self.rotation.map_or(0, |rotation| at.as_nanos() / rotation.as_nanos())
    }

    fn next_turn(&self, at: Time) -> Time {
        let next = |rotation: Duration| Time::from_nanos((self.turns(at) + 1).saturating_mul(rotation.as_nanos()));
        self.rotation.map_or(Time::NEVER, next)
    }
}

/// Extras in force at a time.
fn extra_at(extras: &[Extra], at: Time) -> impl Iterator<Item = &Extra> {
    extras.iter().filter(move |extra| (extra.from..extra.until).contains(&at))
}

/// Record of an extra get, if a get is one: with probability e/(1 + e) for extras of e together. One draw, if there are
/// any.
pub(super) fn extra_record(extras: &[Extra], at: Time, source: &mut impl Source) -> Option<u32> {
    let total: f64 = extra_at(extras, at).map(|extra| extra.share).sum();
    if total <= 0.0 {
        return None;
    }
    let mut place = source.unit() * (1.0 + total) - 1.0;
    if place < 0.0 {
        return None;
    }
    let chosen = extra_at(extras, at).find(|extra| {
        place -= extra.share;
        place < 0.0
    });
    chosen.map(|extra| extra.record)
}
