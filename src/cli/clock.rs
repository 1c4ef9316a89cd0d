//! Measurement of time and memory: the only place that reads the wall clock. No result depends on it; see `timing.rs`.

use std::fs;
use std::time::Instant;

use serde::Serialize;

/// Stopwatch for work on one thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch {
    wall: Instant,
    cpu: Option<u64>,
}

/// Time spent in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Cost {
    pub wall_s: f64,
    /// Processor time; `None` if the system does not provide it.
    pub cpu_s: Option<f64>,
}

impl Cost {
    /// Processor time, or wall time if the system does not provide it.
    pub(super) fn seconds(self) -> f64 {
        self.cpu_s.unwrap_or(self.wall_s)
    }
}

impl Stopwatch {
    pub(super) fn start() -> Stopwatch {
        Stopwatch { wall: Instant::now(), cpu: thread_cpu_ns() }
    }

    /// Wall seconds since the start; on any thread.
    pub(super) fn wall_s(&self) -> f64 {
        self.wall.elapsed().as_secs_f64()
    }

    /// Time since the start; to be called on the thread that started it.
    pub(super) fn stop(&self) -> Cost {
        let cpu = self.cpu.zip(thread_cpu_ns()).map(|(before, now)| now.saturating_sub(before));
        Cost { wall_s: self.wall_s(), cpu_s: cpu.map(|ns| ns as f64 / 1e9) }
    }
}

/// Processor time of this thread in nanoseconds, on Linux.
pub(super) fn thread_cpu_ns() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// Peak memory of the process in bytes, on Linux.
pub(super) fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
