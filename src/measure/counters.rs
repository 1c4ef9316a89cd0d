//! The counters of one machine, and quantities that keep their value between events.

use super::metric::{over, ratio};
use crate::engine::{Duration, Time};

/// What packets count of one machine, from the end of the warm-up. Half a cache line: no other
/// counter of a machine is touched for a packet.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub struct Carried {
    pub requests: u64,
    /// Bytes sent for others.
    pub upload: u64,
    /// Bytes sent and received.
    pub sent: u64,
    pub received: u64,
}

impl Carried {
    /// Something was sent, and is for others or not.
    #[inline(always)]
    pub fn send(&mut self, bytes: u64, for_others: bool) {
        self.sent += bytes;
        self.upload += if for_others { bytes } else { 0 };
    }

    /// Bytes moved through the machine's link, both ways.
    pub fn moved(&self) -> u64 {
        self.sent + self.received
    }
}

/// What else is counted of one machine, from the end of the warm-up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine {
    /// Whether the machine has been online, in the warm-up or later.
    pub came: bool,
    /// Closed spells online, and the beginning of the open one.
    pub online: Duration,
    pub up_since: Option<Time>,
    /// Records held, since when, and the sum of records × nanoseconds online before that.
    pub records: u32,
    pub records_since: Time,
    pub record_ns: u128,
    /// Nodes of it that are part of the overlay now, and whether any was in the measurement.
    pub joined: u32,
    pub member: bool,
}

impl Machine {
    /// A node of it became part of the overlay, or is no longer.
    pub fn membership(&mut self, joined: bool) {
        self.joined = if joined { self.joined + 1 } else { self.joined - 1 };
        self.member |= joined;
    }

    pub fn close_records(&mut self, now: Time) {
        if self.up_since.is_some() {
            self.record_ns += u128::from(self.records) * u128::from(now.since(self.records_since).as_nanos());
        }
        self.records_since = now;
    }

    pub fn close_online(&mut self, now: Time) {
        if let Some(since) = self.up_since.take() {
            self.online += now.since(since);
        }
    }

    /// Time online, once the measurement is closed.
    pub fn online(&self) -> Duration {
        self.online
    }

    /// When the counters were closed.
    pub fn closed_at(&self) -> Time {
        self.records_since
    }

    /// Time mean of the records held while online.
    pub fn records_mean(&self) -> Option<f64> {
        let online = self.online.as_nanos();
        (online > 0).then(|| self.record_ns as f64 / online as f64)
    }
}

/// A quantity that keeps its value between events, its time integral and its minimum over time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    value: u64,
    since: Time,
    sum: u128,
    least: Option<u64>,
}

impl Level {
    pub fn set(&mut self, now: Time, value: u64) {
        let lasted = now.since(self.since).as_nanos();
        self.sum += u128::from(self.value) * u128::from(lasted);
        if lasted > 0 {
            self.least = Some(self.least.map_or(self.value, |least| least.min(self.value)));
        }
        (self.value, self.since) = (value, now);
    }

    pub fn restart(&mut self, now: Time) {
        (self.since, self.sum, self.least) = (now, 0, None);
    }

    pub fn value(&self) -> u64 {
        self.value
    }

    /// The integral in value × nanoseconds up to the last `set`.
    pub fn integral(&self) -> u128 {
        self.sum
    }

    /// The smallest value up to the last `set`, of those that lasted.
    pub fn least(&self) -> Option<u64> {
        self.least
    }
}

/// What one sample sees of the state of the nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableCheck {
    /// Nodes looked at, their routing entries, and those that name a node which is not online.
    pub nodes: u64,
    pub entries: u64,
    pub stale: u64,
    /// Entries that name a node which is online and would not get a packet sent to it now, because of its NAT or firewall.
    pub unreachable: u64,
    /// Of the nodes nearest to those looked at that these are to know: all, and those that they do.
    pub nearest: u64,
    pub nearest_known: u64,
    /// Nodes with successors, and those whose first is right; the rings that they make. (Of all nodes.)
    pub successors: u64,
    pub successors_right: u64,
    pub rings: Option<u32>,
}

impl TableCheck {
    /// Adds what another sample has seen; of the rings the most.
    pub fn add(&mut self, other: &TableCheck) {
        let pairs = [
            (&mut self.nodes, other.nodes),
            (&mut self.entries, other.entries),
            (&mut self.stale, other.stale),
            (&mut self.unreachable, other.unreachable),
            (&mut self.nearest, other.nearest),
            (&mut self.nearest_known, other.nearest_known),
            (&mut self.successors, other.successors),
            (&mut self.successors_right, other.successors_right),
        ];
        pairs.into_iter().for_each(|(sum, seen)| *sum += seen);
        self.rings = self.rings.max(other.rings);
    }
}

/// Requests whose service has begun, and how long they waited for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    pub requests: u64,
    /// Requests that waited at all.
    pub waited: u64,
    pub waited_ns: u128,
}

impl Served {
    /// Service of a request begins.
    pub fn count(&mut self, waited: Duration) {
        self.requests += 1;
        self.waited += u64::from(waited > Duration::ZERO);
        self.waited_ns += u128::from(waited.as_nanos());
    }

    pub fn wait_mean_ms(&self) -> Option<f64> {
        over(self.waited_ns as f64 / 1e6, self.requests as f64)
    }

    /// The share of the requests that waited at all.
    pub fn waited_ratio(&self) -> Option<f64> {
        ratio(self.waited, self.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_value_is_over_time_and_not_over_what_was_set() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let mut level = Level::default();
        level.set(at(1), 5);
        level.restart(at(2));
        assert_eq!(level.least(), None, "no time has passed");
        level.set(at(2), 3);
        level.set(at(4), 1);
        level.set(at(4), 7);
        assert_eq!(level.least(), Some(3), "one has lasted no time");
        level.set(at(5), 2);
        level.set(at(9), 2);
        assert_eq!((level.least(), level.integral()), (Some(2), 21_000_000_000));
    }
}
