//! Shapes in logical pixels, and their output as SVG and PNG files through `plotters`.
//!
//! Layout produces a list of shapes, so that both formats show the same picture and a test can inspect it. `plotters`
//! rounds to whole pixels, places letters on whole pixels and draws thick lines without antialiasing; therefore SVG is
//! drawn at ten times its nominal size, and PNG at six times, then averaged down to twice.

use std::fs;
use std::path::Path;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use super::style::{Colour, Marker, Theme};
use crate::report::staged::FileError;

/// Point in logical pixels from the upper left corner.
pub(super) type Point = (f64, f64);

/// Alignment of a text to its point, along the line of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    /// Point on the baseline.
    pub at: Point,
    pub text: String,
    /// Em size in logical pixels.
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
    pub align: Align,
    /// Whether the text is vertical, reading upwards.
    pub upwards: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Line { points: Vec<Point>, colour: Colour, width: f64 },
    Area { points: Vec<Point>, colour: Colour, opacity: f64 },
    Disc { at: Point, radius: f64, colour: Colour },
    Text(Text),
}

/// Picture: shapes in the order of drawing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Canvas {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
}

const FAMILY: &str = "sans-serif";
/// SVG viewers use their own fonts; these have nearly the same widths.
const FAMILIES: &str = "'DejaVu Sans Condensed', Arial, Helvetica, sans-serif";
const SVG_SCALE: f64 = 10.0;
const PNG_SCALE: u32 = 2;
const OVERSAMPLING: u32 = 3;
/// Height of DejaVu's line in ems, which is what `ab_glyph` calls the size.
const LINE_PER_EM: f64 = 1.164;
/// Divisor that `plotters` applies to a size in SVG.
const SVG_SIZE_PER_EM: f64 = 1.24;

fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let fonts: [(FontStyle, &'static [u8]); 2] = [
            (FontStyle::Normal, include_bytes!("font/regular.ttf")),
            (FontStyle::Bold, include_bytes!("font/bold.ttf")),
        ];
        for (style, bytes) in fonts {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded font is broken");
        }
    });
}

/// Width of `text` in logical pixels.
pub(super) fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    register_fonts();
    // Measured large, because the answer comes in whole pixels.
    let font = (FAMILY, 1000.0 * LINE_PER_EM, style_of(bold)).into_font();
    let (width, _) = font.box_size(text).expect("the embedded font is registered");
    f64::from(width) * size / 1000.0
}

