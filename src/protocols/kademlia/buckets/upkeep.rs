//! What upkeep asks of the buckets, and nodes that are only heard of.

use super::{Bucket, Buckets, Entry, position};
use crate::engine::Time;
use crate::model::NodeId;
use crate::overlay::View;
use crate::protocols::kademlia::Config;

impl Buckets {
    /// Whether the bucket of `node` would take it as a contact.
    pub(crate) fn has_room(&self, config: &Config, view: &View<'_>, node: NodeId) -> bool {
        let bucket = self.buckets.get(Buckets::index(view, view.key(node)));
        bucket.is_none_or(|bucket| u32::from(bucket.contacts) < config.k || bucket.flagged > 0)
    }

    /// Whether `node` is a contact, and not flagged.
    pub(crate) fn is_contact(&self, view: &View<'_>, node: NodeId) -> bool {
        let (index, entry) = Buckets::entry(view, node);
        let bucket = self.buckets.get(index);
        bucket.is_some_and(|bucket| position(&self.entries[bucket.unflagged()], entry).is_some())
    }

    /// The least recently seen contact of the bucket of `node`.
    pub(crate) fn oldest(&self, view: &View<'_>, node: NodeId) -> Option<NodeId> {
        self.oldest_of(self.buckets.get(Buckets::index(view, view.key(node)))?)
    }

    /// That of each bucket.
    pub(crate) fn all_oldest(&self) -> Vec<NodeId> {
        self.buckets.iter().filter_map(|bucket| self.oldest_of(bucket)).collect()
    }

    fn oldest_of(&self, bucket: &Bucket) -> Option<NodeId> {
        self.entries[bucket.unflagged()].first().map(|entry| entry.node())
    }

    /// Adds a node that another has named to its bucket if that has room, as the least recently seen. Whether it had.
    pub(crate) fn heard_of(&mut self, config: &Config, view: &View<'_>, now: Time, node: NodeId) -> bool {
        let (index, entry): (usize, Entry) = Buckets::entry(view, node);
        self.grow(config, now, index);
        let bucket = self.buckets[index];
        let is_known = position(&self.entries[bucket.entries()], entry).is_some();
        if is_known || u32::from(bucket.contacts) >= config.k {
            return false;
        }
        self.insert(index, bucket.unflagged().start, entry);
        self.buckets[index].contacts += 1;
        true
    }
}
