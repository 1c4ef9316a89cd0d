//! What was said of NATs and firewalls.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::engine::Duration;
use crate::network::NatPlan;

/// What stands between participants and the network. Servers are open. One of `preset` and `shares`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nat {
    /// Shares by name (`peerlab list presets`).
    #[schemars(with = "Option<String>")]
    pub preset: Option<Spanned<String>>,
    /// The share of participants in each class; their sum is 1, and a class that is not named has none. Classes: "open",
    /// "full-cone", "restricted", "port-restricted", "symmetric", "firewall", "blocked".
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub shares: Option<BTreeMap<Spanned<String>, f64>>,
    /// The share of participants behind any NAT or firewall, 0 to 1: stretches the shares of all classes but "open", whose own
    /// share is the rest. Absent: the shares are as they are.
    pub behind: Option<f64>,
    /// The same for the participants in single regions, by the region's name. A class of participants with shares of its own
    /// has those in all regions.
    #[schemars(with = "BTreeMap<String, NatShares>")]
    pub regions: BTreeMap<Spanned<String>, NatShares>,
    /// How long a mapping lives after the last packet that left through it. Default "2min", the least that RFC 4787 allows.
    pub lifetime: Duration,
    /// The same for single classes, by their name.
    #[schemars(with = "BTreeMap<String, Duration>")]
    pub lifetimes: BTreeMap<Spanned<String>, Duration>,
    /// Boxes that several participants share. Absent: everybody has a box of its own.
    pub carrier: Option<Carrier>,
    /// Remote endpoints that a box remembers for each participant behind it, at least 1. Default 1024.
    pub sessions: u32,
}

impl Default for Nat {
    fn default() -> Nat {
        Nat {
            preset: None,
            shares: None,
            behind: None,
            regions: BTreeMap::new(),
            lifetime: NatPlan::LIFETIME,
            lifetimes: BTreeMap::new(),
            carrier: None,
            sessions: NatPlan::SESSIONS,
        }
    }
}

/// Which share of some participants is behind what: `preset` or `shares`, as in [network.nat], and `behind`; with `behind`
/// alone the shares of [network.nat], stretched.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NatShares {
    /// Shares by name.
    #[schemars(with = "Option<String>")]
    pub preset: Option<Spanned<String>>,
    /// The share in each class; their sum is 1, and a class that is not named has none.
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub shares: Option<BTreeMap<Spanned<String>, f64>>,
    /// The share behind any NAT or firewall, 0 to 1.
    pub behind: Option<f64>,
}

/// Carrier-grade NAT: boxes of a provider, each for many participants of one class.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// Of the participants behind a mapping NAT, 0 to 1.
    pub share: f64,
    /// Participants to a box on average, at least 1.
    pub subscribers: u32,
    /// Whether two behind the same box reach each other through it. Default false: 24 % of the NATs that Ford et al. (2005)
    /// tested could.
    #[serde(default)]
    pub hairpinning: bool,
}
