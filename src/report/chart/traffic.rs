//! Chart of the network load: bytes sent by all machines, by kind, and bytes moved by the busiest one.

use super::axis::Axis;
use super::data::Runs;
use super::figure::{Entry, Figure, Mark, Panel, Place, Swatch};
use super::layout::rows;
use super::style::{Colour, Marker, Style};
use crate::model::Traffic;
use crate::report::columns::ReadError;
use crate::report::number::bytes;

/// Colours of the kinds: neighbours in a bar differ in grey scale.
const COLOURS: [Colour; 4] = [Colour::Blue, Colour::Orange, Colour::Rule, Colour::Purple];

const BUSIEST: Style = Style { colour: Colour::Ink, dash: &[], marker: Some(Marker::Diamond), width: 0.0 };
const MEAN: Style = Style { colour: Colour::Ink, dash: &[], marker: Some(Marker::Ring), width: 0.0 };

/// Chart with bars by kind for each system at the left, the busiest and the mean machine at the right.
pub(super) fn figure(runs: &Runs) -> Result<Option<Figure>, ReadError> {
    let systems = &runs.systems;
    let Some(sent) = sent(runs)? else { return Ok(None) };
    let mut legend: Vec<_> = Traffic::ALL
        .iter()
        .zip(COLOURS)
        .map(|(kind, colour)| Entry::new(kind.name(), "", Swatch::Block(colour)))
        .collect();
    let mut panels = vec![sent];
    if let Some(mut busiest) = busiest(runs)? {
        busiest.y.ticks.iter_mut().for_each(|(_, name)| name.clear());
        legend.push(Entry::new("mean machine", "", Swatch::Dot(MEAN)));
        legend.push(Entry::new("busiest machine", "", Swatch::Dot(BUSIEST)));
        panels.push(busiest);
    }
    Ok(Some(Figure {
        title: "Network traffic (B/s per machine)".to_owned(),
        subtitle: format!("Bytes on the wire, headers included, from the end of the warm-up{}", runs.seeds()),
        columns: panels.len(),
        panels,
        legend,
        place: Place::Top,
        square: false,
        height: 200.0 + 42.0 * systems.len() as f64,
    }))
}

fn sent(runs: &Runs) -> Result<Option<Panel>, ReadError> {
    let mut marks = Vec::new();
    let mut ends = vec![0.0; runs.systems.len()];
    for (kind, colour) in Traffic::ALL.map(Traffic::name).iter().zip(COLOURS) {
        for (system, value) in runs.means(&format!("{kind}_bytes_per_online_s_mean"))? {
            let place = runs.place(&system);
            let y = (runs.systems.len() - 1 - place) as f64;
            let from = ends[place];
            ends[place] += value;
            marks.push(Mark::Bar { y, thickness: 0.56, from, to: ends[place], colour });
        }
    }
    if marks.is_empty() {
        return Ok(None);
    }
    for (place, end) in ends.iter().enumerate() {
        let at = (*end, (runs.systems.len() - 1 - place) as f64);
        marks.push(Mark::Note { at, text: format!("{}/s", bytes(*end)) });
    }
    let most = ends.iter().copied().fold(0.0, f64::max);
    let mut x = Axis::linear("sent, mean per machine online (B/s)", 0.0, most);
    // Room for the number beside the longest bar.
    x.high = x.high.max(most * 1.28);
    let title = "All machines, by kind".to_owned();
    Ok(Some(Panel { title, x, y: rows(&runs.systems), marks }))
}

fn busiest(runs: &Runs) -> Result<Option<Panel>, ReadError> {
    let busiest = runs.means("busiest_machine_bytes_per_s")?;
    let mean = runs.means("machine_bytes_per_s_mean")?;
    let positive = || busiest.values().chain(mean.values()).copied().filter(|value| *value > 0.0);
    let (Some(low), Some(high)) = (positive().min_by(f64::total_cmp), positive().max_by(f64::total_cmp)) else {
        return Ok(None);
    };
    let mut marks = Vec::new();
    for (system, most) in busiest.iter().filter(|(_, most)| **most > 0.0) {
        let y = (runs.systems.len() - 1 - runs.place(system)) as f64;
        if let Some(usual) = mean.get(system).filter(|usual| **usual > 0.0) {
            marks.push(Mark::Guide { from: (*usual, y), to: (*most, y) });
            marks.push(Mark::Dot { at: (*usual, y), style: MEAN });
        }
        marks.push(Mark::Dot { at: (*most, y), style: BUSIEST });
        marks.push(Mark::Note { at: (*most, y), text: format!("{}/s", bytes(*most)) });
    }
    // Room for the number beside the busiest of all.
    let x = Axis::log("sent and received (B/s)", low * 0.8, high * 6.0, false);
    let title = "Busiest and mean machine".to_owned();
    Ok(Some(Panel { title, x, y: rows(&runs.systems), marks }))
}
