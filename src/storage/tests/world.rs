//! Machines as policies of the whole system see them, said by a test; and stores without anything in them.

use crate::engine::{Duration, Streams, Time};
use crate::model::{Hosts, Key, NodeId, RecordId, RecordSpace};
use crate::overlay::Patience;
use crate::storage::system::{Machines, Storage, SystemContext, SystemEffect};
use crate::storage::{LookupPaths, Resources, StorageNode};

/// All that a policy can see of the system.
pub(crate) struct World {
    pub now: Time,
    pub online: Vec<NodeId>,
    /// Nodes that have not joined in this session.
    pub away: Vec<NodeId>,
    pub departed: Vec<NodeId>,
    pub stored: Vec<RecordId>,
    pub lost: Vec<RecordId>,
    /// Bytes that each disk takes.
    pub disk: u64,
}

impl Default for World {
    fn default() -> World {
        let nobody = Vec::new;
        let now = Time::ZERO + Duration::from_secs(100);
        let (stored, lost) = (Vec::new(), Vec::new());
        World { now, online: nobody(), away: nobody(), departed: nobody(), stored, lost, disk: u64::MAX }
    }
}

impl World {
    /// Calls a handler. Gives its effects.
    pub(crate) fn effects(&self, handler: impl FnOnce(&mut SystemContext<'_, World>)) -> Vec<SystemEffect> {
        let (mut effects, streams) = (Vec::new(), Streams::new(1));
        handler(&mut SystemContext { now: self.now, streams: &streams, machines: self, effects: &mut effects });
        effects
    }
}

impl Machines for World {
    fn is_online(&self, node: NodeId) -> bool {
        self.online.contains(&node)
    }

    fn has_joined(&self, node: NodeId) -> bool {
        !self.away.contains(&node)
    }

    fn has_departed(&self, node: NodeId) -> bool {
        self.departed.contains(&node)
    }

    fn online(&self) -> &[NodeId] {
        &self.online
    }

    fn hosts(&self) -> Hosts {
        Hosts::new(100, 0, 1)
    }

    fn disk(&self, _: NodeId) -> u64 {
        self.disk
    }

    fn is_stored(&self, record: RecordId) -> bool {
        self.stored.contains(&record)
    }

    fn is_lost(&self, value: RecordId) -> bool {
        self.lost.contains(&value)
    }
}

/// Empty stores of so many nodes, for records of a byte, and no policy.
pub(crate) fn storage(nodes: u32, space: RecordSpace) -> Storage {
    let records = space.count() as usize;
    Storage {
        nodes: (0..nodes).map(|_| StorageNode::default()).collect(),
        resources: Resources::new(space, vec![Key(0); records], vec![1; records], |size| size),
        patience: Patience { timeout: Duration::from_secs(1), retries: 0, backoff: None },
        publications: Default::default(),
        announcements: None,
        pointers: None,
        holder_checks: None,
        delayed: None,
        publishers: None,
        paths: LookupPaths::default(),
        cached_bytes: 0,
    }
}
