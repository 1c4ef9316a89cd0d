//! The table of one box.

use super::{Endpoint, Filtering, Mapping, NatClass, Wire};
use crate::engine::{Duration, Time, prefetch, prefetch_search};

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
    /// Sorted by machine and remote endpoint.
    sessions: Vec<Session>,
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

impl Session {
    const fn rank(&self) -> (u32, Endpoint) {
        (self.machine, self.remote)
    }
}

impl Table {
    pub fn new(class: NatClass, lifetime: Duration, limit: u32, hairpinning: bool) -> Table {
        assert!(limit > 0, "a box remembers at least one session");
        Table { class, hairpinning, lifetime, limit, last_port: 0, mapped: Vec::new(), sessions: Vec::new() }
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
        let first = (machine, Endpoint { address, port: 0 });
        let start = self.sessions.partition_point(|session| session.rank() < first);
        let same = move |session: &&Session| (session.machine, session.remote.address) == (machine, address);
        self.sessions[start..].iter().take_while(same)
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
                self.session(machine, from).is_some_and(|at| through(&self.sessions[at]))
            }
        }
    }

    /// The port that a packet from `machine` to `to` leaves from at `now`: that of a mapping that lives, or a new one.
    pub fn port(&self, now: Time, machine: u32, to: Endpoint) -> u32 {
        let mapped = match self.class.mapping() {
            Mapping::None => return 0,
            Mapping::EndpointIndependent => {
                let mapped = self.mapped.iter().find(|mapped| mapped.machine == machine);
                mapped.map(|mapped| (mapped.port, mapped.sent))
            }
            Mapping::EndpointDependent => {
                self.session(machine, to).map(|at| (self.sessions[at].port, self.sessions[at].sent))
            }
        };
        match mapped {
            Some((port, sent)) if self.lives(now, sent) => port,
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

    fn session(&self, machine: u32, remote: Endpoint) -> Option<usize> {
        self.sessions.binary_search_by_key(&(machine, remote), Session::rank).ok()
    }

    fn remember(&mut self, session: Session) {
        match self.sessions.binary_search_by_key(&session.rank(), Session::rank) {
            Ok(at) => self.sessions[at] = session,
            Err(_) => {
                // Rather than grow the table forgets what has died.
                if self.sessions.len() >= self.sessions.capacity().min(self.limit as usize) {
                    self.make_room(session.sent);
                }
                let at = self.sessions.partition_point(|other| other.rank() < session.rank());
                self.sessions.insert(at, session);
            }
        }
    }

    /// Forgets the sessions that have died, and if there are too many still the one not used for longest.
    fn make_room(&mut self, now: Time) {
        let lifetime = self.lifetime;
        self.sessions.retain(|session| now < session.sent + lifetime);
        let alive = self.sessions.len();
        if alive >= self.limit as usize {
            let oldest = (0..alive).min_by_key(|&at| (self.sessions[at].sent, at)).expect("the table is full");
            self.sessions.remove(oldest);
        }
    }

    /// Asks for what it points to: where a search in it begins.
    pub fn prefetch(&self) {
        self.mapped.first().into_iter().for_each(prefetch);
        prefetch_search(&self.sessions);
    }

    pub fn heap_bytes(&self) -> usize {
        self.mapped.capacity() * size_of::<Mapped>() + self.sessions.capacity() * size_of::<Session>()
    }
}
