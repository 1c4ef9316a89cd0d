//! Meaning of a `[storage]` table, the common one and a system's own.

use super::check::{Check, Noted};
use super::environment::law;
use super::file::{self, Placement};
use super::plan::{Caching, Coding, Keepers, Plan, Repair, Storage, System};
use super::systems::home;
use crate::engine::{Duration, LawUse};
use crate::model::OperationKind;
use crate::storage::{Delay, Providing, Republish};

/// Most replicas of a record.
const MOST_REPLICAS: u32 = 20;
/// Default number of replicas.
const REPLICAS: u32 = 3;

/// Most records: their numbers have 29 bits in the messages of repair, pointers need as many again, and the copies of
/// all of them are numbered by 32 bits.
pub(super) const MOST_RECORDS: u32 = 1 << 27;

const _: () = assert!((MOST_RECORDS as u64) * (MOST_REPLICAS as u64) < 1 << 32);

/// Storage at `path`, for a number of resources; keys left out have the values of `common`.
pub(super) fn storage(
    check: &mut Check<'_>,
    path: &str,
    own: &file::Storage,
    common: &file::Storage,
    resources: u32,
) -> Result<Storage, Noted> {
    if let Some(replicas) = own.replicas {
        check.range(&format!("{path}.replicas"), f64::from(replicas), 1.0..=f64::from(MOST_REPLICAS));
    }
    let coding = coding(check, path, own, common, resources);
    let keepers = match own.placement.or(common.placement).unwrap_or_default() {
        Placement::Responsible => Keepers::Responsible,
        Placement::RandomParticipants => Keepers::RandomParticipants,
        Placement::Provider => Keepers::Providers(providing(check, path, own, common)),
    };
    if own.provider.is_some() && !matches!(keepers, Keepers::Providers(_)) {
        let message = "there are no provider records without providers";
        check.wrong(&format!("{path}.provider"), message, "add placement = \"provider\", or leave this out");
    }
    let repair = match own.repair.as_ref().or(common.repair.as_ref()) {
        None if matches!(keepers, Keepers::Providers(_)) => Repair::None,
        None | Some(file::Repair::Eager) => Repair::Eager,
        Some(file::Repair::None) => Repair::None,
        Some(file::Repair::Lazy { threshold }) => Repair::Lazy { threshold: *threshold },
        Some(file::Repair::Republish(said)) => Repair::Republish(republish(check, path, said, own.repair.is_some())),
        Some(file::Repair::Delay(delay)) => Repair::Delay(Delay {
            after: law(check, &format!("{path}.repair.delay.after"), &delay.after, LawUse::Values)?,
            concurrency: delay.concurrency.0,
        }),
    };
    let replicas = own.replicas.or(common.replicas).unwrap_or(REPLICAS).clamp(1, MOST_REPLICAS);
    if let Repair::Lazy { threshold } = repair
        && !(1..=replicas).contains(&threshold)
        && (own.repair.is_some() || own.replicas.is_some())
    {
        let at = if own.repair.is_some() { "repair.lazy.threshold" } else { "replicas" };
        let message = format!("a threshold of {threshold} cannot be reached by {replicas} copies");
        check.wrong(&format!("{path}.{at}"), message, format!("write a threshold from 1 to {replicas}, the copies"));
    }
    if own.placement.is_some() || own.repair.is_some() {
        agree(check, path, own, keepers, &repair);
    }
    let audit = audit(check, path, own, common, (coding, keepers, &repair));
    let caching = caching(check, path, own, common).filter(|_| keepers == Keepers::Responsible);
    if own.cache.is_some_and(|size| size.0 > 0) && keepers != Keepers::Responsible {
        let message = "only what responsible nodes hold is cached along the way";
        check.wrong(&format!("{path}.cache"), message, "leave this out, or the `placement`");
    }
    let hold = hold(check, path, own, common, &repair);
    Ok(Storage { replicas, coding, keepers, repair, hold, audit, caching })
}

/// Default of `hold`.
const HOLD: Duration = Duration::from_secs(30 * 60);

fn hold(check: &mut Check<'_>, path: &str, own: &file::Storage, common: &file::Storage, repair: &Repair) -> Duration {
    if own.hold.is_some() && repair.threshold(1).is_none() {
        let message = "nobody gives copies up without eager or lazy repair";
        check.wrong(&format!("{path}.hold"), message, "leave this out, or write repair = \"eager\"");
    }
    own.hold.or(common.hold).unwrap_or(HOLD)
}

/// Default period of holder checks for pointers.
const CHECKS: Duration = Duration::from_secs(3600);

