//! The swarm without a simulator: machines that share their links as `network::Flows` has it, messages that take 50 ms.
//! Distribution times against the bounds of Kurose & Ross (*Computer Networking*, §2.5).

use std::collections::BTreeMap;

use super::*;
use crate::engine::{Duration, Time};
use crate::network::flows::Ended;
use crate::network::{End, FlowId, Flows};

const LATENCY: Duration = Duration::from_millis(50);
/// A line is full when this part of it is in use.
const FULL: f64 = 0.95;

/// What reaches a machine.
#[derive(Clone, Copy, Debug)]
enum Event {
    Asks { node: u32, peer: u32 },
    Turn { node: u32, peer: u32 },
    Passes { node: u32, peer: u32 },
    Fetches { node: u32, peer: u32, piece: u32 },
    Wake(FlowId),
    Piece { node: u32, from: u32, piece: u32 },
    Has { node: u32, peer: u32, piece: u32 },
}

/// A seed, number 0, and others that want everything it has.
struct Machines {
    now: Time,
    events: BTreeMap<(Time, u64), Event>,
    pushed: u64,
    noise: Noise,
    exchanges: Vec<Swarm>,
    uploads: Vec<Uploads<()>>,
    flows: Flows<(u32, u32, u32)>,
    piece_bytes: u64,
    complete: Vec<Option<Time>>,
}

impl Machines {
    /// The seed's uplink, and the others' uplinks and downlinks, in bit/s.
    fn new(seed: u64, pieces: u32, piece_bytes: u64, server: f64, peers: &[[f64; 2]]) -> Machines {
        let paces = std::iter::once([8e9 / server, 0.0]).chain(peers.iter().map(|rates| rates.map(|rate| 8e9 / rate)));
        let count = peers.len() + 1;
        let mut exchanges = vec![Swarm::new(Bitmap::new(pieces), pieces); count];
        exchanges[0] = Swarm::new(Bitmap::full(pieces), pieces);
        let mut machines = Machines {
            now: Time::ZERO,
            events: BTreeMap::new(),
            pushed: 0,
            noise: Noise::new(seed),
            exchanges,
            uploads: vec![Uploads::default(); count],
            flows: Flows::new(paces),
            piece_bytes,
            complete: vec![None; count],
        };
        machines.connect();
        machines
    }

    /// All machines meet the seed, and others at random.
    fn connect(&mut self) {
        let count = self.exchanges.len() as u32;
        for node in 1..count {
            self.meet(node, 0);
            for _ in 0..PEERS / 2 {
                let other = 1 + self.noise.below(u64::from(count) - 1) as u32;
                let full = [node, other].iter().any(|&one| self.exchanges[one as usize].peers().count() >= PEERS);
                if other != node && !full {
                    self.meet(node, other);
                }
            }
        }
        (1..count).for_each(|node| self.ask(node));
    }

    fn meet(&mut self, a: u32, b: u32) {
        for (one, other) in [(a, b), (b, a)] {
            let had = self.exchanges[other as usize].had().clone();
            self.exchanges[one as usize].meet(NodeId(other), had);
        }
    }

    fn push(&mut self, at: Time, event: Event) {
        self.pushed += 1;
        self.events.insert((at, self.pushed), event);
    }

    fn send(&mut self, event: Event) {
        self.push(self.now + LATENCY, event);
    }

    fn line(&self, node: u32, end: End) -> Line {
        let jobs = self.flows.of(node).into_iter().map(|(_, (from, to, _))| [from, to]);
        let flows = jobs.filter(|ends| ends[end as usize] == node).count();
        Line { flows, is_full: self.flows.load(node, end) >= FULL }
    }

    fn ask(&mut self, node: u32) {
        let downlink = self.line(node, End::Receiver);
        while let Some(peer) = self.exchanges[node as usize].ask(downlink) {
            self.send(Event::Asks { node: peer.0, peer: node });
        }
    }

    fn give(&mut self, node: u32) {
        let uplink = self.line(node, End::Sender);
        while let Some((peer, ())) = self.uploads[node as usize].give(uplink) {
            self.send(Event::Turn { node: peer.0, peer: node });
        }
    }

