//! Any bytes as the runs of results: drawn, or refused.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use peerlab::report::chart::{self, Look, Options};

fuzz_target!(|bytes: &[u8]| {
    let home = tempfile::tempdir().expect("there is room");
    for (name, bytes) in [("manifest.json", &b"{}"[..]), ("runs.csv", bytes)] {
        fs::write(home.path().join(name), bytes).expect("there is room");
    }
    drop(chart::plot(home.path(), None, &Options::default(), Look::default()));
});
