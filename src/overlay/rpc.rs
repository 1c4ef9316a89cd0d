//! RPC bookkeeping: which requests are outstanding, until when, and what for.
//!
//! A field that a protocol owns. There is one time-out timer per node, for the earliest deadline. A reply in time
//! leaves the timer where it is; when it fires early it is a no-op that sets itself again, so nothing is ever
//! cancelled. Requests per node are few (about α of each lookup), so a short vector searched from the front is the
//! fastest map. 24 bytes an outstanding request.
//!
//! Where time-outs are adaptive, round trips are measured too.

use super::context::Context;
use super::protocol::Protocol;
use super::relay::FIRST_TIMEOUT;
use super::round_trips::{RoundTrips, Timeout};
use super::routing::Routing;
use crate::engine::{Duration, Time, prefetch_at};
use crate::model::{Envelope, NodeId, OpId};

/// A request that waits for its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending<T> {
    pub to: NodeId,
    /// What it was for.
    pub tag: T,
    /// How often it was sent again.
    pub retries: u8,
    /// Whether the soft timeout has passed, which the protocol has been told.
    pub slow: bool,
    rpc: u16,
    /// When it was sent, in µs, modulo 2³²: no request waits for 71 minutes.
    sent: u32,
    deadline: Time,
}

impl<T> Pending<T> {
    /// Whether it was sent under this number.
    pub fn is_number(&self, rpc: u16) -> bool {
        self.rpc == rpc
    }

    /// How long it has been under way.
    pub fn waited(&self, now: Time) -> Duration {
        Duration::from_nanos(u64::from(stamp(now).wrapping_sub(self.sent)) * 1000)
    }
}

/// The outstanding requests of one node, each with a tag that says what it is for.
#[derive(Clone, Debug)]
pub struct Rpcs<T> {
    pending: Vec<Pending<T>>,
    last: u16,
    /// When the time-out timer fires; `NEVER` if none is set.
    timer: Time,
    round_trips: RoundTrips,
}

impl<T> Default for Rpcs<T> {
    fn default() -> Self {
        Rpcs { pending: Vec::new(), last: 0, timer: Time::NEVER, round_trips: RoundTrips::default() }
    }
}

/// An instant as requests carry it: see `Pending::sent`.
const fn stamp(at: Time) -> u32 {
    (at.as_nanos() / 1000) as u32
}

impl<T: Copy> Rpcs<T> {
    /// Opens a request to `to` that times out after `timeout`. Gives the number to send it under, and the instant to set
    /// the node's time-out timer to, if it is not set early enough already.
    pub fn open(&mut self, now: Time, to: NodeId, tag: T, timeout: Duration) -> (u16, Option<Time>) {
        self.open_again(now, to, tag, timeout, 0)
    }

    /// Opens a request that is sent again, as [`Rpcs::open`] does.
    pub fn open_again(&mut self, now: Time, to: NodeId, tag: T, timeout: Duration, retries: u8) -> (u16, Option<Time>) {
        // 0 is the number of a notice.
        self.last = self.last.checked_add(1).unwrap_or(1);
        let deadline = now + timeout;
        self.pending.push(Pending { to, tag, retries, slow: false, rpc: self.last, sent: stamp(now), deadline });
        let set = deadline < self.timer;
        if set {
            self.timer = deadline;
        }
        (self.last, set.then_some(deadline))
    }

    /// Sets a pause before a request: an entry that nothing answers and that expires after `pause`. Gives the instant to
    /// set the node's time-out timer to, if it is not set early enough already.
    pub fn pause(&mut self, now: Time, to: NodeId, tag: T, pause: Duration, retries: u8) -> Option<Time> {
        // Its number is never sent.
        self.open_again(now, to, tag, pause, retries).1
    }

    /// Takes out the request that `reply` answers; `None` if it is unknown, timed out, or came from someone else than was
    /// asked. (A recursive answer comes from another node: see [`Rpcs::close_from_anyone`].)
    pub fn close(&mut self, reply: &Envelope) -> Option<Pending<T>> {
        let at = self.pending.iter().position(|pending| pending.rpc == reply.rpc && pending.to == reply.from)?;
        Some(self.pending.swap_remove(at))
    }

