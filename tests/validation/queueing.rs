//! The server's queue against the formulas of the textbooks, through the whole simulator: demand, network, server, figures.

use super::lab::{FIGURES, Ran, only};

/// Requests per second that one worker of the tests serves.
const MU: f64 = 1000.0;

/// A server under open-loop Poisson demand of `rho` of what its workers can do, until about `requests` have been served.
pub(crate) fn demand(warmup: &str, rho: f64, service: &str, workers: u32, requests: f64) -> String {
    let rate = rho * MU * f64::from(workers);
    let (seconds, gap) = (requests / rate, 1000.0 / rate);
    format!(
        r#"
        seed = 9
        [time]
        warmup = "{warmup}"
        measure = "{seconds}s"
        [population]
        participants = 1000
        [network]
        latency.constant = "1ms"
        [workload]
        lookup = {{ every = "{gap}s" }}
        [systems.server.client-server]
        uplink = "unlimited"
        downlink = "unlimited"
        queue = "unlimited"
        service = {service}
        workers = {workers}
        waiting = 4_000_000_000
        "#
    )
}

fn server(rho: f64, service: &str, workers: u32, requests: f64) -> Ran {
    only(&demand("10s", rho, service, workers, requests), FIGURES)
}

pub(crate) const EXPONENTIAL: &str = "{ exponential = { mean = \"1ms\" } }";
const CONSTANT: &str = "{ constant = \"1ms\" }";

fn within_three_percent(ran: &Ran, name: &str, expected: f64) {
    ran.assert_near(name, expected, 0.03 * expected);
}

/// M/M/1: the wait is ρ/(μ − λ); the time in the system is exponential with mean 1/(μ − λ).
fn assert_is_mm1(rho: f64, requests: f64) {
    let ran = server(rho, EXPONENTIAL, 1, requests);
    let spare = MU * (1.0 - rho) / 1000.0;
    within_three_percent(&ran, "server_wait_mean_ms", rho / spare);
    ran.assert_near("server_utilisation_ratio", rho, 0.01);
    // Two ways of 1 ms beside the time in the system.
    within_three_percent(&ran, "lookup_latency_mean_ms", 2.0 + 1.0 / spare);
    ran.assert_near("lookup_latency_p99_ms", 2.0 + libm::log(100.0) / spare, 0.05 * libm::log(100.0) / spare);
    ran.assert_near("lookups", requests, 0.01 * requests);
    ran.assert_all_correct("lookup");
}

/// M/D/1: the wait is ρ/(2μ(1 − ρ)).
fn assert_is_md1(rho: f64, requests: f64) {
    let ran = server(rho, CONSTANT, 1, requests);
    within_three_percent(&ran, "server_wait_mean_ms", 1000.0 * rho / (2.0 * MU * (1.0 - rho)));
    ran.assert_near("server_utilisation_ratio", rho, 0.01);
    ran.assert_all_correct("lookup");
}

#[test]
fn a_half_busy_server_of_exponential_service_is_mm1() {
    assert_is_mm1(0.5, 0.3e6);
}

#[test]
fn a_busy_server_of_exponential_service_is_mm1() {
    assert_is_mm1(0.8, 1.3e6);
}

#[test]
fn a_half_busy_server_of_constant_service_is_md1() {
    assert_is_md1(0.5, 0.3e6);
}

#[test]
fn a_busy_server_of_constant_service_is_md1() {
    assert_is_md1(0.8, 1.3e6);
}

#[test]
fn a_very_busy_server_of_exponential_service_is_mm1() {
    assert_is_mm1(0.9, 5e6);
}

#[test]
fn a_very_busy_server_of_constant_service_is_md1() {
    assert_is_md1(0.9, 5e6);
}

