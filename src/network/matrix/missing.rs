//! Missing delays and their substitutes.

use super::format::{Format, Missing, Zero};
use super::pairs::Pairs;
use super::shape::Shape;
use crate::network::measured::Wrong;

/// Cells of one kind: their number, and the first in each half of the square, as line, cell and text.
#[derive(Default)]
pub(super) struct Places {
    cells: u64,
    above: Option<(usize, usize, String)>,
    below: Option<(usize, usize, String)>,
}

impl Places {
    /// Counts a cell between two different hosts, and remembers it if it is the first of its half.
    pub(super) fn note(&mut self, [a, b]: [usize; 2], line: usize, cell: usize, text: &str) {
        self.cells += 1;
        let place = if a < b { &mut self.above } else { &mut self.below };
        place.get_or_insert_with(|| (line, cell, text.to_owned()));
    }

    /// First cell in the halves of which any delay is given.
    fn first(&self, given: Given) -> Option<(usize, usize, &str)> {
        let above = self.above.as_ref().filter(|_| given != Given::Below);
        let below = self.below.as_ref().filter(|_| given != Given::Above);
        above.into_iter().chain(below).map(|(line, cell, text)| (*line, *cell, &text[..])).min()
    }
}

/// Part of the square that a file gives: a half, both, or, for a list, either direction of each pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Above,
    Below,
    Once,
    Both,
}

/// Fills missing delays as `format` says, or returns where they are. Returns the number of missing delays; a pair with
/// one direction given is counted once.
pub(super) fn fill(
    pairs: &mut Pairs,
    format: &Format,
    holes: &Places,
    zeros: &Places,
    shape: &Shape,
) -> Result<u64, Wrong> {
    let hosts = pairs.hosts();
    let all = (hosts * (hosts - 1)) as u64;
    let empty = holes.cells + zeros.cells;
    let once = shape.is_list() && pairs.both == 0 && pairs.above + pairs.below + empty <= all / 2;
    let given = match (pairs.above, pairs.below) {
        // A single pair is no half of anything.
        _ if hosts == 2 && empty > 0 => Given::Both,
        _ if once => Given::Once,
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
    let missing = if given == Given::Both { all } else { all / 2 } - pairs.above - pairs.below;
    if missing > 0 && format.missing == Missing::Refuse {
        return Err(refused(pairs, [holes, zeros], given, shape));
    }
    if missing > 0 && format.missing == Missing::DropHost {
        drop_hosts(pairs, given);
    }
    fill_singles(pairs);
    if missing > 0 {
        fill_rest(pairs, format.missing, shape)?;
    }
    Ok(missing)
}

fn refused(pairs: &Pairs, places: [&Places; 2], given: Given, shape: &Shape) -> Wrong {
    let help = "say by `missing` what is to stand for it, as in missing = \"other-direction\"";
    if let Some((line, cell, text)) = places.into_iter().filter_map(|places| places.first(given)).min() {
        return Wrong::at(line, cell, format!("`{text}` is not a delay: {help}"));
    }
    let hosts = pairs.hosts();
    let cells = (0..hosts).flat_map(|a| (0..hosts).map(move |b| (a, b)));
    let wanted = |a: usize, b: usize| match given {
        Given::Above => a < b && !pairs.knows(a, b),
        Given::Below => a > b && !pairs.knows(a, b),
        Given::Once => a < b && pairs.of(a, b).is_none(),
        Given::Both => a != b && !pairs.knows(a, b),
    };
    let (a, b) = cells.into_iter().find(|&(a, b)| wanted(a, b)).unwrap_or_default();
    Wrong::at(1, 0, format!("there is no delay from {} to {}: {help}", shape.name(a), shape.name(b)))
}

/// Uses one direction for both.
fn fill_singles(pairs: &mut Pairs) {
    for a in 0..pairs.hosts() {
        for b in 0..a {
            if let (true, Some(nanos)) = (pairs.knows(a, b) != pairs.knows(b, a), pairs.of(a, b)) {
                pairs.settle(a, b, nanos);
            }
        }
    }
}

/// Fills the pairs without either direction. A substitute does not count as known, so that none follows from another.
fn fill_rest(pairs: &mut Pairs, missing: Missing, shape: &Shape) -> Result<(), Wrong> {
    let hosts = pairs.hosts();
    let medians: Vec<Option<f64>> = match missing {
        Missing::RowMedian => (0..hosts).map(|host| median(pairs, host)).collect(),
        _ => Vec::new(),
    };
    for a in 0..hosts {
        let neighbours = match missing {
            Missing::ShortestDetour => neighbours(pairs, a),
            _ => Vec::new(),
        };
        for b in 0..a {
            if pairs.of(a, b).is_some() {
                continue;
            }
            let nanos = match missing {
                Missing::RowMedian => medians[a].zip(medians[b]).map(|(one, other)| (one + other) / 2.0),
                Missing::ShortestDetour => detour(pairs, &neighbours, b),
                Missing::Refuse | Missing::OtherDirection | Missing::DropHost => None,
            };
            let nanos = nanos.ok_or_else(|| {
                let (a, b) = (shape.name(b), shape.name(a));
                let problem = format!(
                    "there is no delay between {a} and {b} in either direction, and `missing` has nothing to stand for it: \
                     write missing = \"drop-host\", \"row-median\" or \"shortest-detour\""
                );
                Wrong::at(1, 0, problem)
            })?;
            pairs.stand_in(a, b, nanos);
        }
    }
    Ok(())
}

/// Hosts with a known delay from a host, and these delays.
fn neighbours(pairs: &Pairs, host: usize) -> Vec<(usize, f64)> {
    let others = (0..pairs.hosts()).filter(|&other| other != host);
    others.filter_map(|other| Some((other, pairs.of(host, other)?))).collect()
}

/// Median of a host's known delays.
fn median(pairs: &Pairs, host: usize) -> Option<f64> {
    let mut delays: Vec<f64> = neighbours(pairs, host).into_iter().map(|(_, nanos)| nanos).collect();
    delays.sort_by(f64::total_cmp);
    let half = delays.len() / 2;
    match delays.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(delays[half]),
        _ => Some((delays[half - 1] + delays[half]) / 2.0),
    }
}

/// Shortest detour over one of a host's neighbours to a host that is none of them, unless longer than a cell allows.
fn detour(pairs: &Pairs, neighbours: &[(usize, f64)], to: usize) -> Option<f64> {
    let ways = neighbours.iter().filter_map(|&(over, nanos)| Some(nanos + pairs.of(over, to)?));
    ways.min_by(f64::total_cmp).filter(|nanos| *nanos <= f64::from(u32::MAX))
}

/// Drops the host with most missing values until there are none.
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
