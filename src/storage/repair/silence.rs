//! Unresponsive nodes: after three unanswered queries in a row they are passed over, until a message from them or for
//! 30 minutes.

use super::reports::PAUSE;
use crate::engine::Time;
use crate::model::NodeId;

/// Number of consecutive unanswered queries, [`PAUSE`] or more apart, after which a node no longer counts as
/// responsible.
const TIMES: u8 = 3;
/// Most nodes remembered.
const MOST: usize = 8;

/// Unresponsive node, with the number of consecutive timeouts and the time of the last.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    pub node: NodeId,
    times: u8,
    pub at: Time,
}

/// All unresponsive nodes.
#[derive(Clone, Debug, Default)]
pub struct Silences {
    silences: Vec<Silence>,
}

impl Silences {
    pub const fn count(&self) -> usize {
        self.silences.len()
    }

    /// Nodes that are passed over.
    pub fn passed_over(&self) -> impl Iterator<Item = NodeId> {
        self.silences.iter().filter(|silence| silence.times >= TIMES).map(|silence| silence.node)
    }

    pub fn is_silent(&self, node: NodeId) -> bool {
        self.passed_over().any(|other| other == node)
    }

    /// Notes a timeout of `node`.
    pub fn begin(&mut self, now: Time, node: NodeId) {
        let room = self.silences.len() < MOST;
        match self.silences.iter_mut().find(|silence| silence.node == node) {
            Some(silence) if now.since(silence.at) < PAUSE.mul_f64(0.5) => {}
            Some(silence) => (silence.times, silence.at) = (silence.times.saturating_add(1), now),
            None if room => self.silences.push(Silence { node, times: 1, at: now }),
            None => {}
        }
    }

    /// Removes those that are `over`; returns whether one of them was passed over.
    pub fn end(&mut self, over: impl Fn(&Silence) -> bool) -> bool {
        let passed_over = self.silences.iter().any(|silence| over(silence) && silence.times >= TIMES);
        self.silences.retain(|silence| !over(silence));
        passed_over
    }

    pub fn clear(&mut self) {
        self.silences.clear();
    }

    pub const fn heap_bytes(&self) -> usize {
        self.silences.capacity() * size_of::<Silence>()
    }
}
