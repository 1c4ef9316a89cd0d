//! Meaning of `[storage]` and `[systems.…]`: the architectures under test.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bootstrap::{self, BOOTSTRAP};
use super::check::{Check, Noted};
use super::document::entries;
use super::environment::Known;
use super::file;
use super::names;
use super::path::spelling;
use super::plan::{Storage, System};
use super::problem::Problem;
use super::registered::{AnyConfig, Refusal, Registered};
use super::source::Span;
use super::storage::{kept_in_full, storage};
use super::traversal::{self, TRAVERSAL};
use super::wire::{self, WIRE};
use crate::engine::Duration;
use crate::network::NetworkPlan;
use crate::storage::{Keepers, POINTER_COPIES};

const STORAGE: &str = "storage";
/// Tables of a system besides its protocol's.
const TABLES: [&str; 4] = [STORAGE, TRAVERSAL, WIRE, BOOTSTRAP];
/// Most systems of a scenario: each is tried for an estimate, for some hundred events at least.
const MOST_SYSTEMS: usize = 256;

/// Systems in the order of the file.
pub(super) fn systems(
    check: &mut Check<'_>,
    registered: &[Registered],
    Known { population, network, resources, .. }: Known<'_>,
) -> Result<Vec<System>, Noted> {
    let common = check.section::<file::Storage>(STORAGE).map(Option::unwrap_or_default);
    if let Ok(common) = &common {
        storage(check, STORAGE, common, &file::Storage::default(), resources)?;
    }
    let traversal = traversal::common(check);
    let wire = wire::common(check);
    let bootstrap = bootstrap::common(check);
    let table = check.table("systems");
    if table.is_empty() {
        return Err(check.wrong("systems", "there is no system to simulate", help(registered, "mine")));
    }
    if table.len() > MOST_SYSTEMS {
        let message = format!("{} systems are too many", table.len());
        return Err(check.wrong("systems", message, format!("write {MOST_SYSTEMS} at most")));
    }
    let common = Common { storage: common?, traversal: traversal?, wire: wire?, bootstrap: bootstrap?, resources };
    let systems: Vec<Result<System, Noted>> = entries(Some(&table))
        .into_iter()
        .map(|(name, value)| system(check, &common, registered, (name.get_ref(), name.span()), value))
        .collect();
    for system in systems.iter().flatten() {
        let protocol = registered.iter().find(|protocol| protocol.name == system.protocol).expect("it was read by it");
        if let Some(population) = population {
            check_room(check, protocol, system, population.participants);
        }
        if let Some(network) = network {
            check_regions(check, protocol, system, network);
            check_virtual_nodes(check, protocol, system, network);
            bootstrap::check_reach(check, &system.name, &system.bootstrap, network);
        }
    }
    systems.into_iter().collect()
}

/// Tables common to all systems.
struct Common {
    storage: file::Storage,
    traversal: file::Traversal,
    wire: file::Wire,
    bootstrap: Option<file::Bootstrap>,
    resources: u32,
}

/// Checks that the protocol supports the nodes of all initial participants. (Later arrivals are known when a run
/// starts, and are checked there.)
fn check_room(check: &mut Check<'_>, protocol: &Registered, system: &System, participants: u32) {
    let nodes = u64::from(participants) * u64::from((protocol.nodes_per_machine)(&*system.config));
    if nodes > u64::from(protocol.most_nodes) {
        let path = format!("{}.{}", home(&system.name), system.protocol);
        let message = format!("{participants} participants would be {nodes} nodes, too many for {}", system.protocol);
        check.wrong(&path, message, format!("it has room for {}: simulate fewer participants", protocol.most_nodes));
    }
}

