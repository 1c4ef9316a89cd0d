//! Units of times, sizes and rates: reading a number with one, and what is said of a text that is none.

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

/// A kind of quantity, for reading it and for what is said of a text that is none.
pub(super) struct Kind {
    what: &'static str,
    units: &'static [(&'static str, f64)],
    example: &'static str,
    /// Spellings that are no units, each with how much it is of one; of several, any may be meant.
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
        ("mins", 1.0, "min"),
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
        ("bit", 1.0, "bit/s"),
        ("kbit", 1.0, "kbit/s"),
        ("Mbit", 1.0, "Mbit/s"),
        ("Gbit", 1.0, "Gbit/s"),
        ("kb/s", 1.0, "kbit/s"),
        ("kb/s", 1.0, "kB/s"),
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

/// A number that begins a text, and what stands behind it.
fn number(text: &str) -> (&str, &str) {
    let digits = text.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
    (text[..digits].trim(), text[digits..].trim())
}

impl Kind {
    /// `text` as a non-negative number with one of the units, in the base unit.
    pub fn parse(&self, text: &str) -> Result<f64, String> {
        let Kind { what, units, example, .. } = self;
        let (number, unit) = number(text);
        let names = || units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let value: f64 = number
            .replace('_', "")
            .parse()
            .map_err(|_| format!("`{text}` is not {what}: write a number and a unit, as in \"{example}\""))?;
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit: write one of {}, as in \"{example}\"", names()));
        }
        if !value.is_finite() || value < 0.0 {
            return Err(format!("`{text}` is not {what}: it must not be negative"));
        }
        match self.factor(unit) {
            Some(factor) => Ok(value * factor),
            None => Err(self
                .meant(text)
                .unwrap_or_else(|| format!("`{unit}` is not a unit of {what}: write one of {}", names()))),
        }
    }

    fn factor(&self, unit: &str) -> Option<f64> {
        self.units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
    }

    /// What is said of a number with a unit that is none here, if it can be seen what was meant.
    fn meant(&self, text: &str) -> Option<String> {
        if let Some(sum) = self.sum(text) {
            return Some(format!("`{text}` has several units: write one number with one, as in \"{sum}\""));
        }
        let (number, unit) = number(text);
        let value: f64 = number.replace('_', "").parse().ok()?;
        let singular = unit.strip_suffix('s').filter(|singular| singular.len() > 2).unwrap_or(unit);
        let is = |name: &str| name == unit || name == singular;
        let mut others: Vec<_> = self.others.iter().filter(|(name, ..)| is(name)).collect();
        if others.is_empty() {
            // A unit, or what is none, in letters of the other case.
            let same = |name: &str| name.eq_ignore_ascii_case(unit) || name.eq_ignore_ascii_case(singular);
            if let Some((name, _)) = self.units.iter().find(|(name, _)| same(name)) {
                return Some(format!("`{unit}` is not a unit of {}: did you mean \"{value}{name}\"?", self.what));
            }
            others = self.others.iter().filter(|(name, ..)| same(name)).collect();
        }
        let meant: Vec<String> =
            others.into_iter().map(|(_, factor, unit)| format!("\"{}{unit}\"", value * factor)).collect();
        (!meant.is_empty())
            .then(|| format!("`{unit}` is not a unit of {}: did you mean {}?", self.what, meant.join(" or ")))
    }

    /// What several numbers with units, one behind the other, are together, in the smallest of these units.
    fn sum(&self, text: &str) -> Option<String> {
        let (mut rest, mut sum, mut smallest) = (text, 0.0, ("", f64::INFINITY));
        while !rest.is_empty() {
            let (number, behind) = number(rest);
            let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
            let unit = behind[..end].trim();
            let factor = self.factor(unit)?;
            sum += number.parse::<f64>().ok()? * factor;
            smallest = if factor < smallest.1 { (unit, factor) } else { smallest };
            rest = behind[end..].trim_start();
        }
        Some(format!("{}{}", sum / smallest.1, smallest.0))
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
}
