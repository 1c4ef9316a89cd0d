//! What the `[storage]` and `[systems.…]` sections mean: the architectures under test.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::{Check, Noted};
use super::document::entries;
use super::file;
use super::plan::{Storage, System};
use super::problem::Problem;
use super::registered::{AnyConfig, Refusal, Registered};
use super::source::Span;
use super::traversal::{self, TRAVERSAL};
use crate::engine::Duration;

/// Copies of a record that no more nodes than these are asked for at once.
const MOST_REPLICAS: u32 = 20;

const STORAGE: &str = "storage";

/// The systems in the order of the file.
pub(super) fn systems(check: &mut Check<'_>, registered: &[Registered]) -> Result<Vec<System>, Noted> {
    let common = check.section::<file::Storage>(STORAGE).map(Option::unwrap_or_default);
    if let Ok(common) = &common {
        self::storage(check, STORAGE, common, &file::Storage::default());
    }
    let traversal = traversal::common(check);
    let table = check.table("systems");
    if table.is_empty() {
        return Err(check.wrong("systems", "there is no system to simulate", help(registered, "mine")));
    }
    let common = Common { storage: common?, traversal: traversal? };
    let systems: Vec<Result<System, Noted>> = entries(Some(&table))
        .into_iter()
        .map(|(name, value)| system(check, &common, registered, name.get_ref(), name.span(), value))
        .collect();
    systems.into_iter().collect()
}

/// What is said for all systems.
struct Common {
    storage: file::Storage,
    traversal: file::Traversal,
}

fn system(
    check: &mut Check<'_>,
    common: &Common,
    registered: &[Registered],
    name: &str,
    span: Span,
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
    let own = check.read::<file::Storage>(&format!("systems.{name}.{STORAGE}"))?.unwrap_or_default();
    let storage = storage(check, &format!("systems.{name}.{STORAGE}"), &own, &common.storage);
    let path = format!("systems.{name}.{TRAVERSAL}");
    let own = check.read::<file::Traversal>(&path)?.unwrap_or_default();
    let connections = traversal::connections(check, &path, &own, &common.traversal)?;
    let (protocol, config) = protocol?;
    Ok(System { name: name.to_string(), protocol, config, storage, connections })
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
            None if [STORAGE, TRAVERSAL].contains(&key.get_ref().as_ref()) => {}
            None => {
                let known: Vec<&str> = registered.iter().map(|protocol| protocol.name).chain([STORAGE, TRAVERSAL]).collect();
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

/// The storage said at `path`; what is not said there is as in `common`.
fn storage(check: &mut Check<'_>, path: &str, own: &file::Storage, common: &file::Storage) -> Storage {
    for (key, value, only) in [("pieces", own.pieces, 1), ("parity", own.parity, 0)] {
        if value.is_some_and(|value| value != only) {
            check.not_yet(&format!("{path}.{key}"), &format!("`{key}` other than {only}"));
        }
    }
    if let Some(replicas) = own.replicas {
        check.range(&format!("{path}.replicas"), f64::from(replicas), 1.0..=f64::from(MOST_REPLICAS));
    }
    let repair = own.repair.or(common.repair).unwrap_or_default();
    Storage { replicas: own.replicas.or(common.replicas).unwrap_or(3), repair }
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