    /// How long a request sent now waits for its reply.
    pub fn timeout(&self, timeout: Timeout) -> Duration {
        match timeout {
            Timeout::Fixed(timeout) => timeout,
            Timeout::Adaptive => self.round_trips.timeout(),
        }
    }

    /// Mean + 4 deviations of the round trips measured; the longest time-out before the first.
    pub fn round_trip(&self) -> Duration {
        self.round_trips.timeout()
    }

    /// How long a requester waits for a whole walk whose hops are acknowledged or not.
    pub fn walk_timeout(&self, timeout: Timeout, acknowledged: bool) -> Duration {
        Routing::Recursive.timeout(if acknowledged { timeout.longest() } else { self.timeout(timeout) })
    }

    /// How long a hop of a walk has to say that it got it: see [`super::relay`].
    fn hop_timeout(&self) -> Duration {
        self.round_trips.timeout_from(FIRST_TIMEOUT)
    }

    /// A request that was timed by the round trips and has expired has twice as long again, as if the time-out had been doubled once:
    /// at most as long as any request waits. It is slow.
    pub fn wait_longer(&mut self, now: Time, expired: Pending<T>, timeout: Timeout) {
        self.wait_on(expired, expired.waited(now).mul_f64(3.0).min(timeout.longest()));
    }

    /// Longer wait for a hop of a walk that has expired, whatever the time-out of requests: a late acknowledgement teaches how long
    /// they take.
    pub fn wait_for_hop(&mut self, now: Time, hop: Pending<T>) {
        self.wait_on(hop, hop.waited(now).mul_f64(3.0));
    }

    /// Learns from the round trip of a request that was answered just now, whatever the time-out.
    pub fn measured(&mut self, now: Time, answered: &Pending<T>) {
        self.round_trips.measured(answered.waited(now));
    }

    /// Learns from the round trip of a request that was answered just now, where the time-out is adaptive.
    pub fn learn(&mut self, now: Time, timeout: Timeout, answered: &Pending<T>) {
        if timeout == Timeout::Adaptive {
            self.round_trips.measured(answered.waited(now));
        }
    }

    /// Takes out the request with this number, whoever answered it.
    pub fn close_from_anyone(&mut self, rpc: u16) -> Option<Pending<T>> {
        self.close_of(rpc, |_| true)
    }

    /// Takes out the request with this number if its tag is such a one.
    pub fn close_of(&mut self, rpc: u16, is_such: impl Fn(T) -> bool) -> Option<Pending<T>> {
        let at = self.pending.iter().position(|pending| pending.rpc == rpc && is_such(pending.tag))?;
        Some(self.pending.swap_remove(at))
    }

    /// The time-out timer fired: takes out one request whose deadline has passed, the earliest first. Call until it gives
    /// `None`, then [`Rpcs::rearm`].
    pub fn expired(&mut self, now: Time) -> Option<Pending<T>> {
        let (at, first) = self.pending.iter().enumerate().min_by_key(|(_, pending)| (pending.deadline, pending.rpc))?;
        if first.deadline > now {
            return None;
        }
        Some(self.pending.swap_remove(at))
    }

    /// A request that has expired is waited for on, until it is `timeout` old; it is slow.
    pub fn wait_on(&mut self, expired: Pending<T>, timeout: Duration) {
        let deadline = expired.deadline + timeout.saturating_sub(expired.waited(expired.deadline));
        self.pending.push(Pending { slow: true, deadline, ..expired });
    }

    /// After the timer fired at `now`: the instant to set it to next, if anything is outstanding that no timer covers.
    pub fn rearm(&mut self, now: Time) -> Option<Time> {
        if self.timer > now {
            return None; // set again while the expired ones were handled
        }
        // Those that are held have no deadline.
        self.timer = self.pending.iter().map(|pending| pending.deadline).min().unwrap_or(Time::NEVER);
        (self.timer != Time::NEVER).then_some(self.timer)
    }

