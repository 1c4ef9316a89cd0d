//! Requested size of a chart.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// Width and height in logical pixels: the nominal size of an SVG; a PNG has twice as many each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// Smallest size: with less, the labels of the axes do not fit.
const SMALLEST: Size = Size { width: 480, height: 360 };
/// Largest side, more than any page or screen; a PNG is drawn at six times as many pixels each way, in memory.
const LARGEST: u32 = 2_000;

const WIDTHS: RangeInclusive<u32> = SMALLEST.width..=LARGEST;
const HEIGHTS: RangeInclusive<u32> = SMALLEST.height..=LARGEST;

impl FromStr for Size {
    type Err = String;

    /// Parses `WIDTHxHEIGHT`, from 480x360 to 2000x2000.
    fn from_str(text: &str) -> Result<Size, String> {
        let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        let size = sides.map(|(width, height)| Size { width, height });
        size.filter(|size| WIDTHS.contains(&size.width) && HEIGHTS.contains(&size.height)).ok_or_else(|| {
            let Size { width, height } = SMALLEST;
            format!("write WIDTHxHEIGHT, from {width}x{height} to {LARGEST}x{LARGEST}, as in 960x540")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_numbers_within_what_can_be_read_and_drawn() {
        assert_eq!("960x540".parse(), Ok(Size { width: 960, height: 540 }));
        assert!("480x360".parse::<Size>().is_ok() && "2000x2000".parse::<Size>().is_ok());
        for wrong in ["960", "960x", "x540", "960X540", "479x360", "480x359", "2001x540", "960x-540", "96e1x540", ""] {
            let message = wrong.parse::<Size>().expect_err(wrong);
            assert_eq!(message, "write WIDTHxHEIGHT, from 480x360 to 2000x2000, as in 960x540", "{wrong}");
        }
    }
}
