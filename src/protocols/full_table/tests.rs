use super::*;
use crate::engine::Duration;
use crate::model::Kind;
use crate::overlay::Wire;
use crate::overlay::testing::{Bench, End};

const LATENCY: Duration = Duration::from_millis(50);

/// Without anti-entropy, so that it does not heal what the rest must.
fn config() -> Config {
    Config { anti_entropy: Duration::from_secs(1_000_000), ..Config::default() }
}

fn converged(config: Config, count: u32) -> Bench<FullTable> {
    let mut bench = Bench::new(config, count, 1);
    bench.latency = LATENCY;
    bench.start_converged();
    bench
}

fn node(number: u32) -> NodeId {
    NodeId(number)
}

fn record(number: u32) -> RecordId {
    RecordId::new(number)
}

fn up(bench: &Bench<FullTable>) -> impl Iterator<Item = NodeId> {
    (0..bench.up.len()).filter(|&at| bench.up[at]).map(|at| NodeId(at as u32))
}

/// Every machine that is up believes exactly the others that are up to be online.
fn assert_all_know_who_is_up(bench: &Bench<FullTable>) {
    for machine in up(bench) {
        let mut contacts = Vec::new();
        let view = View::new(machine, &bench.keys);
        bench.nodes[machine.index()].contacts(&bench.shared, &view, &mut contacts);
        contacts.sort();
        let others: Vec<_> = up(bench).filter(|&other| other != machine).collect();
        assert_eq!(contacts, others, "as {machine} believes");
    }
}

fn assert_all_have(bench: &Bench<FullTable>, record: RecordId, version: u32) {
    for machine in up(bench) {
        let known = bench.nodes[machine.index()].version_of(&bench.shared, machine, record);
        assert_eq!(known, Some(Version(version)), "at {machine}");
    }
}

/// Machines that stored what was put, each as often as it reported so.
fn stored(bench: &mut Bench<FullTable>) -> Vec<NodeId> {
    let mut stored = std::mem::take(&mut bench.stored);
    stored.sort();
    stored
}

#[test]
fn a_lookup_costs_no_hop_and_no_message_and_names_the_successors_of_the_key() {
    let mut bench = converged(config(), 50);
    let target = Key(0xdead_beef << 32);
    let walked = bench.walk(node(3), target, None, 3);
    let mut nodes: Vec<_> = up(&bench).collect();
    nodes.sort_by_key(|node| target.clockwise(bench.keys[node.index()]));
    let named = nodes[..3].iter().map(|&node| Contact { node, hops: 0 }).collect();
    assert_eq!((walked.end, walked.took), (End::Found(named), Duration::ZERO));
    assert_eq!((walked.rpcs, bench.sent), (0, 0));

    let mut nearest = Vec::new();
    let view = View::new(node(3), &bench.keys);
    bench.nodes[3].nearest(&bench.shared, &view, target, 3, &mut nearest);
    assert_eq!(nearest, nodes[..3]);
}

#[test]
fn a_get_is_answered_from_the_own_table() {
    let mut bench = converged(config(), 9);
    let get = |bench: &mut Bench<_>| bench.walk(node(4), Key(1), Some(record(7)), 3).end;
    let here = Contact { node: node(4), hops: 0 };
    assert_eq!(get(&mut bench), End::FoundRecord(here, Version(0)));
    let put = bench.spread(node(0), record(7), Version(1));
    assert_eq!(get(&mut bench), End::FoundRecord(here, Version(0)), "the new version is under way");
    bench.finish(put);
    let sent = bench.sent;
    assert_eq!((get(&mut bench), bench.sent), (End::FoundRecord(here, Version(1)), sent));
}

#[test]
fn a_put_touches_every_other_machine_once_down_the_tree_and_directly() {
    // Down the tree each level costs one way there, and the last one the way back; directly, 32 at a time cost one round.
    for (count, tree, direct) in [(1, 0, 0), (2, 2, 2), (9, 2, 2), (100, 6, 8)] {
        for (spread, ways) in [(Spread::Tree, tree), (Spread::Direct, direct)] {
            let mut bench = converged(Config { spread, ..config() }, count);
            let put = bench.spread(node(count / 2), record(0), Version(1));
            let walked = bench.finish(put);
            assert_eq!((walked.end, walked.rpcs, walked.timeouts), (End::Spread, count - 1, 0));
            assert_eq!(stored(&mut bench), up(&bench).collect::<Vec<_>>());
            assert_all_have(&bench, record(0), 1);
            assert_eq!(walked.took, Duration::from_nanos(ways * LATENCY.as_nanos()), "{count} machines, {spread:?}");
            assert!(bench.sent >= 2 * u64::from(count - 1), "every update is acknowledged");
            assert!(bench.nodes.iter().all(|node| node.relays.is_empty()), "nothing is left");
        }
    }
}

