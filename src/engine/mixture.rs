//! Finite mixtures of laws: a draw takes a random component, and its value from that.
//!
//! With two exponential components this is the hyper-exponential law, more variable than exponential.

use std::sync::Arc;

use super::distribution::Law;
use super::random::Source;

/// Components of a mixture, at least one. Shared between copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture(Arc<[Component]>);

/// Law and its probability.
#[derive(Clone, Debug, PartialEq)]
struct Component {
    share: f64,
    law: Law,
}

impl Mixture {
    /// Mixture of laws with weights, which need not add up to one; or an error.
    pub fn new(weighted: Vec<(f64, Law)>) -> Result<Mixture, String> {
        if weighted.is_empty() {
            return Err("a mixture needs a component: write [{ weight = 1, law = … }, …]".to_owned());
        }
        if let Some((weight, _)) = weighted.iter().find(|(weight, _)| !(*weight > 0.0 && weight.is_finite())) {
            return Err(format!("`weight` must be above zero, and is {weight}"));
        }
        let sum: f64 = weighted.iter().map(|(weight, _)| weight).sum();
        if !sum.is_finite() {
            return Err("the weights are too large to be added".to_owned());
        }
        Ok(Mixture(weighted.into_iter().map(|(weight, law)| Component { share: weight / sum, law }).collect()))
    }

    /// Checks the components.
    pub fn check(&self) -> Result<(), String> {
        self.0.iter().try_for_each(|component| component.law.check())
    }

    /// Weighted mean over the components of a moment, probability or other mean.
    pub fn average(&self, of_component: impl Fn(&Law) -> f64) -> f64 {
        self.0.iter().map(|component| component.share * of_component(&component.law)).sum()
    }

    /// Draws a value.
    pub fn sample(&self, source: &mut impl Source) -> f64 {
        self.pick(source, |component| component.share).sample(source)
    }

    /// Draws the equilibrium residual: the interval that covers a random time belongs to a component in proportion to
    /// its share of time, not of draws.
    pub fn residual(&self, source: &mut impl Source) -> f64 {
        self.pick(source, |component| component.share * component.law.mean()).residual(source)
    }

    /// Law of `factor`·X.
    pub fn scaled(&self, factor: f64) -> Mixture {
        let scaled = |component: &Component| Component { law: component.law.scaled(factor), ..*component };
        Mixture(self.0.iter().map(scaled).collect())
    }

    /// Random component, by these weights. One draw.
    fn pick(&self, source: &mut impl Source, weight: impl Fn(&Component) -> f64) -> &Law {
        let mut left = source.unit() * self.0.iter().map(&weight).sum::<f64>();
        let chosen = self.0.iter().find(|component| {
            left -= weight(component);
            left < 0.0
        });
        // Rounding may leave a little.
        &chosen.or(self.0.last()).expect("there is a component").law
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Noise;

    #[test]
    fn weights_are_relative() {
        let of = |weights: [f64; 2]| {
            let laws = [Law::Constant(1.0), Law::Constant(5.0)];
            Mixture::new(weights.into_iter().zip(laws).collect()).unwrap()
        };
        assert_eq!(of([3.0, 1.0]), of([0.75, 0.25]));
        assert_eq!(of([3.0, 1.0]).average(Law::mean), 2.0);
        assert_eq!(of([3.0, 1.0]).scaled(2.0).average(Law::mean), 4.0);
    }

    #[test]
    fn what_is_no_mixture_is_refused() {
        let law = || Law::Constant(1.0);
        assert!(Mixture::new(Vec::new()).unwrap_err().contains("needs a component"));
        for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(
                Mixture::new(vec![(1.0, law()), (weight, law())]).unwrap_err().contains("`weight` must be above zero")
            );
        }
        assert!(Mixture::new(vec![(f64::MAX, law()), (f64::MAX, law())]).unwrap_err().contains("too large"));
        assert!(Mixture::new(vec![(1.0, Law::Constant(-1.0))]).unwrap().check().is_err());
    }

    #[test]
    fn intervals_of_no_length_cover_no_instant() {
        let mixture = Mixture::new(vec![(1.0, Law::Constant(0.0)), (1.0, Law::Exponential { mean: 1.0 })]).unwrap();
        let mut noise = Noise::new(1);
        assert!((0..1_000).all(|_| mixture.residual(&mut noise) > 0.0));
        let nothing = Mixture::new(vec![(1.0, Law::Constant(0.0))]).unwrap();
        assert_eq!(nothing.residual(&mut noise), 0.0);
    }
}
