//! Uses of a law, and the laws that are fit for each.

use super::distribution::Law;

/// Use of a law: the meaning of its draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LawUse {
    /// Independent values: delays, service times, sizes. Any law is fit.
    Values,
    /// Periods of which some are in progress at time zero, and which may be empty: downtimes, lifetimes. The
    /// equilibrium residual needs a finite mean.
    Periods,
    /// Consecutive periods of a renewal process: sessions, gaps. The mean must be above zero as well, or they never
    /// end.
    Renewals,
}

/// Error: a law unfit for its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Problem.
    pub message: String,
    /// Correction.
    pub help: Option<&'static str>,
}

impl Law {
    /// Checks that the law has valid parameters and is fit for a use.
    ///
    /// # Errors
    /// Parameters out of range; for [`LawUse::Periods`] and [`LawUse::Renewals`] an infinite mean, and for the
    /// latter a mean of zero.
    pub fn check_for(&self, usage: LawUse) -> Result<(), Unfit> {
        self.check().map_err(|message| Unfit { message, help: None })?;
        let unfit = |message: &str, help| Err(Unfit { message: message.to_owned(), help: Some(help) });
        let mean = self.mean();
        if usage != LawUse::Values && !mean.is_finite() {
            let help = "choose another law, or, for a Pareto law, a shape above 1";
            return unfit("a law without a finite mean has no stationary start", help);
        }
        if usage == LawUse::Renewals && mean <= 0.0 {
            return unfit(
                "periods of no length would follow one another for ever",
                "write a law with a mean above zero",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::{Mixture, Noise};

    /// Any law that a scenario may say: lengths from a nanosecond to the end of time, stretched by a million, and any number as shape.
    fn any_law() -> impl Strategy<Value = Law> {
        let shape = || prop_oneof![1e-3..1e3, 1e-300..1e300, Just(0.0), Just(f64::MAX), Just(5e-324)];
        let length = || prop_oneof![1e-3..1e3, 1e-15..1e-14, 1e15..1.9e16, Just(0.0)];
        let shaped = || (shape(), length());
        let both = || (length(), length());
        let single = prop_oneof![
            length().prop_map(Law::Constant),
            both().prop_map(|(low, high)| Law::Uniform { low, high }),
            length().prop_map(|mean| Law::Exponential { mean }),
            shaped().prop_map(|(shape, scale)| Law::Weibull { shape, scale }),
            shaped().prop_map(|(shape, scale)| Law::Pareto { shape, scale }),
            (-35.0..38.0, shape()).prop_map(|(mu, sigma)| Law::Lognormal { mu, sigma }),
            both().prop_map(|(mean, sd)| Law::Normal { mean, sd }),
            shaped().prop_map(|(shape, scale)| Law::Gamma { shape, scale }),
        ];
        let mixed = prop::collection::vec((1e-3..1e3, single.clone()), 1..4)
            .prop_map(|laws| Law::Mixture(Mixture::new(laws).expect("weights above zero")));
        prop_oneof![4 => single, 1 => mixed]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_is_accepted_can_be_drawn(law in any_law(), seed in any::<u64>()) {
            let mut noise = Noise::new(seed);
            if law.check_for(LawUse::Values).is_ok() {
                let value = law.sample(&mut noise);
                prop_assert!(value >= 0.0, "{law:?} drew {value}");
            }
            if law.check_for(LawUse::Periods).is_ok() {
                let left = law.residual(&mut noise);
                prop_assert!(left >= 0.0, "{law:?} left {left}");
            }
        }

        #[test]
        fn the_stricter_use_accepts_no_more(law in any_law()) {
            let accepts = [LawUse::Renewals, LawUse::Periods, LawUse::Values].map(|usage| law.check_for(usage).is_ok());
            prop_assert!(accepts.is_sorted(), "{law:?}: {accepts:?}");
            prop_assert!(!accepts[1] || law.mean().is_finite());
            prop_assert!(!accepts[0] || law.mean() > 0.0);
        }
    }

    #[test]
    fn a_use_that_does_not_fit_says_what_would() {
        let endless = Law::Pareto { shape: 1.0, scale: 1.0 };
        assert_eq!(endless.check_for(LawUse::Values), Ok(()));
        assert!(endless.check_for(LawUse::Periods).unwrap_err().help.unwrap().contains("a shape above 1"));
        let nothing = Law::Constant(0.0);
        assert_eq!(nothing.check_for(LawUse::Periods), Ok(()));
        assert!(nothing.check_for(LawUse::Renewals).unwrap_err().message.contains("no length"));
        assert!(Law::Exponential { mean: -1.0 }.check_for(LawUse::Values).unwrap_err().message.contains("`mean`"));
    }
}
