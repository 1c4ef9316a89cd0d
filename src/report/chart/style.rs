//! Styles that distinguish systems: a colour that colour-blind readers can tell apart, a dash and a marker for
//! black-and-white print. All colours are defined here, for light and for dark paper.

use plotters::style::RGBColor;

/// Paper of the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Theme {
    /// White, for print and documents
    #[default]
    Light,
    /// Nearly black, for slides and dark pages
    Dark,
}

/// Colour by its role; the theme gives its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Paper,
    /// Text and edges.
    Ink,
    /// Axes and secondary text.
    Grey,
    Shade,
    Rule,
    Faint,
    Blue,
    Orange,
    Vermillion,
    Green,
    Purple,
    Sky,
    Black,
}

impl Theme {
    /// Value of a colour on this paper.
    ///
    /// The lines' colours on white are those of Okabe & Ito, "Color universal design" (2008), without their yellow,
    /// which is invisible on it; on dark paper the blues are lighter and black is white.
    pub const fn rgb(self, colour: Colour) -> RGBColor {
        let (light, dark) = match colour {
            Colour::Paper => (0xff_ffff, 0x16_181c),
            Colour::Ink => (0x22_2222, 0xe6_e6e6),
            Colour::Grey => (0x66_6666, 0xa6_a6a6),
            Colour::Shade => (0xc4_c4c4, 0x5c_6068),
            Colour::Rule => (0xe4_e4e4, 0x3a_3e45),
            Colour::Faint => (0xf3_f3f3, 0x24_272c),
            Colour::Blue => (0x00_72b2, 0x2f_8fd6),
            Colour::Orange => (0xe6_9f00, 0xe6_9f00),
            Colour::Vermillion => (0xd5_5e00, 0xe8_6a1a),
            Colour::Green => (0x00_9e73, 0x00_b383),
            Colour::Purple => (0xcc_79a7, 0xcc_79a7),
            Colour::Sky => (0x56_b4e9, 0x9a_d6f7),
            Colour::Black => (0x00_0000, 0xff_ffff),
        };
        let [_, red, green, blue] = match self {
            Theme::Light => (light as u32).to_be_bytes(),
            Theme::Dark => (dark as u32).to_be_bytes(),
        };
        RGBColor(red, green, blue)
    }
}

/// Shape of the points on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Ring,
}

/// Style of a line in all charts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub colour: Colour,
    /// Dash pattern: lengths drawn and left out, in turn; empty for a solid line.
    pub dash: &'static [f64],
    pub marker: Option<Marker>,
    /// Line width in logical pixels.
    pub width: f64,
}

/// Colours of lines. Seven colours and five dashes have no common divisor: the first 35 lines all look different.
const COLOURS: [Colour; 7] =
    [Colour::Blue, Colour::Vermillion, Colour::Green, Colour::Orange, Colour::Purple, Colour::Black, Colour::Sky];
const DASHES: [&[f64]; 5] = [&[], &[9.0, 3.5], &[2.5, 2.5], &[9.0, 3.0, 2.0, 3.0], &[5.0, 2.5]];
const MARKERS: [Marker; 6] =
    [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Cross, Marker::Ring];

impl Style {
    /// Style of the `index`-th line.
    pub(super) fn of(index: usize) -> Style {
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

    /// The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            low if low <= 0.040_45 => low / 12.92,
            high => libm::pow((high + 0.055) / 1.055, 2.4),
        };
        let light = |RGBColor(r, g, b): RGBColor| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        let (one, other) = (light(one) + 0.05, light(other) + 0.05);
        one.max(other) / one.min(other)
    }

    #[test]
    fn text_and_lines_stand_off_the_paper_in_both_themes() {
        for (theme, least) in [(Theme::Light, 2.0), (Theme::Dark, 4.5)] {
            let on_paper = |colour| contrast(theme.rgb(colour), theme.rgb(Colour::Paper));
            for colour in [Colour::Ink, Colour::Grey] {
                assert!(on_paper(colour) > 4.5, "{theme:?}: {colour:?} {}", on_paper(colour));
            }
            for colour in COLOURS {
                assert!(on_paper(colour) > least, "{theme:?}: {colour:?} {}", on_paper(colour));
            }
        }
    }
}
