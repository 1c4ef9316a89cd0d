//! NATs and firewalls: a mapping behaviour × a filtering behaviour (RFC 4787), and a table of mappings that expire.
//!
//! A packet departs from and arrives at the NAT, not the node. A packet that leaves creates or refreshes a mapping at
//! its sender's NAT and gets the mapping's source endpoint; an arriving packet is accepted or not by the receiver's NAT
//! with its table *at that time*. Nothing else is modelled: which pairs can punch holes follows from the two
//! behaviours.
//!
//! A mapping expires some time after the last packet that *left* through it (RFC 4787, REQ-6: outbound refresh);
//! inbound packets do not refresh it. Packets to an expired mapping are lost. A full-cone NAT gives its machine the
//! same port again with the next packet (port preservation, RFC 4787, §4.2.1), so that peers that know it reach it
//! again; the others never reuse a port: an expired hole must be punched anew.
//!
//! # Cost
//!
//! A slot of 24 bytes for each remote endpoint that a machine sent to within the lifetime (at most
//! [`NatPlan::sessions`]), and in a table never more than 2.4 times as many slots as it has held at once: 58 KiB per
//! machine with the default. 16 bytes for the mapping; nothing for machines with an address of their own and no
//! firewall.

mod table;
#[cfg(test)]
mod tests;

use self::table::Table;
use super::loss::Loss;
use crate::engine::{Duration, Purpose, Source, Streams, Time, prefetch};

/// Endpoint to which packets can be sent: an address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Address: a machine's own is its number; those of NATs follow.
    pub address: u32,
    /// Port: 0 on a machine's own address; behind a NAT the mapping's.
    pub port: u32,
}

/// Kind of traffic of a packet. Only firewalls that block datagrams distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Datagram,
    /// Stream that the sender has opened or accepted.
    Stream,
}

/// Mapping behaviour: source endpoint of outbound packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// No mapping: the machine has an address of its own.
    None,
    /// One mapping for all destinations.
    EndpointIndependent,
    /// Mapping for each destination endpoint (RFC 4787: address and port-dependent).
    EndpointDependent,
}

/// Filtering behaviour: packets that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtering {
    /// All packets.
    None,
    /// All packets to a mapping.
    EndpointIndependent,
    /// Packets from an address to which the mapping has sent.
    AddressDependent,
    /// Packets from an endpoint to which the mapping has sent (RFC 4787: address and port-dependent).
    EndpointDependent,
    /// No datagrams in either direction; streams only from endpoints to which one was opened.
    Datagrams,
}

/// Usual combinations of mapping and filtering behaviour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum NatClass {
    /// Own address, no filter.
    #[default]
    Open,
    FullCone,
    Restricted,
    PortRestricted,
    Symmetric,
    /// Own address; only replies to outbound packets are accepted.
    Firewall,
    /// Own address; no datagrams, and only streams that the machine opens itself to machines that can be dialled.
    Blocked,
}

impl NatClass {
    /// Classes in the order of reports.
    pub const ALL: [NatClass; 7] = [
        NatClass::Open,
        NatClass::FullCone,
        NatClass::Restricted,
        NatClass::PortRestricted,
        NatClass::Symmetric,
        NatClass::Firewall,
        NatClass::Blocked,
    ];

    /// Name in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            NatClass::Open => "open",
            NatClass::FullCone => "full-cone",
            NatClass::Restricted => "restricted",
            NatClass::PortRestricted => "port-restricted",
            NatClass::Symmetric => "symmetric",
            NatClass::Firewall => "firewall",
            NatClass::Blocked => "blocked",
        }
    }

    pub const fn mapping(self) -> Mapping {
        match self {
            NatClass::Open | NatClass::Firewall | NatClass::Blocked => Mapping::None,
            NatClass::FullCone | NatClass::Restricted | NatClass::PortRestricted => Mapping::EndpointIndependent,
            NatClass::Symmetric => Mapping::EndpointDependent,
        }
    }

    pub const fn filtering(self) -> Filtering {
        match self {
            NatClass::Open => Filtering::None,
            NatClass::FullCone => Filtering::EndpointIndependent,
            NatClass::Restricted => Filtering::AddressDependent,
            NatClass::PortRestricted | NatClass::Symmetric | NatClass::Firewall => Filtering::EndpointDependent,
            NatClass::Blocked => Filtering::Datagrams,
        }
    }

    /// Loss cause of packets rejected by a NAT of this class.
    pub const fn loss(self) -> Loss {
        match self {
            NatClass::Firewall | NatClass::Blocked => Loss::Firewall,
            _ => Loss::Nat,
        }
    }
}

