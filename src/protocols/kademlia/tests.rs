use crate::engine::Duration;
use std::collections::BTreeSet;

use super::*;
use crate::engine::{Noise, Source, Time};
use crate::model::{Cause, Held, RecordId, Traffic, Version};
use crate::overlay::config::Config as _;
use crate::overlay::testing::{Bench, End};
use crate::overlay::{Change, Timeout};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// No refresh within a test: the network is static.
const NEVER: Duration = Duration::from_secs(365 * 86_400);

type Network = Bench<Kademlia>;

fn converged(config: Config, count: u32, seed: u64) -> Network {
    let mut bench = Bench::new(config, count, seed);
    bench.start_converged();
    bench
}

/// The node that is up and nearest to `target`.
fn responsible(bench: &Network, target: Key) -> NodeId {
    let up = (0..bench.keys.len()).filter(|&node| bench.up[node]);
    NodeId(up.min_by_key(|&node| bench.keys[node].0 ^ target.0).unwrap() as u32)
}

fn random_joined(bench: &Network, noise: &mut Noise) -> NodeId {
    loop {
        let node = noise.below(bench.keys.len() as u64) as usize;
        if bench.joined[node] {
            return NodeId(node as u32);
        }
    }
}

/// Means over correct lookups.
struct Figures {
    hops: f64,
    rpcs: f64,
    rounds: f64,
    timeouts: f64,
}

/// Looks up random keys from random joined nodes; panics if one answer is wrong.
fn all_correct(bench: &mut Network, lookups: u32, seed: u64) -> Figures {
    let mut noise = Noise::new(seed);
    let mut sums = [0.0; 4];
    for _ in 0..lookups {
        let from = random_joined(bench, &mut noise);
        let target = Key(noise.next_u64());
        let walked = bench.walk(from, target, None, 1);
        let End::Found(found) = &walked.end else { panic!("{:?}", walked.end) };
        assert_eq!(found[0].node, responsible(bench, target), "{from} looked up {target}");
        let rounds = walked.took.as_secs_f64() / (2.0 * bench.latency.as_secs_f64());
        let figures = [f64::from(found[0].hops), f64::from(walked.rpcs), rounds, f64::from(walked.timeouts)];
        sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
    }
    let [hops, rpcs, rounds, timeouts] = sums.map(|sum| sum / f64::from(lookups));
    Figures { hops, rpcs, rounds, timeouts }
}

/// Figures of docs/model/figures.md, N = 10,000, static, full buckets. The standard errors of 4,000 lookups are below 0.015 hops, 0.5 % of
/// the RPCs and rounds.
#[test]
fn hops_rpcs_and_rounds_are_those_of_the_reference() {
    // k, α, hops, RPCs, rounds; the reference gives no RPCs and rounds for α = 1.
    let reference =
        [(8, 3, 2.88, Some((12.9, 4.67))), (20, 3, 2.43, Some((22.9, 7.99))), (8, 1, 3.10, None), (20, 1, 2.52, None)];
    for (k, alpha, hops, cost) in reference {
        for widen in [false, true] {
            let config = Config { k, alpha, widen, refresh: NEVER, ..Config::default() };
            let mut bench = converged(config, 10_000, 1);
            let figures = all_correct(&mut bench, 4_000, 2);
            assert!((figures.hops - hops).abs() < 0.05, "k {k}, alpha {alpha}: {} hops, not {hops}", figures.hops);
            if let Some((rpcs, rounds)) = cost {
                assert!((figures.rpcs / rpcs - 1.0).abs() < 0.02, "k {k}: {} RPCs, not {rpcs}", figures.rpcs);
                let off = figures.rounds / rounds - 1.0;
                assert!(if widen { off < -0.1 } else { off.abs() < 0.02 }, "k {k}: {} rounds", figures.rounds);
            }
            assert_eq!((figures.timeouts, bench.lost, bench.lists.in_use()), (0.0, 0, 0));
        }
    }
}

#[test]
fn an_overlay_built_by_joining_only_names_the_responsible_node() {
    let mut bench: Network = Bench::new(Config { refresh: MINUTE, k: 8, ..Config::default() }, 200, 3);
    let mut noise = Noise::new(4);
    bench.start(NodeId(0), None);
    assert!(bench.joined[0], "the founder has joined at once");
    for node in 1..200 {
        let contact = random_joined(&bench, &mut noise);
        bench.start(NodeId(node), Some(contact));
        bench.run_for(SECOND);
    }
    bench.run_for(MINUTE);
    assert!(bench.joined.iter().all(|&joined| joined));
    all_correct(&mut bench, 1000, 5);

    (0..200).step_by(5).for_each(|node| bench.crash(NodeId(node)));
    bench.run_for(MINUTE);
    all_correct(&mut bench, 1000, 5);
    reports_agree_with_tables(&bench);
}

