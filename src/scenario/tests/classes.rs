//! Classes of participants, and events about groups of them.

use super::super::{Class, Event, Group, What};
use super::mistakes::with;
use super::*;
use crate::network::Access;

const UNEVEN: &str = r#"
[population]
online = 300
churn = { session.exponential.mean = '1h', downtime.exponential.mean = '3h', time_scale = 2 }
[[population.classes]]
name = "strong"
share = 0.25
access = { uplink = "8Mbit/s" }
churn = { session.exponential.mean = '3h', downtime.exponential.mean = '1h', time_scale = 0.5, graceful = 0 }
regions = { africa = 0.5, oceania = 0.5 }
storage = "1MiB"
[[population.classes]]
name = "weak"
share = 0.75
[network]
access = { uplink = "1Mbit/s" }
latency.regions = {}
[systems.a.ring]
"#;

#[test]
fn a_class_has_what_it_says_and_otherwise_what_all_have() {
    let plan = plan(UNEVEN, &[]);
    let [strong, weak] = &plan.population.classes[..] else { panic!("there are two") };
    let laws = |class: &Class| match &class.churn.as_ref().expect("there is churn").sessions {
        Sessions::Laws { session, downtime } => (session.mean(), downtime.mean()),
        Sessions::Trace(_) => panic!("there are no laws"),
    };
    // The population's time scale stretches the class's own laws too.
    assert_eq!((laws(strong), laws(weak)), ((10_800.0, 3_600.0), (7_200.0, 21_600.0)));
    let graceful = |class: &Class| class.churn.as_ref().unwrap().graceful;
    assert_eq!((graceful(strong), graceful(weak)), (0.0, 0.5));
    let access = |uplink| Some(Access { uplink, downlink: f64::INFINITY, queue: 1 << 20 });
    assert_eq!((strong.access, weak.access), (access(8e6), access(1e6)));
    assert_eq!((strong.storage, weak.storage), (1 << 20, u64::MAX));
    assert_eq!(strong.regions.as_ref().map(|shares| (shares[5], shares[9])), Some((0.5, 0.5)));
    assert_eq!(weak.regions, None);
    // A quarter is online for three quarters of the time, and three quarters for one.
    assert_eq!((plan.population.participants, plan.population.online), (800, 300.0));
}

#[test]
fn what_is_wrong_with_classes_is_shown_in_its_place() {
    let classes = |classes: &str, message: &str, marked: &str| {
        with(&format!("population.classes = [{classes}]"), message, marked);
    };
    let one = "{ name = 'a', share = 0.5 }";
    classes("", "there cannot be 0 classes", "[]");
    classes(one, "the shares of the classes add up to 0.5", "0.5");
    classes(&format!("{one}, {{ name = 'a', share = 0.5 }}"), "there are two classes `a`", "'a'");
    classes("{ name = '', share = 1 }", "a class without a name", "''");
    classes("{ name = 'a', share = 1.5 }", "`share` cannot be 1.5", "1.5");
    classes("{ name = 'a', shares = 1 }", "unknown key `shares`", "shares");
    classes(
        "{ name = 'a', share = 1, storage = '1' }",
        "`1` has no unit: write one of B, kB, MB, GB, KiB, MiB, GiB, as in \"4KiB\"",
        "'1'",
    );
    classes("{ name = 'a', share = 1, regions = { africa = 1 } }", "there are no regions to stand in", "regions");
    classes("{ name = 'a', share = 1, churn.preset = 'cad' }", "unknown preset `cad`", "'cad'");
    classes("{ name = 'a', share = 1, churn.trace = 'x' }", "a class has no trace of its own", "'x'");
    let both = "{ name = 'a', share = 1, churn = { preset = 'kad', session.constant = '1h' } }";
    classes(both, "`preset` and `session` exclude each other", "session");
    let no_end = "{ name = 'a', share = 1, churn.session.constant = '1h' }";
    classes(no_end, "it is not said how long participants are away", "churn");
    let once = "population = { churn.session.constant = '1h', arrivals = {}, online = 9, \
                classes = [{ name = 'a', share = 1, churn.preset = 'kad' }] }\nsystems.a.ring = {}";
    assert!(errors(once, &[]).contains("the shares of classes with their own sessions would not last"));
    let unknown = UNEVEN.replace("africa", "afrika");
    assert!(errors(&unknown, &[]).contains("dir/s.toml:10:13\n"), "{}", errors(&unknown, &[]));
    let half = UNEVEN.replace("africa = 0.5", "africa = 0.4");
    assert!(errors(&half, &[]).contains("the shares of the regions add up to 0.9"), "{}", errors(&half, &[]));
}

