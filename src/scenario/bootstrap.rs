//! Meaning of the `bootstrap` keys of `[network]` and of systems.

use super::check::{Check, Noted};
use super::file;
use super::plan::{Bootstrap, BootstrapService};
use crate::engine::Duration;
use crate::network::{Access, NetworkPlan};
use crate::overlay::Placement;
use crate::overlay::bootstrap::Terms;

/// Key of a system.
pub(super) const BOOTSTRAP: &str = "bootstrap";
/// Key for all systems.
const COMMON: &str = "network.bootstrap";

/// Longest list: with more members the service would hold a full membership table.
const LONGEST_LIST: u32 = 100_000;
/// Shortest list: it must not consist of the querying nodes alone.
const SHORTEST_LIST: u32 = 8;
/// Shortest lifetime: a member whose announcement was lost repeats it before its entry expires.
const SHORTEST_LIFE: Duration = Duration::from_secs(120);
/// Lowest availability of a service that is of any use.
const LEAST_UP: f64 = 0.01;

/// Value for all systems, checked separately.
pub(super) fn common(check: &mut Check<'_>) -> Result<Option<file::Bootstrap>, Noted> {
    let said = check.read::<file::Bootstrap>(COMMON)?;
    if let Some(file::Bootstrap::Service(said)) = said {
        service(check, COMMON, said)?;
    }
    Ok(said)
}

/// Bootstrap of a system, given at `path`, otherwise the value for all systems.
pub(super) fn bootstrap(
    check: &mut Check<'_>,
    path: &str,
    common: Option<file::Bootstrap>,
    placement: Placement,
) -> Result<Bootstrap, Noted> {
    let own = check.read::<file::Bootstrap>(path)?;
    match own.or(common) {
        Some(file::Bootstrap::Oracle) => Ok(Bootstrap::Oracle),
        Some(file::Bootstrap::Service(_)) if own.is_some() && placement.is_servers() => {
            let help = "leave this out, or write \"oracle\" if clients are to know its address for nothing";
            Err(check.wrong(path, "clients of a server look its name up, and ask no bootstrap service", help))
        }
        _ if placement.is_servers() => Ok(Bootstrap::Name),
        Some(file::Bootstrap::Service(said)) => service(check, path, said),
        None => service(check, path, file::Service::default()),
    }
}

fn service(check: &mut Check<'_>, path: &str, said: file::Service) -> Result<Bootstrap, Noted> {
    let bounds = [
        ("machines", said.machines, 1, Terms::MOST_MACHINES),
        ("list", said.list, SHORTEST_LIST, LONGEST_LIST),
        ("answers", said.answers, 1, Terms::MOST_ANSWERS),
    ];
    for (key, value, least, most) in bounds {
        if !(least..=most).contains(&value) {
            return Err(check.wrong(
                &format!("{path}.{key}"),
                format!("`{key}` cannot be {value}"),
                format!("write a number from {least} to {most}"),
            ));
        }
    }
    let shortest = Duration::from_secs(1);
    for (key, value, least) in
        [("life", Some(said.life), SHORTEST_LIFE), ("mtbf", said.mtbf, shortest), ("mttr", said.mttr, shortest)]
    {
        if let Some(value) = value.filter(|value| *value < least) {
            let message = format!("`{key}` cannot be {value}");
            return Err(check.wrong(&format!("{path}.{key}"), message, format!("write {least} or more, as in \"1h\"")));
        }
    }
    let failures = match (said.mtbf, said.mttr) {
        (Some(_), None) => Err(("mtbf", "says how often a machine fails: give `mttr` too, how long it then takes")),
        (None, Some(_)) => Err(("mttr", "says how long a repair takes: give `mtbf` too, how often it is needed")),
        (mtbf, mttr) => Ok(mtbf.zip(mttr)),
    };
    let failures = failures.map_err(|(key, message)| {
        check.wrong(&format!("{path}.{key}"), format!("`{key}` {message}"), "or leave both out")
    })?;
    if let Some((between, repair)) = failures {
        let down = repair.as_secs_f64() / (between + repair).as_secs_f64();
        if 1.0 - libm::pow(down, said.machines.into()) < LEAST_UP {
            let message = "nobody can reach the bootstrap service: all its machines are down nearly always";
            return Err(check.wrong(&format!("{path}.mtbf"), message, "write a longer `mtbf`, or a shorter `mttr`"));
        }
    }
    let terms = Terms { machines: said.machines, list: said.list, answers: said.answers, life: said.life };
    let access = Access { uplink: said.uplink.0, downlink: said.downlink.0, queue: said.queue.0 };
    Ok(Bootstrap::Service(BootstrapService { terms, access, failures }))
}

/// Refuses a service on a network that loses every packet.
pub(super) fn check_reach(check: &mut Check<'_>, path: &str, bootstrap: &Bootstrap, network: &NetworkPlan) {
    if matches!(bootstrap, Bootstrap::Service(_)) && network.loss == 1.0 {
        let message = format!("nobody can reach the bootstrap service of `{path}`: every packet is lost");
        check.wrong("network.loss", message, "write a probability below 1, or bootstrap = \"oracle\"");
    }
}
