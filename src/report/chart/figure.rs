//! What a chart says, before it is laid out: panels, axes, marks and a legend.

use super::axis::Axis;
use super::style::{Colour, Style};

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub title: String,
    /// One sentence under the title: what is shown, over what it is taken.
    pub subtitle: String,
    pub panels: Vec<Panel>,
    /// How many panels stand side by side.
    pub columns: usize,
    pub legend: Vec<Entry>,
    /// Where the legend stands.
    pub place: Place,
    /// Whether a panel's plotting area is as wide as it is high; otherwise it takes the room there is.
    pub square: bool,
    /// Height of the picture in logical pixels.
    pub height: f64,
}

/// Where the legend stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Right,
    /// In rows under the title.
    Top,
}

/// One plotting area.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    /// In the order of drawing.
    pub marks: Vec<Mark>,
}

/// What is drawn at values of the axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line; it is interrupted where there is no value.
    Line { points: Vec<(f64, Option<f64>)>, style: Style, markers: Markers },
    /// A vertical line over the whole height, with a few words that read upwards beside it.
    Event { x: f64, label: String },
    /// A faint area between two values.
    Band { points: Vec<(f64, f64, f64)>, colour: Colour },
    /// A thin grey line.
    Guide { from: (f64, f64), to: (f64, f64) },
    /// A thin vertical line between two values of y, its text at its foot, to its left or right.
    Border { x: f64, low: f64, high: f64, text: &'static str, left: bool },
    /// A horizontal bar around `y`, as thick as `thickness` units of y.
    Bar { y: f64, thickness: f64, from: f64, to: f64, colour: Colour },
    /// A cell of a table around a place, one unit wide and high: colours with their shares, a letter, and a few characters
    /// beside it where there is room. Without colours there is nothing to say.
    Cell { at: (f64, f64), parts: Vec<(Colour, f64)>, letter: &'static str, note: String },
    /// One marker.
    Dot { at: (f64, f64), style: Style },
    /// A number beside a point, to its right.
    Note { at: (f64, f64), text: String },
}

/// Which points of a line get a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markers {
    All,
    /// A few, shifted by the line's number so that lines on top of each other stay visible.
    Few {
        shift: usize,
    },
}

/// A line of the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub text: String,
    /// A figure beside it, in grey.
    pub note: String,
    pub sample: Swatch,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Swatch {
    Line(Style),
    /// A dot without a line.
    Dot(Style),
    Block(Colour),
    /// A block with a letter, as in a table's cells.
    Cell(Colour, &'static str),
    Guide,
}

impl Figure {
    /// A chart with one panel and the legend at its right.
    pub fn single(title: impl Into<String>, subtitle: impl Into<String>, panel: Panel, legend: Vec<Entry>) -> Figure {
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
    pub fn new(text: impl Into<String>, note: impl Into<String>, sample: Swatch) -> Entry {
        Entry { text: text.into(), note: note.into(), sample }
    }
}
