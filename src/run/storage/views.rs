//! What storage sees of the rest: of its overlay a node, and of the machines a policy of the whole system.

use crate::engine::Noise;
use crate::model::{Hosts, Key, NodeId, RecordId};
use crate::overlay::{Placement, Protocol, Rule, View};
use crate::run::environment::Kinds;
use crate::run::oracle::Records;
use crate::run::simulation::Seat;
use crate::scenario::plan::Plan;
use crate::storage::Neighbourhood;
use crate::storage::system::Machines;

/// Responsible nodes by a node's own account: its overlay.
pub(crate) struct Around<'a, P: Protocol> {
    pub overlay: &'a P,
    pub shared: &'a P::Shared,
    pub view: View<'a>,
    pub keys: &'a [Key],
}

impl<P: Protocol> Neighbourhood for Around<'_, P> {
    fn responsible(&self, record: RecordId, count: usize, out: &mut Vec<NodeId>) {
        self.overlay.nearest(self.shared, &self.view, self.keys[record.index()], count, out);
    }

    fn is_nearer(&self, record: RecordId, a: NodeId, b: NodeId) -> bool {
        let Placement::Closest(metric) = P::PLACEMENT else { return false };
        let key = self.keys[record.index()];
        metric.distance(key, self.view.key(a)) < metric.distance(key, self.view.key(b))
    }

    fn passes_puts_on(&self) -> bool {
        P::PLACEMENT.is_servers()
    }

    fn instead_of(&self, asked: NodeId, record: RecordId, noise: &mut Noise) -> NodeId {
        match P::RULE {
            Rule::Servers(choose) => {
                let key = self.keys[record.index()];
                choose(self.shared, self.view.me, key, Some(asked), noise)
            }
            Rule::Closest(_) | Rule::Everyone(..) => asked,
        }
    }
}

/// What policies of the whole system see of it.
pub(crate) struct Everything<'a> {
    pub seats: &'a [Seat],
    pub online: &'a [NodeId],
    pub records: &'a Records,
    pub hosts: Hosts,
    pub kinds: &'a Kinds,
    pub plan: &'a Plan,
}

impl Machines for Everything<'_> {
    fn is_online(&self, node: NodeId) -> bool {
        self.seats[node.index()].online
    }

    fn has_joined(&self, node: NodeId) -> bool {
        self.seats[node.index()].settled
    }

    fn has_departed(&self, node: NodeId) -> bool {
        self.seats[node.index()].departed
    }

    fn online(&self) -> &[NodeId] {
        self.online
    }

    fn hosts(&self) -> Hosts {
        self.hosts
    }

    fn disk(&self, machine: NodeId) -> u64 {
        disk(self.plan, self.kinds, machine)
    }

    fn is_stored(&self, record: RecordId) -> bool {
        self.records.is_stored(record)
    }

    fn is_lost(&self, value: RecordId) -> bool {
        self.records.is_lost(value)
    }
}

/// Bytes of values that a machine's disk takes.
pub(super) fn disk(plan: &Plan, kinds: &Kinds, machine: NodeId) -> u64 {
    kinds.class(machine.0).map_or(u64::MAX, |class| plan.population.classes[usize::from(class)].storage)
}
