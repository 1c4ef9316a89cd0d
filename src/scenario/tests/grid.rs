//! Axes, points and runs.

use super::*;

const SWEEP: &str = "seed = 40\npopulation.online = 100\nsystems.a.ring = {}\nsystems.b.kademlia = {}\n[sweep]\n";

fn runs(text: &str, sets: &[&str]) -> Vec<String> {
    let runs = load(text, sets).and_then(|scenario| scenario.runs(REGISTERED));
    runs.unwrap_or_else(|problems| panic!("{problems}")).runs.into_iter().map(|run| run.id).collect()
}

#[test]
fn without_a_sweep_each_system_runs_once() {
    assert_eq!(
        runs("seed = 40\npopulation.online = 9\n[systems.b.ring]\n[systems.a.ring]", &[]),
        ["b;seed=40", "a;seed=40"]
    );
}

#[test]
fn all_combinations_are_run_in_the_order_of_the_file() {
    let text = format!("{SWEEP}repetitions = 2\naxes.'time.warmup' = ['1h', '2h']\naxes.'network.loss' = [0, 0.5]\n");
    let scenario = load(&text, &[]).unwrap();
    let axes: Vec<String> =
        scenario.axes().iter().map(|axis| format!("{}: {:?}", axis.path(), axis.values())).collect();
    assert_eq!(axes, [r#"time.warmup: ["1h", "2h"]"#, r#"network.loss: ["0", "0.5"]"#]);
    let mut expected = Vec::new();
    for warmup in ["1h", "2h"] {
        for loss in ["0", "0.5"] {
            for system in ["a", "b"] {
                for seed in [40, 4_116_629_409_772_740_u64] {
                    expected.push(format!("{system};time.warmup={warmup};network.loss={loss};seed={seed}"));
                }
            }
        }
    }
    assert_eq!(runs(&text, &[]), expected);
}

#[test]
fn a_point_has_its_values_in_its_plan() {
    let text = format!("{SWEEP}axes.'network.loss' = [0.25, 0.5]\naxes.'population.participants' = [7, 8]\n");
    let scenario = load(&text, &[]).unwrap();
    let plans = scenario.points().into_iter().map(|point| scenario.plan(&point, REGISTERED).unwrap());
    let values: Vec<(f64, u32)> = plans.map(|plan| (plan.network.loss, plan.population.participants)).collect();
    assert_eq!(values, [(0.25, 7), (0.25, 8), (0.5, 7), (0.5, 8)]);
}

#[test]
fn an_axis_of_one_system_leaves_the_others_with_an_empty_cell() {
    let text = format!("{SWEEP}axes.'systems.b.kademlia.k' = [8, 20]\naxes.'network.loss' = [0, 0.5]\n");
    let runs = load(&text, &[]).unwrap().runs(REGISTERED).unwrap().runs;
    let seen: Vec<(&str, [Option<&str>; 2])> =
        runs.iter().map(|run| (run.id.as_str(), [run.cells[0].as_deref(), run.cells[1].as_deref()])).collect();
    assert_eq!(
        seen,
        [
            ("a;network.loss=0;seed=40", [None, Some("0")]),
            ("b;systems.b.kademlia.k=8;network.loss=0;seed=40", [Some("8"), Some("0")]),
            ("a;network.loss=0.5;seed=40", [None, Some("0.5")]),
            ("b;systems.b.kademlia.k=8;network.loss=0.5;seed=40", [Some("8"), Some("0.5")]),
            ("b;systems.b.kademlia.k=20;network.loss=0;seed=40", [Some("20"), Some("0")]),
            ("b;systems.b.kademlia.k=20;network.loss=0.5;seed=40", [Some("20"), Some("0.5")]),
        ]
    );
    let k: Vec<u32> = runs.iter().map(|run| run.system().config.downcast_ref::<Toy>().unwrap().k).collect();
    assert_eq!(k, [20, 8, 20, 8, 20, 20]);
}

#[test]
fn an_argument_fixes_its_axis() {
    let text = format!("{SWEEP}axes.'network.loss' = [0, 0.5]\naxes.\"systems . b . kademlia . k\" = [8, 20]\n");
    let ids = [
        "a;network.loss=0;seed=40",
        "b;network.loss=0;seed=40",
        "a;network.loss=0.5;seed=40",
        "b;network.loss=0.5;seed=40",
    ];
    assert_eq!(runs(&text, &["systems.b.kademlia.k=3"]), ids);
    let fixed = load(&text, &["systems.b.kademlia.k=3", "network.loss=0.1"]).unwrap();
    assert!(fixed.axes().is_empty() && fixed.refuse_axes().is_ok());
    assert_eq!(fixed.plan(&fixed.points()[0], REGISTERED).unwrap().network.loss, 0.1);
    assert!(!fixed.resolved().contains("network.loss\""), "{}", fixed.resolved());
}

#[test]
fn a_single_run_refuses_axes_and_says_how_to_fix_them() {
    let text = format!("{SWEEP}axes.'network.loss' = [0.1, 0.5]\n");
    assert_eq!(
        load(&text, &[]).unwrap().refuse_axes().unwrap_err().to_string(),
        r#"error: `network.loss` is varied
 --> dir/s.toml:6:6
  |
6 | axes.'network.loss' = [0.1, 0.5]
  |      ^^^^^^^^^^^^^^
  = help: fix it, as in --set network.loss=0.1, or use `peerlab sweep`
"#
    );
}

#[test]
fn an_argument_that_an_axis_would_undo_is_refused() {
    let text = format!("{SWEEP}axes.'population.participants' = [1, 2]\n");
    assert!(
        errors(&text, &["population.online=3"])
            .starts_with("error: the axis `population.participants` sets this again")
    );
    let text = format!("{SWEEP}axes.'systems.b.kademlia' = [{{ k = 1 }}, {{ k = 2 }}]\n");
    assert!(
        errors(&text, &["systems.b.kademlia.k=3"]).starts_with("error: the axis `systems.b.kademlia` sets this again")
    );
    assert_eq!(runs(&text, &[])[2], "b;systems.b.kademlia={ k = 2 };seed=40");
}

#[test]
fn axes_that_cannot_be_are_refused() {
    for (axes, message) in [
        ("'network..loss' = [1]", "`network..loss` is not a path"),
        ("'network.loss' = []", "the axis `network.loss` has no values"),
        ("'network.loss' = 0.5", "the axis `network.loss` has no values"),
        ("'network.loss' = [0.5, 0.5]", "the axis `network.loss` has the value 0.5 twice"),
        ("seed = [1, 2]", "the seed is not an axis"),
        ("'sweep.repetitions' = [1, 2]", "an axis cannot vary the sweep itself"),
        (
            "'population.online' = [1]\n'population.participants' = [2]",
            "the axes `population.online` and `population.participants` set the same thing",
        ),
        ("'systems.c.ring.k' = [1]", "unknown system `c`"),
        ("'network.los' = [0.1]", "unknown key `los`"),
    ] {
        let told = errors(&format!("{SWEEP}[sweep.axes]\n{axes}"), &[]);
        assert!(told.starts_with(&format!("error: {message}\n")), "{told}");
    }
}

#[test]
fn a_wrong_value_of_an_axis_is_shown_in_its_list_and_a_wrong_file_once() {
    let text = "population.online = 9\nsystems.a.ring.k = 0\n[sweep.axes]\n'network.loss' = [0, 0.5, 1.5]\n";
    assert_eq!(
        errors(text, &[]),
        r#"error: `k`: must be at least 1
 --> dir/s.toml:2:20
  |
2 | systems.a.ring.k = 0
  |                    ^

error: `loss` cannot be 1.5
 --> dir/s.toml:4:27
  |
4 | 'network.loss' = [0, 0.5, 1.5]
  |                           ^^^
  = help: write a number from 0 to 1
"#
    );
}

#[test]
fn sweeps_of_consecutive_seeds_share_no_run() {
    let text = format!("{SWEEP}repetitions = 20\n");
    let seeds = |first: &str| {
        let runs = load(&text, &[first]).unwrap().runs(REGISTERED).unwrap().runs;
        runs.iter().map(|run| (run.system().name.clone(), run.seed)).collect::<Vec<_>>()
    };
    let (ones, twos) = (seeds("seed=1"), seeds("seed=2"));
    assert!(ones.iter().all(|run| !twos.contains(run)), "{ones:?} and {twos:?}");
    let of = |system: &str| ones.iter().filter(|run| run.0 == system).map(|run| run.1).collect::<Vec<_>>();
    assert_eq!((of("a"), of("a")[0]), (of("b"), 1), "repetitions are paired");
}

#[test]
fn a_grid_that_nobody_could_run_is_refused() {
    let list =
        |name: &str| format!("\"{name}\" = [{}]\n", (1..=400).map(|n| n.to_string()).collect::<Vec<_>>().join(", "));
    let text = format!(
        "population.online = 5\nsystems.a.ring = {{}}\n[sweep.axes]\n{}{}",
        list("population.online"),
        list("systems.a.ring.k")
    );
    let told = Scenario::parse("s.toml".into(), "".into(), text, &[]).unwrap_err().to_string();
    assert!(told.starts_with("error: a grid of 160000 points or more is too large\n --> s.toml:5:1"), "{told}");
}
