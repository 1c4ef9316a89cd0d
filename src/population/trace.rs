//! Sessions from a file: `time_s,participant,state`, a row for every change, in the order of time.
//!
//! `up`: comes online; `down`: goes, with its disk, to return; `gone`: goes for good, or is gone that was away. An `up`
//! after `gone` is the next incarnation. Who is up at time 0 is in session 0; who comes later begins with session 1, as if
//! it had been away at time zero; an incarnation after the first begins with session 0. So the file that [`write`](write()) makes
//! of a timeline reads back to the same sessions with the same numbers.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::rows::{self, Row, TraceError, rows};
use super::timeline::{Spell, Timeline};
use crate::engine::Time;

const HEADER: &str = "time_s,participant,state";

/// Participants in a file at most: what an event's source may be.
const MOST: u64 = (1 << 28) - 1;

/// Sessions of one incarnation at most: a session's number has 16 bits in a run.
const MOST_SESSIONS: u32 = u16::MAX as u32;

/// The sessions of each participant that a file names, with their incarnations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    participants: BTreeMap<u32, Vec<(u32, Spell)>>,
}

impl Trace {
    /// Reads a file. `participants`: how many there are, if that is known; `latest`: what may happen last.
    ///
    /// # Errors
    /// The file cannot be read, is not in order, or names a participant or a time that is not there.
    pub fn load(path: &Path, participants: Option<u32>, latest: Time) -> Result<Trace, TraceError> {
        Trace::parse(path, &rows::text(path)?, participants, latest)
    }

    /// The same from the text of a file; `path` is for errors.
    pub fn parse(path: &Path, text: &str, participants: Option<u32>, latest: Time) -> Result<Trace, TraceError> {
        let mut trace = Trace { participants: BTreeMap::new() };
        let mut now = Time::ZERO;
        for row in rows(path, text, HEADER)? {
            let row = row?;
            now = row.time(0, now, latest)?;
            let participant = row.number(1, "participant", MOST - 1)? as u32;
            if let Some(count) = participants.filter(|count| participant >= *count) {
                let problem = format!("there is no participant {participant}: they are 0 to {}", count - 1);
                return Err(row.wrong(1, problem));
            }
            change(trace.participants.entry(participant).or_default(), now, &row)?;
        }
        Ok(trace)
    }

    /// Participants from 0 to the largest number that the file has.
    pub fn participants(&self) -> u32 {
        self.participants.last_key_value().map_or(0, |(last, _)| last + 1)
    }

    /// Participants online, mean from the start to `end`.
    pub fn online_mean(&self, end: Time) -> f64 {
        let spells = self.participants.values().flatten();
        let nanos: f64 = spells.map(|(_, spell)| spell.ends.min(end).since(spell.begins).as_nanos() as f64).sum();
        nanos / end.as_nanos() as f64
    }

    /// The sessions of participants `0 .. count` with their incarnations.
    pub(super) fn spells(&self, count: u32) -> Vec<Vec<(u32, Spell)>> {
        (0..count).map(|participant| self.participants.get(&participant).cloned().unwrap_or_default()).collect()
    }
}

/// Takes in a row about a participant with these sessions so far.
fn change(spells: &mut Vec<(u32, Spell)>, now: Time, row: &Row<'_>) -> Result<(), TraceError> {
    let up = spells.last().is_some_and(|(_, spell)| spell.ends == Time::NEVER);
    match (row.cell(2), spells.last_mut()) {
        ("up", _) if up => return Err(row.wrong(2, "it is up already")),
        ("up", last) => {
            let (incarnation, number) = match last {
                None => (0, u32::from(now > Time::ZERO)),
                Some((incarnation, spell)) if spell.departs < Time::NEVER => (*incarnation + 1, 0),
                Some((incarnation, spell)) => (*incarnation, spell.number + 1),
            };
            if number > MOST_SESSIONS {
                return Err(row.wrong(2, format!("nobody can have more than {MOST_SESSIONS} sessions")));
            }
            spells.push((incarnation, Spell { begins: now, ends: Time::NEVER, departs: Time::NEVER, number }));
        }
        ("down", Some((_, spell))) if up => spell.ends = now,
        ("down", _) => return Err(row.wrong(2, "it is not up")),
        ("gone", Some((_, spell))) if spell.departs == Time::NEVER => {
            spell.departs = now;
            spell.ends = spell.ends.min(now);
        }
        ("gone", Some(_)) => return Err(row.wrong(2, "it is gone already")),
        ("gone", None) => return Err(row.wrong(2, "it was never there")),
        (other, _) => return Err(row.wrong(2, format!("`{other}` is no state: write up, down or gone"))),
    }
    Ok(())
}

