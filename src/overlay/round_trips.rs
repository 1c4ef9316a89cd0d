//! How long to wait for a reply: a fixed time, or one that follows the round trips measured.
//!
//! The adaptive time-out is TCP's (RFC 6298, §2; Jacobson, SIGCOMM 1988): smoothed mean + 4 × smoothed deviation of the round
//! trips. Rhea, Geels, Roscoe & Kubiatowicz (USENIX 2004, §4.3) use it in a DHT.
//!
//! # Departures
//!
//! * TCP, and Bamboo after it, keep an estimate for each peer. Here a node has one for all: who looks up iteratively asks
//!   mostly nodes that it has never asked before, and an estimate for each of the others would cost more than its table.
//!   What the peers differ by is in the deviation. So only the requests of lookups teach it, and are timed by it: a
//!   neighbour that is asked every few seconds would teach its own round trip, and everyone farther away be taken for dead.
//!   With round trips as spread as King's some 4 % of the requests still seem to time out. So who has not answered by then is
//!   only passed over, and has twice as long again, as if the time-out had been doubled once (RFC 6298, §5.5), before it is
//!   taken for dead; nobody's place is taken because it is far away.
//! * Floor and ceiling suit RPCs, not streams: RFC 6298's floor of 1 s would wait for dead nodes as long as a fixed
//!   time-out does.
//! * Every request has its own number, one that is sent again too, so a reply tells which was answered: Karn's rule that
//!   those do not count is not needed.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::engine::Duration;

/// How long a request waits for its reply: `"1.5s"`, or `"adaptive"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Always as long.
    Fixed(Duration),
    /// Smoothed mean + 4 × deviation of the node's round trips: see [`RoundTrips`].
    Adaptive,
}

impl Timeout {
    /// 1.5 s, always (OverSim).
    pub const DEFAULT: Timeout = Timeout::Fixed(RoundTrips::CEILING);
    /// No reply could come in time.
    pub const ZERO: Timeout = Timeout::Fixed(Duration::ZERO);

    /// The longest that it may become.
    pub const fn longest(self) -> Duration {
        match self {
            Timeout::Fixed(timeout) => timeout,
            Timeout::Adaptive => RoundTrips::CEILING,
        }
    }
}

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Timeout, String> {
        if text == "adaptive" { Ok(Timeout::Adaptive) } else { text.parse().map(Timeout::Fixed) }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timeout::Fixed(timeout) => timeout.fmt(f),
            Timeout::Adaptive => f.write_str("adaptive"),
        }
    }
}

impl<'de> Deserialize<'de> for Timeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timeout, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Timeout;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with a unit, such as \"250ms\", or \"adaptive\" in quotes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timeout, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl Serialize for Timeout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Timeout {
    fn schema_name() -> Cow<'static, str> {
        "Timeout".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let duration = generator.subschema_for::<Duration>();
        json_schema!({ "anyOf": [duration, { "const": "adaptive" }] })
    }
}

/// The round trips of one node, in tenths of a millisecond: 4 bytes, which fit where each node's requests have room.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundTrips {
    /// 0 before the first.
    smoothed: u16,
    deviation: u16,
}

impl RoundTrips {
    /// The shortest time-out, 200 ms (Linux's of TCP): a burst of near peers does not declare all others dead.
    pub const FLOOR: Duration = Duration::from_millis(200);
    /// The longest, and that before the first round trip: the 1.5 s of the fixed one (OverSim), so that no request waits
    /// longer than it would without. A network with longer round trips needs a fixed time-out.
    pub const CEILING: Duration = Duration::from_millis(1500);
    /// What is added to the mean at least, 10 ms (RFC 6298's clock granularity G): round trips that never differ have a
    /// deviation of 0.
    const LEAST_MARGIN: u32 = ticks(Duration::from_millis(10));

