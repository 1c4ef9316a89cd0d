//! What a scenario may say of the network: what it means, and what is wrong with it.

use super::*;
use crate::network::{Burst, Diurnal, Inflation, Latency, NetworkPlan, Regions};

fn network(lines: &str) -> NetworkPlan {
    plan(&format!("{SHORT}{lines}\n"), &[]).network.clone()
}

fn regions(lines: &str) -> Regions {
    network(lines).regions().expect("there are regions").clone()
}

/// What is said of a mistake, and what it points at.
#[track_caller]
fn with(line: &str, message: &str, marked: &str) {
    let text = format!("{SHORT}{line}\n");
    let problems = load(&text, &[]).and_then(|scenario| scenario.runs(REGISTERED)).expect_err(line);
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.message, message);
    assert_eq!(&text[problem.span.clone().unwrap()], marked, "{message}");
}

/// An own table of regions `a` and `b`, and more keys.
fn own(medians: &str, more: &str) -> String {
    let table = format!("names = ['a', 'b'], holds = 'rtt', unit = 'ms', medians = {medians}");
    format!("network.latency.regions = {{ table = {{ {table} }}{more} }}")
}

#[test]
fn absent_tables_leave_the_network_plain() {
    let plain = network("");
    assert_eq!((plain.burst, plain.diurnal, plain.inflation), (None, None, None));
    assert!(plain.regions().is_none());
}

#[test]
fn regions_are_the_world_unless_a_table_is_given() {
    assert_eq!(regions("network.latency.regions = {}"), Regions::world());
    let named = regions("network.latency.regions = { shares = { oceania = 0.25, africa = 0.75 }, servers = 'africa' }");
    assert_eq!((named.shares[9], named.shares[5], named.shares.iter().sum::<f64>()), (0.25, 0.75, 1.0));
    assert_eq!(named.names[usize::from(named.servers)], "africa");
    let own = regions(&own("[[10, 40], [60, 20]]", ", sigma = 0, shares.b = 1"));
    assert_eq!((own.names.join(" "), own.shares.as_slice(), own.servers), ("a b".to_owned(), [0.0, 1.0].as_slice(), 0));
    assert_eq!(own.medians, [5, 25, 25, 10].map(Duration::from_millis));
    assert_eq!((own.sigma, own.sigma_within), (0.0, Regions::SIGMA_WITHIN));
}

#[test]
fn mistakes_about_regions_are_shown_where_they_are() {
    let said = |shares: &str| format!("network.latency.regions.shares = {shares}");
    with(&said("{ afrika = 1 }"), "unknown region `afrika`", "afrika");
    with(&said("{ africa = 0.5, oceania = 0.4 }"), "the shares of the regions add up to 0.9", "shares");
    with(&said("{ africa = 1.5, oceania = -0.5 }"), "`africa` cannot be 1.5", "1.5");
    with("network.latency.regions.servers = 'europe'", "unknown region `europe`", "'europe'");
    with("network.latency.regions.sigma = -1", "`sigma` cannot be -1", "-1");
    with(&own("[[1, 2], [2, 1]]", ", servers = 'c'"), "unknown region `c`", "'c'");
    with(&own("[[1, 2]]", ""), "1 rows for 2 regions", "[[1, 2]]");
    with(&own("[[1, 2], [2]]", ""), "a row of 1 in a table of 2 regions", "[2]");
    with(&own("[[1, 2], [-2, 1]]", ""), "-2 is not a delay", "-2");
    with(&own("[[1, 2], [2, 30_000]]", ""), "30000 is not a delay", "30_000");
    let twice = own("[[1, 2], [2, 1]]", "").replace("'b'", "'a'");
    with(&twice, "there are two regions `a`", "'a'");
    let empty = own("[]", "").replace("['a', 'b']", "[]");
    with(&empty, "there cannot be 0 regions", "[]");
    with("network.latency.regions.table = { names = ['a'] }", "missing key `medians`", "{ names = ['a'] }");
}

#[test]
fn an_unknown_region_is_told_which_there_are() {
    let text = format!("{SHORT}network.latency.regions.servers = 'west-europe'\n");
    let told = errors(&text, &[]);
    assert!(
        told.contains("dir/s.toml:3:35") && told.contains("did you mean `western-europe`? expected one of"),
        "{told}"
    );
}

