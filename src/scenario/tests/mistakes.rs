//! Every mistake is shown where it stands, with what would be right.

use super::*;

/// What the user is told of a scenario, to the letter.
#[track_caller]
fn told(text: &str, expected: &str) {
    assert_eq!(errors(text, &[]), expected.trim_start());
}

/// The first line of each error.
pub(super) fn messages(text: &str, sets: &[&str]) -> Vec<String> {
    errors(text, sets).lines().filter_map(|line| line.strip_prefix("error: ").map(String::from)).collect()
}

/// What is said of one more line in an otherwise right scenario, and what it points at.
#[track_caller]
pub(super) fn with(line: &str, message: &str, marked: &str) {
    let text = format!("{SHORT}{line}\n");
    let problems = load(&text, &[]).and_then(|scenario| scenario.runs(REGISTERED)).expect_err(line);
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.message, message);
    assert_eq!(&text[problem.span.clone().unwrap()], marked, "{message}");
}

#[test]
fn an_unknown_key_is_shown_with_its_line_and_the_nearest_known_one() {
    told(
        "population.online = 100\nsystems.a.ring = {}\n\n[network]\nlos = 0.1\n",
        r#"
error: unknown key `los`
 --> dir/s.toml:5:1
  |
5 | los = 0.1
  | ^^^
  = help: did you mean `loss`? expected one of `loss`, `burst`, `jitter`, `latency`, `diurnal`, `inflation`, `access`, `nat`, `wire`, `bootstrap`
"#,
    );
}

#[test]
fn more_nodes_than_a_protocol_has_room_for_are_refused_where_it_stands() {
    told(
        "population.participants = 1_000_001\nsystems.a.ring = {}\n",
        r#"
error: 1000001 participants would be 1000001 nodes, too many for ring
 --> dir/s.toml:2:11
  |
2 | systems.a.ring = {}
  |           ^^^^
  = help: it has room for 1000000: simulate fewer participants
"#,
    );
    let just_as_many = load("population.participants = 1_000_000\nsystems.a.ring = {}\n", &[]);
    assert!(just_as_many.and_then(|scenario| scenario.runs(REGISTERED)).is_ok());
}

#[test]
fn unknown_keys_are_found_at_every_level() {
    with("sede = 1", "unknown key `sede`", "sede");
    with("time.warm = '1h'", "unknown key `warm`", "warm");
    with("population.churn = { presets = 'kad' }", "unknown key `presets`", "presets");
    with("network.access = { up = '1Mbit/s' }", "unknown key `up`", "up");
    with("network.latency = { plain = '1ms' }", "unknown key `plain`", "plain");
    with("network.latency.plane = { with = '1ms' }", "unknown key `with`", "with");
    with("resources = { count = 1, popularity.zipf = { alpha = 1 } }", "unknown key `alpha`", "alpha");
    with("storage.copies = 3", "unknown key `copies`", "copies");
    with("workload.find = { every = '1s' }", "unknown key `find`", "find");
    with("workload.lookup.every.weibul = 1", "unknown choice `weibul`", "weibul");
    with("events = [{ crush = { at = '1h', share = 0.1 } }]", "unknown choice `crush`", "crush");
    with("systems.b = { ring = { kk = 3 } }", "unknown key `kk`", "kk");
    with("systems.b = { rings = { k = 3 } }", "unknown protocol `rings`", "rings");
    with("systems.b = { ring = {}, storage.copy = 1 }", "unknown key `copy`", "copy");
    with("sweep.repetition = 3", "unknown key `repetition`", "repetition");
}

#[test]
fn an_unknown_protocol_is_told_which_there_are() {
    told(
        "population.online = 100\n[systems.kad.kademila]\n",
        r#"
error: unknown protocol `kademila`
 --> dir/s.toml:2:14
  |
2 | [systems.kad.kademila]
  |              ^^^^^^^^
  = help: did you mean `kademlia`? expected one of `ring`, `kademlia`, `storage`, `traversal`, `wire`, `bootstrap`
"#,
    );
}

