//! Lazy repair: three copies, made again when fewer than two are left.

use super::*;

/// Six nodes that know each other; the first three have just been given the record.
fn nodes() -> Nodes {
    let mut nodes = Nodes::new(6);
    (nodes.replicas, nodes.repair) = (3, Repair::Lazy { threshold: 2 });
    nodes.put(5, 7, &[0, 1, 2]);
    assert_eq!(nodes.holds(7), [0, 1, 2]);
    nodes
}

impl Nodes {
    /// A node goes, and those that are up notice it.
    fn goes(&mut self, gone: u32) {
        self.down.push(NodeId(gone));
        self.notice(&[], &[NodeId(gone)]);
    }

    /// Return of a holder, which the others notice.
    fn comes(&mut self, back: u32) {
        self.down.retain(|node| node.0 != back);
        self.notice(&[NodeId(back)], &[]);
        self.with(back, |storage, cx, known| storage.on_return(cx, known));
    }

    fn notice(&mut self, appeared: &[NodeId], gone: &[NodeId]) {
        for node in 0..self.nodes.len() as u32 {
            if self.down.contains(&NodeId(node)) {
                continue;
            }
            let known = &mut self.known[node as usize].responsible;
            known.retain(|other| !gone.contains(other));
            known.extend(appeared);
            known.sort_unstable();
            known.dedup();
            self.with(node, |storage, cx, known| storage.on_change(cx, appeared, gone, known));
        }
    }
}

#[test]
fn one_that_is_away_is_waited_for() {
    let mut nodes = nodes();
    for away in [0, 2, 1] {
        nodes.goes(away);
        assert_eq!(nodes.holds(7), [0, 1, 2], "node {away} keeps its disk, and nobody took its place");
        nodes.comes(away);
        assert_eq!(nodes.holds(7), [0, 1, 2]);
    }
}

#[test]
fn when_too_few_are_left_there_are_all_again() {
    let mut nodes = nodes();
    nodes.goes(0);
    nodes.goes(1);
    assert_eq!(nodes.holds(7), [0, 1, 2, 3, 4], "nodes 3 and 4 in the places of 0 and 1");
}

#[test]
fn a_newcomer_gets_nothing_as_long_as_enough_are_left() {
    let mut nodes = Nodes::new(6);
    (nodes.replicas, nodes.repair) = (3, Repair::Lazy { threshold: 2 });
    nodes.down.push(NodeId(0));
    nodes.notice(&[], &[NodeId(0)]);
    nodes.put(5, 7, &[1, 2, 3]);
    nodes.comes(0);
    assert_eq!(nodes.holds(7), [1, 2, 3], "two of the three responsible hold it");
    nodes.goes(1);
    assert_eq!(nodes.holds(7), [1, 2, 3], "of nodes 0, 2 and 3 two hold it");
    nodes.goes(2);
    assert_eq!(nodes.holds(7), [0, 1, 2, 3, 4], "of nodes 0, 3 and 4 one did");
}

#[test]
fn who_was_there_at_the_start_is_known_to_hold_it() {
    let mut nodes = Nodes::new(6);
    (nodes.replicas, nodes.repair) = (3, Repair::Lazy { threshold: 2 });
    nodes.give(&[0, 1, 2], 7);
    for holder in [0, 1, 2] {
        nodes.with(holder, |storage, cx, known| storage.on_placed(cx, known));
    }
    nodes.goes(1);
    assert_eq!(nodes.holds(7), [0, 1, 2]);
}

#[test]
fn a_threshold_of_all_copies_is_eager() {
    let run = |repair| {
        let mut nodes = Nodes::new(6);
        (nodes.replicas, nodes.repair) = (3, repair);
        nodes.put(5, 7, &[0, 1, 2]);
        nodes.goes(0);
        nodes.pass(Duration::from_secs(4000));
        nodes.goes(2);
        nodes.comes(0);
        nodes.pass(Duration::from_secs(4000));
        (nodes.holds(7), nodes.offers(), nodes.effects)
    };
    assert_eq!(run(Repair::Lazy { threshold: 3 }), run(Repair::Eager));
}

#[test]
fn a_newer_version_replaces_an_older_one_however_many_copies_are_left() {
    let mut nodes = nodes();
    nodes.goes(1);
    nodes.put(5, 9, &[0, 2]);
    nodes.comes(1);
    assert_eq!(nodes.holds(9), [0, 1, 2], "it fetches it");
    nodes.give(&[2], 11);
    nodes.pass(Duration::from_secs(3600));
    assert_eq!(nodes.holds(11), [0, 1, 2], "it is brought it at a review");
}

#[test]
fn a_holder_that_does_not_answer_at_a_review_no_longer_counts() {
    let mut nodes = nodes();
    // Nobody's tables tell that two have gone.
    nodes.down = vec![NodeId(0), NodeId(1)];
    nodes.pass(Duration::from_secs(3600));
    nodes.time_out();
    assert_eq!(nodes.holds(7), [0, 1, 2], "there is nobody else by node 2's account");
    for _ in 0..10 {
        nodes.pass(Duration::from_secs(60));
        nodes.time_out();
    }
    assert_eq!(nodes.holds(7), [0, 1, 2, 3, 4], "the silent are passed over");
}
