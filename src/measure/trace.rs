//! The trace: a CSV line for every observable event, for looking closely, for comparing systems, and for an audit: the bytes,
//! requests, uploads, records and losses of every machine follow from it alone.
//!
//! | column | |
//! | --- | --- |
//! | `time_ns` | nanoseconds since the start of the run |
//! | `event` | `send`, `deliver`, `lose`: a packet whose last bit has left, or never got that far (0 bytes); one that was handed to its receiver; one that was lost. `transfer`, `moved`: a value too large for a packet begins to move; so many bytes of it have. `up`, `down`: a machine's sessions. `join`, `leave`: a node's part in the overlay. `records`: a machine holds so many now. `issue`, `publish`, `end`: an operation of the workload, one that nobody asked for, and how either ended. `dial`: the end of one, in which way a link opened or that none did, and the nanoseconds since it began. `no-bootstrap`. `measurement-begins`, `measurement-ends` |
//! | `node`, `other` | of a packet its sender and its receiver; else the node or machine, and a dial's peer |
//! | `detail` | of a packet what it is sent for and its kind (`relayed`: another packet within, on one of its two hops); else as said above |
//! | `bytes` | of a packet on the wire; those within another have none of their own |
//! | `operation` | the operation on whose behalf a packet is sent, `-` if there is none. One that begins with `u` nobody asked for |
//! | `for` | of a packet: `others` if it is sent because of them, as upload is defined; else `own` |
//! | `cause` | of a loss |

use std::fmt::{self, Display};
use std::io::Write;

use super::observer::{Ended, Observer};
use crate::engine::Time;
use crate::model::{Envelope, Kind, LinkEvent, NodeId, OpId, Operation, Verdict};
use crate::network::Loss;

/// The first line.
const HEADER: &str = "time_ns,event,node,other,detail,bytes,operation,for,cause";

/// Writes one line per event. A failure to write is kept and told at the end, not in the middle of a run.
pub struct Trace<'w> {
    out: &'w mut dyn Write,
    failed: bool,
}

impl<'w> Trace<'w> {
    pub fn new(out: &'w mut dyn Write) -> Trace<'w> {
        let failed = writeln!(out, "{HEADER}").is_err();
        Trace { out, failed }
    }

    fn line(&mut self, at: Time, event: &str, rest: fmt::Arguments<'_>) {
        if !self.failed {
            self.failed = writeln!(self.out, "{},{event},{rest}", at.as_nanos()).is_err();
        }
    }

    /// Something that happened to one node or machine.
    fn of_node(&mut self, at: Time, event: &str, node: NodeId, detail: impl Display) {
        self.line(at, event, format_args!("{},,{detail},,,,", node.0));
    }

    fn packet(&mut self, at: Time, event: &str, to: NodeId, envelope: &Envelope, (bytes, cause): (u64, &str)) {
        let (from, to, what) = (envelope.from.0, to.0, What(envelope));
        let (operation, sake) = (Name(envelope.op), if envelope.for_others { "others" } else { "own" });
        self.line(at, event, format_args!("{from},{to},{what},{bytes},{operation},{sake},{cause}"));
    }
}

/// What a packet is sent for, and its kind.
struct What<'a>(&'a Envelope);

impl Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let traffic = self.0.traffic.name();
        let kind = match self.0.kind {
            Kind::Request => "request",
            Kind::Reply => "reply",
            Kind::Notice => "notice",
            Kind::Refusal => "refusal",
            Kind::Relayed => "relayed",
        };
        write!(f, "{traffic}-{kind}")
    }
}

/// An operation's name in the trace: used again by a later one, but not soon.
struct Name(Option<OpId>);

impl Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(op) = self.0 else { return f.write_str("-") };
        write!(f, "{}{}.{}", if op.is_unasked() { "u" } else { "" }, op.slot(), op.generation())
    }
}

impl Observer for Trace<'_> {
    fn measurement_begins(&mut self, at: Time) {
        self.line(at, "measurement-begins", format_args!(",,,,,,"));
    }

    fn measurement_ends(&mut self, at: Time) {
        self.line(at, "measurement-ends", format_args!(",,,,,,"));
    }

    fn packet_sent(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.packet(at, "send", to, envelope, (envelope.bytes.into(), ""));
    }

    fn transfer_begins(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.packet(at, "transfer", to, envelope, (envelope.bytes.into(), ""));
    }

    fn transfer_moved(&mut self, at: Time, to: NodeId, envelope: &Envelope, bytes: u64) {
        self.packet(at, "moved", to, envelope, (bytes, ""));
    }

    fn packet_delivered(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.packet(at, "deliver", to, envelope, (envelope.bytes.into(), ""));
    }

    fn packet_lost(&mut self, at: Time, to: NodeId, envelope: &Envelope, loss: Loss) {
        self.packet(at, "lose", to, envelope, (envelope.bytes.into(), loss.name()));
    }

    fn session(&mut self, at: Time, machine: NodeId, up: bool) {
        self.of_node(at, if up { "up" } else { "down" }, machine, "");
    }

    fn membership(&mut self, at: Time, node: NodeId, joined: bool) {
        self.of_node(at, if joined { "join" } else { "leave" }, node, "");
    }

    fn no_bootstrap(&mut self, at: Time, node: NodeId) {
        self.of_node(at, "no-bootstrap", node, "");
    }

    fn records(&mut self, at: Time, machine: NodeId, held: u32) {
        self.of_node(at, "records", machine, held);
    }

    fn link_event(&mut self, at: Time, node: NodeId, event: LinkEvent) {
        if let LinkEvent::Dialled { peer, outcome, took, .. } = event {
            let (outcome, took) = (outcome.name(), took.as_nanos());
            self.line(at, "dial", format_args!("{},{},{outcome} {took},,,,", node.0, peer.0));
        }
    }

    fn operation_issued(&mut self, at: Time, operation: &Operation) {
        let event = if operation.errand.is_some() { "publish" } else { "issue" };
        let (node, id) = (operation.node.0, Name(Some(operation.id)));
        self.line(at, event, format_args!("{node},,{},,{id},,", Asked(operation)));
    }

    fn operation_ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        let cause = if let Verdict::Failed(cause) = ended.verdict { cause.name() } else { "" };
        let (node, verdict, id) = (operation.node.0, ended.verdict.name(), Name(Some(operation.id)));
        self.line(at, "end", format_args!("{node},,{} {verdict} {cause},,{id},,", Asked(operation)));
    }
}

/// An operation as the trace describes it: its kind, session and number, and the key that it is for.
struct Asked<'a>(&'a Operation);

impl Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operation { kind, session, number, target, .. } = self.0;
        write!(f, "{} {session}.{number} {target}", kind.name())
    }
}