#[test]
fn a_system_has_exactly_one_protocol() {
    with("systems.b = {}", "the system `b` has no protocol", "b");
    let two = "systems.b = { ring = {}, kademlia = {} }";
    with(two, "the system `b` has two protocols, `ring` and `kademlia`", "kademlia");
    with("systems.b = 3", "`b` is a table of keys, not a number", "3");
    with("systems.'b/c'.ring = {}", "`b/c` cannot be a system's name", "'b/c'");
    assert_eq!(messages("population.online = 1", &[]), ["there is no system to simulate"]);
}

#[test]
fn a_missing_unit_is_asked_for() {
    told(
        "population.online = 100\nsystems.a.ring = {}\ntime.warmup = \"90\"",
        r#"
error: `90` has no unit: write one of ns, us, ms, s, min, h, d, as in "250ms"
 --> dir/s.toml:3:15
  |
3 | time.warmup = "90"
  |               ^^^^
"#,
    );
    with(
        "time.warmup = 90",
        "invalid type: integer `90`, expected a duration with a unit, such as \"250ms\" in quotes",
        "90",
    );
    with(
        "systems.b.ring.refresh = '5 minutes'",
        "`minutes` is not a unit of a duration: did you mean \"5min\"?",
        "'5 minutes'",
    );
}

#[test]
fn values_out_of_their_range_are_refused() {
    with("network.loss = 1.5", "`loss` cannot be 1.5", "1.5");
    with("network.loss = -0.1", "`loss` cannot be -0.1", "-0.1");
    with("network.loss = nan", "`loss` cannot be NaN", "nan");
    with("network.jitter = 0.5", "`jitter` cannot be 0.5", "0.5");
    with("network.latency.uniform = { low = '2ms', high = '1ms' }", "`high` is below `low`", "'1ms'");
    with("network.latency.lognormal = { median = '2ms', sigma = -1 }", "`sigma` cannot be -1", "-1");
}

#[test]
fn storage_out_of_its_range_is_refused() {
    with("storage.replicas = 0", "`replicas` cannot be 0", "0");
    with("systems.b = { ring = {}, storage.replicas = 21 }", "`replicas` cannot be 21", "21");
    with(
        "storage = { placement = 'random-participants', pieces = 200, replicas = 4294967295 }",
        "`replicas` cannot be 4294967295",
        "4294967295",
    );
    with("storage.pieces = 0", "`pieces` cannot be 0", "0");
    with("storage = { pieces = 200, parity = 57 }", "a resource cannot be in 200 + 57 pieces", "57");
    with(
        "storage.pieces = 7\nsystems.b = { ring = {}, storage.parity = 250 }",
        "a resource cannot be in 7 + 250 pieces",
        "250",
    );
    with(
        "resources.count = 3_000_000\nstorage.pieces = 100",
        "3000000 resources in 100 pieces each are too many records",
        "100",
    );
    with("systems.b = { ring = {}, storage.replicas = 0 }", "`replicas` cannot be 0", "0");
    with("storage.repair.lazy.threshold = 4", "a threshold of 4 cannot be reached by 3 copies", "4");
    with(
        "storage.repair.republish = { publisher = '2h', expiry = '1h' }",
        "copies would expire before their publisher puts them again",
        "'1h'",
    );
    with("storage.repair.republish = { every = '0s' }", "`every` cannot be zero", "'0s'");
    with(
        "storage.audit = '1h'",
        "audits are for pieces on responsible nodes and for copies that pointers name",
        "'1h'",
    );
    with("storage = { repair = 'none', hold = '1h' }", "nobody gives copies up without eager or lazy repair", "'1h'");
    let random = "placement = 'random-participants'";
    with(
        "storage.repair.delay.after.constant = '1h'",
        "repair with a delay puts copies where no lookup would find them",
        "repair",
    );
    with(
        &format!("storage = {{ {random}, repair.republish = {{}} }}"),
        "copies on random participants are not put again, but repaired",
        "repair",
    );
    with(
        &format!("storage = {{ {random}, repair.delay.after.constant = '0s' }}"),
        "a repair cannot take no time",
        "repair",
    );
    let delay = "repair.delay = { after.constant = '1h', concurrency = 0 }";
    with(&format!("storage = {{ {random}, {delay} }}"), "`concurrency` cannot be 0", "0");
}

