//! Delays that were not measured, and what stands for them.

use super::format::{Format, Missing, Zero};
use super::pairs::Pairs;
use crate::network::measured::Wrong;

/// The first cell of a kind in each half of the square, as line, cell and text.
#[derive(Default)]
pub(super) struct Places {
    above: Option<(usize, usize, String)>,
    below: Option<(usize, usize, String)>,
}

impl Places {
    /// Remembers a cell between two different hosts if it is the first of its half.
    pub fn note(&mut self, [a, b]: [usize; 2], line: usize, cell: usize, text: &str) {
        let place = if a < b { &mut self.above } else { &mut self.below };
        place.get_or_insert_with(|| (line, cell, text.to_owned()));
    }

    fn any(&self) -> bool {
        self.above.is_some() || self.below.is_some()
    }

    /// The first in those halves of which any delay is given.
    fn first(&self, given: Given) -> Option<(usize, usize, &str)> {
        let above = self.above.as_ref().filter(|_| given != Given::Below);
        let below = self.below.as_ref().filter(|_| given != Given::Above);
        above.into_iter().chain(below).map(|(line, cell, text)| (*line, *cell, &text[..])).min()
    }
}

/// The halves of the square that a file gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Above,
    Below,
    Both,
}

/// Fills what is missing as `format` says, or tells where it is. Returns how many delays were missing, a pair of which
/// one direction stands for both counted once.
pub(super) fn fill(
    pairs: &mut Pairs,
    format: &Format,
    holes: &Places,
    zeros: &Places,
    name: &dyn Fn(usize) -> String,
) -> Result<u64, Wrong> {
    let given = match (pairs.above, pairs.below) {
        // A single pair is no half of anything.
        _ if pairs.hosts() == 2 && (holes.any() || zeros.any()) => Given::Both,
        (0, 1..) => Given::Below,
        (1.., 0) => Given::Above,
        _ => Given::Both,
    };
    if let (Zero::Refuse, Some((line, cell, text))) = (format.zero, zeros.first(given)) {
        let problem = format!(
            "`{text}` between two different hosts: set zero = \"hole\" if it was not measured, or zero = \"delay\" if it \
             took no time"
        );
        return Err(Wrong::at(line, cell, problem));
    }
    let hosts = pairs.hosts();
    let all = (hosts * (hosts - 1)) as u64;
    let missing = if given == Given::Both { all } else { all / 2 } - pairs.above - pairs.below;
    if missing > 0 && format.missing == Missing::Refuse {
        return Err(refused(pairs, holes, given, name));
    }
    if missing > 0 && format.missing == Missing::DropHost {
        drop_hosts(pairs, given);
    }
    fill_singles(pairs);
    if missing > 0 {
        fill_rest(pairs, format.missing, name)?;
    }
    Ok(missing)
}

fn refused(pairs: &Pairs, holes: &Places, given: Given, name: &dyn Fn(usize) -> String) -> Wrong {
    let help = "say by `missing` what is to stand for it, as in missing = \"other-direction\"";
    if let Some((line, cell, text)) = holes.first(given) {
        return Wrong::at(line, cell, format!("`{text}` is not a delay: {help}"));
    }
    let hosts = pairs.hosts();
    let cells = (0..hosts).flat_map(|a| (0..hosts).map(move |b| (a, b)));
    let wanted = |a: usize, b: usize| match given {
        Given::Above => a < b,
        Given::Below => a > b,
        Given::Both => a != b,
    };
    let (a, b) = cells.into_iter().find(|&(a, b)| wanted(a, b) && !pairs.knows(a, b)).unwrap_or_default();
    Wrong::at(1, 0, format!("there is no delay from {} to {}: {help}", name(a), name(b)))
}

/// Lets one direction stand for both.
fn fill_singles(pairs: &mut Pairs) {
    for a in 0..pairs.hosts() {
        for b in 0..a {
            if let (true, Some(nanos)) = (pairs.knows(a, b) != pairs.knows(b, a), pairs.of(a, b)) {
                pairs.settle(a, b, nanos);
            }
        }
    }
}

/// Fills the pairs of which neither direction is known.
fn fill_rest(pairs: &mut Pairs, missing: Missing, name: &dyn Fn(usize) -> String) -> Result<(), Wrong> {
    let hosts = pairs.hosts();
    let holes: Vec<(usize, usize)> =
        (0..hosts).flat_map(|a| (0..a).map(move |b| (b, a))).filter(|&(a, b)| !pairs.knows(a, b)).collect();
    let medians: Vec<Option<f64>> = match missing {
        Missing::RowMedian => (0..hosts).map(|host| median(pairs, host)).collect(),
        _ => Vec::new(),
    };
    let stands_in = |&(a, b): &(usize, usize)| {
        let nanos = match missing {
            Missing::RowMedian => medians[a].zip(medians[b]).map(|(one, other)| (one + other) / 2.0),
            Missing::ShortestDetour => detour(pairs, a, b),
            Missing::Refuse | Missing::OtherDirection | Missing::DropHost => None,
        };
        nanos.ok_or_else(|| {
            let (a, b) = (name(a), name(b));
            let problem = format!(
                "there is no delay between {a} and {b} in either direction, and `missing` has nothing to stand for it: \
                 write missing = \"drop-host\", \"row-median\" or \"shortest-detour\""
            );
            Wrong::at(1, 0, problem)
        })
    };
    // All are found before any is filled, so that none follows from another.
    let found = holes.iter().map(stands_in).collect::<Result<Vec<f64>, Wrong>>()?;
    for ((a, b), nanos) in holes.into_iter().zip(found) {
        pairs.settle(a, b, nanos);
    }
    Ok(())
}

/// The median delay of a host to those that it has one to.
fn median(pairs: &Pairs, host: usize) -> Option<f64> {
    let others = (0..pairs.hosts()).filter(|&other| other != host);
    let mut delays: Vec<f64> = others.filter_map(|other| pairs.of(host, other)).collect();
    delays.sort_by(f64::total_cmp);
    let half = delays.len() / 2;
    match delays.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(delays[half]),
        _ => Some((delays[half - 1] + delays[half]) / 2.0),
    }
}

/// The shortest way over one other host, if it is no longer than a cell may be.
fn detour(pairs: &Pairs, a: usize, b: usize) -> Option<f64> {
    let others = (0..pairs.hosts()).filter(|&other| other != a && other != b);
    let ways = others.filter_map(|other| Some(pairs.of(a, other)? + pairs.of(other, b)?));
    ways.min_by(f64::total_cmp).filter(|nanos| *nanos <= f64::from(u32::MAX))
}

/// Leaves out the host with most holes, again and again, until there are none.
fn drop_hosts(pairs: &mut Pairs, given: Given) {
    let hosts = pairs.hosts();
    let holes = |a: usize, b: usize| match (given, pairs.knows(a, b), pairs.knows(b, a)) {
        _ if a == b => 0,
        (Given::Both, there, back) => u32::from(!there) + u32::from(!back),
        (_, there, back) => u32::from(!there && !back),
    };
    let mut stay: Vec<usize> = (0..hosts).collect();
    let mut counts: Vec<u32> = stay.iter().map(|&a| stay.iter().map(|&b| holes(a, b)).sum()).collect();
    while let Some((place, &worst)) =
        stay.iter().enumerate().max_by_key(|&(place, &host)| (counts[host], std::cmp::Reverse(place)))
        && counts[worst] > 0
    {
        stay.remove(place);
        stay.iter().for_each(|&host| counts[host] -= holes(host, worst));
    }
    if stay.len() < hosts {
        pairs.retain(&stay);
    }
}
