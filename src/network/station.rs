//! Service station: the request queue of a machine, as a pure value.
//!
//! First come, first served, by a number of workers, with a queue of bounded length. The station knows the jobs in
//! service and in the queue; the caller schedules the events at `done` and counts waiting and busy time.

use std::collections::VecDeque;

use crate::engine::{Duration, Law, Time};

/// Processor of a machine: service time, workers, queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Processor {
    /// Service time of one request, in seconds.
    pub service: Law,
    /// Number of workers, at least one.
    pub workers: u32,
    /// Queue capacity, jobs in service not counted; `u32::MAX` for no limit.
    pub waiting: u32,
}

/// Station that serves jobs `J`. 32 bytes and a job for each that waits.
#[derive(Clone, Debug)]
pub struct Station<J> {
    workers: u32,
    busy: u32,
    limit: u32,
    waiting: VecDeque<Waiting<J>>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting<J> {
    job: J,
    service: Duration,
    since: Time,
}

/// Result of offering a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Started at once by a free worker, until `done`. Call [`Station::finish`] then.
    Started { done: Time },
    /// Queued, until some [`Station::finish`] starts it.
    Waiting,
    /// Refused: the queue is full.
    Refused,
}

/// Job taken from the queue into service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started<J> {
    pub job: J,
    /// Waiting time before service.
    pub waited: Duration,
    /// End of service. Call [`Station::finish`] then.
    pub done: Time,
}

impl<J: Copy> Station<J> {
    /// Idle station with `workers`, at least one, and a queue for `queue_limit` jobs, those in service not counted
    /// (`u32::MAX`: no limit).
    pub fn new(workers: u32, queue_limit: u32) -> Station<J> {
        assert!(workers > 0, "nobody works at this station");
        Station { workers, busy: 0, limit: queue_limit, waiting: VecDeque::new() }
    }

    /// Offers a job with a service time.
    pub fn offer(&mut self, now: Time, job: J, service: Duration) -> Offer {
        if self.busy < self.workers {
            self.busy += 1;
            return Offer::Started { done: now + service };
        }
        if self.waiting.len() >= self.limit as usize {
            return Offer::Refused;
        }
        self.waiting.push_back(Waiting { job, service, since: now });
        Offer::Waiting
    }

    /// Finishes a job at `now`: its worker takes the job that has waited longest, if any.
    ///
    /// Panics if none is in service: the caller forgot to drop its events after [`Station::clear`].
    pub fn finish(&mut self, now: Time) -> Option<Started<J>> {
        assert!(self.busy > 0, "a job is done at a station where none is in service");
        let Some(next) = self.waiting.pop_front() else {
            self.busy -= 1;
            return None;
        };
        Some(Started { job: next.job, waited: now - next.since, done: now + next.service })
    }

    /// Drops all jobs, in service and waiting, when the machine goes offline; times given before are void. Returns the
    /// number of those in service.
    pub fn clear(&mut self) -> u32 {
        self.waiting.clear();
        std::mem::take(&mut self.busy)
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use super::*;
    use crate::engine::{Noise, Source};

    const fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    /// Exponential with this mean in seconds.
    fn exponential(noise: &mut Noise, mean: f64) -> Duration {
        Duration::from_secs_f64(-mean * libm::log(noise.unit_above_zero()))
    }

    /// Poisson arrivals at load `rho` per worker of a station with a mean service time of 1 s: the mean wait in seconds
    /// and the share that waits at all.
    fn simulate(workers: u32, rho: f64, jobs: u32, service: impl Fn(&mut Noise) -> Duration) -> (f64, f64) {
        let mut noise = Noise::new(7);
        let mut station = Station::new(workers, u32::MAX);
        let mut dones: BinaryHeap<Reverse<Time>> = BinaryHeap::new();
        let (mut now, mut waits, mut total) = (Time::ZERO, 0, 0.0);
        for job in 0..jobs {
            now += exponential(&mut noise, 1.0 / (rho * f64::from(workers)));
            while let Some(&Reverse(done)) = dones.peek().filter(|done| done.0 <= now) {
                dones.pop();
                if let Some(next) = station.finish(done) {
                    total += next.waited.as_secs_f64();
                    dones.push(Reverse(next.done));
                }
            }
            match station.offer(now, job, service(&mut noise)) {
                Offer::Started { done } => dones.push(Reverse(done)),
                Offer::Waiting => waits += 1,
                Offer::Refused => panic!("the waiting room has no limit"),
            }
        }
        (total / f64::from(jobs), f64::from(waits) / f64::from(jobs))
    }

    fn assert_within_3_percent(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 0.03, "{found} instead of {expected}");
    }

