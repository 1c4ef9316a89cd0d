//! Draws the table of `scripts/scaling`, which calls this: `scaling TABLE SUBTITLE DIRECTORY`.

use std::error::Error;
use std::path::Path;

use peerlab::report::chart;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, subtitle, directory] = &arguments[..] else {
        return Err("scaling TABLE SUBTITLE DIRECTORY: see scripts/scaling".into());
    };
    Ok(chart::scaling(Path::new(table), subtitle, Path::new(directory))?)
}