#[test]
fn events_name_classes_and_regions() {
    let text = format!(
        "{UNEVEN}{}",
        r#"
        [[events]]
        crash = { at = "10min", share = 0.5, class = "weak" }
        [[events]]
        crash = { at = "20min", share = 0.5, region = "oceania" }
        [[events]]
        cut-off = { at = "30min", for = "5min", region = "western-europe" }
        [[events]]
        cut-off = { at = "40min", class = "strong" }
        "#
    );
    let at = |minutes: u64, minutes_long: Option<u64>, what| Event {
        at: Duration::from_secs(60 * minutes),
        lasts: minutes_long.map(|long| Duration::from_secs(60 * long)),
        what,
    };
    let expected = [
        at(10, None, What::Crash { share: 0.5, group: Group::Class(1) }),
        at(20, None, What::Crash { share: 0.5, group: Group::Region(9) }),
        at(30, Some(5), What::CutOff { group: Group::Region(2) }),
        at(40, None, What::CutOff { group: Group::Class(0) }),
    ];
    assert_eq!(plan(&text, &[]).events, expected);
}

#[test]
fn groups_that_are_not_there_are_shown_in_their_place() {
    let told = |event: &str, message: &str, marked: &str| with(&format!("events = [{{ {event} }}]"), message, marked);
    told("crash = { at = '1h', share = 1, class = 'weak' }", "unknown class `weak`", "'weak'");
    told("cut-off = { at = '1h', region = 'africa' }", "unknown region `africa`", "'africa'");
    told("cut-off = { at = '1h' }", "it is not said who is cut off", "cut-off");
    told("cut-off = { at = '1h', region = 'a', class = 'b' }", "`region` and `class` exclude each other", "'b'");
    let near = format!("{UNEVEN}[[events]]\ncut-off = {{ at = '1h', region = 'oceana' }}");
    let said = errors(&near, &[]);
    assert!(said.contains("dir/s.toml:20:33\n") && said.contains("did you mean `oceania`?"), "{said}");
}

#[test]
fn local_hours_need_clocks() {
    with("workload.diurnal = { amplitude = 0.5, local = true }", "nobody's local hour is known", "true");
    let table = |offsets: &str| {
        format!(
            "{SHORT}workload.diurnal = {{ amplitude = 0.5, local = true }}\n[network.latency.regions.table]\n\
             names = ['a', 'b']\nmedians = [[1, 2], [2, 1]]\nholds = 'rtt'\nunit = 'ms'\n{offsets}\n"
        )
    };
    assert!(errors(&table(""), &[]).contains("nobody's local hour is known"));
    assert!(errors(&table("offsets = [1]"), &[]).contains("1 offsets for 2 regions"));
    assert!(errors(&table("offsets = [1, 25]"), &[]).contains("cannot be 25"));
    let plan = plan(&table("offsets = [1, -3.5]"), &[]);
    assert!(plan.workload.local_hours && !plan.population.local_hours);
    let ahead = |region| plan.network.regions().unwrap().ahead(region);
    assert_eq!(ahead(1), Some(Duration::from_secs(73_800)), "half past eight the evening before");
}

#[test]
fn servers_stand_in_regions_that_there_are() {
    with("systems.b.ring.region = 'africa'", "there are no regions to stand in", "ring");
    let text = "population.online = 9\nnetwork.latency.regions = {}\nsystems.a.ring.region = 'afrika'\n";
    let said = errors(text, &[]);
    assert!(said.contains("unknown region `afrika`") && said.contains("did you mean `africa`?"), "{said}");
    assert_eq!(plan(&text.replace("afrika", "africa"), &[]).systems.len(), 1);
}

#[test]
fn what_a_protocol_cannot_do_is_a_warning() {
    let warnings = |lines: &str| {
        let text = format!("{SHORT}workload.lookup.every = '1s'\ntime.warmup = '1h'\n{lines}");
        let runs = load(&text, &[]).and_then(|scenario| scenario.runs(REGISTERED)).unwrap();
        runs.warnings.iter().map(|warning| warning.message.clone()).collect::<Vec<_>>()
    };
    let apart = ["`a` may stay apart when this is healed"];
    assert_eq!(warnings("events = [{ partition = { at = '1h', for = '5min', shares = [0.5, 0.5] } }]"), apart);
    let for_ever = "events = [{ partition = { at = '1h', shares = [0.5, 0.5] } }]";
    assert_eq!(warnings(for_ever), [""; 0], "nothing is to become one again");
    let full = "resources.count = 9\npopulation.classes = [{ name = 'a', share = 1, storage = '1KiB' }]";
    assert_eq!(warnings(full), ["`a` does not look at this: there every machine holds everything"]);
}
