//! Churn presets from publications, which `peerlab list churn` shows.

use super::churn::Churn;
use crate::engine::Law;

/// Preset of churn: laws of sessions and downtimes.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Name in a scenario file.
    pub name: &'static str,
    /// Session length in seconds.
    pub session: Law,
    /// Downtime in seconds; `None` if it was not measured and a scenario must give it.
    pub downtime: Option<Law>,
    /// Source of the laws.
    pub source: &'static str,
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;

const fn weibull(shape: f64, scale: f64) -> Law {
    Law::Weibull { shape, scale }
}

const fn exponential(mean: f64) -> Law {
    Law::Exponential { mean }
}

const STUTZBACH: &str = "Stutzbach & Rejaie, IMC 2006 (second-hand); downtime not measured";
const FAILURE_TRACES: &str = "Failure Trace Archive fits, Javadi et al. 2013 (second-hand)";

const fn bittorrent(name: &'static str, shape: f64, scale: f64) -> Preset {
    Preset { name, session: weibull(shape, scale), downtime: None, source: STUTZBACH }
}

const fn traced(name: &'static str, session: Law, downtime: Law) -> Preset {
    Preset { name, session, downtime: Some(downtime), source: FAILURE_TRACES }
}

/// All presets, the default of examples first.
pub static PRESETS: [Preset; 11] = [
    Preset {
        name: "kad",
        session: weibull(0.61511, 169.5385 * MINUTE),
        downtime: Some(weibull(0.47648, 413.6765 * MINUTE)),
        source: "Steiner et al., via PeerfactSim (second-hand)",
    },
    bittorrent("bittorrent-redhat", 0.34, 21.3 * MINUTE),
    bittorrent("bittorrent-debian", 0.38, 42.4 * MINUTE),
    bittorrent("bittorrent-flatout", 0.59, 41.9 * MINUTE),
    traced("overnet", weibull(0.85, 2.04 * HOUR), weibull(0.44, 2.98 * HOUR)),
    traced("skype", weibull(0.64, 10.86 * HOUR), weibull(0.63, 9.48 * HOUR)),
    traced("planetlab", weibull(0.33, 19.35 * HOUR), weibull(0.36, 5.59 * HOUR)),
    traced("desktops", weibull(0.55, 35.30 * HOUR), weibull(0.60, 9.34 * HOUR)),
    Preset {
        name: "ipfs",
        session: weibull(0.518, 1.935 * HOUR),
        downtime: Some(weibull(0.518, 1.935 * HOUR)),
        source: "Trautwein et al., SIGCOMM 2022: two-point fit of the sessions; downtimes assumed to have the same law",
    },
    Preset {
        name: "p2psim",
        session: exponential(HOUR),
        downtime: Some(exponential(HOUR)),
        source: "Li et al. 2005 (p2psim)",
    },
    Preset {
        name: "oversim",
        session: exponential(10_000.0),
        downtime: Some(exponential(10_000.0)),
        source: "OverSim, default.ini",
    },
];

/// Preset of this name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// Churn model, if the downtime was measured too.
    pub fn churn(&self) -> Option<Churn> {
        self.downtime.clone().map(|downtime| Churn { session: self.session.clone(), downtime })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LawUse;

    #[test]
    fn availability_is_that_of_the_published_laws() {
        for (name, availability) in [
            ("kad", 0.214),
            ("overnet", 0.222),
            ("skype", 0.529),
            ("planetlab", 0.825),
            ("desktops", 0.8105),
            ("ipfs", 0.5),
            ("p2psim", 0.5),
            ("oversim", 0.5),
        ] {
            let churn = preset(name).and_then(Preset::churn).expect("both laws are known");
            assert_eq!(churn.session.check_for(LawUse::Renewals), Ok(()), "{name}");
            assert_eq!(churn.downtime.check_for(LawUse::Periods), Ok(()), "{name}");
            assert!((churn.availability() - availability).abs() < 0.0005, "{name}: {}", churn.availability());
        }
    }

    #[test]
    fn bittorrent_needs_a_downtime() {
        let unmeasured: Vec<_> = PRESETS.iter().filter(|preset| preset.churn().is_none()).map(|p| p.name).collect();
        assert_eq!(unmeasured, ["bittorrent-redhat", "bittorrent-debian", "bittorrent-flatout"]);
    }

    #[test]
    fn ipfs_sessions_pass_through_the_two_measured_points() {
        let session = &preset("ipfs").expect("it is in the table").session;
        for (share, hours) in [(0.876, 8.0), (0.975, 24.0)] {
            let quantile = session.quantile(share).expect("closed for a Weibull") / HOUR;
            assert!((quantile / hours - 1.0).abs() < 0.005, "{share} of the sessions are below {quantile} h");
        }
    }

    #[test]
    fn names_are_unique_and_sources_given() {
        for (i, preset) in PRESETS.iter().enumerate() {
            assert!(PRESETS[..i].iter().all(|other| other.name != preset.name), "{}", preset.name);
            assert!(!preset.source.is_empty());
        }
        assert_eq!(preset("kazaa"), None);
    }
}
