//! Warnings of scenarios that can be run but cannot work.

use super::check::Check;
use super::plan::{Plan, System};
use super::registered::Registered;
use super::systems::home;
use crate::engine::Duration;
use crate::network::{Access, Latency, NetworkPlan};

/// Mean distance of two points of a square, as a share of its width.
const MEAN_DISTANCE: f64 = 0.5214;

/// Longest round-trip time of a matrix: delays are 32 bits of nanoseconds.
const LONGEST_MEASURED: Duration = Duration::from_secs(9);

/// Warns of settings that cannot work, whatever the seed.
pub(super) fn warn_of_nonsense(check: &mut Check<'_>, plan: &Plan, registered: &[Registered]) {
    warn_of_short_deadline(check, plan);
    if plan.resources.count > 0 && plan.resources.size.mean() == 0.0 {
        let help = "what is stored and moved is then headers only: write size = \"4KiB\"";
        check.warn("resources.size", "the resources have no bytes", help);
    }
    for system in &plan.systems {
        let Some(protocol) = registered.iter().find(|protocol| protocol.name == system.protocol) else { continue };
        if let Some(doubt) = (protocol.doubt)(&*system.config) {
            let path = format!("{}.{}.{}", home(&system.name), system.protocol, doubt.key);
            check.warn(
                &path,
                format!("`{}`: {}", doubt.key, doubt.message),
                "let them wait for longer, or serve faster",
            );
        }
        warn_of_slow_lines(check, plan, system, (protocol.rpc_timeout)(&*system.config));
    }
}

/// One-way delay of a typical pair of machines, or less if it is not known beforehand.
fn typical(network: &NetworkPlan, deadline: Duration) -> Duration {
    let delay = match &network.latency {
        Latency::Constant(delay) => *delay,
        Latency::Uniform { low, high } => (*low + *high).mul_f64(0.5),
        Latency::Lognormal { median, .. } => *median,
        Latency::Plane { width } => width.mul_f64(MEAN_DISTANCE),
        Latency::Regions(regions) => {
            let within = (0..regions.names.len() as u8).map(|region| regions.law(region, region).0);
            within.min().unwrap_or(Duration::ZERO)
        }
        // All its delays are sorted for this.
        Latency::Matrix(matrix) if deadline < LONGEST_MEASURED => {
            matrix.quantiles().map_or(Duration::ZERO, |[median, _]| median)
        }
        Latency::Matrix(_) | Latency::Coordinates(_) => Duration::ZERO,
    };
    delay.max(network.floor)
}

fn warn_of_short_deadline(check: &mut Check<'_>, plan: &Plan) {
    let (deadline, round_trip) = (plan.workload.deadline, typical(&plan.network, plan.workload.deadline).mul_f64(2.0));
    if deadline < round_trip {
        let message = format!("most operations will fail: a round trip takes {round_trip}, longer than the deadline");
        let help = "allow for several round trips: a lookup takes one for each hop, a transfer what its line needs";
        check.warn("workload.deadline", message, help);
    }
}

/// Warns of access links over which a request alone takes longer than its timeout.
fn warn_of_slow_lines(check: &mut Check<'_>, plan: &Plan, system: &System, timeout: Duration) {
    let bytes = system.wire.packet + system.wire.request;
    let everybody = plan.population.classes.is_empty().then_some(("network.access".to_owned(), plan.network.access));
    let classes = plan.population.classes.iter().enumerate().map(|(number, class)| {
        let own = format!("population.classes.{number}.access");
        (if check.is_said(&own) { own } else { "network.access".to_owned() }, class.access)
    });
    let lines: Vec<_> = everybody.into_iter().chain(classes).collect();
    for (path, access) in lines {
        let Some(Access { uplink, downlink, .. }) = access else { continue };
        for (key, rate) in [("uplink", uplink), ("downlink", downlink)] {
            let takes = Duration::from_secs_f64(8.0 * f64::from(bytes) / rate);
            if takes > timeout {
                let message =
                    format!("a request of {bytes} bytes takes {takes} over this line, longer than the time-out");
                let help = format!("`{}` waits {timeout} for an answer: write a higher rate", system.name);
                check.warn(&format!("{path}.{key}"), message, help);
            }
        }
    }
}
