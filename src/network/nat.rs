//! NAT boxes and firewalls: a mapping rule × a filtering rule (RFC 4787), and a table of mappings that expire.
//!
//! The box, not the node, is where a packet departs and arrives. A packet that leaves creates or refreshes a mapping at its
//! sender's box and gets the source endpoint that the mapping has; a packet that arrives is let in or not by the receiver's
//! box as its table is *at that instant*. Nothing else is put in: which pairs can punch holes follows from the two rules.
//!
//! A mapping lives for a time after the last packet that *left* through it (RFC 4787, REQ-6: outbound refresh); what arrives
//! does not keep it alive. What is sent to a mapping that has died reaches nobody. A full cone gives its machine the same port
//! again as soon as that sends something (port preservation, RFC 4787, §4.2.1), so that whoever was told of it reaches it again;
//! the others never give a port twice: a hole that has closed is punched anew.
//!
//! # Cost
//!
//! A slot of 24 bytes for each remote endpoint that a machine sent to within the lifetime (no more than
//! [`NatPlan::sessions`]), and in a table never more than 2.4 times as many slots as it has held at once: 58 KiB a machine with
//! the default. 16 for the mapping itself; nothing for machines with an address of their own and no firewall.

mod table;
#[cfg(test)]
mod tests;

use self::table::Table;
use super::loss::Loss;
use crate::engine::{Duration, Purpose, Source, Streams, Time, prefetch};

/// Where packets can be sent to: an address, and a port there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// A machine's own address is its number; the boxes' addresses follow.
    pub address: u32,
    /// 0 on a machine's own address; behind a box the mapping's.
    pub port: u32,
}

/// What a packet belongs to. Only a box that lets no datagrams pass tells the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Datagram,
    /// A stream that its sender has opened or answers on.
    Stream,
}

/// How the source endpoint of a packet comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// The machine has an address of its own.
    None,
    /// One mapping for all destinations.
    EndpointIndependent,
    /// A mapping for each destination endpoint (RFC 4787: address and port-dependent).
    EndpointDependent,
}

/// What is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtering {
    /// Everything.
    None,
    /// Whatever is sent to a mapping.
    EndpointIndependent,
    /// What comes from an address that the mapping was used towards.
    AddressDependent,
    /// What comes from an endpoint that the mapping was used towards (RFC 4787: address and port-dependent).
    EndpointDependent,
    /// No datagrams, neither in nor out; of streams what comes from an endpoint that one was opened to.
    Datagrams,
}

/// The usual combinations of the two rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum NatClass {
    /// An address of its own and no filter.
    #[default]
    Open,
    FullCone,
    Restricted,
    PortRestricted,
    Symmetric,
    /// An address of its own; lets in only answers to what went out.
    Firewall,
    /// No datagrams; streams that it opens itself to machines that can be dialled.
    Blocked,
}

impl NatClass {
    /// All classes, in the order in which they are reported.
    pub const ALL: [NatClass; 7] = [
        NatClass::Open,
        NatClass::FullCone,
        NatClass::Restricted,
        NatClass::PortRestricted,
        NatClass::Symmetric,
        NatClass::Firewall,
        NatClass::Blocked,
    ];

    /// The name in scenario files.
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

    /// Why a packet is lost that a box of this class does not let pass.
    pub const fn loss(self) -> Loss {
        match self {
            NatClass::Firewall | NatClass::Blocked => Loss::Firewall,
            _ => Loss::Nat,
        }
    }
}

/// Boxes that several participants share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carrier {
    /// Of the participants with a mapping NAT, 0 to 1.
    pub share: f64,
    /// Participants to a box on average, at least 1.
    pub subscribers: u32,
    /// Whether two of them reach each other by their outer endpoints.
    pub hairpinning: bool,
}

/// The share of participants in each class, in the order of [`NatClass::ALL`]; their sum is one.
pub type Shares = [f64; 7];

/// What a scenario says of NATs and firewalls.
#[derive(Clone, Debug, PartialEq)]
pub struct NatPlan {
    /// Of the participants for whom nothing else is said. Servers are open.
    pub shares: Shares,
    /// Of those in each region, by its number; `None`: as of all. Empty: nothing is said of regions.
    pub regions: Vec<Option<Shares>>,
    /// By class, in the same order: how long a mapping lives after the last packet that left through it. (RFC 4787, REQ-5: 2
    /// minutes at least; measured medians are 35 s in fixed and 65 s in cellular carrier NATs, Richter et al. 2016.)
    pub lifetimes: [Duration; 7],
    pub carrier: Option<Carrier>,
    /// Remote endpoints that a box remembers for each machine behind it, at least 1; the one not used for longest makes
    /// room.
    pub sessions: u32,
}

