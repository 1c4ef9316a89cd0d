//! Chord under joins and leaves, and rings that many join at once: the published figures, and the state of the tables.

use super::lab::{FIGURES, all, only};

/// Stoica et al. 2003, Table III: N = 1000, successor list of 20, stabilising every 15 to 45 s, voluntary leaves, one lookup a second
/// in all. R is of joins and of leaves, each a second; the path goes to the key's predecessor, which is our hops − 1.
#[test]
fn while_nodes_join_and_leave_lookups_are_right_at_the_published_cost() {
    let published = [(0.05, 3.90, 0.3, 0.05), (0.1, 3.83, 0.3, 0.11), (0.2, 3.81, 0.3, 0.23), (0.4, 4.06, 0.5, 0.46)];
    for (rate, path, tolerance, timeouts) in published {
        let ran = only(
            &format!(
                "time = {{ warmup = \"2h\", measure = \"10000s\", sample = \"10min\" }}\nnetwork.latency.constant = \"50ms\"\n\
                 population = {{ online = 1_000, arrivals = {{}}, churn = {{ graceful = 1.0, notice = \"1s\", \
                 session.exponential.mean = \"{}s\" }} }}\nworkload.lookup.every = \"1000s\"\nstorage.replicas = 1\n\
                 [systems.ring.chord]\nsuccessors = 20\nstabilize.uniform = {{ low = \"15s\", high = \"45s\" }}\n\
                 fix_fingers = \"90s\"\nfingers = \"one\"\ncheck_predecessor = \"30s\"\nrpc_timeout = \"500ms\"\nmerge = false\n",
                1_000.0 / rate
            ),
            FIGURES,
        );
        let (wrong, measured) = (1.0 - ran.figure("lookup_correct_ratio"), ran.figure("lookup_timeouts_mean"));
        println!("R = {rate}: {:.1} wrong of 10,000, {measured:.3} time-outs", wrong * 1e4);
        assert!(wrong <= 30e-4, "R = {rate}: {wrong} of the lookups are wrong");
        ran.assert_near("lookup_hops_mean", path + 1.0, tolerance);
        let factor = f64::max(measured / timeouts, timeouts / measured);
        assert!(factor < 1.6, "R = {rate}: {measured} time-outs a lookup, published {timeouts}");
        assert_eq!(ran.figure("rings"), 1.0);
    }
}

/// One period of stabilising after the last join every successor is right, and so are all lookups.
#[test]
fn a_ring_that_many_join_at_once_is_right_one_period_later() {
    for (nodes, over) in [(300, 30), (1_000, 100)] {
        for (period, seed) in [(20, 1), (30, 2), (20, 3)] {
            let text = format!(
                "seed = {seed}\ntime = {{ warmup = \"{}s\", measure = \"1min\", sample = \"10s\" }}\n\
                 population = {{ online = {nodes}, start = \"join\", join_over = \"{over}s\" }}\nstorage.replicas = 1\n\
                 network.latency.constant = \"50ms\"\nworkload.lookup = {{ every = \"10s\", target = \"node\" }}\n",
                over + period,
            );
            let systems = |network: &str| {
                format!(
                    "{text}{network}[systems.it.chord]\nstabilize = \"{period}s\"\n[systems.one.chord]\nanswers = \"none\"\n"
                )
            };
            for ran in all(&systems("")).iter().chain(&all(&systems("network.bootstrap.machines = 2\n"))) {
                ran.assert_near("successor_correct_at_start_ratio", 1.0, 0.0);
                ran.assert_near("rings_at_start", 1.0, 0.0);
                ran.assert_all_correct("lookup");
            }
        }
    }
}

/// Without churn all tables are right, and nothing goes to who is offline.
#[test]
fn tables_of_a_network_without_churn_are_right() {
    let text = "time = { warmup = \"1h\", measure = \"30min\" }\npopulation.online = 200\nworkload.lookup.every = \"1min\"\n\
                [systems.ring.chord]\n[systems.kad.kademlia]\n";
    for ran in all(text) {
        let figures = match ran.system.as_str() {
            "ring" => [("successor_correct_ratio", 1.0), ("rings", 1.0), ("packets_to_offline_ratio", 0.0)],
            _ => [("maintenance_timeouts", 0.0), ("lookup_timeouts", 0.0), ("packets_to_offline_ratio", 0.0)],
        };
        figures.into_iter().for_each(|(name, value)| ran.assert_near(name, value, 0.0));
        assert!(ran.maybe("nearest_known_ratio").is_none_or(|known| known > 0.98));
    }
}

/// A crash of four in five takes all successors of one node in six. By the papers alone the ring stays in pieces; by asking for
/// members it is one again within ten rounds of stabilising, and all lookups are right soon after.
#[test]
fn a_ring_that_a_crash_has_torn_comes_back_together() {
    for seed in 1..=3 {
        let text = format!(
            "seed = {seed}\ntime = {{ warmup = \"20min\", measure = \"20min\", sample = \"20s\" }}\npopulation.online = 1_000\n\
             network = {{ latency.constant = \"50ms\", bootstrap.machines = 2 }}\nstorage.replicas = 1\n\
             workload.lookup.every = \"20s\"\n[[events]]\ncrash = {{ at = \"16min\", share = 0.8 }}\n\
             [systems.merges.chord]\n[systems.paper.chord]\nmerge = false\n"
        );
        let [merges, paper] = &all(&text)[..] else { panic!("two systems") };
        merges.assert_near("rings_at_start", 1.0, 0.0);
        merges.assert_near("rings", 1.0, 0.0);
        merges.assert_near("lookup_correct_ratio", 1.0, 0.01);
        println!("seed {seed}: {} rings by the paper", paper.figure("rings"));
        assert!(paper.figure("rings") > 1.0 && paper.figure("lookup_correct_ratio") < 0.95);
    }
}

