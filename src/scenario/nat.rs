//! Meaning of `[network.nat]`.

use std::collections::BTreeMap;

use toml::Spanned;

use super::check::{Check, Noted};
use super::file;
use super::network::{add_up, region};
use super::path::spelling;
use super::plan::{Class, Plan, System};
use super::problem::Problem;
use super::registered::Registered;
use super::systems::home;
use crate::engine::Duration;
use crate::network::Regions;
use crate::network::nat::{Carrier, Filtering, NatClass, NatPlan, PRESETS, Shares};

/// NATs of a scenario. `regions`: those of the latency model, if it has any and could be read.
pub(super) fn nat(
    check: &mut Check<'_>,
    said: file::Nat,
    regions: Result<Option<&Regions>, Noted>,
) -> Result<NatPlan, Noted> {
    let everybodys = file::NatShares { preset: said.preset, shares: said.shares, behind: said.behind };
    let shares = shares(check, "network.nat", &everybodys, None);
    let regions = match (&said.regions, shares) {
        (said, Ok(shares)) if !said.is_empty() => regions.and_then(|regions| regional(check, said, regions, shares)),
        _ => Ok(Vec::new()),
    };
    let mut lifetimes = [said.lifetime; 7];
    positive(check, "network.nat.lifetime", said.lifetime);
    for (name, lifetime) in &said.lifetimes {
        let class = class(check, name)?;
        positive(check, &format!("network.nat.lifetimes.{}", class.name()), *lifetime);
        lifetimes[class as usize] = *lifetime;
    }
    let carrier = said.carrier.map(|carrier| {
        check.range("network.nat.carrier.share", carrier.share, 0.0..=1.0);
        if carrier.subscribers == 0 {
            check.wrong("network.nat.carrier.subscribers", "nobody is behind such a box", "write 1 or more");
        }
        Carrier { share: carrier.share, subscribers: carrier.subscribers, hairpinning: carrier.hairpinning }
    });
    if said.sessions == 0 {
        check.wrong("network.nat.sessions", "a box that remembers nothing lets no answer in", "write 1 or more");
    }
    Ok(NatPlan { shares: shares?, regions: regions?, lifetimes, carrier, sessions: said.sessions })
}

/// Shares of NAT classes in each region, by its number.
fn regional(
    check: &mut Check<'_>,
    said: &BTreeMap<Spanned<String>, file::NatShares>,
    regions: Option<&Regions>,
    everybodys: Shares,
) -> Result<Vec<Option<Shares>>, Noted> {
    const PLACE: &str = "network.nat.regions";
    let Some(regions) = regions else {
        let help = "add [network.latency.regions], or leave this out";
        return Err(check.wrong(PLACE, "there are no regions to stand in", help));
    };
    let mut regional = vec![None; regions.names.len()];
    for (name, said) in said {
        let number = region(check, regions, name.span(), name.get_ref())?;
        let shares = shares(check, &format!("{PLACE}.{}", spelling(name.get_ref())), said, Some(everybodys))?;
        regional[usize::from(number)] = Some(shares);
    }
    Ok(regional)
}

/// Shares of NAT classes at `path`; `everybodys`: the common shares, to be scaled if it has none of its own.
pub(super) fn shares(
    check: &mut Check<'_>,
    path: &str,
    said: &file::NatShares,
    everybodys: Option<Shares>,
) -> Result<Shares, Noted> {
    let shares = match (&said.preset, &said.shares, everybodys) {
        (Some(name), ..) => preset(check, name),
        (None, Some(said), _) => named(check, &format!("{path}.shares"), said),
        (None, None, Some(shares)) if said.behind.is_some() => Ok(shares),
        (None, None, _) => Err(check.wrong(
            path,
            "it is not said who is behind what",
            "write preset = \"home-2010\" or shares = { open = 0.4, port-restricted = 0.6 }",
        )),
    };
    match said.behind {
        Some(behind) => stretched(check, &format!("{path}.behind"), shares?, behind),
        None => shares,
    }
}

fn positive(check: &mut Check<'_>, path: &str, lifetime: Duration) {
    if lifetime == Duration::ZERO {
        check.wrong(path, "a mapping that dies at once lets no answer in", "write a time, such as \"2min\"");
    }
}

