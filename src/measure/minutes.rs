//! What servers carry in each minute of the measurement, from which follows what a server costs: bandwidth is billed by the
//! 95th percentile of short intervals, and machines are bought for the peak.

use super::metrics::Metrics;
use super::outcome::{quantile, sorted};
use crate::engine::{Duration, Time};
use crate::model::NodeId;
use crate::overlay::Server;

const MINUTE: Duration = Duration::from_secs(60);
/// The quantile that counts.
const BILLED: f64 = 0.95;
/// How busy workers may be, so that few requests wait.
const BUSY: f64 = 0.7;

/// Bytes and requests at all servers, by minute of the measurement.
#[derive(Debug)]
pub struct Minutes {
    bytes: Vec<u64>,
    requests: Vec<u64>,
    /// Mean time to serve a request, in seconds.
    service: f64,
    /// Failures per second of all servers together.
    failures_per_s: Option<f64>,
    /// Times that a server went down.
    failures: u64,
}

impl Minutes {
    pub fn new(servers: &[Server]) -> Minutes {
        let count = servers.len() as f64;
        let of_each = servers[0].failures;
        let failures_per_s = of_each.map(|(between, repair)| count / (between + repair).as_secs_f64());
        let (bytes, requests, failures) = (Vec::new(), Vec::new(), 0);
        Minutes { bytes, requests, service: servers[0].service.mean(), failures_per_s, failures }
    }

    /// Times that a server went down.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Failures to be expected in a measurement of this length; `None`: the servers never fail.
    pub fn failures_expected(&self, measured: Duration) -> Option<f64> {
        self.failures_per_s.map(|rate| rate * measured.as_secs_f64())
    }

    /// The rate of bytes that is billed for.
    pub fn peak_bytes_per_s(&self, measured: Duration) -> Option<f64> {
        peak(&self.bytes, measured)
    }

    /// The workers that the peak of requests takes.
    pub fn workers_needed(&self, measured: Duration) -> Option<f64> {
        let workers = (peak(&self.requests, measured)? * self.service / BUSY).ceil();
        Some(workers).filter(|workers| workers.is_finite())
    }
}

/// The quantile that counts of the rates of the minutes of a measurement.
fn peak(counts: &[u64], measured: Duration) -> Option<f64> {
    // Whole minutes, those without a packet too; of a shorter measurement what there is.
    let whole = (measured.as_nanos() / MINUTE.as_nanos()) as usize;
    let length = if whole == 0 { measured } else { MINUTE };
    let counts = (0..whole.max(1)).map(|minute| counts.get(minute).copied().unwrap_or(0));
    quantile(&sorted(counts.map(|count| count as f64 / length.as_secs_f64())), BILLED)
}

impl Metrics {
    /// Metrics that count what these servers carry by the minute, if there are any.
    pub fn with_servers(self, servers: &[Server]) -> Metrics {
        Metrics { minutes: (!servers.is_empty()).then(|| Box::new(Minutes::new(servers))), ..self }
    }

    /// A server has sent or received so many bytes, of a request or not; any other machine does not count.
    #[inline(always)]
    pub fn carried_by_server(&mut self, at: Time, node: NodeId, bytes: u64, request: bool) {
        if self.minutes.is_some() && self.measuring && self.hosts.is_server(node) {
            self.count_minute(at, bytes, request);
        }
    }

    #[inline(never)]
    fn count_minute(&mut self, at: Time, bytes: u64, request: bool) {
        let minute = (at.since(self.began).as_nanos() / MINUTE.as_nanos()) as usize;
        let minutes = self.minutes.as_mut().expect("there are servers");
        if minutes.bytes.len() <= minute {
            minutes.bytes.resize(minute + 1, 0);
            minutes.requests.resize(minute + 1, 0);
        }
        minutes.bytes[minute] += bytes;
        minutes.requests[minute] += u64::from(request);
    }

    pub fn server_went_down(&mut self) {
        if let Some(minutes) = self.minutes.as_mut().filter(|_| self.measuring) {
            minutes.failures += 1;
        }
    }

    /// The servers' workers × the nanoseconds that they were up in the measurement.
    pub fn worker_ns(&self, workers: &[u32]) -> u128 {
        let servers = &self.machines[self.hosts.participants() as usize..self.hosts.machines() as usize];
        let up = servers.iter().map(|server| u128::from(server.online().as_nanos()));
        up.zip(workers).map(|(up, &workers)| up * u128::from(workers)).sum()
    }
}
