//! Availability traces: files of state changes, or of sessions.
//!
//! Changes are rows `time_s,participant,state` in order of time. `up`: comes online; `down`: goes offline, keeps its
//! disk and returns; `gone`: departs for good, also from a downtime. An `up` after `gone` is the next incarnation. A
//! participant up at time 0 is in session 0; a later one starts with session 1, as if it had been offline at time zero;
//! a later incarnation starts with session 0. So the file that [`write`](write()) makes of a timeline reads back to
//! equal sessions with equal numbers.
//!
//! Sessions are rows `node,start,end` in any order (Failure Trace Archive, Nebula); an empty start is before the file,
//! an empty end after it, and overlapping ones of a node are merged.
//!
//! Published files contain repetitions and start in the middle: a participant whose first row is a departure was up
//! from the start, and a row that repeats the present state changes nothing. Events before time zero count as far as
//! they last, and events after the run are left out. Only participants that are ever up during the run take part: in
//! the order of their numbers if all have one, otherwise in order of appearance.

mod participants;

use std::io::{self, Write};
use std::path::Path;

use super::rows::{self, Column, PARTICIPANT, Row, TIME, TraceError, rows};
use super::timeline::{Spell, Timeline};
use crate::engine::{Duration, Time};
use participants::{Participants, State};

const HEADER: &str = "time_s,participant,state";

const WANTED: &str = "`time_s,participant,state` or `node,start,end`, in any order, other columns between them or not";

const CHANGES: &[Column] = &[TIME, PARTICIPANT, Column { names: &["state", "event", "status"], needed: true }];

const SESSIONS: &[Column] = &[
    PARTICIPANT,
    Column { names: &["start", "begin", "start_s", "session_start", "event_start_time"], needed: true },
    Column { names: &["end", "stop", "end_s", "session_end", "event_stop_time", "event_end_time"], needed: true },
    // Of the Failure Trace Archive: 1 is a time of availability, all others are not.
    Column { names: &["event_type"], needed: false },
];

/// Relation of a file of sessions to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounds {
    /// Number of participants, if known: they then have the numbers from 0 on.
    pub participants: Option<u32>,
    /// Timestamp in the file that is time zero.
    pub start: Duration,
    /// Latest time of an event.
    pub latest: Time,
}

/// Sessions of each participant of a file, with their incarnations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    participants: Participants,
    /// Number of participants, if they have the numbers from 0 on, whether or not the file names them.
    known: Option<u32>,
    found: Found,
}

/// Summary of a file of sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Number of changes after the run.
    pub after: u64,
    /// Number of rows that repeat the present state.
    pub repeated: u64,
    /// Time of the first change or session in the file, in its own time.
    pub first: Option<Time>,
    /// Time of the last change in the run.
    pub last: Time,
}

impl Trace {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, is not in order, or names a participant that is not there.
    pub fn load(path: &Path, bounds: Bounds) -> Result<Trace, TraceError> {
        Trace::parse(path, &rows::text(path)?, bounds)
    }

    /// Reads the text of a file; `path` is for errors.
    pub fn parse(path: &Path, text: &str, bounds: Bounds) -> Result<Trace, TraceError> {
        let mut reader = Reader { bounds, participants: Participants::default(), found: Found::default() };
        let (form, rows) = rows(path, text, &[CHANGES, SESSIONS], WANTED)?;
        if form == 0 {
            reader.changes(rows)?;
        } else {
            reader.sessions(rows)?;
        }
        let Reader { mut participants, found, .. } = reader;
        let numbered = participants.number(path, bounds.participants)?;
        Ok(Trace { participants, known: bounds.participants.filter(|_| numbered), found })
    }

    /// Number of participants of the file that are ever online in the run.
    pub fn participants(&self) -> u32 {
        self.participants.count()
    }

    /// Number of a participant; the inner `None`: never online in the run.
    pub fn participant(&self, name: &str) -> Option<Option<u32>> {
        let number = || name.parse().ok().filter(|number| self.known.is_some_and(|known| *number < known));
        self.participants.number_of(name).or_else(|| number().map(Some))
    }

    /// Summary of the file.
    pub fn found(&self) -> Found {
        self.found
    }

