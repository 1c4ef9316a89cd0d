//! Normal law: functions shared by the laws based on it.

use std::f64::consts::{PI, SQRT_2};

use libm::{cos, erfc, exp, hypot, log, sqrt};

use super::random::Source;

/// Standard normal variate. Two draws; the sine, which would give a second variate, is not used, so that no state is
/// kept between calls.
pub fn standard_normal(source: &mut impl Source) -> f64 {
    let radius = sqrt(-2.0 * log(source.unit_above_zero()));
    radius * cos(2.0 * PI * source.unit())
}

/// Length-biased normal variate, with density ∝ x·φ((x − mean)/sd) above zero, by rejection. Because y ≤ e^(y−1) for y
/// = x/mode, a normal of equal width around the mode (which solves mode = mean + sd²/mode) lies above it. Accepted are
/// 99 % for sd = mean/10 and at least 65 % for any sd.
pub(super) fn length_biased_normal(mean: f64, sd: f64, source: &mut impl Source) -> f64 {
    let mode = (mean + hypot(mean, 2.0 * sd)) / 2.0;
    loop {
        let y = 1.0 + sd / mode * standard_normal(source);
        if y > 0.0 && source.unit() < y * exp(1.0 - y) {
            return mode * y;
        }
    }
}

/// Cumulative distribution function P(Z ≤ z) of the standard normal law.
pub(super) fn normal_cdf(z: f64) -> f64 {
    erfc(-z / SQRT_2) / 2.0
}

/// Density of the standard normal law.
pub(super) fn normal_density(z: f64) -> f64 {
    exp(-z * z / 2.0) / sqrt(2.0 * PI)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::goodness::kolmogorov_smirnov;
    use crate::engine::random::Noise;

    #[test]
    fn standard_normals_follow_their_law_on_both_sides_of_zero() {
        let mut noise = Noise::new(21);
        let mut sample: Vec<f64> = (0..100_000).map(|_| standard_normal(&mut noise)).collect();
        let p = kolmogorov_smirnov(&mut sample, normal_cdf);
        assert!(p > 0.001, "p = {p}");
        // Two-sided 5 % of the standard normal lie beyond 1.959964.
        assert!((normal_cdf(-1.959_964) - 0.025).abs() < 1e-8);
    }
}
