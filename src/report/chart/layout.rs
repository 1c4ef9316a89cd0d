//! From what a chart says to shapes on a canvas: margins from the texts that stand in them, so that nothing overlaps.

use super::axis::{Axis, Scale};
use super::canvas::{Align, Canvas, Point, Text, text_width};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Place, Swatch};
use super::style::{FAINT, GREY, INK, RULE, Style};
use plotters::style::RGBColor;

/// Logical pixels: about the width of a page's text.
const WIDTH: f64 = 720.0;
const MARGIN: f64 = 16.0;
const TITLE: f64 = 16.0;
const SUBTITLE: f64 = 11.5;
const LABEL: f64 = 12.0;
const TICK: f64 = 11.0;
const LEGEND: f64 = 12.0;
const LEGEND_GAP: f64 = 24.0;
const GAP: f64 = 28.0;
const MARKER: f64 = 3.6;

/// A rectangle on the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Figure {
    /// Lays the chart out.
    pub fn lay_out(&self) -> Canvas {
        let mut canvas = Canvas::new(WIDTH, self.height);
        let beside = self.legend.iter().map(entry_width).fold(0.0, f64::max) + LEGEND_GAP;
        let mut top = MARGIN + TITLE;
        canvas.write(&self.title, (MARGIN, top), TITLE, true, INK, Align::Start);
        let room = if self.square { self.height } else { WIDTH };
        for line in wrap(&self.subtitle, SUBTITLE, room - 2.0 * MARGIN) {
            top += SUBTITLE * 1.45;
            canvas.write(&line, (MARGIN, top), SUBTITLE, false, GREY, Align::Start);
        }
        top += 16.0;
        let mut right = WIDTH - MARGIN;
        match self.place {
            Place::Top => top = self.legend_in_rows(&mut canvas, top) + 10.0,
            Place::Right => {
                right -= beside;
                let legend: f64 = self.legend.iter().map(entry_height).sum();
                canvas.height = canvas.height.max((top + legend + MARGIN).ceil());
            }
        }
        let area = Frame { left: MARGIN, top, right, bottom: canvas.height - MARGIN };
        let frames = self.frames(area);
        for (panel, frame) in self.panels.iter().zip(&frames) {
            panel.lay_out(frame, &mut canvas);
        }
        if self.place == Place::Right {
            let left = frames.iter().map(|frame| frame.right).fold(0.0, f64::max) + LEGEND_GAP;
            self.legend_in_column(&mut canvas, (left, top + 8.0));
            if self.square {
                canvas.width = (left - LEGEND_GAP + beside + MARGIN).ceil();
            }
        }
        canvas
    }

    /// The plotting areas of the panels. Panels above each other have the same left edge.
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
            if left > MARGIN && left + width > WIDTH - MARGIN {
                left = MARGIN;
                top += LEGEND * 1.7;
            }
            entry.lay_out((left, top), canvas);
            left += width;
        }
        top + LEGEND
    }
}

/// Room for an entry's sample.
fn sample_width(sample: Swatch) -> f64 {
    match sample {
        Swatch::Line(_) | Swatch::Guide => 38.0,
        Swatch::Block(_) => 24.0,
        Swatch::Dot(_) => 12.0,
    }
}

/// How far below an entry the next one stands.
fn entry_height(entry: &Entry) -> f64 {
    LEGEND * if entry.note.is_empty() { 1.75 } else { 3.0 }
}

fn entry_width(entry: &Entry) -> f64 {
    sample_width(entry.sample) + 8.0 + text_width(&entry.text, LEGEND, false).max(text_width(&entry.note, TICK, false))
}

impl Entry {
    /// Its sample, its text, and its note in a line of its own below.
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
            Swatch::Guide => canvas.dashed(&[from, to], GREY, 1.0, &[3.0, 3.0]),
        }
        let text = right + 8.0;
        canvas.write(&self.text, (text, middle + LEGEND * 0.36), LEGEND, false, INK, Align::Start);
        canvas.write(&self.note, (text, middle + LEGEND * 0.36 + TICK * 1.35), TICK, false, GREY, Align::Start);
    }
}

impl Panel {
    fn left_margin(&self) -> f64 {
        let ticks = self.y.ticks.iter().map(|(_, text)| text_width(text, TICK, false)).fold(0.0, f64::max);
        ticks + 7.0 + if self.y.label.is_empty() { 0.0 } else { LABEL * 1.9 }
    }

