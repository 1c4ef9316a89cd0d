//! One machine of the service: whom it knows, and whom it names.

use super::{IN_VAIN, Terms};
use crate::engine::{Duration, Source, Time};
use crate::model::NodeId;

/// Grant of founding the overlay: a node that has it and has not announced since is named as a member for this long; then another
/// may.
const GRANT: Duration = Duration::from_secs(300);
const MILLISECOND: u64 = 1_000_000;

/// A machine of the service. It keeps its list when it fails.
#[derive(Clone, Debug)]
pub struct Service {
    list: usize,
    answers: usize,
    life: Duration,
    /// Whether it lets nodes found the overlay.
    founds: bool,
    known: Vec<Known>,
    granted: Option<(NodeId, Time)>,
}

/// A node that has said that it is a member, and until when that is believed. They are kept in the order of that.
#[derive(Clone, Copy, Debug)]
struct Known {
    node: NodeId,
    until: Time,
}

impl Service {
    /// The machine with this number, which knows nobody.
    pub fn new(terms: &Terms, number: u32) -> Service {
        let Terms { list, answers, life, .. } = *terms;
        let (list, answers) = (list as usize, answers as usize);
        Service { list, answers, life, founds: number == 0, known: Vec::new(), granted: None }
    }

    /// A member has told it at `now` that it is one.
    pub fn told(&mut self, now: Time, node: NodeId) {
        self.remember(node, now + self.life);
    }

    /// Adds a member, which counts as one until then. The member that would count for the shortest time makes
    /// room.
    pub fn remember(&mut self, node: NodeId, until: Time) {
        self.known.retain(|known| known.node != node);
        let place = self.known.partition_point(|known| known.until <= until);
        self.known.insert(place, Known { node, until });
        if self.known.len() > self.list {
            self.known.remove(0);
        }
    }

    /// Extends what is known by the time that the machine was down: no member could announce itself meanwhile.
    pub fn was_down(&mut self, lasted: Duration) {
        self.known.iter_mut().for_each(|known| known.until += lasted);
        self.granted = self.granted.map(|(node, at)| (node, at + lasted));
    }

    pub fn heap_bytes(&self) -> usize {
        self.known.capacity() * size_of::<Known>()
    }

    /// Names members to `asker`, a uniform draw from those that it knew of in the last whole millisecond; to one that has `sought`
    /// in vain, half of them from those who have told since that began, and nobody if there are none. Gives whether the asker may
    /// found the overlay: nobody else is known, or after a search in vain nobody has told since; the machine is the one that decides
    /// this, and others could join through the asker.
    pub fn answer(
        &mut self,
        now: Time,
        asker: NodeId,
        (open, sought): (bool, Duration),
        draw: &mut impl Source,
        named: &mut Vec<NodeId>,
    ) -> bool {
        self.known.retain(|known| known.until > now);
        let (in_vain, life) = (sought >= IN_VAIN, self.life);
        let has_told_since = |known: &Known| in_vain && known.until + sought >= now + life;
        let others = self.known.iter().filter(|known| known.node != asker);
        if !in_vain || others.clone().any(&has_told_since) {
            let before = Time::from_nanos(now.as_nanos() / MILLISECOND * MILLISECOND) + life;
            let seen = others.clone().filter(|known| known.until < before);
            let (since, rest): (Vec<&Known>, Vec<&Known>) = seen.partition(|known| has_told_since(known));
            let [mut since, mut rest] =
                [since, rest].map(|list| list.iter().map(|known| known.node).collect::<Vec<_>>());
            name_some(&mut since, self.answers.div_ceil(2), draw, named);
            rest.append(&mut since);
            name_some(&mut rest, self.answers - named.len(), draw, named);
            if others.count() > 0 {
                return false;
            }
        }
        if !self.founds {
            return false;
        }
        match self.granted {
            Some((node, at)) if node != asker && now < at + GRANT => named.push(node),
            _ if open => self.granted = Some((asker, now)),
            _ => return false,
        }
        named.is_empty()
    }
}

