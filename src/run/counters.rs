//! The counters of one machine, and quantities that keep their value between events.

use crate::engine::{Duration, Time};

/// What packets count of one machine, from the end of the warm-up. Half a cache line: no other
/// counter of a machine is touched for a packet.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub(super) struct Carried {
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
pub(super) struct Machine {
    /// It has been online, in the warm-up or later.
    pub came: bool,
    /// Closed spells online, and the beginning of the open one.
    pub online: Duration,
    pub up_since: Option<Time>,
    /// Records held, since when, and the sum of records × nanoseconds online before that.
    pub records: u32,
    pub records_since: Time,
    pub record_ns: u128,
}

impl Machine {
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

/// A quantity that keeps its value between events, and its time integral.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    value: u64,
    since: Time,
    sum: u128,
}

impl Level {
    pub fn set(&mut self, now: Time, value: u64) {
        self.sum += u128::from(self.value) * u128::from(now.since(self.since).as_nanos());
        (self.value, self.since) = (value, now);
    }

    pub fn restart(&mut self, now: Time) {
        (self.since, self.sum) = (now, 0);
    }

    pub fn value(&self) -> u64 {
        self.value
    }

    /// The integral in value × nanoseconds up to the last `set`.
    pub fn integral(&self) -> u128 {
        self.sum
    }
}

/// What one sample sees of the state of the nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableCheck {
    /// Nodes looked at, their routing entries, and those that name a node which is not online.
    pub nodes: u64,
    pub entries: u64,
    pub stale: u64,
    /// Those that name a node which is online and would not get a packet sent to it now, because of its NAT or firewall.
    pub unreachable: u64,
}

/// Requests whose service has begun, at all servers, and how long they waited for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub requests: u64,
    pub waited_ns: u128,
}
