//! Lookups in rounds, as OverSim's `IterativeLookup` has them by default: α requests begin the first. An answer to a request of the
//! present round ends it, and the next begins with as many requests as new nodes came among the k nearest, α at most, beside those
//! under way. Answers to requests of earlier rounds are not looked at. When nothing is under way any more, α more are sent; when nobody
//! of the k nearest is left to ask, the lookup is finished.

use super::{Lookup, State, Step};
use crate::model::{Key, NodeId};

impl Lookup {
    pub(super) fn step_in_rounds(&mut self) -> Step {
        if self.in_flight == 0 && self.budget == 0 {
            self.budget = self.aim.alpha;
        }
        if self.budget > 0 {
            let others = self.candidates.iter_mut().filter(|candidate| candidate.hops > 0);
            let mut front = others.filter(|candidate| candidate.state != State::Failed).take(self.aim.k);
            if let Some(next) = front.find(|candidate| candidate.state == State::Heard) {
                (next.state, next.round) = (State::Asked, self.round);
                self.heard -= 1;
                self.in_flight += 1;
                self.budget -= 1;
                return Step::Ask(next.node);
            }
            self.budget = 0;
        }
        if self.in_flight > 0 || self.slow > 0 { Step::Wait } else { Step::Finished }
    }

    pub(super) fn succeeded_in_rounds<N: Copy + Into<NodeId>>(
        &mut self,
        node: NodeId,
        contacts: &[N],
        key: impl Fn(NodeId) -> Key,
    ) {
        let asked = self.candidates.iter().find(|candidate| candidate.node == node);
        let is_first = asked.is_some_and(|candidate| candidate.round == self.round);
        let Some(hops) = self.settle(node, State::Answered) else { return };
        self.budget = 0;
        if !is_first {
            return;
        }
        self.answers += 1;
        self.round = self.round.wrapping_add(1);
        self.hear_of_all(contacts, key, hops.saturating_add(1));
        let others = self.candidates.iter().filter(|candidate| candidate.hops > 0 && candidate.state != State::Failed);
        let is_new = |candidate: &&super::Candidate| candidate.state == State::Heard && candidate.round == self.round;
        self.budget = others.take(self.aim.k).filter(is_new).count().min(self.aim.alpha);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Metric;
    use crate::overlay::lookup::Aim;

    #[test]
    fn an_answer_begins_a_round_and_others_of_the_round_before_are_not_looked_at() {
        let aim = Aim {
            target: Key(0),
            metric: Metric::Xor,
            k: 4,
            answered: 4,
            alpha: 2,
            widen: false,
            patient: 0,
            rounds: true,
        };
        let key = |node: NodeId| Key(node.0.into());
        let contacts: Vec<NodeId> = [20, 21, 22].map(NodeId).to_vec();
        let mut lookup = Lookup::default();
        lookup.begin(aim, NodeId(99), &contacts, key);
        let asks = |lookup: &mut Lookup| {
            let mut asked = Vec::new();
            while let Step::Ask(node) = lookup.step() {
                asked.push(node.0);
            }
            asked
        };
        assert_eq!(asks(&mut lookup), [20, 21]);
        lookup.on_success(NodeId(20), &[NodeId(5)], key);
        assert_eq!(asks(&mut lookup), [5], "one new node, one request");
        lookup.on_success(NodeId(21), &[NodeId(3)], key);
        assert_eq!((asks(&mut lookup), lookup.hops(NodeId(3))), (vec![], None), "too late");
        lookup.on_failure(NodeId(5));
        assert_eq!(asks(&mut lookup), [22], "nothing is under way");
        lookup.on_success::<NodeId>(NodeId(22), &[], key);
        assert_eq!((lookup.step(), lookup.answers()), (Step::Finished, 2));
    }
}
