//! What the policies of repair do under churn: when copies are made, what it costs, and what is lost.

use crate::lab::{self, Ran};

/// Two hundred participants, half of them online, who come back after an hour or two.
fn churned(protocol: &str, storage: &str, population: &str) -> String {
    format!(
        "[time]\nwarmup = \"2h\"\nmeasure = \"10h\"\nsample = \"10min\"\n\
         [population]\nparticipants = 200\n\
         [population.churn]\nsession.exponential.mean = \"2h\"\ndowntime.exponential.mean = \"2h\"\n\
         {population}\n\
         [resources]\ncount = 100\n\
         [storage]\n{storage}\n\
         [systems.s.{protocol}]\n"
    )
}

fn run(protocol: &str, storage: &str, population: &str) -> Ran {
    lab::only(&churned(protocol, storage, population), lab::FIGURES)
}

const EAGER: &str = "replicas = 4\nrepair = \"eager\"";
const LAZY: &str = "replicas = 4\nrepair.lazy.threshold = 2";
const NONE: &str = "replicas = 4\nrepair = \"none\"";
const SOFT: &str = "replicas = 4\nrepair.republish = { every = \"1h\", publisher = \"4h\", expiry = \"8h\" }";

#[test]
fn lazy_repair_makes_fewer_copies_than_eager_and_keeps_more_up_than_none() {
    for protocol in ["chord", "kademlia"] {
        let [eager, lazy, none] = [EAGER, LAZY, NONE].map(|storage| run(protocol, storage, ""));
        let figures = |name: &str| [&eager, &lazy, &none].map(|ran| ran.figure(name));
        let (repairs, alive) = (figures("repairs"), figures("replicas_alive_mean"));
        let (bytes, available) = (figures("repair_bytes_per_online_s_mean"), figures("availability_mean"));
        println!("{protocol}: eager, lazy, none: {repairs:?} copies, {bytes:?} B/s, {alive:?} up, {available:?}");
        assert!(repairs[0] > 1.3 * repairs[1] && repairs[1] > repairs[2], "{repairs:?}");
        assert!(alive[0] > alive[1] && alive[1] > alive[2], "{alive:?}");
        assert!(available[0] > 0.99 && available[1] > available[2], "{available:?}");
        assert!(eager.figure("repair_useless_ratio") > 0.5, "nobody ever went for good");
    }
}

#[test]
fn absences_lose_nothing_under_any_policy_without_expiry() {
    let forever = "replicas = 4\nrepair.republish = { every = \"1h\", publisher = \"4h\" }";
    for storage in [EAGER, LAZY, NONE, forever] {
        let ran = run("kademlia", storage, "");
        assert_eq!((ran.figure("durability_ratio"), ran.figure("resources_lost")), (1.0, 0.0), "{storage}");
    }
}

#[test]
fn records_put_again_are_kept_up_and_those_of_departed_publishers_expire() {
    let get = "[workload]\nget = { every = \"10min\" }";
    let stay = run("kademlia", SOFT, get);
    let none = run("kademlia", NONE, get);
    let [kept, left] = [&stay, &none].map(|ran| ran.figure("replicas_alive_mean"));
    println!("{kept:.2} copies up when they are put again, {left:.2} if nothing is done");
    assert!(kept > 1.2 * left, "{kept} against {left}");

    let gone = "[population.departures]\nprobability = 0.3";
    let lost = run("kademlia", SOFT, &format!("{gone}\n{get}"));
    let (expired, other) = (lost.figure("get_failed_expired"), lost.figure("get_failed_lost"));
    println!("{expired} gets failed as expired, {other} as lost; {} resources lost", lost.figure("resources_lost"));
    assert!(lost.figure("resources_lost") > 20.0 && expired > 10.0 * other, "{expired} expired, {other} lost");
}

#[test]
fn audits_make_lost_pieces_again_from_others() {
    let text = |audit: &str| {
        format!(
            "[time]\nwarmup = \"1h\"\nmeasure = \"4d\"\nsample = \"1h\"\n[population]\nparticipants = 200\n\
             [population.churn]\nsession.exponential.mean = \"9h\"\ndowntime.exponential.mean = \"1h\"\n\
             [population.departures]\nlifetime.exponential.mean = \"3d\"\n\
             [resources]\ncount = 60\nsize = \"40KiB\"\n\
             [storage]\npieces = 4\nparity = 4\nreplicas = 1\nrepair = \"none\"\n{audit}\n[systems.s.kademlia]\n"
        )
    };
    let [without, with] = ["", "audit = \"2h\""].map(|audit| lab::only(&text(audit), lab::FIGURES));
    let [before, after] = [&without, &with].map(|ran| ran.figure("resources_lost"));
    let bytes = with.figure("repair_bytes_per_online_s_mean");
    println!("{before} of 60 lost without audits, {after} with them, at {bytes:.1} B/s a machine");
    assert!(before >= 5.0 && after <= 1.0 && bytes > 0.0, "{before} without, {after} with");
}

#[test]
fn audits_are_repair_and_not_lookups_of_the_workload() {
    for (protocol, size) in
        [("kademlia = {}", "1KiB"), ("chord = {}", "40KiB"), ("chord = { routing = 'recursive' }", "1KiB")]
    {
        let text = format!(
            "population.participants = 100\nresources = {{ count = 50, size = '{size}' }}\n\
             time = {{ warmup = '1h', measure = '2h' }}\n\
             storage = {{ pieces = 2, parity = 2, repair = 'none', audit = '10min' }}\nsystems.s.{protocol}\n"
        );
        let ran = lab::only(&text, lab::FIGURES);
        let bytes = |kind: &str| ran.figure(&format!("{kind}_bytes_per_online_s_mean"));
        assert!(bytes("repair") > 0.0, "{protocol}: nobody audits");
        assert_eq!((bytes("lookup"), bytes("storage")), (0.0, 0.0), "{protocol}: nobody asks for anything");
        assert_eq!(ran.figure("requests_per_online_s_mean"), 0.0, "{protocol}");
    }
}

