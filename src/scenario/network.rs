//! Meaning of `[network]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::check::{Check, Noted};
use super::file;
use super::inputs::Files;
use super::names;
use super::nat::nat;
use super::path::spelling;
use super::problem::Problem;
use super::source::Span;
use crate::engine::Duration;
use crate::network::{Access, Burst, Diurnal, Format, Inflation, Latency, Layout, NetworkPlan, Regions};

/// Tolerance of the sum of the shares of regions, since thirds cannot be written.
const SHARES_OFF: f64 = 1e-4;

pub(super) fn network(check: &mut Check<'_>, files: &mut Files) -> Result<NetworkPlan, Noted> {
    let network: file::Network = check.section("network")?.unwrap_or_default();
    check.range("network.loss", network.loss, 0.0..=1.0);
    check.range("network.jitter", network.jitter, 0.0..=NetworkPlan::LARGEST_JITTER);
    let access = network.access.map(access);
    let burst = network.burst.map(|said| burst(check, said));
    let diurnal = network.diurnal.map(|said| diurnal(check, said));
    let inflation = network.inflation.map(|said| inflation(check, said));
    let floor = network.latency.floor;
    let latency = latency(check, network.latency, files);
    let regions = latency.as_ref().map(Latency::regions).map_err(|noted| *noted);
    let nat = network.nat.map(|said| nat(check, said, regions)).transpose();
    let (jitter, loss) = (network.jitter, network.loss);
    Ok(NetworkPlan { latency: latency?, floor, jitter, inflation, diurnal, loss, burst, access, nat: nat? })
}

pub(super) fn access(said: file::Access) -> Access {
    Access { uplink: said.uplink.0, downlink: said.downlink.0, queue: said.queue.0 }
}

/// Default delay of all pairs.
const DELAY: Duration = Duration::from_millis(50);

/// Latency model; at most one is given.
fn latency(check: &mut Check<'_>, said: file::Latency, files: &mut Files) -> Result<Latency, Noted> {
    let file::Latency { constant, uniform, lognormal, plane, matrix, regions, coordinates, floor: _ } = said;
    Ok(if let Some(file::UniformDelay { low, high }) = uniform {
        if low > high {
            let help = format!("write {low} or more, or lower `low`");
            return Err(check.wrong("network.latency.uniform.high", "`high` is below `low`", help));
        }
        Latency::Uniform { low, high }
    } else if let Some(file::LognormalDelay { median, sigma }) = lognormal {
        check.range("network.latency.lognormal.sigma", sigma, 0.0..=10.0);
        Latency::Lognormal { median, sigma }
    } else if let Some(file::Plane { width }) = plane {
        Latency::Plane { width }
    } else if let Some(file::Matrix { file, holds, unit, form, value, names, zero, missing, rows }) = matrix {
        let format = Format { holds, unit, form, value, names, zero, missing, rows };
        Latency::Matrix(files.matrix(check, &file, format)?)
    } else if let Some(said) = regions {
        Latency::Regions(Arc::new(self::regions(check, said)?))
    } else if let Some(said) = coordinates {
        let file::Coordinates { file, holds, unit, dimensions, height, names } = said;
        if !(2..=3).contains(&dimensions) {
            let message = format!("`dimensions` cannot be {dimensions}");
            return Err(check.wrong("network.latency.coordinates.dimensions", message, "write 2 or 3"));
        }
        let layout = Layout { dimensions, height, holds, unit, names };
        Latency::Coordinates(files.coordinates(check, &file, layout)?)
    } else {
        Latency::Constant(constant.unwrap_or(DELAY))
    })
}

fn regions(check: &mut Check<'_>, said: file::Regions) -> Result<Regions, Noted> {
    let file::Regions { table, shares, servers, sigma, sigma_within } = said;
    check.range("network.latency.regions.sigma", sigma, 0.0..=10.0);
    check.range("network.latency.regions.sigma_within", sigma_within, 0.0..=10.0);
    let mut regions = match table {
        Some(table) => own_regions(check, table)?,
        None => Regions::world(),
    };
    (regions.sigma, regions.sigma_within) = (sigma, sigma_within);
    if let Some(shares) = shares {
        regions.shares = self::shares(check, "network.latency.regions.shares", &regions, &shares)?;
    }
    if let Some(name) = servers {
        regions.servers = region(check, &regions, name.span(), name.get_ref())?;
    }
    Ok(regions)
}

/// Number of the region whose name is at `span`.
pub(super) fn region(check: &mut Check<'_>, regions: &Regions, span: Span, name: &str) -> Result<u8, Noted> {
    regions.number(name).ok_or_else(|| {
        let names: Vec<&str> = regions.names.iter().map(String::as_str).collect();
        check.note(Problem::unknown(span, "region", name, &names))
    })
}

/// Share of each region, at `path`.
pub(super) fn shares(
    check: &mut Check<'_>,
    path: &str,
    regions: &Regions,
    said: &BTreeMap<Spanned<String>, f64>,
) -> Result<Vec<f64>, Noted> {
    let mut shares = vec![0.0; regions.names.len()];
    for (name, share) in said {
        let number = region(check, regions, name.span(), name.get_ref())?;
        check.range(&format!("{path}.{}", spelling(name.get_ref())), *share, 0.0..=1.0);
        shares[usize::from(number)] = *share;
    }
    add_up(check, path, ["region", "regions"], &mut shares)?;
    Ok(shares)
}

