//! Who is there when: the sessions of every participant over a run, drawn before it begins.
//!
//! Laws, departures, arrivals, the hour of the day and trace files all end in the same [`Timeline`], which is all that a
//! run follows; so a trace written from one replays to it. Sessions of a participant are drawn by themselves, so that
//! those who arrive, and those who are replaced, change nobody else's. 32 bytes a session.

use super::churn::Churn;
use super::classes::{Classes, Places};
use super::daily::Pace;
use super::trace::Trace;
use super::{SessionId, entity};
use crate::engine::{Duration, Law, Purpose, Source, Stream, Streams, Time};

const JOIN: Purpose = Purpose::new("start");
const DEPARTS: Purpose = Purpose::new("departs");
const LIFETIME: Purpose = Purpose::new("lifetime");
const ARRIVAL: Purpose = Purpose::new("arrival");
const CROWD: Purpose = Purpose::new("crowd");

/// One session of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    pub begins: Time,
    /// [`Time::NEVER`] if not in this run.
    pub ends: Time,
    /// When the identity departs for good, at the end of the session or in the absence after it; [`Time::NEVER`] if it is
    /// not its last.
    pub departs: Time,
    /// [`SessionId::number`].
    pub number: u32,
}

/// A participant from its arrival to its departure: what has a key and a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub participant: u32,
    pub incarnation: u32,
}

impl Identity {
    /// Stream number of what is drawn for it.
    pub const fn entity(self) -> u64 {
        entity(self.participant, self.incarnation)
    }
}

/// The sessions of all identities of a run.
///
/// Identities are numbered through: the first incarnations of all participants, by participant, then the later ones, by
/// participant and incarnation, then the crowds of flash crowds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    participants: u32,
    identities: Vec<Identity>,
    /// Where the spells of each identity begin, and the end of the last.
    first: Vec<u32>,
    spells: Vec<Spell>,
}

/// What the sessions of a population follow from.
#[derive(Clone, Debug)]
pub struct Demography<'a> {
    /// Those of the start.
    pub participants: u32,
    pub sessions: Sessions<'a>,
    /// Those online at the start come spread over this time instead of being there at time zero.
    pub join_over: Option<Duration>,
    pub crowds: Vec<Crowd>,
    /// Nobody comes from here on.
    pub end: Time,
}

/// Where sessions come from.
#[derive(Clone, Debug)]
pub enum Sessions<'a> {
    Drawn(Box<Life>),
    Read(&'a Trace),
}

/// How participants come and go by laws. The default: they are there from the start to the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Life {
    pub churn: Option<Churn>,
    /// With their churn, in place of `churn`.
    pub classes: Classes,
    pub departures: Option<Departures>,
    /// Mean seconds between two arrivals of new participants, a Poisson stream.
    pub arrivals: Option<f64>,
    /// The pace at which absences, and the gaps between arrivals, go by.
    pub pace: Pace,
    /// Where hours are local: who stands where. Otherwise, and for the gaps between arrivals, all clocks are the run's.
    pub places: Option<Places>,
}

/// Ends of sessions from which nobody returns as who it was. When participants are online does not depend on it: a
/// replacement comes when the one before would have come back.
#[derive(Clone, Debug, PartialEq)]
pub struct Departures {
    pub law: Parting,
    /// By the next incarnation of the same participant; otherwise the population shrinks.
    pub replaced: bool,
}

/// Which end of a session is the last.
#[derive(Clone, Debug, PartialEq)]
pub enum Parting {
    /// Each with this probability: a geometric number of sessions.
    Probability(f64),
    /// The first after a lifetime drawn from this law, in seconds from the beginning of the identity; those of the start
    /// have the equilibrium residual of it left.
    Lifetime(Law),
}

/// New participants who come in a flash crowd, each for one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Names its draws.
    pub draws: u64,
    pub at: Time,
    pub arrivals: u32,
    /// They come evenly spread over this time …
    pub over: Duration,
    /// … and each stays so long.
    pub stay: Duration,
}