#[test]
fn nobody_sends_more_updates_than_the_fan_out_in_a_tree() {
    let mut bench = converged(config(), 400);
    let put = bench.spread(node(0), record(0), Version(1));
    assert_eq!(bench.sent, 8);
    bench.finish(put);
    // 399 updates and replies, and a notice from everyone who had passed it on: 8, and of each of their 49 or 50 the
    // first of 8 parts.
    assert_eq!(bench.sent, 2 * 399 + 8 + 64);
}

#[test]
fn an_inner_machine_of_the_tree_that_is_dead_is_replaced_and_marked_absent_everywhere() {
    for spread in [Spread::Tree, Spread::Direct] {
        let mut bench = converged(Config { spread, ..config() }, 100);
        bench.crash(node(1)); // the head of the first range
        let put = bench.spread(node(0), record(0), Version(1));
        let walked = bench.finish(put);
        assert_eq!((walked.end, walked.timeouts), (End::Spread, 4));
        assert!(walked.took >= Duration::from_secs(6) && walked.took < Duration::from_secs(7), "{}", walked.took);
        assert_eq!(stored(&mut bench), up(&bench).collect::<Vec<_>>());
        bench.run_for(Duration::from_secs(2));
        assert_all_know_who_is_up(&bench);
    }
}

#[test]
fn a_machine_that_dies_after_it_acknowledged_does_not_keep_its_range_from_the_change() {
    let mut bench = converged(config(), 400);
    let put = bench.spread(node(0), record(0), Version(1));
    bench.run_for(Duration::from_millis(60));
    assert_eq!(bench.nodes[1].relays.len(), 1, "it has passed the change on");
    bench.crash(node(1));
    // What it had sent is under way, but the heads below it now have nobody to report to.
    let walked = bench.finish(put);
    assert_eq!((walked.end, walked.timeouts), (End::Spread, 4));
    assert_all_have(&bench, record(0), 1);
    bench.run_for(Duration::from_secs(10));
    assert_all_know_who_is_up(&bench);
}

#[test]
fn lost_notices_are_asked_for_again() {
    let mut bench = converged(config(), 100);
    let put = bench.spread(node(0), record(0), Version(1));
    bench.run_for(Duration::from_millis(290));
    bench.up[0] = false; // cut off while the ranges report that they are done
    bench.run_for(Duration::from_millis(20));
    assert!(bench.lost > 0);
    bench.up[0] = true;
    let walked = bench.finish(put);
    assert!(walked.took < Duration::from_secs(7) && walked.timeouts == 0, "{walked:?}");
    assert_eq!(stored(&mut bench), up(&bench).collect::<Vec<_>>());
}

#[test]
fn after_a_fifth_has_crashed_at_once_the_table_heals() {
    let mut bench = converged(config(), 100);
    (0..100).step_by(5).for_each(|number| bench.crash(node(number)));
    let put = bench.spread(node(1), record(0), Version(1));
    assert_eq!(bench.finish(put).end, End::Spread);
    assert_all_have(&bench, record(0), 1);
    bench.run_for(Duration::from_secs(60));
    assert_all_know_who_is_up(&bench);
    let put = bench.spread(node(2), record(0), Version(2));
    let walked = bench.finish(put);
    assert_eq!((walked.rpcs, walked.timeouts), (79, 0));
}

