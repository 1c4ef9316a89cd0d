//! What the `[storage]` and `[systems.…]` sections mean: the architectures under test.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::{Check, Noted};
use super::document::entries;
use super::file;
use super::plan::{Coding, Storage, System};
use super::problem::Problem;
use super::registered::{AnyConfig, Refusal, Registered};
use super::source::Span;
use crate::engine::Duration;

/// Copies of a record that no more nodes than these are asked for at once.
const MOST_REPLICAS: u32 = 20;

/// Records at most: their numbers have 29 bits in the messages of repair.
const MOST_RECORDS: u32 = 1 << 28;

const STORAGE: &str = "storage";

/// The systems in the order of the file, for so many resources.
pub(super) fn systems(check: &mut Check<'_>, registered: &[Registered], resources: u32) -> Result<Vec<System>, Noted> {
    let common = check.section::<file::Storage>(STORAGE).map(Option::unwrap_or_default);
    if let Ok(common) = &common {
        storage(check, STORAGE, common, &file::Storage::default(), resources);
    }
    let table = check.table("systems");
    if table.is_empty() {
        return Err(check.wrong("systems", "there is no system to simulate", help(registered, "mine")));
    }
    let common = common?;
    let systems: Vec<Result<System, Noted>> = entries(Some(&table))
        .into_iter()
        .map(|(name, value)| system(check, (&common, resources), registered, (name.get_ref(), name.span()), value))
        .collect();
    systems.into_iter().collect()
}

fn system(
    check: &mut Check<'_>,
    (common, resources): (&file::Storage, u32),
    registered: &[Registered],
    (name, span): (&str, Span),
    value: &Spanned<DeValue<'_>>,
) -> Result<System, Noted> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        let problem = Problem::new(span, format!("`{name}` cannot be a system's name"));
        return Err(check.note(problem.help("write letters, digits, `-` and `_`: it names rows and files")));
    }
    let DeValue::Table(table) = value.get_ref() else {
        let problem = Problem::new(value.span(), format!("the system `{name}` is not a table"));
        return Err(check.note(problem.help(help(registered, name))));
    };
    let protocol = protocol(check, registered, name, span, table);
    let path = format!("systems.{name}.{STORAGE}");
    let own = check.read::<file::Storage>(&path)?.unwrap_or_default();
    let storage = storage(check, &path, &own, common, resources);
    let (protocol, config) = protocol?;
    let in_full = registered.iter().any(|one| one.name == protocol && one.in_full);
    let storage = if in_full { kept_in_full(check, &path, &own, storage, protocol) } else { storage };
    Ok(System { name: name.to_string(), protocol, config, storage })
}

/// The one protocol table of a system, read by its protocol.
fn protocol(
    check: &mut Check<'_>,
    registered: &[Registered],
    system: &str,
    span: Span,
    table: &DeTable<'_>,
) -> Result<(&'static str, Arc<AnyConfig>), Noted> {
    let mut found: Vec<(&Registered, Span, &Spanned<DeValue<'_>>)> = Vec::new();
    let mut unknown = None;
    for (key, value) in entries(Some(table)) {
        match registered.iter().find(|protocol| protocol.name == key.get_ref()) {
            Some(protocol) => found.push((protocol, key.span(), value)),
            None if key.get_ref() == STORAGE => {}
            None => {
                let known: Vec<&str> = registered.iter().map(|protocol| protocol.name).chain([STORAGE]).collect();
                unknown = Some(check.note(Problem::unknown(key.span(), "protocol", key.get_ref(), &known)));
            }
        }
    }
    match (found.as_slice(), unknown) {
        ([(protocol, _, value)], _) => Ok((protocol.name, config(check, protocol, system, value)?)),
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
    format!("add one, as in [systems.{system}.{}]: there are `{}`", names.first().unwrap_or(&""), names.join("`, `"))
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
            let path = format!("systems.{system}.{}.{}", protocol.name, problem.key);
            check.note(check.at(&path, format!("`{}`: {}", problem.key, problem.message)))
        }
    })
}

/// The storage said at `path`, of so many resources; what is not said there is as in `common`.
fn storage(check: &mut Check<'_>, path: &str, own: &file::Storage, common: &file::Storage, resources: u32) -> Storage {
    let most = f64::from(Coding::MOST_PIECES);
    let said = [("replicas", own.replicas, 1.0, f64::from(MOST_REPLICAS)), ("pieces", own.pieces, 1.0, most)];
    for (key, value, least, most) in said.into_iter().chain([("parity", own.parity, 0.0, most - 1.0)]) {
        if let Some(value) = value {
            check.range(&format!("{path}.{key}"), value.into(), least..=most);
        }
    }
    let needed = own.pieces.or(common.pieces).unwrap_or(1).clamp(1, Coding::MOST_PIECES);
    let parity = own.parity.or(common.parity).unwrap_or(0).min(Coding::MOST_PIECES - 1);
    let coding = Coding { needed, parity };
    let at = format!("{path}.{}", if own.parity.is_some() { "parity" } else { "pieces" });
    if own.pieces.is_some() || own.parity.is_some() {
        if coding.pieces() > Coding::MOST_PIECES {
            let message = format!("a resource cannot be in {} + {} pieces", coding.needed, coding.parity);
            check.wrong(&at, message, format!("write {} together, or fewer", Coding::MOST_PIECES));
        } else if u64::from(resources) * u64::from(coding.pieces()) > u64::from(MOST_RECORDS) && resources < u32::MAX {
            let message = format!("{resources} resources in {} pieces each are too many records", coding.pieces());
            check.wrong(&at, message, format!("write fewer pieces or resources: together {MOST_RECORDS} at most"));
        }
    }
    let repair = own.repair.or(common.repair).unwrap_or_default();
    Storage { replicas: own.replicas.or(common.replicas).unwrap_or(3), coding, repair }
}

/// The storage of a system of which every machine or server that holds a resource holds all of it: the common table's
/// pieces do not concern it, and it cannot have its own.
fn kept_in_full(check: &mut Check<'_>, path: &str, own: &file::Storage, storage: Storage, protocol: &str) -> Storage {
    for (key, said) in [("pieces", own.pieces.is_some()), ("parity", own.parity.is_some())] {
        if said {
            let message = format!("`{protocol}` knows no pieces: whoever holds a resource there holds all of it");
            check.wrong(&format!("{path}.{key}"), message, "leave this out");
        }
    }
    Storage { coding: Coding::WHOLE, ..storage }
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
