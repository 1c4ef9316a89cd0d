//! One client-server system on the bench: nodes 0 … 3 are clients, 4 is the server.

use super::*;
use crate::engine::{Law, Source};
use crate::model::Held;
use crate::overlay;
use crate::overlay::testing::{Bench, End};
use crate::overlay::{Config as _, Effect};

const CLIENT: NodeId = NodeId(1);
const SERVER: NodeId = NodeId(4);

fn bench(config: Config) -> Bench<ClientServer> {
    let mut bench = Bench::new(config, 5, 1);
    bench.start_converged();
    bench
}

#[test]
fn a_lookup_is_one_request_and_one_hop() {
    let mut bench = bench(Config::default());
    let walked = bench.walk(CLIENT, Key(77), None, 3);
    assert_eq!(walked.end, End::Found(vec![Contact { node: SERVER, hops: 1 }]));
    assert_eq!((walked.rpcs, walked.timeouts, walked.took), (1, 0, Duration::from_millis(100)));
}

#[test]
fn the_server_answers_a_walk_for_a_record_from_its_store() {
    let mut bench = bench(Config::default());
    let (record, absent) = (RecordId::new(3), RecordId::new(4));
    bench.held[SERVER.index()].push(Held { record, version: Version(8) });
    let server = Contact { node: SERVER, hops: 1 };
    assert_eq!(bench.walk(CLIENT, Key(1), Some(record), 3).end, End::FoundRecord(server, Version(8)));
    assert_eq!(bench.walk(CLIENT, Key(1), Some(absent), 3).end, End::Found(vec![server]));
}

#[test]
fn a_server_that_is_down_lets_requests_time_out_and_answers_when_it_is_back() {
    let mut bench = bench(Config { retries: 1, ..Config::default() });
    bench.crash(SERVER);
    let walked = bench.walk(CLIENT, Key(1), None, 1);
    assert_eq!((walked.end, walked.rpcs, walked.timeouts), (End::GaveUp(Cause::Timeout), 2, 2));
    assert_eq!(walked.took, Duration::from_secs(10));
    let op = bench.begin(CLIENT, Key(1), None, 1);
    bench.run_for(Duration::from_secs(1));
    bench.start(SERVER, None);
    let walked = bench.finish(op);
    assert!(matches!(walked.end, End::Found(_)));
    assert_eq!(walked.timeouts, 1);
}

#[test]
fn a_refused_request_is_given_up_at_once() {
    let mut bench = bench(Config::default());
    let op = bench.begin(CLIENT, Key(1), None, 1);
    bench.with(CLIENT, |client, cx| {
        client.on_notice(cx, Notice::Refused { rpc: 1 });
        assert_eq!(cx.effects.list, [Effect::GiveUp { op, cause: Cause::QueueFull }]);
        client.on_notice(cx, Notice::Refused { rpc: 1 });
        assert_eq!(cx.effects.list.len(), 1, "a refusal counts once");
    });
    bench.run_for(Duration::from_secs(10));
    assert_eq!(bench.finish(op).timeouts, 0);
}

#[test]
fn with_back_off_a_request_that_timed_out_or_was_refused_is_sent_again_after_pauses_that_double() {
    let backoff = Some(Backoff { jitter: false, ..Backoff::default() });
    let mut bench = bench(Config { retries: 3, backoff, ..Config::default() });
    bench.crash(SERVER);
    let walked = bench.walk(CLIENT, Key(1), None, 1);
    assert_eq!((walked.end, walked.rpcs, walked.timeouts), (End::GaveUp(Cause::Timeout), 4, 4));
    assert_eq!(walked.took, Duration::from_secs(4 * 5 + 1 + 2 + 4));
    bench.start(SERVER, None);
    let op = bench.begin(CLIENT, Key(1), None, 1);
    let refused = bench.nodes[CLIENT.index()].rpcs.outstanding().count();
    assert_eq!(refused, 1);
    // Its number: four requests and three pauses went before.
    bench.with(CLIENT, |client, cx| client.on_notice(cx, Notice::Refused { rpc: 8 }));
    let walked = bench.finish(op);
    assert!(matches!(walked.end, End::Found(_)));
    assert_eq!((walked.rpcs, walked.timeouts, walked.took), (2, 0, Duration::from_millis(1100)));
}

#[test]
fn hashing_shares_keys_out_evenly_and_moves_only_those_of_a_server_that_goes() {
    let servers = |count| Servers::of(NodeId(9), count, Balance::ConsistentHashing);
    let (mut noise, mut shares) = (Noise::new(1), [0u32; 5]);
    for key in (0..30_000).map(|_| Key(noise.next_u64())) {
        let home = servers(5).home(key);
        shares[home.index() - 9] += 1;
        assert!(home == NodeId(13) || home == servers(4).home(key), "{key} moved though its server stayed");
    }
    assert!(shares.iter().all(|share| share.abs_diff(6000) < 300), "{shares:?}");
}

#[test]
fn a_random_choice_is_even_and_each_server_holds_everything() {
    let servers = Servers::of(NodeId(9), 5, Balance::Random);
    let (mut noise, mut shares) = (Noise::new(1), [0u32; 5]);
    (0..30_000).for_each(|_| shares[servers.choose(CLIENT, Key(7), 0, &mut noise).index() - 9] += 1);
    assert!(shares.iter().all(|share| share.abs_diff(6000) < 300), "{shares:?}");
    let (client, keys, mut holders) = (ClientServer { started: true, rpcs: Rpcs::default() }, [Key(0)], Vec::new());
    client.nearest(&servers, &View::new(NodeId(0), &keys), Key(7), 5, &mut holders);
    assert_eq!(holders, [9, 10, 11, 12, 13].map(NodeId));
}

