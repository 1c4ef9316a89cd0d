//! What tells one system from another: a colour that colour-blind readers can tell apart, a dash and a marker for print
//! in black and white.

use plotters::style::RGBColor;

/// Shape of the points on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Ring,
}

/// How one line looks in all charts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    pub colour: RGBColor,
    /// Lengths drawn and left out, in turn; empty for a solid line.
    pub dash: &'static [f64],
    pub marker: Option<Marker>,
    /// In logical pixels.
    pub width: f64,
}

pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub const GREY: RGBColor = RGBColor(0x66, 0x66, 0x66);
pub const SHADE: RGBColor = RGBColor(0xc4, 0xc4, 0xc4);
pub const RULE: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
pub const FAINT: RGBColor = RGBColor(0xf3, 0xf3, 0xf3);

// Okabe & Ito, "Color universal design" (2008). Its yellow is left out: on white it cannot be seen.
pub const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
pub const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
const VERMILLION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
const PURPLE: RGBColor = RGBColor(0xcc, 0x79, 0xa7);
pub const SKY: RGBColor = RGBColor(0x56, 0xb4, 0xe9);
const BLACK: RGBColor = RGBColor(0x00, 0x00, 0x00);

/// Seven colours and five dashes have no common divisor: no two of the first 35 lines look alike.
const COLOURS: [RGBColor; 7] = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, BLACK, SKY];
const DASHES: [&[f64]; 5] = [&[], &[9.0, 3.5], &[2.5, 2.5], &[9.0, 3.0, 2.0, 3.0], &[5.0, 2.5]];
const MARKERS: [Marker; 6] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Cross, Marker::Ring];

impl Style {
    /// The look of the `index`-th line.
    pub fn of(index: usize) -> Style {
        Style {
            colour: COLOURS[index % COLOURS.len()],
            dash: DASHES[index % DASHES.len()],
            marker: Some(MARKERS[index % MARKERS.len()]),
            width: 1.8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lines_look_alike() {
        let styles: Vec<_> = (0..35).map(Style::of).collect();
        for (i, style) in styles.iter().enumerate() {
            assert!(!styles[..i].contains(style), "line {i} looks like another");
        }
    }
}
