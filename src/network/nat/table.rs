//! The table of one box.

use super::{Endpoint, Filtering, Mapping, NatClass, Wire};
use crate::engine::hashed::{Entry, Hashed};
use crate::engine::{Duration, Time, prefetch};

/// Mappings, and what they were used towards.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub class: NatClass,
    /// Whether machines behind this box reach each other by their outer endpoints.
    pub hairpinning: bool,
    lifetime: Duration,
    /// Sessions that are remembered.
    limit: u32,
    last_port: u32,
    /// One for each machine behind the box, if mappings do not depend on the destination.
    mapped: Vec<Mapped>,
    sessions: Hashed<Session>,
}

#[derive(Clone, Copy, Debug)]
struct Mapped {
    machine: u32,
    port: u32,
    /// When the last packet left through it.
    sent: Time,
}

/// What a machine has sent to a remote endpoint.
#[derive(Clone, Copy, Debug)]
struct Session {
    machine: u32,
    remote: Endpoint,
    /// The mapping it was sent through.
    port: u32,
    /// When the last packet was.
    sent: Time,
}

impl Entry for Session {
    /// The machine and the remote endpoint.
    type Key = (u32, Endpoint);
    const FREE: Session =
        Session { machine: u32::MAX, remote: Endpoint { address: u32::MAX, port: 0 }, port: 0, sent: Time::ZERO };

    fn key(&self) -> (u32, Endpoint) {
        (self.machine, self.remote)
    }

    /// Of the remote endpoint the address only: some filters ask for no more.
    fn hash((machine, remote): (u32, Endpoint)) -> u32 {
        let both = u64::from(machine) << 32 | u64::from(remote.address);
        (both.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
    }
}

impl Table {
    pub fn new(class: NatClass, lifetime: Duration, limit: u32, hairpinning: bool) -> Table {
        assert!(limit > 0, "a box remembers at least one session");
        Table { class, hairpinning, lifetime, limit, last_port: 0, mapped: Vec::new(), sessions: Hashed::default() }
    }

    /// A packet leaves `machine` for `to`: the port that it leaves from.
    pub fn depart(&mut self, now: Time, machine: u32, to: Endpoint) -> u32 {
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
    pub fn carries(&self, wire: Wire) -> bool {
        self.class.filtering() != Filtering::Datagrams || wire == Wire::Stream
    }

    /// Whether `machine` sent something to `address` that is remembered.
    pub fn has_session(&self, now: Time, machine: u32, address: u32) -> bool {
        self.towards(machine, address).any(|session| self.lives(now, session.sent))
    }

    fn towards(&self, machine: u32, address: u32) -> impl Iterator<Item = &Session> {
        let theirs = move |session: &&Session| (session.machine, session.remote.address) == (machine, address);
        self.sessions.alike((machine, Endpoint { address, port: 0 })).filter(theirs)
    }

    /// Whether what comes from `from`, sent to `port`, reaches `machine`.
    pub fn lets_in(&self, now: Time, machine: u32, port: u32, from: Endpoint) -> bool {
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

    /// The port that a packet from `machine` to `to` leaves from at `now`: that of a mapping that lives, or a new one; of a
    /// full cone always the same.
    pub fn port(&self, now: Time, machine: u32, to: Endpoint) -> u32 {
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

    /// The only mapping of a machine is refreshed, or replaced.
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

    /// Forgets the sessions that have died, or if none has and there are too many the one not used for longest.
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

    /// Asks for what it points to: its mapping, and what it remembers of a machine and a remote endpoint.
    pub fn prefetch(&self, machine: u32, remote: Endpoint) {
        self.mapped.first().into_iter().for_each(prefetch);
        self.sessions.prefetch((machine, remote));
    }

    pub fn heap_bytes(&self) -> usize {
        self.mapped.capacity() * size_of::<Mapped>() + self.sessions.heap_bytes()
    }
}
