//! Reports: what other nodes have said of late about the records held here.
//!
//! 16 bytes for each other node that is, or was, responsible for a record held here. Only eager and lazy repair keep
//! them.

use crate::engine::{Duration, Noise, Source, Time};
use crate::model::{NodeId, RecordId};

/// Between two reviews of all copies: how old a report may grow before its node is asked again.
pub const REVIEW: Duration = Duration::from_secs(30 * 60);
/// First pause before a node without a final reply is queried again; each further one is twice as long, up to
/// [`REVIEW`], and up to a quarter shorter or longer.
pub const PAUSE: Duration = Duration::from_secs(10);
/// Shortest pause between two queries about one record to one node, whatever changes in the tables.
pub const LEAST_PAUSE: Duration = Duration::from_secs(6);
/// Time for which a node is assumed to have received a version from its writer before it is queried, a quarter more or
/// less.
const TOLD: Duration = Duration::from_secs(5 * 60);
/// Reports about one record at most. Responsible nodes that are away keep their places.
const MOST: usize = 40;

/// Report of a node about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// No report yet: first query sent.
    Asked,
    /// Holds this version.
    Holds,
    /// No report, but the writer of this version named the node, as far as is known.
    Told,
    /// Lacks this version, and stores it if it is sent: it is not queried again, but reports when it has received it.
    Lacks,
    /// Lacks it, and is not responsible by its own tables.
    Declines,
    /// Lacks it, and its disk is full.
    Full,
    /// Lacks it, and another node is sending it.
    Comes,
    /// No reply in time.
    Silent,
}

/// A report of `node` about `record`.
#[derive(Clone, Copy, Debug)]
struct Report {
    record: RecordId,
    node: NodeId,
    /// Time of the report or of the last query, in sixteenths of a second.
    at: u32,
    says: Says,
    /// Number of queries since the last report that it holds the record.
    tries: u8,
    /// Whether a query is outstanding.
    open: bool,
    /// Jitter of the pause before the next query.
    jitter: u8,
}

/// Time in sixteenths of a second.
const fn stamp(at: Time) -> u32 {
    (at.as_nanos() / 62_500_000) as u32
}

/// Pause of `2^tries` times `first` and at most [`REVIEW`], then up to a quarter less or more, by `jitter` (0 to 1).
pub fn pause(first: Duration, tries: u8, jitter: f64) -> Duration {
    let doubled = first.mul_f64(f64::from(1u32 << tries.min(20)));
    doubled.min(REVIEW).mul_f64(0.75 + 0.5 * jitter)
}

impl Report {
    fn age(&self, now: Time) -> Duration {
        Duration::from_nanos(u64::from(stamp(now).saturating_sub(self.at)) * 62_500_000)
    }

    /// Time until the node is queried again; `None`: at the next review.
    fn asked_again_in(&self, now: Time) -> Option<Duration> {
        Some(self.asked_again_at()?.saturating_sub(self.age(now)))
    }

    /// Age of the report at which the node is queried again; `None`: at the next review.
    fn asked_again_at(&self) -> Option<Duration> {
        match self.says {
            Says::Holds | Says::Lacks | Says::Full => None,
            _ if self.open => None,
            Says::Told => Some(pause(TOLD, 0, f64::from(self.jitter) / 256.0)),
            Says::Asked | Says::Declines | Says::Comes | Says::Silent => {
                Some(pause(PAUSE, self.tries.saturating_sub(1), f64::from(self.jitter) / 256.0))
            }
        }
    }
}

/// Reports of other nodes about the records held here, by record and node.
#[derive(Clone, Debug)]
pub struct Reports {
    reports: Vec<Report>,
    /// Earliest time of the next query, apart from reviews.
    next: Time,
}

impl Default for Reports {
    fn default() -> Reports {
        Reports { reports: Vec::new(), next: Time::NEVER }
    }
}

impl Reports {
    fn find(&self, record: RecordId, node: NodeId) -> Result<usize, usize> {
        self.reports.binary_search_by_key(&(record, node), |report| (report.record, report.node))
    }

    fn range(&self, record: RecordId) -> std::ops::Range<usize> {
        let from = self.reports.partition_point(|report| report.record < record);
        let length = self.reports[from..].iter().take_while(|report| report.record == record).count();
        from..from + length
    }