fn class(check: &mut Check<'_>, name: &Spanned<String>) -> Result<NatClass, Noted> {
    let found = NatClass::ALL.into_iter().find(|class| class.name() == name.get_ref());
    found.ok_or_else(|| {
        check.note(Problem::unknown(name.span(), "class", name.get_ref(), &NatClass::ALL.map(NatClass::name)))
    })
}

fn preset(check: &mut Check<'_>, name: &Spanned<String>) -> Result<Shares, Noted> {
    let found = PRESETS.iter().find(|preset| preset.name == name.get_ref());
    found.map(|preset| preset.shares).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        check.note(Problem::unknown(name.span(), "preset", name.get_ref(), &names))
    })
}

/// Shares of NAT classes by name, at `path`.
fn named(check: &mut Check<'_>, path: &str, said: &BTreeMap<Spanned<String>, f64>) -> Result<Shares, Noted> {
    let mut shares = [0.0; 7];
    for (name, share) in said {
        let class = class(check, name)?;
        check.range(&format!("{path}.{}", class.name()), *share, 0.0..=1.0);
        shares[class as usize] = *share;
    }
    add_up(check, path, ["class", "classes"], &mut shares)?;
    Ok(shares)
}

/// Shares scaled to `behind`, at `path`, in all classes but the open one.
fn stretched(check: &mut Check<'_>, path: &str, shares: Shares, behind: f64) -> Result<Shares, Noted> {
    check.range(path, behind, 0.0..=1.0);
    let before = 1.0 - shares[NatClass::Open as usize];
    if before <= 0.0 && behind > 0.0 {
        return Err(check.wrong(
            path,
            "no class but `open` has a share",
            "say in which classes those behind a NAT are",
        ));
    }
    let stretch = if behind > 0.0 { behind / before } else { 0.0 };
    let mut stretched = shares.map(|share| share * stretch);
    stretched[NatClass::Open as usize] = 1.0 - behind;
    Ok(stretched)
}

/// Warns of an overlay whose members cannot be dialled, so that no node can join it.
pub(super) fn warn_of_nobody_dialable(check: &mut Check<'_>, nat: &NatPlan, classes: &[Class]) {
    if !is_anywhere(nat, classes, |shares| shares[NatClass::Open as usize] > 0.0) {
        check.warn(
            "network.nat",
            "no participant is open, so peers have nobody to join through",
            "give the class `open` a share; a server can be reached by all in any case",
        );
    }
}

/// Warns of limits of a system's protocol behind NATs and firewalls that admit replies only.
pub(super) fn warn_of_filters(check: &mut Check<'_>, nat: &NatPlan, plan: &Plan, registered: &[Registered]) {
    let lets_strangers_in = [Filtering::None, Filtering::EndpointIndependent];
    let filters = |class: &NatClass| !lets_strangers_in.contains(&class.filtering());
    let filtered =
        |shares: &Shares| NatClass::ALL.iter().filter(|class| filters(class)).any(|&c| shares[c as usize] > 0.0);
    if !is_anywhere(nat, &plan.population.classes, filtered) {
        return;
    }
    for System { name, protocol, config, .. } in plan.systems.iter().filter(|system| system.connections.is_none()) {
        let known = registered.iter().find(|known| known.name == *protocol);
        if let Some(problem) = known.and_then(|known| (known.filtered)(&**config)) {
            check.warn(
                &format!("{}.{protocol}.{}", home(name), problem.key),
                format!("NATs and firewalls cost `{name}` more than others: {}", problem.message),
                "write transport = \"connection\" in [traversal], or leave only `open` and `full-cone` a share",
            );
        }
    }
}

/// Whether the shares of some participants fulfil a condition.
fn is_anywhere(nat: &NatPlan, classes: &[Class], such: impl Fn(&Shares) -> bool) -> bool {
    let elsewhere = such(&nat.shares) || nat.regions.iter().flatten().any(&such);
    let in_class = |class: &Class| class.nat.as_ref().map_or(elsewhere, &such);
    if classes.is_empty() { elsewhere } else { classes.iter().any(in_class) }
}
