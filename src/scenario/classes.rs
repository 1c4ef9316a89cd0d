//! Meaning of `[[population.classes]]`.

use super::check::{Check, Noted};
use super::churn::{Cycle, churn};
use super::file;
use super::names;
use super::nat;
use super::network::{access, shares};
use super::plan::{Churn, Class, Sessions};
use super::population::processor;
use crate::network::{NetworkPlan, Processor, Shares};

/// Tolerance of the sum of the shares of classes.
const ROUNDING: f64 = 1e-9;

/// Defaults of a class from the population and the network.
pub(super) struct Common<'a> {
    /// Network; `None`: it could not be read.
    pub network: Option<&'a NetworkPlan>,
    pub churn: Option<Churn>,
    /// Laws of the common churn; `None` if there are none.
    pub cycle: Option<&'a Cycle>,
    pub processor: Option<&'a Processor>,
}

impl Class {
    /// Availability of a participant of this class, by laws.
    pub(super) fn availability(&self) -> f64 {
        match self.churn.as_ref().map(|churn| &churn.sessions) {
            Some(Sessions::Laws { session, downtime }) => session.mean() / (session.mean() + downtime.mean()),
            Some(Sessions::Trace(_)) | None => 1.0,
        }
    }
}

pub(super) fn classes(
    check: &mut Check<'_>,
    said: &file::Population,
    common: &Common<'_>,
) -> Result<Vec<Class>, Noted> {
    const PLACE: &str = "population.classes";
    let Some(list) = &said.classes else { return Ok(Vec::new()) };
    if !(1..=usize::from(u8::MAX)).contains(&list.len()) {
        let message = format!("there cannot be {} classes", list.len());
        return Err(check.wrong(PLACE, message, "name 1 to 255, or leave this out"));
    }
    let mut classes = Vec::new();
    for (at, one) in list.iter().enumerate() {
        let path = format!("{PLACE}.{at}");
        let place = format!("{path}.name");
        if one.name.is_empty() {
            check.wrong(&place, "a class without a name", "give each a name of its own");
        } else if names::name(check, &place, "class", &one.name).is_ok()
            && list[..at].iter().any(|other| other.name == one.name)
        {
            check.wrong(&place, format!("there are two classes `{}`", one.name), "give each a name of its own");
        }
        check.range(&format!("{path}.share"), one.share, 0.0..=1.0);
        classes.push(class(check, &path, said, one, common));
    }
    let sum: f64 = list.iter().map(|class| class.share).sum();
    if (sum - 1.0).abs() > ROUNDING {
        let last = format!("{PLACE}.{}.share", list.len() - 1);
        return Err(check.wrong(
            &last,
            format!("the shares of the classes add up to {sum}"),
            "together they must be 1",
        ));
    }
    classes.into_iter().collect()
}

fn class(
    check: &mut Check<'_>,
    path: &str,
    population: &file::Population,
    said: &file::Class,
    common: &Common<'_>,
) -> Result<Class, Noted> {
    let churn = match &said.churn {
        Some(own) => own_churn(check, &format!("{path}.churn"), population, own, common)?,
        None => common.churn.clone(),
    };
    let regions = match (&said.regions, common.network) {
        (Some(said), Some(network)) => {
            let path = format!("{path}.regions");
            let Some(regions) = network.regions() else {
                let help = "add [network.latency.regions], or leave this out";
                return Err(check.wrong(&path, "there are no regions to stand in", help));
            };
            Some(shares(check, &path, regions, said)?)
        }
        _ => None,
    };
    let nat = match (&said.nat, common.network) {
        (Some(said), Some(network)) => Some(own_nat(check, &format!("{path}.nat"), said, network)?),
        _ => None,
    };
    let own = processor(check, &format!("{path}.processor"), said.processor.as_ref())?;
    Ok(Class {
        name: said.name.clone(),
        share: said.share,
        churn,
        access: said.access.map(access).or(common.network.and_then(|network| network.access)),
        regions,
        nat,
        processor: own.or(common.processor.cloned()),
        storage: said.storage.map_or(u64::MAX, |limit| limit.0),
    })
}

/// NATs and firewalls of a class, if the network has any.
fn own_nat(check: &mut Check<'_>, path: &str, said: &file::NatShares, network: &NetworkPlan) -> Result<Shares, Noted> {
    let Some(plan) = &network.nat else {
        return Err(check.wrong(path, "there are no NATs to be behind", "add [network.nat], or leave this out"));
    };
    nat::shares(check, path, said, Some(plan.shares))
}

/// Churn of a class, with the population's time scale applied too.
fn own_churn(
    check: &mut Check<'_>,
    path: &str,
    population: &file::Population,
    said: &file::Churn,
    common: &Common<'_>,
) -> Result<Option<Churn>, Noted> {
    let everybodys = population.churn.as_ref();
    if said.trace.is_some() {
        let help = "write `population.churn.trace`, which names participants, or laws here";
        return Err(check.wrong(&format!("{path}.trace"), "a class has no trace of its own", help));
    }
    if everybodys.is_some_and(|churn| churn.trace.is_some()) {
        let help = "leave this out, or `population.churn.trace`";
        return Err(check.wrong(path, "it is the trace that says who is up when", help));
    }
    if common.cycle.is_some_and(|cycle| cycle.downtime.is_none()) {
        let message = "where others come once only, the shares of classes with their own sessions would not last";
        return Err(check.wrong(path, message, "add a downtime to [population.churn]"));
    }
    let scale = everybodys.map_or(1.0, |churn| churn.time_scale);
    let said = file::Churn { time_scale: said.time_scale * scale, ..said.clone() };
    Ok(churn(check, path, &said, false)?.map(|cycle| cycle.plan(&said)))
}
