//! A node's side: how it finds its way in, and how it tells the service that it is a member.

use super::PAUSES;
use crate::engine::Duration;
use crate::model::NodeId;

/// What a node does next to become a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this machine of the service.
    Ask(u32),
    /// Join through this node.
    Join(NodeId),
    /// Found the overlay.
    Found,
    /// Wait, and then begin again.
    Pause(Duration),
}

/// A node that wants to become a member.
#[derive(Clone, Debug)]
pub struct Seeker {
    machines: u32,
    /// Machine of the service that is asked first in every round.
    first: u32,
    /// How many it has asked in this round.
    asked: u32,
    /// Whether it may found the overlay, if no machine knows better, and whether one did.
    may_found: bool,
    named: bool,
    /// Members that are yet to be tried, the last first.
    members: Vec<NodeId>,
    /// Rounds in vain so far.
    rounds: u8,
}

impl Seeker {
    /// One that tries `members`, the last first, before it asks any of so many `machines`, of which `first` comes first.
    pub fn new(machines: u32, first: u32, members: Vec<NodeId>) -> Seeker {
        Seeker { machines, first, asked: 0, may_found: false, named: false, members, rounds: 0 }
    }

    /// What it does now: called at the beginning, and when what it did before has come to nothing.
    pub fn step(&mut self) -> Step {
        if let Some(member) = self.members.pop() {
            return Step::Join(member);
        }
        if self.asked < self.machines {
            self.asked += 1;
            return Step::Ask((self.first + self.asked - 1) % self.machines);
        }
        self.asked = 0;
        if std::mem::take(&mut self.may_found) & !std::mem::take(&mut self.named) {
            return Step::Found;
        }
        Step::Pause(pause(&mut self.rounds))
    }

    /// A machine has named these, or without any lets it found the overlay.
    pub fn answered(&mut self, members: impl IntoIterator<Item = NodeId>, found: bool) {
        let before = self.members.len();
        self.members.extend(members);
        self.named |= self.members.len() > before;
        self.may_found |= found;
    }
}

/// A member that tells the machines of the service so.
#[derive(Clone, Debug)]
pub struct Teller {
    /// Machines of the service that have not heard yet, one bit each, and those of them that are yet to be told in this round.
    deaf: u16,
    untold: u16,
    /// Rounds in vain so far.
    rounds: u8,
}

impl Teller {
    /// One that has told none of so many machines.
    pub fn new(machines: u32) -> Teller {
        let all = u16::MAX >> (u16::BITS - machines);
        Teller { deaf: all, untold: all, rounds: 0 }
    }

    /// Next machine to tell, or time to wait; `None` once all have heard.
    pub fn step(&mut self) -> Option<Result<u32, Duration>> {
        if self.deaf == 0 {
            return None;
        }
        if self.untold == 0 {
            self.untold = self.deaf;
            return Some(Err(pause(&mut self.rounds)));
        }
        let machine = self.untold.trailing_zeros();
        self.untold &= self.untold - 1;
        Some(Ok(machine))
    }

    /// A machine has heard.
    pub fn heard(&mut self, machine: u32) {
        self.deaf &= !(1 << machine);
    }
}

/// The pause after one more round in vain.
fn pause(rounds: &mut u8) -> Duration {
    let pause = PAUSES.longest(*rounds);
    *rounds = rounds.saturating_add(1);
    pause
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_PAUSE: Duration = Duration::from_secs(10);

    #[test]
    fn a_seeker_tries_whom_it_knows_then_every_machine_and_then_pauses_for_longer() {
        let mut seeker = Seeker::new(2, 1, vec![NodeId(4), NodeId(5)]);
        let mut steps = || seeker.step();
        assert_eq!([steps(), steps()], [Step::Join(NodeId(5)), Step::Join(NodeId(4))]);
        for seconds in [10, 20, 40, 80, 160, 300, 300] {
            assert_eq!([steps(), steps()], [Step::Ask(1), Step::Ask(0)]);
            assert_eq!(steps(), Step::Pause(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn a_seeker_founds_only_when_no_machine_knows_a_way_in() {
        let mut seeker = Seeker::new(2, 0, Vec::new());
        assert_eq!(seeker.step(), Step::Ask(0));
        seeker.answered([], true);
        assert_eq!(seeker.step(), Step::Ask(1));
        seeker.answered([NodeId(3)], false);
        assert_eq!([seeker.step(), seeker.step()], [Step::Join(NodeId(3)), Step::Pause(FIRST_PAUSE)]);
        assert_eq!(seeker.step(), Step::Ask(0));
        seeker.answered([], true);
        assert_eq!([seeker.step(), seeker.step()], [Step::Ask(1), Step::Found]);
        assert_eq!([seeker.step(), seeker.step()], [Step::Ask(0), Step::Ask(1)]);
        assert!(matches!(seeker.step(), Step::Pause(_)), "what it was let do in one round holds for that round");
    }

    #[test]
    fn a_teller_goes_on_until_all_machines_have_heard() {
        let mut teller = Teller::new(3);
        assert_eq!([teller.step(), teller.step(), teller.step()], [Some(Ok(0)), Some(Ok(1)), Some(Ok(2))]);
        teller.heard(0);
        teller.heard(2);
        assert_eq!([teller.step(), teller.step()], [Some(Err(FIRST_PAUSE)), Some(Ok(1))]);
        teller.heard(1);
        assert_eq!(teller.step(), None);
    }
}