    /// Reports about `record`.
    pub fn about(&self, record: RecordId) -> About<'_> {
        About { reports: &self.reports[self.range(record)] }
    }

    /// The report of a node about a record, made if there is none. It takes the place of the oldest if there are too many.
    fn entry(&mut self, record: RecordId, node: NodeId) -> &mut Report {
        let at = match self.find(record, node) {
            Ok(at) => at,
            Err(mut at) => {
                let range = self.range(record);
                if range.len() >= MOST {
                    let oldest = range.min_by_key(|&at| self.reports[at].at).expect("there are many");
                    self.reports.remove(oldest);
                    at -= usize::from(oldest < at);
                }
                let new = Report { record, node, at: 0, says: Says::Asked, tries: 0, open: false, jitter: 0 };
                self.reports.insert(at, new);
                at
            }
        };
        &mut self.reports[at]
    }

    /// Notes a query to `node` about `record`. Its previous report is valid until the reply or timeout.
    pub fn asked(&mut self, now: Time, record: RecordId, node: NodeId, noise: &mut Noise) {
        let report = self.entry(record, node);
        (report.at, report.open, report.tries) = (stamp(now), true, report.tries.saturating_add(1));
        report.jitter = noise.below(256) as u8;
    }

    /// Notes a report of `node`, solicited or not.
    pub fn said(&mut self, now: Time, record: RecordId, node: NodeId, says: Says) {
        let report = self.entry(record, node);
        (report.at, report.open, report.says) = (stamp(now), false, says);
        if says == Says::Holds {
            report.tries = 0;
        }
        let again = report.asked_again_at();
        self.next = again.map_or(self.next, |pause| self.next.min(now + pause));
    }

    /// Notes that, by others' reports, `node` holds `record`: it is queried itself at the next review.
    pub fn hearsay(&mut self, now: Time, record: RecordId, node: NodeId) {
        self.said(now, record, node, Says::Holds);
        let report = self.entry(record, node);
        report.at = report.at.saturating_sub(stamp(Time::ZERO + REVIEW) / 2);
    }

    /// Notes that a put has stored a new version here, and on `node` as far as is known: it is queried after a while.
    pub fn told(&mut self, now: Time, record: RecordId, node: NodeId, noise: &mut Noise) {
        self.entry(record, node).jitter = noise.below(256) as u8;
        self.said(now, record, node, Says::Told);
    }

    /// Notes a timeout of `node`; returns the records that it was queried about.
    pub fn silent(&mut self, now: Time, node: NodeId) -> Vec<RecordId> {
        let open = |report: &&Report| report.open && report.node == node;
        let records: Vec<RecordId> = self.reports.iter().filter(open).map(|report| report.record).collect();
        records.iter().for_each(|&record| self.said(now, record, node, Says::Silent));
        records
    }

    /// Removes all reports about `record`.
    pub fn forget(&mut self, record: RecordId) {
        let range = self.range(record);
        self.reports.drain(range);
    }

    /// Removes the report of `node` about `record`.
    pub fn forget_of(&mut self, record: RecordId, node: NodeId) {
        if let Ok(at) = self.find(record, node) {
            self.reports.remove(at);
        }
    }

    /// Ends the session: no query is outstanding, and all reports must be renewed at once.
    pub fn grow_old(&mut self) {
        self.reports.retain(|report| report.says == Says::Holds);
        self.reports.iter_mut().for_each(|report| (report.at, report.open) = (0, false));
    }

    /// Earliest time of the next query, apart from reviews.
    pub const fn next(&self) -> Time {
        self.next
    }

    /// Ends the separate pause of `record`.
    pub fn wake(&mut self, now: Time, record: RecordId) {
        let pause = self.about(record).reports.iter().filter_map(|report| report.asked_again_in(now)).min();
        self.next = pause.map_or(self.next, |pause| self.next.min(now + pause));
    }

    /// Records about which some node is to be queried by `now`, except for those with separate pauses.
    pub fn due(&mut self, now: Time, has_own_pause: impl Fn(RecordId) -> bool) -> Vec<RecordId> {
        let mut records: Vec<RecordId> = Vec::new();
        if self.next > now {
            return records;
        }
        self.next = Time::NEVER;
        for of_record in self.reports.chunk_by(|a, b| a.record == b.record) {
            let record = of_record[0].record;
            if has_own_pause(record) {
                continue;
            }
            for pause in of_record.iter().filter_map(|report| report.asked_again_in(now)) {
                if pause > Duration::ZERO {
                    self.next = self.next.min(now + pause);
                } else if records.last() != Some(&record) {
                    records.push(record);
                }
            }
        }
        records
    }

    /// Removes reports about `record` from nodes that no longer matter and are not offline.
    pub fn keep_only(&mut self, record: RecordId, matters: impl Fn(NodeId) -> bool) {
        let range = self.range(record);
        for at in range.rev() {
            if self.reports[at].says != Says::Holds && !matters(self.reports[at].node) {
                self.reports.remove(at);
            }
        }
    }

    pub fn heap_bytes(&self) -> usize {
        self.reports.capacity() * size_of::<Report>()
    }
}

/// Reports about one record.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    reports: &'a [Report],
}

