//! Quantities in scenario files: a number with a required unit (`"250ms"`, `"1MiB"`, `"10Mbit/s"`).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::time::Duration;
use super::units::{DURATION, DURATIONS, RATE, RATES, SIZE, SIZES};

/// Size in bytes: `"64B"`, `"4KiB"`, `"1.5MB"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Rate in bit/s: `"10Mbit/s"`, `"1GB/s"`; `"unlimited"` is infinite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// Number of bytes, or `"unlimited"` (`u64::MAX`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit(pub u64);

/// Duration, or "off".
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Switch(pub Option<Duration>);

impl Serialize for Switch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(time) => time.serialize(serializer),
            None => serializer.serialize_str("off"),
        }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Switch, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Switch(None));
        }
        text.parse().map(|time| Switch(Some(time))).map_err(de::Error::custom)
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Duration, String> {
        DURATION.parse(text).map(Duration::from_secs_f64)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        SIZE.parse(text).map(|bytes| Size(bytes as u64))
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        if text == "unlimited" { Ok(Limit(u64::MAX)) } else { text.parse().map(|size: Size| Limit(size.0)) }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        if text == "unlimited" {
            return Ok(Rate(f64::INFINITY));
        }
        match RATE.parse(text)? {
            0.0 => Err(format!("`{text}` is not a rate: it must be above zero")),
            rate => Ok(Rate(rate)),
        }
    }
}

/// Writes a number with the largest unit in which it is at least one.
fn write_with_unit(f: &mut fmt::Formatter<'_>, value: f64, units: &[(&str, f64)]) -> fmt::Result {
    let fits = |unit: &&(&str, f64)| value >= unit.1 && (value / unit.1 * 1e6).fract() == 0.0;
    let (name, factor) = units.iter().filter(fits).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(&units[0]);
    write!(f, "{}{name}", value / factor)
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_with_unit(f, self.0 as f64, SIZES)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == u64::MAX { f.write_str("unlimited") } else { Size(self.0).fmt(f) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_infinite() { f.write_str("unlimited") } else { write_with_unit(f, self.0, &RATES[..4]) }
    }
}

/// JSON Schema of a quantity: a string with a pattern.
fn schema_of(units: &[(&str, f64)], word: Option<&str>, description: &str) -> Schema {
    let names = units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|");
    let word = word.map_or(String::new(), |word| format!("|{word}"));
    json_schema!({
        "type": "string",
        "pattern": format!("^([0-9][0-9_]*(\\.[0-9]+)?([eE][+-]?[0-9]+)? ?({names}){word})$"),
        "description": description,
    })
}

macro_rules! written_as_text {
    ($type:ident, $units:expr, $word:expr, $description:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!($description, " in quotes"))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                schema_of($units, $word, $description)
            }
        }
    };
}

written_as_text!(Duration, DURATIONS, None, "a duration with a unit, such as \"250ms\"");
written_as_text!(Size, SIZES, None, "a size with a unit, such as \"4KiB\"");
written_as_text!(Limit, SIZES, Some("unlimited"), "a size with a unit, such as \"1MiB\", or \"unlimited\"");
written_as_text!(Rate, RATES, Some("unlimited"), "a rate with a unit, such as \"10Mbit/s\", or \"unlimited\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_with_their_units_only() {
        assert_eq!("250ms".parse(), Ok(Duration::from_millis(250)));
        assert_eq!("169.5385min".parse::<Duration>(), Ok(Duration::from_secs_f64(10_172.31)));
        assert_eq!("1e3 s".parse(), Ok(Duration::from_secs(1000)));
        assert_eq!("4KiB".parse(), Ok(Size(4096)));
        assert_eq!("10Mbit/s".parse(), Ok(Rate(1e7)));
        assert_eq!("unlimited".parse(), Ok(Rate(f64::INFINITY)));
        for wrong in ["250", "ms", "250 parsecs", "-1s", "", "1s2"] {
            assert!(wrong.parse::<Duration>().is_err(), "{wrong:?} was read as a duration");
        }
        assert!("250".parse::<Duration>().unwrap_err().contains("has no unit"));
    }

    #[test]
    fn a_unit_that_is_none_is_told_what_it_may_mean() {
        let duration = |text: &str| text.parse::<Duration>().unwrap_err();
        let size = |text: &str| text.parse::<Size>().unwrap_err();
        let rate = |text: &str| text.parse::<Rate>().unwrap_err();
        let several = "`1h30min` has several units: write one number with one, as in \"90min\"";
        assert_eq!(duration("1h30min"), several);
        assert!(duration("1d 2h 5s").ends_with("as in \"93605s\""));
        assert_eq!(duration("2m"), "`m` is not a unit of a duration: did you mean \"2min\" or \"2ms\"?");
        assert!(duration("5 minutes").ends_with("did you mean \"5min\"?"));
        assert!(duration("2 weeks").ends_with("did you mean \"14d\"?"));
        assert!(duration("3 Hours").ends_with("did you mean \"3h\"?"));
        assert!(duration("10S").ends_with("did you mean \"10s\"?"));
        assert!(duration("5 parsecs").ends_with("write one of ns, us, ms, s, min, h, d"));
        assert!(size("4TiB").ends_with("did you mean \"4096GiB\"?"));
        assert!(size("1MiB512KiB").ends_with("as in \"1536KiB\""));
        assert!(size("8 bytes").ends_with("did you mean \"8B\"?"));
        assert!(size("2K").ends_with("did you mean \"2kB\" or \"2KiB\"?"));
        assert!(size("1kib").ends_with("did you mean \"1KiB\"?"));
        assert!(size("8Mbit").ends_with("did you mean \"1MB\"?"));
        assert!(rate("10 Mbps").ends_with("did you mean \"10Mbit/s\"?"));
        assert!(rate("10MB").ends_with("did you mean \"10MB/s\"?"));
        assert!(rate("10 mbit/s").ends_with("did you mean \"10Mbit/s\"?"));
        assert_eq!(rate("5 %"), "`5 %` is not a rate: write a number and a unit, as in \"10Mbit/s\"");
    }

    #[test]
    fn what_is_written_reads_back() {
        for duration in [Duration::from_secs(90), Duration::from_millis(1), Duration::from_secs(86_400 * 3)] {
            assert_eq!(duration.to_string().parse(), Ok(duration));
        }
        for size in [Size(0), Size(1), Size(4096), Size(1_500_000), Size(12_345)] {
            assert_eq!(size.to_string().parse(), Ok(size));
        }
        for rate in [Rate(1e7), Rate(1.5e6), Rate(f64::INFINITY)] {
            assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }
}