    fn right_margin(&self) -> f64 {
        let last = self.x.ticks.last().map_or(0.0, |(_, text)| text_width(text, TICK, false) / 2.0);
        last.max(4.0)
    }

    fn top_margin(&self) -> f64 {
        if self.title.is_empty() { 6.0 } else { LABEL * 2.0 }
    }

    fn bottom_margin(&self) -> f64 {
        TICK * 2.2 + if self.x.label.is_empty() { 0.0 } else { LABEL * 1.5 }
    }

    fn lay_out(&self, frame: &Frame, canvas: &mut Canvas) {
        canvas.write(&self.title, (frame.left, frame.top - 8.0), LABEL, true, INK, Align::Start);
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

    /// The x axis: faint lines, ticks with as many numbers as have room, the label.
    fn horizontal(&self, frame: &Frame, canvas: &mut Canvas) {
        let at = |value| frame.left + self.x.position(value) * (frame.right - frame.left);
        for value in &self.x.minor {
            canvas.line(&[(at(*value), frame.top), (at(*value), frame.bottom)], FAINT, 0.8);
        }
        let mut free = f64::NEG_INFINITY;
        for (value, text) in &self.x.ticks {
            let (x, half) = (at(*value), text_width(text, TICK, false) / 2.0);
            canvas.line(&[(x, frame.top), (x, frame.bottom)], RULE, 0.8);
            canvas.line(&[(x, frame.bottom), (x, frame.bottom + 4.0)], GREY, 0.8);
            if x - half > free {
                canvas.write(text, (x, frame.bottom + 6.0 + TICK), TICK, false, INK, Align::Middle);
                free = x + half + 5.0;
            }
        }
        canvas.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], GREY, 1.0);
        let middle = (frame.left + frame.right) / 2.0;
        let below = frame.bottom + TICK * 2.2 + LABEL * 1.05;
        canvas.write(&self.x.label, (middle, below), LABEL, false, INK, Align::Middle);
        if self.x.scale == Scale::LogAndZero {
            canvas.axis_break(at(self.x.low) - 7.0, frame.bottom);
        }
    }

    /// The y axis, likewise; the label reads upwards at its left.
    fn vertical(&self, frame: &Frame, canvas: &mut Canvas) {
        let at = |value| frame.bottom - self.y.position(value) * (frame.bottom - frame.top);
        for value in &self.y.minor {
            canvas.line(&[(frame.left, at(*value)), (frame.right, at(*value))], FAINT, 0.8);
        }
        let mut free = f64::INFINITY;
        for (value, text) in &self.y.ticks {
            let y = at(*value);
            // Rows with names need no lines.
            if !self.y.label.is_empty() {
                canvas.line(&[(frame.left, y), (frame.right, y)], RULE, 0.8);
            }
            if y + TICK * 0.6 < free {
                canvas.write(text, (frame.left - 7.0, y + TICK * 0.36), TICK, false, INK, Align::End);
                free = y - TICK * 0.6;
            }
        }
        canvas.line(&[(frame.left, frame.top), (frame.left, frame.bottom)], GREY, 1.0);
        if !self.y.label.is_empty() {
            let left = frame.left - self.left_margin() + LABEL;
            canvas.write_upwards(&self.y.label, (left, (frame.top + frame.bottom) / 2.0), LABEL, INK);
        }
    }
}

impl Mark {
    fn lay_out(&self, place: impl Fn((f64, f64)) -> Point, canvas: &mut Canvas) {
        match self {
            Mark::Line { points, style, markers } => {
                for piece in points.split(|(_, y)| y.is_none()).filter(|piece| !piece.is_empty()) {
                    let piece: Vec<_> = piece.iter().filter_map(|(x, y)| y.map(|y| place((*x, y)))).collect();
                    canvas.dashed(&piece, style.colour, style.width, style.dash);
                }
                let there: Vec<_> = points.iter().filter_map(|(x, y)| y.map(|y| place((*x, y)))).collect();
                marked(&there, *markers).into_iter().for_each(|at| canvas.dot(at, style));
            }
            Mark::Band { points, colour } => {
                let lows = points.iter().map(|(x, low, _)| place((*x, *low)));
                let highs = points.iter().rev().map(|(x, _, high)| place((*x, *high)));
                if points.len() > 1 {
                    canvas.area(lows.chain(highs).collect(), *colour, 0.18);
                }
            }
            Mark::Event { .. } => unreachable!("its line is as high as the panel, which lays it out"),
            Mark::Guide { from, to } => canvas.dashed(&[place(*from), place(*to)], GREY, 1.0, &[3.0, 3.0]),
            Mark::Bar { y, thickness, from, to, colour } => {
                let (left, right) = (place((*from, y + thickness / 2.0)), place((*to, y - thickness / 2.0)));
                if right.0 - left.0 > 0.2 {
                    canvas.block(left, right, *colour);
                }
            }
            Mark::Dot { at, style } => {
                canvas.marker(place(*at), style.marker.expect("a dot has a shape"), 5.0, style.colour)
            }
            Mark::Note { at, text } => {
                let (x, y) = place(*at);
                canvas.write(text, (x + 10.0, y + TICK * 0.36), TICK, false, INK, Align::Start);
            }
        }
    }
}