    fn run(&mut self) {
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            self.handle(event);
            while let Some(wake) = self.flows.next_wake() {
                self.push(wake.at, Event::Wake(wake.flow));
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Asks { node, peer } => {
                self.uploads[node as usize].ask(NodeId(peer), ());
                self.give(node);
            }
            Event::Turn { node, peer } => {
                let downlink = self.line(node, End::Receiver);
                match self.exchanges[node as usize].choose(NodeId(peer), downlink, &mut self.noise) {
                    Some(piece) => self.send(Event::Fetches { node: peer, peer: node, piece }),
                    None => self.send(Event::Passes { node: peer, peer: node }),
                }
            }
            Event::Passes { node, peer } => {
                self.uploads[node as usize].over(NodeId(peer), ());
                self.give(node);
            }
            Event::Fetches { node, peer, piece } => {
                assert!(self.exchanges[node as usize].had().contains(piece));
                self.flows.start(self.now, node, peer, self.piece_bytes, (node, peer, piece));
                self.give(node);
            }
            Event::Wake(flow) => {
                if let Some(Ended { job: (from, node, piece), .. }) = self.flows.wake(self.now, flow) {
                    self.uploads[from as usize].over(NodeId(node), ());
                    self.give(from);
                    self.send(Event::Piece { node, from, piece });
                }
            }
            Event::Piece { node, from, piece } => self.piece(node, from, piece),
            Event::Has { node, peer, piece } => {
                self.exchanges[node as usize].told(NodeId(peer), piece);
                self.ask(node);
            }
        }
    }

    fn piece(&mut self, node: u32, from: u32, piece: u32) {
        let swarm = &mut self.exchanges[node as usize];
        assert!(swarm.arrived(NodeId(from), piece), "nothing is fetched twice");
        if swarm.is_complete() {
            self.complete[node as usize] = Some(self.now);
        }
        let peers: Vec<NodeId> = swarm.peers().collect();
        for peer in peers {
            self.send(Event::Has { node: peer.0, peer: node, piece });
        }
        self.ask(node);
    }

    /// Seconds until the last has everything.
    fn distribution(mut self) -> f64 {
        self.run();
        assert!(self.flows.is_empty());
        let last = self.complete[1..].iter().map(|at| at.expect("everybody gets everything")).max();
        last.unwrap().as_nanos() as f64 / 1e9
    }
}

const MBIT: f64 = 1e6;
/// 1.5 Gbit, a tenth of the textbook's, in as many pieces.
const FILE_BITS: f64 = 1.5e9;
const PIECES: u32 = 100;
const SERVER: f64 = 30.0 * MBIT;
const DOWNLINK: f64 = 2.0 * MBIT;

#[test]
fn peers_that_share_come_near_the_least_time_of_distribution_and_never_below() {
    for (n, uplink) in [(10, 0.5), (10, 2.0), (100, 0.5), (100, 2.0)] {
        let piece_bytes = (FILE_BITS / 8.0 / f64::from(PIECES)) as u64;
        let peers = vec![[uplink * MBIT, DOWNLINK]; n];
        let took = Machines::new(1, PIECES, piece_bytes, SERVER, &peers).distribution();
        let all = n as f64;
        let least = [FILE_BITS / SERVER, FILE_BITS / DOWNLINK, all * FILE_BITS / (SERVER + all * uplink * MBIT)];
        let ratio = took / least.into_iter().fold(0.0, f64::max);
        // Measured: 1.155, 1.014, 1.097, 1.072.
        assert!((1.0..1.2).contains(&ratio), "{n} peers, {uplink} Mbit/s up: {ratio:.3} times the bound");
    }
}

#[test]
fn a_server_alone_takes_as_long_as_its_uplink_or_the_slowest_downlink_does() {
    for n in [10, 100] {
        let mut flows = Flows::new(std::iter::once([8e9 / SERVER, 0.0]).chain(vec![[0.0, 8e9 / DOWNLINK]; n]));
        (1..=n as u32).for_each(|peer| {
            flows.start(Time::ZERO, 0, peer, (FILE_BITS / 8.0) as u64, peer);
        });
        let mut wakes: BTreeMap<(Time, u32), FlowId> = BTreeMap::new();
        let (mut last, mut given) = (Time::ZERO, 0);
        loop {
            while let Some(wake) = flows.next_wake() {
                given += 1;
                wakes.insert((wake.at, given), wake.flow);
            }
            let Some(((at, _), flow)) = wakes.pop_first() else { break };
            last = if flows.wake(at, flow).is_some() { at } else { last };
        }
        let least = (n as f64 * FILE_BITS / SERVER).max(FILE_BITS / DOWNLINK);
        let ratio = last.as_nanos() as f64 / 1e9 / least;
        assert!(flows.is_empty() && (0.9999..1.03).contains(&ratio), "{n} peers: {ratio:.4} times the bound");
    }
}

