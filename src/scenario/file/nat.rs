//! The `[network.nat]` table of a scenario file: NATs and firewalls.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::engine::Duration;
use crate::network::NatPlan;

/// NATs and firewalls of the participants; servers have none. One of `preset` and `shares`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Nat {
    /// Preset of shares (`peerlab list presets`).
    #[schemars(with = "Option<String>")]
    pub preset: Option<Spanned<String>>,
    /// Share of participants in each NAT class; they add up to 1, and a class not named has none. Classes: "open",
    /// "full-cone", "restricted", "port-restricted", "symmetric", "firewall", "blocked".
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub shares: Option<BTreeMap<Spanned<String>, f64>>,
    /// Share of participants behind any NAT or firewall, 0 to 1: scales the shares of all classes but "open", which
    /// gets the rest. Absent: shares are as given.
    pub behind: Option<f64>,
    /// Shares for the participants of single regions, by the region's name. A class of participants with shares of its
    /// own has those in all regions.
    #[schemars(with = "BTreeMap<String, NatShares>")]
    pub regions: BTreeMap<Spanned<String>, NatShares>,
    /// Lifetime of a mapping after the last packet sent through it. Default "2min", the least that RFC 4787 allows.
    pub lifetime: Duration,
    /// Lifetime of mappings for single NAT classes, by their name.
    #[schemars(with = "BTreeMap<String, Duration>")]
    pub lifetimes: BTreeMap<Spanned<String>, Duration>,
    /// Carrier-grade NATs, shared by several participants. Absent: each participant has a NAT of its own.
    pub carrier: Option<Carrier>,
    /// Capacity of a NAT's table: remote endpoints for each participant behind it, at least 1. Default 1024.
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

/// NATs and firewalls of a group of participants: `preset` or `shares`, as in `[network.nat]`, and `behind`; with
/// `behind` alone, the shares of `[network.nat]` are scaled.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NatShares {
    /// Preset of shares.
    #[schemars(with = "Option<String>")]
    pub preset: Option<Spanned<String>>,
    /// Share of each NAT class; they add up to 1, and a class not named has none.
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub shares: Option<BTreeMap<Spanned<String>, f64>>,
    /// Share behind any NAT or firewall, 0 to 1.
    pub behind: Option<f64>,
}

/// Carrier-grade NATs of a provider, each shared by many participants of one NAT class.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Carrier {
    /// Share of the participants behind a mapping NAT that share a carrier-grade one instead of having their own, 0 to
    /// 1.
    pub share: f64,
    /// Mean number of participants per shared NAT, at least 1.
    pub subscribers: u32,
    /// Hairpinning: whether two participants behind one NAT reach each other through it. Default false: 24 % of the
    /// NATs tested by Ford et al. (2005) supported it.
    #[serde(default)]
    pub hairpinning: bool,
}
