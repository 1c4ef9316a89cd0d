//! Those who watch a run: metrics, trace, fingerprint, checkers. They cost nothing when absent, are not events, and
//! nothing that they do reaches the run.

use crate::engine::fingerprint::{Checkpoints, Fingerprint};
use crate::engine::{Duration, Time};
use crate::model::{Cause, Envelope, LinkEvent, NodeId, Operation, Stock, Verdict};
use crate::network::Loss;

/// How an operation ended, and what is known of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub verdict: Verdict,
    /// Depth of the node it ended at; of correct operations.
    pub hops: Option<u8>,
    /// Propagation there and back between initiator and that node.
    pub round_trip: Option<Duration>,
    /// A get answered from the machine's own portion.
    pub local: bool,
}

/// What a repair has made a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// A whole resource.
    Value,
    /// A piece of a resource that is kept in several.
    Piece,
    /// Where copies are: a pointer, or a record of who provides a resource.
    Pointer,
}

impl Copied {
    /// All of them, in the order of the columns.
    pub const ALL: [Copied; 3] = [Copied::Value, Copied::Piece, Copied::Pointer];

    /// The word that begins the columns.
    pub const fn name(self) -> &'static str {
        match self {
            Copied::Value => "value",
            Copied::Piece => "piece",
            Copied::Pointer => "pointer",
        }
    }

    /// Several of them in words.
    pub const fn plural(self) -> &'static str {
        match self {
            Copied::Value => "whole values",
            Copied::Piece => "pieces",
            Copied::Pointer => "pointers and provider records",
        }
    }
}

/// Told of everything observable, in the order in which it happens. Every method does nothing by default.
#[allow(unused_variables)]
pub trait Observer {
    /// The warm-up is over. Called before the first event at or after its end.
    fn measurement_begins(&mut self, at: Time) {}
    /// The measurement is over. Called after the last event before its end; operations of it may still be under way.
    fn measurement_ends(&mut self, at: Time) {}
    /// A packet's last bit left its sender. It may be lost at once; one that never gets onto the wire has 0 bytes.
    fn packet_sent(&mut self, at: Time, to: NodeId, envelope: &Envelope) {}
    /// A value too large for a packet begins to move, of so many bytes on the wire. It is delivered or lost like a packet;
    /// what is delivered then has 0 bytes, because all have been told as they moved.
    fn transfer_begins(&mut self, at: Time, to: NodeId, envelope: &Envelope) {}
    /// So many bytes of a transfer have been sent and received since the last time. Told when it ends and at every sample.
    fn transfer_moved(&mut self, at: Time, to: NodeId, envelope: &Envelope, bytes: u64) {}
    /// A packet was handed to its receiver, who begins to work on it if it is a request (a server: after the wait for
    /// service).
    fn packet_delivered(&mut self, at: Time, to: NodeId, envelope: &Envelope) {}
    fn packet_lost(&mut self, at: Time, to: NodeId, envelope: &Envelope, loss: Loss) {}
    /// A message pays so many bytes for the handshake that it `begins`, or that it answers.
    fn handshake(&mut self, at: Time, begins: bool, bytes: u32) {}
    /// A machine came online or went offline.
    fn session(&mut self, at: Time, machine: NodeId, up: bool) {}
    /// A node joined its overlay or left it.
    fn membership(&mut self, at: Time, node: NodeId, joined: bool) {}
    /// Failed attempt to join: the oracle knows no member, or no machine of the bootstrap service has named one that lets the node in.
    fn no_bootstrap(&mut self, at: Time, node: NodeId) {}
    /// A node asks or tells a machine of the bootstrap service something.
    fn asks_service(&mut self, at: Time) {}
    /// So many requests have not been answered in time, by what they were for ([`TIMEOUTS`](super::catalogue::TIMEOUTS)).
    fn timed_out(&mut self, at: Time, counts: [u32; 3]) {}
    /// A client has asked a resolver for its server's name, and will have an answer: of so many bytes either way.
    fn looked_name_up(&mut self, at: Time, machine: NodeId, bytes: u32) {}
    /// A machine's records became so many.
    fn records(&mut self, at: Time, machine: NodeId, held: u32) {}
    /// A machine's disk had no room for a record.
    fn refused(&mut self, at: Time, machine: NodeId) {}
    /// What can be had of the resources, and what there is, became this.
    fn stock(&mut self, at: Time, stock: &Stock) {}
    /// The values in all caches together take so many bytes now.
    fn cached(&mut self, at: Time, bytes: u64) {}
    /// A copy was made by repair or hand-over; `in_vain` if enough were there, on machines that are away or not known to have
    /// them.
    fn repaired(&mut self, at: Time, copied: Copied, in_vain: bool) {}
    /// A request entered service at a server, or at a participant with a processor.
    fn service_begins(&mut self, at: Time, machine: NodeId, waited: Duration) {}
    /// The service of so many requests at a machine is over: done, or cut off when it went.
    fn service_ends(&mut self, at: Time, machine: NodeId, requests: u32) {}
    fn operation_issued(&mut self, at: Time, operation: &Operation) {}
    fn link_event(&mut self, at: Time, node: NodeId, event: LinkEvent) {}
    /// A packet of or to this node will come soon: asks for the memory that counting it takes.
    fn prefetch(&self, node: NodeId) {}
    fn operation_ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {}
}

