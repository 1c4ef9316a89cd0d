use super::*;
use crate::engine::Duration;

/// The table of node 0 with key 0, among nodes whose keys are given.
struct Table {
    config: Config,
    keys: Vec<Key>,
    buckets: Buckets,
}

impl Table {
    /// Nodes 1 to 9 fall into bucket 0, node 10 into bucket 2; k = 3, two replacements.
    fn new() -> Table {
        let config = Config { k: 3, replacement_cache: 2, ..Config::default() };
        let mut keys = vec![Key(0)];
        keys.extend((1..10).map(|node| Key(1 << 63 | node)));
        keys.push(Key(1 << 61));
        Table { config, keys, buckets: Buckets::default() }
    }

    fn seen(&mut self, node: u32) -> bool {
        let view = View::new(NodeId(0), &self.keys);
        self.buckets.seen(&self.config, &view, Time::ZERO, NodeId(node))
    }

    fn hear<const COUNT: usize>(&mut self, nodes: [u32; COUNT]) {
        for node in nodes {
            self.seen(node);
        }
    }

    fn failed(&mut self, node: u32) -> Failure {
        self.buckets.failed(&self.config, &View::new(NodeId(0), &self.keys), NodeId(node), |_| u32::MAX)
    }

    /// Flagged, other contacts and replacements of bucket 0.
    fn first(&self) -> [Vec<u32>; 3] {
        let bucket = self.buckets.buckets[0];
        let flagged = bucket.start as usize..bucket.unflagged().start;
        let numbers = |range: Range<usize>| self.buckets.entries[range].iter().map(|entry| entry.node().0).collect();
        [flagged, bucket.unflagged(), bucket.replacements()].map(numbers)
    }
}

#[test]
fn who_was_heard_last_stands_last() {
    let mut table = Table::new();
    assert!([1, 2, 3].iter().all(|&node| table.seen(node)));
    assert!(!table.seen(1), "a contact already");
    assert_eq!(table.first(), [vec![], vec![2, 3, 1], vec![]]);
}

#[test]
fn a_full_bucket_keeps_the_latest_newcomers_in_reserve() {
    let mut table = Table::new();
    assert!(table.seen(10), "another bucket lies behind");
    [1, 2, 3].iter().for_each(|&node| assert!(table.seen(node)));
    [4, 5, 4, 6].iter().for_each(|&node| assert!(!table.seen(node)));
    assert_eq!(table.first(), [vec![], vec![1, 2, 3], vec![4, 6]]);
    assert_eq!(table.buckets.iter().collect::<Vec<_>>(), [1, 2, 3, 10].map(NodeId));
    table.config.replacement_cache = 0;
    table.failed(4);
    table.failed(6);
    assert!(!table.seen(7));
    assert_eq!(table.first(), [vec![], vec![1, 2, 3], vec![]]);
}

#[test]
fn the_replacement_seen_last_takes_the_place_of_a_contact_that_failed() {
    let mut table = Table::new();
    table.hear([1, 2, 3, 4, 5, 10]);
    assert_eq!(table.failed(2), Failure::ReplacedBy(NodeId(5)));
    assert_eq!(table.first(), [vec![], vec![1, 3, 5], vec![4]]);
    assert_eq!((table.failed(4), table.failed(7)), (Failure::NoContact, Failure::NoContact));
    assert_eq!(table.first(), [vec![], vec![1, 3, 5], vec![]]);
    assert_eq!(table.buckets.iter().last(), Some(NodeId(10)));
}