/// Carrier-grade NATs, shared by several participants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carrier {
    /// Share of the participants with a mapping NAT, 0 to 1.
    pub share: f64,
    /// Mean number of participants per NAT, at least 1.
    pub subscribers: u32,
    /// Whether two of them reach each other by their outer endpoints (hairpinning).
    pub hairpinning: bool,
}

/// Share of participants in each class, in the order of [`NatClass::ALL`]; the sum is one.
pub type Shares = [f64; 7];

/// NATs and firewalls of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct NatPlan {
    /// Shares of participants without other settings. Servers are open.
    pub shares: Shares,
    /// Shares in each region, by its number; `None`: the common shares. Empty: no regional shares.
    pub regions: Vec<Option<Shares>>,
    /// Lifetime of mappings after the last outbound packet, by class in the same order. (RFC 4787, REQ-5: at least 2
    /// minutes; measured medians are 35 s in fixed and 65 s in cellular carrier-grade NATs, Richter et al. 2016.)
    pub lifetimes: [Duration; 7],
    pub carrier: Option<Carrier>,
    /// Most remote endpoints in a NAT's table for each machine behind it, at least 1; the least recently used one makes
    /// room.
    pub sessions: u32,
}

impl NatPlan {
    /// Default lifetime of mappings: the minimum of RFC 4787, REQ-5.
    pub const LIFETIME: Duration = Duration::from_secs(120);
    /// Default number of sessions, an assumption.
    pub const SESSIONS: u32 = 1024;

    /// Shares in a region; outside all regions the common shares.
    pub fn shares_in(&self, region: Option<u8>) -> &Shares {
        let regional = region.and_then(|region| self.regions.get(usize::from(region))?.as_ref());
        regional.unwrap_or(&self.shares)
    }
}

/// Class of a participant, whether it is behind a carrier-grade NAT, and behind which: three draws of its own `nat`
/// stream, equal in every system and independent of the number of participants and of the shares.
fn draw(streams: &Streams, participant: u32, shares: &Shares) -> (NatClass, [f64; 2]) {
    let mut stream = streams.stream(NAT, participant.into());
    let class = NatClass::ALL[stream.among(shares)];
    (class, [stream.unit(), stream.unit()])
}

/// Preset of shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Name in a scenario file.
    pub name: &'static str,
    /// Share of participants in each class.
    pub shares: Shares,
    /// Source of the shares.
    pub source: &'static str,
}

/// All presets.
pub const PRESETS: [Preset; 1] = [Preset {
    name: "home-2010",
    shares: [0.35, 0.10, 0.05, 0.38, 0.12, 0.0, 0.0],
    source: "an assumption: home connections of about 2010",
}];

/// Stream of the class and NAT of a participant.
const NAT: Purpose = Purpose::new("nat");
/// Marker in [`Nats::of`]: no NAT.
const NO_BOX: u32 = u32::MAX;

/// NATs of one run.
#[derive(Clone, Debug)]
pub struct Nats {
    classes: Vec<NatClass>,
    /// NAT of each machine.
    of: Vec<u32>,
    tables: Vec<Table>,
    /// Address of the first NAT.
    first_address: u32,
}

impl Nats {
    /// NATs of participants whose classes are drawn from these shares, one after another, followed by open `servers`.
    pub fn new(plan: &NatPlan, streams: &Streams, shares: &[&Shares], servers: u32) -> Nats {
        let machines = shares.len() as u32 + servers;
        let (mut classes, mut of) = (Vec::with_capacity(machines as usize), Vec::with_capacity(machines as usize));
        let mut tables = Vec::new();
        // The first carrier box of each class, and how many there are.
        let carriers = NatClass::ALL.map(|class| {
            let Some(carrier) = plan.carrier.filter(|_| class.mapping() != Mapping::None) else { return (0, 0) };
            // Neighbours with the same shares are counted together: where all have the same, no sum is rounded.
            let alike = shares.chunk_by(|one, other| one == other);
            let behind: f64 = alike.map(|some| some.len() as f64 * some[0][class as usize] * carrier.share).sum();
            let number = (behind / f64::from(carrier.subscribers)).round().max(1.0) as u32;
            let first = tables.len() as u32;
            // More than 2³² sessions nobody ever has.
            let (lifetime, limit) = (plan.lifetimes[class as usize], plan.sessions.saturating_mul(carrier.subscribers));
            tables.extend((0..number).map(|_| Table::new(class, lifetime, limit, carrier.hairpinning)));
            (first, number)
        });
        for (participant, shares) in (0..).zip(shares) {
            let (class, [which, place]) = draw(streams, participant, shares);
            let (first, number) = carriers[class as usize];
            classes.push(class);
            of.push(match class {
                NatClass::Open => NO_BOX,
                _ if plan.carrier.is_some_and(|carrier| number > 0 && which < carrier.share) => {
                    first + (place * f64::from(number)) as u32
                }
                _ => {
                    // A box of one's own hears nobody else behind it.
                    tables.push(Table::new(class, plan.lifetimes[class as usize], plan.sessions, false));
                    tables.len() as u32 - 1
                }
            });
        }
        classes.resize(machines as usize, NatClass::Open);
        of.resize(machines as usize, NO_BOX);
        Nats { classes, of, tables, first_address: machines }
    }

