//! Quantiles, by linear interpolation between order statistics: type 7 of Hyndman and Fan, "Sample quantiles in statistical
//! packages", The American Statistician 50 (1996), the default of R and NumPy.

/// Position of a quantile among ascending values, counted from zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Index of the value before it.
    pub below: usize,
    /// Fraction of the distance to the next value, below 1.
    pub share: f64,
}

impl Place {
    /// Position of the `p`-quantile of `values` values: h = (n − 1)·p. `None` without values.
    pub fn of(p: f64, values: usize) -> Option<Place> {
        debug_assert!((0.0..=1.0).contains(&p), "{p} is not a probability");
        let last = values.checked_sub(1)?;
        let h = last as f64 * p;
        let below = (h as usize).min(last);
        Some(Place { below, share: h - below as f64 })
    }
}

/// `p`-quantile of ascending values: with h = (n − 1)·p it is x₍⌊h⌋₎ + (h − ⌊h⌋)·(x₍⌊h⌋+1₎ − x₍⌊h⌋₎), counted from
/// zero. `None` without values.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let Place { below, share } = Place::of(p, sorted.len())?;
    let above = (below + 1).min(sorted.len() - 1);
    Some(sorted[below] + share * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        let values = [21.0, 40.0, 60.0, 80.0, 100.0, 120.0];
        let found = [0.0, 0.5, 0.95, 1.0].map(|p| quantile(&values, p).unwrap());
        assert_eq!(found, [21.0, 70.0, 115.0, 120.0]);
        assert_eq!((quantile(&[7.0], 0.3), quantile(&[], 0.3)), (Some(7.0), None));
    }
}
