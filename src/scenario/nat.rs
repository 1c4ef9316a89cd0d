//! What the table about NATs and firewalls means.

use toml::Spanned;

use super::check::{Check, Noted};
use super::file;
use super::network::add_up;
use super::problem::Problem;
use crate::engine::Duration;
use crate::network::nat::{Carrier, NatClass, NatPlan, PRESETS};

pub(super) fn nat(check: &mut Check<'_>, said: file::Nat) -> Result<NatPlan, Noted> {
    let shares = match (&said.preset, &said.shares) {
        (Some(name), None) => preset(check, name),
        (None, Some(said)) => {
            let said = said.iter().map(|(name, share)| (name, *share)).collect::<Vec<_>>();
            shares(check, &said)
        }
        _ => Err(check.wrong(
            "network.nat",
            "it is not said who is behind what",
            "write preset = \"home-2010\" or shares = { open = 0.4, port-restricted = 0.6 }",
        )),
    };
    let shares = match said.behind {
        Some(behind) => stretched(check, shares?, behind),
        None => shares,
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
    Ok(NatPlan { shares: shares?, lifetimes, carrier, sessions: said.sessions })
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

fn preset(check: &mut Check<'_>, name: &Spanned<String>) -> Result<[f64; 7], Noted> {
    let found = PRESETS.iter().find(|preset| preset.name == name.get_ref());
    found.map(|preset| preset.shares).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        check.note(Problem::unknown(name.span(), "preset", name.get_ref(), &names))
    })
}

fn shares(check: &mut Check<'_>, said: &[(&Spanned<String>, f64)]) -> Result<[f64; 7], Noted> {
    const PLACE: &str = "network.nat.shares";
    let mut shares = [0.0; 7];
    for &(name, share) in said {
        let class = class(check, name)?;
        check.range(&format!("{PLACE}.{}", class.name()), share, 0.0..=1.0);
        shares[class as usize] = share;
    }
    add_up(check, PLACE, ["class", "classes"], &mut shares)?;
    Ok(shares)
}

/// The shares with `behind` in all classes but the open one.
fn stretched(check: &mut Check<'_>, shares: [f64; 7], behind: f64) -> Result<[f64; 7], Noted> {
    const PLACE: &str = "network.nat.behind";
    check.range(PLACE, behind, 0.0..=1.0);
    let before = 1.0 - shares[NatClass::Open as usize];
    if before <= 0.0 && behind > 0.0 {
        return Err(check.wrong(
            PLACE,
            "no class but `open` has a share",
            "say in which classes those behind a NAT are",
        ));
    }
    let stretch = if behind > 0.0 { behind / before } else { 0.0 };
    let mut stretched = shares.map(|share| share * stretch);
    stretched[NatClass::Open as usize] = 1.0 - behind;
    Ok(stretched)
}

/// Nobody can join an overlay whose members cannot be dialled.
pub(super) fn warn_of_nobody_dialable(check: &mut Check<'_>, plan: &NatPlan) {
    if plan.shares[NatClass::Open as usize] == 0.0 {
        check.warn(
            "network.nat",
            "no participant is open, so peers have nobody to join through",
            "give the class `open` a share; a server can be reached by all in any case",
        );
    }
}
