use super::*;

const MINUTE: u64 = 60_000_000_000;
const SERVER: u32 = 2;

fn at(nanos: u64) -> Time {
    Time::from_nanos(nanos)
}

/// Machine 0 of one class, machine 1 of another, and an open server, machine 2.
fn pair(one: NatClass, other: NatClass) -> Nats {
    let mut nats = alike(&plan(NatClass::Open), &Streams::new(1), 2, 1);
    for (machine, class) in [(0, one), (1, other)] {
        nats.classes[machine] = class;
        if class != NatClass::Open {
            nats.of[machine] = nats.tables.len() as u32;
            nats.tables.push(Table::new(class, NatPlan::LIFETIME, NatPlan::SESSIONS, false));
        }
    }
    nats
}

/// Participants all in one class.
fn plan(class: NatClass) -> NatPlan {
    let mut shares = [0.0; 7];
    shares[class as usize] = 1.0;
    let lifetimes = [NatPlan::LIFETIME; 7];
    NatPlan { shares, regions: Vec::new(), lifetimes, carrier: None, sessions: NatPlan::SESSIONS }
}

/// Equal shares for all.
fn alike(plan: &NatPlan, streams: &Streams, participants: usize, servers: u32) -> Nats {
    Nats::new(plan, streams, &vec![&plan.shares; participants], servers)
}

impl Nats {
    /// The endpoint under which an open server sees `machine` at `now`.
    fn seen(&mut self, now: Time, machine: u32) -> Endpoint {
        self.depart(now, machine, Endpoint { address: SERVER, port: 0 }, Wire::Datagram)
            .unwrap_or(self.unmapped(machine))
    }
}

#[test]
fn boxes_have_the_rules_of_their_class() {
    let rules = |class: NatClass| (class.mapping(), class.filtering());
    assert_eq!(rules(NatClass::FullCone), (Mapping::EndpointIndependent, Filtering::EndpointIndependent));
    assert_eq!(rules(NatClass::Restricted), (Mapping::EndpointIndependent, Filtering::AddressDependent));
    assert_eq!(rules(NatClass::PortRestricted), (Mapping::EndpointIndependent, Filtering::EndpointDependent));
    assert_eq!(rules(NatClass::Symmetric), (Mapping::EndpointDependent, Filtering::EndpointDependent));
    assert_eq!(rules(NatClass::Firewall), (Mapping::None, Filtering::EndpointDependent));
}

#[test]
fn a_mapping_lives_as_long_as_something_leaves_through_it_and_what_arrives_does_not_refresh_it() {
    let mut nats = pair(NatClass::FullCone, NatClass::Open);
    let mapped = nats.seen(at(0), 0);
    let outside = nats.unmapped(1);
    for now in [MINUTE, 2 * MINUTE - 1] {
        assert_eq!(nats.arrive(at(now), 0, mapped, outside, Wire::Datagram), Ok(()));
    }
    assert_eq!(
        nats.arrive(at(2 * MINUTE), 0, mapped, outside, Wire::Datagram),
        Err(Loss::Nat),
        "it was only arrived at since"
    );
    assert_eq!(nats.seen(at(MINUTE), 0), mapped, "refreshed");
    assert_eq!(nats.arrive(at(3 * MINUTE - 1), 0, mapped, outside, Wire::Datagram), Ok(()));
    assert_eq!(nats.arrive(at(3 * MINUTE), 0, mapped, outside, Wire::Datagram), Err(Loss::Nat), "it has died");
}

#[test]
fn a_full_cone_maps_to_the_same_port_again_and_the_others_to_another() {
    for class in NatClass::ALL.into_iter().filter(|class| class.mapping() != Mapping::None) {
        let mut nats = pair(class, NatClass::Open);
        let (mapped, later) = (nats.seen(at(0), 0), nats.seen(at(3 * MINUTE), 0));
        assert_eq!(later == mapped, class == NatClass::FullCone, "{}", class.name());
        let arrives = |to| nats.arrive(at(3 * MINUTE), 0, to, nats.unmapped(SERVER), Wire::Datagram).is_ok();
        assert_eq!((arrives(later), arrives(mapped)), (true, later == mapped), "{}", class.name());
    }
}

#[test]
fn uninvited_packets_reach_open_machines_and_living_mappings_of_full_cones_only() {
    for class in NatClass::ALL {
        let mut nats = pair(class, NatClass::Open);
        let seen = nats.seen(at(0), 0);
        let reached = nats.arrive(at(1), 0, seen, nats.unmapped(1), Wire::Datagram).is_ok();
        assert_eq!(reached, matches!(class, NatClass::Open | NatClass::FullCone), "{}", class.name());
        let never_sent = pair(class, NatClass::Open);
        let reached =
            never_sent.arrive(at(1), 0, never_sent.unmapped(0), never_sent.unmapped(1), Wire::Datagram).is_ok();
        assert_eq!(reached, class == NatClass::Open, "{}", class.name());
    }
}

