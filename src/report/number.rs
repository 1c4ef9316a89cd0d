//! Numbers for people: three significant digits, and prefixes for bytes.

/// Three significant digits without an exponent: `0.00123`, `12.3`, `123`, `12300`; integers below 10,000 in full.
pub fn significant(value: f64) -> String {
    if value == 0.0 || value.fract() == 0.0 && value.abs() < 10_000.0 {
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

/// Bytes with a decimal prefix: `12.3 kB`, `4.50 GB`.
pub fn bytes(value: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let rounded = |scaled: f64| scaled.abs() < 999.5;
    let mut scaled = value;
    for unit in &units[..units.len() - 1] {
        if rounded(scaled) {
            return format!("{} {unit}", significant(scaled));
        }
        scaled /= 1000.0;
    }
    format!("{} {}", significant(scaled), units[units.len() - 1])
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
