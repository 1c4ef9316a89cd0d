//! Check of the memory of runs against that of the machine, or of its container.

use std::path::Path;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::failure::{Code, Failure};
use crate::engine::Size;
use crate::report::number::bytes;

/// Largest memory of concurrent runs, with `threads` at a time.
pub(super) fn at_once(runs: impl Iterator<Item = f64>, threads: usize) -> f64 {
    let mut needs: Vec<f64> = runs.collect();
    needs.sort_by(|a, b| b.total_cmp(a));
    needs.iter().take(threads).sum()
}

/// Compares the memory of concurrent runs in bytes, `at least` or `about`, with the limit `most`, or otherwise with the
/// available memory. A warning from half of that on.
///
/// # Errors
/// If it is more.
pub(super) fn enough(scenario: &Path, how: &str, need: f64, most: Option<Size>) -> Result<Option<String>, Failure> {
    let (there, whose) = match most {
        Some(Size(most)) => (most, "--max-memory allows"),
        None => (of_machine(), "there are"),
    };
    let message = format!(
        "{}: the runs need {how} {} of memory, and {whose} {}",
        scenario.display(),
        bytes(need),
        bytes(there as f64)
    );
    let help = "simulate fewer participants or resources, or fewer runs at once (--threads 1)";
    if need > there as f64 {
        let more = if most.is_none() { ", or say what may be used with --max-memory" } else { "" };
        return Err(Failure::new(Code::Wrong, format!("{message}\n  = help: {help}{more}")));
    }
    Ok((need > there as f64 / 2.0).then(|| format!("warning: {message}\n  = help: {help}\n")))
}

/// Memory of the machine in bytes, or of its container if that has less.
fn of_machine() -> u64 {
    let system =
        System::new_with_specifics(RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()));
    let container = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    match system.total_memory().min(container) {
        0 => u64::MAX, // it does not say
        bytes => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_runs_as_there_are_threads_need_memory_at_once() {
        let needs = || [1.0, 5.0, 2.0, 4.0].into_iter();
        assert_eq!([1, 2, 3, 8].map(|threads| at_once(needs(), threads)), [5.0, 9.0, 11.0, 12.0]);
    }

    #[test]
    fn more_than_there_is_is_refused_and_more_than_half_is_warned_of() {
        let held = |need: f64| enough("s.toml".as_ref(), "about", need, Some(Size(1_000_000)));
        assert_eq!(held(5e5), Ok(None));
        let warning = held(6e5).unwrap().unwrap();
        assert!(
            warning.starts_with("warning: s.toml: the runs need about 600 kB of memory, and --max-memory allows 1 MB"),
            "{warning}"
        );
        let refused = held(1.1e6).unwrap_err();
        assert!(refused.code == Code::Wrong && refused.text.starts_with("error: s.toml: the runs need about 1.10 MB"));
        assert!(of_machine() > 1 << 20);
    }
}
