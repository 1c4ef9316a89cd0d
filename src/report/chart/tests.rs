//! Charts of made-up results: what is there, that nothing overlaps, and that wrong options say what would be right.

use super::canvas::{Align, Shape, Text, text_width};
use super::*;
use crate::report::csv::{Extra, write};
use crate::report::example;

fn results(runs: &[example::Run]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &example::rows(runs), Extra::default()).unwrap();
    home
}

#[test]
fn look() {
    let out = PathBuf::from("/tmp/w/report-charts");
    for (name, runs) in [("single", example::single()), ("sweep", example::sweep(&[0.125, 0.25, 0.5, 1.0, 2.0], 5))] {
        let dir = out.join(name);
        std::fs::create_dir_all(&dir).unwrap();
        write(&dir, &example::rows(&runs), Extra::default()).unwrap();
        println!("{:?}", plot(&dir, &Options::default()).unwrap());
    }
}