#[test]
fn answers_come_back_to_all_that_may_send() {
    for class in NatClass::ALL {
        let mut nats = pair(class, NatClass::Open);
        let server = nats.unmapped(SERVER);
        match nats.depart(at(0), 0, server, Wire::Datagram) {
            Ok(from) => assert_eq!(nats.arrive(at(1), 0, from, server, Wire::Datagram), Ok(()), "{}", class.name()),
            Err(loss) => assert_eq!((class, loss), (NatClass::Blocked, Loss::Firewall)),
        }
    }
}

/// Both ends know where a rendezvous has seen the other, and send at once; then each answers what it got. Whether a packet
/// gets through in both directions.
fn punch(one: NatClass, other: NatClass) -> bool {
    let mut nats = pair(one, other);
    let seen = [nats.seen(at(0), 0), nats.seen(at(0), 1)];
    let mut knows = [seen[1], seen[0]];
    let mut through = [false; 2];
    for round in 1..4 {
        let sent: Vec<_> =
            (0..2).map(|from| nats.depart(at(2 * round), from as u32, knows[from], Wire::Datagram)).collect();
        for (from, to) in [(0, 1), (1, 0)] {
            let Ok(source) = sent[from] else { continue };
            if nats.arrive(at(2 * round + 1), to as u32, knows[from], source, Wire::Datagram).is_ok() {
                (knows[to], through[to]) = (source, true);
            }
        }
    }
    through == [true; 2]
}

#[test]
fn holes_cannot_be_punched_exactly_where_one_end_maps_by_endpoint_and_the_other_filters_by_endpoint() {
    for (one, other) in NatClass::ALL.into_iter().flat_map(|one| NatClass::ALL.map(|other| (one, other))) {
        let by_endpoint = |class: NatClass| class.mapping() == Mapping::EndpointDependent;
        let filters = |class: NatClass| class.filtering() == Filtering::EndpointDependent;
        let hopeless = by_endpoint(one) && filters(other) || by_endpoint(other) && filters(one);
        let blocked = [one, other].contains(&NatClass::Blocked);
        assert_eq!(punch(one, other), !(hopeless || blocked), "{} and {}", one.name(), other.name());
    }
}

#[test]
fn a_hole_needs_both_packets_within_the_life_of_the_mappings_and_one_in_flight_is_enough() {
    let class = NatClass::PortRestricted;
    let mut nats = pair(class, class);
    let seen = [nats.seen(at(0), 0), nats.seen(at(0), 1)];
    let source = nats.depart(at(1), 0, seen[1], Wire::Datagram).unwrap();
    assert_eq!(nats.arrive(at(2), 1, seen[1], source, Wire::Datagram), Err(Loss::Nat), "the other has not sent yet");
    nats.depart(at(1), 1, seen[0], Wire::Datagram).unwrap();
    assert_eq!(nats.arrive(at(2), 1, seen[1], source, Wire::Datagram), Ok(()), "both crossed in flight");
    let late = 1 + 2 * MINUTE;
    assert_eq!(nats.arrive(at(late), 1, seen[1], source, Wire::Datagram), Err(Loss::Nat), "the hole has closed");
    nats.depart(at(late), 1, seen[0], Wire::Datagram).unwrap();
    assert_eq!(
        nats.arrive(at(late), 1, seen[1], source, Wire::Datagram),
        Err(Loss::Nat),
        "and the new one has another port"
    );
}

#[test]
fn machines_behind_one_box_reach_each_other_only_if_it_turns_packets_around() {
    for hairpinning in [false, true] {
        let carrier = Some(Carrier { share: 1.0, subscribers: 2, hairpinning });
        let mut nats = alike(&NatPlan { carrier, ..plan(NatClass::FullCone) }, &Streams::new(1), 2, 1);
        assert!(nats.share_a_box(0, 1));
        let seen = [nats.seen(at(0), 0), nats.seen(at(0), 1)];
        assert_eq!(seen[0].address, seen[1].address);
        assert_ne!(seen[0].port, seen[1].port);
        let source = nats.depart(at(1), 0, seen[1], Wire::Datagram).unwrap();
        assert_eq!(source, seen[0]);
        assert_eq!(nats.arrive(at(2), 1, seen[1], source, Wire::Datagram).is_ok(), hairpinning);
        assert_eq!(nats.arrive(at(2), 1, seen[1], nats.unmapped(SERVER), Wire::Datagram), Ok(()));
        assert!(
            nats.arrive(at(2), 1, seen[0], nats.unmapped(SERVER), Wire::Datagram).is_err(),
            "that port is the other's"
        );
    }
}