impl Timeline {
    /// The sessions that begin before the end.
    pub fn new(streams: &Streams, population: &Demography<'_>) -> Timeline {
        let mut participants: Vec<Vec<(u32, Spell)>> = match &population.sessions {
            Sessions::Read(trace) => trace.spells(population.participants),
            Sessions::Drawn(life) => {
                let draw = Draw { streams, life, end: population.end };
                let start = |one| draw.initial(one, population.join_over);
                let mut all: Vec<_> = (0..population.participants).map(start).collect();
                draw.arrivals(&mut all);
                all
            }
        };
        let count = participants.len() as u32;
        participants.extend(population.crowds.iter().flat_map(|crowd| crowd.spells(streams)));
        Timeline::of(count, participants)
    }

    /// Of each participant's spells with their incarnations; those from `count` on are a crowd's.
    fn of(count: u32, participants: Vec<Vec<(u32, Spell)>>) -> Timeline {
        let mut timeline = Timeline { participants: count, identities: vec![], first: vec![0], spells: vec![] };
        let (own, crowd) = participants.split_at(count as usize);
        for (participant, spells) in (0..).zip(own) {
            timeline.push(participant, 0, spells);
        }
        for (participant, spells) in (0..).zip(own) {
            let last = spells.last().map_or(0, |(incarnation, _)| *incarnation);
            (1..=last).for_each(|incarnation| timeline.push(participant, incarnation, spells));
        }
        for (participant, spells) in (count..).zip(crowd) {
            timeline.push(participant, 0, spells);
        }
        timeline
    }

    fn push(&mut self, participant: u32, incarnation: u32, spells: &[(u32, Spell)]) {
        self.identities.push(Identity { participant, incarnation });
        self.spells.extend(spells.iter().filter(|(which, _)| *which == incarnation).map(|(_, spell)| *spell));
        self.first.push(self.spells.len() as u32);
    }

    /// All that ever take part.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// The participants, those of flash crowds not counted.
    pub fn participants(&self) -> u32 {
        self.participants
    }

    /// The sessions of an identity, in the order of time.
    pub fn spells(&self, identity: u32) -> &[Spell] {
        let identity = identity as usize;
        &self.spells[self.first[identity] as usize..self.first[identity + 1] as usize]
    }

    /// The session that an identity would be in at an instant.
    pub fn at(&self, identity: u32, now: Time) -> Option<&Spell> {
        let spells = self.spells(identity);
        let last = spells[..spells.partition_point(|spell| spell.begins <= now)].last()?;
        (now < last.ends).then_some(last)
    }

    /// The identity of a participant that is in a session at an instant. O(its incarnations).
    pub fn incarnation_at(&self, participant: u32, now: Time) -> Option<u32> {
        let later = self.identities[self.participants as usize..].partition_point(|one| one.participant < participant);
        let later = self.participants + later as u32;
        let is_its =
            |identity: &u32| self.identities.get(*identity as usize).is_some_and(|one| one.participant == participant);
        let mut its = std::iter::once(participant).chain((later..).take_while(is_its));
        its.find(|identity| self.at(*identity, now).is_some())
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.spells.capacity() * size_of::<Spell>()
            + self.first.capacity() * 4
            + self.identities.capacity() * size_of::<Identity>()
    }
}

/// How a participant comes and goes.
struct One<'a> {
    churn: Option<&'a Churn>,
    /// How far its clock is ahead of the run's.
    ahead: Duration,
}

/// Draws the sessions of participants.
struct Draw<'a> {
    streams: &'a Streams,
    life: &'a Life,
    end: Time,
}

