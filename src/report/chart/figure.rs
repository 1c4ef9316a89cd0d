//! Content of a chart, before layout: panels, axes, marks and a legend.

use super::axis::Axis;
use super::style::{Colour, Style};

/// Chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub title: String,
    /// Subtitle of one sentence: the quantity shown, and what it is taken over.
    pub subtitle: String,
    pub panels: Vec<Panel>,
    /// Number of panels side by side.
    pub columns: usize,
    pub legend: Vec<Entry>,
    /// Position of the legend.
    pub place: Place,
    /// Whether plotting areas are square; otherwise they fill the available space.
    pub square: bool,
    /// Height of the picture in logical pixels.
    pub height: f64,
}

/// Position of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Right,
    /// Rows under the title.
    Top,
}

/// Plotting area.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    /// Marks in the order of drawing.
    pub marks: Vec<Mark>,
}

/// Mark at values of the axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    /// Line, interrupted at missing values.
    Line { points: Vec<(f64, Option<f64>)>, style: Style, markers: Markers },
    /// Vertical line over the whole height, with a vertical label.
    Event { x: f64, label: String },
    /// Faint area between two curves.
    Band { points: Vec<(f64, f64, f64)>, colour: Colour },
    /// Thin grey line.
    Guide { from: (f64, f64), to: (f64, f64) },
    /// Thin vertical line between two values of y, with a text at its foot, to its left or right.
    Border { x: f64, low: f64, high: f64, text: &'static str, left: bool },
    /// Horizontal bar around `y`, of `thickness` units of y.
    Bar { y: f64, thickness: f64, from: f64, to: f64, colour: Colour },
    /// Cell of a table, one unit wide and high: colours with their shares, a letter, and a short note if there is room.
    /// Empty without colours.
    Cell { at: (f64, f64), parts: Vec<(Colour, f64)>, letter: &'static str, note: String },
    /// Marker.
    Dot { at: (f64, f64), style: Style },
    /// Number to the right of a point.
    Note { at: (f64, f64), text: String },
}

/// Points of a line that have markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Markers {
    All,
    /// A few, shifted by the line's number so that coinciding lines stay visible.
    Few {
        shift: usize,
    },
}

/// Entry of the legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub text: String,
    /// Value beside it, in grey.
    pub note: String,
    pub sample: Swatch,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Swatch {
    Line(Style),
    /// Dot without a line.
    Dot(Style),
    Block(Colour),
    /// Block with a letter, as in a table's cells.
    Cell(Colour, &'static str),
    Guide,
}

impl Figure {
    /// Chart with one panel and the legend at its right.
    pub(super) fn single(
        title: impl Into<String>,
        subtitle: impl Into<String>,
        panel: Panel,
        legend: Vec<Entry>,
    ) -> Figure {
        Figure {
            title: title.into(),
            subtitle: subtitle.into(),
            panels: vec![panel],
            columns: 1,
            legend,
            place: Place::Right,
            square: false,
            height: 430.0,
        }
    }
}

impl Entry {
    pub(super) fn new(text: impl Into<String>, note: impl Into<String>, sample: Swatch) -> Entry {
        Entry { text: text.into(), note: note.into(), sample }
    }
}
