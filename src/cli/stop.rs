//! Signals: the first ends the runs, and finished ones are kept; the second ends the process.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::failure::{Code, Failure};

/// Signals that end runs, with the exit codes of shells.
const SIGNALS: &[(i32, Code)] = &[
    (SIGINT, Code::Interrupted),
    (SIGTERM, Code::Terminated),
    #[cfg(unix)]
    (signal_hook::consts::SIGHUP, Code::HungUp),
];

/// State of received signals.
#[derive(Debug, Default)]
pub(super) struct Stop {
    flag: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// Starts to catch signals, except those that the parent process has set to be ignored (`nohup`).
    ///
    /// # Errors
    /// If the system does not permit this.
    pub(super) fn on_signals() -> Result<&'static Stop, Failure> {
        static STOP: OnceLock<Stop> = OnceLock::new();
        if let Some(stop) = STOP.get() {
            return Ok(stop);
        }
        let stop = Stop::default();
        stop.catch().map_err(|error| Failure::new(Code::File, format!("cannot catch signals: {error}")))?;
        Ok(STOP.get_or_init(|| stop))
    }

    fn catch(&self) -> io::Result<()> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        for (signal, code) in SIGNALS.iter().filter(|(signal, _)| !is_ignored(*signal, &status)) {
            flag::register_conditional_shutdown(*signal, i32::from(*code as u8), Arc::clone(&self.flag))?;
            flag::register_usize(*signal, Arc::clone(&self.signal), *signal as usize)?;
            flag::register(*signal, Arc::clone(&self.flag))?;
        }
        Ok(())
    }

    /// Flag that is true after the first signal.
    pub(super) fn flag(&self) -> &AtomicBool {
        &self.flag
    }

    /// Exit code of a stopped command.
    pub(super) fn code(&self) -> Code {
        let signal = self.signal.load(Ordering::Relaxed);
        SIGNALS.iter().find(|(known, _)| *known as usize == signal).map_or(Code::Interrupted, |(_, code)| *code)
    }
}

/// Whether a process ignores a signal, by its `/proc/self/status`; false if there is none.
fn is_ignored(signal: i32, status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_ignored_from_the_start_stays_so() {
        let status = "Name:\tpeerlab\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(1, status) && !is_ignored(2, status) && is_ignored(13, status));
        assert!(!is_ignored(1, ""));
    }
}