/// Checks that the regions of servers exist.
fn check_regions(check: &mut Check<'_>, protocol: &Registered, system: &System, network: &NetworkPlan) {
    for (number, name) in (protocol.regions)(&*system.config).into_iter().enumerate() {
        let Some(name) = name else { continue };
        let path = format!("{}.{}.regions.{number}", home(&system.name), system.protocol);
        match network.regions() {
            None => {
                let help = "add [network.latency.regions], or leave this out";
                check.wrong(&path, "there are no regions to stand in", help);
            }
            Some(regions) if regions.number(&name).is_none() => {
                let names: Vec<&str> = regions.names.iter().map(String::as_str).collect();
                let span = check.at(&path, "").span.expect("the system was read from there");
                check.note(Problem::unknown(span, "region", &name, &names));
            }
            Some(_) => {}
        }
    }
}

/// Refuses virtual nodes with features that assume one node per machine.
fn check_virtual_nodes(check: &mut Check<'_>, protocol: &Registered, system: &System, network: &NetworkPlan) {
    if (protocol.nodes_per_machine)(&*system.config) == 1 {
        return;
    }
    let beside = [
        (network.nat.is_some(), "[network.nat]"),
        (system.connections.is_some(), "transport = \"connection\""),
        (system.storage.keepers != Keepers::Responsible, "a placement other than \"responsible\""),
    ];
    for (_, what) in beside.into_iter().filter(|(given, _)| *given) {
        let path = format!("{}.{}.virtual_nodes", home(&system.name), system.protocol);
        let message = format!("machines with several nodes cannot be combined with {what}");
        check.wrong(&path, message, "write 1, or leave that out");
    }
}

/// Checks that the nodes' lists are long enough to know all holders of a record.
fn check_copies(check: &mut Check<'_>, (system, protocol): (&str, &Registered), config: &AnyConfig, storage: &Storage) {
    let copies = match storage.keepers {
        Keepers::RandomParticipants => POINTER_COPIES,
        Keepers::Responsible | Keepers::Providers(_) => storage.replicas,
    };
    let Some((key, most)) = (protocol.most_copies)(config).filter(|(_, most)| copies > *most) else { return };
    let home = home(system);
    let table = format!("{home}.{}", protocol.name);
    let places = [format!("{table}.{key}"), format!("{home}.storage.replicas"), "storage.replicas".into()];
    let at = places.into_iter().find(|place| check.is_said(place)).unwrap_or(table);
    let message =
        format!("with {key} = {most} no node of `{system}` can tell who holds the {copies} copies of a record");
    let fewer = if storage.keepers == Keepers::RandomParticipants { "" } else { ", or fewer `replicas`" };
    check.wrong(&at, message, format!("write {key} = {copies} or more in [{home}.{}]{fewer}", protocol.name));
}

/// Path of a system's table.
pub(super) fn home(system: &str) -> String {
    format!("systems.{}", spelling(system))
}

fn system(
    check: &mut Check<'_>,
    common: &Common,
    registered: &[Registered],
    (name, span): (&str, Span),
    value: &Spanned<DeValue<'_>>,
) -> Result<System, Noted> {
    if !names::is_name(name) {
        let problem = Problem::new(span, format!("`{name}` cannot be a system's name"));
        return Err(check.note(problem.help(names::HELP)));
    }
    let home = home(name);
    let table = value.get_ref().as_table().expect("the shapes of values have been checked");
    let protocol = protocol(check, registered, name, span, table);
    let path = format!("{home}.{STORAGE}");
    let own = check.read::<file::Storage>(&path)?.unwrap_or_default();
    let storage = storage(check, &path, &own, &common.storage, common.resources);
    let place = format!("{home}.{TRAVERSAL}");
    let said = check.read::<file::Traversal>(&place)?.unwrap_or_default();
    let connections = traversal::connections(check, &place, &said, &common.traversal)?;
    let ((protocol, config), storage) = (protocol?, storage?);
    let place = format!("{home}.{WIRE}");
    let said = check.read::<file::Wire>(&place)?.unwrap_or_default();
    let wire = wire::wire(check, &place, &said, &common.wire, protocol.placement)?;
    let place = format!("{home}.{BOOTSTRAP}");
    let bootstrap = bootstrap::bootstrap(check, &place, common.bootstrap, protocol.placement)?;
    let storage = if protocol.in_full { kept_in_full(check, &path, &own, storage, protocol.name) } else { storage };
    if common.resources > 0 && !protocol.in_full {
        check_copies(check, (name, protocol), &*config, &storage);
    }
    let config = (protocol.for_copies)(&*config, storage.replicas);
    Ok(System {
        name: name.to_string(),
        protocol: protocol.name,
        config,
        storage,
        connections,
        wire,
        bootstrap,
        aggregates: Vec::new(),
    })
}