#[test]
fn of_the_last_few_replacements_the_one_with_the_shortest_round_trip_is_chosen() {
    let table = |proximity| {
        let mut table = Table::new();
        (table.config.proximity, table.config.replacement_cache) = (proximity, 4);
        table.hear([1, 2, 3, 4, 5, 6, 7, 10]);
        table
    };
    let replaced = |mut table: Table, round_trip: [u32; 4]| {
        let view = View::new(NodeId(0), &table.keys);
        let failure = table.buckets.failed(&table.config, &view, NodeId(2), |node| round_trip[node.index() - 4]);
        assert_eq!(table.buckets.iter().last(), Some(NodeId(10)));
        failure
    };
    for (proximity, chosen) in [(1, 7), (2, 6), (3, 6), (4, 4), (9, 4)] {
        let round_trips = [10, 40, 20, 30];
        assert_eq!(replaced(table(proximity), round_trips), Failure::ReplacedBy(NodeId(chosen)), "of {proximity}");
    }
    assert_eq!(replaced(table(4), [u32::MAX; 4]), Failure::ReplacedBy(NodeId(7)), "the last of equals");
}

#[test]
fn without_replacement_a_stale_contact_stays_flagged_until_it_is_heard_or_replaced() {
    let mut table = Table::new();
    table.hear([1, 2, 3]);
    assert_eq!((table.failed(3), table.failed(1)), (Failure::Flagged, Failure::Flagged));
    assert_eq!(table.failed(1), Failure::NoContact, "flagged already");
    assert_eq!(table.first(), [vec![3, 1], vec![2], vec![]]);
    assert!(table.seen(4), "takes the place of the longest flagged");
    assert_eq!(table.first(), [vec![1], vec![2, 4], vec![]]);
    assert!(table.seen(1), "is back");
    assert_eq!(table.first(), [vec![], vec![2, 4, 1], vec![]]);
}

/// Of tables small and large, with contacts that are flagged, and with one left out that stands anywhere.
#[test]
fn the_closest_are_those_of_a_full_sort() {
    let mut noise = Noise::new(5);
    let keys: Vec<Key> = (0..1500).map(|_| Key(noise.next_u64())).collect();
    let view = View::new(NodeId(0), &keys);
    for k in [5, 20, 32, 33, 255] {
        for (replacement_cache, failing) in [(8, 0), (0, 40)] {
            let config = Config { k, replacement_cache, ..Config::default() };
            let mut buckets = Buckets::default();
            for node in 1..1500 {
                buckets.seen(&config, &view, Time::ZERO, NodeId(node));
            }
            let mut failed = |node| buckets.failed(&config, &view, NodeId(node), |_| u32::MAX);
            let flagged = (1..1500).filter(|&node| failed(node) == Failure::Flagged).take(failing).count();
            assert_eq!(flagged, failing);
            (0..200).for_each(|_| are_closest(&config, &view, &mut buckets, &mut noise));
        }
    }
}

fn are_closest(config: &Config, view: &View<'_>, buckets: &mut Buckets, noise: &mut Noise) {
    let target = Key(noise.next_u64() >> noise.below(64) ^ view.my_key().0);
    let count = noise.below(2 * u64::from(config.k)) as usize;
    let except = NodeId(1 + noise.below(1499) as u32);
    let with_flagged = noise.chance(0.5);
    let distance = |node: &NodeId| view.key(*node).0 ^ target.0;
    let expected = |buckets: &Buckets| {
        let range = |bucket: &Bucket| if with_flagged { bucket.contacts() } else { bucket.unflagged() };
        let entries = buckets.buckets.iter().flat_map(|bucket| &buckets.entries[range(bucket)]);
        let mut nodes: Vec<_> = entries.map(|entry| entry.node()).filter(|&node| node != except).collect();
        nodes.sort_by_key(distance);
        nodes.truncate(count);
        nodes
    };
    let mut found = Vec::new();
    let place = buckets.place(view, except);
    buckets.closest(view, target, count, with_flagged, place, &mut found);
    found.sort_by_key(distance);
    assert_eq!(found, expected(buckets), "k = {}", config.k);
    buckets.seen(config, view, Time::ZERO, except);
    buckets.closest(view, target, count, with_flagged, buckets.latest_place(view, except), &mut found);
    found.sort_by_key(distance);
    assert_eq!(found, expected(buckets), "k = {}, the last of its bucket left out", config.k);
}

