//! How long a client waits before it sends a request again: exponential back-off with full jitter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::engine::{Duration, Noise, Source};

/// Exponential backoff before retries. The defaults are those of the AWS SDKs' standard retry mode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// Pause before the first retry. Default 1 s.
    pub base: Duration,
    /// Factor from one pause to the next, at least 1. Default 2: the pause doubles.
    pub factor: f64,
    /// Longest pause. Default 20 s.
    pub cap: Duration,
    /// Full jitter: whether a pause is uniform between zero and that length, so that clients that failed together do
    /// not retry together (Brooker, Exponential Backoff and Jitter, AWS 2015). Default true.
    pub jitter: bool,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { base: Duration::from_secs(1), factor: 2.0, cap: Duration::from_secs(20), jitter: true }
    }
}

impl Backoff {
    /// # Errors
    ///
    /// What is wrong with the values; keys are those below `backoff`.
    pub fn check(&self) -> Result<(), Problem> {
        Problem::unless(self.base > Duration::ZERO, "backoff.base", "must be longer than zero, as in \"1s\"")?;
        let grows = self.factor.is_finite() && self.factor >= 1.0;
        Problem::unless(grows, "backoff.factor", "must be at least 1: a pause is not shorter than the one before")?;
        Problem::unless(self.cap >= self.base, "backoff.cap", "must be at least as long as `base`, the first pause")
    }

    /// The pause before a request is sent again that was sent again `retries` times before.
    pub fn pause(&self, retries: u8, noise: &mut Noise) -> Duration {
        let secs = self.secs(retries);
        Duration::from_secs_f64(if self.jitter { secs * noise.unit() } else { secs })
    }

    /// Longest pause before a request is sent again: without jitter.
    pub fn longest(&self, retries: u8) -> Duration {
        Duration::from_secs_f64(self.secs(retries))
    }

    fn secs(&self, retries: u8) -> f64 {
        let cap = self.cap.as_secs_f64();
        (0..retries).fold(self.base.as_secs_f64(), |secs, _| (secs * self.factor).min(cap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_by_the_factor_up_to_the_cap() {
        let backoff = Backoff { jitter: false, ..Backoff::default() };
        let pauses = [0, 1, 2, 3, 4, 5, 255].map(|retries| backoff.pause(retries, &mut Noise::new(1)));
        assert_eq!(pauses, [1, 2, 4, 8, 16, 20, 20].map(Duration::from_secs));
    }

    #[test]
    fn full_jitter_draws_uniformly_between_nothing_and_the_pause() {
        let mut noise = Noise::new(1);
        let pauses: Vec<f64> = (0..10_000).map(|_| Backoff::default().pause(2, &mut noise).as_secs_f64()).collect();
        let mean = pauses.iter().sum::<f64>() / 1e4;
        let below_one = pauses.iter().filter(|pause| **pause < 1.0).count();
        assert!(pauses.iter().all(|pause| (0.0..4.0).contains(pause)));
        assert!((mean - 2.0).abs() < 0.05, "{mean}");
        assert!((2350..2650).contains(&below_one), "{below_one} of 10,000 in the first quarter");
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_key() {
        let key = |backoff: Backoff| backoff.check().unwrap_err().key;
        let fine = Backoff::default();
        assert_eq!(fine.check(), Ok(()));
        assert_eq!(key(Backoff { base: Duration::ZERO, ..fine }), "backoff.base");
        assert_eq!(key(Backoff { factor: 0.5, ..fine }), "backoff.factor");
        assert_eq!(key(Backoff { factor: f64::NAN, ..fine }), "backoff.factor");
        assert_eq!(key(Backoff { cap: Duration::from_millis(1), ..fine }), "backoff.cap");
    }
}
