//! Zipf law of popularity.

use libm::pow;

use super::random::Source;

/// Zipf law over the ranks `0 .. count`: rank i has probability ∝ (i + 1)^−exponent, as do requests for files (Breslau
/// et al., INFOCOM 1999, measure exponents of 0.64 to 0.83 for the web).
///
/// An exact table of cumulative probabilities, 8 bytes per rank; a draw is a binary search.
#[derive(Clone, Debug, PartialEq)]
pub struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    /// Zipf law; an exponent of 0 is the uniform law. O(count).
    ///
    /// Panics if `count` is zero, or the exponent is negative or not finite.
    pub fn new(count: u32, exponent: f64) -> Zipf {
        assert!(count > 0, "a Zipf law needs at least one rank");
        assert!(exponent >= 0.0 && exponent.is_finite(), "a Zipf law's exponent is not negative: {exponent}");
        let mut total = 0.0;
        let mut cumulative: Vec<f64> = (1..=count)
            .map(|place| {
                total += pow(f64::from(place), -exponent);
                total
            })
            .collect();
        for value in &mut cumulative {
            *value /= total;
        }
        Zipf { cumulative }
    }

    /// Draws a rank. One draw. O(log count).
    pub fn sample(&self, source: &mut impl Source) -> u32 {
        let unit = source.unit();
        // The last value is total/total = 1, above every unit.
        self.cumulative.partition_point(|&below| below <= unit) as u32
    }

    /// Number of ranks.
    pub fn count(&self) -> u32 {
        self.cumulative.len() as u32
    }

    /// Probability of a rank.
    ///
    /// Panics on a rank that is not below the count.
    pub fn probability(&self, rank: u32) -> f64 {
        let rank = rank as usize;
        self.cumulative[rank] - if rank == 0 { 0.0 } else { self.cumulative[rank - 1] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::goodness::chi_square;
    use crate::engine::random::Noise;

    #[test]
    fn ranks_are_drawn_in_their_shares() {
        for exponent in [0.0, 0.9, 1.0, 2.0] {
            let zipf = Zipf::new(20, exponent);
            let mut noise = Noise::new(11);
            let mut counts = [0.0; 20];
            for _ in 0..100_000 {
                counts[zipf.sample(&mut noise) as usize] += 1.0;
            }
            let expected: Vec<f64> = (0..20).map(|rank| 1e5 * zipf.probability(rank)).collect();
            let p = chi_square(&counts, &expected);
            assert!(p > 0.001, "exponent {exponent}: p = {p}");
        }
    }

    #[test]
    fn shares_fall_with_the_power_of_the_rank() {
        let zipf = Zipf::new(1000, 0.8);
        for rank in [1, 9, 99, 999u32] {
            let expected = zipf.probability(0) * pow(f64::from(rank + 1), -0.8);
            assert!((zipf.probability(rank) / expected - 1.0).abs() < 1e-9, "rank {rank}");
        }
        // The harmonic number H₁₀₀₀ = 7.4854708605…
        assert!((Zipf::new(1000, 1.0).probability(0) * 7.485_470_860_550_345 - 1.0).abs() < 1e-12);
        assert!((Zipf::new(4, 0.0).probability(3) - 0.25).abs() < 1e-15);
    }

    #[test]
    fn draws_keep_their_golden_values() {
        let zipf = Zipf::new(1000, 0.9);
        let mut noise = Noise::new(42);
        assert_eq!([(); 6].map(|()| zipf.sample(&mut noise)), GOLDEN);
    }

    /// The first draws from `Noise::new(42)`.
    const GOLDEN: [u32; 6] = [230, 2, 7, 13, 0, 486];
}
