//! Network between machines: a packet's path from departure to arrival.

#[cfg(test)]
mod tests;

use super::access::{Access, Full, Link, Links};
use super::burst::{Burst, Chance};
use super::diurnal::Diurnal;
use super::inflation::Inflation;
use super::latency::{Latency, Propagation};
use super::loss::Loss;
use super::machines::Machines;
use super::nat::NatPlan;
use super::regions::Regions;
use crate::engine::{Duration, Noise, Source, Streams, Time, prefetch};

/// Network of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPlan {
    /// One-way propagation delays.
    pub latency: Latency,
    /// Minimum one-way delay between two machines, after jitter and all other factors.
    pub floor: Duration,
    /// Standard deviation of the factor, with mean 1, on each packet's propagation delay; from 0 (none) to
    /// [`NetworkPlan::LARGEST_JITTER`].
    ///
    /// The factor is 1 plus a symmetric triangular variate: two-sided, so that neither mean nor median moves (a
    /// one-sided truncated normal raises the mean by 8 %), and bounded within √6 standard deviations, so never
    /// negative.
    pub jitter: f64,
    /// Pairs with a longer delay than `latency` gives.
    pub inflation: Option<Inflation>,
    /// Daily variation of delays.
    pub diurnal: Option<Diurnal>,
    /// Loss probability of each packet, independent of others.
    pub loss: f64,
    /// Bursty loss, in addition to `loss`.
    pub burst: Option<Burst>,
    /// Access link of every participant without one of its own ([`Machines::links`]); `None`: no queueing and no
    /// serialisation delay.
    pub access: Option<Access>,
    /// NATs and firewalls; `None`: every participant can be reached. Packets pass them separately from this network:
    /// see [`super::Nats`].
    pub nat: Option<NatPlan>,
}

impl NetworkPlan {
    /// Largest standard deviation of jitter; the factor cannot be negative up to 1/√6 = 0.408.
    pub const LARGEST_JITTER: f64 = 0.4;

    /// Regions of the latency model, if it has any. A machine's region: [`Regions::of_participant`], and in a run
    /// [`Network::region`].
    pub fn regions(&self) -> Option<&Regions> {
        self.latency.regions()
    }
}

/// Network of one run. About 48 bytes per machine with access links, 8 for a position on a plane, 4 for one in a file,
/// 1 for a region, 1 for bursty loss.
#[derive(Clone, Debug)]
pub struct Network {
    participants: u32,
    floor: Duration,
    propagation: Propagation,
    variation: Option<Variation>,
    loss: Chance,
    uplinks: Links,
    downlinks: Links,
    /// Whether packets are subject to nothing but propagation delay.
    plain: bool,
}

/// Departure of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// In transit until that time: call [`Network::arrive`] then.
    Arrives(Time),
    /// In the uplink's queue until that time: call [`Network::carry`] then, if the sender is still online.
    Waits(Time),
}

/// Longest uplink wait for which a packet is put in transit at once: a machine that goes offline falls silent this
/// late. Longer waits cost an event each.
const PROMPT: Duration = Duration::from_millis(1);

/// Variation of a packet's delay around that of its pair.
#[derive(Clone, Debug)]
struct Variation {
    /// Half the width of the triangular law of the jitter factor.
    jitter: f64,
    /// Boxed: its 24 factors would spread the fields that every packet reads over more cache lines.
    diurnal: Option<Box<Diurnal>>,
}

impl Variation {
    fn new(plan: &NetworkPlan) -> Option<Variation> {
        assert!((0.0..=NetworkPlan::LARGEST_JITTER).contains(&plan.jitter), "a jitter of {}", plan.jitter);
        let varies = plan.jitter > 0.0 || plan.diurnal.is_some();
        varies.then(|| Variation { jitter: plan.jitter * 6f64.sqrt(), diurnal: plan.diurnal.map(Box::new) })
    }