/// A bucket of one: who is nearest itself knows it by its own table, and who joins asks somebody all the same.
#[test]
fn buckets_of_one_contact_are_enough_for_a_right_answer() {
    let mut bench = converged(Config { k: 1, ..Config::default() }, 2, 11);
    all_correct(&mut bench, 200, 12);
    let mut bench: Network = Bench::new(Config { k: 1, ..Config::default() }, 2, 13);
    bench.start(NodeId(0), None);
    bench.start(NodeId(1), Some(NodeId(0)));
    bench.run_for(SECOND);
    assert!(bench.joined[1]);
    all_correct(&mut bench, 200, 14);
}

/// Storage is told of every contact that comes and goes, each time once.
fn reports_agree_with_tables(bench: &Network) {
    for me in (0..bench.keys.len()).map(|node| NodeId(node as u32)) {
        let mut reported = BTreeSet::new();
        for &(_, other, change) in bench.changes.iter().filter(|(node, ..)| *node == me) {
            let news = match change {
                Change::Appeared => reported.insert(other),
                Change::Gone => reported.remove(&other),
            };
            assert!(news, "{me} reports {change:?} of {other} twice");
        }
        let held: BTreeSet<NodeId> = bench.nodes[me.index()].buckets.iter().collect();
        assert_eq!(reported, held, "contacts of {me}");
    }
}

#[test]
fn after_a_crash_of_a_fifth_one_refresh_repairs_the_tables() {
    let mut bench = converged(
        Config {
            k: 8,
            refresh: Duration::from_secs(600),
            soft_timeout: crate::engine::quantity::Switch(None),
            ..Config::default()
        },
        500,
        6,
    );
    (0..500).step_by(5).for_each(|node| bench.crash(NodeId(node)));
    // With soft time-outs hardly any lookup lasts until a time-out.
    let at_once = all_correct(&mut bench, 100, 7).timeouts;
    bench.run_for(Duration::from_secs(600));
    let later = all_correct(&mut bench, 1000, 7).timeouts;
    assert!(at_once > 1.5 && later < 0.5, "few stale contacts are left: {at_once}, then {later} time-outs a lookup");
}

#[test]
fn the_initiator_may_be_responsible_itself_and_names_as_many_as_wanted() {
    let mut bench = converged(Config::default(), 100, 8);
    let target = Key(bench.keys[5].0 ^ 1);
    let End::Found(found) = bench.walk(NodeId(5), target, None, 3).end else { panic!("not found") };
    assert_eq!((found.len(), found[0]), (3, Contact { node: NodeId(5), hops: 0 }));
    let mut nearest = Vec::new();
    bench.with(NodeId(5), |kademlia, cx| kademlia.nearest(cx.shared, &cx.view, target, 3, &mut nearest));
    assert_eq!(nearest, found.iter().map(|contact| contact.node).collect::<Vec<_>>());
}

#[test]
fn the_first_holder_met_ends_the_walk_for_a_record() {
    let mut bench = converged(Config { refresh: NEVER, ..Config::default() }, 2000, 9);
    let (record, version) = (RecordId::new(3), Version(7));
    let target = Key(0x1234_5678_9abc_def0);
    let mut nearest = Vec::new();
    bench.with(NodeId(0), |kademlia, cx| kademlia.nearest(cx.shared, &cx.view, target, 2, &mut nearest));
    let holder = if nearest[0] == NodeId(0) { nearest[1] } else { nearest[0] };
    bench.held[holder.index()].push(Held { record, version });
    let walked = bench.walk(NodeId(0), target, Some(record), 3);
    assert_eq!(walked.end, End::FoundRecord(Contact { node: holder, hops: 1 }, version));
    assert!(walked.rpcs <= 5 && walked.took == bench.latency + bench.latency, "{} RPCs", walked.rpcs);
    bench.run_for(MINUTE);
    assert_eq!((bench.lists.in_use(), bench.nodes[0].searches.iter().count()), (0, 0));
    // Where nobody holds it, the walk ends with who would.
    let walked = bench.walk(NodeId(0), target, Some(RecordId::new(4)), 3);
    assert!(matches!(&walked.end, End::Found(found) if found[0].node == responsible(&bench, target)));
}