#[test]
fn a_returning_machine_gets_what_it_missed_and_is_known_to_all() {
    for fresh in [false, true] {
        let mut bench = converged(config(), 60);
        bench.crash(node(5));
        for number in 0..40 {
            let put = bench.spread(node(6), record(number), Version(1));
            bench.finish(put);
        }
        if fresh {
            bench.nodes[5] = FullTable::new(&bench.config, &View::new(node(5), &bench.keys));
        }
        bench.run_for(Duration::from_secs(10));
        let sent = bench.sent;
        bench.start(node(5), Some(node(9)));
        // Three pieces of up to fifteen records, the announcement, and the news of it.
        bench.run_for(Duration::from_millis(4 * 100));
        assert!(bench.joined[5], "after {} packets", bench.sent - sent);
        (0..40).for_each(|number| assert_all_have(&bench, record(number), 1));
        bench.run_for(Duration::from_secs(20));
        assert_all_know_who_is_up(&bench);
        let put = bench.spread(node(0), record(0), Version(2));
        assert_eq!(bench.finish(put).rpcs, 59);
    }
}

#[test]
fn what_is_under_way_while_a_machine_joins_does_not_pass_it_by() {
    for offset in (0..600).step_by(20) {
        let mut bench = converged(config(), 100);
        bench.crash(node(50));
        let put = bench.spread(node(2), record(0), Version(1));
        bench.finish(put);
        bench.run_for(Duration::from_secs(5));
        bench.start(node(50), Some(node(99)));
        bench.run_for(Duration::from_millis(offset));
        let put = bench.spread(node(3), record(1), Version(1));
        bench.finish(put);
        bench.run_for(Duration::from_secs(20));
        assert_all_have(&bench, record(0), 1);
        assert_all_have(&bench, record(1), 1);
        assert_all_know_who_is_up(&bench);
    }
}

#[test]
fn a_graceful_leave_is_known_to_all_without_a_time_out() {
    let mut bench = converged(config(), 100);
    bench.leave(node(7));
    bench.run_for(Duration::from_secs(1));
    assert_all_know_who_is_up(&bench);
}

#[test]
fn who_leaves_soon_after_it_came_is_not_brought_back_while_it_is_still_up() {
    for joined_for in [50, 150, 1000] {
        let mut bench = converged(config(), 30);
        bench.leave(node(7));
        bench.run_for(Duration::from_secs(1));
        bench.start(node(7), Some(node(20)));
        bench.run_for(Duration::from_millis(joined_for));
        bench.with(node(7), |overlay, cx| overlay.leave(cx));
        bench.run_for(Duration::from_secs(30));
        bench.crash(node(7));
        assert_all_know_who_is_up(&bench);
    }
}

#[test]
fn a_machine_that_is_taken_for_absent_contradicts_when_it_hears_of_it() {
    let mut bench = converged(config(), 20);
    bench.up[4] = false; // cut off, but alive
    let put = bench.spread(node(0), record(0), Version(1));
    bench.finish(put);
    bench.run_for(Duration::from_secs(1));
    assert_all_know_who_is_up(&bench);
    bench.up[4] = true;
    bench.with(node(4), |overlay, cx| overlay.ask(cx, node(11), 0, false));
    bench.run_for(Duration::from_secs(1));
    assert_all_know_who_is_up(&bench);
    assert_all_have(&bench, record(0), 1);
}

#[test]
fn a_machine_that_was_cut_off_comes_back_within_a_comparison() {
    let mut bench = converged(Config::default(), 100);
    bench.up[4] = false; // cut off, but alive
    let put = bench.spread(node(0), record(0), Version(1));
    bench.finish(put);
    bench.up[4] = true;
    bench.run_for(Duration::from_secs(70));
    assert_all_know_who_is_up(&bench);
    assert_all_have(&bench, record(0), 1);
}

#[test]
fn a_put_touches_everyone_once_although_some_learn_of_it_by_comparing() {
    let anti_entropy = Duration::from_millis(100);
    let mut bench = converged(Config { anti_entropy, ..Config::default() }, 200);
    let put = bench.spread(node(0), record(0), Version(1));
    assert_eq!(bench.finish(put).rpcs, 199);
    assert_eq!(stored(&mut bench), up(&bench).collect::<Vec<_>>());
}

#[test]
fn a_table_founded_by_one_machine_grows_by_joining() {
    let mut bench = Bench::<FullTable>::new(config(), 30, 1);
    bench.start(node(0), None);
    for number in 1..30 {
        bench.start(node(number), Some(node((number - 1) / 2)));
        bench.run_for(Duration::from_secs(1));
        assert!(bench.joined[number as usize]);
    }
    assert_all_know_who_is_up(&bench);
    assert_eq!(bench.walk(node(8), Key(1), Some(record(0)), 1).end, End::GaveUp(Cause::Unreachable));
    let put = bench.spread(node(8), record(0), Version(0));
    assert_eq!(bench.finish(put).rpcs, 29);
    assert_all_have(&bench, record(0), 0);
}