#[test]
fn demand_events_and_time_out_of_their_range_are_refused() {
    with("workload.deadline = '0s'", "every operation takes some time", "'0s'");
    with("events = [{ rush = { at = '1h', resource = 3 } }]", "there is no resource 3 to be wanted", "3");
    with("population.churn = { preset = 'kad', graceful = 2 }", "`graceful` cannot be 2", "2");
    with("population.churn = { preset = 'kad', time_scale = 0 }", "`time_scale` cannot be 0", "0");
    with("resources.count = 0", "there must be a resource", "0");
    with("resources = { count = 1, size = '3GiB' }", "a resource of 3GiB is too large", "'3GiB'");
    with(
        "resources = { count = 9, popularity.zipf.exponent = -1 }",
        "`exponent` must not be negative, and is -1",
        "-1",
    );
    with("events = [{ crash = { at = '1h', share = 7 } }]", "`share` cannot be 7", "7");
    with("events = [{ crash = { at = '1d', share = 1 } }]", "nothing happens at 24h any more", "'1d'");
    with("workload.lookup.every = '0s'", "operations without a gap would never end", "'0s'");
    with("time.measure = '0s'", "this must last longer than nothing", "'0s'");
    with("time.sample = '2h'", "samples 2h apart never come", "'2h'");
    with("time.sample = '1ns'", "the time series would be too long", "'1ns'");
    with("sweep.repetitions = 0", "`repetitions` cannot be 0", "0");
    with("sweep.repetitions = 1_000_000_000", "1000000000 repetitions are too many", "1_000_000_000");
    with("resources.count = 4_000_000_000", "4000000000 resources are too many", "4_000_000_000");
    with("time.measure = '213504d'", "a run of 30min and 213503.9823346013d is too long", "'213504d'");
    with("time.measure = '36000d'", "the time series would be too long", "time");
    with("workload = { lookup.every = '1s', deadline = '40000d' }", "nobody waits 40000d for an answer", "'40000d'");
    with("population.churn = { preset = 'kad', time_scale = 1e-320 }", "`time_scale` cannot be 1e-320", "1e-320");
    with("seed = -1", "`seed` cannot be -1", "-1");
    with("systems.b.ring = 1", "`ring` is a table of keys, not a number", "1");
}

/// What `serde` alone would take, item by item for the keys of a table.
#[test]
fn a_list_is_no_table() {
    with("network.latency.uniform = ['1ms', '2ms']", "`uniform` is a table of keys, not a list", "['1ms', '2ms']");
    with("workload.lookup = ['5s']", "`lookup` is a table of keys, not a list", "['5s']");
    with("systems.b = { ring = [8] }", "`ring` is a table of keys, not a list", "[8]");
    with("population.classes = [['phones', 0.5]]", "`classes` is a table of keys, not a list", "['phones', 0.5]");
}

#[test]
fn a_value_of_another_kind_is_told_what_would_be_right() {
    let asked = "population.online = 100\nsystems.a.ring = {}\n";
    told(
        &format!("{asked}population.churn = \"kad\""),
        r#"
error: `churn` is a table of keys, not a text in quotes
 --> dir/s.toml:3:20
  |
3 | population.churn = "kad"
  |                    ^^^^^
  = help: its keys are `preset`, `trace`, `trace_start`, `session`, `downtime`, `time_scale`, `graceful`, `notice`
"#,
    );
    told(
        &format!("{asked}network.loss = \"5%\""),
        r#"
error: `loss` is a number, not a text in quotes
 --> dir/s.toml:3:16
  |
3 | network.loss = "5%"
  |                ^^^^
  = help: write it without quotes, as a share: 0.05
"#,
    );
    with("workload.get = 120", "`get` is a table of keys, not a number", "120");
    with("time.warmup = true", "`warmup` is a text in quotes, not true or false", "true");
    with("events = 3", "`events` is a list, not a number", "3");
    with("systems.b.ring.k = 'many'", "`k` is a whole number, not a text in quotes", "'many'");
}

