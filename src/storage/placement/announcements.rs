//! Announcements: when the providers of a resource tell the responsible nodes that they have it.
//!
//! Its publisher, and whoever has fetched it and swarms it, say so when they have joined and again after each republishing
//! interval, in time before the provider records expire ([`super::providers`]).

use super::providers::Providing;
use crate::engine::random::Purpose;
use crate::engine::{Source, Streams, Time};
use crate::model::{Errand, NodeId, RecordSpace, ResourceId, Version};
use crate::storage::system::{Machines, SystemContext, SystemEffect};

const ANNOUNCED: Purpose = Purpose::new("announced");

/// Providers of resources, and when each is to announce what it has again.
#[derive(Debug)]
pub struct Announcements {
    pub providing: Providing,
    /// By resource.
    publishers: Vec<NodeId>,
    /// By resource: when the last record of a provider expires or has expired, wherever it is.
    until: Vec<Time>,
    /// By node: the resources that it provides in full, and when each is due.
    provided: Vec<Vec<(ResourceId, Time)>>,
    /// By node: when its timer fires, if one is set in this session.
    timers: Vec<Time>,
}

impl Announcements {
    /// Of so many nodes, of which these publish the resources.
    pub fn new(providing: Providing, nodes: u32, publishers: Vec<NodeId>) -> Announcements {
        let mut provided = vec![Vec::new(); nodes as usize];
        for (resource, node) in (0..).map(ResourceId).zip(&publishers) {
            provided[node.index()].push((resource, Time::ZERO));
        }
        let until = vec![Time::ZERO; publishers.len()];
        Announcements { providing, publishers, until, provided, timers: vec![Time::NEVER; nodes as usize] }
    }

    /// Resources and their publishers.
    pub fn published(&self) -> Vec<(ResourceId, NodeId)> {
        (0..).map(ResourceId).zip(self.publishers.iter().copied()).collect()
    }

    /// A converged start: the publisher of a resource announced it within the last republishing interval. Gives when the
    /// provider records expire that it left.
    pub fn announced_before(&mut self, streams: &Streams, now: Time, resource: ResourceId) -> Time {
        let Providing { republish, ttl, .. } = self.providing;
        let age = republish.mul_f64(streams.stream(ANNOUNCED, resource.0.into()).unit());
        let until = now + ttl.saturating_sub(age);
        self.until[resource.index()] = until;
        let due = now + republish.saturating_sub(age);
        let provided = &mut self.provided[self.publishers[resource.index()].index()];
        provided.iter_mut().filter(|one| one.0 == resource).for_each(|one| one.1 = due);
        until
    }

    /// A node says that it provides what it has not said lately.
    pub fn announce(&mut self, cx: &mut SystemContext<'_, impl Machines>, space: RecordSpace, node: NodeId) {
        let (now, next) = (cx.now, cx.now + self.providing.republish);
        for (resource, due) in self.provided[node.index()].iter_mut().filter(|(_, due)| *due <= now) {
            *due = next;
            let record = space.providers_of(*resource);
            cx.do_effect(SystemEffect::Put { node, record, version: Version(0), errand: Errand::Return });
        }
        self.set_timer(cx, node);
    }

    /// Sets a node's timer for what it is to say next, unless it cannot ask or the timer fires as early already.
    pub fn set_timer(&mut self, cx: &mut SystemContext<'_, impl Machines>, node: NodeId) {
        let Some(at) = self.provided[node.index()].iter().map(|one| one.1).min() else { return };
        let timer = &mut self.timers[node.index()];
        if cx.machines.has_joined(node) && (*timer <= cx.now || at < *timer) {
            *timer = at;
            cx.do_effect(SystemEffect::PublishTimer { at, node });
        }
    }

    /// A node has fetched a resource: where resources are shared it provides this one from now on.
    pub fn fetched(
        &mut self,
        cx: &mut SystemContext<'_, impl Machines>,
        space: RecordSpace,
        node: NodeId,
        resource: ResourceId,
    ) {
        let provided = &mut self.provided[node.index()];
        if self.providing.share && provided.iter().all(|one| one.0 != resource) {
            provided.push((resource, cx.now));
            self.announce(cx, space, node);
        }
    }

