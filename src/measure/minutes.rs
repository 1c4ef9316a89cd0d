//! What servers carry in each minute of the measurement, from which follows what a server costs: bandwidth is billed by the
//! 95th percentile of short intervals, and machines are bought for the peak.

use super::catalogue::Figures;
use super::metrics::Metrics;
use super::outcome::{quantile, sorted};
use super::results::Facts;
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

    /// What peers and servers move, and what servers cost.
    pub fn report_sides(&self, facts: &Facts, figures: &mut Figures) {
        let (peers, servers) =
            self.carried[..self.hosts.machines() as usize].split_at(self.hosts.participants() as usize);
        figures.set("peers_bytes_total", peers.iter().map(|carried| carried.moved()).sum::<u64>() as f64);
        let Some(minutes) = &self.minutes else { return };
        figures.set("server_bytes_total", servers.iter().map(|carried| carried.moved()).sum::<u64>() as f64);
        let measured = facts.now.since(self.began);
        let peak = |counts: &[u64]| {
            // Whole minutes, those without a packet too; of a shorter measurement what there is.
            let whole = (measured.as_nanos() / MINUTE.as_nanos()) as usize;
            let length = if whole == 0 { measured } else { MINUTE };
            let counts = (0..whole.max(1)).map(|minute| counts.get(minute).copied().unwrap_or(0));
            let rates = counts.map(|count| count as f64 / length.as_secs_f64());
            let rates = sorted(rates.collect::<Vec<f64>>());
            quantile(&rates, BILLED)
        };
        figures.set_some("server_peak_bytes_per_s", peak(&minutes.bytes));
        let workers = peak(&minutes.requests).map(|rate| (rate * minutes.service / BUSY).ceil());
        figures.set_some("server_workers_needed", workers.filter(|workers| workers.is_finite()));
        figures.set("server_failures", minutes.failures as f64);
        let expected = minutes.failures_per_s.map(|rate| rate * measured.as_secs_f64());
        figures.set_some("server_failures_expected", expected);
    }
}