#[test]
fn a_protocols_own_check_points_at_its_key_or_at_its_table() {
    with("systems.b = { ring = { k = 0 } }", "`k`: must be at least 1", "0");
    with("systems.b = { ring = { k = 99 } }", "`service.constant`: 99 contacts need a service time", "ring");
}

#[test]
fn what_belongs_together_is_asked_for() {
    assert_eq!(messages("[systems.a.ring]", &[]), ["it is not said how many take part"]);
    with("population.churn = {}", "it is not said how long sessions last", "churn");
    with("population.churn.session.constant = '1h'", "it is not said how long participants are away", "churn");
    with("population.churn.preset = 'bittorrent-debian'", "it is not said how long participants are away", "churn");
    let both = "population.churn = { preset = 'kad', downtime.constant = '1h' }";
    with(both, "the preset has a downtime of its own", "downtime");
    with("population.churn.preset = 'cad'", "unknown preset `cad`", "'cad'");
    let nothing = "population = { churn = { preset = 'cad' }, join_over = '1h' }\nsystems.a.ring = {}";
    assert_eq!(messages(nothing, &[]).len(), 3, "number, preset and start are looked at each for itself");
    with("population.join_over = '1h'", "a converged start takes no time", "'1h'");
    with("workload.get.every = '1min'", "there is nothing to get or put", "get");
    with("resources = { count = 9, popularity = {} }", "exactly one alternative must be given here", "{}");
    with("network.latency.plane = {}", "missing key `width`", "{}");
}

#[test]
fn alternatives_side_by_side_are_refused() {
    with("population.participants = 200", "`online` and `participants` exclude each other", "participants");
    let models = "network.latency = { constant = '1ms', plane.width = '2ms' }";
    with(models, "`constant` and `plane` exclude each other", "plane");
    let churn = "population.churn = { preset = 'kad', session.constant = '1h' }";
    with(churn, "`preset` and `session` exclude each other", "session");
    let laws = "workload.lookup.every = { constant = '1s', exponential.mean = '1s' }";
    with(laws, "`constant` and `exponential` exclude each other", "exponential");
    let scales = "workload.lookup.every.weibull = { shape = 1, mean = '1s', scale = '1s' }";
    with(scales, "`mean` and `scale` exclude each other", "scale");
    let mixed = "workload.lookup.every = { constant = '1s', mixture = [{ weight = 1, law.constant = '1s' }] }";
    with(mixed, "`constant` and `mixture` exclude each other", "mixture");
    let within = "workload.lookup.every.mixture = [{ weight = 1, law = { constant = '1s', exponential.mean = '1s' } }]";
    with(within, "`constant` and `exponential` exclude each other", "exponential");
    let of_protocol = "systems.b.ring.service = { uniform = { low = '1s', high = '2s' }, constant = '1s' }";
    with(of_protocol, "`uniform` and `constant` exclude each other", "constant");
}

#[test]
fn churn_without_a_finite_mean_is_refused() {
    let pareto = "population.churn = { session.pareto = { shape = 1, scale = '1h' }, downtime.constant = '1h' }";
    with(pareto, "a law without a finite mean has no stationary start", "session");
    let endless =
        "{ mixture = [{ weight = 1, law.constant = '1s' }, { weight = 1, law.pareto = { shape = 1, scale = '1s' } }] }";
    let mixture = format!("population.churn = {{ session = {endless}, downtime.constant = '1h' }}");
    with(&mixture, "a law without a finite mean has no stationary start", "session");
    let gap = format!("workload.lookup.every = {endless}");
    with(&gap, "a law without a finite mean has no stationary start", "every");
}