    #[test]
    fn exponential_service_waits_as_m_m_1() {
        // ρ/(μ − λ) with μ = 1
        for (rho, jobs) in [(0.5, 300_000), (0.8, 1_300_000)] {
            let (wait, share) = simulate(1, rho, jobs, |noise| exponential(noise, 1.0));
            assert_within_3_percent(wait, rho / (1.0 - rho));
            assert_within_3_percent(share, rho);
        }
    }

    #[test]
    fn constant_service_waits_as_m_d_1() {
        // ρ/(2μ(1 − ρ))
        for (rho, jobs) in [(0.5, 300_000), (0.8, 1_300_000)] {
            let (wait, _) = simulate(1, rho, jobs, |_| Duration::from_secs(1));
            assert_within_3_percent(wait, rho / (2.0 * (1.0 - rho)));
        }
    }

    #[test]
    fn two_workers_wait_as_erlang_c_says() {
        // P(wait) = 2ρ²/(1 + ρ), mean wait P/(2μ − λ)
        let (wait, share) = simulate(2, 0.8, 1_300_000, |noise| exponential(noise, 1.0));
        assert_within_3_percent(share, 0.7111);
        assert_within_3_percent(wait, 0.7111 / 0.4);
    }

    #[test]
    fn jobs_are_served_in_the_order_of_arrival_and_refused_when_the_room_is_full() {
        let mut station = Station::new(1, 2);
        let second = Duration::from_secs(1);
        assert_eq!(station.offer(at(0), 'a', second), Offer::Started { done: at(1000) });
        assert_eq!(station.offer(at(100), 'b', second), Offer::Waiting);
        assert_eq!(station.offer(at(200), 'c', second), Offer::Waiting);
        assert_eq!(station.offer(at(300), 'd', second), Offer::Refused);
        let next = Started { job: 'b', waited: Duration::from_millis(900), done: at(2000) };
        assert_eq!(station.finish(at(1000)), Some(next));
        assert_eq!(station.offer(at(1500), 'e', second), Offer::Waiting, "one place was free again");
        assert_eq!(station.finish(at(2000)).unwrap().job, 'c');
        assert_eq!(station.finish(at(3000)).unwrap().job, 'e');
        assert_eq!(station.finish(at(4000)), None);
        assert_eq!(station.offer(at(5000), 'f', second), Offer::Started { done: at(6000) });
    }

    #[test]
    fn without_a_waiting_room_a_busy_station_refuses() {
        let mut station = Station::new(2, 0);
        assert_eq!(station.offer(at(0), 1, Duration::ZERO), Offer::Started { done: at(0) });
        assert_eq!(station.offer(at(0), 2, Duration::ZERO), Offer::Started { done: at(0) });
        assert_eq!(station.offer(at(0), 3, Duration::ZERO), Offer::Refused);
    }

    #[test]
    fn after_a_failure_the_station_is_idle_again() {
        let mut station = Station::new(1, 8);
        station.offer(at(0), 'a', Duration::from_secs(1));
        station.offer(at(0), 'b', Duration::from_secs(1));
        assert_eq!(station.clear(), 1, "the other waits");
        assert_eq!(station.offer(at(1), 'c', Duration::from_secs(1)), Offer::Started { done: at(1001) });
        assert_eq!(station.finish(at(1001)), None);
    }
}