/// Normalises shares at `path`, of things with this name and this plural, which must nearly add up to one.
pub(super) fn add_up(
    check: &mut Check<'_>,
    path: &str,
    [one, all]: [&str; 2],
    shares: &mut [f64],
) -> Result<(), Noted> {
    let sum: f64 = shares.iter().sum();
    if (sum - 1.0).abs() > SHARES_OFF {
        let help = format!("write shares that add up to 1; a {one} that is not named has none");
        return Err(check.wrong(path, format!("the shares of the {all} add up to {sum}"), help));
    }
    shares.iter_mut().for_each(|share| *share /= sum);
    Ok(())
}

fn own_regions(check: &mut Check<'_>, table: file::RegionTable) -> Result<Regions, Noted> {
    const NAMES: &str = "network.latency.regions.table.names";
    const MEDIANS: &str = "network.latency.regions.table.medians";
    let file::RegionTable { names, medians, holds, unit, offsets } = table;
    let number = names.len();
    if !(1..=255).contains(&number) {
        return Err(check.wrong(NAMES, format!("there cannot be {number} regions"), "name 1 to 255"));
    }
    for (at, name) in names.iter().enumerate() {
        names::name(check, &format!("{NAMES}.{at}"), "region", name)?;
    }
    if let Some(at) = (1..number).find(|&at| names[..at].contains(&names[at])) {
        let message = format!("there are two regions `{}`", names[at]);
        return Err(check.wrong(&format!("{NAMES}.{at}"), message, "give each a name of its own"));
    }
    if medians.len() != number {
        let help = "write a row for each region, and in it a number for each";
        return Err(check.wrong(MEDIANS, format!("{} rows for {number} regions", medians.len()), help));
    }
    for (at, row) in medians.iter().enumerate() {
        let place = format!("{MEDIANS}.{at}");
        if row.len() != number {
            let message = format!("a row of {} in a table of {number} regions", row.len());
            return Err(check.wrong(&place, message, "write a number for each region, in the order of `names`"));
        }
        if let Some(column) = row.iter().position(|median| !(0.0..=Regions::longest(holds, unit)).contains(median)) {
            let help = format!("write a number of {} from 0 to {}", unit.name(), Regions::longest(holds, unit));
            let message = format!("{} is not a delay", row[column]);
            return Err(check.wrong(&format!("{place}.{column}"), message, help));
        }
    }
    if let Some(offsets) = &offsets {
        self::offsets(check, offsets, number)?;
    }
    Ok(Regions { offsets, ..Regions::new(names, medians.concat(), holds, unit) })
}

fn offsets(check: &mut Check<'_>, offsets: &[f64], regions: usize) -> Result<(), Noted> {
    const OFFSETS: &str = "network.latency.regions.table.offsets";
    if offsets.len() != regions {
        let message = format!("{} offsets for {regions} regions", offsets.len());
        return Err(check.wrong(OFFSETS, message, "write a number of hours for each region, in the order of `names`"));
    }
    (0..).zip(offsets).for_each(|(at, offset)| check.range(&format!("{OFFSETS}.{at}"), *offset, -24.0..=24.0));
    Ok(())
}

fn burst(check: &mut Check<'_>, said: file::Burst) -> Burst {
    let file::Burst { mean_loss, mean_burst, loss_good, loss_bad } = said;
    let burst = Burst { mean_loss, mean_burst, loss_good, loss_bad };
    check.range("network.burst.loss_bad", loss_bad, 0.0..=1.0);
    check.range("network.burst.loss_good", loss_good, 0.0..=1.0);
    if !(loss_good..loss_bad).contains(&mean_loss) {
        let help = "write a number from `loss_good` to below `loss_bad`, which are 0 and 1 if not given";
        check.wrong("network.burst.mean_loss", format!("`mean_loss` cannot be {mean_loss}"), help);
    } else if !burst.is_possible() {
        let help = format!("write {} or more packets: with less there is not so much loss", burst.shortest());
        check.wrong("network.burst.mean_burst", format!("`mean_burst` cannot be {mean_burst}"), help);
    }
    burst
}

fn diurnal(check: &mut Check<'_>, said: file::LatencyByHour) -> Diurnal {
    let file::LatencyByHour { factors, start_hour } = said;
    for (hour, factor) in factors.iter().enumerate() {
        if !(0.01..=100.0).contains(factor) {
            let message = format!("the factor of {hour}:00 cannot be {factor}");
            check.wrong(&format!("network.diurnal.factors.{hour}"), message, "write a number from 0.01 to 100");
        }
    }
    if start_hour > 23 {
        check.wrong("network.diurnal.start_hour", format!("a day has no hour {start_hour}"), "write 0 to 23");
    }
    let factors = factors.try_into().unwrap_or_else(|factors: Vec<f64>| {
        let message = format!("a day has 24 hours, and here are {}", factors.len());
        check.wrong("network.diurnal.factors", message, "write 24 numbers, one for each hour from 0:00 on");
        [1.0; 24]
    });
    Diurnal { factors, start_hour }
}

fn inflation(check: &mut Check<'_>, said: file::Inflation) -> Inflation {
    check.range("network.inflation.share", said.share, 0.0..=1.0);
    check.range("network.inflation.factor", said.factor, 1.0..=100.0);
    Inflation { share: said.share, factor: said.factor }
}