    /// A value moves for the request that was sent to `to` under this number: it does not time out until
    /// [`Rpcs::release`]. False if it is not outstanding at `by` any more.
    pub fn hold(&mut self, rpc: u16, to: NodeId, by: Time) -> bool {
        let mut outstanding = self.pending.iter_mut();
        let held = outstanding.find(|pending| pending.rpc == rpc && pending.to == to && pending.deadline > by);
        held.map(|pending| pending.deadline = Time::NEVER).is_some()
    }

    /// A request that was held times out at `deadline`. Gives the instant to set the node's time-out timer to, if it is
    /// not set early enough already.
    pub fn release(&mut self, rpc: u16, deadline: Time) -> Option<Time> {
        let held = |pending: &&mut Pending<T>| pending.rpc == rpc && pending.deadline == Time::NEVER;
        self.pending.iter_mut().find(held)?.deadline = deadline;
        let set = deadline < self.timer;
        if set {
            self.timer = deadline;
        }
        set.then_some(deadline)
    }

    /// Drops every request for which `keep` is false, without a word to anyone.
    pub fn retain(&mut self, mut keep: impl FnMut(&Pending<T>) -> bool) {
        self.pending.retain(|pending| keep(pending));
    }

    /// The session ended: nothing is outstanding and no timer is set.
    pub fn clear(&mut self) {
        self.pending.clear();
        self.timer = Time::NEVER;
    }

    pub fn outstanding(&self) -> impl Iterator<Item = &Pending<T>> {
        self.pending.iter()
    }

    /// Asks for the memory of the first outstanding requests.
    pub fn prefetch(&self) {
        prefetch_at(&self.pending, 0);
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.pending.capacity() * size_of::<Pending<T>>()
    }
}

/// What an overlay does with its requests, in one word each.
impl<T: Copy> Rpcs<T> {
    /// Sends `message` to `to` as a request, on behalf of `op` or of maintenance, and remembers it under `tag`.
    pub fn call<P: Protocol>(
        &mut self,
        cx: &mut Context<'_, P>,
        to: NodeId,
        op: Option<OpId>,
        message: P::Message,
        timeout: Duration,
        tag: T,
    ) {
        self.call_again(cx, to, op, message, timeout, tag, 0);
    }

    /// Sends a request that was sent `retries` times before.
    #[expect(clippy::too_many_arguments, reason = "they are what a request is")]
    pub fn call_again<P: Protocol>(
        &mut self,
        cx: &mut Context<'_, P>,
        to: NodeId,
        op: Option<OpId>,
        message: P::Message,
        timeout: Duration,
        tag: T,
        retries: u8,
    ) {
        let rpc = self.open_in(cx, to, tag, timeout, retries);
        cx.send_request(to, rpc, op, message);
    }

    /// Opens a request without sending anything: gives the number to send it under.
    pub fn open_in<P: Protocol>(
        &mut self,
        cx: &mut Context<'_, P>,
        to: NodeId,
        tag: T,
        timeout: Duration,
        retries: u8,
    ) -> u16 {
        let (rpc, timer) = self.open_again(cx.now, to, tag, timeout, retries);
        if let Some(at) = timer {
            cx.set_timeout_timer(at);
        }
        rpc
    }

    /// Passes a walk on to `to`, on behalf of who requested it, and waits for the acknowledgement.
    pub fn pass_on<P: Protocol>(
        &mut self,
        cx: &mut Context<'_, P>,
        to: NodeId,
        request: &Envelope,
        message: P::Message,
        tag: T,
    ) {
        let rpc = self.open_in(cx, to, tag, self.hop_timeout(), 0);
        cx.pass_on(to, rpc, request, message);
    }

