//! Axes: positions of values, and labels of ticks.

/// Scale of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    /// Logarithmic: equal ratios have equal lengths. Values must be positive.
    Log,
    /// Logarithmic, with a separate position for zero (and everything below the first decade) at the left end.
    LogAndZero,
    /// Categories, evenly spaced by their numbers: each has a name, vertical along x, and no line.
    Names,
}

/// Axis of a panel: its label with the unit, its range and its ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub label: String,
    pub scale: Scale,
    /// Lower end of the range, in the values' unit.
    pub low: f64,
    /// Upper end of the range, in the values' unit.
    pub high: f64,
    /// Positions of labels, and the labels.
    pub ticks: Vec<(f64, String)>,
    /// Positions of faint lines without labels.
    pub minor: Vec<f64>,
}

/// Start of the decades on an axis with a position for zero, as a share of its length.
const ZERO_ROOM: f64 = 0.07;

impl Axis {
    /// Linear axis over `low ..= high`, widened to whole ticks.
    pub(super) fn linear(label: impl Into<String>, low: f64, high: f64) -> Axis {
        Axis::steps(label.into(), low, high, 1.0, 5.0)
    }

    /// Linear axis that ends with the values, for time.
    pub(super) fn exact(label: impl Into<String>, low: f64, high: f64) -> Axis {
        let mut axis = Axis::steps(label.into(), low, high, 1.0, 8.0);
        if high > low {
            let room = (high - low) * 1e-6;
            (axis.low, axis.high) = (low, high);
            axis.ticks.retain(|(at, _)| (low - room..=high + room).contains(at));
        }
        axis
    }

    /// Linear axis for shares of one, in per cent. It ends at 100 % if the values do.
    pub(super) fn percent(label: impl Into<String>, low: f64, high: f64) -> Axis {
        // One value alone still shows what a hundredth is.
        let (low, high) = match high - low > 1e-9 {
            true => (low, high),
            false if high < 0.01 => (0.0, 0.01),
            false => (high - 0.01, high),
        };
        let mut axis = Axis::steps(label.into(), low, high, 100.0, 5.0);
        axis.low = axis.low.max(0.0);
        if high <= 1.0 { axis.until(1.0) } else { axis }
    }

    /// Axis cut at `most`, which no value exceeds.
    pub(super) fn until(mut self, most: f64) -> Axis {
        if self.high > most {
            self.high = most;
            self.ticks.retain(|(at, _)| *at < most + 1e-9);
        }
        self
    }

    /// Logarithmic axis for shares of one, in per cent, as [`Axis::log`].
    pub(super) fn log_percent(label: impl Into<String>, low: f64, high: f64, zero: bool) -> Axis {
        let mut axis = Axis::log(label, low * 100.0, high * 100.0, zero);
        (axis.low, axis.high) = (axis.low / 100.0, axis.high / 100.0);
        axis.ticks.iter_mut().for_each(|(at, _)| *at /= 100.0);
        axis.minor.iter_mut().for_each(|at| *at /= 100.0);
        axis.until(1.0)
    }

    /// Axis of about `pieces` steps of a round length; numbers are multiplied by `factor` for display.
    fn steps(label: String, low: f64, high: f64, factor: f64, pieces: f64) -> Axis {
        let (low, high) = match high - low > 1e-9 * high.abs().max(low.abs()) {
            true => (low, high),
            // One value alone: down, or up, to zero.
            false if high > 0.0 => (0.0, high),
            false if low < 0.0 => (low, 0.0),
            false => (0.0, 1.0),
        };
        let step = nice_step((high - low) * factor / pieces) / factor;
        // A hair of tolerance, so that 0.7 / 0.1 is seven steps and not six.
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let count = (last - first) as usize;
        let top = first.abs().max(last.abs()) * step * factor;
        let tick = |i: usize| {
            let at = (first + i as f64) * step;
            (at, number(at * factor, Some(step * factor), top))
        };
        let ticks = (0..=count).map(tick).collect();
        Axis { label, scale: Scale::Linear, low: first * step, high: last * step, ticks, minor: Vec::new() }
    }

