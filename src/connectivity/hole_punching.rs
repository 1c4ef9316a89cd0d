//! Hole punching: proposals through the rendezvous, and the time at which both ends punch (Ford et al. 2005, DCUtR).

use super::context::{Context, Packet};
use super::dial::{Attempt, Dial, Method};
use super::node::Node;
use super::signal::{RendezvousMessage, Signal};
use crate::engine::Duration;
use crate::model::{LinkEvent, NodeId};

/// Minimum time after a punch until it has failed; else two measured round trips.
const PUNCH: Duration = Duration::from_secs(1);

impl<P: Packet> Node<P> {
    /// Proposes another attempt to punch.
    pub(super) fn propose_punch(&mut self, cx: &mut Context<'_, P>, peer: NodeId) {
        let (now, deadline) = (cx.now, cx.now + cx.settings.dial_timeout);
        let Some(dial) = self.dial(peer) else { return };
        dial.attempts += 1;
        (dial.proposed, dial.deadline, dial.arranged) = (now, deadline, false);
        let attempt = dial.attempts;
        cx.set_timer(deadline);
        cx.observe(LinkEvent::PunchProposed { first: attempt == 1 });
        self.tell_through_rendezvous(cx, peer, RendezvousMessage::Connect { attempt });
    }

    /// Handles the peer's answer to a proposal: the peer punches on the arrival of SYNC, half a round trip through the rendezvous
    /// from now, and this end waits for as long.
    pub(super) fn on_connected(&mut self, cx: &mut Context<'_, P>, by: NodeId, peer: NodeId, attempt: Attempt) {
        let is_this = |dial: &&mut Dial<P>| dial.method == Method::Punching && dial.attempts == attempt;
        let Some(dial) = self.dial(peer).filter(is_this) else { return };
        let round_trip = cx.now - dial.proposed;
        dial.arranged = true;
        dial.punch_at = cx.now + Duration::from_nanos(round_trip.as_nanos() / 2);
        dial.deadline = dial.punch_at + (round_trip + round_trip).max(PUNCH);
        let at = dial.punch_at;
        self.say(cx, by, Signal::Pass { to: peer, message: RendezvousMessage::Sync });
        cx.set_timer(at);
    }
}
