//! `peerlab plot`: redraws charts without simulating.

use super::arguments::{Plot, Scale};
use super::failure::Failure;
use super::{output, print};
use crate::report::CHARTS;
use crate::report::chart::{self, Look, Options};
use crate::report::number::count;

pub(super) fn plot(arguments: Plot) -> Result<(), Failure> {
    let Plot { dir, out, force, x, y, by, log, size, theme } = arguments;
    if let (Some(out), false) = (&out, force) {
        output::refuse_charts(out, &dir)?;
    }
    let options = Options { x, y, by, log_x: log.contains(&Scale::X), log_y: log.contains(&Scale::Y) };
    let names = chart::plot(&dir, out.as_deref(), &options, Look { size, theme })?;
    let charts = out.unwrap_or_else(|| dir.join(CHARTS));
    print::output(&format!("{} (SVG and PNG): {}\n", count(names.len(), "chart"), charts.display()))
}
