//! Goodness of fit, for tests: Kolmogorov–Smirnov, chi-square, and the gamma law's cdf.

use libm::{exp, lgamma, log, sqrt};

/// p-value of the Kolmogorov–Smirnov test of a sample against the continuous law `cdf`. Sorts the sample.
///
/// The asymptotic law of Kolmogorov with Stephens' correction for the size (Biometrika 1970): good from five draws on.
pub(crate) fn kolmogorov_smirnov(sample: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let distance = (0..).zip(sample.iter()).fold(0.0f64, |distance, (i, &x)| {
        let (i, expected) = (f64::from(i), cdf(x));
        distance.max(expected - i / n).max((i + 1.0) / n - expected)
    });
    let scaled = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) * distance;
    let term = |j: i32| 2.0 * exp(-2.0 * f64::from(j * j) * scaled * scaled) * if j % 2 == 1 { 1.0 } else { -1.0 };
    if scaled < 0.2 { 1.0 } else { (1..100).map(term).sum::<f64>().clamp(0.0, 1.0) }
}

/// p-value of the chi-square test of counts against their expectations.
pub(crate) fn chi_square(observed: &[f64], expected: &[f64]) -> f64 {
    let distance: f64 = observed.iter().zip(expected).map(|(o, e)| (o - e) * (o - e) / e).sum();
    1.0 - gamma_cdf((observed.len() - 1) as f64 / 2.0, distance / 2.0)
}

/// Regularised lower incomplete gamma function P(a, x): the cdf of a gamma law of shape `a` and scale 1.
///
/// The power series below a + 1 and Legendre's continued fraction (by Lentz's method) above, where each converges
/// (Abramowitz & Stegun 6.5.29 and 6.5.31).
pub(crate) fn gamma_cdf(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = exp(a * log(x) - x - lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-16 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return front * sum;
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut fraction = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    1.0 - front * fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Noise, Source};

    #[test]
    fn the_incomplete_gamma_function_has_its_tabled_values() {
        // P(1, x) = 1 − e^−x; P(½, x) = erf(√x); P(2, x) = 1 − (1 + x)·e^−x.
        for x in [0.01, 0.5, 1.0, 2.5, 10.0, 40.0] {
            assert!((gamma_cdf(1.0, x) - (1.0 - exp(-x))).abs() < 1e-13, "at {x}");
            assert!((gamma_cdf(0.5, x) - libm::erf(sqrt(x))).abs() < 1e-13, "at {x}");
            assert!((gamma_cdf(2.0, x) - (1.0 - (1.0 + x) * exp(-x))).abs() < 1e-13, "at {x}");
        }
    }

    #[test]
    fn the_tests_accept_what_is_right_and_reject_what_is_slightly_wrong() {
        let mut noise = Noise::new(3);
        let mut sample: Vec<f64> = (0..50_000).map(|_| noise.unit()).collect();
        assert!(kolmogorov_smirnov(&mut sample, |x| x) > 0.01);
        assert!(kolmogorov_smirnov(&mut sample, |x| libm::pow(x, 1.03)) < 1e-4);
        assert!(chi_square(&[1010.0, 990.0, 1000.0], &[1000.0; 3]) > 0.9);
        assert!(chi_square(&[1100.0, 900.0, 1000.0], &[1000.0; 3]) < 1e-4);
    }

    #[test]
    fn critical_distances_are_the_tabled_ones() {
        // The 5 % points: D·√n = 1.358 for large n; chi-square 3.841 for one degree of freedom and 16.919 for nine.
        let mut grid: Vec<f64> = (0..100_000).map(|i| f64::from(i) / 1e5).collect();
        let shift = 1.358 / sqrt(1e5);
        assert!((kolmogorov_smirnov(&mut grid, |x| x + shift) - 0.05).abs() < 0.001);
        assert!((1.0 - gamma_cdf(0.5, 3.841 / 2.0) - 0.05).abs() < 1e-4);
        assert!((1.0 - gamma_cdf(4.5, 16.919 / 2.0) - 0.05).abs() < 1e-4);
    }
}
