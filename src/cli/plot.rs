//! `peerlab plot`: the charts again, without simulating.

use super::arguments::{Plot, Scale};
use super::failure::Failure;
use super::print;
use crate::report::chart::{self, Look, Options};

pub fn plot(arguments: Plot) -> Result<(), Failure> {
    let Plot { dir, x, y, by, log, size, theme } = arguments;
    let options = Options { x, y, by, log_x: log.contains(&Scale::X), log_y: log.contains(&Scale::Y) };
    let names = chart::plot(&dir, &options, Look { size, theme })?;
    let charts = dir.join("charts");
    print::output(&format!("{} charts (SVG and PNG): {}\n", names.len(), charts.display()))
}