impl NatPlan {
    /// RFC 4787, REQ-5: the least.
    pub const LIFETIME: Duration = Duration::from_secs(120);
    /// Our choice.
    pub const SESSIONS: u32 = 1024;

    /// The shares that hold in a region; outside all regions those of all.
    pub fn shares_in(&self, region: Option<u8>) -> &Shares {
        let regional = region.and_then(|region| self.regions.get(usize::from(region))?.as_ref());
        regional.unwrap_or(&self.shares)
    }
}

/// The class of a participant, whether it is behind a carrier's box, and behind which of them: three draws of its own `nat`
/// stream, the same in every system, however many participants there are, and whatever the shares.
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

/// Class and box of a participant.
const NAT: Purpose = Purpose::new("nat");
/// In [`Nats::of`]: no box.
const NO_BOX: u32 = u32::MAX;

/// The boxes of one run.
#[derive(Clone, Debug)]
pub struct Nats {
    classes: Vec<NatClass>,
    /// The box of each machine.
    of: Vec<u32>,
    tables: Vec<Table>,
    /// The address of the first box.
    first_address: u32,
}

impl Nats {
    /// Participants whose classes are drawn from these shares, one after another, and after them open `servers`.
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

    /// Whether two machines are behind the same box.
    pub fn share_a_box(&self, a: u32, b: u32) -> bool {
        self.of[a as usize] == self.of[b as usize] && self.of[a as usize] != NO_BOX
    }

    /// Where a machine can be sent to by whoever knows no more than its name: its own address, or that of its box, where
    /// port 0 reaches nobody.
    pub fn unmapped(&self, machine: u32) -> Endpoint {
        let mapped = self.class(machine).mapping() != Mapping::None;
        Endpoint { address: if mapped { self.first_address + self.of[machine as usize] } else { machine }, port: 0 }
    }

    /// A packet leaves `machine` for `to`: the source endpoint that it has from its box on. Creates or refreshes the
    /// mapping.
    pub fn depart(&mut self, now: Time, machine: u32, to: Endpoint, wire: Wire) -> Result<Endpoint, Loss> {
        let own = self.unmapped(machine);
        match self.tables.get_mut(self.of[machine as usize] as usize) {
            None => Ok(own),
            Some(table) if !table.carries(wire) => Err(table.class.loss()),
            Some(table) => Ok(Endpoint { port: table.depart(now, machine, to), ..own }),
        }
    }

    /// The source endpoint that a packet from `machine` to `to` would have at `now`; `None` if it would not get out.
    pub fn source(&self, now: Time, machine: u32, to: Endpoint, wire: Wire) -> Option<Endpoint> {
        let own = self.unmapped(machine);
        match self.table(machine) {
            None => Some(own),
            Some(table) if !table.carries(wire) => None,
            Some(table) => Some(Endpoint { port: table.port(now, machine, to), ..own }),
        }
    }

    /// A packet from `from` reaches the box in front of `machine`, sent to `to`: whether it is let in.
    pub fn arrive(&self, now: Time, machine: u32, to: Endpoint, from: Endpoint, wire: Wire) -> Result<(), Loss> {
        let Some(table) = self.table(machine) else { return Ok(()) };
        let inside = from.address == self.unmapped(machine).address && table.class.mapping() != Mapping::None;
        let passes =
            (!inside || table.hairpinning) && table.carries(wire) && table.lets_in(now, machine, to.port, from);
        if passes { Ok(()) } else { Err(table.class.loss()) }
    }

    /// Whether `machine` has sent something to `address` within a mapping's life: what comes from there tells it nothing of
    /// whether strangers reach it. (False where nothing is filtered by address: strangers do reach it then.)
    pub fn has_invited(&self, now: Time, machine: u32, address: u32) -> bool {
        let table = self.table(machine);
        table.is_some_and(|table| table.has_session(now, machine, address))
    }

    /// Asks for a machine's box, and later for what that remembers.
    pub fn prefetch(&self, machine: u32) {
        self.table(machine).into_iter().for_each(prefetch);
    }

    /// What the box in front of a machine remembers of a remote endpoint.
    pub fn prefetch_further(&self, machine: u32, remote: Endpoint) {
        self.table(machine).into_iter().for_each(|table| table.prefetch(machine, remote));
    }

    fn table(&self, machine: u32) -> Option<&Table> {
        self.tables.get(self.of[machine as usize] as usize)
    }

    /// Whether anybody is behind a box at all.
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