    /// Factor of a packet that leaves at `now`. One draw of `noise` if there is jitter.
    fn factor(&self, now: Time, noise: &mut Noise) -> f64 {
        let jitter = if self.jitter > 0.0 { 1.0 + self.jitter * triangular(noise) } else { 1.0 };
        match &self.diurnal {
            Some(diurnal) => jitter * diurnal.factor(now),
            None => jitter,
        }
    }
}

impl Network {
    /// Network between these machines. Panics on a plan that fails the scenario's checks (a probability above 1, a rate
    /// of zero), and on links or regions of only some participants.
    pub fn new(plan: &NetworkPlan, streams: &Streams, machines: &Machines) -> Network {
        let (participants, servers) = (machines.participants, machines.servers.len() as u32);
        for given in [machines.links.len(), machines.regions.len()] {
            assert!(given == 0 || given == participants as usize, "{given} of {participants} participants");
        }
        let first = if plan.access.is_some() || !machines.links.is_empty() { 0 } else { participants };
        let alike = if machines.links.is_empty() { participants - first } else { 0 };
        let links = |rate: fn(&Access) -> f64| {
            let of_participants = std::iter::repeat_n(plan.access.as_ref(), alike as usize).flatten();
            let of_servers = machines.servers.iter().map(|site| &site.link);
            let links = of_participants.chain(&machines.links).chain(of_servers);
            Links::new(first, links.map(|access| Link::new(rate(access), access.queue)).collect())
        };
        let mut propagation = Propagation::new(&plan.latency, streams, participants, servers);
        propagation.settle(machines);
        let (uplinks, downlinks) = (links(|access| access.uplink), links(|access| access.downlink));
        let loss = Chance::new(plan.loss, plan.burst.as_ref(), streams, participants, servers);
        let variation = Variation::new(plan);
        Network {
            participants,
            floor: plan.floor,
            propagation: match plan.inflation {
                Some(inflation) => propagation.inflated(inflation, streams),
                None => propagation,
            },
            plain: variation.is_none() && loss.is_never() && uplinks.is_empty() && downlinks.is_empty(),
            variation,
            loss,
            uplinks,
            downlinks,
        }
    }

    /// Sends a packet of `bytes` from `from` to `to`: it leaves, waits in the uplink's queue, or is lost.
    ///
    /// Changes the sender's side only. The receiver's serialisation delay is already part of the arrival time (it is
    /// known beforehand), so that an idle downlink needs no further event. A packet lost on the path has used the
    /// uplink. `noise` is the sender's own; one draw for loss (two with bursts) and one for jitter, if there is any,
    /// when the packet leaves. A packet to the sender itself takes no time and is not lost: it bypasses the link and is
    /// delivered at `now` without a call of `arrive`.
    #[inline(always)]
    pub fn depart(&mut self, now: Time, from: u32, to: u32, bytes: u32, noise: &mut Noise) -> Result<Departure, Loss> {
        if from == to {
            return Ok(Departure::Arrives(now));
        }
        if self.plain {
            return Ok(Departure::Arrives(now + self.propagation.between(self.participants, from, to).max(self.floor)));
        }
        self.depart_through(now, from, to, bytes, noise)
    }

    /// Departure with links, loss or variable delays.
    #[inline(never)]
    fn depart_through(
        &mut self,
        now: Time,
        from: u32,
        to: u32,
        bytes: u32,
        noise: &mut Noise,
    ) -> Result<Departure, Loss> {
        let sent = match self.uplinks.of_mut(from) {
            Some(uplink) => uplink.send(now, bytes).map_err(|Full| Loss::UplinkQueue)?,
            None => now,
        };
        if sent > now + PROMPT {
            return Ok(Departure::Waits(sent));
        }
        self.carry(sent, from, to, bytes, noise).map(Departure::Arrives)
    }

