//! Access links between machines and the network, with one queue in each direction.
//!
//! Each direction is a FIFO server of constant rate: a packet that arrives at t leaves at max(link free at, t) +
//! 8·bytes/rate. The queue is drop-tail. Its length is the number of bytes that have not left yet, including those left
//! of the packet in service; it follows from the time at which the link becomes idle, so no list of packets is kept. A
//! packet that finds the link idle is never dropped, whatever the limit: it goes straight into service.

use crate::engine::{Duration, Time};

/// Access link. Absent: no queueing and no serialisation delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Access {
    /// Uplink rate in bit/s, above zero; infinite: no time to send.
    pub uplink: f64,
    /// Downlink rate in bit/s, above zero; infinite: no time to receive.
    pub downlink: f64,
    /// Queue capacity of each direction in bytes (1 MiB is the scenario's default); `u64::MAX` for no limit.
    pub queue: u64,
}

impl Access {
    /// Link without delay or limit, as if there were none.
    pub const UNLIMITED: Access = Access { uplink: f64::INFINITY, downlink: f64::INFINITY, queue: u64::MAX };
}

/// One direction of one machine's link. 24 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Time at which the last bit accepted so far has passed.
    free_at: Time,
    nanos_per_byte: f64,
    /// Time to drain a full queue.
    limit: Duration,
}

/// Error: the queue has no room for the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Link {
    /// Idle link of `rate` bit/s that queues up to `queue` bytes.
    pub(super) fn new(rate: f64, queue: u64) -> Link {
        assert!(rate > 0.0, "a link of {rate} bit/s never sends anything");
        let nanos_per_byte = 8e9 / rate;
        let limit = if queue == u64::MAX { Duration::MAX } else { nanos(queue as f64 * nanos_per_byte) };
        Link { free_at: Time::ZERO, nanos_per_byte, limit }
    }

    /// Sets the rate; the queue is empty.
    pub(super) fn set_rate(&mut self, rate: f64) {
        let pace = 8e9 / rate;
        self.limit =
            if self.limit == Duration::MAX { self.limit } else { self.limit.mul_f64(pace / self.nanos_per_byte) };
        self.nanos_per_byte = pace;
    }

    /// Nanoseconds per byte.
    pub(super) const fn pace(&self) -> f64 {
        self.nanos_per_byte
    }

    /// Serialisation delay of `bytes`.
    pub(super) fn serialisation(&self, bytes: u32) -> Duration {
        nanos(f64::from(bytes) * self.nanos_per_byte)
    }

    /// Sends a packet at `now`; returns the time at which its last bit has left.
    pub(super) fn send(&mut self, now: Time, bytes: u32) -> Result<Time, Full> {
        self.pass(now, self.serialisation(bytes))
    }

    /// Drops the bytes that have not left by `now`.
    pub(super) fn hang_up(&mut self, now: Time) {
        self.free_at = self.free_at.min(now);
    }

    /// Time at which the queue is empty.
    pub(super) fn free_at(&self) -> Time {
        self.free_at
    }

    /// Receives a packet whose last bit would arrive at `now` on an idle link; returns the time at which it does.
    ///
    /// The sender has already added the serialisation delay here, so the first bit came that much earlier, and a link
    /// that was free by then delivers at `now` without a further event.
    pub(super) fn receive(&mut self, now: Time, bytes: u32) -> Result<Time, Full> {
        let serialisation = self.serialisation(bytes);
        let first_bit = Time::from_nanos(now.as_nanos().saturating_sub(serialisation.as_nanos()));
        self.pass(first_bit, serialisation)
    }

    fn pass(&mut self, from: Time, serialisation: Duration) -> Result<Time, Full> {
        let backlog = self.free_at.since(from);
        if backlog > Duration::ZERO && backlog + serialisation > self.limit {
            return Err(Full);
        }
        self.free_at = self.free_at.max(from) + serialisation;
        Ok(self.free_at)
    }
}

/// Duration rounded to the nearest nanosecond, saturating.
fn nanos(value: f64) -> Duration {
    Duration::from_nanos((value + 0.5) as u64)
}

/// One direction of the links of all machines that have links.
#[derive(Clone, Debug)]
pub(super) struct Links {
    /// First machine with a link.
    first: u32,
    links: Vec<Link>,
}

impl Links {
    pub(super) fn new(first: u32, links: Vec<Link>) -> Links {
        Links { first, links }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    pub(super) fn of(&self, machine: u32) -> Option<&Link> {
        self.links.get(machine.checked_sub(self.first)? as usize)
    }

    pub(super) fn of_mut(&mut self, machine: u32) -> Option<&mut Link> {
        self.links.get_mut(machine.checked_sub(self.first)? as usize)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.links.capacity() * size_of::<Link>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(micros: u64) -> Time {
        Time::from_nanos(micros * 1000)
    }

    /// 8 Mbit/s: a byte takes a microsecond.
    fn link(queue: u64) -> Link {
        Link::new(8e6, queue)
    }

    #[test]
    fn an_idle_uplink_adds_the_serialisation_only() {
        assert_eq!(link(u64::MAX).send(at(10), 100), Ok(at(110)));
    }

    #[test]
    fn packets_sent_at_once_leave_back_to_back() {
        let mut link = link(u64::MAX);
        assert_eq!([0; 3].map(|_| link.send(at(0), 100)), [Ok(at(100)), Ok(at(200)), Ok(at(300))]);
        assert_eq!(link.send(at(250), 50), Ok(at(350)), "waits for what is left");
        assert_eq!(link.send(at(400), 50), Ok(at(450)), "the link was idle again");
    }

    #[test]
    fn a_full_queue_drops_the_last_and_takes_more_once_it_has_drained() {
        let mut link = link(250);
        assert_eq!(link.send(at(0), 1000), Ok(at(1000)), "an idle link takes a packet of any size");
        assert_eq!(link.send(at(0), 10), Err(Full), "1000 bytes are still to go");
        assert_eq!(link.send(at(850), 100), Ok(at(1100)), "150 bytes to go and these 100 just fit");
        assert_eq!(link.send(at(850), 1), Err(Full));
        assert_eq!(link.send(at(851), 1), Ok(at(1101)));
    }

    #[test]
    fn an_idle_downlink_delivers_at_once_and_a_busy_one_later() {
        let mut link = link(250);
        assert_eq!(link.receive(at(1000), 100), Ok(at(1000)));
        assert_eq!(link.receive(at(1100), 100), Ok(at(1100)), "its first bit came right after the last one's");
        assert_eq!(link.receive(at(1150), 100), Ok(at(1200)), "its first 50 bytes had to wait");
        assert_eq!(link.receive(at(1150), 151), Err(Full), "from 999 on, 201 bytes are still to come in");
        assert_eq!(link.receive(at(1500), 100), Ok(at(1500)));
    }

    #[test]
    fn an_infinite_rate_costs_nothing_and_drops_nothing() {
        let mut link = Link::new(f64::INFINITY, 0);
        assert_eq!([0; 2].map(|_| link.send(at(7), u32::MAX)), [Ok(at(7)); 2]);
        assert_eq!(link.receive(at(7), u32::MAX), Ok(at(7)));
    }

    #[test]
    fn serialisation_rounds_to_the_nearest_nanosecond() {
        assert_eq!(Link::new(3e9, 0).serialisation(1), Duration::from_nanos(3));
        assert_eq!(Link::new(1e7, 0).serialisation(1500), Duration::from_nanos(1_200_000));
    }
}
