//! Flows: how large values share the access links.
//!
//! A flow's rate is the smaller of its fair share of the sender's uplink and of its fair share of the receiver's
//! downlink, a fair share being the rate of the line over the number of flows on it. What a flow that is slowed down at
//! its other end leaves of its share is *not* dealt out again: this is not max-min fairness, whose rates would depend on
//! flows any number of links away. So a flow that starts or ends changes the rates of the flows on its own two lines only,
//! and costs time in proportion to their number. Packets know nothing of flows: they pass ahead of them.
//!
//! A rate is kept as its inverse, nanoseconds a byte, so that a share is a product: `pace · flows`. A line without a limit
//! has a pace of 0. What is left of a flow is a float that changes only when its pace does, by one division and one
//! subtraction, so it does not depend on who looks at it or when; the instant of its end is rounded to the nanosecond.
//!
//! 100 bytes a flow beside what it carries, 64 a machine.

use crate::engine::{Duration, Time};

/// A flow under way: a slot and how often it has been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowId {
    slot: u32,
    generation: u32,
}

/// An instant at which [`Flows::wake`] is to be called for a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    pub at: Time,
    pub flow: FlowId,
    /// The sender.
    pub from: u32,
}

/// An end of a flow: its line is the sender's uplink or the receiver's downlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Sender = 0,
    Receiver = 1,
}

/// What is left when a flow is over: what it carried, and the bytes moved that [`Flows::account`] has not told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended<J> {
    pub job: J,
    pub moved: u64,
}

/// All flows under way, each with a `J` that says what it carries.
#[derive(Clone, Debug)]
pub struct Flows<J> {
    /// Uplink and downlink of every machine.
    lines: Vec<[Line; 2]>,
    slots: Vec<(u32, Option<Flow<J>>)>,
    free: Vec<u32>,
    wakes: Vec<Wake>,
}

/// One direction of a machine's access link, and the flows on it, in no particular but a deterministic order.
#[derive(Clone, Debug)]
struct Line {
    pace: f64,
    flows: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Flow<J> {
    job: J,
    /// Sender and receiver, parallel to the lines of a machine, and the flow's place on each of its two lines.
    ends: [u32; 2],
    places: [u32; 2],
    bytes: u64,
    /// Bytes that [`Flows::account`] has told of.
    told: u64,
    /// Bytes still to move at `since`, at `pace` nanoseconds each.
    left: f64,
    since: Time,
    pace: f64,
    /// When the last byte has moved, if nothing changes.
    due: Time,
    /// The wake that is out for it; no later than `due`.
    wake: Time,
}

impl<J> Flow<J> {
    fn left_at(&self, now: Time) -> f64 {
        match now - self.since {
            Duration::ZERO => self.left,
            _ if self.pace == 0.0 => 0.0,
            passed => (self.left - passed.as_nanos() as f64 / self.pace).max(0.0),
        }
    }

    /// Whole bytes moved since the last call.
    fn moved(&mut self, now: Time) -> u64 {
        let whole = if now >= self.due { self.bytes } else { self.bytes - self.left_at(now).ceil() as u64 };
        let told = self.told;
        self.told = whole.max(told);
        self.told - told
    }

    /// From `now` on a byte takes `pace` nanoseconds.
    fn set_pace(&mut self, now: Time, pace: f64) {
        self.left = self.left_at(now);
        self.since = now;
        self.pace = pace;
        self.due = now + Duration::from_nanos((self.left * pace + 0.5) as u64);
    }
}

impl<J: Copy> Flows<J> {
    /// No flows yet between machines with these paces, uplink and downlink: nanoseconds a byte, 0 without limit.
    pub fn new(paces: impl IntoIterator<Item = [f64; 2]>) -> Flows<J> {
        let line = |pace| Line { pace, flows: Vec::new() };
        let lines = paces.into_iter().map(|paces| paces.map(line)).collect();
        Flows { lines, slots: Vec::new(), free: Vec::new(), wakes: Vec::new() }
    }

    /// `bytes` begin to move. O(flows on the two lines).
    pub fn start(&mut self, now: Time, from: u32, to: u32, bytes: u64, job: J) -> FlowId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        let ends = [from, to];
        let mut places = [0; 2];
        for (side, place) in places.iter_mut().enumerate() {
            let flows = &mut self.lines[ends[side] as usize][side].flows;
            *place = flows.len() as u32;
            flows.push(slot);
        }
        // At this pace nothing moves: `share` gives it its first.
        let (left, pace) = (bytes as f64, f64::INFINITY);
        let (due, wake) = (Time::NEVER, Time::NEVER);
        let entry = &mut self.slots[slot as usize];
        entry.1 = Some(Flow { job, ends, places, bytes, told: 0, left, since: now, pace, due, wake });
        let flow = FlowId { slot, generation: entry.0 };
        self.share(now, ends);
        flow
    }

