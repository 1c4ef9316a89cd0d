//! The counters of one machine, and quantities that keep their value between events.

use crate::engine::{Duration, Time};

/// What is counted of one machine, from the end of the warm-up. What every packet counts lies in the first cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Machine {
    pub requests: u64,
    pub upload: u64,
    pub sent: u64,
    pub received: u64,
    /// Bytes sent and received since the last sample.
    pub moved: u64,
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

/// A server's work.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub requests: u64,
    pub waited_ns: u128,
    pub busy_ns: u128,
}