/// So do rings of every kind, joined or converged, with machines of several nodes too: ten rounds later all is right.
#[test]
fn rings_of_every_kind_come_back_together() {
    let systems = "[systems.recursive.chord]\nrouting = \"recursive\"\n[systems.virtual.chord]\nvirtual_nodes = 4\n\
                   [systems.list.chord]\nanswers = \"list\"\n[systems.adaptive.chord]\nrpc_timeout = \"adaptive\"\n\
                   [systems.near.chord]\nproximity = 3\n[systems.one.chord]\nfingers = \"one\"\n";
    for start in ["converged", "join"] {
        let text = format!(
            "time = {{ warmup = \"25min\", measure = \"5min\" }}\npopulation = {{ online = 1_000, start = \"{start}\" }}\n\
             network = {{ latency.constant = \"50ms\", bootstrap.machines = 2 }}\nstorage.replicas = 1\n\
             workload.lookup.every = \"20s\"\n[[events]]\ncrash = {{ at = \"1300s\", share = 0.8 }}\n{systems}"
        );
        for ran in all(&text) {
            ran.assert_near("successor_correct_ratio", 1.0, 0.0);
            ran.assert_near("rings", 1.0, 0.0);
            ran.assert_near("lookup_correct_ratio", 1.0, 0.001);
        }
    }
}

/// What coming back together costs where nothing comes apart: a question, an answer and a lookup every ten minutes.
#[test]
fn looking_for_others_costs_little() {
    let text = "time = { warmup = \"30min\", measure = \"1h\" }\npopulation.online = 300\nworkload.lookup.every = \"10min\"\n\
                network = { wire.preset = \"bep5\", bootstrap.machines = 2 }\n[systems.merges.chord]\n\
                [systems.paper.chord]\nmerge = false\n";
    let ran = all(text);
    let [merges, paper] = [0, 1].map(|system: usize| ran[system].figure("maintenance_bytes_per_online_s_mean"));
    println!("{merges:.1} against {paper:.1} B/s");
    assert!(merges > paper && merges < 1.1 * paper, "{merges} against {paper}");
}

/// Two halves that a partition has kept apart are two rings, which the papers' rules do not bring together.
#[test]
fn rings_are_counted() {
    let rings = |event: &str, merge: bool| {
        let text = format!(
            "time = {{ warmup = \"30min\", measure = \"30min\" }}\npopulation.online = 200\nworkload.lookup.every = \"10min\"\n\
             [[events]]\n{event}\n[systems.ring.chord]\nmerge = {merge}\n"
        );
        only(&text, FIGURES).series("rings")
    };
    let last = |series: &[(f64, f64)]| series.last().expect("there are samples").1;
    assert_eq!(last(&rings("crash = { at = \"20min\", share = 0.3 }", false)), 1.0);
    let partition = "partition = { at = \"10min\", for = \"20min\", shares = [0.5, 0.5] }";
    let (apart, together) = (rings(partition, false), rings(partition, true));
    assert_eq!((apart[0].1, last(&apart)), (1.0, 2.0), "{apart:?}");
    assert_eq!(last(&together), 1.0, "{together:?}");
}

/// Kademlia at the churn of the quickstart: slow nodes are passed over, and a lookup may end sooner.
#[test]
fn lookups_of_kademlia_do_not_wait_for_the_dead() {
    let text = "time = { warmup = \"2h\", measure = \"20min\" }\npopulation = { online = 500, churn = { preset = \"kad\" } }\n\
                network = { loss = 0.001, jitter = 0.1, latency = { plane = { width = \"150ms\" } } }\n\
                workload.lookup.every = \"1min\"\n[systems.paper.kademlia]\n\
                [systems.waits.kademlia]\nsoft_timeout = \"off\"\nwiden = false\n\
                [systems.libp2p.kademlia]\nalpha = 10\nends.answered = 3\nsoft_timeout = \"off\"\n\
                [systems.first.kademlia]\nends = \"responsible\"\n[systems.first-waits.kademlia]\nends = \"responsible\"\nsoft_timeout = \"off\"\n";
    let bounds = [
        ("paper", 0.0, 1.6),
        ("waits", 2.4, 5.0),
        ("libp2p", 0.6, 1.2),
        ("first", 0.0, 0.35),
        ("first-waits", 0.0, 0.45),
    ];
    for (ran, (system, low, high)) in all(text).iter().zip(bounds) {
        let mean = ran.figure("lookup_latency_mean_ms") / 1e3;
        println!("{system}: {mean:.3} s, {:.4} right", ran.figure("lookup_correct_ratio"));
        assert_eq!(ran.system, system);
        assert!((low..=high).contains(&mean), "{system}: {mean} s");
        assert!(ran.figure("lookup_correct_ratio") > 0.99, "{system}");
    }
}