#[test]
fn a_converged_table_holds_k_of_each_range_or_all() {
    let mut noise = Noise::new(6);
    let keys: Vec<Key> = (0..1000).map(|_| Key(noise.next_u64())).collect();
    let view = View::new(NodeId(0), &keys);
    let config = Config { k: 20, refresh: Duration::from_secs(100), ..Config::default() };
    let roster = Roster::new(keys.iter().enumerate().map(|(node, &key)| (key, NodeId(node as u32))).collect());
    let mut buckets = Buckets::default();
    buckets.fill(&config, &view, &roster, Time::ZERO, &mut noise);
    let mut sizes = vec![0; buckets.depth()];
    for key in &keys[1..] {
        sizes[Buckets::index(&view, *key)] += 1;
    }
    for (index, &size) in sizes.iter().enumerate() {
        let entries = &buckets.entries[buckets.buckets[index].contacts()];
        let mut held: Vec<NodeId> = entries.iter().map(|entry| entry.node()).collect();
        assert!(held.iter().all(|node| Buckets::index(&view, view.key(*node)) == index));
        assert_eq!(Buckets::index(&view, Buckets::random_key(&view, index, &mut noise)), index);
        held.sort_unstable();
        held.dedup();
        assert_eq!(held.len(), size.min(20), "bucket {index}");
    }
    assert!(sizes.last() > Some(&0) && buckets.next_due().unwrap().1 < Time::ZERO + Duration::from_secs(100));
    assert_eq!(size_of::<Bucket>(), 6);
}

#[test]
fn a_client_knows_the_only_node_near_it_and_the_only_node_at_all() {
    let keys = [0, 1 << 63, 1 << 20].map(Key);
    let view = View::new(NodeId(0), &keys);
    for others in [&[1][..], &[2], &[1, 2]] {
        let roster = Roster::new(others.iter().map(|&node: &u32| (keys[node as usize], NodeId(node))).collect());
        let mut buckets = Buckets::default();
        buckets.fill(&Config::default(), &view, &roster, Time::ZERO, &mut Noise::new(8));
        assert!(buckets.iter().eq(others.iter().map(|&node| NodeId(node))), "{others:?}");
    }
}

#[test]
fn a_converged_table_prefers_the_nearest_of_those_drawn() {
    let mut noise = Noise::new(7);
    let keys: Vec<Key> = (0..1000).map(|_| Key(noise.next_u64())).collect();
    let view = View::new(NodeId(0), &keys);
    let round_trip = |_, other: NodeId| Duration::from_secs(u64::from(other.0));
    let roster = Roster::new(keys.iter().enumerate().map(|(node, &key)| (key, NodeId(node as u32))).collect());
    let roster = roster.with_round_trips(&round_trip);
    // The mean of the smallest of s uniform variates is 1/(s + 1); fewer of those left are near.
    for (proximity, share) in [(1, 0.5), (4, 0.2)] {
        let config = Config { k: 20, proximity, ..Config::default() };
        let mut buckets = Buckets::default();
        buckets.fill(&config, &view, &roster, Time::ZERO, &mut noise);
        let mean = buckets.entries[..60].iter().map(|entry| f64::from(entry.node().0)).sum::<f64>() / 60_000.0;
        assert!((mean - share).abs() < 0.1, "s = {proximity}: {mean}");
    }
}

#[test]
fn nodes_that_agree_in_the_bits_that_are_compared_first_are_told_apart_by_the_others() {
    let mut table = Table::new();
    table.hear([3, 1, 2]);
    let view = View::new(NodeId(0), &table.keys);
    let mut found = Vec::new();
    // The nearest of all offsets, the farthest, and one between.
    for (target, nearest) in [(1 << 63, [1, 2]), ((1 << 63) - 1, [3, 2]), (3 << 62, [1, 2])] {
        for count in [1, 2] {
            table.buckets.closest(&view, Key(target), count, false, None, &mut found);
            found.sort_unstable_by_key(|&node| view.key(node).0 ^ target);
            assert_eq!(found, nearest.map(NodeId)[..count], "nearest to {target:x}");
        }
    }
}