    /// The instant of a [`Wake`] has come: the flow, if its last byte has moved. A wake that was given before the flow was
    /// slowed down, sped up or ended does nothing, but may leave another.
    pub fn wake(&mut self, now: Time, id: FlowId) -> Option<Ended<J>> {
        let flow = self.get_mut(id).filter(|flow| flow.wake == now)?;
        if flow.due == now {
            return self.end(now, id);
        }
        flow.wake = flow.due;
        let wake = Wake { at: flow.due, flow: id, from: flow.ends[0] };
        self.wakes.push(wake);
        None
    }

    /// The flow ends, with what has moved until now. `None` if it had ended. O(flows on its two lines).
    pub fn end(&mut self, now: Time, id: FlowId) -> Option<Ended<J>> {
        let moved = self.get_mut(id)?.moved(now);
        let (generation, entry) = &mut self.slots[id.slot as usize];
        *generation = generation.wrapping_add(1);
        let flow = entry.take()?;
        self.free.push(id.slot);
        for side in 0..2 {
            let place = flow.places[side] as usize;
            let flows = &mut self.lines[flow.ends[side] as usize][side].flows;
            flows.swap_remove(place);
            if let Some(&last) = flows.get(place) {
                self.at(last).places[side] = place as u32;
            }
        }
        self.share(now, flow.ends);
        Some(Ended { job: flow.job, moved })
    }

    /// A wake that has come up and was not given yet: each is wanted once.
    pub fn next_wake(&mut self) -> Option<Wake> {
        self.wakes.pop()
    }

    /// The flows from and to a machine, with what they carry.
    pub fn of(&self, machine: u32) -> Vec<(FlowId, J)> {
        let lines = self.lines.get(machine as usize);
        let slots = lines.into_iter().flatten().flat_map(|line| &line.flows);
        slots.filter_map(|&slot| self.entry(slot)).collect()
    }

    /// How many flows a line has.
    pub fn count(&self, machine: u32, end: End) -> usize {
        self.lines.get(machine as usize).map_or(0, |lines| lines[end as usize].flows.len())
    }

    /// The part of a line's rate that the flows on it have: 1 if it is full, 0 if it has no flows or no limit.
    pub fn load(&self, machine: u32, end: End) -> f64 {
        let Some(line) = self.lines.get(machine as usize).map(|lines| &lines[end as usize]) else { return 0.0 };
        let flows = line.flows.iter().filter_map(|&slot| self.slots[slot as usize].1.as_ref());
        flows.map(|flow| line.pace / flow.pace).filter(|part| part.is_finite()).sum()
    }

    /// Tells of every flow the bytes that have moved since it was last told of. Changes no flow.
    pub fn account(&mut self, now: Time, mut tell: impl FnMut(J, u64)) {
        for flow in self.slots.iter_mut().filter_map(|(_, flow)| flow.as_mut()) {
            let moved = flow.moved(now);
            tell(flow.job, moved);
        }
    }

    /// Flows under way.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        let places: usize = self.lines.iter().flatten().map(|line| line.flows.capacity()).sum();
        self.lines.capacity() * size_of::<[Line; 2]>()
            + self.slots.capacity() * size_of::<(u32, Option<Flow<J>>)>()
            + 4 * (places + self.free.capacity())
            + self.wakes.capacity() * size_of::<Wake>()
    }

    /// Deals the sender's uplink and the receiver's downlink out anew.
    fn share(&mut self, now: Time, ends: [u32; 2]) {
        for (side, end) in ends.into_iter().enumerate() {
            for place in 0..self.lines[end as usize][side].flows.len() {
                let slot = self.lines[end as usize][side].flows[place];
                self.pace(now, slot);
            }
        }
    }

    /// Gives a flow the pace that follows from the flows beside it.
    fn pace(&mut self, now: Time, slot: u32) {
        let (generation, flow) = &mut self.slots[slot as usize];
        let flow = flow.as_mut().expect("a flow on a line is under way");
        let [up, down] = [0, 1].map(|side| {
            let line = &self.lines[flow.ends[side] as usize][side];
            line.pace * line.flows.len() as f64
        });
        let pace = up.max(down);
        if pace == flow.pace {
            return;
        }
        flow.set_pace(now, pace);
        if flow.due < flow.wake {
            flow.wake = flow.due;
            let id = FlowId { slot, generation: *generation };
            self.wakes.push(Wake { at: flow.due, flow: id, from: flow.ends[0] });
        }
    }

    fn get_mut(&mut self, id: FlowId) -> Option<&mut Flow<J>> {
        self.slots.get_mut(id.slot as usize).filter(|(generation, _)| *generation == id.generation)?.1.as_mut()
    }

    fn at(&mut self, slot: u32) -> &mut Flow<J> {
        self.slots[slot as usize].1.as_mut().expect("a flow on a line is under way")
    }

    fn entry(&self, slot: u32) -> Option<(FlowId, J)> {
        let (generation, flow) = &self.slots[slot as usize];
        Some((FlowId { slot, generation: *generation }, flow.as_ref()?.job))
    }
}

#[cfg(test)]
mod tests;