#[test]
fn repair_replaces_each_holder_in_turn_and_without_it_the_last_takes_the_record_along() {
    // A tenth goes for good every quarter of an hour: 18 % of those of the start are left at the end.
    let crashes: String = (0..16)
        .map(|turn| format!("[[events]]\ncrash = {{ at = \"{}min\", share = 0.1 }}\n", 40 + 15 * turn))
        .collect();
    // With two left, one crash in a hundred takes both at once.
    let lazy = "replicas = 4\nrepair.lazy.threshold = 3";
    for protocol in ["chord", "kademlia"] {
        for (storage, survives) in [(EAGER, true), (lazy, true), (NONE, false)] {
            let text = format!(
                "[time]\nwarmup = \"30min\"\nmeasure = \"5h\"\n[population]\nparticipants = 300\n{crashes}\
                 [resources]\ncount = 60\n[workload]\nget = {{ every = \"5min\" }}\n[storage]\n{storage}\n\
                 [systems.s.{protocol}]\n"
            );
            let ran = lab::only(&text, lab::FIGURES);
            let lost = ran.figure("resources_lost");
            println!("{protocol}, {storage:?}: {lost} of 60 lost");
            assert!(if survives { lost <= 2.0 } else { lost > 12.0 }, "{protocol}, {storage}: {lost} lost");
        }
    }
}

/// Copies on participants drawn at random.
fn drawn(protocol: &str, storage: &str, population: &str) -> Ran {
    run(protocol, &format!("placement = \"random-participants\"\nreplicas = 4\n{storage}"), population)
}

#[test]
fn copies_on_random_participants_are_replaced_when_their_holders_do_not_answer() {
    let departures = "[population.departures]\nprobability = 0.3\n[workload]\nget = { every = \"10min\" }";
    for protocol in ["chord", "kademlia"] {
        let kinds = ["audit = \"30min\"", "audit = \"30min\"\nrepair.lazy.threshold = 2", "repair = \"none\""];
        let [eager, lazy, none] = kinds.map(|storage| drawn(protocol, storage, departures));
        let figures = |name: &str| [&eager, &lazy, &none].map(|ran| ran.figure(name));
        let (lost, repairs, alive) = (figures("resources_lost"), figures("repairs"), figures("replicas_alive_mean"));
        let (correct, bytes) = (figures("get_correct_ratio"), figures("repair_bytes_per_online_s_mean"));
        println!(
            "{protocol}: eager, lazy, none: {lost:?} lost, {repairs:?} copies, {alive:.2?} up, {correct:.3?}, {bytes:.1?} B/s"
        );
        assert!(lost[0] <= lost[1] && lost[1] < 0.5 * lost[2] && lost[2] > 10.0, "{lost:?}");
        // Pointers are repaired and counted too, the same in all three.
        let [by_eager, by_lazy] = [repairs[0] - repairs[2], repairs[1] - repairs[2]];
        assert!(by_eager > 1.3 * by_lazy && by_lazy > 0.0, "{repairs:?}");
        assert!(alive[0] > alive[1] && alive[1] > alive[2], "{alive:?}");
        assert!(correct[0] > correct[2] && correct[1] > correct[2], "{correct:?}");
    }
}

#[test]
fn an_absence_costs_a_useless_repair_of_a_copy_on_a_random_participant_and_loses_nothing() {
    for (storage, least) in [("audit = \"30min\"", 0.5), ("audit = \"30min\"\nrepair.lazy.threshold = 2", 0.3)] {
        let ran = drawn("kademlia", storage, "");
        let useless = ran.figure("repair_useless_ratio");
        println!("{} repairs, {useless:.2} of them useless", ran.figure("repairs"));
        assert!(ran.figure("repairs") > 50.0 && useless > least, "{useless}");
        assert_eq!((ran.figure("durability_ratio"), ran.figure("resources_lost")), (1.0, 0.0), "{storage}");
        assert!(
            ran.figure("storage_overhead_ratio") < 12.0,
            "{}: copies pile up",
            ran.figure("storage_overhead_ratio")
        );
    }
    let stay = lab::only(
        &churned("chord", "placement = \"random-participants\"", "")
            .replace("[population.churn]\nsession.exponential.mean = \"2h\"\ndowntime.exponential.mean = \"2h\"\n", ""),
        lab::FIGURES,
    );
    assert_eq!(stay.figure("repairs"), 0.0, "everybody answers");
}

#[test]
fn what_is_held_in_reserve_costs_two_to_four_times_the_storage_where_machines_come_and_go() {
    let runs = lab::all(
        "seed = 5\ntime = { warmup = '3h', measure = '1h' }\nresources = { count = 200, size = '1KiB' }\n\
         workload = { get.every = '5min', put.every = '30min' }\nsystems.held.chord = {}\nsystems.at-once.chord = {}\n\
         systems.at-once.storage.hold = '0s'\n[population]\nonline = 100\n\
         churn = { session.exponential.mean = '40min', downtime.exponential.mean = '20min' }\n",
    );
    let figure = |name: &str| [0, 1].map(|at: usize| runs[at].figure(name));
    let ([held, at_once], [_, copies]) = (figure("storage_overhead_ratio"), figure("replicas_alive_mean"));
    println!("{held} pieces on disks for each needed, {at_once} if nothing is held: {copies} copies online");
    assert!((2.0..4.0).contains(&(held / at_once)), "{held} and {at_once}");
    assert!((2.9..3.1).contains(&copies), "{copies} copies of three");
}