/// Audit period of pieces or copies, if any.
fn audit(
    check: &mut Check<'_>,
    path: &str,
    own: &file::Storage,
    common: &file::Storage,
    (coding, keepers, repair): (Coding, Keepers, &Repair),
) -> Option<Duration> {
    let checked = keepers == Keepers::RandomParticipants && matches!(repair, Repair::Eager | Repair::Lazy { .. });
    let pieces = coding.pieces() > 1 && keepers == Keepers::Responsible;
    let at = format!("{path}.audit");
    if own.audit == Some(Duration::ZERO) {
        check.wrong(&at, "an audit cannot take place all the time", "write a time above zero, such as \"1h\"");
    } else if own.audit.is_some() && !pieces && !checked {
        let help =
            "leave this out, or give `parity` and the usual `placement`, or repair = \"eager\" of random participants";
        check.wrong(&at, "audits are for pieces on responsible nodes and for copies that pointers name", help);
    }
    let said = own.audit.or(common.audit);
    said.filter(|_| pieces || checked).or(checked.then_some(CHECKS))
}

/// Default lifetime of a cached copy.
const CACHE_TTL: Duration = Duration::from_secs(600);

fn caching(check: &mut Check<'_>, path: &str, own: &file::Storage, common: &file::Storage) -> Option<Caching> {
    let limit = own.cache.or(common.cache).map_or(0, |size| size.0);
    let at = format!("{path}.cache_ttl");
    match own.cache_ttl {
        Some(Duration::ZERO) => drop(check.wrong(&at, "no copy would ever be given", "write a time above zero")),
        Some(_) if limit == 0 => drop(check.wrong(&at, "there is no cache", "add a size, such as cache = \"1MiB\"")),
        _ => {}
    }
    let ttl = own.cache_ttl.or(common.cache_ttl).unwrap_or(CACHE_TTL);
    (limit > 0).then_some(Caching { limit, ttl })
}

/// Republishing parameters; checked if given `here`.
fn republish(check: &mut Check<'_>, path: &str, said: &file::Republish, here: bool) -> Republish {
    let file::Republish { every, publisher, expiry } = *said;
    if !here {
        return Republish { every, publisher, expiry };
    }
    for (key, period) in [("every", every), ("publisher", Some(publisher)), ("expiry", expiry)] {
        if period == Some(Duration::ZERO) {
            let help = "write a time above zero, such as \"1h\"";
            check.wrong(&format!("{path}.repair.republish.{key}"), format!("`{key}` cannot be zero"), help);
        }
    }
    if expiry.is_some_and(|expiry| expiry < publisher) {
        let message = "copies would expire before their publisher puts them again";
        let help = format!("write {publisher} or more, or lower `publisher`");
        check.wrong(&format!("{path}.repair.republish.expiry"), message, help);
    }
    Republish { every, publisher, expiry }
}

/// Default lifetime of a provider record: a day, with two announcements in it (IPFS: 24 h and 12 h before 2022, 48 h
/// and 22 h since).
const TTL: Duration = Duration::from_secs(24 * 3600);
const REPUBLISH: Duration = Duration::from_secs(12 * 3600);

fn providing(check: &mut Check<'_>, path: &str, own: &file::Storage, common: &file::Storage) -> Providing {
    let [own, common] = [own, common].map(|said| said.provider.clone().unwrap_or_default());
    let providing = Providing {
        ttl: own.ttl.or(common.ttl).unwrap_or(TTL),
        republish: own.republish.or(common.republish).unwrap_or(REPUBLISH),
        share: own.share.or(common.share).unwrap_or(true),
        uplink: own.uplink.or(common.uplink).map(|rate| rate.0),
    };
    let key = if own.republish.is_some() { "republish" } else { "ttl" };
    let at = format!("{path}.provider.{key}");
    if own.ttl.is_none() && own.republish.is_none() {
        return providing; // it is noted where it is said
    }
    if providing.republish == Duration::ZERO {
        check.wrong(&at, "providers cannot speak all the time", "write a duration above zero");
    } else if providing.ttl <= providing.republish {
        let message = format!(
            "a provider record that is kept for {} expires before it is renewed after {}",
            providing.ttl, providing.republish
        );
        check.wrong(&at, message, "make `ttl` longer than `republish`");
    }
    providing
}

/// Notes settings that are incompatible with providers: shared resources never change, and need access links.
pub(super) fn agree_with_providers(check: &mut Check<'_>, plan: &Plan) {
    let shares = |system: &&System| matches!(system.storage.keepers, Keepers::Providers(_));
    let Some(system) = plan.systems.iter().find(shares) else { return };
    let asked = plan.workload.requests.list.iter().any(|request| request.kind == OperationKind::Put);
    if plan.workload.put.is_some() || asked {
        let keys = ["put", "mix", "trace"].map(|key| format!("workload.{key}"));
        let at = keys.iter().find(|key| check.is_said(key)).cloned().unwrap_or_default();
        let message = format!("what providers share never changes, as it does in `{}`", system.name);
        check.wrong(&at, message, "leave the puts out, or use another placement");
    }
    let Keepers::Providers(Providing { uplink: Some(_), .. }) = system.storage.keepers else { return };
    if plan.network.access.is_none() {
        let paths = [format!("{}.storage.provider.uplink", home(&system.name)), "storage.provider.uplink".to_owned()];
        let at = paths.iter().find(|path| check.is_said(path)).cloned().unwrap_or_default();
        check.wrong(&at, "participants have no links to be faster than", "add [network.access]");
    }
}