const IDLE: Line = Line { flows: 0, is_full: false };

fn of(pieces: &[u32]) -> Bitmap {
    let mut bitmap = Bitmap::new(4);
    pieces.iter().for_each(|&piece| assert!(bitmap.insert(piece)));
    bitmap
}

#[test]
fn the_rarest_piece_is_chosen_first_and_nothing_is_under_way_twice() {
    let mut swarm = Swarm::new(of(&[0]), 4);
    for (node, had) in [(1, of(&[0, 1, 2, 3])), (2, of(&[1, 2])), (3, of(&[1]))] {
        assert!(swarm.meet(NodeId(node), had));
    }
    let asked: Vec<_> = std::iter::from_fn(|| swarm.ask(IDLE)).map(|node| node.0).collect();
    assert_eq!(asked, [1, 2, 3]);
    let noise = &mut Noise::new(1);
    let mut choose = |node| swarm.choose(NodeId(node), IDLE, noise);
    assert_eq!((choose(1), choose(2), choose(3), choose(2)), (Some(3), Some(2), Some(1), None));
}

#[test]
fn among_equally_rare_pieces_chance_decides() {
    let first = |seed| {
        let mut swarm = Swarm::new(of(&[]), 4);
        swarm.meet(NodeId(1), of(&[0, 1, 2, 3]));
        swarm.choose(NodeId(1), IDLE, &mut Noise::new(seed)).unwrap()
    };
    let mut counts = [0; 4];
    (0..400).for_each(|seed| counts[first(seed) as usize] += 1);
    assert!(counts.iter().all(|count| (70..130).contains(count)), "{counts:?}");
}

#[test]
fn what_a_lost_peer_was_sending_is_fetched_from_another() {
    let mut swarm = Swarm::new(of(&[]), 4);
    let noise = &mut Noise::new(1);
    swarm.meet(NodeId(1), of(&[2]));
    swarm.meet(NodeId(2), of(&[2]));
    assert_eq!(swarm.choose(NodeId(1), IDLE, noise), Some(2));
    assert_eq!(swarm.choose(NodeId(2), IDLE, noise), None, "it is on its way");
    assert!(swarm.lost(NodeId(1)) && !swarm.lost(NodeId(1)));
    assert_eq!(swarm.ask(IDLE), Some(NodeId(2)));
    assert_eq!(swarm.choose(NodeId(2), IDLE, noise), Some(2));
    swarm.failed(NodeId(2), 2);
    assert_eq!(swarm.choose(NodeId(2), IDLE, noise), Some(2), "once more");
    assert!(swarm.arrived(NodeId(2), 2) && !swarm.arrived(NodeId(2), 2));
}

#[test]
fn of_a_coded_resource_no_more_pieces_are_fetched_than_are_needed() {
    let mut swarm = Swarm::new(of(&[0]), 2);
    swarm.meet(NodeId(1), of(&[0, 1, 2, 3]));
    let piece = swarm.choose(NodeId(1), IDLE, &mut Noise::new(1)).unwrap();
    assert_eq!((swarm.ask(IDLE), swarm.is_complete()), (None, false));
    assert!(swarm.arrived(NodeId(1), piece) && swarm.is_complete());
}

#[test]
fn more_than_a_few_pieces_are_fetched_only_while_the_downlink_has_room() {
    let mut swarm = Swarm::new(Bitmap::new(50), 50);
    swarm.meet(NodeId(1), Bitmap::full(50));
    let noise = &mut Noise::new(1);
    let mut most = |line| (0..50).filter(|_| swarm.choose(NodeId(1), line, noise).is_some()).count();
    assert_eq!(most(Line { flows: 9, is_full: true }), FEW_FETCHES);
    assert_eq!(most(Line { flows: 5, is_full: false }), 2, "four have begun and a fifth; a sixth is asked for");
    assert_eq!(most(Line { flows: 50, is_full: false }), FETCHES - FEW_FETCHES - 2);
}