    /// Logarithmic axis over `low ..= high`, both positive; `zero` adds a separate position for zero.
    pub(super) fn log(label: impl Into<String>, low: f64, high: f64, zero: bool) -> Axis {
        assert!(low > 0.0 && low <= high, "a logarithmic axis cannot show {low} to {high}");
        let scale = if zero { Scale::LogAndZero } else { Scale::Log };
        let (first, last) = (libm::log10(low).floor() as i32, libm::log10(high).ceil() as i32);
        let marks = |factors: &'static [f64]| {
            (first..=last).flat_map(move |decade| factors.iter().map(move |factor| factor * power(decade)))
        };
        // Whole decades would waste up to nine tenths of a short range: the ends lie on 1, 2 or 5.
        let ends = &[1.0, 2.0, 5.0];
        let low = marks(ends).rfind(|mark| *mark <= low * (1.0 + 1e-9)).unwrap_or(low);
        let mut high = marks(ends).find(|mark| *mark >= high * (1.0 - 1e-9)).unwrap_or(high);
        if high <= low {
            high = low * 10.0;
        }
        let inside = |mark: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(mark);
        let written: &[f64] = if high / low < 600.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let every = if last - first > 9 { 2 } else { 1 };
        let mut ticks: Vec<_> =
            marks(written).filter(inside).step_by(every).map(|at| (at, number(at, None, at))).collect();
        if zero {
            ticks.insert(0, (0.0, "0".to_owned()));
        }
        let minor = marks(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).filter(inside).collect();
        Axis { label: label.into(), scale, low, high, ticks, minor }
    }

    /// Axis with a tick at each of the given values, which are those of the data.
    pub(super) fn at(label: impl Into<String>, values: &[(f64, String)], scale: Scale) -> Axis {
        // Zero has a place of its own beside a logarithmic scale.
        let ends = values
            .iter()
            .filter(|(value, _)| scale != Scale::LogAndZero || *value > 0.0)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| (low.min(*value), high.max(*value)));
        let (low, high) = match scale {
            Scale::Linear | Scale::Names => {
                let room = if ends.1 > ends.0 { (ends.1 - ends.0) * 0.04 } else { 0.5 };
                (ends.0 - room, ends.1 + room)
            }
            Scale::Log | Scale::LogAndZero => {
                let room = if ends.1 > ends.0 { libm::pow(ends.1 / ends.0, 0.04) } else { 2.0 };
                (ends.0 / room, ends.1 * room)
            }
        };
        Axis { label: label.into(), scale, low, high, ticks: values.to_vec(), minor: Vec::new() }
    }

    /// Axis of the categories 0, 1, … with these names, each with half of the distance to its neighbours.
    pub(super) fn names<'a>(label: impl Into<String>, names: impl IntoIterator<Item = &'a str>) -> Axis {
        let ticks: Vec<_> = names.into_iter().enumerate().map(|(at, name)| (at as f64, name.to_owned())).collect();
        let high = ticks.len() as f64 - 0.5;
        Axis { label: label.into(), scale: Scale::Names, low: -0.5, high, ticks, minor: Vec::new() }
    }

    /// Position of `value`: 0 at the low end, 1 at the high one. Values outside are moved to the nearer end.
    pub(super) fn position(&self, value: f64) -> f64 {
        let log = || libm::log(value / self.low) / libm::log(self.high / self.low);
        let share = match self.scale {
            Scale::Linear | Scale::Names => (value - self.low) / (self.high - self.low),
            Scale::Log => log(),
            Scale::LogAndZero if value < self.low => ZERO_ROOM * 0.25,
            Scale::LogAndZero => ZERO_ROOM + (1.0 - ZERO_ROOM) * log().min(1.0),
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }
}

