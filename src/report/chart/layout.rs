//! Layout: from the content of a chart to shapes on a canvas. Margins follow from the texts in them, so that nothing
//! overlaps.

mod marks;

use self::marks::event;
use super::axis::{Axis, Scale};
use super::canvas::{Align, Canvas, Point, Text, text_width};
use super::figure::{Entry, Figure, Mark, Panel, Place, Swatch};
use super::size::Size;
use super::style::{Colour, Style};

/// Width of a chart in logical pixels: about that of a page's text.
const WIDTH: f64 = 720.0;
/// Least width of a plotting area with its labels, beside a legend.
const PLOT: f64 = 260.0;
const MARGIN: f64 = 16.0;
const TITLE: f64 = 16.0;
const SUBTITLE: f64 = 11.5;
const LABEL: f64 = 12.0;
const TICK: f64 = 11.0;
const LEGEND: f64 = 12.0;
const LEGEND_GAP: f64 = 24.0;
const GAP: f64 = 28.0;
const MARKER: f64 = 3.6;

/// Rectangle on the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Figure {
    /// Lays the chart out in its preferred size or in `size`; larger if its legend or the names of rows need more room.
    pub(super) fn lay_out(&self, size: Option<Size>) -> Canvas {
        let (width, height) = size.map_or((WIDTH, self.height), |size| (size.width.into(), size.height.into()));
        let mut canvas = Canvas::new(width, height);
        let beside = self.legend.iter().map(entry_width).fold(0.0, f64::max) + LEGEND_GAP;
        let mut top = MARGIN + TITLE;
        canvas.write(&self.title, (MARGIN, top), TITLE, true, Colour::Ink, Align::Start);
        let room = if self.square { height.min(width) } else { width };
        for line in wrap(&self.subtitle, SUBTITLE, room - 2.0 * MARGIN) {
            top += SUBTITLE * 1.45;
            canvas.write(&line, (MARGIN, top), SUBTITLE, false, Colour::Grey, Align::Start);
        }
        top += 16.0;
        if self.place == Place::Right && size.is_some() {
            canvas.width = canvas.width.max((beside + PLOT).ceil());
        }
        let mut right = canvas.width - MARGIN;
        match self.place {
            Place::Top => top = self.legend_in_rows(&mut canvas, top) + 10.0,
            Place::Right => {
                right -= beside;
                let legend: f64 = self.legend.iter().map(entry_height).sum();
                canvas.height = canvas.height.max((top + legend + MARGIN).ceil());
            }
        }
        let rows = self.panels.len().div_ceil(self.columns) as f64;
        let least = self.panels.iter().map(Panel::least_height).fold(0.0, f64::max);
        canvas.height = canvas.height.max((top + rows * least + MARGIN).ceil());
        let area = Frame { left: MARGIN, top, right, bottom: canvas.height - MARGIN };
        let frames = self.frames(area);
        for (panel, frame) in self.panels.iter().zip(&frames) {
            panel.lay_out(frame, &mut canvas);
        }
        if self.place == Place::Right {
            let left = frames.iter().map(|frame| frame.right).fold(0.0, f64::max) + LEGEND_GAP;
            self.legend_in_column(&mut canvas, (left, top + 8.0));
            if self.square && size.is_none() {
                canvas.width = (left - LEGEND_GAP + beside + MARGIN).ceil();
            }
        }
        canvas
    }

    /// Plotting areas of the panels. Panels above each other have aligned left edges.
    fn frames(&self, area: Frame) -> Vec<Frame> {
        let rows = self.panels.len().div_ceil(self.columns);
        let column_gap = if self.columns > 1 { GAP } else { 0.0 };
        let width = (area.right - area.left - column_gap * (self.columns - 1) as f64) / self.columns as f64;
        let height = (area.bottom - area.top) / rows as f64;
        let left_of = |column: usize| {
            let here = self.panels.iter().skip(column).step_by(self.columns);
            here.map(Panel::left_margin).fold(0.0, f64::max)
        };
        let frame = |(i, panel): (usize, &Panel)| {
            let (row, column) = (i / self.columns, i % self.columns);
            let corner = (area.left + column as f64 * (width + column_gap), area.top + row as f64 * height);
            let mut frame = Frame {
                left: corner.0 + left_of(column),
                top: corner.1 + panel.top_margin(),
                right: corner.0 + width - panel.right_margin(),
                bottom: corner.1 + height - panel.bottom_margin(),
            };
            if self.square {
                let side = (frame.right - frame.left).min(frame.bottom - frame.top);
                (frame.right, frame.bottom) = (frame.left + side, frame.top + side);
            }
            frame
        };
        self.panels.iter().enumerate().map(frame).collect()
    }

    fn legend_in_column(&self, canvas: &mut Canvas, (left, mut top): Point) {
        for entry in &self.legend {
            entry.lay_out((left, top), canvas);
            top += entry_height(entry);
        }
    }

    fn legend_in_rows(&self, canvas: &mut Canvas, mut top: f64) -> f64 {
        let mut left = MARGIN;
        for entry in &self.legend {
            let width = entry_width(entry) + 22.0;
            if left > MARGIN && left + width > canvas.width - MARGIN {
                left = MARGIN;
                top += LEGEND * 1.7;
            }
            entry.lay_out((left, top), canvas);
            left += width;
        }
        top + LEGEND
    }
}

