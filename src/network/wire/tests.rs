use super::*;

const HOP: Duration = Duration::from_millis(50);

fn plan() -> NetworkPlan {
    NetworkPlan {
        latency: Latency::Constant(HOP),
        floor: Duration::ZERO,
        jitter: 0.0,
        inflation: None,
        diurnal: None,
        loss: 0.0,
        burst: None,
        access: None,
        nat: None,
    }
}

fn network(plan: &NetworkPlan, servers: &[Access]) -> Network {
    Network::new(plan, &Streams::new(1), &Machines::alike(4, servers))
}

const fn at(micros: u64) -> Time {
    Time::from_nanos(micros * 1000)
}

/// When a packet reaches its receiver, after its wait in the uplink's queue if it has one.
fn send(network: &mut Network, now: Time, (from, to): (u32, u32), bytes: u32, noise: &mut Noise) -> Result<Time, Loss> {
    match network.depart(now, from, to, bytes, noise)? {
        Departure::Arrives(at) => Ok(at),
        Departure::Waits(left) => network.carry(left, from, to, bytes, noise),
    }
}

#[test]
fn without_links_a_packet_takes_the_propagation_delay_and_no_state_is_kept() {
    let mut network = network(&plan(), &[]);
    let arrival = send(&mut network, at(0), (0, 1), u32::MAX, &mut Noise::new(1));
    assert_eq!(arrival, Ok(Time::ZERO + HOP));
    assert_eq!(network.arrive(arrival.unwrap(), 1, u32::MAX), arrival);
    assert_eq!(
        (network.delay(at(0), 0, 1), network.delay(at(0), 1, 1), network.heap_bytes()),
        (HOP, Duration::ZERO, 0)
    );
}

#[test]
fn jitter_keeps_the_mean_and_has_the_deviation_asked_for() {
    let mut network = network(&NetworkPlan { jitter: 0.4, ..plan() }, &[]);
    let mut noise = Noise::new(1);
    let mut factor = || send(&mut network, at(0), (0, 1), 100, &mut noise).unwrap().as_secs_f64() / HOP.as_secs_f64();
    let factors: Vec<f64> = (0..200_000).map(|_| factor()).collect();
    let mean = factors.iter().sum::<f64>() / 2e5;
    let variance = factors.iter().map(|f| (f - mean) * (f - mean)).sum::<f64>() / 2e5;
    let above = factors.iter().filter(|&&f| f > 1.0).count() as f64 / 2e5;
    assert!((mean - 1.0).abs() < 0.005, "mean {mean}");
    assert!((variance.sqrt() - 0.4).abs() < 0.002, "standard deviation {}", variance.sqrt());
    assert!((above - 0.5).abs() < 0.005, "two-sided: {above} above the mean");
    assert!(factors.iter().all(|&f| f > 0.0));
}

#[test]
fn the_factor_of_the_hour_holds_for_packets_and_for_the_delay_that_stretch_is_measured_against() {
    let mut factors = [1.0; 24];
    factors[7] = 2.0;
    let mut network = network(&NetworkPlan { diurnal: Some(Diurnal { factors, start_hour: 6 }), ..plan() }, &[]);
    let hour = Time::from_nanos(3_600_000_000_000);
    for (now, delay) in [(at(0), HOP), (hour, HOP + HOP), (hour + Duration::from_secs(3_600), HOP)] {
        assert_eq!(send(&mut network, now, (0, 1), 100, &mut Noise::new(1)), Ok(now + delay));
        assert_eq!(network.delay(now, 0, 1), delay);
    }
}

#[test]
fn inflated_pairs_and_bursts_of_loss_reach_the_packets() {
    let inflation = Some(Inflation { share: 1.0, factor: 3.0 });
    let burst = Some(Burst { mean_loss: 0.1, mean_burst: 4.0, loss_good: 0.0, loss_bad: 1.0 });
    let mut network = network(&NetworkPlan { inflation, burst, ..plan() }, &[]);
    let mut noise = Noise::new(1);
    let fates: Vec<_> = (0..50_000).map(|_| send(&mut network, at(0), (0, 1), 100, &mut noise)).collect();
    let lost = fates.iter().filter(|fate| **fate == Err(Loss::Noise)).count();
    assert!((4_500..5_500).contains(&lost), "{lost} of 50,000 at 0.1");
    let runs = fates.chunk_by(|a, b| a.is_ok() == b.is_ok()).filter(|run| run[0].is_err()).count();
    assert!((lost as f64 / runs as f64 - 4.0).abs() < 0.4, "{lost} in {runs} bursts");
    assert!(fates.iter().flatten().all(|arrival| *arrival == Time::ZERO + HOP + HOP + HOP));
}

#[test]
fn packets_are_lost_at_the_rate_asked_for_and_with_its_cause() {
    let mut network = network(&NetworkPlan { loss: 0.1, ..plan() }, &[]);
    let mut noise = Noise::new(1);
    let sent = (0..100_000).map(|_| send(&mut network, at(0), (0, 1), 100, &mut noise));
    let lost = sent.filter(|fate| *fate == Err(Loss::Noise)).count();
    assert!((9_700..10_300).contains(&lost), "{lost} of 100,000 at 0.1");
}