/// An event: its line, and its words to the left of it, from the top down: curves change to the right. At the left edge
/// they stand to the right.
fn event(x: f64, label: &str, frame: &Frame, canvas: &mut Canvas) {
    canvas.dashed(&[(x, frame.bottom), (x, frame.top)], GREY, 1.0, &[2.0, 3.0]);
    let beside = if x - TICK * 1.3 > frame.left { -TICK * 0.4 } else { TICK };
    let middle = frame.top + 4.0 + text_width(label, TICK, false) / 2.0;
    canvas.write_upwards(label, (x + beside, middle), TICK, GREY);
}

/// The points of a line that get a marker: all, or about six at equal distances along x, no two lines at the same.
fn marked(points: &[Point], markers: Markers) -> Vec<Point> {
    let Markers::Few { shift } = markers else { return points.to_vec() };
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    // Along the line's own length in both directions, so that steep and flat lines get as many.
    let length = |pair: &[Point]| (pair[1].0 - pair[0].0).abs() + (pair[1].1 - pair[0].1).abs();
    let net = (last.0 - first.0).abs() + (last.1 - first.1).abs();
    let total: f64 = points.windows(2).map(length).sum();
    let step = total / 6.0;
    if net == 0.0 || step == 0.0 {
        return vec![*first];
    }
    let mut next = step * (0.3 + 0.17 * (shift % 6) as f64);
    let mut walked = 0.0;
    let mut chosen = Vec::new();
    for pair in points.windows(2) {
        walked += length(pair);
        if walked >= next {
            chosen.push(pair[1]);
            next += step;
        }
    }
    chosen
}

/// `text` in lines of at most `width`, broken between words.
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
    fn write(&mut self, text: &str, at: Point, size: f64, bold: bool, colour: RGBColor, align: Align) {
        if !text.is_empty() {
            let text = Text { at, text: text.to_owned(), size, bold, colour, align, upwards: false };
            self.shapes.push(super::canvas::Shape::Text(text));
        }
    }

    fn write_upwards(&mut self, text: &str, at: Point, size: f64, colour: RGBColor) {
        let align = Align::Middle;
        let text = Text { at, text: text.to_owned(), size, bold: false, colour, align, upwards: true };
        self.shapes.push(super::canvas::Shape::Text(text));
    }

    fn dot(&mut self, at: Point, style: &Style) {
        if let Some(marker) = style.marker {
            self.marker(at, marker, MARKER, style.colour);
        }
    }

    /// A filled rectangle with a thin dark edge, which keeps light colours visible on paper.
    fn block(&mut self, (left, top): Point, (right, bottom): Point, colour: RGBColor) {
        self.rectangle((left, top), (right, bottom), colour);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        self.line(&corners, INK, 0.6);
    }

    /// Two strokes across an axis: what lies left of them is not on the scale.
    fn axis_break(&mut self, x: f64, y: f64) {
        for shift in [-2.0, 2.0] {
            self.line(&[(x + shift - 2.0, y + 5.0), (x + shift + 2.0, y - 5.0)], GREY, 1.0);
        }
    }
}

/// An axis of rows, the first at the top: row i lies at `rows − 1 − i`.
pub fn rows(names: &[String]) -> Axis {
    let count = names.len() as f64;
    let ticks = names.iter().rev().enumerate().map(|(i, name)| (i as f64, name.clone())).collect();
    Axis { label: String::new(), scale: Scale::Linear, low: -0.6, high: count - 0.4, ticks, minor: Vec::new() }
}