#[test]
fn a_full_table_forgets_what_was_not_used_for_longest() {
    let sessions = 2;
    let mut nats = alike(&NatPlan { sessions, ..plan(NatClass::Firewall) }, &Streams::new(1), 1, 3);
    let remote = |address| Endpoint { address, port: 0 };
    for (now, address) in [(0, 1), (1, 2), (2, 1), (3, 3)] {
        nats.depart(at(now), 0, remote(address), Wire::Datagram).unwrap();
    }
    let reached =
        [1, 2, 3].map(|address| nats.arrive(at(4), 0, nats.unmapped(0), remote(address), Wire::Datagram).is_ok());
    assert_eq!(reached, [true, false, true]);
    let bytes = nats.heap_bytes();
    (4..100).for_each(|address| assert!(nats.depart(at(5), 0, remote(address), Wire::Datagram).is_ok()));
    assert_eq!(nats.heap_bytes(), bytes);
}

#[test]
fn participants_fall_into_classes_by_their_shares_and_carriers_are_as_full_as_said() {
    let shares = [0.35, 0.10, 0.05, 0.38, 0.12, 0.0, 0.0];
    let carrier = Some(Carrier { share: 0.5, subscribers: 20, hairpinning: false });
    let plan = NatPlan { shares, carrier, ..plan(NatClass::Open) };
    let participants = 20_000;
    let nats = alike(&plan, &Streams::new(3), participants as usize, 2);
    let mut counts = [0u32; 7];
    (0..participants).for_each(|machine| counts[nats.class(machine) as usize] += 1);
    for (count, share) in counts.into_iter().zip(shares) {
        let expected = f64::from(participants) * share;
        assert!(
            (f64::from(count) - expected).abs() <= 4.0 * (expected * (1.0 - share)).sqrt(),
            "{count} of {expected}"
        );
    }
    assert_eq!([participants, participants + 1].map(|server| nats.class(server)), [NatClass::Open; 2]);
    let mut behind = vec![0u32; nats.tables.len()];
    nats.of.iter().filter(|&&number| number != NO_BOX).for_each(|&number| behind[number as usize] += 1);
    let carriers = (f64::from(participants) * 0.65 * 0.5 / 20.0) as usize;
    let shared: u32 = behind[..carriers].iter().sum();
    assert!((f64::from(shared) - 6_500.0).abs() < 300.0, "{shared} behind {carriers} carrier boxes");
    assert!(behind[carriers + 4..].iter().all(|&machines| machines == 1));
}

#[test]
fn participants_with_other_shares_draw_the_same_numbers_and_the_carriers_fit_them_all() {
    let [most, few] = [0.2, 0.8].map(|open| [open, 0.0, 0.0, 1.0 - open, 0.0, 0.0, 0.0]);
    let carrier = Some(Carrier { share: 1.0, subscribers: 10, hairpinning: false });
    let plan = NatPlan { carrier, ..plan(NatClass::Open) };
    let mixed: Vec<&Shares> = (0..10_000).map(|one| if one % 2 == 0 { &most } else { &few }).collect();
    let of = |shares: &[&Shares]| Nats::new(&plan, &Streams::new(4), shares, 0);
    let (all_most, all_few, mixed) = (of(&[&most; 10_000]), of(&[&few; 10_000]), of(&mixed));
    for one in 0..10_000 {
        let alone = if one % 2 == 0 { &all_most } else { &all_few };
        assert_eq!(mixed.class(one), alone.class(one));
        // Who is behind something where few are is so where most are.
        assert!(all_few.class(one) == NatClass::Open || all_most.class(one) != NatClass::Open);
    }
    // One box each for the three mapping classes that nobody is of.
    assert_eq!([&all_most, &all_few, &mixed].map(|nats| nats.tables.len() - 3), [800, 200, 500]);
}

#[test]
fn what_a_box_takes_of_memory_is_bounded_however_many_a_machine_sends_to() {
    for class in [NatClass::PortRestricted, NatClass::Symmetric] {
        let mut nats = pair(class, NatClass::Open);
        for step in 0..20_000 {
            let stranger = Endpoint { address: 10 + step, port: 0 };
            // A quarter of a lifetime for as many as are remembered, then a pause in which half of them die.
            let pause = u64::from(step / 1024) * MINUTE;
            nats.depart(at(pause + u64::from(step) * MINUTE / 2048), 0, stranger, Wire::Datagram).unwrap();
        }
        let bytes = nats.tables[0].heap_bytes();
        assert!(bytes <= 58 * NatPlan::SESSIONS as usize, "{bytes}");
    }
}