#[test]
fn a_value_weighs_its_bytes_and_a_list_its_contacts() {
    let mut bench = converged(Config::default(), 1000, 10);
    bench.sizes[3] = 4096;
    bench.with(NodeId(0), |_, cx| {
        let nearest = cx.lists.put(0..20);
        let bytes = |message| cx.envelope(Kind::Reply, 1, None, Traffic::Lookup, &message).bytes;
        assert_eq!(bytes(Message::Nodes { nearest, sibling: false }), 28 + 20 + 20 * 4);
        assert_eq!(bytes(Message::Find { target: Key(0), record: None }), 28 + 20);
        assert_eq!(
            bytes(Message::Value { answer: Version(0).into(), bytes: cx.size(RecordId::new(3)) }),
            28 + 20 + 4096
        );
        cx.lists.free(nearest);
    });
    assert!(size_of::<Message>() <= 24 && size_of::<Timer>() <= 16);
}

#[test]
fn everybody_silent_is_a_time_out_and_nobody_known_is_no_contact() {
    let mut bench = converged(Config::default(), 30, 11);
    (1..30).for_each(|node| bench.crash(NodeId(node)));
    let walked = bench.walk(NodeId(0), Key(1), None, 1);
    assert_eq!((walked.end, walked.timeouts), (End::GaveUp(Cause::Timeout), walked.rpcs));
    assert!(bench.changes.iter().all(|&(node, _, change)| node == NodeId(0) && change == Change::Gone));
    let gone = bench.changes.len() as u32;
    assert_eq!(gone, walked.rpcs, "each is reported once");
    let walked = bench.walk(NodeId(0), Key(1), None, 1);
    assert!(walked.rpcs > 0, "with nobody else left, flagged contacts are asked");

    let mut alone: Network = Bench::new(Config::default(), 1, 12);
    alone.start(NodeId(0), None);
    assert_eq!(alone.walk(NodeId(0), Key(1), Some(RecordId::new(0)), 1).end, End::GaveUp(Cause::NoContact));
    let itself = Contact { node: NodeId(0), hops: 0 };
    assert_eq!(alone.walk(NodeId(0), Key(1), None, 3).end, End::Found(vec![itself]));
}

#[test]
fn a_reply_after_its_session_changes_nothing() {
    let mut bench = converged(Config { refresh: NEVER, ..Config::default() }, 500, 13);
    let contacts = |bench: &Network| bench.nodes[7].buckets.iter().collect::<Vec<_>>();
    let before = contacts(&bench);
    bench.begin(NodeId(7), Key(42), None, 1);
    bench.crash(NodeId(7));
    bench.up[7] = true;
    bench.run_for(MINUTE);
    assert_eq!((bench.sent, bench.lost), (6, 3), "three requests, and three replies to a session that has passed");
    assert_eq!((contacts(&bench), bench.nodes[7].searches.iter().count(), bench.lists.in_use()), (before, 0, 0));
}

#[test]
fn a_reply_that_nobody_awaits_only_shows_that_its_sender_is_up() {
    let mut bench = converged(Config { refresh: NEVER, ..Config::default() }, 500, 14);
    let op = bench.begin(NodeId(7), Key(42), None, 1);
    bench.nodes[7].cancel(op);
    bench.run_for(MINUTE);
    assert_eq!((bench.sent, bench.nodes[7].searches.iter().count()), (6, 0), "a cancelled walk sends nothing more");
    let sender = bench.nodes[7].buckets.iter().next().unwrap();
    bench.with(NodeId(7), |kademlia, cx| {
        kademlia.rpcs.clear();
        let nearest = cx.lists.put([1, 2]);
        let message = Message::Nodes { nearest, sibling: false };
        let reply = cx.envelope(Kind::Reply, 1, None, Traffic::Lookup, &message);
        kademlia.on_message(cx, &Envelope { from: sender, ..reply }, message);
        cx.lists.free(nearest);
        assert!(cx.effects.list.is_empty() && kademlia.searches.iter().next().is_none());
    });
    let contacts: Vec<NodeId> = bench.nodes[7].buckets.iter().collect();
    assert!(contacts[0] != sender && contacts.contains(&sender), "no longer the one not seen for longest");
}

#[test]
fn a_bucket_without_lookup_for_one_period_is_refreshed() {
    let mut bench = converged(Config { refresh: MINUTE, ..Config::default() }, 50, 15);
    bench.run_for(Duration::from_secs(300));
    for node in &bench.nodes {
        let (_, due) = node.buckets.next_due().unwrap();
        assert!(due + Duration::from_secs(5) > bench.now && due <= bench.now + MINUTE, "due at {due}");
    }
    let buckets: usize = bench.nodes.iter().map(|node| node.buckets.depth()).sum();
    assert!(bench.sent as usize > 5 * buckets * 20, "five refreshes of each bucket, and each asks 20");
    // Lookups of the node's own put the refresh off.
    let own = |bench: &Network| bench.nodes[0].buckets.next_due().unwrap().0;
    let (index, now) = (own(&bench), bench.now);
    let target = Buckets::random_key(&View::new(NodeId(0), &bench.keys), index, &mut Noise::new(1));
    bench.walk(NodeId(0), target, None, 1);
    assert!(own(&bench) != index && bench.now < now + MINUTE);
}

