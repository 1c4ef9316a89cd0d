//! Churn: participants alternate between sessions and downtimes, each with its own law, from a stationary start.

use super::{SessionId, entity};
use crate::engine::{Duration, Law, Purpose, Source, Streams};

const START: Purpose = Purpose::new("churn start");
const SESSION: Purpose = Purpose::new("session");
const DOWNTIME: Purpose = Purpose::new("downtime");
const GRACEFUL: Purpose = Purpose::new("graceful");

/// Alternating renewal process of each participant, independent of the others; laws in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Churn {
    /// Session length.
    pub session: Law,
    /// Length of the downtime after a session.
    pub downtime: Law,
}

impl Churn {
    /// Churn with both laws scaled by `time_scale`: the churn rate changes, the availability does not.
    #[must_use]
    pub fn scaled(&self, time_scale: f64) -> Churn {
        Churn { session: self.session.scaled(time_scale), downtime: self.downtime.scaled(time_scale) }
    }

    /// Availability: long-run share of time online, E\[up\]/(E\[up\] + E\[down\]).
    pub fn availability(&self) -> f64 {
        self.session.mean() / (self.session.mean() + self.downtime.mean())
    }

    /// Number of session starts per second among `participants`.
    pub fn join_rate(&self, participants: f64) -> f64 {
        participants / (self.session.mean() + self.downtime.mean())
    }

    /// State of a participant at time zero, drawn from the stationary process: whether it is online, and for how long.
    /// The probability of online is the availability; the remaining time has the equilibrium residual law (fresh
    /// sessions at time zero would churn heavy-tailed laws about twice too fast).
    pub fn start(&self, streams: &Streams, participant: u32, incarnation: u32) -> (bool, Duration) {
        let mut source = streams.stream(START, entity(participant, incarnation));
        let online = source.chance(self.availability());
        let law = if online { &self.session } else { &self.downtime };
        (online, law.residual_duration(&mut source))
    }

    /// Length of a session that starts after time zero.
    pub fn session(&self, streams: &Streams, session: SessionId) -> Duration {
        let mut source = streams.part(SESSION, session.entity(), u64::from(session.number));
        self.session.sample_duration(&mut source)
    }

    /// Length of the downtime after a session.
    pub fn downtime(&self, streams: &Streams, session: SessionId) -> Duration {
        let mut source = streams.part(DOWNTIME, session.entity(), u64::from(session.number));
        self.downtime.sample_duration(&mut source)
    }
}

/// Whether a session ends gracefully, with notice, which has this probability.
pub fn ends_gracefully(streams: &Streams, session: SessionId, probability: f64) -> bool {
    streams.part(GRACEFUL, session.entity(), u64::from(session.number)).chance(probability)
}

#[cfg(test)]
mod tests {
    use libm::pow;

    use super::*;
    use crate::engine::Time;
    use crate::engine::goodness::{gamma_cdf, kolmogorov_smirnov};
    use crate::population::presets::preset;

    const HOUR: f64 = 3_600.0;
    const PARTICIPANTS: u32 = 100_000;

    fn kad() -> Churn {
        preset("kad").and_then(|preset| preset.churn()).expect("kad has both laws")
    }

    /// The instants at which a participant's state changes, up to `end`, and whether it is online at time zero.
    fn replay(churn: &Churn, streams: &Streams, participant: u32, end: Time) -> (bool, Vec<Time>) {
        let (online, left) = churn.start(streams, participant, 0);
        let mut changes = vec![Time::ZERO + left];
        let mut session = SessionId { participant, incarnation: 0, number: 0 };
        let mut now_online = !online;
        while *changes.last().expect("there is a first") < end {
            let length = if now_online {
                session.number += 1;
                churn.session(streams, session)
            } else {
                churn.downtime(streams, session)
            };
            changes.push(*changes.last().expect("there is a first") + length);
            now_online = !now_online;
        }
        (online, changes)
    }

    /// Of each participant, whether it is online at each of these hours.
    fn states(churn: &Churn, seed: u64, hours: &[f64]) -> Vec<Vec<bool>> {
        let streams = Streams::new(seed);
        let instants: Vec<Time> = hours.iter().map(|h| Time::ZERO + Duration::from_secs_f64(h * HOUR)).collect();
        let end = *instants.last().expect("there are instants");
        let states = |participant| {
            let (online, changes) = replay(churn, &streams, participant, end);
            let at = |&instant| online ^ (changes.partition_point(|&change| change <= instant) % 2 == 1);
            instants.iter().map(at).collect()
        };
        (0..PARTICIPANTS).map(states).collect()
    }

