//! Sessions read from files, and written to them.

use super::*;
use crate::engine::{Duration, Law, Streams};
use crate::population::timeline::{Demography, Departures, Life, Parting, Sessions};
use crate::population::{Churn, Daily, Pace};

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

/// Bounds without a number of participants.
fn until(latest: Time) -> Bounds {
    Bounds { participants: None, start: Duration::ZERO, latest }
}

fn parse(text: &str) -> Result<Trace, TraceError> {
    let bounds = Bounds { participants: Some(3), ..until(at(100)) };
    Trace::parse(Path::new("t.csv"), &format!("{HEADER}\n{text}"), bounds)
}

fn read(text: &str, bounds: Bounds) -> Trace {
    Trace::parse(Path::new("t.csv"), text, bounds).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

#[test]
fn sessions_and_incarnations_are_numbered_as_a_law_numbers_them() {
    let trace = parse("0,0,up\n5,1,up\n10,0,down\n20.5,0,up\n30,0,gone\n30,1,down\n40,0,up\n50,1,gone\n").unwrap();
    let spell = |begins, ends, departs, number| Spell { begins, ends, departs, number };
    let never = Time::NEVER;
    let half = Time::from_nanos(20_500_000_000);
    let first = vec![
        (0, spell(at(0), at(10), never, 0)),
        (0, spell(half, at(30), at(30), 1)),
        (1, spell(at(40), never, never, 0)),
    ];
    assert_eq!(trace.spells(3), [first, vec![(0, spell(at(5), at(30), at(50), 1))], vec![]]);
    assert_eq!(trace.participants(), 2);
    // 10 + 9.5 + 60 and 25 seconds of a hundred.
    assert!((trace.online_mean(at(100)) - 1.045).abs() < 1e-12);
}

#[test]
fn what_a_row_cannot_say_is_told_with_line_and_column() {
    let told = |text: &str, expected: &str| {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    told("0,0,up\n9,1,up\n8.5,0,down\n", "t.csv:4:1: 8.5 s is out of order");
    told("0,0,up\n 1, 3,up\n", "t.csv:3:5: there is no participant 3: they are 0 to 2");
    told("0,0,on\n", "t.csv:2:5: `on` is no state: write up, down or gone");
    told("x,0,up\n", "t.csv:2:1: `x` is no time");
    told("0,-1,up\n", "t.csv:2:3: `-1` is no participant");
    told("0,0\n", "t.csv:2:1: a row has 3 cells");
    let error = Trace::parse(Path::new("t.csv"), "time,who\n", until(at(1))).unwrap_err().to_string();
    assert!(
        error.starts_with("t.csv:1:1: the first line must be `time_s,participant,state` or `node,start,end`"),
        "{error}"
    );
}

#[test]
fn a_trace_written_from_laws_reads_back_to_the_same_sessions() {
    let life = Life {
        churn: Some(Churn {
            session: Law::Weibull { shape: 0.5, scale: 300.0 },
            downtime: Law::Exponential { mean: 200.0 },
        }),
        departures: Some(Departures { law: Parting::Probability(0.3), replaced: true }),
        arrivals: Some(60.0),
        pace: Pace { daily: Some(Daily::sinusoid(0.5, 1.0)), steps: Vec::new() },
        ..Life::default()
    };
    let (streams, end) = (Streams::new(5), at(3 * 3_600));
    let population =
        |participants, sessions| Demography { participants, sessions, join_over: None, crowds: Vec::new(), end };
    let drawn = Timeline::new(&streams, &population(50, Sessions::Drawn(Box::new(life))));
    let latest = end + Duration::from_secs(15);
    let mut text = Vec::new();
    write(&drawn, latest, &mut text).unwrap();
    let trace = read(std::str::from_utf8(&text).unwrap(), until(latest));
    let again = Timeline::new(&streams, &population(trace.participants(), Sessions::Read(&trace)));
    assert_eq!(again.identities(), drawn.identities());
    assert!(drawn.participants() > 200 && drawn.identities().len() > 1_000, "{:?}", drawn.identities().len());
    let cut = |at: Time| if at > latest { Time::NEVER } else { at };
    for identity in 0..drawn.identities().len() as u32 {
        let expected: Vec<Spell> = drawn
            .spells(identity)
            .iter()
            .map(|spell| Spell { ends: cut(spell.ends), departs: cut(spell.departs), ..*spell })
            .collect();
        assert_eq!(again.spells(identity), expected);
    }
}

/// The sessions of everybody in a run of a hundred seconds.
fn all(text: &str, bounds: Bounds) -> Vec<Vec<(u32, Spell)>> {
    let trace = read(text, bounds);
    trace.spells(trace.participants())
}

const CHANGED: &str = "time_s,participant,state\n0,0,up\n5,1,up\n10,0,down\n20.5,0,up\n30,1,down\n40,2,up\n";

#[test]
fn published_forms_have_the_sessions_of_their_plain_twin() {
    let plain = all(CHANGED, until(at(100)));
    for text in [
        "node,start,end\n0,0,10\n0,20.5,\n1,5,30\n2,40,NULL\n",
        "\u{feff}end;\"node\";x;start\n30;\"1\";\"a;b\";5\n;0;;20.5\n10;0;;0\n101;2;;40\n",
        "# event_id\tnode_id\tevent_type\tevent_start_time\tevent_stop_time\n1\t7\t1\t0\t10\n2\t7\t0\t10\t20.5\n\
         3\t7\t1\t20.5\t200\n4\t9\t1\t5\t30\n5\t12\t1\t40\t200\n",
        "state,time,peer\nup,0,\"Qm,a\"\nup,5,Qmb\ndown,10,\"Qm,a\"\nup,20.5,\"Qm,a\"\ndown,30,Qmb\nup,40,Qmc\n",
        "time_s,participant,state\n0,1,up\n5,50,up\n10,1,down\n20.5,1,up\n30,50,down\n40,999,up\n101,999,down\n101,4,up\n",
    ] {
        assert_eq!(all(text, until(at(100))), plain, "{text}");
    }
    let epoch = "node,start,end\n3,1700000000,1700000010\n3,1700000020.5,1800000000\n5,1700000005,1700000030\n\
                 8,1700000040,1800000000\n9,1600000000,1650000000\n";
    assert_eq!(all(epoch, Bounds { start: Duration::from_secs(1_700_000_000), ..until(at(100)) }), plain);
}

#[test]
fn what_is_before_the_run_counts_as_far_as_it_lasts() {
    let from = Bounds { start: Duration::from_secs(50), ..until(at(100)) };
    let spell = |begins, ends, number| (0, Spell { begins, ends, departs: Time::NEVER, number });
    let expected = [vec![spell(at(0), at(10), 0)], vec![spell(at(20), Time::NEVER, 1)]];
    let changes = "time_s,participant,state\n0,a,up\n0,b,up\n10,a,down\n20,b,down\n30,a,up\n60,a,down\n70,b,up\n";
    assert_eq!(all(changes, from), expected);
    assert_eq!(all("node,start,end\na,0,10\nb,0,20\na,30,60\nb,70,\n", from), expected);
}

#[test]
fn repeated_rows_change_nothing_and_who_goes_first_was_up() {
    let trace =
        read("time_s,participant,state\n3,1,down\n5,2,up\n6,2,up\n7,1,down\n8,2,gone\n9,2,gone\n", until(at(100)));
    let spell = |begins, ends, departs, number| (0, Spell { begins, ends, departs, number });
    let expected = [vec![spell(at(0), at(3), Time::NEVER, 0)], vec![spell(at(5), at(8), at(8), 1)]];
    assert_eq!((trace.spells(2), trace.found().repeated), (expected.to_vec(), 3));
    let overlapping = read("node,start,end\n1,0,5\n1,3,9\n1,9,10\n", until(at(100)));
    let expected = vec![spell(at(0), at(9), Time::NEVER, 0), spell(at(9), at(10), Time::NEVER, 1)];
    assert_eq!((overlapping.spells(1), overlapping.found().repeated), (vec![expected], 1));
}

#[test]
fn gaps_in_numbers_and_those_of_another_time_make_nobody() {
    let trace = read("time_s,participant,state\n0,1000000,up\n0,7,up\n200,9,up\n201,7,down\n", until(at(100)));
    assert_eq!(trace.participants(), 2);
    let numbers = ["7", "1000000", "9", "8"].map(|name| trace.participant(name));
    assert_eq!(numbers, [Some(Some(0)), Some(Some(1)), Some(None), None]);
    let Found { after, last, first, .. } = trace.found();
    assert_eq!((after, last, first), (2, at(0), Some(at(0))));
}

#[test]
fn who_has_a_name_and_is_never_up_takes_no_number() {
    let few = |count| Bounds { participants: Some(count), start: Duration::from_secs(50), ..until(at(100)) };
    let sessions = "node,start,end\nold,0,9\nbob,40,60\nlate,500,\namy,70,\n";
    let trace = read(sessions, few(2));
    let numbers = ["old", "bob", "late", "amy"].map(|name| trace.participant(name));
    assert_eq!(numbers, [Some(None), Some(Some(0)), Some(None), Some(Some(1))]);
    let error = Trace::parse(Path::new("t.csv"), sessions, few(1)).unwrap_err().to_string();
    assert!(error.starts_with("t.csv:5:1: `amy` is one more than the 1 participants"), "{error}");
    let numbered = read("node,start,end\n0,0,9\n1,40,60\n", few(2));
    assert_eq!(["0", "1"].map(|name| numbered.participant(name)), [Some(Some(0)), Some(Some(1))]);
}

#[test]
fn sessions_before_the_run_say_when_the_file_begins() {
    let from = Bounds { start: Duration::from_secs(500), ..until(at(100)) };
    let first = |text: &str| read(text, from).found().first;
    assert_eq!(first("node,start,end\na,20,60\nb,10,30\n"), Some(at(10)));
    assert_eq!(first("node_id\tevent_type\tstart\tend\n7\t0\t0\t9\n7\t1\t9\t10\n"), Some(at(9)));
    assert_eq!(first("node_id\tevent_type\tstart\tend\n7\t0\t0\t9\n"), None, "absences");
    assert_eq!(first("time_s,participant,state\n10,a,up\n20,a,down\n"), Some(at(10)));
}

#[test]
fn an_excerpt_is_what_some_do_for_a_while() {
    let trace = read(CHANGED, until(at(100)));
    let excerpt = trace.excerpt(at(25), Duration::from_secs(10), 1);
    let spell = |begins, ends, number| (0, Spell { begins, ends, departs: Time::NEVER, number });
    assert_eq!(excerpt.spells(3), [vec![spell(at(0), Time::NEVER, 1)], vec![spell(at(0), at(5), 1)], vec![]]);
    assert_eq!(trace.excerpt(at(0), Duration::from_secs(10), 2).participants(), 1, "0; 2 comes later");
}

#[test]
fn whatever_is_wrong_in_a_file_is_told_or_read_without_a_panic() {
    let tokens = [
        "",
        "-1",
        "x",
        "1e9",
        "18446744073709551615",
        "0.0000000001",
        "gone",
        "down",
        "\"",
        "node,start",
        "\u{feff}",
        "é",
    ];
    let mut read = 0;
    for text in [
        CHANGED,
        "node,start,end\n0,0,10\n0,20.5,\n1,5,30\n2,40,NULL\n",
        "# node_id\tevent_type\tstart\tend\n7\t1\t0\t9\n",
    ] {
        let words: Vec<&str> = text.split_inclusive([',', '\n', '\t']).collect();
        for (word, token) in (0..words.len()).flat_map(|word| tokens.map(|token| (word, token))) {
            let end = words[word].trim_start_matches(|c| ![',', '\n', '\t'].contains(&c));
            let other = [&words[..word], &[token, end], &words[word + 1..]].concat().concat();
            let bounds =
                [until(at(100)), Bounds { participants: Some(2), start: Duration::from_secs(8), ..until(at(20)) }];
            for bounds in bounds {
                if let Ok(trace) = Trace::parse(Path::new("t.csv"), &other, bounds) {
                    let all = trace.spells(trace.participants());
                    let right = |(_, spell): &(u32, Spell)| spell.begins <= spell.ends && spell.ends <= spell.departs;
                    assert!(all.iter().flatten().all(right), "{other}: {all:?}");
                    let excerpt = trace.excerpt(at(3), Duration::from_secs(9), 2);
                    assert!(excerpt.participants() <= trace.participants());
                    read += 1;
                }
            }
        }
    }
    assert!(read > 100, "only {read} of them were read");
}
