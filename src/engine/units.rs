//! Units of durations, sizes and rates: parsing numbers with units, and error messages.

pub(super) const DURATIONS: &[(&str, f64)] =
    &[("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3_600.0), ("d", 86_400.0)];

pub(super) const SIZES: &[(&str, f64)] = &[
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];

pub(super) const RATES: &[(&str, f64)] = &[
    ("bit/s", 1.0),
    ("kbit/s", 1e3),
    ("Mbit/s", 1e6),
    ("Gbit/s", 1e9),
    ("B/s", 8.0),
    ("kB/s", 8e3),
    ("MB/s", 8e6),
    ("GB/s", 8e9),
];

/// Kind of quantity, for parsing and error messages.
pub(super) struct Kind {
    what: &'static str,
    units: &'static [(&'static str, f64)],
    example: &'static str,
    /// Spellings that are not units, each with its value and the unit probably meant; of several, any may be meant.
    others: &'static [(&'static str, f64, &'static str)],
}

pub(super) const DURATION: Kind = Kind {
    what: "a duration",
    units: DURATIONS,
    example: "250ms",
    others: &[
        ("m", 1.0, "min"),
        ("m", 1.0, "ms"),
        ("M", 1.0, "min"),
        ("µs", 1.0, "us"),
        ("μs", 1.0, "us"),
        ("w", 7.0, "d"),
        ("week", 7.0, "d"),
        ("month", 30.0, "d"),
        ("y", 365.0, "d"),
        ("year", 365.0, "d"),
        ("sec", 1.0, "s"),
        ("second", 1.0, "s"),
        ("msec", 1.0, "ms"),
        ("millisecond", 1.0, "ms"),
        ("microsecond", 1.0, "us"),
        ("nanosecond", 1.0, "ns"),
        ("minute", 1.0, "min"),
        ("hr", 1.0, "h"),
        ("hour", 1.0, "h"),
        ("day", 1.0, "d"),
    ],
};

pub(super) const SIZE: Kind = Kind {
    what: "a size",
    units: SIZES,
    example: "4KiB",
    others: &[
        ("TB", 1e3, "GB"),
        ("PB", 1e6, "GB"),
        ("TiB", 1024.0, "GiB"),
        ("PiB", 1_048_576.0, "GiB"),
        ("k", 1.0, "kB"),
        ("k", 1.0, "KiB"),
        ("kb", 1.0, "kB"),
        ("kb", 1.0, "KiB"),
        ("Ki", 1.0, "KiB"),
        ("m", 1.0, "MB"),
        ("m", 1.0, "MiB"),
        ("mb", 1.0, "MB"),
        ("mb", 1.0, "MiB"),
        ("Mi", 1.0, "MiB"),
        ("g", 1.0, "GB"),
        ("g", 1.0, "GiB"),
        ("gb", 1.0, "GB"),
        ("gb", 1.0, "GiB"),
        ("Gi", 1.0, "GiB"),
        ("byte", 1.0, "B"),
        ("bit", 0.125, "B"),
        ("kbit", 0.125, "kB"),
        ("Mbit", 0.125, "MB"),
        ("Gbit", 0.125, "GB"),
    ],
};

pub(super) const RATE: Kind = Kind {
    what: "a rate",
    units: RATES,
    example: "10Mbit/s",
    others: &[
        ("bps", 1.0, "bit/s"),
        ("kbps", 1.0, "kbit/s"),
        ("Mbps", 1.0, "Mbit/s"),
        ("Gbps", 1.0, "Gbit/s"),
        ("Bps", 1.0, "B/s"),
        ("kBps", 1.0, "kB/s"),
        ("MBps", 1.0, "MB/s"),
        ("GBps", 1.0, "GB/s"),
        ("bit", 1.0, "bit/s"),
        ("kbit", 1.0, "kbit/s"),
        ("Mbit", 1.0, "Mbit/s"),
        ("Gbit", 1.0, "Gbit/s"),
        ("kb/s", 1.0, "kbit/s"),
        ("kb/s", 1.0, "kB/s"),
        ("mb/s", 1.0, "Mbit/s"),
        ("mb/s", 1.0, "MB/s"),
        ("gb/s", 1.0, "Gbit/s"),
        ("gb/s", 1.0, "GB/s"),
        ("Mb/s", 1.0, "Mbit/s"),
        ("Gb/s", 1.0, "Gbit/s"),
        ("Tbit/s", 1e3, "Gbit/s"),
        ("KiB/s", 1.024, "kB/s"),
        ("MiB/s", 1.048_576, "MB/s"),
        ("GiB/s", 1.073_741_824, "GB/s"),
        ("B", 1.0, "B/s"),
        ("kB", 1.0, "kB/s"),
        ("MB", 1.0, "MB/s"),
        ("GB", 1.0, "GB/s"),
    ],
};

/// Comparison of the name of a unit with a given spelling.
type Fits = fn(&str, &str) -> bool;