    /// A reply came after so long (RFC 6298, (2.2) and (2.3), α = 1/8, β = 1/4).
    pub fn measured(&mut self, round_trip: Duration) {
        let trip = ticks(round_trip.clamp(TICK, RoundTrips::CEILING));
        let (smoothed, deviation) = (u32::from(self.smoothed), u32::from(self.deviation));
        let (smoothed, deviation) = match smoothed {
            0 => (trip, trip / 2),
            _ => ((7 * smoothed + trip + 4) / 8, (3 * deviation + smoothed.abs_diff(trip) + 2) / 4),
        };
        *self = RoundTrips { smoothed: smoothed as u16, deviation: deviation as u16 };
    }

    /// How long the next request waits.
    pub fn timeout(&self) -> Duration {
        self.timeout_from(RoundTrips::CEILING)
    }

    /// How long the next request waits, `first` before any was answered.
    pub fn timeout_from(&self, first: Duration) -> Duration {
        if self.smoothed == 0 {
            return first;
        }
        let margin = (4 * u32::from(self.deviation)).max(RoundTrips::LEAST_MARGIN);
        let timeout = (u32::from(self.smoothed) + margin).max(ticks(RoundTrips::FLOOR));
        Duration::from_nanos(u64::from(timeout) * TICK.as_nanos()).min(RoundTrips::CEILING)
    }
}

const TICK: Duration = Duration::from_nanos(100_000);

const fn ticks(duration: Duration) -> u32 {
    (duration.as_nanos() / TICK.as_nanos()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Worked out by hand from RFC 6298, (2.2) and (2.3): SRTT, RTTVAR, RTO in ms.
    #[test]
    fn the_estimate_follows_the_formulas_of_the_rfc() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.timeout(), RoundTrips::CEILING, "nothing measured yet");
        let steps = [
            (100, 100.0, 50.0, 300.0),        // R, R/2, 3R
            (180, 110.0, 57.5, 340.0),        // ⅞·100 + ⅛·180, ¾·50 + ¼·80
            (110, 110.0, 43.125, 282.5),      // no deviation
            (30, 100.0, 52.34375, 309.375),   // ⅞·110 + ⅛·30, ¾·43.125 + ¼·80
            (100, 100.0, 39.2578, 257.03125), // ¾·52.34375
        ];
        for (trip, smoothed, deviation, timeout) in steps {
            trips.measured(ms(trip));
            let found = [f64::from(trips.smoothed) / 10.0, f64::from(trips.deviation) / 10.0];
            assert!((found[0] - smoothed).abs() < 0.1, "SRTT {} not {smoothed}", found[0]);
            assert!((found[1] - deviation).abs() < 0.1, "RTTVAR {} not {deviation}", found[1]);
            let found = trips.timeout().as_millis_f64();
            assert!((found - timeout).abs() < 0.5, "RTO {found} not {timeout}");
        }
    }

    #[test]
    fn round_trips_that_are_short_or_never_differ_leave_a_margin() {
        let mut trips = RoundTrips::default();
        (0..100).for_each(|_| trips.measured(ms(400)));
        assert_eq!(trips.timeout(), ms(410));
        (0..100).for_each(|_| trips.measured(Duration::ZERO));
        assert_eq!(trips.timeout(), RoundTrips::FLOOR);
        (0..100).for_each(|_| trips.measured(Duration::MAX));
        assert_eq!(trips.timeout(), RoundTrips::CEILING);
    }

    #[test]
    fn a_scenario_says_how_long_or_adaptive() {
        assert_eq!("250ms".parse(), Ok(Timeout::Fixed(ms(250))));
        for timeout in [Timeout::Adaptive, Timeout::DEFAULT] {
            assert_eq!(timeout.to_string().parse(), Ok(timeout));
        }
        assert!("adaptiv".parse::<Timeout>().unwrap_err().contains("duration"));
        assert_eq!(size_of::<RoundTrips>(), 4);
    }
}