    /// Arrival time of a packet whose last bit left at `sent`, or its loss.
    pub fn carry(&mut self, sent: Time, from: u32, to: u32, bytes: u32, noise: &mut Noise) -> Result<Time, Loss> {
        if self.loss.loses(from, noise) {
            return Err(Loss::Noise);
        }
        let mut delay = self.propagation.between(self.participants, from, to);
        if let Some(variation) = &self.variation {
            delay = delay.mul_f64(variation.factor(sent, noise));
        }
        let reception = self.downlinks.of(to).map_or(Duration::ZERO, |downlink| downlink.serialisation(bytes));
        Ok(sent + delay.max(self.floor) + reception)
    }

    /// Empties the uplink queue of a machine that goes offline.
    pub fn hang_up(&mut self, now: Time, machine: u32) {
        self.uplinks.of_mut(machine).into_iter().for_each(|uplink| uplink.hang_up(now));
    }

    /// Time at which the uplink queue of a machine will be empty; `now` if it is.
    pub fn uplink_free_at(&self, now: Time, machine: u32) -> Time {
        self.uplinks.of(machine).map_or(now, |uplink| uplink.free_at().max(now))
    }

    /// Receives a packet of `bytes` at `to`, at the arrival time given by departure. `Ok(now)`: deliver it at once;
    /// later: deliver it then, as the downlink was busy. Changes the receiver's side only.
    pub fn arrive(&mut self, now: Time, to: u32, bytes: u32) -> Result<Time, Loss> {
        match self.downlinks.of_mut(to) {
            Some(downlink) => downlink.receive(now, bytes).map_err(|Full| Loss::DownlinkQueue),
            None => Ok(now),
        }
    }

    /// Propagation delay of a packet that leaves at `now`, without jitter and links: the reference of stretch. Zero to
    /// the machine itself.
    pub fn delay(&self, now: Time, a: u32, b: u32) -> Duration {
        if a == b {
            return Duration::ZERO;
        }
        let delay = self.propagation.between(self.participants, a, b);
        let varied = match self.variation.as_ref().and_then(|variation| variation.diurnal.as_ref()) {
            Some(diurnal) => delay.mul_f64(diurnal.factor(now)),
            None => delay,
        };
        varied.max(self.floor)
    }

    /// Region of a machine, by its number in [`NetworkPlan::regions`]; `None` without regions.
    pub fn region(&self, machine: u32) -> Option<u8> {
        self.propagation.region(machine)
    }

    /// Prefetches the position of a machine. A number beyond all machines is harmless.
    pub fn prefetch_place(&self, machine: u32) {
        self.propagation.prefetch(machine);
    }

    /// Sets the uplink rate of a participant, in bit/s, if it has a link.
    pub fn set_uplink(&mut self, machine: u32, rate: f64) {
        if let Some(uplink) = self.uplinks.of_mut(machine) {
            uplink.set_rate(rate);
        }
    }

    /// Paces of a machine's uplink and downlink in nanoseconds per byte, 0 for no limit: the capacity that flows share
    /// ([`super::Flows`]).
    pub fn paces(&self, machine: u32) -> [f64; 2] {
        [&self.uplinks, &self.downlinks].map(|links| links.of(machine).map_or(0.0, Link::pace))
    }

    /// Prefetches the links of a machine that will send or receive soon.
    pub fn prefetch(&self, machine: u32) {
        self.prefetch_place(machine);
        if self.plain {
            return;
        }
        self.uplinks.of(machine).iter().for_each(|link| prefetch(*link));
        self.downlinks.of(machine).iter().for_each(|link| prefetch(*link));
    }

    /// Bytes allocated (a matrix counts fully, although runs share it).
    pub fn heap_bytes(&self) -> usize {
        self.propagation.heap_bytes() + self.loss.heap_bytes() + self.uplinks.heap_bytes() + self.downlinks.heap_bytes()
    }
}

/// Symmetric triangular variate on `[-1, 1)`: mean 0, variance 1/6. The sum of the two halves of one draw.
fn triangular(noise: &mut Noise) -> f64 {
    let bits = noise.next_u64();
    let sum = (bits >> 32) + (bits & 0xffff_ffff);
    sum as f64 * (1.0 / (1u64 << 32) as f64) - 1.0
}
