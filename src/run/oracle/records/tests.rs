use super::*;

fn second(number: u64) -> Time {
    Time::ZERO + Duration::from_secs(number)
}

const fn copy(record: RecordId, version: u32) -> Held {
    Held { record, version: Version(version) }
}

#[test]
fn a_record_is_available_while_a_copy_is_online_and_lost_when_none_is_left() {
    let mut records = Records::new(RecordSpace::new(2, Coding::WHOLE));
    let (record, now) = (RecordId::new(1), second(1));
    records.copy_made(now, copy(record, 0), true);
    records.copy_made(now, copy(record, 0), true);
    assert_eq!(records.stock().available, 1);
    records.went_offline(now, copy(record, 0));
    assert_eq!(records.stock().available, 1);
    records.copy_dropped(now, copy(record, 0));
    assert_eq!((records.stock().available, records.stock().lost), (0, 0));
    records.came_online(now, copy(record, 0));
    records.copy_dropped(second(2), copy(record, 0));
    assert_eq!(records.stock(), Stock { available: 0, lost: 1, copies_online: 0, copies: 0 });
    assert!(records.is_lost(record) && records.ever_stored() == 1);
}

#[test]
fn two_copies_of_one_piece_do_not_make_up_for_another() {
    let space = RecordSpace::new(1, Coding { needed: 2, parity: 1 });
    let mut records = Records::new(space);
    let [a, b, c] = [0, 1, 2].map(|piece| space.value(ResourceId(0), piece));
    [a, a, b, c].into_iter().for_each(|record| records.copy_made(second(0), copy(record, 0), true));
    records.copy_dropped(second(1), copy(b, 0));
    assert_eq!((records.stock().available, records.stock().lost), (1, 0), "two different pieces are left");
    records.copy_dropped(second(2), copy(c, 0));
    assert_eq!((records.stock().available, records.stock().lost), (0, 1), "two copies of one piece are left");
    let row = |records: &mut Records| records.rows(second(4), Duration::from_secs(4), |_| 9)[0].clone();
    assert_eq!((row(&mut records).lost_at, row(&mut records).availability_mean), (Some(second(2)), 0.5));
    records.copy_made(second(4), copy(b, 0), true);
    assert_eq!((row(&mut records).lost_at, records.stock().lost), (None, 0), "it was put again");
}

#[test]
fn a_copy_older_than_what_was_acknowledged_does_not_make_a_resource_available() {
    let mut records = Records::new(RecordSpace::new(1, Coding::WHOLE));
    let (record, now) = (RecordId::new(0), second(1));
    records.copy_made(now, copy(record, 0), true);
    records.copy_made(now, copy(record, 0), true);
    records.copy_renewed(now, copy(record, 0), Version(2));
    assert_eq!(records.stock().available, 1, "nothing was acknowledged yet");
    records.acknowledge(now, record, Version(2));
    records.went_offline(now, copy(record, 2));
    let old = Stock { available: 0, lost: 0, copies_online: 1, copies: 2 };
    assert_eq!(records.stock(), old, "what is left is old");
    records.copy_renewed(now, copy(record, 0), Version(3));
    assert_eq!(records.stock().available, 1, "later than acknowledged will do");
    records.acknowledge(now, record, Version(1));
    records.acknowledge(now, record, Version(3));
    assert_eq!((records.stock().available, records.ahead.len()), (1, 0));
    records.acknowledge(now, record, Version(4));
    records.came_online(now, copy(record, 2));
    assert_eq!(records.stock().available, 0);
}

#[test]
fn of_a_resource_in_pieces_enough_are_to_be_as_new_as_was_acknowledged() {
    let space = RecordSpace::new(1, Coding { needed: 2, parity: 1 });
    let mut records = Records::new(space);
    let [a, b, c] = [0, 1, 2].map(|piece| space.value(ResourceId(0), piece));
    [a, b, c].into_iter().for_each(|record| records.copy_made(second(0), copy(record, 0), true));
    records.copy_renewed(second(1), copy(a, 0), Version(1));
    records.acknowledge(second(2), a, Version(1));
    assert_eq!(records.stock().available, 0, "only one piece is");
    records.copy_renewed(second(3), copy(c, 0), Version(1));
    assert_eq!(records.stock().available, 1);
    assert_eq!(records.rows(second(4), Duration::from_secs(4), |_| 9)[0].availability_mean, 0.75);
}