    /// Mean number of participants online from the start to `end`.
    pub fn online_mean(&self, end: Time) -> f64 {
        let spells = self.participants.iter().flat_map(|(_, spells)| spells);
        let nanos: f64 = spells.map(|(_, spell)| spell.ends.min(end).since(spell.begins).as_nanos() as f64).sum();
        nanos / end.as_nanos() as f64
    }

    /// Excerpt: every `every`-th participant from a time on for a duration, as a trace of its own.
    #[must_use]
    pub fn excerpt(&self, from: Time, length: Duration, every: u32) -> Trace {
        let to = from + length;
        let shifted = |at: Time| if at == Time::NEVER { at } else { Time::ZERO + at.since(from) };
        let cut = |(incarnation, spell): &(u32, Spell)| {
            let Spell { begins, ends, departs, number } = *spell;
            let spell =
                Spell { begins: shifted(begins.max(from)), ends: shifted(ends), departs: shifted(departs), number };
            (begins < to && ends > from).then_some((*incarnation, spell))
        };
        let chosen = self.participants.iter().filter(|(number, _)| number % every == 0);
        let spells = chosen.map(|(_, spells)| spells.iter().filter_map(cut).collect::<Vec<_>>());
        let participants = Participants::of(spells.filter(|spells| !spells.is_empty()));
        Trace { participants, known: None, found: self.found }
    }

    /// Sessions of the participants `0 .. count` with their incarnations.
    pub(super) fn spells(&self, count: u32) -> Vec<Vec<(u32, Spell)>> {
        let mut all = vec![Vec::new(); count as usize];
        for (number, spells) in self.participants.iter().filter(|(number, _)| *number < count) {
            all[number as usize] = spells.to_vec();
        }
        all
    }
}

/// State of reading a file.
struct Reader {
    bounds: Bounds,
    participants: Participants,
    found: Found,
}

impl Reader {
    /// Records the time of a row.
    fn note(&mut self, at: Time) {
        let first = self.found.first.get_or_insert(at);
        *first = at.min(*first);
    }

    /// Time in the run of a time in the file: zero if before the run, `None` if after.
    fn in_run(&mut self, at: Time) -> Option<Time> {
        let shifted = Time::ZERO + at.since(Time::ZERO + self.bounds.start);
        let inside = shifted <= self.bounds.latest;
        if inside {
            self.found.last = self.found.last.max(shifted);
        } else {
            self.found.after += 1;
        }
        inside.then_some(shifted)
    }

    fn changes<'a>(&mut self, rows: impl Iterator<Item = Result<Row<'a>, TraceError>>) -> Result<(), TraceError> {
        let mut before = Time::ZERO;
        for row in rows {
            let row = row?;
            before = row.time_after(0, before)?;
            let early = before < Time::ZERO + self.bounds.start;
            self.note(before);
            let now = self.in_run(before);
            let state = State::of(&row)?;
            let participant = self.participants.named(&row, 1)?;
            if let Some(now) = now {
                let changed = if early { participant.was(state) } else { participant.change(now, state) };
                self.found.repeated += u64::from(!changed);
            }
        }
        Ok(())
    }

    fn sessions<'a>(&mut self, rows: impl Iterator<Item = Result<Row<'a>, TraceError>>) -> Result<(), TraceError> {
        for row in rows {
            let row = row?;
            let open = |cell: usize| ["", "null", "none", "\\n"].contains(&&*row.cell(cell).to_lowercase());
            let begins = if open(1) { Time::ZERO } else { row.time(1)? };
            let ends = if open(2) { Time::NEVER } else { row.time(2)? };
            if ends < begins {
                return Err(row.wrong(2, format!("{} s is before the start of the session", row.cell(2))));
            }
            let is_absence = !["", "1"].contains(&row.cell(3));
            if !is_absence {
                self.note(begins);
            }
            let lasts = ends > begins && ends > Time::ZERO + self.bounds.start && !is_absence;
            let begins = if lasts { self.in_run(begins) } else { None };
            let ends = if begins.is_some() && ends < Time::NEVER { self.in_run(ends) } else { None };
            let participant = self.participants.named(&row, 0)?;
            if let Some(begins) = begins {
                participant.add(begins, ends.unwrap_or(Time::NEVER));
            }
        }
        self.found.repeated += self.participants.join_sessions();
        Ok(())
    }
}

/// Writes the sessions of the participants, without flash crowds, as far as they affect events until `latest`.
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
mod tests;
