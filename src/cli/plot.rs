//! `peerlab plot`: the charts again, without simulating.

use super::arguments::{Plot, Scale};
use super::failure::Failure;
use super::{output, print};
use crate::report::CHARTS;
use crate::report::chart::{self, Look, Options};

pub fn plot(arguments: Plot) -> Result<(), Failure> {
    let Plot { dir, out, force, x, y, by, log, size, theme } = arguments;
    if let (Some(out), false) = (&out, force) {
        output::refuse_charts(out, &dir)?;
    }
    let options = Options { x, y, by, log_x: log.contains(&Scale::X), log_y: log.contains(&Scale::Y) };
    let names = chart::plot(&dir, out.as_deref(), &options, Look { size, theme })?;
    let charts = out.unwrap_or_else(|| dir.join(CHARTS));
    let plural = if names.len() == 1 { "" } else { "s" };
    print::output(&format!("{} chart{plural} (SVG and PNG): {}\n", names.len(), charts.display()))
}