#[test]
fn a_packet_to_oneself_takes_no_time_and_is_not_lost() {
    let access = Access { uplink: 8e6, downlink: 8e6, queue: 0 };
    let mut network = network(&NetworkPlan { loss: 1.0, access: Some(access), ..plan() }, &[]);
    assert_eq!([0; 2].map(|_| send(&mut network, at(9), (2, 2), 1000, &mut Noise::new(1))), [Ok(at(9)); 2]);
}

#[test]
fn links_at_both_ends_add_up_and_queue() {
    // A byte takes 1 µs up and 0.5 µs down.
    let access = Access { uplink: 8e6, downlink: 16e6, queue: 1000 };
    let mut network = network(&NetworkPlan { access: Some(access), ..plan() }, &[]);
    let noise = &mut Noise::new(1);
    let alone = send(&mut network, at(0), (0, 3), 400, noise).unwrap();
    assert_eq!(alone, at(400) + HOP + Duration::from_nanos(200_000));
    let behind = send(&mut network, at(0), (0, 3), 400, noise).unwrap();
    assert_eq!(behind, at(800) + HOP + Duration::from_nanos(200_000));
    assert_eq!(send(&mut network, at(0), (0, 3), 400, noise), Err(Loss::UplinkQueue));
    let same_time = send(&mut network, at(0), (1, 3), 400, noise).unwrap();
    assert_eq!(same_time, alone, "another sender has its own uplink");

    assert_eq!(network.arrive(alone, 3, 400), Ok(alone));
    let second = network.arrive(same_time, 3, 400).unwrap();
    assert_eq!(second - same_time, Duration::from_nanos(200_000), "waited for the first");
    assert_eq!(network.arrive(same_time, 3, 700), Err(Loss::DownlinkQueue));
    assert_eq!(network.arrive(behind, 3, 400), Ok(behind), "drained by then");
}

#[test]
fn what_waits_longer_than_a_moment_is_carried_when_it_leaves_and_goes_with_its_machine() {
    // A byte takes 1 µs.
    let access = Access { uplink: 8e6, downlink: f64::INFINITY, queue: u64::MAX };
    let mut network = network(&NetworkPlan { access: Some(access), ..plan() }, &[]);
    let noise = &mut Noise::new(1);
    let mut depart = |network: &mut Network, now, bytes| network.depart(now, 0, 1, bytes, noise);
    assert_eq!(depart(&mut network, at(0), 1000), Ok(Departure::Arrives(at(1000) + HOP)));
    assert_eq!(depart(&mut network, at(0), 500), Ok(Departure::Waits(at(1500))));
    assert_eq!((network.uplink_free_at(at(0), 0), network.uplink_free_at(at(2000), 0)), (at(1500), at(2000)));
    network.hang_up(at(200), 0);
    assert_eq!(network.uplink_free_at(at(200), 0), at(200));
    assert_eq!(depart(&mut network, at(300), 100), Ok(Departure::Arrives(at(400) + HOP)));
}

#[test]
fn a_server_has_its_own_link_beside_participants_without_one() {
    let server = Access { uplink: f64::INFINITY, downlink: 8e6, queue: u64::MAX };
    let mut network = network(&plan(), &[server]);
    let noise = &mut Noise::new(1);
    let there = send(&mut network, at(0), (0, 4), 100, noise).unwrap();
    assert_eq!(there, at(100) + HOP);
    assert_eq!(network.arrive(there, 4, 100), Ok(there));
    assert_eq!(network.arrive(there, 4, 100), Ok(there + Duration::from_nanos(100_000)));
    assert_eq!(send(&mut network, at(0), (4, 0), 100, noise), Ok(Time::ZERO + HOP));
    assert_eq!(network.arrive(Time::ZERO + HOP, 0, 100), Ok(Time::ZERO + HOP));
}

#[test]
fn no_delay_between_two_machines_is_below_the_floor_whatever_shortens_it() {
    let (low, floor) = (Duration::from_nanos(1_000), Duration::from_millis(2));
    let latency = Latency::Uniform { low, high: Duration::from_millis(4) };
    let slow = NetworkPlan { latency, floor, ..plan() };
    let diurnal = Some(Diurnal { factors: [0.5; 24], start_hour: 0 });
    for plan in [slow.clone(), NetworkPlan { jitter: 0.4, ..slow.clone() }, NetworkPlan { diurnal, ..slow }] {
        let mut network = Network::new(&plan, &Streams::new(1), &Machines::alike(60, &[]));
        let mut noise = Noise::new(1);
        let pairs = (0..60).flat_map(|a| (0..60).map(move |b| (a, b))).filter(|(a, b)| a != b);
        let mut at_floor = 0;
        for (a, b) in pairs {
            let arrival = send(&mut network, at(0), (a, b), 100, &mut noise).unwrap();
            assert!(arrival >= Time::ZERO + floor && network.delay(at(0), a, b) >= floor);
            at_floor += u32::from(arrival == Time::ZERO + floor);
        }
        assert!(at_floor >= 1_000, "{at_floor} of 3,540 are lifted to it");
        assert_eq!(send(&mut network, at(0), (7, 7), 100, &mut noise), Ok(Time::ZERO), "nobody is away from itself");
        assert_eq!(network.delay(at(0), 7, 7), Duration::ZERO);
    }
}
