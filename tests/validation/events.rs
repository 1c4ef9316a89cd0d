//! What a scenario's events do to the systems.

use super::lab::{FIGURES, OPERATIONS_TOO, all_with, every_system};

const CALM: &str = r#"
    seed = 31
    time = { warmup = "0s", measure = "30min" }
    population.participants = 200
    resources.count = 100
    workload = { lookup.every = "10s", get.every = "20s" }
"#;

#[test]
fn who_crashed_for_a_while_is_back_with_its_disk_and_who_crashed_for_good_is_not() {
    let text = format!(
        "{CALM}storage.repair = 'none'\n[[events]]\ncrash = {{ at = '330s', for = '5min', share = 0.4 }}\n\
         [[events]]\ncrash = {{ at = '1230s', share = 0.4 }}\n{}",
        every_system()
    );
    for ran in all_with(&text, FIGURES) {
        let online: Vec<f64> = ran.series("online").iter().map(|(_, online)| *online).collect();
        let expected = |minute| match minute {
            6..=10 => 120.0,
            21.. => 120.0,
            _ => 200.0,
        };
        assert!((1..).zip(&online).all(|(minute, online)| *online == expected(minute)), "{}: {online:?}", ran.id);
        let available = ran.series("availability");
        assert_eq!(available[15].1, 1.0, "{}: what was on their disks is there again", ran.id);
        if ["chord", "kademlia"].contains(&ran.system.as_str()) {
            // Three copies, each lost with probability 0.4: 6.4 of 100 records.
            let lost = ran.figure("resources_lost");
            assert!((1.0..15.0).contains(&lost), "{}: {lost} lost", ran.id);
        }
    }
}

#[test]
fn an_outage_of_the_server_stops_its_clients_and_nobody_else() {
    let text = format!("{CALM}[[events]]\nserver-outage = {{ at = '10min', for = '5min' }}\n{}", every_system());
    for ran in all_with(&text, OPERATIONS_TOO) {
        let correct = |from: f64, until: f64| {
            let rows: Vec<_> = ran.issued(from, until).filter(|row| row.kind == "lookup").collect();
            rows.iter().filter(|row| row.outcome == "correct").count() as f64 / rows.len() as f64
        };
        let during = if ran.system == "client-server" { 0.0 } else { 1.0 };
        assert_eq!((correct(0.0, 590.0), correct(600.0, 890.0)), (1.0, during), "{}", ran.id);
        assert_eq!(correct(905.0, 1_700.0), 1.0, "{}: not back", ran.id);
    }
}

#[test]
fn a_partition_loses_what_crosses_it_and_heals() {
    let text = format!(
        "{CALM}[[events]]\npartition = {{ at = '10min', for = '5min', shares = [0.5, 0.5] }}\n{}",
        every_system()
    );
    for ran in all_with(&text, OPERATIONS_TOO) {
        let lost = ran.figure("packets_lost_partition");
        assert!(lost > 100.0, "{}: {lost} packets lost", ran.id);
        let share = |from: f64, until: f64| {
            let rows: Vec<_> = ran.issued(from, until).filter(|row| row.kind == "lookup").collect();
            rows.iter().filter(|row| row.outcome == "correct").count() as f64 / rows.len() as f64
        };
        assert!(share(0.0, 590.0) == 1.0, "{}: before", ran.id);
        match ran.system.as_str() {
            // The half with the server is served.
            "client-server" => assert!((share(600.0, 890.0) - 0.5).abs() < 0.1, "{}", share(600.0, 890.0)),
            _ => assert!(share(660.0, 890.0) < 0.75, "{}: {} during it", ran.id, share(660.0, 890.0)),
        }
        println!(
            "{}: {} before, {} during, {} after",
            ran.id,
            share(0.0, 590.0),
            share(660.0, 890.0),
            share(1200.0, 1700.0)
        );
        if ran.system == "client-server" {
            assert_eq!(share(905.0, 1_700.0), 1.0, "{}: not back", ran.id);
        }
    }
}

#[test]
fn events_are_told_with_the_results() {
    let text = format!(
        "{CALM}[[events]]\nserver-outage = {{ at = '20min', for = '15min' }}\n\
         [[events]]\ncrash = {{ at = '5min', for = '1min', share = 0.125 }}\n[systems.server.client-server]"
    );
    let ran = all_with(&text, FIGURES).remove(0);
    let told: Vec<_> = ran.outcome.events.iter().map(|mark| (mark.at.as_secs_f64(), mark.label.as_str())).collect();
    assert_eq!(told, [(300.0, "12.5 % crash"), (360.0, "they return"), (1_200.0, "server down")]);
}