#[test]
fn the_nearest_server_is_asked_and_when_it_is_silent_the_next_nearest() {
    let mut servers = Servers::of(NodeId(2), 3, Balance::Nearest);
    // Client 0 is 3, 2 and 1 ms away from servers 2, 3 and 4, client 1 is 5, 1 and 5.
    let delays = [[3, 2, 1], [5, 1, 5]];
    servers.measure(&|a, b| Duration::from_millis(delays[a.index()][b.index() - 2]));
    let noise = &mut Noise::new(1);
    let asked = |client: u32, tries| servers.choose(NodeId(client), Key(7), tries, &mut Noise::new(1));
    assert_eq!([asked(0, 0), asked(0, 1), asked(0, 2), asked(0, 3)], [4, 3, 2, 4].map(NodeId));
    assert_eq!([asked(1, 0), asked(1, 1), asked(1, 2)], [3, 2, 4].map(NodeId));
    assert_eq!(servers.instead_of(NodeId(0), NodeId(3), Key(7), noise), NodeId(2));
    assert_eq!(servers.instead_of(NodeId(0), NodeId(2), Key(7), noise), NodeId(4));
    let mut holders = Vec::new();
    servers.holders(Key(7), 3, &mut holders);
    assert_eq!(holders, [2, 3, 4].map(NodeId));
}

#[test]
fn a_client_has_joined_when_it_is_up_and_knows_the_server() {
    let mut bench = Bench::<ClientServer>::new(Config::default(), 5, 1);
    bench.start(CLIENT, None);
    assert!(bench.joined[CLIENT.index()]);
    let view = View::new(CLIENT, &bench.keys);
    let (mut nearest, mut contacts) = (Vec::new(), Vec::new());
    bench.nodes[CLIENT.index()].nearest(&bench.shared, &view, Key(5), 3, &mut nearest);
    bench.nodes[CLIENT.index()].contacts(&bench.shared, &view, &mut contacts);
    assert_eq!((nearest, contacts), (vec![SERVER], vec![SERVER]));
}

#[test]
fn a_reply_after_its_walk_was_cancelled_or_its_session_ended_changes_nothing() {
    let mut bench = bench(Config::default());
    let cancelled = bench.begin(CLIENT, Key(1), None, 1);
    bench.with(CLIENT, |client, _| client.cancel(cancelled));
    bench.begin(NodeId(2), Key(1), None, 1);
    bench.crash(NodeId(2));
    bench.start(NodeId(2), None);
    bench.run_for(Duration::from_secs(10)); // an answer to either would end its walk twice, and panic
    assert_eq!(bench.lost, 1);
    assert_eq!(bench.nodes[CLIENT.index()].rpcs.outstanding().count(), 0);
}

#[test]
fn the_table_of_a_scenario_file_becomes_the_server() {
    let text = r#"
        uplink = "100Mbit/s"
        service = { exponential = { mean = "2ms" } }
        workers = 4
        mtbf = "30d"
        mttr = "1h"
    "#;
    let config: Config = toml::from_str(text).unwrap();
    assert_eq!(config.check(), Ok(()));
    let server = overlay::Config::servers(&config).remove(0);
    assert_eq!(server.service, Law::Exponential { mean: 0.002 });
    assert_eq!((server.uplink, server.downlink, server.link_queue), (1e8, 1e9, 1 << 20));
    assert_eq!((server.workers, server.queue), (4, 1000));
    assert_eq!(server.failures, Some((Duration::from_secs(30 * 86_400), Duration::from_secs(3600))));
    assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
    let several: Config = toml::from_str("servers = 3\nbalance = \"random\"\nbackoff.base = \"2s\"").unwrap();
    assert_eq!(overlay::Config::servers(&several).len(), 3);
    let regions = |text: &str| {
        let config: Config = toml::from_str(text).unwrap();
        overlay::Config::servers(&config)
            .into_iter()
            .map(|server| server.region.unwrap_or_default())
            .collect::<Vec<_>>()
    };
    assert_eq!(regions("servers = 2\nregions = [\"a\", \"b\"]"), ["a", "b"]);
    assert_eq!(regions("servers = 2\nregions = [\"a\"]"), ["a", "a"]);
    assert_eq!(regions("servers = 2"), ["", ""]);
    assert_eq!(toml::from_str::<Config>(&toml::to_string(&several).unwrap()).unwrap(), several);
}

#[test]
fn what_cannot_be_is_refused_with_its_key() {
    let key = |text: &str| toml::from_str::<Config>(text).unwrap().check().unwrap_err().key;
    assert_eq!(key("mtbf = \"1d\""), "mtbf");
    assert_eq!(key("mttr = \"1h\""), "mttr");
    assert_eq!(key("mtbf = \"1d\"\nmttr = \"0s\""), "mttr");
    assert_eq!(key("workers = 0"), "workers");
    assert_eq!(key("servers = 0"), "servers");
    assert_eq!(key("failover = \"5s\""), "failover");
    assert_eq!(key("servers = 3\nregions = [\"a\", \"b\"]"), "regions");
    assert_eq!(key("backoff = { factor = 0.5 }"), "backoff.factor");
    assert_eq!(key("rpc_timeout = \"0s\""), "rpc_timeout");
    assert_eq!(Config::default().check(), Ok(()));
    assert!(toml::from_str::<Config>("worker = 2").is_err());
}
