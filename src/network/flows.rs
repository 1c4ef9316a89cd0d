//! Bulk transfers (flows) that share the access links.
//!
//! The rate of a flow is the smaller of its fair shares of the sender's uplink and of the receiver's downlink, a fair
//! share being the rate of the link over its number of flows. Capacity that a flow leaves unused because of its other
//! end is *not* redistributed: this is not max-min fairness, where rates depend on flows any number of links away. So
//! the start or end of a flow changes the rates of the flows on its own two links only, and takes time in proportion to
//! their number. Packets are not affected by flows: they have priority.
//!
//! A rate is kept as its inverse, nanoseconds per byte, so that a share is a product: `pace · flows`. A link without a
//! limit has a pace of 0. The remaining bytes of a flow are a float that changes only when its pace does, by one
//! division and one subtraction, so it does not depend on when it is read; the end is rounded to the nanosecond.
//!
//! Memory: 100 bytes per flow besides its job, 64 per machine.

use crate::engine::{Duration, Time};

/// Active flow: its slot and the slot's generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowId {
    slot: u32,
    generation: u32,
}

/// Time at which [`Flows::wake`] must be called for a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    pub at: Time,
    pub flow: FlowId,
    /// Sender of the flow.
    pub from: u32,
}

/// End of a flow: the sender's uplink or the receiver's downlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Sender = 0,
    Receiver = 1,
}

/// Finished flow: its job, and the bytes moved that [`Flows::account`] has not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended<J> {
    pub job: J,
    pub moved: u64,
}

/// Active flows, each with a job `J`.
#[derive(Clone, Debug)]
pub struct Flows<J> {
    /// Uplink and downlink of each machine.
    lines: Vec<[Line; 2]>,
    slots: Vec<(u32, Option<Flow<J>>)>,
    free: Vec<u32>,
    wakes: Vec<Wake>,
}

/// One direction of a machine's access link, with its flows in an arbitrary but deterministic order.
#[derive(Clone, Debug)]
struct Line {
    pace: f64,
    flows: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Flow<J> {
    job: J,
    /// Sender and receiver, parallel to the links of a machine, and the flow's position on each of its two links.
    ends: [u32; 2],
    places: [u32; 2],
    bytes: u64,
    /// Bytes that [`Flows::account`] has reported.
    told: u64,
    /// Bytes remaining at `since`, at `pace` nanoseconds each.
    left: f64,
    since: Time,
    pace: f64,
    /// End of the flow if nothing changes.
    due: Time,
    /// Pending wake, no later than `due`.
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

    /// Sets the pace from `now` on, in nanoseconds per byte.
    fn set_pace(&mut self, now: Time, pace: f64) {
        self.left = self.left_at(now);
        self.since = now;
        self.pace = pace;
        self.due = now + Duration::from_nanos((self.left * pace + 0.5) as u64);
    }
}

impl<J: Copy> Flows<J> {
    /// Empty set of flows between machines with these paces of uplink and downlink: nanoseconds per byte, 0 for no
    /// limit.
    pub fn new(paces: impl IntoIterator<Item = [f64; 2]>) -> Flows<J> {
        let line = |pace| Line { pace, flows: Vec::new() };
        let lines = paces.into_iter().map(|paces| paces.map(line)).collect();
        Flows { lines, slots: Vec::new(), free: Vec::new(), wakes: Vec::new() }
    }

    /// Starts a flow of `bytes`. O(flows on the two links).
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

    /// Handles a [`Wake`] that is due; returns the flow if its last byte has moved. A wake issued before the flow was
    /// slowed down, sped up or ended does nothing, but may issue another.
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

    /// Ends a flow early, with the bytes moved until now. `None` if it had ended. O(flows on its two links).
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

    /// Next wake that has not been returned yet; each must be scheduled once.
    pub fn next_wake(&mut self) -> Option<Wake> {
        self.wakes.pop()
    }

    /// Flows from and to a machine, with their jobs.
    pub fn of(&self, machine: u32) -> Vec<(FlowId, J)> {
        let lines = self.lines.get(machine as usize);
        let slots = lines.into_iter().flatten().flat_map(|line| &line.flows);
        slots.filter_map(|&slot| self.entry(slot)).collect()
    }

    /// Number of flows on a link.
    pub fn count(&self, machine: u32, end: End) -> usize {
        self.lines.get(machine as usize).map_or(0, |lines| lines[end as usize].flows.len())
    }

    /// Utilisation of a link by flows: 1 if it is full, 0 without flows or without a limit.
    pub fn load(&self, machine: u32, end: End) -> f64 {
        let Some(line) = self.lines.get(machine as usize).map(|lines| &lines[end as usize]) else { return 0.0 };
        let flows = line.flows.iter().filter_map(|&slot| self.slots[slot as usize].1.as_ref());
        flows.map(|flow| line.pace / flow.pace).filter(|part| part.is_finite()).sum()
    }

    /// Reports for every flow the bytes moved since the last report. Changes no flow.
    pub fn account(&mut self, now: Time, mut tell: impl FnMut(J, u64)) {
        for flow in self.slots.iter_mut().filter_map(|(_, flow)| flow.as_mut()) {
            let moved = flow.moved(now);
            tell(flow.job, moved);
        }
    }

    /// Number of active flows.
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

    /// Recomputes the shares of the sender's uplink and the receiver's downlink.
    fn share(&mut self, now: Time, ends: [u32; 2]) {
        for (side, end) in ends.into_iter().enumerate() {
            for place in 0..self.lines[end as usize][side].flows.len() {
                let slot = self.lines[end as usize][side].flows[place];
                self.pace(now, slot);
            }
        }
    }

    /// Recomputes the pace of a flow from the numbers of flows on its links.
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
