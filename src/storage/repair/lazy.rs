//! Lazy repair: copies are replaced only when too few are left (Bhagwan et al., "Total Recall", NSDI 2004).
//!
//! Most departures are temporary, and the copies that eager repair makes for them are dropped when their holders
//! return. So holders learn as under eager repair which nodes hold what ([`super::eager`] has the table of events), but
//! send no copy to those that want one until fewer than `threshold` of the r responsible nodes may hold it; then all
//! receive one, so that there are r again. A threshold of r is eager repair.
//!
//! A node *may hold* a copy unless it has reported otherwise or does not answer: so no copy is sent before enough nodes
//! have denied it. A report is valid until its node is queried again, at the next review at the latest (30 min); that
//! of an offline node is kept, and counts again when it is back. A holder that drops its copy reports this. A newer
//! version replaces an older one regardless of the threshold: that makes no more copies.

use super::custody::Custody;
use crate::model::{NodeId, RecordId};
use crate::storage::node::context::StorageContext;

impl Custody {
    /// Whether fewer than enough of the responsible nodes may hold `record`.
    pub(super) fn are_few_left(&self, cx: &StorageContext<'_>, record: RecordId, responsible: &[NodeId]) -> bool {
        let threshold = cx.repair.threshold(cx.replicas).unwrap_or(0);
        let about = self.reports.about(record);
        let may_hold = |node: &&NodeId| **node == cx.me || about.may_hold(**node);
        responsible.iter().filter(may_hold).count() < threshold
    }
}