#[test]
fn who_founds_the_table_anew_waits_for_nobody_from_before() {
    let mut bench = converged(config(), 10);
    (0..10).for_each(|number| bench.crash(node(number)));
    bench.start(node(3), None);
    let put = bench.spread(node(3), record(0), Version(1));
    let walked = bench.finish(put);
    assert_eq!((walked.took, walked.rpcs), (Duration::ZERO, 0));
    bench.start(node(5), Some(node(3)));
    bench.run_for(Duration::from_secs(1));
    assert_all_know_who_is_up(&bench);
    assert_all_have(&bench, record(0), 1);
}

#[test]
fn a_put_that_is_given_up_goes_on_its_way_without_a_report() {
    let mut bench = converged(config(), 30);
    bench.crash(node(1));
    let put = bench.spread(node(0), record(0), Version(1));
    bench.with(node(0), |overlay, _| overlay.cancel(put));
    bench.run_for(Duration::from_secs(20));
    assert_all_have(&bench, record(0), 1);
    let again = bench.spread(node(0), record(0), Version(2));
    assert_eq!(bench.finish(again).end, End::Spread);
}

#[test]
fn all_tables_together_take_memory_for_machines_and_changes_not_for_their_product() {
    let bytes = |count: u32| {
        let mut bench = converged(config(), count);
        for number in 0..64 {
            let put = bench.spread(node(number), record(number), Version(1));
            bench.finish(put);
        }
        bench.shared.heap_bytes() + bench.nodes.iter().map(|node| node.heap_bytes().rpc).sum::<usize>()
    };
    let (some, twice) = (bytes(300), bytes(600));
    assert!(twice < 2 * some + some / 4 && some < 300 * 1000, "{some} and {twice} bytes");
}

#[test]
fn values_that_cannot_be_are_refused_with_their_key() {
    let key = |config: Config| crate::overlay::Config::check(&config).map_err(|problem| problem.key);
    assert_eq!(key(Config::default()), Ok(()));
    assert_eq!(key(Config { fan_out: 1, ..Config::default() }), Err("fan_out"));
    assert_eq!(key(Config { unacknowledged: 0, ..Config::default() }), Err("unacknowledged"));
    assert_eq!(key(Config { rpc_timeout: Duration::ZERO, ..Config::default() }), Err("rpc_timeout"));
    assert_eq!(key(Config { anti_entropy: Duration::ZERO, ..Config::default() }), Err("anti_entropy"));
}

#[test]
fn what_is_copied_per_packet_stays_small() {
    assert!(size_of::<Message>() <= 24 && size_of::<Timer>() <= 16);
}

#[test]
fn a_change_of_membership_names_the_member_and_the_list_all_at_four_bytes_each() {
    let mut bench = converged(config(), 5);
    let (put, gone) = (Change::Put(record(0), Version(1)), Change::Gone(node(4)));
    let [put, gone] = [put, gone].map(|change| bench.shared.log(node(0), change));
    let named = |message: Message| bench.shared.named(node(0), &message, &bench.lists).collect::<Vec<_>>();
    let update = |change| Message::Update { change, last: node(3), bytes: 0, again: false };
    assert_eq!((named(update(put)), named(update(gone))), (vec![], vec![node(4)]));
    let these = |members| Message::These { from: put, until: gone + 1, members, more: false, bytes: 0 };
    assert_eq!(named(these(false)), [4].map(node));
    assert_eq!(named(these(true)), [4, 1, 2, 3, 0].map(node), "those online, and who says so");
    let sizes = [1024; 1];
    let bytes = |change| {
        let bytes = bench.shared.bytes_of(change, &sizes, &Wire::P2PSIM);
        let message = Message::Update { change, last: node(3), bytes, again: false };
        Wire::P2PSIM.bytes(Kind::Request, &message, bench.shared.named(node(0), &message, &bench.lists))
    };
    // A range of 8 bytes, an entry of 8, and a value.
    assert_eq!((bytes(put), bytes(gone)), (28 + 20 + 8 + 8 + 1024, 28 + 20 + 8 + 8));
}