    /// Some node has taken note of a provider.
    pub fn heard(&mut self, now: Time, resource: ResourceId) {
        self.until[resource.index()] = now + self.providing.ttl;
    }

    /// Whether all provider records of a resource have expired.
    pub fn has_expired(&self, now: Time, resource: ResourceId) -> bool {
        self.until[resource.index()] <= now
    }

    /// The session of a node has ended, and with it its timer.
    pub fn suspend(&mut self, node: NodeId) {
        if let Some(timer) = self.timers.get_mut(node.index()) {
            *timer = Time::NEVER;
        }
    }

    /// A node has gone for good.
    pub fn forget(&mut self, node: NodeId) {
        if let Some(provided) = self.provided.get_mut(node.index()) {
            provided.clear();
        }
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        let lists: usize = self.provided.iter().map(Vec::capacity).sum();
        lists * size_of::<(ResourceId, Time)>()
            + self.until.capacity() * size_of::<Time>()
            + self.provided.capacity() * size_of::<Vec<(ResourceId, Time)>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;
    use crate::model::Coding;
    use crate::storage::tests::world::World;

    const HOUR: Duration = Duration::from_secs(3600);
    const PUBLISHER: NodeId = NodeId(1);
    const READER: NodeId = NodeId(2);

    fn announcements(share: bool) -> Announcements {
        let providing = Providing { ttl: HOUR + HOUR, republish: HOUR, share, uplink: None };
        Announcements::new(providing, 3, vec![PUBLISHER])
    }

    fn space() -> RecordSpace {
        RecordSpace::new(1, Coding { needed: 1, parity: 1 }).with_providers()
    }

    fn put(node: NodeId) -> SystemEffect {
        let record = space().providers_of(ResourceId(0));
        SystemEffect::Put { node, record, version: Version(0), errand: Errand::Return }
    }

    #[test]
    fn a_publisher_announces_when_it_joins_and_once_an_interval() {
        let (mut announcements, mut world) = (announcements(true), World::default());
        let timer = |at| SystemEffect::PublishTimer { at, node: PUBLISHER };
        let first = world.effects(|cx| announcements.announce(cx, space(), PUBLISHER));
        assert_eq!(first, [put(PUBLISHER), timer(world.now + HOUR)]);
        assert_eq!(world.effects(|cx| announcements.announce(cx, space(), PUBLISHER)), [], "it has just said so");
        announcements.suspend(PUBLISHER);
        let joined_again = world.effects(|cx| announcements.announce(cx, space(), PUBLISHER));
        assert_eq!(joined_again, [timer(world.now + HOUR)], "its timer went with its session");
        world.now += HOUR;
        let second = world.effects(|cx| announcements.announce(cx, space(), PUBLISHER));
        assert_eq!(second, [put(PUBLISHER), timer(world.now + HOUR)]);
    }

    #[test]
    fn whoever_has_fetched_a_resource_announces_it_once_if_it_shares_it() {
        let world = World::default();
        for share in [false, true] {
            let mut announcements = announcements(share);
            let mut fetched = || world.effects(|cx| announcements.fetched(cx, space(), READER, ResourceId(0)));
            assert_eq!(fetched().contains(&put(READER)), share);
            assert_eq!(fetched(), []);
        }
    }

    #[test]
    fn provider_records_expire_a_lifetime_after_the_last_was_stored() {
        let (mut announcements, now) = (announcements(true), Time::ZERO + HOUR);
        announcements.heard(now, ResourceId(0));
        assert!(!announcements.has_expired(now + HOUR, ResourceId(0)));
        assert!(announcements.has_expired(now + HOUR + HOUR, ResourceId(0)));
        let until = announcements.announced_before(&Streams::new(1), now, ResourceId(0));
        assert!(until > now + HOUR && until <= now + HOUR + HOUR);
    }
}