/// Width of an entry's sample.
fn sample_width(sample: Swatch) -> f64 {
    match sample {
        Swatch::Line(_) | Swatch::Guide => 38.0,
        Swatch::Block(_) => 24.0,
        Swatch::Cell(..) => 34.0,
        Swatch::Dot(_) => 12.0,
    }
}

/// Distance from an entry to the next one below.
fn entry_height(entry: &Entry) -> f64 {
    LEGEND * if entry.note.is_empty() { 1.75 } else { 3.0 }
}

fn entry_width(entry: &Entry) -> f64 {
    sample_width(entry.sample) + 8.0 + text_width(&entry.text, LEGEND, false).max(text_width(&entry.note, TICK, false))
}

impl Entry {
    /// Lays out its sample, its text, and its note in a line below.
    fn lay_out(&self, (left, middle): Point, canvas: &mut Canvas) {
        let right = left + sample_width(self.sample);
        let (from, to) = ((left, middle), (right, middle));
        let centre = ((left + right) / 2.0, middle);
        match self.sample {
            Swatch::Line(style) => {
                canvas.dashed(&[from, to], style.colour, style.width, style.dash);
                canvas.dot(centre, &style);
            }
            Swatch::Dot(style) => canvas.dot(centre, &style),
            Swatch::Block(colour) => canvas.block((left, middle - 5.5), (right, middle + 5.5), colour),
            Swatch::Cell(colour, letter) => {
                let (upper, lower) = ((left, middle - 8.0), (right, middle + 8.0));
                canvas.cell(upper, lower, &[(colour, 1.0)], letter);
            }
            Swatch::Guide => canvas.dashed(&[from, to], Colour::Grey, 1.0, &[3.0, 3.0]),
        }
        let text = right + 8.0;
        canvas.write(&self.text, (text, middle + LEGEND * 0.36), LEGEND, false, Colour::Ink, Align::Start);
        canvas.write(&self.note, (text, middle + LEGEND * 0.36 + TICK * 1.35), TICK, false, Colour::Grey, Align::Start);
    }
}

impl Panel {
    fn left_margin(&self) -> f64 {
        let ticks = self.y.ticks.iter().map(|(_, text)| text_width(text, TICK, false)).fold(0.0, f64::max);
        ticks + 7.0 + if self.y.label.is_empty() { 0.0 } else { LABEL * 1.9 }
    }

    fn right_margin(&self) -> f64 {
        if self.x.scale == Scale::Names {
            return 4.0;
        }
        let last = self.x.ticks.last().map_or(0.0, |(_, text)| text_width(text, TICK, false) / 2.0);
        last.max(4.0)
    }

    fn top_margin(&self) -> f64 {
        if self.title.is_empty() { 6.0 } else { LABEL * 2.0 }
    }

    /// Height of the labels along the x axis, without its title.
    fn numbers_below(&self) -> f64 {
        match self.x.scale {
            Scale::Names => {
                self.x.ticks.iter().map(|(_, text)| text_width(text, TICK, false)).fold(0.0, f64::max) + 10.0
            }
            _ => TICK * 2.2,
        }
    }

    /// Least height for the names of rows, if there are rows.
    fn least_height(&self) -> f64 {
        match self.y.scale {
            Scale::Names => self.top_margin() + self.y.ticks.len() as f64 * TICK * 1.5 + self.bottom_margin(),
            _ => 0.0,
        }
    }

    fn bottom_margin(&self) -> f64 {
        self.numbers_below() + if self.x.label.is_empty() { 0.0 } else { LABEL * 1.5 }
    }

    fn lay_out(&self, frame: &Frame, canvas: &mut Canvas) {
        canvas.write(&self.title, (frame.left, frame.top - 8.0), LABEL, true, Colour::Ink, Align::Start);
        self.horizontal(frame, canvas);
        self.vertical(frame, canvas);
        let place = |(x, y): (f64, f64)| -> Point {
            (
                frame.left + self.x.position(x) * (frame.right - frame.left),
                frame.bottom - self.y.position(y) * (frame.bottom - frame.top),
            )
        };
        for mark in &self.marks {
            match mark {
                Mark::Event { x, label } => event(place((*x, self.y.low)).0, label, frame, canvas),
                mark => mark.lay_out(place, canvas),
            }
        }
    }

