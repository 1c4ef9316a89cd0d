//! Any text as a file of who comes and goes, and of who asks for what: right, or refused. The last byte says what is known of who
//! there is, and when time zero is.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use peerlab::engine::{Duration, Time};
use peerlab::population::Trace;
use peerlab::population::requests::{self, Limits};
use peerlab::population::trace::Bounds;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, text)) = bytes.split_last() else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    let (start, length) = (Duration::from_secs(u64::from(how >> 1) * 1_000), Duration::from_secs(10_000));
    let latest = Time::ZERO + length;
    let bounds = Bounds { participants: (how & 1 == 1).then_some(4), start, latest };
    let trace = Trace::parse(Path::new("data"), text, bounds).ok();
    if let Some(trace) = &trace {
        let online = trace.online_mean(latest);
        assert!((0.0..=f64::from(trace.participants())).contains(&online), "{online}");
        let excerpt = trace.excerpt(Time::ZERO + length.mul_f64(0.3), length.mul_f64(0.5), 2);
        assert!(excerpt.participants() <= trace.participants());
    }
    let names = trace.map(Arc::new);
    let limits = Limits { participants: 4, names, resources: 9, largest_value: 1 << 31, start, end: latest };
    if let Ok(requests) = requests::parse(Path::new("data"), text, &limits) {
        assert!(requests.list.iter().all(|request| request.at <= latest));
    }
});
