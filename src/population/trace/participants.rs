//! Participants of a file of sessions, and their state changes.

use std::path::Path;

use indexmap::IndexMap;

use crate::engine::Time;
use crate::engine::numbered::number;
use crate::population::rows::{Row, TraceError};
use crate::population::timeline::Spell;

/// Most participants of a file: the range of an event's source.
const MOST: usize = (1 << 28) - 1;

/// State of a participant in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Up,
    Down,
    Gone,
}

impl State {
    /// State in a row of changes.
    pub(super) fn of(row: &Row<'_>) -> Result<State, TraceError> {
        match row.cell(2) {
            "up" => Ok(State::Up),
            "down" => Ok(State::Down),
            "gone" => Ok(State::Gone),
            other => Err(row.wrong(2, format!("`{other}` is no state: write up, down or gone"))),
        }
    }
}

/// Participant of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Participant {
    /// Position of its first appearance.
    place: (usize, usize),
    number: Option<u32>,
    spells: Vec<(u32, Spell)>,
    /// Whether a row of changes has named it.
    seen: bool,
}

/// Participants of a file, by number once they are numbered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Participants {
    named: IndexMap<Box<str>, Participant>,
}

impl Participant {
    /// Applies a row from before the run; returns whether anything changes.
    pub(super) fn was(&mut self, state: State) -> bool {
        let (first, was_up) = (!std::mem::replace(&mut self.seen, true), !self.spells.is_empty());
        match state {
            State::Up if !was_up => self.add(Time::ZERO, Time::NEVER),
            State::Up => {}
            State::Down | State::Gone => self.spells.clear(),
        }
        first || was_up != (state == State::Up)
    }

    /// Applies a row; returns whether anything changes.
    pub(super) fn change(&mut self, now: Time, state: State) -> bool {
        let first = !std::mem::replace(&mut self.seen, true);
        if first && state != State::Up {
            if now == Time::ZERO {
                return true;
            }
            self.add(Time::ZERO, Time::NEVER);
        }
        let up = self.spells.last().is_some_and(|(_, spell)| spell.ends == Time::NEVER);
        match (state, self.spells.last_mut()) {
            (State::Up, _) if up => return false,
            (State::Up, last) => {
                let (incarnation, number) = match last {
                    None => (0, u32::from(now > Time::ZERO)),
                    Some((incarnation, spell)) if spell.departs < Time::NEVER => (*incarnation + 1, 0),
                    Some((incarnation, spell)) => (*incarnation, spell.number + 1),
                };
                let spell = Spell { begins: now, ends: Time::NEVER, departs: Time::NEVER, number };
                self.spells.push((incarnation, spell));
            }
            (State::Down, Some((_, spell))) if up => spell.ends = now,
            (State::Gone, Some((_, spell))) if spell.departs == Time::NEVER => {
                spell.departs = now;
                spell.ends = spell.ends.min(now);
            }
            (State::Down | State::Gone, _) => return false,
        }
        true
    }

    /// Adds a session, whose number is not known yet unless it is the first.
    pub(super) fn add(&mut self, begins: Time, ends: Time) {
        self.spells.push((0, Spell { begins, ends, departs: Time::NEVER, number: 0 }));
    }
}

impl Participants {
    /// Participants with these sessions, numbered in order.
    pub(super) fn of(all: impl Iterator<Item = Vec<(u32, Spell)>>) -> Participants {
        let one = |(number, spells): (u32, Vec<(u32, Spell)>)| {
            let participant = Participant { place: (1, 1), number: Some(number), spells, seen: true };
            (number.to_string().into_boxed_str(), participant)
        };
        Participants { named: (0..).zip(all).map(one).collect() }
    }

    /// Participant of a row.
    pub(super) fn named(&mut self, row: &Row<'_>, cell: usize) -> Result<&mut Participant, TraceError> {
        let name = row.participant(cell)?;
        let at = match self.named.get_index_of(name) {
            Some(at) => at,
            None if self.named.len() == MOST => {
                return Err(row.wrong(cell, format!("there may be no more than {MOST} participants")));
            }
            None => {
                let place = (row.line, row.column(cell));
                let new = Participant { place, number: None, spells: Vec::new(), seen: false };
                self.named.insert_full(name.into(), new).0
            }
        };
        Ok(&mut self.named[at])
    }

    /// Sorts sessions, merges overlapping ones, and numbers them; returns how many were merged.
    pub(super) fn join_sessions(&mut self) -> u64 {
        let mut joined = 0;
        for Participant { spells, .. } in self.named.values_mut() {
            spells.sort_by_key(|(_, spell)| (spell.begins, spell.ends));
            spells.dedup_by(|(_, next), (_, before)| {
                let overlap = next.begins < before.ends;
                if overlap {
                    before.ends = before.ends.max(next.ends);
                    joined += 1;
                }
                overlap
            });
            let first = spells.first().map_or(0, |(_, spell)| u32::from(spell.begins > Time::ZERO));
            (first..).zip(spells).for_each(|(number, (_, spell))| spell.number = number);
        }
        joined
    }

    /// Numbers the participants that are ever online in the run, or all, if their number is known and the file has
    /// numbers for all. `path` is for errors. Returns whether the file has numbers for all.
    pub(super) fn number(&mut self, path: &Path, known: Option<u32>) -> Result<bool, TraceError> {
        let numbered = self.named.keys().all(|name| number(name).is_some());
        if numbered {
            self.named.sort_by_cached_key(|name, _| number(name));
        }
        let own = numbered && known.is_some();
        let mut next = 0;
        for (name, one) in &mut self.named {
            if one.spells.is_empty() && !own {
                continue;
            }
            let number = if own { name.parse().unwrap_or(u32::MAX) } else { next };
            if let Some(count) = known.filter(|count| number >= *count) {
                let problem = match numbered {
                    true => format!("there is no participant {name}: they are 0 to {}", i64::from(count) - 1),
                    false => format!("`{name}` is one more than the {count} participants that there are to be"),
                };
                let (line, column) = one.place;
                return Err(TraceError::Wrong { path: path.into(), line, column, problem });
            }
            one.number = Some(number);
            next += 1;
        }
        Ok(numbered)
    }

    /// One more than the largest number.
    pub(super) fn count(&self) -> u32 {
        self.named.values().filter_map(|one| one.number).max().map_or(0, |last| last + 1)
    }

    /// Number of a named participant; the inner `None` of one without.
    pub(super) fn number_of(&self, name: &str) -> Option<Option<u32>> {
        self.named.get(name).map(|one| one.number)
    }

    /// Numbered participants in order, with their sessions.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &[(u32, Spell)])> {
        self.named.values().filter_map(|one| Some((one.number?, &one.spells[..])))
    }
}
