//! Daily variation of activity, and the clock that measures it.
//!
//! Every drawn duration (a gap between operations, a downtime) is taken as *work*, done at a pace that varies: a
//! renewal process in operational time. At pace 2 events are twice as frequent. So the draws are those of the
//! stationary process, and only their times move.

use libm::cos;

use crate::engine::{Duration, Time};

const HOUR: u64 = 3_600_000_000_000;
const HOURS: u64 = 24;

/// Factor for each local hour of the day, constant within the hour, with mean 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Daily([f64; HOURS as usize]);

impl Daily {
    /// Sinusoid 1 + `amplitude`·cos(2π·(h − `peak`)/24), evaluated in the middle of each hour h.
    pub fn sinusoid(amplitude: f64, peak: f64) -> Daily {
        let angle = |hour: usize| std::f64::consts::TAU * (hour as f64 + 0.5 - peak) / HOURS as f64;
        Daily(std::array::from_fn(|hour| 1.0 + amplitude * cos(angle(hour))))
    }

    /// Twenty-four numbers, which are divided by their mean; or an error.
    pub fn hours(said: &[f64]) -> Result<Daily, String> {
        let hours: [f64; HOURS as usize] =
            said.try_into().map_err(|_| format!("a day has 24 hours, and here are {}", said.len()))?;
        if let Some(wrong) = hours.iter().find(|hour| !(**hour >= 0.0 && hour.is_finite())) {
            return Err(format!("no hour can have {wrong}: write numbers from zero on"));
        }
        let sum: f64 = hours.iter().sum();
        if sum <= 0.0 {
            return Err("one hour at least must be above zero".into());
        }
        Ok(Daily(hours.map(|hour| hour * HOURS as f64 / sum)))
    }

    /// Factor at a time, for a clock that is `ahead`.
    pub fn factor(&self, at: Time, ahead: Duration) -> f64 {
        self.0[((at + ahead).as_nanos() / HOUR % HOURS) as usize]
    }
}

/// Pace of an activity over a run: a daily pattern times a factor that changes at given times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    pub daily: Option<Daily>,
    /// Factors, each from its time until the next, in order of time; 1 before the first.
    pub steps: Vec<(Time, f64)>,
}

impl Pace {
    /// Whether the pace is 1 from start to end.
    pub fn is_steady(&self) -> bool {
        self.daily.is_none() && self.steps.is_empty()
    }

    /// Factor at a time.
    pub fn factor(&self, at: Time, ahead: Duration) -> f64 {
        let step = self.steps.partition_point(|(from, _)| *from <= at);
        let step = step.checked_sub(1).map_or(1.0, |step| self.steps[step].1);
        step * self.daily.map_or(1.0, |daily| daily.factor(at, ahead))
    }

    /// End of `work`, measured at pace 1, that starts at `from`; [`Time::NEVER`] if not before `horizon`.
    ///
    /// O(hours and steps between).
    pub fn after(&self, from: Time, work: Duration, ahead: Duration, horizon: Time) -> Time {
        if self.is_steady() {
            return from + work;
        }
        let (mut now, mut left) = (from, work);
        while now < horizon {
            let factor = self.factor(now, ahead);
            let until = self.constant_until(now, ahead);
            let done = (until - now).mul_f64(factor);
            if factor > 0.0 && done >= left {
                let at = now + left.mul_f64(1.0 / factor);
                return if at < horizon { at } else { Time::NEVER };
            }
            left = left.saturating_sub(done);
            now = until;
        }
        Time::NEVER
    }

    /// Next time at which the factor may change.
    fn constant_until(&self, now: Time, ahead: Duration) -> Time {
        let step = self.steps.get(self.steps.partition_point(|(from, _)| *from <= now)).map_or(Time::NEVER, |s| s.0);
        if self.daily.is_none() {
            return step;
        }
        let local = (now + ahead).as_nanos();
        step.min(now + Duration::from_nanos(HOUR - local % HOUR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: f64) -> Time {
        Time::ZERO + Duration::from_secs_f64(hours * 3_600.0)
    }

    fn near(a: Time, b: Time) {
        assert!(a.as_nanos().abs_diff(b.as_nanos()) < 1_000, "{a} is not {b}");
    }

    #[test]
    fn a_days_factors_have_mean_one_and_peak_at_the_peak() {
        let daily = Daily::sinusoid(0.8, 20.5);
        let mean = (0..24).map(|hour| daily.factor(hours(f64::from(hour)), Duration::ZERO)).sum::<f64>() / 24.0;
        assert!((mean - 1.0).abs() < 1e-12, "{mean}");
        assert!((daily.factor(hours(20.7), Duration::ZERO) - 1.8).abs() < 1e-12);
        assert!((daily.factor(hours(8.0), Duration::ZERO) - 0.2).abs() < 1e-12);
        // Three hours ahead it is twenty already when it is 17 here; a day later the same.
        assert_eq!(
            daily.factor(hours(41.1), Duration::from_secs(3 * 3_600)),
            daily.factor(hours(20.0), Duration::ZERO)
        );
    }

    #[test]
    fn of_given_hours_only_the_shape_counts() {
        let mut shape = [1.0; 24];
        shape[3] = 0.0;
        shape[4] = 2.0;
        assert_eq!(Daily::hours(&shape), Daily::hours(&shape.map(|hour| hour * 7.0)));
        assert!(Daily::hours(&[1.0; 23]).unwrap_err().contains("24 hours"));
        assert!(Daily::hours(&[-1.0; 24]).unwrap_err().contains("-1"));
        assert!(Daily::hours(&[0.0; 24]).is_err());
    }

    #[test]
    fn work_is_done_at_the_pace_of_the_hours_and_steps_that_it_passes() {
        let pace = Pace { daily: None, steps: vec![(hours(1.0), 3.0), (hours(2.0), 0.0), (hours(5.0), 1.0)] };
        let after = |from: f64, work: f64| {
            pace.after(hours(from), Duration::from_secs_f64(work * 3_600.0), Duration::ZERO, hours(100.0))
        };
        near(after(0.0, 0.5), hours(0.5));
        near(after(0.0, 2.5), hours(1.5));
        near(after(0.5, 4.5), hours(6.0)); // half an hour, three of work in one, none in three, one
        assert_eq!(after(0.0, 1_000.0), Time::NEVER);
        let mut shape = [0.0; 24];
        shape[6] = 1.0;
        let morning = Pace { daily: Some(Daily::hours(&shape).unwrap()), steps: Vec::new() };
        let done = morning.after(Time::ZERO, Duration::from_secs(36 * 3_600), Duration::ZERO, hours(100.0));
        near(done, hours(30.5));
    }
}