fn style_of(bold: bool) -> FontStyle {
    if bold { FontStyle::Bold } else { FontStyle::Normal }
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Canvas {
        Canvas { width, height, shapes: Vec::new() }
    }

    pub(super) fn line(&mut self, points: &[Point], colour: Colour, width: f64) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line { points: points.to_vec(), colour, width });
        }
    }

    /// Adds a dashed line: lengths drawn and left out, in turn.
    pub(super) fn dashed(&mut self, points: &[Point], colour: Colour, width: f64, dash: &[f64]) {
        if dash.is_empty() {
            return self.line(points, colour, width);
        }
        for piece in dashes(points, dash) {
            self.line(&piece, colour, width);
        }
    }

    pub(super) fn area(&mut self, points: Vec<Point>, colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Area { points, colour, opacity });
    }

    pub(super) fn rectangle(&mut self, (left, top): Point, (right, bottom): Point, colour: Colour) {
        self.area(vec![(left, top), (right, top), (right, bottom), (left, bottom)], colour, 1.0);
    }

    /// Adds a marker of the given radius, with an outline in the paper's colour so that it stands off the lines it
    /// covers.
    pub(super) fn marker(&mut self, at: Point, marker: Marker, radius: f64, colour: Colour) {
        self.marker_shape(at, marker, radius + 1.0, Colour::Paper);
        self.marker_shape(at, marker, radius, colour);
        if marker == Marker::Ring {
            self.shapes.push(Shape::Disc { at, radius: radius - 1.5, colour: Colour::Paper });
        }
    }

    fn marker_shape(&mut self, at: Point, marker: Marker, radius: f64, colour: Colour) {
        let around = |points: &[Point]| points.iter().map(|(x, y)| (at.0 + x * radius, at.1 + y * radius)).collect();
        match marker {
            Marker::Circle | Marker::Ring => self.shapes.push(Shape::Disc { at, radius, colour }),
            Marker::Square => {
                self.area(around(&[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]), colour, 1.0);
            }
            Marker::Triangle => self.area(around(&[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)]), colour, 1.0),
            Marker::Diamond => self.area(around(&[(0.0, -1.25), (1.05, 0.0), (0.0, 1.25), (-1.05, 0.0)]), colour, 1.0),
            Marker::Cross => {
                let width = if colour == Colour::Paper { 4.0 } else { 1.8 };
                self.line(&[(at.0 - radius, at.1 - radius), (at.0 + radius, at.1 + radius)], colour, width);
                self.line(&[(at.0 - radius, at.1 + radius), (at.0 + radius, at.1 - radius)], colour, width);
            }
        }
    }

    /// Writes `<stem>.svg` and `<stem>.png` into `dir`, in the colours of `theme`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn save(&self, dir: &Path, stem: &str, theme: Theme) -> Result<(), FileError> {
        let svg = dir.join(format!("{stem}.svg"));
        fs::write(&svg, self.to_svg(theme)).map_err(FileError::at(&svg))?;
        let png = dir.join(format!("{stem}.png"));
        self.write_png(&png, theme).map_err(FileError::at(&png))
    }

    /// Picture as SVG.
    pub(super) fn to_svg(&self, theme: Theme) -> String {
        let size = |scale: f64| ((self.width * scale).round() as u32, (self.height * scale).round() as u32);
        let (wide, high) = size(SVG_SCALE);
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (wide, high)).into_drawing_area();
            let pen = Pen {
                area: &area,
                theme,
                scale: SVG_SCALE,
                size_per_em: SVG_SIZE_PER_EM,
                drop_per_em: 0.76,
                piecewise: false,
            };
            pen.draw(self).expect("a string can be written to");
        }
        let (width, height) = size(1.0);
        let said = format!("<svg width=\"{wide}\" height=\"{high}\"");
        let meant =
            format!("<svg width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\" stroke-linecap=\"butt\"");
        svg.replacen(&said, &meant, 1).replace(&format!("\"{FAMILY}\""), &format!("\"{FAMILIES}\""))
    }

    fn write_png(&self, path: &Path, theme: Theme) -> std::io::Result<()> {
        let scale = PNG_SCALE * OVERSAMPLING;
        let (width, height) = ((self.width as u32) * PNG_SCALE, (self.height as u32) * PNG_SCALE);
        let (wide, high) = (width * OVERSAMPLING, height * OVERSAMPLING);
        let mut pixels = vec![0; (wide * high * 3) as usize];
        {
            let area = BitMapBackend::with_buffer(&mut pixels, (wide, high)).into_drawing_area();
            let scale = f64::from(scale);
            let pen = Pen {
                area: &area,
                theme,
                scale,
                size_per_em: LINE_PER_EM,
                drop_per_em: LINE_PER_EM / 2.0,
                piecewise: true,
            };
            pen.draw(self).map_err(std::io::Error::other)?;
        }
        let small = average(&pixels, width as usize);
        let mut file = BitMapBackend::new(path, (width, height));
        file.blit_bitmap((0, 0), (width, height), &small).map_err(std::io::Error::other)?;
        file.present().map_err(std::io::Error::other)
    }
}

