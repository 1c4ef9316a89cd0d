//! Measured churn by name.

use crate::engine::Law;

/// Laws of session and downtime that somebody measured or used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    pub name: &'static str,
    /// Seconds online.
    pub session: Law,
    /// Seconds offline; `None`: not measured, the scenario has to give one.
    pub downtime: Option<Law>,
    /// Where the figures are from; "second-hand" where a fit was read in another paper than its own.
    pub source: &'static str,
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;

/// All presets, in the order to list them.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "kad",
        session: weibull(0.61511, 169.5385 * MINUTE),
        downtime: Some(weibull(0.47648, 413.6765 * MINUTE)),
        source: "Steiner et al., by way of PeerfactSim (second-hand)",
    },
    Preset {
        name: "bittorrent-redhat",
        session: weibull(0.34, 21.3 * MINUTE),
        downtime: None,
        source: "Stutzbach & Rejaie, IMC 2006 (second-hand)",
    },
    Preset {
        name: "bittorrent-debian",
        session: weibull(0.38, 42.4 * MINUTE),
        downtime: None,
        source: "Stutzbach & Rejaie, IMC 2006 (second-hand)",
    },
    Preset {
        name: "bittorrent-flatout",
        session: weibull(0.59, 41.9 * MINUTE),
        downtime: None,
        source: "Stutzbach & Rejaie, IMC 2006 (second-hand)",
    },
    Preset {
        name: "overnet",
        session: weibull(0.85, 2.04 * HOUR),
        downtime: Some(weibull(0.44, 2.98 * HOUR)),
        source: "Failure Trace Archive, Javadi et al. 2013 (second-hand)",
    },
    Preset {
        name: "skype",
        session: weibull(0.64, 10.86 * HOUR),
        downtime: Some(weibull(0.63, 9.48 * HOUR)),
        source: "Failure Trace Archive, Javadi et al. 2013 (second-hand)",
    },
    Preset {
        name: "planetlab",
        session: weibull(0.33, 19.35 * HOUR),
        downtime: Some(weibull(0.36, 5.59 * HOUR)),
        source: "Failure Trace Archive, Javadi et al. 2013 (second-hand)",
    },
    Preset {
        name: "desktops",
        session: weibull(0.55, 35.30 * HOUR),
        downtime: Some(weibull(0.60, 9.34 * HOUR)),
        source: "Failure Trace Archive, Javadi et al. 2013 (second-hand)",
    },
    Preset {
        name: "ipfs",
        session: weibull(0.518, 1.935 * HOUR),
        downtime: Some(weibull(0.518, 1.935 * HOUR)),
        source: "Trautwein et al., SIGCOMM 2022: two-point fit of the sessions, downtimes assumed alike",
    },
    Preset {
        name: "p2psim",
        session: Law::Exponential { mean: HOUR },
        downtime: Some(Law::Exponential { mean: HOUR }),
        source: "Li et al. 2005",
    },
    Preset {
        name: "oversim",
        session: Law::Exponential { mean: 10_000.0 },
        downtime: Some(Law::Exponential { mean: 10_000.0 }),
        source: "OverSim, default.ini (2022)",
    },
];

const fn weibull(shape: f64, scale: f64) -> Law {
    Law::Weibull { shape, scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preset(name: &str) -> &'static Preset {
        PRESETS.iter().find(|preset| preset.name == name).unwrap()
    }

    #[test]
    fn kad_has_the_published_availability_and_residual() {
        let kad = preset("kad");
        let (up, down) = (kad.session.mean(), kad.downtime.unwrap().mean());
        assert!((up / (up + down) - 0.214).abs() < 0.0005, "{}", up / (up + down));
        assert!((kad.session.residual_mean() / HOUR - 8.05).abs() < 0.005);
    }

    #[test]
    fn ipfs_sessions_pass_through_both_measured_points() {
        let share_below = |hours: f64| {
            let Law::Weibull { shape, scale } = preset("ipfs").session else { panic!("not Weibull") };
            1.0 - libm::exp(-libm::pow(hours * HOUR / scale, shape))
        };
        assert!((share_below(8.0) - 0.876).abs() < 0.001, "{}", share_below(8.0));
        assert!((1.0 - share_below(24.0) - 0.025).abs() < 0.001, "{}", share_below(24.0));
    }

    #[test]
    fn every_preset_has_a_stationary_start() {
        for preset in PRESETS {
            assert!(preset.session.mean().is_finite() && preset.session.residual_mean().is_finite(), "{}", preset.name);
        }
    }
}
