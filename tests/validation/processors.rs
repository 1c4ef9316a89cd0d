//! Participants' processors: the queue of a peer against the formulas of the textbooks, and what sessions and full queues do to
//! it.

use crate::lab::{FIGURES, Ran, all, only};

/// Two nodes on a ring with one record in one copy: each get of the other is one request to the holder, 500 a second.
fn pair(processor: &str, measure: &str) -> Ran {
    only(
        &format!(
            "seed = 9\ntime = {{ warmup = '10s', measure = '{measure}' }}\npopulation = {{ participants = 2, {processor} }}\n\
             network.latency.constant = '1ms'\nresources = {{ count = 1, size = '100B' }}\nworkload.get.every = '2ms'\n\
             storage.replicas = 1\nsystems.ring.chord = {{}}\n"
        ),
        FIGURES,
    )
}

/// At half a load, with a mean service of 1 ms: the wait, and the latency of the gets that are not answered at home.
fn assert_waits(service: &str, wait_ms: f64) {
    let ran = pair(&format!("processor = {{ service = {service}, waiting = 100_000 }}"), "5min");
    ran.assert_near("peer_wait_mean_ms", wait_ms, 0.03 * wait_ms);
    ran.assert_near("peer_wait_ratio", 0.5, 0.015);
    ran.assert_all_correct("get");
    let away = 1.0 - ran.figure("get_local_ratio");
    let latency = 2.0 + 1.0 + wait_ms;
    ran.assert_near("get_latency_mean_ms", away * latency, 0.02 * away * latency);
    assert_eq!(ran.maybe("server_wait_mean_ms"), None, "{}: there is no server", ran.id);
}

#[test]
fn a_peer_of_constant_service_is_md1() {
    assert_waits("{ constant = '1ms' }", 0.5);
}

#[test]
fn a_peer_of_exponential_service_is_mm1() {
    assert_waits("{ exponential = { mean = '1ms' } }", 1.0);
}

#[test]
fn a_class_has_the_processor_of_the_population_or_its_own() {
    let slow = "processor = { service.constant = '1ms' }";
    let everybodys = pair(slow, "10s");
    assert!(everybodys.figure("peer_wait_mean_ms") > 0.0);
    for text in [
        format!("{slow}, classes = [{{ name = 'a', share = 1 }}]"),
        format!("classes = [{{ name = 'a', share = 1, {slow} }}]"),
        format!("processor = {{ service.constant = '9ms' }}, classes = [{{ name = 'a', share = 1, {slow} }}]"),
    ] {
        assert_eq!(pair(&text, "10s").outcome.fingerprint, everybodys.outcome.fingerprint, "{text}");
    }
}

/// Of the first requests a third meet a busy worker; whoever gets no answer then takes the holder for dead for a while.
#[test]
fn without_a_place_in_the_queue_requests_are_lost() {
    let ran = pair("processor = { service.constant = '1ms', waiting = 0 }", "60s");
    let lost = ran.figure("packets_lost_peer_queue");
    assert!(lost > 1_000.0 && ran.figure("get_correct_ratio") < 1.0, "{lost} lost");
    assert_eq!(ran.figure("peer_wait_mean_ms"), 0.0, "nobody waits");
    assert_eq!(ran.figure("packets_lost_server_queue"), 0.0, "there is no server");
}

/// Machines that come and go under every protocol.
fn coming_and_going(processor: &str) -> Vec<Ran> {
    all(&format!(
        "seed = 3\ntime = {{ warmup = '5min', measure = '20min' }}\n[population]\nonline = 60\n{processor}\n\
         [population.churn]\nsession.exponential.mean = '10min'\ndowntime.exponential.mean = '5min'\n\
         [network]\nlatency.plane.width = '150ms'\n[resources]\ncount = 50\nsize = '1KiB'\n\
         [workload]\nget.every = '20s'\nlookup.every = '20s'\n{}",
        crate::lab::every_system()
    ))
}

/// Where there are no notices, which would come before a request of the same instant.
#[test]
fn a_processor_that_takes_no_time_changes_nothing() {
    let (without, with) = (coming_and_going(""), coming_and_going("processor.service.constant = '0s'"));
    for (without, with) in without.iter().zip(&with) {
        assert_eq!(without.maybe("peer_wait_mean_ms"), None, "{}", without.id);
        let is_served = with.system != "client-server";
        assert_eq!(with.maybe("peer_wait_ratio"), is_served.then_some(0.0), "{}", with.id);
        if !is_served || with.system.starts_with("kademlia") {
            assert_eq!(without.outcome.fingerprint, with.outcome.fingerprint, "{}", with.id);
        }
    }
}

/// A worker that is busy when its machine goes is free when that is back.
#[test]
fn the_queue_of_a_machine_that_goes_is_gone() {
    for ran in coming_and_going("processor.service.constant = '100ms'") {
        let [lookups, gets] = ["lookup", "get"].map(|operation| ran.figure(&format!("{operation}_correct_ratio")));
        assert!(lookups > 0.9 && gets > 0.9, "{}: {lookups} of the lookups and {gets} of the gets are correct", ran.id);
    }
}
