//! Timeline: the sessions of all participants over a run, drawn before it starts.
//!
//! Laws, departures, arrivals, daily variation and trace files all result in a [`Timeline`], which is all that a run
//! follows; so a trace written from one replays to it. The sessions of a participant are drawn independently, so that
//! arrivals and replacements do not change those of others. 32 bytes per session.

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

/// Session of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    pub begins: Time,
    /// End of the session; [`Time::NEVER`] if not in this run.
    pub ends: Time,
    /// Permanent departure of the identity, at the end of the session or in the downtime after it; [`Time::NEVER`] if
    /// this is not its last session.
    pub departs: Time,
    /// Number of the session: [`SessionId::number`].
    pub number: u32,
}

/// Identity: a participant from its arrival to its permanent departure, with a key and a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub participant: u32,
    pub incarnation: u32,
}

impl Identity {
    /// Stream number of the identity's draws.
    pub const fn entity(self) -> u64 {
        entity(self.participant, self.incarnation)
    }
}

/// Sessions of all identities of a run.
///
/// Identities are numbered consecutively: the first incarnations of all participants, by participant, then the later
/// ones, by participant and incarnation, then the newcomers of flash crowds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    participants: u32,
    identities: Vec<Identity>,
    /// Index of the first spell of each identity, and the end of the last.
    first: Vec<u32>,
    spells: Vec<Spell>,
}

/// Parameters from which the sessions of a population follow.
#[derive(Clone, Debug)]
pub struct Demography<'a> {
    /// Number of participants at the start.
    pub participants: u32,
    pub sessions: Sessions<'a>,
    /// Time over which the initial sessions start; `None`: at time zero.
    pub join_over: Option<Duration>,
    pub crowds: Vec<Crowd>,
    /// End of arrivals and session starts.
    pub end: Time,
}

/// Source of the sessions.
#[derive(Clone, Debug)]
pub enum Sessions<'a> {
    Drawn(Box<Life>),
    Read(&'a Trace),
}

/// Churn, departures and arrivals by laws. Default: all participants are online from start to end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Life {
    pub churn: Option<Churn>,
    /// Classes with their churn, in place of `churn`.
    pub classes: Classes,
    pub departures: Option<Departures>,
    /// Mean seconds between two arrivals of new participants (Poisson); `None`: none.
    pub arrivals: Option<f64>,
    /// Pace of downtimes and of gaps between arrivals.
    pub pace: Pace,
    /// Regions of participants, if hours are local. Otherwise, and for the gaps between arrivals, all clocks are the
    /// run's.
    pub places: Option<Places>,
}

/// Permanent departures. They do not affect when participants are online: a replacement arrives when the departed one
/// would have returned.
#[derive(Clone, Debug, PartialEq)]
pub struct Departures {
    pub law: Parting,
    /// Whether the next incarnation of the participant replaces the departed one; otherwise the population shrinks.
    pub replaced: bool,
}

/// Rule for the last session of an identity.
#[derive(Clone, Debug, PartialEq)]
pub enum Parting {
    /// Probability that the end of a session is permanent: a geometric number of sessions.
    Probability(f64),
    /// Law of the lifetime in seconds from the start of the identity: the first end of a session after it is permanent.
    /// Initial identities have the equilibrium residual of it.
    Lifetime(Law),
}

/// New participants of a flash crowd, each with one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Number that identifies its draws.
    pub draws: u64,
    pub at: Time,
    pub arrivals: u32,
    /// Time over which they arrive, evenly spread.
    pub over: Duration,
    /// Session length of each.
    pub stay: Duration,
}

impl Timeline {
    /// Timeline of the sessions that start before the end.
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

    /// Timeline from each participant's spells with their incarnations; those from `count` on belong to flash crowds.
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

    /// All identities of the run.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Number of participants, those of flash crowds not counted.
    pub fn participants(&self) -> u32 {
        self.participants
    }

    /// Sessions of an identity, in order of time.
    pub fn spells(&self, identity: u32) -> &[Spell] {
        let identity = identity as usize;
        &self.spells[self.first[identity] as usize..self.first[identity + 1] as usize]
    }

    /// Session of an identity at a time.
    pub fn at(&self, identity: u32, now: Time) -> Option<&Spell> {
        let spells = self.spells(identity);
        let last = spells[..spells.partition_point(|spell| spell.begins <= now)].last()?;
        (now < last.ends).then_some(last)
    }

    /// Identity of a participant that is in a session at a time. O(its incarnations).
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

/// Churn parameters of a participant.
struct One<'a> {
    churn: Option<&'a Churn>,
    /// Offset of its clock from the run's.
    ahead: Duration,
}

/// Generator of the sessions of participants.
struct Draw<'a> {
    streams: &'a Streams,
    life: &'a Life,
    end: Time,
}

impl Draw<'_> {
    /// Draws the sessions of an initial participant.
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

    /// Draws the Poisson arrivals of new participants, numbered after the existing ones.
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

    /// Draws the sessions of a participant from the one that starts at `begins` and lasts `length`. Its identity ends
    /// at `dies`.
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

    /// Parameters of all incarnations of a participant.
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

    /// End of a downtime.
    fn after(&self, one: &One<'_>, from: Time, absence: Duration) -> Time {
        self.life.pace.after(from, absence, one.ahead, self.end)
    }

    /// Lifetime of an identity, by one way to draw from the law; unlimited without one.
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
