//! Drawing of the marks in a panel.

use super::{Frame, TICK};
use crate::report::chart::canvas::{Align, Canvas, Point, text_width};
use crate::report::chart::figure::{Mark, Markers};
use crate::report::chart::style::Colour;

impl Mark {
    /// Draws a mark at the positions given by `place`; an event is laid out by its panel.
    pub(super) fn lay_out(&self, place: impl Fn((f64, f64)) -> Point, canvas: &mut Canvas) {
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
            Mark::Guide { from, to } => canvas.dashed(&[place(*from), place(*to)], Colour::Grey, 1.0, &[3.0, 3.0]),
            Mark::Border { x, low, high, text, left } => {
                let foot = place((*x, *low));
                canvas.line(&[foot, place((*x, *high))], Colour::Grey, 1.0);
                let (aside, align) = if *left { (-5.0, Align::End) } else { (5.0, Align::Start) };
                canvas.write(text, (foot.0 + aside, foot.1 - 5.0), TICK, false, Colour::Grey, align);
            }
            Mark::Bar { y, thickness, from, to, colour } => {
                let (left, right) = (place((*from, y + thickness / 2.0)), place((*to, y - thickness / 2.0)));
                if right.0 - left.0 > 0.2 {
                    canvas.block(left, right, *colour);
                }
            }
            Mark::Cell { at: (x, y), parts, letter, note } => {
                let (upper, lower) = (place((x - 0.5, y + 0.5)), place((x + 0.5, y - 0.5)));
                let both = format!("{letter} {note}");
                let fits = text_width(&both, TICK, false) + 2.0 * PLATE + 2.0 <= lower.0 - upper.0;
                canvas.cell(upper, lower, parts, if fits && !note.is_empty() { &both } else { letter });
            }
            Mark::Dot { at, style } => {
                canvas.marker(place(*at), style.marker.expect("a dot has a shape"), 5.0, style.colour)
            }
            Mark::Note { at, text } => {
                let (x, y) = place(*at);
                canvas.write(text, (x + 10.0, y + TICK * 0.36), TICK, false, Colour::Ink, Align::Start);
            }
        }
    }
}

/// Draws an event: its line, and its label to the left of it, from the top down, as curves change to the right. At the
/// left edge the label is to the right.
pub(super) fn event(x: f64, label: &str, frame: &Frame, canvas: &mut Canvas) {
    canvas.dashed(&[(x, frame.bottom), (x, frame.top)], Colour::Grey, 1.0, &[2.0, 3.0]);
    let beside = if x - TICK * 1.3 > frame.left { -TICK * 0.4 } else { TICK };
    let middle = frame.top + 4.0 + text_width(label, TICK, false) / 2.0;
    canvas.write_upwards(label, (x + beside, middle), TICK, Colour::Grey, Align::Middle);
}

/// Points of a line that have markers: all, or about six at equal distances along x, different for each line.
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

/// Margin between the text of a cell and the edge of the plate behind it.
const PLATE: f64 = 3.5;

impl Canvas {
    /// Draws a cell of a table: its parts side by side, as wide as their shares, which add up to one, and a text on a
    /// plate of paper in its middle. Empty without parts.
    pub(super) fn cell(&mut self, (left, top): Point, (right, bottom): Point, parts: &[(Colour, f64)], text: &str) {
        // What is below it, as the lines of an axis, does not show.
        self.rectangle((left, top), (right, bottom), Colour::Paper);
        let (left, top, right, bottom) = (left + 0.7, top + 0.7, right - 0.7, bottom - 0.7);
        if parts.is_empty() {
            return self.rectangle((left, top), (right, bottom), Colour::Faint);
        }
        let mut from = left;
        for (colour, share) in parts {
            let to = from + share * (right - left);
            self.rectangle((from, top), (to, bottom), *colour);
            from = to;
        }
        let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
        let width = text_width(text, TICK, false);
        // In a small cell the plate leaves as much of the colour as it can.
        let edge = if right - left > 3.0 * width { PLATE } else { 1.0 };
        let (half, high) = (width / 2.0 + edge, TICK * if bottom - top > 2.0 * TICK { 0.62 } else { 0.5 });
        self.rectangle((middle.0 - half, middle.1 - high), (middle.0 + half, middle.1 + high), Colour::Paper);
        self.write(text, (middle.0, middle.1 + TICK * 0.36), TICK, false, Colour::Ink, Align::Middle);
    }
}