/// Averages of blocks of `OVERSAMPLING`² pixels.
fn average(pixels: &[u8], width: usize) -> Vec<u8> {
    let block = OVERSAMPLING as usize;
    let mut small = Vec::with_capacity(pixels.len() / (block * block));
    let mut sums = vec![0_u16; width * 3];
    for rows in pixels.chunks_exact(width * block * 3 * block) {
        sums.fill(0);
        for row in rows.chunks_exact(width * block * 3) {
            for (sum, pixels) in sums.chunks_exact_mut(3).zip(row.chunks_exact(block * 3)) {
                for pixel in pixels.chunks_exact(3) {
                    sum.iter_mut().zip(pixel).for_each(|(sum, channel)| *sum += u16::from(*channel));
                }
            }
        }
        small.extend(sums.iter().map(|sum| (sum / (OVERSAMPLING * OVERSAMPLING) as u16) as u8));
    }
    small
}

/// Drawn pieces of a dashed polyline.
fn dashes(points: &[Point], dash: &[f64]) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut index, mut left) = (0, dash[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length < left {
                left -= length;
                break;
            }
            let share = left / length;
            from = (from.0 + dx * share, from.1 + dy * share);
            if index % 2 == 0 {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            index += 1;
            left = dash[index % dash.len()];
        }
        if index % 2 == 0 {
            piece.push(to);
        }
    }
    pieces.push(piece);
    pieces
}

/// Renderer of shapes on one kind of surface.
struct Pen<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    theme: Theme,
    scale: f64,
    /// Size given to `plotters` for an em.
    size_per_em: f64,
    /// Distance of the baseline below the upper edge in `plotters`, in ems.
    drop_per_em: f64,
    /// Whether lines are drawn segment by segment: the bitmap backend's joints of noisy lines have spikes.
    piecewise: bool,
}

type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

impl<DB: DrawingBackend> Pen<'_, DB> {
    fn draw(&self, canvas: &Canvas) -> Drawn<DB> {
        self.area.fill(&self.theme.rgb(Colour::Paper))?;
        for shape in &canvas.shapes {
            match shape {
                Shape::Line { points, colour, width } => self.line(points, *colour, *width)?,
                Shape::Area { points, colour, opacity } => {
                    let points: Vec<_> = points.iter().map(|point| self.pixel(*point)).collect();
                    self.area.draw(&Polygon::new(points, self.theme.rgb(*colour).mix(*opacity).filled()))?;
                }
                Shape::Disc { at, radius, colour } => {
                    self.area.draw(&Circle::new(
                        self.pixel(*at),
                        radius * self.scale,
                        self.theme.rgb(*colour).filled(),
                    ))?;
                }
                Shape::Text(text) => self.text(text)?,
            }
        }
        self.area.present()
    }

    fn pixel(&self, (x, y): Point) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn line(&self, points: &[Point], colour: Colour, width: f64) -> Drawn<DB> {
        let points = points.iter().map(|point| self.pixel(*point)).collect::<Vec<_>>();
        let (width, colour) = ((width * self.scale).round(), self.theme.rgb(colour));
        let style = colour.stroke_width(width as u32);
        if !self.piecewise {
            return self.area.draw(&PathElement::new(points, style));
        }
        for pair in points.windows(2).filter(|pair| pair[0] != pair[1]) {
            self.area.draw(&PathElement::new(pair, style))?;
        }
        let joints = points.iter().skip(1).take(points.len().saturating_sub(2));
        joints.copied().try_for_each(|joint| self.area.draw(&Circle::new(joint, width / 2.0, colour.filled())))
    }

    fn text(&self, text: &Text) -> Drawn<DB> {
        let em = text.size * self.scale;
        let align = match text.align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let drop = self.drop_per_em * text.size;
        let (turn, at) = match text.upwards {
            true => (FontTransform::Rotate270, (text.at.0 - drop, text.at.1)),
            false => (FontTransform::None, (text.at.0, text.at.1 - drop)),
        };
        let font = (FAMILY, em * self.size_per_em, style_of(text.bold)).into_font().transform(turn);
        let colour = self.theme.rgb(text.colour);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(align, VPos::Top));
        self.area.draw(&plotters::element::Text::new(text.text.as_str(), self.pixel(at), style))
    }
}
