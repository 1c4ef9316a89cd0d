//! Chart of dials between NAT classes: a matrix for each system.

use indexmap::IndexMap;

use super::axis::Axis;
use super::data::{Runs, distinct};
use super::figure::{Entry, Figure, Mark, Panel, Place, Swatch};
use super::style::Colour;
use crate::model::DialOutcome;
use crate::network::NatClass;
use crate::report::columns::{Columns, ReadError};

/// Letters of the outcomes of a dial, in the order of [`DialOutcome`], and colours for them.
const LOOKS: [(&str, Colour); DialOutcome::ALL.len()] = [
    ("D", Colour::Green),
    ("V", Colour::Sky),
    ("P", Colour::Blue),
    ("O", Colour::Purple),
    ("R", Colour::Orange),
    ("F", Colour::Vermillion),
];

/// Number of dials by outcome.
type Ended = [f64; DialOutcome::ALL.len()];

/// Dials of a system, by the classes of the dialling and the dialled machine.
type Dials<'a> = IndexMap<(&'a str, &'a str), Ended>;

/// Chart; `None` without dials, or with fewer than two classes.
///
/// # Errors
/// If a cell is not a number.
pub(super) fn figure(runs: &Runs, pairs: &Columns) -> Result<Option<Figure>, ReadError> {
    let known = [distinct(pairs, "from"), distinct(pairs, "reached")].concat();
    let classes: Vec<&str> = NatClass::ALL
        .iter()
        .map(|class| class.name())
        .filter(|class| known.iter().any(|known| known == class))
        .collect();
    if classes.len() < 2 {
        return Ok(None);
    }
    let systems = dials(pairs)?;
    let happened = |way: usize| systems.values().flat_map(IndexMap::values).any(|ended| ended[way] > 0.0);
    let ways = (0..DialOutcome::ALL.len()).filter(|way| happened(*way));
    let legend = ways
        .map(|way| Entry::new(DialOutcome::ALL[way].name(), "", Swatch::Cell(LOOKS[way].1, LOOKS[way].0)))
        .collect();
    let alone = systems.len() == 1;
    let title = |system: &str| if alone { String::new() } else { system.to_owned() };
    let panels: Vec<_> = systems.iter().map(|(system, dials)| panel(title(system), &classes, dials)).collect();
    let columns = if alone { 1 } else { 2 };
    let rows = panels.len().div_ceil(columns) as f64;
    let together = if runs.seeds().is_empty() { "" } else { "; all seeds together" };
    Ok(Some(Figure {
        title: "How machines behind NATs connect".to_owned(),
        subtitle: format!(
            "Dials by the classes of both ends: the shares of the ways in which they ended, with the letter and the per cent \
             of the most frequent{together}"
        ),
        panels,
        columns,
        legend,
        place: Place::Top,
        square: false,
        height: 90.0 + rows * (120.0 + 34.0 * classes.len() as f64),
    }))
}

/// Dials of all systems, all seeds together.
fn dials(pairs: &Columns) -> Result<IndexMap<&str, Dials<'_>>, ReadError> {
    let mut systems: IndexMap<&str, Dials<'_>> = IndexMap::new();
    for row in 0..pairs.len() {
        let dials = systems.entry(pairs.text(row, "system")).or_default();
        let ended = dials.entry((pairs.text(row, "from"), pairs.text(row, "reached"))).or_default();
        for (sum, way) in ended.iter_mut().zip(DialOutcome::ALL.map(DialOutcome::name)) {
            *sum += pairs.number(row, way)?.unwrap_or(0.0);
        }
    }
    Ok(systems)
}

/// Panel with a cell for each ordered pair of classes: the dialling one along x, the dialled one from the top down.
fn panel(title: String, classes: &[&str], dials: &Dials<'_>) -> Panel {
    let last = classes.len() - 1;
    let cell = |(column, row): (usize, usize)| {
        let at = (column as f64, (last - row) as f64);
        let ended = dials.get(&(classes[column], classes[row])).copied().unwrap_or_default();
        let sum: f64 = ended.iter().sum();
        let ways = || (0..DialOutcome::ALL.len()).filter(|way| ended[*way] > 0.0);
        let parts = ways().map(|way| (LOOKS[way].1, ended[way] / sum)).collect();
        // Of equals the first, as in the order in which they are tried.
        let most = ways().rev().max_by(|one, other| ended[*one].total_cmp(&ended[*other]));
        let letter = most.map_or("", |way| LOOKS[way].0);
        let percent = most.map_or(100.0, |way| (100.0 * ended[way] / sum).round());
        let note = if percent < 100.0 { percent.to_string() } else { String::new() };
        Mark::Cell { at, parts, letter, note }
    };
    Panel {
        title,
        x: Axis::names("who dials", classes.iter().copied()),
        y: Axis::names("who is dialled", classes.iter().rev().copied()),
        marks: (0..=last).flat_map(|row| (0..=last).map(move |column| (column, row))).map(cell).collect(),
    }
}
