//! Any bytes as the runs of results: drawn, or refused. The last byte says which metric, and on which scales.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use peerlab::report::chart::{self, Look, Options};

const METRICS: [&str; 4] = ["lookup_correct_ratio", "bytes_total", "lookup_latency_mean_ms", "lookups"];

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_last() else { return };
    let home = tempfile::tempdir().expect("there is room");
    for (name, bytes) in [("manifest.json", &b"{}"[..]), ("runs.csv", bytes)] {
        fs::write(home.path().join(name), bytes).expect("there is room");
    }
    let y = vec![METRICS[usize::from(how & 3)].to_owned()];
    let options = Options { y, log_x: how & 4 != 0, log_y: how & 8 != 0, ..Options::default() };
    // As small as can be: what takes long is a picture.
    let look = Look { size: "480x360".parse().ok(), ..Look::default() };
    drop(chart::plot(home.path(), None, &options, look));
});
