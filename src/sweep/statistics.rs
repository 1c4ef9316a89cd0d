//! Statistics of repetitions: mean, spread, and confidence interval.

use crate::measure::outcome::quantile;

/// Summary of the repetitions of one metric at one parameter point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Number of repetitions that have the metric.
    pub n: usize,
    /// Arithmetic mean, Σx/n.
    pub mean: f64,
    /// Sample standard deviation, √(Σ(x − mean)²/(n − 1)); `None` for n = 1.
    pub sd: Option<f64>,
    /// Student's 95 % confidence interval of the mean, mean ± t₀.₉₇₅,ₙ₋₁ · sd/√n ("Student" [W. S. Gosset], "The
    /// probable error of a mean", Biometrika 6, 1908); `None` for n = 1. Valid if the means of repetitions are about
    /// normal: for ratios close to 0 or 1 the interval may exceed \[0, 1\].
    pub ci95: Option<(f64, f64)>,
    pub min: f64,
    /// First quartile, of type 7 (see [`quantile`]).
    pub p25: f64,
    pub median: f64,
    pub p75: f64,
    pub max: f64,
}

impl Summary {
    /// Summarises `values`, which are added in the order given. `None` without values.
    pub fn of(values: &[f64]) -> Option<Summary> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
        let ci95 = sd.map(|sd| {
            let half = t_975(n - 1) * sd / (n as f64).sqrt();
            (mean - half, mean + half)
        });
        let at = |p| quantile(&sorted, p).expect("there is a value");
        Some(Summary { n, mean, sd, ci95, min, p25: at(0.25), median: at(0.5), p75: at(0.75), max })
    }
}

/// 0.975-quantile of Student's t with `freedom` degrees of freedom, to about 12 digits. O(`freedom`).
///
/// With θ = arctan(t/√ν) the probability of |T| ≤ t is a finite sum of powers of cos θ (Abramowitz & Stegun, *Handbook
/// of Mathematical Functions*, 1964, 26.7.3 and 26.7.4). It grows with θ, so the θ at 0.95 is found by bisection.
///
/// # Panics
/// Without a degree of freedom.
pub fn t_975(freedom: usize) -> f64 {
    assert!(freedom > 0, "one value has no spread");
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if two_sided(middle, freedom) < 0.95 { low = middle } else { high = middle }
    }
    let theta = (low + high) / 2.0;
    (freedom as f64).sqrt() * libm::sin(theta) / libm::cos(theta)
}

/// Probability P(|T| ≤ √ν·tan θ) for ν degrees of freedom.
fn two_sided(theta: f64, freedom: usize) -> f64 {
    let (sin, cos) = (libm::sin(theta), libm::cos(theta));
    // Each term is the one before times cos²θ·j/(j + 1), where j runs over the even numbers for odd ν and over the odd ones
    // for even ν.
    let odd = freedom % 2 == 1;
    let first = if odd { cos } else { 1.0 };
    let terms = std::iter::successors(Some((first, if odd { 2 } else { 1 })), |&(term, j)| {
        Some((term * cos * cos * j as f64 / (j + 1) as f64, j + 2))
    });
    let sum: f64 = terms.take(freedom / 2).map(|(term, _)| term).sum();
    if odd { (theta + sin * sum) * std::f64::consts::FRAC_2_PI } else { sin * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_are_those_of_the_tables() {
        // Abramowitz & Stegun, table 26.10, and NIST/SEMATECH e-Handbook 1.3.6.7.2.
        let published = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (10, 2.228),
            (19, 2.093),
            (30, 2.042),
            (60, 2.000),
            (100, 1.984),
        ];
        for (freedom, t) in published {
            assert!((t_975(freedom) - t).abs() < 5.1e-4, "t with {freedom} degrees: {}, not {t}", t_975(freedom));
        }
        assert!((t_975(10_000) - 1.960).abs() < 5.1e-4, "many degrees are the normal law");
    }

    #[test]
    fn one_and_two_degrees_have_closed_forms() {
        // Cauchy: tan(0.475·π); two degrees: 0.95·√(2/(1 − 0.95²)).
        let angle = 0.475 * std::f64::consts::PI;
        assert!((t_975(1) - libm::tan(angle)).abs() < 1e-9);
        assert!((t_975(2) - 0.95 * (2.0_f64 / (1.0 - 0.95 * 0.95)).sqrt()).abs() < 1e-10);
    }

    #[test]
    fn the_interval_is_students() {
        // Gosset's own data (1908, section IX): hours of sleep gained by ten patients, drug 2 less drug 1.
        let gained = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let summary = Summary::of(&gained).unwrap();
        assert!((summary.mean - 1.58).abs() < 1e-12);
        assert!((summary.sd.unwrap() - 1.2300).abs() < 1e-4);
        let (low, high) = summary.ci95.unwrap();
        assert!((low - 0.7001).abs() < 1e-4 && (high - 2.4599).abs() < 1e-4, "{low} to {high}");
        assert_eq!((summary.n, summary.min, summary.max), (10, 0.0, 4.6));
        assert!((summary.median - 1.3).abs() < 1e-12);
    }

    #[test]
    fn one_value_has_no_interval_and_none_no_summary() {
        let one = Summary::of(&[3.0]).unwrap();
        assert_eq!((one.mean, one.sd, one.ci95, one.median), (3.0, None, None, 3.0));
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        let summary = Summary::of(&[0.25; 4]).unwrap();
        assert_eq!((summary.sd, summary.ci95), (Some(0.0), Some((0.25, 0.25))));
    }
}