/// M/M/c: who comes waits with Erlang's probability C(c, λ/μ) (Erlang 1917), on average C/(cμ − λ).
fn assert_is_mmc(workers: u32, waits: f64) {
    let rho = 0.8;
    let ran = server(rho, EXPONENTIAL, workers, 1.3e6);
    within_three_percent(&ran, "server_wait_ratio", waits);
    within_three_percent(&ran, "server_wait_mean_ms", waits / (MU * f64::from(workers) * (1.0 - rho)) * 1000.0);
    ran.assert_near("server_utilisation_ratio", rho, 0.01);
}

#[test]
fn two_workers_are_mmc() {
    assert_is_mmc(2, 0.7111);
}

#[test]
fn four_workers_are_mmc() {
    assert_is_mmc(4, 0.5964);
}

/// M/H₂/1: the wait is λE[S²]/(2(1 − ρ)) (Pollaczek 1930, Khinchine 1932), here 3.25 times that of M/M/1: E[S] = .9·.5 + .1·5.5
/// = 1 ms, E[S²] = 2·(.9·.5² + .1·5.5²) = 6.5 ms².
#[test]
fn hyperexponential_service_waits_as_pollaczek_and_khinchine_say() {
    let rho = 0.6;
    let service = "{ mixture = [{ weight = 9, law.exponential.mean = '0.5ms' }, \
                   { weight = 1, law.exponential.mean = '5.5ms' }] }";
    let ran = server(rho, service, 1, 1.3e6);
    within_three_percent(&ran, "server_wait_mean_ms", rho * 6.5 / (2.0 * (1.0 - rho)));
    within_three_percent(&ran, "server_wait_ratio", rho);
    ran.assert_near("server_utilisation_ratio", rho, 0.01);
}

/// Twice what it can serve: it serves what it can, and turns the rest away at once.
#[test]
fn an_overloaded_server_refuses_what_its_queue_does_not_hold() {
    let ran = only(
        r#"
        seed = 9
        [time]
        warmup = "10s"
        measure = "5min"
        [population]
        participants = 200
        [workload]
        lookup = { every = "1s" }
        [systems.server.client-server]
        service = { constant = "10ms" }
        waiting = 50
        "#,
        FIGURES,
    );
    ran.assert_near("lookup_correct_ratio", 0.5, 0.01);
    let decided = ran.figure("lookup_failed_ratio") + ran.figure("lookup_correct_ratio");
    assert!(
        (decided - 1.0).abs() < 1e-12 && ran.figure("lookup_open_ratio") == 0.0,
        "{decided} of the lookups are decided"
    );
    assert!(ran.figure("lookup_failed_queue_full") > 0.0 && ran.figure("lookup_failed_timeout") == 0.0);
    let counted = ran.figure("packets_lost_server_queue") - ran.figure("lookup_failed_queue_full");
    assert!(counted.abs() < 50.0, "a refusal is a lost request: {counted} more");
    ran.assert_near("server_utilisation_ratio", 1.0, 1e-3);
    // A full queue of 50, or nearly so: 500 ms.
    ran.assert_near("server_wait_mean_ms", 500.0, 15.0);
}

/// Demand of fifty times what it can serve: its workers are never idle, from long before the measurement to its end.
#[test]
fn a_server_is_busy_for_the_part_of_a_service_that_is_in_the_measurement() {
    let text = |measure: &str, events: &str| {
        format!(
            "time = {{ warmup = '30s', measure = '{measure}' }}\npopulation.participants = 50\n\
             workload = {{ lookup.every = '1s', deadline = '10min' }}\n{events}\n\
             [systems.a.client-server]\nservice.constant = '20s'\nworkers = 4\nrpc_timeout = '10min'\n"
        )
    };
    // All of it within a service of 20 s, or two and a half of them.
    for measure in ["5s", "50s"] {
        only(&text(measure, ""), FIGURES).assert_near("server_utilisation_ratio", 1.0, 1e-12);
    }
    // Services of 5 s are cut off, 15 s are none, and then it takes some 100 ms until the workers are busy again.
    let outage = "[[events]]\nserver-outage = { at = '45s', for = '15s' }";
    only(&text("50s", outage), FIGURES).assert_near("server_utilisation_ratio", 1.0, 0.01);
}