/// Writes the sessions of the participants, those of flash crowds left out, as far as they concern what happens until
/// `latest`.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(timeline: &Timeline, latest: Time, out: &mut dyn Write) -> io::Result<()> {
    let mut changes: Vec<(Time, u32, u32, &str)> = Vec::new();
    for (number, identity) in (0..).zip(timeline.identities()) {
        if identity.participant >= timeline.participants() {
            continue;
        }
        let mut add = |at, state| changes.push((at, identity.participant, identity.incarnation, state));
        for spell in timeline.spells(number) {
            add(spell.begins, "up");
            if spell.ends < spell.departs {
                add(spell.ends, "down");
            }
            if spell.departs < Time::NEVER {
                add(spell.departs, "gone");
            }
        }
    }
    // Stable: what one identity does at the same time stays in its order.
    changes.sort_by_key(|&(at, participant, incarnation, _)| (at, participant, incarnation));
    writeln!(out, "{HEADER}")?;
    for (at, participant, _, state) in changes.into_iter().filter(|(at, ..)| *at <= latest) {
        writeln!(out, "{},{participant},{state}", rows::written(at))?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Duration, Law, Streams};
    use crate::population::timeline::{Demography, Departures, Life, Parting, Sessions};
    use crate::population::{Churn, Daily, Pace};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn parse(text: &str) -> Result<Trace, TraceError> {
        Trace::parse(Path::new("t.csv"), &format!("{HEADER}\n{text}"), Some(3), at(100))
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
        told("0,0,up\n100.1,0,down\n", "t.csv:3:1: 100.1 s is after the end");
        told("0,0,up\n 1, 3,up\n", "t.csv:3:5: there is no participant 3: they are 0 to 2");
        told("0,0,up\n1,0,up\n", "t.csv:3:5: it is up already");
        told("0,0,down\n", "t.csv:2:5: it is not up");
        told("0,0,gone\n", "t.csv:2:5: it was never there");
        told("0,0,up\n1,0,gone\n1,0,gone\n", "t.csv:4:5: it is gone already");
        told("0,0,on\n", "t.csv:2:5: `on` is no state: write up, down or gone");
        told("x,0,up\n", "t.csv:2:1: `x` is no time");
        told("0,-1,up\n", "t.csv:2:3: `-1` is no participant");
        told("0,0\n", "t.csv:2:1: a row has 3 cells");
        let error = Trace::parse(Path::new("t.csv"), "time,who\n", None, at(1)).unwrap_err().to_string();
        assert_eq!(error, "t.csv:1:1: the first line must be `time_s,participant,state`");
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
        let trace = Trace::parse(Path::new("t"), std::str::from_utf8(&text).unwrap(), None, latest).unwrap();
        let read = Timeline::new(&streams, &population(trace.participants(), Sessions::Read(&trace)));
        assert_eq!(read.identities(), drawn.identities());
        assert!(drawn.participants() > 200 && drawn.identities().len() > 1_000, "{:?}", drawn.identities().len());
        let cut = |at: Time| if at > latest { Time::NEVER } else { at };
        for identity in 0..drawn.identities().len() as u32 {
            let expected: Vec<Spell> = drawn
                .spells(identity)
                .iter()
                .map(|spell| Spell { ends: cut(spell.ends), departs: cut(spell.departs), ..*spell })
                .collect();
            assert_eq!(read.spells(identity), expected);
        }
    }
}
