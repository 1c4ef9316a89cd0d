//! Who is on the network of a run: the participants, as far as they are not all alike, and the servers.

use super::access::Access;

/// The machines of a run: `0 .. participants`, and after them the servers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machines {
    pub participants: u32,
    /// The access link of each participant; empty: all have the plan's.
    pub links: Vec<Access>,
    /// The region of each participant, by its number; empty: by the shares of the plan's regions.
    pub regions: Vec<u8>,
    pub servers: Vec<Site>,
}

/// Where and how a dedicated server is connected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    pub link: Access,
    /// `None`: the plan's region for servers, if there are regions.
    pub region: Option<u8>,
}

impl Machines {
    /// Participants without differences, and these servers.
    pub fn alike(participants: u32, servers: &[Access]) -> Machines {
        let servers = servers.iter().map(|&link| Site { link, region: None }).collect();
        Machines { participants, servers, ..Machines::default() }
    }
}