fn coding(check: &mut Check<'_>, path: &str, own: &file::Storage, common: &file::Storage, resources: u32) -> Coding {
    let most = Coding::MOST_PIECES;
    for (key, value, least, most) in [("pieces", own.pieces, 1, most), ("parity", own.parity, 0, most - 1)] {
        if let Some(value) = value {
            check.range(&format!("{path}.{key}"), value.into(), f64::from(least)..=f64::from(most));
        }
    }
    let coding = Coding {
        needed: own.pieces.or(common.pieces).unwrap_or(1).clamp(1, most),
        parity: own.parity.or(common.parity).unwrap_or(0).min(most - 1),
    };
    let Some(key) = own.parity.map(|_| "parity").or(own.pieces.map(|_| "pieces")) else { return coding };
    let at = format!("{path}.{key}");
    if coding.pieces() > most {
        let message = format!("a resource cannot be in {} + {} pieces", coding.needed, coding.parity);
        check.wrong(&at, message, format!("write {most} together, or fewer"));
    // Resources that could not be read are counted as u32::MAX.
    } else if resources < u32::MAX && u64::from(resources) * u64::from(coding.pieces()) > u64::from(MOST_RECORDS) {
        let message = format!("{resources} resources in {} pieces each are too many records", coding.pieces());
        check.wrong(&at, message, format!("write fewer pieces or resources: together {MOST_RECORDS} at most"));
    }
    coding
}

/// Notes an incompatible placement and repair.
fn agree(check: &mut Check<'_>, path: &str, own: &file::Storage, keepers: Keepers, repair: &Repair) {
    let key = if own.repair.is_some() { "repair" } else { "placement" };
    let at = format!("{path}.{key}");
    match (keepers, repair) {
        (Keepers::Responsible, Repair::Delay(_)) => {
            let message = "repair with a delay puts copies where no lookup would find them";
            check.wrong(&at, message, "add placement = \"random-participants\", whose pointers lead to them");
        }
        (Keepers::RandomParticipants, Repair::Republish(_)) => {
            let message = "copies on random participants are not put again, but repaired";
            check.wrong(&at, message, "write repair = \"eager\", \"none\", or repair.lazy.threshold = 2");
        }
        (Keepers::Providers(_), Repair::Eager | Repair::Lazy { .. } | Repair::Republish(_) | Repair::Delay(_)) => {
            let message = "what providers keep is not repaired by others";
            check.wrong(
                &at,
                message,
                "write repair = \"none\", the default there; provider.republish renews the pointers",
            );
        }
        (_, Repair::Delay(delay)) if delay.after.mean() <= 0.0 => {
            check.wrong(&at, "a repair cannot take no time", "write a delay above zero");
        }
        _ => {}
    }
}

/// Storage of a system in which machines or servers store resources in full. The common table's keys of pieces and
/// placement do not apply to it, and its own table may not have them.
pub(super) fn kept_in_full(
    check: &mut Check<'_>,
    path: &str,
    own: &file::Storage,
    storage: Storage,
    protocol: &str,
) -> Storage {
    let chosen = !matches!(own.repair, None | Some(file::Repair::None | file::Repair::Eager));
    let said = [
        ("pieces", own.pieces.is_some()),
        ("parity", own.parity.is_some()),
        ("placement", own.placement.is_some()),
        ("provider", own.provider.is_some()),
        ("repair", chosen),
        ("hold", own.hold.is_some()),
        ("audit", own.audit.is_some()),
        ("cache", own.cache.is_some()),
        ("cache_ttl", own.cache_ttl.is_some()),
    ];
    for (key, _) in said.into_iter().filter(|(_, said)| *said) {
        let message =
            format!("`{key}` cannot be chosen for `{protocol}`: whoever holds a resource there holds all of it");
        check.wrong(&format!("{path}.{key}"), message, "leave this out");
    }
    let repair = if storage.repair == Repair::None { Repair::None } else { Repair::Eager };
    Storage { coding: Coding::WHOLE, keepers: Keepers::Responsible, repair, audit: None, caching: None, ..storage }
}

/// Warns of replicas that cannot be on different machines.
pub(super) fn warn_of_shared_machines(check: &mut Check<'_>, plan: &Plan) {
    for system in plan.systems.iter().filter(|system| system.storage.keepers == Keepers::RandomParticipants) {
        let copies = system.storage.coding.pieces() * system.storage.replicas;
        if copies > plan.population.participants {
            let message = format!("some of the {copies} copies of a resource share a machine in `{}`", system.name);
            let help = format!("there are {} participants", plan.population.participants);
            check.warn("storage.placement", message, help);
        }
    }
}
