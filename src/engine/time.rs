//! Virtual time: an integer count of nanoseconds, so that no result depends on rounding.
//!
//! Floats are used only to convert a sampled or configured duration ([`Duration::from_secs_f64`]) and to report one
//! ([`Duration::as_secs_f64`]); they never hold time in between.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

const NANOS_PER_SEC: u64 = 1_000_000_000;

/// Point in virtual time: nanoseconds since the start of the run. Covers 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// Duration of virtual time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Time {
    /// Start of every run.
    pub const ZERO: Time = Time(0);
    /// Later than every event of every run.
    pub const NEVER: Time = Time(u64::MAX);

    /// Time `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start, for output only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// Duration from `earlier` to `self`, zero if `earlier` is the later one.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    pub const ZERO: Duration = Duration(0);
    /// Longer than every run.
    pub const MAX: Duration = Duration(u64::MAX);

    pub const fn from_nanos(nanos: u64) -> Duration {
        Duration(nanos)
    }

    pub const fn from_millis(millis: u64) -> Duration {
        Duration(millis * 1_000_000)
    }

    pub const fn from_secs(secs: u64) -> Duration {
        Duration(secs * NANOS_PER_SEC)
    }

    /// Duration rounded to the nearest nanosecond. Negative and NaN become zero, too large becomes [`Duration::MAX`].
    pub fn from_secs_f64(secs: f64) -> Duration {
        // A float-to-integer cast saturates, so no case needs a branch.
        Duration((secs * NANOS_PER_SEC as f64 + 0.5) as u64)
    }

    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds, for output only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// Milliseconds, for output only.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// `self − other`, zero if `other` is the longer.
    pub const fn saturating_sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }

    /// `self · factor`, rounded to the nearest nanosecond, saturating.
    pub fn mul_f64(self, factor: f64) -> Duration {
        Duration((self.0 as f64 * factor + 0.5) as u64)
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// Sum, saturating at [`Time::NEVER`].
    fn add(self, length: Duration) -> Time {
        Time(self.0.saturating_add(length.0))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, length: Duration) {
        *self = *self + length;
    }
}

impl Sub for Time {
    type Output = Duration;

    /// Duration between two times; panics in debug builds if `earlier` is the later one.
    fn sub(self, earlier: Time) -> Duration {
        debug_assert!(earlier <= self, "time runs backwards: {earlier} after {self}");
        self.since(earlier)
    }
}

impl Add for Duration {
    type Output = Duration;

    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Duration) {
        *self = *self + other;
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Duration(self.0))
    }
}

impl fmt::Display for Duration {
    /// Writes the duration in the largest unit that keeps the number readable: `90s`, `2.5h`, `78ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.as_secs_f64();
        match secs {
            s if s >= 172_800.0 => write!(f, "{}d", s / 86_400.0),
            s if s >= 7_200.0 => write!(f, "{}h", s / 3_600.0),
            s if s >= 120.0 => write!(f, "{}min", s / 60.0),
            s if s >= 1.0 || self.0 == 0 => write!(f, "{s}s"),
            s if s >= 1e-3 => write!(f, "{}ms", s * 1e3),
            s if s >= 1e-6 => write!(f, "{}us", s * 1e6),
            _ => write!(f, "{}ns", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_to_the_nearest_nanosecond_and_saturate() {
        assert_eq!(Duration::from_secs_f64(1.25), Duration::from_millis(1250));
        assert_eq!(Duration::from_secs_f64(-3.0), Duration::ZERO);
        assert_eq!(Duration::from_secs_f64(f64::NAN), Duration::ZERO);
        assert_eq!(Duration::from_secs_f64(1e30), Duration::MAX);
    }

    #[test]
    fn never_stays_never() {
        assert_eq!(Time::NEVER + Duration::from_secs(1), Time::NEVER);
        assert_eq!(Time::ZERO + Duration::MAX, Time::NEVER);
    }

    #[test]
    fn lengths_read_in_the_largest_fitting_unit() {
        assert_eq!(Duration::from_secs(90).to_string(), "90s");
        assert_eq!(Duration::from_secs(9_000).to_string(), "2.5h");
        assert_eq!(Duration::from_millis(78).to_string(), "78ms");
        assert_eq!(Duration::ZERO.to_string(), "0s");
    }
}