/// Draws so many of `nodes`, if there are, and names them.
fn name_some(nodes: &mut Vec<NodeId>, most: usize, draw: &mut impl Source, named: &mut Vec<NodeId>) {
    for _ in 0..most.min(nodes.len()) {
        named.push(nodes.swap_remove(draw.below(nodes.len() as u64) as usize));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Noise;

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    fn service() -> Service {
        let terms = Terms { machines: 2, list: 4, answers: 2, life: Duration::from_secs(3_600) };
        Service::new(&terms, 0)
    }

    fn ask(service: &mut Service, millis: u64, asker: u32) -> (Vec<u32>, bool) {
        ask_after(service, millis, asker, Duration::ZERO)
    }

    fn ask_after(service: &mut Service, millis: u64, asker: u32, sought: Duration) -> (Vec<u32>, bool) {
        let mut named = Vec::new();
        let found = service.answer(at(millis), NodeId(asker), (true, sought), &mut Noise::new(millis), &mut named);
        (named.into_iter().map(|node| node.0).collect(), found)
    }

    #[test]
    fn the_first_founds_and_others_are_sent_to_it_until_it_is_given_up() {
        let mut service = service();
        assert_eq!(ask(&mut service, 0, 7), (vec![], true));
        assert_eq!(ask(&mut service, 0, 8), (vec![7], false));
        assert_eq!(ask(&mut service, 1, 7), (vec![], true), "its answer was lost");
        assert_eq!(ask(&mut service, 300_001, 8), (vec![], true));
        service.told(at(300_002), NodeId(8));
        assert_eq!(ask(&mut service, 300_002, 9), (vec![], false), "not yet as of the last millisecond, but known");
        assert_eq!(ask(&mut service, 300_003, 9), (vec![8], false));
    }

    #[test]
    fn who_has_sought_in_vain_is_named_who_has_told_since_or_founds() {
        let mut service = service();
        service.told(at(1_000), NodeId(1));
        service.told(at(50_000), NodeId(2));
        let seconds = Duration::from_secs;
        assert_eq!(ask_after(&mut service, 100_000, 7, seconds(59)).0.len(), 2);
        assert_eq!(ask_after(&mut service, 100_000, 7, seconds(60)), (vec![2, 1], false), "first who has told since");
        assert_eq!(ask_after(&mut service, 200_000, 7, seconds(100)), (vec![], true), "all who told before have gone");
        service.told(at(200_001), NodeId(7));
        let (named, found) = ask_after(&mut service, 210_000, 8, seconds(100));
        assert_eq!((named[0], named.len(), found), (7, 2, false));
    }

    #[test]
    fn the_other_machines_let_nobody_found() {
        let terms = Terms { machines: 2, list: 4, answers: 2, life: Duration::from_secs(1) };
        assert_eq!(ask(&mut Service::new(&terms, 1), 0, 7), (vec![], false));
    }

    #[test]
    fn whom_nobody_can_join_through_founds_nothing() {
        let mut named = Vec::new();
        assert!(!service().answer(at(0), NodeId(1), (false, Duration::ZERO), &mut Noise::new(1), &mut named));
        assert!(named.is_empty());
    }

    #[test]
    fn members_are_believed_for_their_life_and_the_newest_are_kept() {
        let mut service = service();
        (0..6).for_each(|node| service.told(at(node.into()), NodeId(node)));
        let mut seen: Vec<u32> = (10..200).flat_map(|millis| ask(&mut service, millis, 9).0).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [2, 3, 4, 5]);
        assert!((10..20).all(|millis| !ask(&mut service, millis, 5).0.contains(&5)), "nobody is named to itself");
        assert_eq!(ask(&mut service, 3_600_004, 9).0, [5]);
        assert_eq!(ask(&mut service, 3_600_005, 9), (vec![], true));
    }

    #[test]
    fn nothing_ages_while_it_is_down() {
        let mut service = service();
        service.told(at(0), NodeId(1));
        service.was_down(Duration::from_secs(7_200));
        assert_eq!(ask(&mut service, 3_600_000 + 7_199_999, 9).0, [1]);
        assert_eq!(ask(&mut service, 3_600_000 + 7_200_000, 9), (vec![], true));
    }

    #[test]
    fn each_member_is_named_as_often() {
        let mut service = service();
        (0..4).for_each(|node| service.told(at(0), NodeId(node)));
        let mut counts = [0u32; 4];
        for millis in 1..=4_000 {
            let (named, _) = ask(&mut service, millis, 9);
            assert!(named.len() == 2 && named[0] != named[1]);
            named.iter().for_each(|&node| counts[node as usize] += 1);
        }
        // Half of the answers, of which four standard deviations are 127.
        assert!(counts.iter().all(|count| count.abs_diff(2_000) < 127), "{counts:?}");
    }
}