/// Number at the beginning of a text, and the rest.
fn number(text: &str) -> (Option<f64>, &str) {
    let digits = text.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
    (text[..digits].trim().replace('_', "").parse().ok(), text[digits..].trim())
}

/// Number rounded to twelve significant digits, for output.
fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

impl Kind {
    /// Parses `text` as a non-negative number with one of the units; returns it in the base unit.
    pub(super) fn parse(&self, text: &str) -> Result<f64, String> {
        let Kind { what, units, example, .. } = self;
        let (value, unit) = number(text);
        let names = || units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let Some(value) = value else {
            return Err(format!("`{text}` is not {what}: write a number and a unit, as in \"{example}\""));
        };
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit: write one of {}, as in \"{example}\"", names()));
        }
        if !value.is_finite() || value < 0.0 {
            return Err(format!("`{text}` is not {what}: it must not be negative"));
        }
        if let Some(factor) = self.factor(unit) {
            return Ok(value * factor);
        }
        if let Some(sum) = self.sum(value, unit) {
            return Err(format!("`{text}` has several units: write one number with one, as in \"{sum}\""));
        }
        Err(match &self.meant(value, unit)[..] {
            [] => format!("`{unit}` is not a unit of {what}: write one of {}", names()),
            meant => format!("`{unit}` is not a unit of {what}: did you mean {}?", meant.join(" or ")),
        })
    }

    fn factor(&self, unit: &str) -> Option<f64> {
        self.units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
    }

    /// Quantities that a number with an unknown unit may have been meant for, in quotes.
    fn meant(&self, value: f64, unit: &str) -> Vec<String> {
        let singular = unit.strip_suffix(['s', 'S']).filter(|singular| singular.len() > 2).unwrap_or(unit);
        let such = |fits: Fits| {
            let known = self.units.iter().map(|(name, _)| (*name, 1.0, *name)).chain(self.others.iter().copied());
            let known = known.filter(|(name, ..)| fits(name, unit) || fits(name, singular));
            let mut meant: Vec<String> =
                known.map(|(_, factor, unit)| format!("\"{}{unit}\"", rounded(value * factor))).collect();
            meant.dedup();
            meant
        };
        // Letters of the other case come next, and last those that make a bit of a byte.
        let ways: [Fits; 3] = [
            |name, said| name == said,
            |name, said| name.eq_ignore_ascii_case(said) && name.contains('B') == said.contains('B'),
            str::eq_ignore_ascii_case,
        ];
        ways.into_iter().map(such).find(|meant| !meant.is_empty()).unwrap_or_default()
    }

    /// Sum of several consecutive numbers with units, in the smallest of these units. The first number has been read.
    fn sum(&self, first: f64, mut rest: &str) -> Option<String> {
        let (mut value, mut sum, mut smallest) = (first, 0.0, ("", f64::INFINITY));
        loop {
            let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let unit = rest[..end].trim();
            let factor = self.factor(unit)?;
            sum += value * factor;
            smallest = if factor < smallest.1 { (unit, factor) } else { smallest };
            if end == rest.len() {
                return Some(format!("{}{}", rounded(sum / smallest.1), smallest.0));
            }
            let (next, behind) = number(&rest[end..]);
            (value, rest) = (next?, behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_suggested_is_read() {
        for (kind, wrong) in [&DURATION, &SIZE, &RATE]
            .map(|kind| kind.others.iter().map(move |other| (kind, other.0)))
            .into_iter()
            .flatten()
        {
            let said = kind.parse(&format!("3{wrong}")).expect_err(wrong);
            let suggested: Vec<&str> = said.split('"').skip(1).step_by(2).collect();
            assert!(!suggested.is_empty(), "{said}");
            suggested.into_iter().for_each(|text| assert!(kind.parse(text).is_ok(), "{said}"));
        }
    }

    #[test]
    fn what_is_suggested_is_what_was_written() {
        for (kind, said, meant) in [
            (&DURATION, "1s1ms", "\"1001ms\""),
            (&DURATION, "1_000s 5ms", "\"1000005ms\""),
            (&DURATION, "1.1weeks", "\"7.7d\""),
            (&DURATION, "2MINS", "\"2min\""),
            (&SIZE, "0.3TB", "\"300GB\""),
            (&RATE, "10mb/s", "\"10Mbit/s\" or \"10MB/s\""),
            (&RATE, "10MBps", "\"10MB/s\""),
            (&RATE, "10MBPS", "\"10MB/s\""),
            (&RATE, "10mbps", "\"10Mbit/s\""),
            (&RATE, "10KBps", "\"10kB/s\""),
            (&RATE, "10KB/S", "\"10kB/s\""),
            (&RATE, "10KBIT/S", "\"10kbit/s\""),
            (&RATE, "1_0MiB/s", "\"10.48576MB/s\""),
        ] {
            let told = kind.parse(said).unwrap_err();
            let quoted = told.find('"').map_or("", |begin| &told[begin..]);
            assert_eq!(quoted.trim_end_matches('?'), meant, "{told}");
        }
    }
}