/// Protocol table of a system, read by its protocol.
fn protocol<'r>(
    check: &mut Check<'_>,
    registered: &'r [Registered],
    system: &str,
    span: Span,
    table: &DeTable<'_>,
) -> Result<(&'r Registered, Arc<AnyConfig>), Noted> {
    let mut found: Vec<(&Registered, Span, &Spanned<DeValue<'_>>)> = Vec::new();
    let mut unknown = None;
    for (key, value) in entries(Some(table)) {
        match registered.iter().find(|protocol| protocol.name == key.get_ref()) {
            Some(protocol) => found.push((protocol, key.span(), value)),
            None if TABLES.contains(&key.get_ref().as_ref()) => {}
            None => {
                let known: Vec<&str> = registered.iter().map(|protocol| protocol.name).chain(TABLES).collect();
                let mut problem = Problem::unknown(key.span(), "protocol", key.get_ref(), &known);
                // [systems.chord] is a system that is called so, not a system of that protocol.
                if registered.iter().any(|protocol| protocol.name == system) {
                    let expected = problem.help.unwrap_or_default();
                    let help = format!("keys of the protocol stand in [systems.{system}.{system}]; here {expected}");
                    problem.help = Some(help);
                }
                unknown = Some(check.note(problem));
            }
        }
    }
    match (found.as_slice(), unknown) {
        ([(protocol, _, value)], _) => Ok((protocol, config(check, protocol, system, value)?)),
        ([], Some(noted)) => Err(noted),
        ([], None) => {
            let problem = Problem::new(span, format!("the system `{system}` has no protocol"));
            Err(check.note(problem.help(help(registered, system))))
        }
        ([(first, ..), (second, span, _), ..], _) => {
            let message = format!("the system `{system}` has two protocols, `{}` and `{}`", first.name, second.name);
            Err(check.note(Problem::new(span.clone(), message).help("give each a system of its own")))
        }
    }
}

fn help(registered: &[Registered], system: &str) -> String {
    let names: Vec<&str> = registered.iter().map(|protocol| protocol.name).collect();
    format!("add one, as in [{}.{}]: there are `{}`", home(system), names.first().unwrap_or(&""), names.join("`, `"))
}

fn config(
    check: &mut Check<'_>,
    protocol: &Registered,
    system: &str,
    table: &Spanned<DeValue<'_>>,
) -> Result<Arc<AnyConfig>, Noted> {
    (protocol.parse)(table.clone()).map_err(|refusal| match refusal {
        Refusal::Unreadable(error) => check.note(Problem::from(error)),
        Refusal::Wrong(problem) => {
            let path = format!("{}.{}.{}", home(system), protocol.name, problem.key);
            check.note(check.at(&path, format!("`{}`: {}", problem.key, problem.message)))
        }
    })
}

/// Warns of measuring a converged start before its tables have aged.
pub(super) fn warn_of_fresh_tables(
    check: &mut Check<'_>,
    registered: &[Registered],
    systems: &[System],
    warmup: Duration,
) {
    for system in systems {
        let protocol = registered.iter().find(|protocol| protocol.name == system.protocol);
        let period = protocol.map_or(Duration::ZERO, |protocol| (protocol.longest_period)(&*system.config));
        if warmup < period + period {
            let System { name, .. } = system;
            check.warn(
                "time.warmup",
                format!("a warm-up of {warmup} flatters `{name}`: a converged start has fresh tables"),
                format!("its longest maintenance period is {period}: warm up for {} or more", period + period),
            );
        }
    }
}
