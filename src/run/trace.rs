//! The trace: a CSV line for every observable event, for looking closely and for comparing systems.
//!
//! A dial has its line when it ends: who dialled whom, in which way a link opened or that none did, and the nanoseconds since
//! the dial began.

use std::io::Write;

use super::observer::{Ended, LinkEvent, Observer};
use super::operations::{Operation, Verdict};
use super::transport::Outcome;
use crate::engine::Time;
use crate::network::Loss;
use crate::overlay::{Envelope, Kind, NodeId, Traffic};

/// The first line.
const HEADER: &str = "time_ns,event,node,other,detail,bytes";

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

    fn line(&mut self, at: Time, event: &str, node: NodeId, rest: std::fmt::Arguments<'_>) {
        if !self.failed {
            self.failed = writeln!(self.out, "{},{event},{},{rest}", at.as_nanos(), node.0).is_err();
        }
    }

    fn packet(&mut self, at: Time, event: &str, to: NodeId, envelope: &Envelope, detail: &str) {
        let detail = if detail.is_empty() { packet_name(envelope) } else { detail };
        self.line(at, event, envelope.from, format_args!("{},{detail},{}", to.0, envelope.bytes));
    }
}

const fn packet_name(envelope: &Envelope) -> &'static str {
    match (envelope.traffic, envelope.kind) {
        (_, Kind::Refusal) => "refusal",
        (Traffic::Lookup, Kind::Request) => "lookup-request",
        (Traffic::Lookup, _) => "lookup-reply",
        (Traffic::Maintenance, Kind::Request) => "maintenance-request",
        (Traffic::Maintenance, Kind::Reply) => "maintenance-reply",
        (Traffic::Maintenance, Kind::Notice) => "maintenance-notice",
        (Traffic::Storage, Kind::Request) => "storage-request",
        (Traffic::Storage, _) => "storage-reply",
        (Traffic::Repair, Kind::Request) => "repair-request",
        (Traffic::Repair, _) => "repair-reply",
    }
}

impl Observer for Trace<'_> {
    fn packet_sent(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.packet(at, "send", to, envelope, "");
    }

    fn transfer_begins(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.packet(at, "transfer", to, envelope, "");
    }

    fn packet_delivered(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        self.packet(at, "deliver", to, envelope, "");
    }

    fn packet_lost(&mut self, at: Time, to: NodeId, envelope: &Envelope, loss: Loss) {
        self.packet(at, "lose", to, envelope, loss.name());
    }

    fn session(&mut self, at: Time, machine: NodeId, up: bool) {
        self.line(at, if up { "up" } else { "down" }, machine, format_args!(",,"));
    }

    fn membership(&mut self, at: Time, node: NodeId, joined: bool) {
        self.line(at, if joined { "join" } else { "leave" }, node, format_args!(",,"));
    }

    fn no_bootstrap(&mut self, at: Time, node: NodeId) {
        self.line(at, "no-bootstrap", node, format_args!(",,"));
    }

    fn link_event(&mut self, at: Time, node: NodeId, event: LinkEvent) {
        if let LinkEvent::Dialled { peer, outcome, took, .. } = event {
            let outcome = Outcome::NAMES[outcome as usize];
            self.line(at, "dial", node, format_args!("{},{outcome} {},", peer.0, took.as_nanos()));
        }
    }

    fn operation_issued(&mut self, at: Time, operation: &Operation) {
        let event = if operation.errand.is_some() { "publish" } else { "issue" };
        self.line(at, event, operation.node, format_args!(",{},", Asked(operation)));
    }

    fn operation_ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        let cause = if let Verdict::Failed(cause) = ended.verdict { cause.name() } else { "" };
        let verdict = ended.verdict.name();
        self.line(at, "end", operation.node, format_args!(",{} {verdict} {cause},", Asked(operation)));
    }
}

/// An operation as the trace names it: its kind, session and number, and the key that it is for.
struct Asked<'a>(&'a Operation);

impl std::fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Operation { kind, session, number, target, .. } = self.0;
        write!(f, "{} {session}.{number} {target}", kind.name())
    }
}