#[test]
fn coordinates_are_checked_before_and_in_their_file() {
    let folder = tempfile::TempDir::new().unwrap();
    let scenario = folder.path().join("s.toml");
    let runs = |keys: &str| {
        let text = format!("{SHORT}[network.latency.coordinates]\nholds = 'one-way'\nunit = 'ms'\n{keys}\n");
        std::fs::write(&scenario, text).unwrap();
        Scenario::load(&scenario, &[]).and_then(|scenario| scenario.runs(REGISTERED)).map_err(|told| told.to_string())
    };
    std::fs::write(folder.path().join("c.csv"), "0,0\n3,4\n6,x\n").unwrap();
    let wrong = runs("file = 'c.csv'").unwrap_err();
    assert!(wrong.contains("s.toml:6:8") && wrong.contains("c.csv: line 3, column 2: `x` is not a number"), "{wrong}");
    std::fs::write(folder.path().join("c.csv"), "0,0\n3,4\n").unwrap();
    let right = runs("file = 'c.csv'").unwrap();
    let Latency::Coordinates(coordinates) = &right.runs[0].plan.network.latency else { panic!("other delays") };
    assert_eq!(coordinates.one_way(0, 1), Duration::from_millis(5));
    let wrong = runs("file = 'c.csv'\ndimensions = 3").unwrap_err();
    assert!(wrong.contains("c.csv: line 1, column 3: a row of 2 where 3 are expected"), "{wrong}");
    let wrong = runs("file = 'c.csv'\ndimensions = 4").unwrap_err();
    assert!(wrong.contains("s.toml:7:14") && wrong.contains("write 2 or 3"), "{wrong}");
    let missing = runs("file = 'd.csv'").unwrap_err();
    assert!(missing.contains("s.toml:6:8") && missing.contains("cannot read the coordinates"), "{missing}");
}

#[test]
fn a_sweep_over_the_unit_of_a_file_reads_it_in_each() {
    let folder = tempfile::TempDir::new().unwrap();
    let scenario = folder.path().join("s.toml");
    let text = "network.latency.matrix = { file = 'm.csv', holds = 'rtt', unit = 'ms' }\n\
                sweep.axes = { 'network.latency.matrix.unit' = ['ms', 'us'] }\n";
    std::fs::write(&scenario, format!("{SHORT}{text}")).unwrap();
    std::fs::write(folder.path().join("m.csv"), "0 2\n2 0\n").unwrap();
    let runs = Scenario::load(&scenario, &[]).and_then(|scenario| scenario.runs(REGISTERED)).unwrap().runs;
    let delays = runs.iter().map(|run| match &run.plan.network.latency {
        Latency::Matrix(matrix) => matrix.one_way(0, 1),
        other => panic!("{other:?}"),
    });
    assert_eq!(delays.collect::<Vec<_>>(), [Duration::from_millis(1), Duration::from_nanos(1_000)]);
}

#[test]
fn bursts_hours_and_inflation_are_read_with_their_defaults() {
    let burst = network("network.burst = { mean_loss = 0.02, mean_burst = 5 }").burst;
    assert_eq!(burst, Some(Burst { mean_loss: 0.02, mean_burst: 5.0, loss_good: 0.0, loss_bad: 1.0 }));
    let hours = (0..24).map(|hour| format!("1.{hour:02}")).collect::<Vec<_>>().join(", ");
    let diurnal = network(&format!("network.diurnal.factors = [{hours}]")).diurnal;
    let factors = std::array::from_fn(|hour| (100 + hour) as f64 / 100.0);
    assert_eq!(diurnal, Some(Diurnal { factors, start_hour: 0 }));
    let inflation = network("network.inflation = { share = 0.1, factor = 3 }").inflation;
    assert_eq!(inflation, Some(Inflation { share: 0.1, factor: 3.0 }));
}

#[test]
fn mistakes_about_bursts_hours_and_inflation_are_shown_where_they_are() {
    let burst = |keys: &str| format!("network.burst = {{ {keys} }}");
    with(&burst("mean_loss = 1, mean_burst = 5"), "`mean_loss` cannot be 1", "1");
    with(&burst("mean_loss = 0.1, mean_burst = 5, loss_good = 0.2"), "`mean_loss` cannot be 0.1", "0.1");
    with(&burst("mean_loss = 0.1, mean_burst = 0.5"), "`mean_burst` cannot be 0.5", "0.5");
    with(&burst("mean_loss = 0.8, mean_burst = 2"), "`mean_burst` cannot be 2", "2");
    with(&burst("loss_bad = 2, mean_loss = 0.1, mean_burst = 5"), "`loss_bad` cannot be 2", "2");
    with(&burst("mean_loss = 0.1"), "missing key `mean_burst`", "{ mean_loss = 0.1 }");
    let hours = |last: &str| format!("[{}{last}]", "1, ".repeat(23));
    with(&format!("network.diurnal.factors = {}", hours("")), "a day has 24 hours, and here are 23", &hours(""));
    with(&format!("network.diurnal.factors = {}", hours("0")), "the factor of 23:00 cannot be 0", "0");
    let late = format!("network.diurnal = {{ factors = {}, start_hour = 24 }}", hours("1"));
    with(&late, "a day has no hour 24", "24");
    with("network.inflation = { share = 2, factor = 2 }", "`share` cannot be 2", "2");
    with("network.inflation = { share = 0.1, factor = 0.5 }", "`factor` cannot be 0.5", "0.5");
}