    /// Lays out the x axis: faint lines, ticks with as many labels as fit, the title.
    fn horizontal(&self, frame: &Frame, canvas: &mut Canvas) {
        let at = |value| frame.left + self.x.position(value) * (frame.right - frame.left);
        for value in &self.x.minor {
            canvas.line(&[(at(*value), frame.top), (at(*value), frame.bottom)], Colour::Faint, 0.8);
        }
        let mut free = f64::NEG_INFINITY;
        for (value, text) in &self.x.ticks {
            let (x, half) = (at(*value), text_width(text, TICK, false) / 2.0);
            if self.x.scale == Scale::Names {
                canvas.write_upwards(text, (x + TICK * 0.36, frame.bottom + 7.0), TICK, Colour::Ink, Align::End);
                continue;
            }
            canvas.line(&[(x, frame.top), (x, frame.bottom)], Colour::Rule, 0.8);
            canvas.line(&[(x, frame.bottom), (x, frame.bottom + 4.0)], Colour::Grey, 0.8);
            if x - half > free {
                canvas.write(text, (x, frame.bottom + 6.0 + TICK), TICK, false, Colour::Ink, Align::Middle);
                free = x + half + 5.0;
            }
        }
        canvas.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], Colour::Grey, 1.0);
        let middle = (frame.left + frame.right) / 2.0;
        let below = frame.bottom + self.numbers_below() + LABEL * 1.05;
        canvas.write(&self.x.label, (middle, below), LABEL, false, Colour::Ink, Align::Middle);
        if self.x.scale == Scale::LogAndZero {
            canvas.axis_break(at(self.x.low) - 7.0, frame.bottom);
        }
    }

    /// Lays out the y axis, likewise; the title reads upwards at its left.
    fn vertical(&self, frame: &Frame, canvas: &mut Canvas) {
        let at = |value| frame.bottom - self.y.position(value) * (frame.bottom - frame.top);
        for value in &self.y.minor {
            canvas.line(&[(frame.left, at(*value)), (frame.right, at(*value))], Colour::Faint, 0.8);
        }
        let mut free = f64::INFINITY;
        for (value, text) in &self.y.ticks {
            let y = at(*value);
            if self.y.scale != Scale::Names {
                canvas.line(&[(frame.left, y), (frame.right, y)], Colour::Rule, 0.8);
            }
            if y + TICK * 0.6 < free {
                canvas.write(text, (frame.left - 7.0, y + TICK * 0.36), TICK, false, Colour::Ink, Align::End);
                free = y - TICK * 0.6;
            }
        }
        canvas.line(&[(frame.left, frame.top), (frame.left, frame.bottom)], Colour::Grey, 1.0);
        if self.y.scale == Scale::LogAndZero {
            canvas.axis_break_upwards(frame.left, at(self.y.low) + 7.0);
        }
        if !self.y.label.is_empty() {
            let left = frame.left - self.left_margin() + LABEL;
            let middle = (frame.top + frame.bottom) / 2.0;
            canvas.write_upwards(&self.y.label, (left, middle), LABEL, Colour::Ink, Align::Middle);
        }
    }
}

/// Wraps `text` into lines of at most `width`, broken between words.
fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size, false) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

impl Canvas {
    fn write(&mut self, text: &str, at: Point, size: f64, bold: bool, colour: Colour, align: Align) {
        if !text.is_empty() {
            let text = Text { at, text: text.to_owned(), size, bold, colour, align, upwards: false };
            self.shapes.push(super::canvas::Shape::Text(text));
        }
    }

    fn write_upwards(&mut self, text: &str, at: Point, size: f64, colour: Colour, align: Align) {
        let text = Text { at, text: text.to_owned(), size, bold: false, colour, align, upwards: true };
        self.shapes.push(super::canvas::Shape::Text(text));
    }

    fn dot(&mut self, at: Point, style: &Style) {
        if let Some(marker) = style.marker {
            self.marker(at, marker, MARKER, style.colour);
        }
    }

    /// Adds a filled rectangle with a thin dark edge, which keeps light colours visible on paper.
    fn block(&mut self, (left, top): Point, (right, bottom): Point, colour: Colour) {
        self.rectangle((left, top), (right, bottom), colour);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        self.line(&corners, Colour::Ink, 0.6);
    }

    /// Adds two strokes across an axis: the part to the left of them is not to scale.
    fn axis_break(&mut self, x: f64, y: f64) {
        for shift in [-2.0, 2.0] {
            self.line(&[(x + shift - 2.0, y + 5.0), (x + shift + 2.0, y - 5.0)], Colour::Grey, 1.0);
        }
    }

    /// Adds a break across a vertical axis.
    fn axis_break_upwards(&mut self, x: f64, y: f64) {
        for shift in [-2.0, 2.0] {
            self.line(&[(x - 5.0, y + shift + 2.0), (x + 5.0, y + shift - 2.0)], Colour::Grey, 1.0);
        }
    }
}

/// Axis of rows, the first at the top: row i is at `rows − 1 − i`.
pub(super) fn rows(names: &[String]) -> Axis {
    let axis = Axis::names("", names.iter().rev().map(String::as_str));
    Axis { low: axis.low - 0.1, high: axis.high + 0.1, ..axis }
}
