//! The bootstrap service: machines that know who is in an overlay, and through whom others find their way into it.
//!
//! A node that wants to join asks a machine of the service, which names some of those who have told it of late that they are
//! members ([`Service`]). The node tries them one after another, asks the next machine when none of them lets it in, and after
//! all machines pauses ([`Seeker`]). Once it is a member it tells every machine so, and again every half of the time for which
//! that is believed ([`Teller`]): otherwise an overlay that nobody has joined for a while would be forgotten, and founded a
//! second time.
//!
//! The first machine alone lets a node found an overlay, if nobody has told it of one; the node does so unless another machine
//! knows better. To who has sought for a minute a machine names nobody if nobody has told it meanwhile: when all members have
//! gone, whoever comes next founds the overlay anew, and need not wait until nobody believes in them any more. So two machines do
//! not make two overlays. A partition between the first machine and all members can, and so can a node that reaches none of the
//! members named in a minute, if none has told the machine anything meanwhile: they tell it every half of a `life`.

mod seeker;
mod service;

pub use seeker::{Seeker, Step, Teller};
pub use service::Service;

use super::backoff::Backoff;
use super::lists::List;
use super::message::Payload;
use crate::engine::Duration;
use crate::model::Kind;

/// What a scenario says of the service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Machines of the service, 1 to [`Terms::MOST_MACHINES`]. They handle requests at once.
    pub machines: u32,
    /// Members that a machine remembers.
    pub list: u32,
    /// Members that an answer names at most, 1 to [`Terms::MOST_ANSWERS`].
    pub answers: u32,
    /// How long a member is believed to be one.
    pub life: Duration,
}

impl Terms {
    /// A round of questions to all of them takes at most so many time-outs.
    pub const MOST_MACHINES: u32 = 16;
    /// Most members in an answer: they fit into a packet.
    pub const MOST_ANSWERS: u32 = 64;

    /// How often a member says that it is one.
    pub fn period(&self) -> Duration {
        Duration::from_nanos((self.life.as_nanos() / 2).max(1))
    }
}

/// An answer that has not come within this time does not come.
pub const TIMEOUT: Duration = Duration::from_secs(2);
/// Time after which a node that seeks a way in has tried all members that it was named, in several rounds.
const IN_VAIN: Duration = Duration::from_secs(60);
/// Pauses after rounds in vain.
const PAUSES: Backoff =
    Backoff { base: Duration::from_secs(10), factor: 2.0, cap: Duration::from_secs(300), jitter: false };

/// What nodes and the service say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Query for members. `open`: others could join through the requester. `sought`: for how long the requester has sought a way in.
    Ask { open: bool, sought: Duration },
    /// The sender is a member, and others could join through it.
    Tell,
    /// Answer with members; without any, `found` lets the receiver found the overlay.
    Members { list: List, found: bool },
    /// The service has heard.
    Heard,
}

impl Message {
    /// How it is treated where it arrives.
    pub fn kind(&self) -> Kind {
        match self {
            Message::Ask { .. } | Message::Tell => Kind::Request,
            Message::Members { .. } | Message::Heard => Kind::Reply,
        }
    }
}

impl Payload for Message {
    fn list(&self) -> Option<List> {
        match self {
            Message::Members { list, .. } => Some(*list),
            Message::Ask { .. } | Message::Tell | Message::Heard => None,
        }
    }

    /// A request for members is one for the nodes near a key, as routers of BitTorrent's DHT are asked.
    fn has_key(&self) -> bool {
        matches!(self, Message::Ask { .. })
    }
}