#[test]
fn a_cache_is_refused_where_nothing_could_be_in_it_or_given() {
    with("storage = { cache_ttl = '1min' }", "there is no cache", "'1min'");
    with("storage = { cache = '1MiB', cache_ttl = '0s' }", "no copy would ever be given", "'0s'");
    let placed = "storage = { cache = '1MiB', placement = 'random-participants', repair = 'none' }";
    with(placed, "only what responsible nodes hold is cached along the way", "'1MiB'");
}

#[test]
fn all_problems_are_shown_at_once_in_the_order_of_the_text() {
    let text =
        "sede = 1\n[systems.a.rong]\n[systems.b.ring]\nk = 0\n[time]\nwarmup = 3\n[network]\nloss = 2\njitter = 2\n";
    assert_eq!(
        messages(text, &[]),
        [
            "it is not said how many take part",
            "unknown key `sede`",
            "unknown protocol `rong`",
            "`k`: must be at least 1",
            "invalid type: integer `3`, expected a duration with a unit, such as \"250ms\" in quotes",
            "`loss` cannot be 2",
            "`jitter` cannot be 2",
        ]
    );
}

#[test]
fn what_is_not_toml_is_shown_where_it_breaks() {
    told(
        "seed = 1\ntitle = no quotes\n",
        r#"
error: string values must be quoted, expected literal string
 --> dir/s.toml:2:9
  |
2 | title = no quotes
  |         ^^^^^^^^^
"#,
    );
}

#[test]
fn a_file_that_cannot_be_read_is_told_from_a_wrong_one() {
    let missing = Scenario::load(std::path::Path::new("no/such.toml"), &[]).unwrap_err();
    assert_eq!(missing.worst(), Some(Kind::Unreadable));
    assert!(missing.to_string().starts_with("error: cannot read the scenario"), "{missing}");

    let matrix = format!("{SHORT}network.latency.matrix = {{ file = 'no.csv', holds = 'rtt', unit = 'ms' }}");
    let problems = load(&matrix, &[]).and_then(|scenario| scenario.runs(REGISTERED)).unwrap_err();
    assert_eq!(problems.worst(), Some(Kind::Unreadable));
    let problem = problems.iter().next().unwrap();
    assert!(problem.message.starts_with("dir/no.csv: cannot read the latency matrix"), "{}", problem.message);
    assert_eq!(&matrix[problem.span.clone().unwrap()], "'no.csv'");
}

#[test]
fn what_does_not_go_together_with_providers_is_shown_where_it_stands() {
    let shared = "resources.count = 9\nstorage.placement = 'provider'\n";
    let with = |line: &str, message: &str, marked: &str| with(&format!("{shared}{line}"), message, marked);
    with(
        "storage.provider.ttl = '6h'",
        "a provider record that is kept for 6h expires before it is renewed after 12h",
        "'6h'",
    );
    with(
        "storage.provider.republish = '24h'",
        "a provider record that is kept for 24h expires before it is renewed after 24h",
        "'24h'",
    );
    with("storage.provider.republish = '0s'", "providers cannot speak all the time", "'0s'");
    with("storage.provider.uplink = '1Mbit/s'", "participants have no links to be faster than", "'1Mbit/s'");
    with("storage.repair = 'eager'", "what providers keep is not repaired by others", "'eager'");
    with("storage.repair.lazy.threshold = 1", "what providers keep is not repaired by others", "repair");
    with("storage.repair.republish.every = '1h'", "what providers keep is not repaired by others", "repair");
    with("workload.put.every = '1h'", "what providers share never changes, as it does in `a`", "put");
}

#[test]
fn provider_records_need_providers() {
    with("storage.provider.share = false", "there are no provider records without providers", "provider");
}