    pub fn class(&self, machine: u32) -> NatClass {
        self.classes[machine as usize]
    }

    /// Whether two machines are behind one NAT.
    pub fn share_a_box(&self, a: u32, b: u32) -> bool {
        self.of[a as usize] == self.of[b as usize] && self.of[a as usize] != NO_BOX
    }

    /// Endpoint of a machine for senders that know only its number: its own address, or that of its NAT, where port 0
    /// reaches no machine.
    pub fn unmapped(&self, machine: u32) -> Endpoint {
        let mapped = self.class(machine).mapping() != Mapping::None;
        Endpoint { address: if mapped { self.first_address + self.of[machine as usize] } else { machine }, port: 0 }
    }

    /// Sends a packet from `machine` to `to`; returns its source endpoint beyond the NAT. Creates or refreshes the
    /// mapping.
    pub fn depart(&mut self, now: Time, machine: u32, to: Endpoint, wire: Wire) -> Result<Endpoint, Loss> {
        let own = self.unmapped(machine);
        match self.tables.get_mut(self.of[machine as usize] as usize) {
            None => Ok(own),
            Some(table) if !table.carries(wire) => Err(table.class.loss()),
            Some(table) => Ok(Endpoint { port: table.depart(now, machine, to), ..own }),
        }
    }

    /// Source endpoint that a packet from `machine` to `to` would have at `now`; `None` if it would not get out.
    pub fn source(&self, now: Time, machine: u32, to: Endpoint, wire: Wire) -> Option<Endpoint> {
        let own = self.unmapped(machine);
        match self.table(machine) {
            None => Some(own),
            Some(table) if !table.carries(wire) => None,
            Some(table) => Some(Endpoint { port: table.port(now, machine, to), ..own }),
        }
    }

    /// Receives a packet from `from`, sent to `to`, at the NAT of `machine`: accepted or lost.
    pub fn arrive(&self, now: Time, machine: u32, to: Endpoint, from: Endpoint, wire: Wire) -> Result<(), Loss> {
        let Some(table) = self.table(machine) else { return Ok(()) };
        let inside = from.address == self.unmapped(machine).address && table.class.mapping() != Mapping::None;
        let passes =
            (!inside || table.hairpinning) && table.carries(wire) && table.lets_in(now, machine, to.port, from);
        if passes { Ok(()) } else { Err(table.class.loss()) }
    }

    /// Whether `machine` has sent to `address` within the lifetime of a mapping: a packet from there then does not show
    /// that unsolicited packets get in. (False where filtering does not depend on addresses: then they do.)
    pub fn has_invited(&self, now: Time, machine: u32, address: u32) -> bool {
        let table = self.table(machine);
        table.is_some_and(|table| table.has_session(now, machine, address))
    }

    /// Prefetches a machine's NAT; see [`Nats::prefetch_further`].
    pub fn prefetch(&self, machine: u32) {
        self.table(machine).into_iter().for_each(prefetch);
    }

    /// Prefetches the state of a machine's NAT for a remote endpoint.
    pub fn prefetch_further(&self, machine: u32, remote: Endpoint) {
        self.table(machine).into_iter().for_each(|table| table.prefetch(machine, remote));
    }

    fn table(&self, machine: u32) -> Option<&Table> {
        self.tables.get(self.of[machine as usize] as usize)
    }

    /// Whether any machine is behind a NAT.
    pub fn is_anybody_behind(&self) -> bool {
        !self.tables.is_empty()
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.classes.capacity()
            + self.of.capacity() * size_of::<u32>()
            + self.tables.capacity() * size_of::<Table>()
            + self.tables.iter().map(Table::heap_bytes).sum::<usize>()
    }
}
