//! Table of one NAT.

use super::{Endpoint, Filtering, Mapping, NatClass, Wire};
use crate::engine::hashed::{Entry, Hashed};
use crate::engine::{Duration, Time, prefetch};

/// Mappings and the remote endpoints that they were used for.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub class: NatClass,
    /// Whether machines behind this NAT reach each other by their outer endpoints.
    pub hairpinning: bool,
    lifetime: Duration,
    /// Capacity in sessions.
    limit: u32,
    last_port: u32,
    /// Mapping of each machine behind the NAT, if mappings do not depend on the destination.
    mapped: Vec<Mapped>,
    sessions: Hashed<Session>,
}

#[derive(Clone, Copy, Debug)]
struct Mapped {
    machine: u32,
    port: u32,
    /// Time of the last outbound packet.
    sent: Time,
}

/// Session of a machine with a remote endpoint.
#[derive(Clone, Copy, Debug)]
struct Session {
    machine: u32,
    remote: Endpoint,
    /// Port of the mapping used.
    port: u32,
    /// Time of the last packet.
    sent: Time,
}

impl Entry for Session {
    /// Machine and remote endpoint.
    type Key = (u32, Endpoint);
    const FREE: Session =
        Session { machine: u32::MAX, remote: Endpoint { address: u32::MAX, port: 0 }, port: 0, sent: Time::ZERO };

    fn key(&self) -> (u32, Endpoint) {
        (self.machine, self.remote)
    }

    /// Hash of the machine and the remote address, without the port, which some filters ignore.
    fn hash((machine, remote): (u32, Endpoint)) -> u32 {
        let both = u64::from(machine) << 32 | u64::from(remote.address);
        (both.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
    }
}

impl Table {
    pub(super) fn new(class: NatClass, lifetime: Duration, limit: u32, hairpinning: bool) -> Table {
        assert!(limit > 0, "a box remembers at least one session");
        Table { class, hairpinning, lifetime, limit, last_port: 0, mapped: Vec::new(), sessions: Hashed::default() }
    }

    /// Sends a packet from `machine` to `to`; returns its source port.
    pub(super) fn depart(&mut self, now: Time, machine: u32, to: Endpoint) -> u32 {
        let port = self.port(now, machine, to);
        self.last_port = self.last_port.max(port);
        if self.class.mapping() == Mapping::EndpointIndependent {
            self.map(Mapped { machine, port, sent: now });
        }
        // A filter that asks for no session needs none.
        if self.class.filtering() != Filtering::EndpointIndependent {
            self.remember(Session { machine, remote: to, port, sent: now });
        }
        port
    }

    /// Whether packets of this kind pass at all.
    pub(super) fn carries(&self, wire: Wire) -> bool {
        self.class.filtering() != Filtering::Datagrams || wire == Wire::Stream
    }

    /// Whether the table has a live session of `machine` with `address`.
    pub(super) fn has_session(&self, now: Time, machine: u32, address: u32) -> bool {
        self.towards(machine, address).any(|session| self.lives(now, session.sent))
    }

    fn towards(&self, machine: u32, address: u32) -> impl Iterator<Item = &Session> {
        let theirs = move |session: &&Session| (session.machine, session.remote.address) == (machine, address);
        self.sessions.alike((machine, Endpoint { address, port: 0 })).filter(theirs)
    }

    /// Whether a packet from `from`, sent to `port`, reaches `machine`.
    pub(super) fn lets_in(&self, now: Time, machine: u32, port: u32, from: Endpoint) -> bool {
        let through = |session: &Session| session.port == port && self.lives(now, session.sent);
        let is_mapped = || {
            let mapped = self.mapped.iter().find(|mapped| mapped.machine == machine);
            mapped.is_some_and(|mapped| mapped.port == port && self.lives(now, mapped.sent))
        };
        match self.class.filtering() {
            Filtering::None => true,
            Filtering::EndpointIndependent => is_mapped(),
            Filtering::AddressDependent => self.towards(machine, from.address).any(through),
            Filtering::EndpointDependent | Filtering::Datagrams => {
                self.sessions.get((machine, from)).is_some_and(through)
            }
        }
    }

    /// Source port of a packet from `machine` to `to` at `now`: that of a live mapping, or a new one; of a full-cone
    /// NAT always the same.
    pub(super) fn port(&self, now: Time, machine: u32, to: Endpoint) -> u32 {
        let mapped = match self.class.mapping() {
            Mapping::None => return 0,
            Mapping::EndpointIndependent => {
                let mapped = self.mapped.iter().find(|mapped| mapped.machine == machine);
                mapped.map(|mapped| (mapped.port, mapped.sent))
            }
            Mapping::EndpointDependent => self.sessions.get((machine, to)).map(|session| (session.port, session.sent)),
        };
        match mapped {
            Some((port, sent)) if self.lives(now, sent) || self.class == NatClass::FullCone => port,
            _ => self.last_port.checked_add(1).expect("fewer than 2^32 mappings of one box"),
        }
    }

    /// Refreshes or replaces the only mapping of a machine.
    fn map(&mut self, mapped: Mapped) {
        match self.mapped.iter_mut().find(|other| other.machine == mapped.machine) {
            Some(other) => *other = mapped,
            None => self.mapped.push(mapped),
        }
    }

    fn lives(&self, now: Time, sent: Time) -> bool {
        now < sent + self.lifetime
    }

    fn remember(&mut self, session: Session) {
        if let Some(there) = self.sessions.get_mut(session.key()) {
            *there = session;
            return;
        }
        // Rather than grow the table forgets what has died.
        if self.sessions.is_full() || self.sessions.len() >= self.limit as usize {
            self.make_room(session.sent);
        }
        self.sessions.insert(session);
    }

    /// Removes expired sessions, or, if there are none and the table is full, the least recently used one.
    fn make_room(&mut self, now: Time) {
        let age = |session: &&Session| (session.sent, session.key());
        let Some(&oldest) = self.sessions.iter().min_by_key(age) else { return };
        let lifetime = self.lifetime;
        if !self.lives(now, oldest.sent) {
            self.sessions.retain(|session| now < session.sent + lifetime);
        } else if self.sessions.len() >= self.limit as usize {
            self.sessions.remove(oldest.key());
        }
    }

    /// Prefetches the mapping of a machine and its session with a remote endpoint.
    pub(super) fn prefetch(&self, machine: u32, remote: Endpoint) {
        self.mapped.first().into_iter().for_each(prefetch);
        self.sessions.prefetch((machine, remote));
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.mapped.capacity() * size_of::<Mapped>() + self.sessions.heap_bytes()
    }
}