impl Observer for () {}

macro_rules! both {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {
        $(fn $method(&mut self, $($argument: $type),*) {
            self.0.$method($($argument),*);
            self.1.$method($($argument),*);
        })*
    };
}

/// Two observers, told one after the other.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn prefetch(&self, node: NodeId) {
        self.0.prefetch(node);
        self.1.prefetch(node);
    }

    both! {
        measurement_begins(at: Time);
        measurement_ends(at: Time);
        packet_sent(at: Time, to: NodeId, envelope: &Envelope);
        transfer_begins(at: Time, to: NodeId, envelope: &Envelope);
        transfer_moved(at: Time, to: NodeId, envelope: &Envelope, bytes: u64);
        packet_delivered(at: Time, to: NodeId, envelope: &Envelope);
        packet_lost(at: Time, to: NodeId, envelope: &Envelope, loss: Loss);
        handshake(at: Time, begins: bool, bytes: u32);
        session(at: Time, machine: NodeId, up: bool);
        membership(at: Time, node: NodeId, joined: bool);
        no_bootstrap(at: Time, node: NodeId);
        asks_service(at: Time);
        timed_out(at: Time, counts: [u32; 3]);
        looked_name_up(at: Time, machine: NodeId, bytes: u32);
        records(at: Time, machine: NodeId, held: u32);
        refused(at: Time, machine: NodeId);
        stock(at: Time, stock: &Stock);
        cached(at: Time, bytes: u64);
        repaired(at: Time, copied: Copied, in_vain: bool);
        service_begins(at: Time, machine: NodeId, waited: Duration);
        service_ends(at: Time, machine: NodeId, requests: u32);
        link_event(at: Time, node: NodeId, event: LinkEvent);
        operation_issued(at: Time, operation: &Operation);
        operation_ended(at: Time, operation: &Operation, ended: &Ended);
    }
}

/// The fingerprint of a run: over sends, deliveries, losses with their cause, sessions and outcomes. A send belongs to the
/// sender, a delivery to the receiver, all else to its machine or node; a loss, which is noticed at either end, to nobody.
#[derive(Debug)]
pub struct Prints {
    pub fingerprint: Fingerprint,
    pub checkpoints: Checkpoints,
}

/// Of an event, the node that it concerns and 32 bits of detail, as a word.
#[inline(always)]
fn word(what: u64, node: NodeId, detail: u64) -> u64 {
    what << 60 ^ u64::from(node.0) << 32 ^ detail
}

impl Prints {
    /// Of so many nodes, with a checkpoint at each multiple of `interval`.
    pub fn new(nodes: u32, interval: Duration) -> Prints {
        Prints { fingerprint: Fingerprint::new(nodes), checkpoints: Checkpoints::new(interval) }
    }

    pub fn heap_bytes(&self) -> usize {
        self.fingerprint.heap_bytes()
    }

    /// Something happened to `node`. `detail` has 32 bits.
    fn add(&mut self, at: Time, what: u64, node: NodeId, detail: u64) {
        self.checkpoints.pass(at, &self.fingerprint);
        self.fingerprint.add(node.0, [at.as_nanos(), word(what, node, detail)]);
    }

    /// A packet passed one of its ends, `other` being the other.
    #[inline(always)]
    fn add_packet(&mut self, at: Time, what: u64, end: NodeId, other: NodeId, bytes: u32) {
        self.checkpoints.pass(at, &self.fingerprint);
        self.fingerprint.add(end.0, [at.as_nanos(), word(what, other, u64::from(bytes))]);
    }
}

/// The cause of a verdict as a number: 0 where there is none.
fn cause_number(verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Correct => 1,
        Verdict::Incorrect => 2,
        Verdict::Abandoned => 3,
        Verdict::Open => 4,
        Verdict::Failed(cause) => 5 + Cause::ALL.iter().position(|&other| other == cause).unwrap_or(0) as u64,
    }
}

impl Observer for Prints {
    fn prefetch(&self, node: NodeId) {
        self.fingerprint.prefetch(node.0);
    }

    #[inline(always)]
    fn packet_sent(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.add_packet(at, 1, envelope.from, to, envelope.bytes);
    }

    fn transfer_begins(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.add_packet(at, 6, envelope.from, to, envelope.bytes);
    }

    #[inline(always)]
    fn packet_delivered(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.add_packet(at, 2, to, envelope.from, envelope.bytes);
    }

    fn packet_lost(&mut self, at: Time, to: NodeId, envelope: &Envelope, loss: Loss) {
        self.checkpoints.pass(at, &self.fingerprint);
        let from = u64::from(envelope.from.0);
        self.fingerprint.add_apart([at.as_nanos(), word(3, to, from), u64::from(envelope.bytes), loss as u64]);
    }

    fn session(&mut self, at: Time, machine: NodeId, up: bool) {
        self.add(at, 4, machine, u64::from(up));
    }

    fn operation_ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        self.add(at, 5, operation.node, cause_number(ended.verdict));
    }
}
