//! Number formats for people: three significant digits, and prefixes for bytes.

/// Number with three significant digits and without an exponent: `0.00123`, `12.3`, `123`, `12300`; integers below
/// 10,000 in full.
pub fn significant(value: f64) -> String {
    if is_in_full(value) {
        return format!("{}", value + 0.0);
    }
    let exponent = libm::log10(value.abs()).floor() as i32;
    // Rounding may carry into the next decade: 9.996 is 10.0, not 10.00.
    let carried = (value.abs() / libm::pow(10.0, f64::from(exponent - 2))).round() >= 1000.0;
    let digits = 2 - exponent - i32::from(carried);
    if digits >= 0 {
        return format!("{value:.*}", digits as usize);
    }
    let unit = libm::pow(10.0, f64::from(-digits)).round();
    format!("{}", (value / unit).round() * unit)
}

fn is_in_full(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < 10_000.0
}

/// Value of one step of the last digit of [`significant`]; zero if that is the exact value.
pub fn last_digit(value: f64) -> f64 {
    if is_in_full(value) { 0.0 } else { libm::pow(10.0, libm::log10(value.abs()).floor() - 2.0) }
}

/// Number with a noun: `1 run`, `2 runs`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Bytes with a decimal prefix: `12.3 kB`, `4.50 GB`.
pub fn bytes(value: f64) -> String {
    let (factor, unit) = unit_of_bytes(value);
    format!("{} {unit}", significant(value / factor))
}

/// Unit in which a number of bytes is written, and its size in bytes.
pub fn unit_of_bytes(value: f64) -> (f64, &'static str) {
    let units = [(1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"), (1e15, "PB")];
    let fits = |(factor, _): &(f64, &str)| (value / factor).abs() < 999.5;
    units.into_iter().find(fits).unwrap_or(units[units.len() - 1])
}

/// Share of a mean below which an interval is only rounding.
const ROUNDING: f64 = 1e-9;

/// Mean and half of its interval: the latter with two significant digits, the mean with as many decimals. A half width
/// of zero is a plain zero, and the mean is written by `alone`.
pub fn with_interval(mean: f64, half: f64, alone: impl Fn(f64) -> String) -> [String; 2] {
    if half <= mean.abs() * ROUNDING {
        return [alone(mean), "0".to_owned()];
    }
    let exponent = libm::log10(half).floor() as i32;
    let carried = (half / libm::pow(10.0, f64::from(exponent - 1))).round() >= 100.0;
    let decimals = 1 - exponent - i32::from(carried);
    let unit = libm::pow(10.0, f64::from(-decimals));
    // Adding zero takes the sign from a zero.
    let write = |value: f64| match decimals {
        0.. => format!("{:.*}", decimals as usize, (value / unit).round() * unit + 0.0),
        _ => format!("{}", (value / unit).round() * unit.round() + 0.0),
    };
    [write(mean), write(half)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (4096.0, "4096"),
            (0.001234, "0.00123"),
            (12.345, "12.3"),
            (9.996, "10.0"),
            (0.9996, "1.00"),
            (999.6, "1000"),
            (123_456.0, "123000"),
            (-2.5, "-2.50"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value), text);
        }
    }

    #[test]
    fn a_step_of_the_last_digit_can_be_seen() {
        for value in [0.001234, 0.5, 12.5, 998.5, 9988.5, 12_345.0, 2.5e6] {
            let next = value + last_digit(value);
            assert_ne!(significant(value), significant(next), "{value} and {next}");
        }
        assert_eq!([0.0, 7.0, 1234.0, 1234.5, 45_678.0].map(last_digit), [0.0, 0.0, 0.0, 10.0, 100.0]);
    }

    #[test]
    fn a_mean_has_the_digits_that_its_interval_leaves() {
        let cases = [
            (500.0, 5.68e-14, ["500", "0"]),
            (500.0, 0.0, ["500", "0"]),
            (301.456, 0.5, ["301.46", "0.50"]),
            (53.33, 30.55, ["53", "31"]),
            (12_345.6, 234.0, ["12350", "230"]),
            (0.001_234_5, 0.000_02, ["0.001235", "0.000020"]),
            (0.4, 12.3, ["0", "12"]),
            (-0.4, 12.3, ["0", "12"]),
            (7.0, 0.996, ["7.0", "1.0"]),
            (0.0, 0.25, ["0.00", "0.25"]),
        ];
        for (mean, half, texts) in cases {
            assert_eq!(with_interval(mean, half, significant), texts, "{mean} ± {half}");
        }
    }

    #[test]
    fn bytes_have_the_prefix_that_fits() {
        let cases = [
            (0.0, "0 B"),
            (999.4, "999 B"),
            (999.7, "1.00 kB"),
            (12_345.0, "12.3 kB"),
            (4.5e9, "4.50 GB"),
            (7e18, "7000 PB"),
        ];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
    }
}