#[test]
fn a_refresh_finds_a_flagged_contact_to_be_back() {
    let mut bench = converged(Config { refresh: MINUTE, ..Config::default() }, 30, 19);
    let known_by =
        |bench: &Network| bench.nodes.iter().filter(|node| node.buckets.iter().any(|n| n == NodeId(3))).count();
    assert_eq!(known_by(&bench), 29);
    bench.crash(NodeId(3));
    bench.run_for(Duration::from_secs(180));
    assert_eq!(known_by(&bench), 0, "flagged everywhere: no bucket has a replacement");
    // Up again as the member that it was, but without a word: its own timers have ended.
    bench.up[3] = true;
    bench.nodes[3].stage = Stage::Member;
    bench.run_for(Duration::from_secs(180));
    assert_eq!(known_by(&bench), 29);
}

#[test]
fn a_returning_node_keeps_its_tables_and_joins_again() {
    let mut bench = converged(Config::default(), 100, 16);
    bench.begin(NodeId(4), Key(1), None, 1);
    bench.leave(NodeId(4));
    assert_eq!((bench.sent, bench.lists.in_use()), (3, 0), "leaving sends nothing");
    bench.run_for(MINUTE);
    let mut kept = Vec::new();
    bench.with(NodeId(4), |kademlia, cx| kademlia.contacts(cx.shared, &cx.view, &mut kept));
    assert!(kept.len() > 50);
    bench.crash(NodeId(9));
    bench.start(NodeId(4), Some(NodeId(9)));
    bench.run_for(MINUTE);
    assert!(bench.joined[4], "its own contacts let it in where the given one is down");
}

#[test]
#[should_panic(expected = "n1 failed to join")]
fn a_silent_contact_fails_the_join() {
    let mut bench: Network = Bench::new(Config::default(), 2, 17);
    bench.start(NodeId(1), Some(NodeId(0)));
    bench.run_for(MINUTE);
}

#[test]
fn a_node_of_a_million_takes_less_than_three_kilobytes() {
    let mut noise = Noise::new(18);
    let keys: Vec<Key> = (0..1_000_000).map(|_| Key(noise.next_u64())).collect();
    let roster = Roster::new(keys.iter().enumerate().map(|(node, &key)| (key, NodeId(node as u32))).collect());
    let config = Config::default();
    let mut worst = 0;
    for me in 0..100 {
        let view = View::new(NodeId(me), &keys);
        let mut buckets = Buckets::default();
        buckets.fill(&config, &view, &roster, Time::ZERO, &mut noise);
        for index in 0..20 * 1000 {
            // Traffic from everywhere fills the replacement caches, those of small ranges too.
            let near = Buckets::random_key(&view, index % 20, &mut noise);
            let node = roster.at(roster.position(near));
            if node != NodeId(me) {
                buckets.seen(&config, &view, Time::ZERO, node);
            }
        }
        worst = worst.max(buckets.heap_bytes());
    }
    let rpcs = 8 * size_of::<crate::overlay::rpc::Pending<u32>>();
    let total = size_of::<Kademlia>() + worst + rpcs + size_of::<Search>();
    assert!(total < 3000, "{} + {worst} + {rpcs} bytes", size_of::<Kademlia>());
}

#[test]
fn the_table_of_the_scenario_file_has_defaults_and_refuses_what_cannot_be() {
    let config: Config = toml::from_str("k = 8\nrefresh = \"1000s\"").unwrap();
    assert_eq!((config.k, config.alpha, config.replacement_cache), (8, 3, 8));
    assert_eq!((config.refresh, config.rpc_timeout), (Duration::from_secs(1000), Timeout::DEFAULT));
    assert_eq!(config.check(), Ok(()));
    assert!(toml::from_str::<Config>("b = 5").is_err());
    let wrong = [
        "proximity = 0",
        "k = 0",
        "k = 256",
        "alpha = 0",
        "replacement_cache = 256",
        "refresh = \"0s\"",
        "rpc_timeout = \"0s\"",
    ];
    for text in wrong {
        let problem = toml::from_str::<Config>(text).unwrap().check().unwrap_err();
        assert!(text.starts_with(problem.key) && problem.message.starts_with("must be "), "{problem:?}");
    }
}