    /// After all expired requests were handled: sets the node's time-out timer again where one is needed.
    pub fn rearm_in<P: Protocol>(&mut self, cx: &mut Context<'_, P>) {
        if let Some(at) = self.rearm(cx.now) {
            cx.set_timeout_timer(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Traffic};

    fn reply(from: u32, rpc: u16) -> Envelope {
        let (kind, traffic) = (Kind::Reply, Traffic::Lookup);
        Envelope {
            from: NodeId(from),
            op: None,
            bytes: 48,
            rpc,
            epoch: 0,
            kind,
            traffic,
            for_others: true,
            client: false,
        }
    }

    #[test]
    fn one_timer_serves_the_earliest_deadline() {
        let mut rpcs = Rpcs::default();
        let second = Duration::from_secs(1);
        let (first, timer) = rpcs.open(Time::ZERO, NodeId(1), 'a', second);
        assert_eq!(timer, Some(Time::ZERO + second));
        let (_, timer) = rpcs.open(Time::ZERO + Duration::from_millis(1), NodeId(2), 'b', second);
        assert_eq!(timer, None, "the timer set already is early enough");
        assert_eq!(rpcs.close(&reply(1, first)).unwrap().tag, 'a');
        let fires = Time::ZERO + second;
        assert_eq!(rpcs.expired(fires), None, "a late time-out is a no-op");
        let next = rpcs.rearm(fires).unwrap();
        assert_eq!(next, fires + Duration::from_millis(1));
        assert_eq!(rpcs.expired(next).unwrap().tag, 'b');
        assert_eq!((rpcs.expired(next), rpcs.rearm(next)), (None, None));
    }

    #[test]
    fn a_request_that_is_held_times_out_only_after_its_release() {
        let mut rpcs = Rpcs::default();
        let second = Duration::from_secs(1);
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let (rpc, timer) = rpcs.open(at(0), NodeId(1), 'a', second);
        assert!(!rpcs.hold(rpc, NodeId(1), at(1)), "it will have timed out by then");
        assert!(!rpcs.hold(rpc, NodeId(2), at(0)), "somebody else was asked");
        assert!(rpcs.hold(rpc, NodeId(1), at(0)));
        assert_eq!((timer, rpcs.expired(at(1)), rpcs.rearm(at(1))), (Some(at(1)), None, None));
        assert_eq!(rpcs.release(rpc + 1, at(9)), None);
        assert_eq!(rpcs.release(rpc, at(9)), Some(at(9)));
        assert_eq!(rpcs.release(rpc, at(10)), None, "it is not held any more");
        assert_eq!(rpcs.expired(at(9)).map(|pending| pending.tag), Some('a'));
    }

    #[test]
    fn an_adaptive_time_out_follows_the_replies_and_a_fixed_one_does_not() {
        let mut rpcs = Rpcs::default();
        let (sent, heard) = (Time::from_nanos(3), Time::from_nanos(100_000_003));
        for timeout in [Timeout::DEFAULT, Timeout::Adaptive] {
            let (rpc, _) = rpcs.open(sent, NodeId(1), (), rpcs.timeout(timeout));
            assert_eq!(rpcs.timeout(Timeout::Adaptive), RoundTrips::CEILING, "nothing was measured");
            let answered = rpcs.close(&reply(1, rpc)).unwrap();
            rpcs.learn(heard, timeout, &answered);
        }
        let timeout = rpcs.timeout(Timeout::Adaptive);
        assert_eq!((timeout, rpcs.timeout(Timeout::DEFAULT)), (Duration::from_millis(300), RoundTrips::CEILING));
        rpcs.open(heard, NodeId(2), (), timeout);
        let expired = rpcs.expired(heard + timeout).expect("it was not answered");
        rpcs.wait_longer(heard + timeout, expired, Timeout::Adaptive);
        assert_eq!(rpcs.expired(heard + timeout + timeout), None);
        assert!(rpcs.expired(heard + timeout.mul_f64(3.0)).expect("thrice as long").slow);
        assert_eq!((size_of::<Pending<u32>>(), size_of::<Rpcs<u32>>()), (24, 40));
    }

    #[test]
    fn a_reply_from_the_wrong_node_or_to_an_old_request_closes_nothing() {
        let mut rpcs = Rpcs::default();
        let (rpc, _) = rpcs.open(Time::ZERO, NodeId(1), (), Duration::from_secs(1));
        assert!(rpcs.close(&reply(2, rpc)).is_none());
        assert!(rpcs.close(&reply(1, rpc + 1)).is_none());
        assert!(rpcs.close(&reply(1, rpc)).is_some());
        assert!(rpcs.close(&reply(1, rpc)).is_none());
    }
}