impl Draw<'_> {
    /// A participant of the start.
    fn initial(&self, participant: u32, join_over: Option<Duration>) -> Vec<(u32, Spell)> {
        let one = self.one(participant);
        let comes = join_over
            .map_or(Time::ZERO, |over| Time::ZERO + over.mul_f64(self.streams.stream(JOIN, participant.into()).unit()));
        let dies = Time::ZERO + self.lifetime(participant, 0, Law::residual_duration);
        let id = SessionId { participant, incarnation: 0, number: 0 };
        match one.churn.map(|churn| churn.start(self.streams, participant, 0)) {
            None => self.sessions(&one, id, comes, Duration::MAX, dies),
            Some((true, left)) => self.sessions(&one, id, comes, left, dies),
            Some((false, left)) => {
                let id = SessionId { number: 1, ..id };
                self.sessions(&one, id, self.after(&one, Time::ZERO, left), self.length(&one, id), dies)
            }
        }
    }

    /// The Poisson stream of new participants, after those that are there.
    fn arrivals(&self, all: &mut Vec<Vec<(u32, Spell)>>) {
        let Some(mean) = self.life.arrivals else { return };
        let mut at = Time::ZERO;
        for number in 0.. {
            let gap = Law::Exponential { mean }.sample_duration(&mut self.streams.part(ARRIVAL, 0, number));
            at = self.life.pace.after(at, gap, Duration::ZERO, self.end);
            if at >= self.end {
                break;
            }
            let id = SessionId { participant: all.len() as u32, incarnation: 0, number: 1 };
            let one = self.one(id.participant);
            let dies = at + self.lifetime(id.participant, 0, Law::sample_duration);
            all.push(self.sessions(&one, id, at, self.length(&one, id), dies));
        }
    }

    /// The sessions of a participant from the one on that begins at `begins` and lasts `length`.
    /// Its identity dies at `dies`.
    fn sessions(
        &self,
        one: &One<'_>,
        mut id: SessionId,
        mut begins: Time,
        mut length: Duration,
        mut dies: Time,
    ) -> Vec<(u32, Spell)> {
        let mut spells = Vec::new();
        while begins < self.end {
            let ends = begins + length;
            let last = ends < Time::NEVER && self.is_last(id, ends, dies);
            let departs = if last { ends } else { Time::NEVER };
            spells.push((id.incarnation, Spell { begins, ends, departs, number: id.number }));
            let replaced = self.life.departures.as_ref().is_some_and(|departures| departures.replaced);
            let Some(churn) = one.churn.filter(|_| !last || replaced) else { break };
            begins = self.after(one, ends, churn.downtime(self.streams, id));
            id = match last {
                true => SessionId { incarnation: id.incarnation + 1, number: 0, ..id },
                false => SessionId { number: id.number + 1, ..id },
            };
            if last {
                dies = begins + self.lifetime(id.participant, id.incarnation, Law::sample_duration);
            }
            length = self.length(one, id);
        }
        spells
    }

    /// What holds for all incarnations of a participant.
    fn one(&self, participant: u32) -> One<'_> {
        let Life { churn, classes, places, .. } = self.life;
        let class = classes.of(self.streams, participant);
        One {
            churn: class.map_or(churn.as_ref(), |class| classes.churn(class)),
            ahead: places
                .as_ref()
                .map_or(Duration::ZERO, |places| places.ahead(places.region(self.streams, participant, class))),
        }
    }

    fn length(&self, one: &One<'_>, id: SessionId) -> Duration {
        one.churn.map_or(Duration::MAX, |churn| churn.session(self.streams, id))
    }

    /// The end of an absence.
    fn after(&self, one: &One<'_>, from: Time, absence: Duration) -> Time {
        self.life.pace.after(from, absence, one.ahead, self.end)
    }

    /// How long an identity lives, by one way to draw from the law; for ever without one.
    fn lifetime(&self, participant: u32, incarnation: u32, draw: fn(&Law, &mut Stream) -> Duration) -> Duration {
        match self.life.departures.as_ref().map(|departures| &departures.law) {
            Some(Parting::Lifetime(law)) => {
                draw(law, &mut self.streams.stream(LIFETIME, entity(participant, incarnation)))
            }
            _ => Duration::MAX,
        }
    }

    fn is_last(&self, id: SessionId, ends: Time, dies: Time) -> bool {
        match self.life.departures.as_ref().map(|departures| &departures.law) {
            None => false,
            Some(Parting::Probability(probability)) => {
                let number = u64::from(id.number);
                self.streams.part(DEPARTS, entity(id.participant, id.incarnation), number).chance(*probability)
            }
            Some(Parting::Lifetime(_)) => ends >= dies,
        }
    }
}

impl Crowd {
    fn spells(&self, streams: &Streams) -> impl Iterator<Item = Vec<(u32, Spell)>> {
        let Crowd { draws, at, arrivals, over, stay } = *self;
        (0..u64::from(arrivals)).map(move |one| {
            let begins = at + over.mul_f64(streams.part(CROWD, draws, one).unit());
            let ends = begins + stay;
            vec![(0, Spell { begins, ends, departs: ends, number: 0 })]
        })
    }
}