/// Smallest of 1, 2, 2.5, 5 times a power of ten that is at least `raw`.
fn nice_step(raw: f64) -> f64 {
    let decade = power(libm::log10(raw).floor() as i32);
    let step = [1.0, 2.0, 2.5, 5.0].into_iter().find(|step| step * decade >= raw * (1.0 - 1e-9));
    step.unwrap_or(10.0) * decade
}

/// Power of ten: by division for negative exponents, so that 10⁻³ is the float that prints as 0.001.
fn power(exponent: i32) -> f64 {
    let whole = (0..exponent.abs()).fold(1.0, |product, _| product * 10.0);
    if exponent < 0 { 1.0 / whole } else { whole }
}

/// Label of a tick with as many decimals as its `step` needs (without one: as the number itself), in thousands,
/// millions … if `top`, the largest number of the axis, is ten thousand or more (for a number without a step: a
/// thousand).
fn number(value: f64, step: Option<f64>, top: f64) -> String {
    let prefixes = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let from = if step.is_some() { 10.0 } else { 1.0 };
    let fits = |(factor, _): &(f64, &str)| top >= factor * from;
    let (factor, letter) = prefixes.into_iter().find(fits).unwrap_or((1.0, ""));
    let (value, step) = (value / factor, step.unwrap_or(value) / factor);
    let decimals = (0..12).find(|digits| {
        let shifted = step * power(*digits);
        (shifted - shifted.round()).abs() < 1e-6 * shifted.max(1.0)
    });
    if value == 0.0 {
        return format!("{:.*}", decimals.unwrap_or(0) as usize, 0.0);
    }
    format!("{value:.*}{letter}", decimals.unwrap_or(12) as usize).replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ticks(axis: &Axis, expected: &[&str]) {
        let texts: Vec<_> = axis.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn ticks_are_round_numbers_with_the_decimals_they_need() {
        ticks(&Axis::linear("", 0.0, 1.0), &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        ticks(&Axis::linear("", 0.0, 23_000.0), &["0", "5k", "10k", "15k", "20k", "25k"]);
        ticks(&Axis::linear("", -1.0, 1.2), &["\u{2212}1.0", "\u{2212}0.5", "0.0", "0.5", "1.0", "1.5"]);
        ticks(&Axis::percent("", 0.975, 1.0), &["97.5", "98.0", "98.5", "99.0", "99.5", "100.0"]);
        ticks(&Axis::percent("", 0.0, 0.5), &["0", "10", "20", "30", "40", "50"]);
    }

    #[test]
    fn a_logarithmic_axis_has_decades_and_between_them_as_much_as_fits() {
        ticks(&Axis::log("", 0.02, 3_000.0, false), &["0.1", "1", "10", "100", "1k"]);
        ticks(&Axis::log("", 3.0, 40.0, false), &["2", "5", "10", "20", "50"]);
        ticks(&Axis::log("", 120.0, 450_000.0, false), &["100", "1k", "10k", "100k"]);
        ticks(&Axis::log("", 10.0, 10.0, true), &["0", "10", "20", "50"]);
    }

    #[test]
    fn values_lie_between_the_ends_in_their_order() {
        let axes = [
            Axis::linear("", 3.0, 17.0),
            Axis::log("", 3.0, 17_000.0, false),
            Axis::log("", 3.0, 17_000.0, true),
            Axis::at("", &[(3.0, String::new()), (17.0, String::new())], Scale::Log),
        ];
        for axis in axes {
            let places: Vec<_> = [0.0, 3.0, 5.0, 17.0, 1e9].map(|value| axis.position(value)).to_vec();
            assert!(places.is_sorted(), "{places:?}");
            assert!(places[1] < places[2] && places[0] >= 0.0 && places[4] <= 1.0, "{places:?}");
        }
    }

    #[test]
    fn one_value_alone_still_has_an_axis() {
        for axis in [Axis::linear("", 5.0, 5.0), Axis::linear("", 0.0, 0.0), Axis::percent("", 1.0, 1.0)] {
            assert!(axis.low < axis.high && axis.ticks.len() > 1, "{axis:?}");
        }
    }
}
