//! Lazy repair: copies are made again only when too few are left (Bhagwan et al., "Total Recall", NSDI 2004).
//!
//! Most departures are temporary, and the copies that eager repair makes for them are dropped when their holders come back. So
//! holders find out as under eager repair who holds what ([`super::eager`] has the table of events), but of those that want a
//! copy none is sent one until fewer than `threshold` of the r responsible nodes may hold it; then all are, so that there are r
//! again. With a threshold of r that is eager repair.
//!
//! A node *may hold* a copy unless it has said otherwise or does not answer: so nothing is sent before enough have denied it.
//! A word counts until its node is asked again, at the next review at the latest (30 min); who is away keeps its word, and
//! counts again when it is back. A holder that drops its copy says so. A newer version takes the place of an older one
//! whatever the threshold: that makes no more copies.

use super::custody::Custody;
use crate::model::{NodeId, RecordId};
use crate::storage::desk::Desk;

impl Custody {
    /// Whether fewer than enough of the responsible nodes may hold `record`.
    pub(super) fn are_few_left(&self, desk: &Desk<'_>, record: RecordId, responsible: &[NodeId]) -> bool {
        let threshold = desk.repair.threshold(desk.replicas).unwrap_or(0);
        let about = self.words.about(record);
        let may_hold = |node: &&NodeId| **node == desk.me || about.may_hold(**node);
        responsible.iter().filter(may_hold).count() < threshold
    }
}
