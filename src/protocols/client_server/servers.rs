//! The servers as every client knows them, and which of them a request goes to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::random::mix;
use crate::engine::{Duration, Noise, Source};
use crate::model::{Key, NodeId};

/// Load balancing among several servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// Sharding: each record is stored on one server, which clients find by consistent hashing (Karger et al., STOC
    /// 1997; here highest random weight, Thaler & Ravishankar, IEEE/ACM ToN 1998, which balances keys without virtual
    /// points). The records of a server that is down are unavailable.
    #[default]
    ConsistentHashing,
    /// Replication with random choice: every server stores everything, and each request, a retry too, goes to a random
    /// one. The server that receives a put acknowledges it and then forwards it to the others (asynchronous
    /// replication, the default of many databases), so a concurrent get may return an older version. A server that
    /// comes back fetches newer versions, unless repair is off.
    Random,
    /// Replication with nearest choice: as `random`, but each request goes to the server with the shortest delay to the
    /// client, as with DNS redirection or anycast of a content delivery network, and a retry to the next nearest.
    Nearest,
}

/// What everybody knows from the start: the servers' addresses, and how requests are shared out among them.
#[derive(Clone, Debug)]
pub struct Servers {
    first: NodeId,
    count: u8,
    balance: Balance,
    /// Where the nearest is to be asked: the servers of each client, the nearest first.
    nearest: Vec<u8>,
}

impl Servers {
    /// The servers `first .. first + count`, of which the nearest ones are not known yet.
    pub(super) fn of(first: NodeId, count: u8, balance: Balance) -> Servers {
        Servers { first, count, balance, nearest: Vec::new() }
    }

    /// Tells each client how far it has to each server. A byte for each pair, if the nearest is to be asked.
    pub(super) fn measure(&mut self, delay: &dyn Fn(NodeId, NodeId) -> Duration) {
        if self.balance == Balance::Nearest {
            self.nearest.clear();
            for client in (0..self.first.0).map(NodeId) {
                let mut numbers: Vec<u8> = (0..self.count).collect();
                numbers.sort_by_key(|number| delay(client, self.number(usize::from(*number))));
                self.nearest.extend(numbers);
            }
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = NodeId> {
        let first = self.first.0;
        (0..u32::from(self.count)).map(move |number| NodeId(first + number))
    }

    fn number(&self, number: usize) -> NodeId {
        NodeId(self.first.0 + number as u32)
    }

    /// The server that a key lives on by consistent hashing: the one whose hash with the key is highest, so that without it
    /// only its own keys would move, and evenly.
    pub(super) fn home(&self, key: Key) -> NodeId {
        let weight = |server: &NodeId| mix(key.0 ^ mix(u64::from(server.0 - self.first.0) + 1));
        self.all().max_by_key(weight).expect("there is a server at least")
    }

    /// The servers that hold what lies at `key`, up to `count`.
    pub(super) fn holders(&self, key: Key, count: usize, out: &mut Vec<NodeId>) {
        match self.balance {
            Balance::ConsistentHashing => out.extend(Some(self.home(key)).filter(|_| count > 0)),
            Balance::Random | Balance::Nearest => out.extend(self.all().take(count)),
        }
    }

    /// Server that `client` asks for `key` after `tries` others did not answer.
    pub(super) fn choose(&self, client: NodeId, key: Key, tries: u8, noise: &mut Noise) -> NodeId {
        match self.balance {
            Balance::ConsistentHashing => self.home(key),
            Balance::Random => self.number(noise.below(self.count.into()) as usize),
            Balance::Nearest => self.by_distance(client, usize::from(tries % self.count)),
        }
    }

    /// Server that `client` asks for `key` when `asked` did not answer.
    pub(super) fn instead_of(&self, client: NodeId, asked: NodeId, key: Key, noise: &mut Noise) -> NodeId {
        let tries = (0..self.count).position(|place| self.by_distance(client, usize::from(place)) == asked);
        self.choose(client, key, tries.map_or(0, |place| place as u8 + 1), noise)
    }

    /// The server at a place in the order of a client's delays; without a survey in their own order.
    fn by_distance(&self, client: NodeId, place: usize) -> NodeId {
        let at = client.index() * usize::from(self.count) + place;
        self.number(self.nearest.get(at).map_or(place, |number| usize::from(*number)))
    }
}