impl About<'_> {
    fn get(&self, node: NodeId) -> Option<&Report> {
        self.reports.iter().find(|report| report.node == node)
    }

    pub fn says(&self, node: NodeId) -> Option<Says> {
        self.get(node).map(|report| report.says)
    }

    /// Time since the last report of, or query to, `node`; unlimited if never.
    pub fn age(&self, now: Time, node: NodeId) -> Duration {
        self.get(node).map_or(Duration::MAX, |report| report.age(now))
    }

    /// Whether `node` may be queried about it now. `appeared`: it has just entered the tables; `review`: all without a
    /// report for half a review period are queried.
    pub fn is_due(&self, now: Time, node: NodeId, appeared: bool, review: bool) -> bool {
        let Some(report) = self.get(node) else { return true };
        let age = report.age(now);
        let settled = matches!(report.says, Says::Holds | Says::Lacks | Says::Full);
        let restless = appeared && !report.open && !settled;
        report.asked_again_at().is_some_and(|due| age >= due)
            || restless && age >= LEAST_PAUSE
            || review && !report.open && report.says != Says::Lacks && age >= REVIEW.mul_f64(0.5)
    }

    /// Whether `node` may hold it: it has reported so, or has not reported otherwise.
    pub fn may_hold(&self, node: NodeId) -> bool {
        matches!(self.says(node), None | Some(Says::Asked | Says::Holds | Says::Told | Says::Comes))
    }

    /// Whether any node has reported that it holds it.
    pub fn is_held(&self) -> bool {
        self.reports.iter().any(|report| report.says == Says::Holds)
    }

    /// Nodes that have reported that they hold it.
    pub fn holders(&self) -> Vec<NodeId> {
        self.reports.iter().filter(|report| report.says == Says::Holds).map(|report| report.node).collect()
    }

    /// Whether a query to `node` is outstanding.
    pub fn is_open(&self, node: NodeId) -> bool {
        self.get(node).is_some_and(|report| report.open)
    }

    /// Number of nodes that have reported within `round` that they hold it.
    pub fn holding(&self, now: Time, round: Duration) -> usize {
        let fresh = |report: &&Report| report.says == Says::Holds && !report.open && report.age(now) <= round;
        self.reports.iter().filter(fresh).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: RecordId = RecordId::new(3);
    const NODE: NodeId = NodeId(1);

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_word_takes_sixteen_bytes() {
        assert_eq!(size_of::<Report>(), 16);
    }

    #[test]
    fn whoever_does_not_answer_is_asked_again_after_pauses_that_double() {
        let (mut reports, noise) = (Reports::default(), &mut Noise::new(1));
        let mut now = 100;
        for pause in [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800] {
            assert!(reports.about(RECORD).is_due(at(now), NODE, false, false));
            reports.asked(at(now), RECORD, NODE, noise);
            assert!(!reports.about(RECORD).is_due(at(now + 5), NODE, true, true), "the answer may come yet");
            assert_eq!(reports.silent(at(now + 3), NODE), [RECORD]);
            assert!(!reports.about(RECORD).is_due(at(now + 2 + pause * 3 / 4), NODE, false, false));
            now += 4 + pause * 5 / 4;
        }
    }

    #[test]
    fn a_holder_is_asked_again_at_a_review_only_and_counts_until_it_is_silent() {
        let mut reports = Reports::default();
        reports.said(at(0), RECORD, NODE, Says::Holds);
        assert!(
            !reports.about(RECORD).is_due(at(5000), NODE, true, false)
                && reports.about(RECORD).is_due(at(900), NODE, false, true)
        );
        assert!(!reports.about(RECORD).is_due(at(899), NODE, false, true));
        reports.asked(at(900), RECORD, NODE, &mut Noise::new(1));
        assert!(reports.about(RECORD).may_hold(NODE));
        reports.silent(at(903), NODE);
        assert!(!reports.about(RECORD).may_hold(NODE));
    }

    #[test]
    fn whoever_appears_is_asked_at_once_but_not_ten_times_a_minute() {
        let (mut reports, noise) = (Reports::default(), &mut Noise::new(1));
        let asked = (0..600).filter(|tenth| {
            let now = Time::ZERO + Duration::from_millis(100 * tenth + 1000);
            let due = reports.about(RECORD).is_due(now, NODE, true, false);
            if due {
                reports.asked(now, RECORD, NODE, noise);
                reports.said(now, RECORD, NODE, Says::Declines);
            }
            due
        });
        assert_eq!(asked.count(), 10);
    }

    #[test]
    fn hearsay_is_asked_for_at_the_next_review() {
        let mut reports = Reports::default();
        reports.hearsay(at(5000), RECORD, NODE);
        assert!(reports.about(RECORD).may_hold(NODE) && reports.about(RECORD).is_due(at(5000), NODE, false, true));
        assert!(!reports.about(RECORD).is_due(at(9000), NODE, false, false));
        assert_eq!(reports.about(RECORD).holding(at(5000), Duration::from_secs(3)), 0, "that is no report of its own");
    }
}