    #[test]
    fn a_fifth_of_the_kad_participants_is_online_at_every_instant_from_time_zero_on() {
        let hours: Vec<f64> = (0..20).map(|i| f64::from(i) * 24.0 / 19.0).collect();
        let states = states(&kad(), 1, &hours);
        for (i, hour) in hours.iter().enumerate() {
            let share = states.iter().filter(|states| states[i]).count() as f64 / f64::from(PARTICIPANTS);
            assert!((share - 0.214).abs() < 0.005, "{share} are online after {hour} h");
        }
    }

    #[test]
    fn who_is_online_now_is_online_later_with_the_published_probability() {
        let states = states(&kad(), 2, &[0.0, 1.0, 2.5, 12.0, 24.0]);
        let up: Vec<_> = states.iter().filter(|states| states[0]).collect();
        for (i, expected) in [(1, 0.86), (2, 0.735), (3, 0.44), (4, 0.33)] {
            let share = up.iter().filter(|states| states[i]).count() as f64 / up.len() as f64;
            assert!((share - expected).abs() < 0.01, "{share} for {expected}");
        }
    }

    #[test]
    fn what_is_left_at_time_zero_has_the_equilibrium_law() {
        let (churn, streams) = (kad(), Streams::new(3));
        for (state, law) in [(true, &churn.session), (false, &churn.downtime)] {
            let Law::Weibull { shape, scale } = *law else { panic!("kad has Weibull laws") };
            let mut left: Vec<f64> = (0..PARTICIPANTS)
                .map(|participant| churn.start(&streams, participant, 0))
                .filter(|&(online, _)| online == state)
                .map(|(_, left)| left.as_secs_f64())
                .collect();
            let p = kolmogorov_smirnov(&mut left, |x| gamma_cdf(1.0 / shape, pow(x / scale, shape)));
            assert!(p > 0.001, "online {state}: p = {p}");
        }
    }

    #[test]
    fn sessions_begin_at_the_join_rate() {
        let (churn, streams) = (kad(), Streams::new(4));
        let end = Time::ZERO + Duration::from_secs(24 * 3_600);
        let joins = |participant| {
            let (online, changes) = replay(&churn, &streams, participant, end);
            // The last change is after the end.
            (changes.len() - 1 + usize::from(!online)) / 2
        };
        let observed = (0..PARTICIPANTS).map(joins).sum::<usize>() as f64;
        let expected = churn.join_rate(f64::from(PARTICIPANTS)) * 24.0 * HOUR;
        assert!((observed / expected - 1.0).abs() < 0.01, "{observed} sessions for {expected}");
    }

    #[test]
    fn a_time_scale_stretches_every_session_and_leaves_availability() {
        let (churn, streams) = (kad(), Streams::new(5));
        let slow = churn.scaled(4.0);
        assert!((slow.availability() - churn.availability()).abs() < 1e-12);
        assert!((slow.join_rate(1.0) * 4.0 / churn.join_rate(1.0) - 1.0).abs() < 1e-12);
        for number in 0..100 {
            let session = SessionId { participant: 7, incarnation: 0, number };
            let (a, b) = (churn.session(&streams, session), slow.session(&streams, session));
            assert!(a.as_nanos().abs_diff(b.as_nanos() / 4) <= 1, "{a} and {b}");
        }
    }

    #[test]
    fn each_session_and_incarnation_has_its_own_draws() {
        let (churn, streams) = (kad(), Streams::new(6));
        let length =
            |participant, incarnation, number| churn.session(&streams, SessionId { participant, incarnation, number });
        assert_eq!(length(1, 0, 3), length(1, 0, 3));
        let others = [length(2, 0, 3), length(1, 1, 3), length(1, 0, 4), length(3, 0, 1)];
        assert!(others.iter().all(|&other| other != length(1, 0, 3)));
        assert_ne!(churn.start(&streams, 1, 0).1, churn.start(&streams, 1, 1).1);
    }

    #[test]
    fn a_share_of_the_sessions_ends_gracefully() {
        let streams = Streams::new(7);
        let session = |number| SessionId { participant: 9, incarnation: 0, number };
        let graceful = (0..10_000).filter(|&number| ends_gracefully(&streams, session(number), 0.3)).count();
        assert!((2_860..3_140).contains(&graceful), "{graceful} of 10,000 is three deviations from 3,000");
        assert!((0..100).all(|number| !ends_gracefully(&streams, session(number), 0.0)));
        assert!((0..100).all(|number| ends_gracefully(&streams, session(number), 1.0)));
    }
}
