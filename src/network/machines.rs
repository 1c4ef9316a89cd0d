//! Machines on the network of a run: the participants, with their individual attributes, and the servers.

use super::access::Access;

/// Machines of a run: the participants `0 .. participants`, then the servers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machines {
    pub participants: u32,
    /// Access link of each participant; empty: all have the plan's.
    pub links: Vec<Access>,
    /// Region of each participant, by its number; empty: drawn by the shares of the plan's regions.
    pub regions: Vec<u8>,
    pub servers: Vec<Site>,
}

/// Region and access link of a dedicated server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    pub link: Access,
    /// Region; `None`: the plan's region for servers, if there are regions.
    pub region: Option<u8>,
}

impl Machines {
    /// Machines with identical participants and these servers.
    pub fn alike(participants: u32, servers: &[Access]) -> Machines {
        let servers = servers.iter().map(|&link| Site { link, region: None }).collect();
        Machines { participants, servers, ..Machines::default() }
    }
}
