//! Scenarios as text, run through the registry as the command line runs them.

use peerlab::measure::catalogue::{METRICS, SERIES};
use peerlab::measure::outcome::{OperationRow, Outcome};
use peerlab::model::{Cause, OperationKind};
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::{Run, Scenario};

/// What is wanted in most tests: nothing beside the figures.
pub(crate) const FIGURES: Wanted = Wanted { nodes: false, resources: false, operations: false };
/// A row for every operation.
pub(crate) const OPERATIONS_TOO: Wanted = Wanted { operations: true, ..FIGURES };

/// A run that is over, with its operations counted up. (The simulator itself asserts the balance of packets at every end.)
pub(crate) struct Ran {
    pub id: String,
    pub system: String,
    pub outcome: Outcome,
}

/// What closed forms are written down for, unless a scenario says something of it: messages whose sizes are easily added up, and
/// nodes that find each other for nothing.
pub(crate) fn plainly(text: &str) -> Vec<String> {
    let assumed = [("wire", "network.wire.preset=p2psim"), ("bootstrap", "network.bootstrap=oracle")];
    assumed.iter().filter(|(word, _)| !text.contains(word)).map(|(_, set)| set.to_string()).collect()
}

/// A scenario as tests mean it.
pub(crate) fn scenario(text: &str, folder: &str) -> Scenario {
    Scenario::parse("test".into(), folder.into(), text.into(), &plainly(text)).unwrap_or_else(|error| panic!("{error}"))
}

/// The list of runs of a scenario.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    let scenario = scenario(text, "");
    scenario.runs(Registry::standard().registered()).unwrap_or_else(|error| panic!("{error}")).runs
}

/// Runs one of them.
pub(crate) fn simulate(run: &Run, wanted: Wanted) -> Ran {
    let registry = Registry::standard();
    let entry = registry.find(run.system().protocol).expect("it is registered");
    let outcome =
        (entry.simulate)(&run.plan, run.system(), run.seed, wanted, None, &|_, _| true).expect("nobody stops it");
    checked(run, outcome)
}

/// Runs one of them with its trace.
pub(crate) fn traced(run: &Run, wanted: Wanted) -> (Ran, String) {
    let registry = Registry::standard();
    let entry = registry.find(run.system().protocol).expect("it is registered");
    let mut trace = Vec::new();
    let outcome = (entry.simulate)(&run.plan, run.system(), run.seed, wanted, Some(&mut trace), &|_, _| true);
    let trace = String::from_utf8(trace).expect("a trace is text");
    (checked(run, outcome.expect("nobody stops it")), trace)
}

/// Runs all of a scenario.
pub(crate) fn all(text: &str) -> Vec<Ran> {
    all_with(text, FIGURES)
}

/// Runs all of a scenario.
pub(crate) fn all_with(text: &str, wanted: Wanted) -> Vec<Ran> {
    runs(text).iter().map(|run| simulate(run, wanted)).collect()
}

/// The only run of a scenario.
pub(crate) fn only(text: &str, wanted: Wanted) -> Ran {
    let mut runs = all_with(text, wanted);
    assert_eq!(runs.len(), 1, "one run was wanted");
    runs.remove(0)
}

/// A system of every registered protocol, named as the protocol, with its defaults.
pub(crate) fn every_system() -> String {
    let registry = Registry::standard();
    let names = registry.entries().iter().map(|entry| entry.registered.name);
    names.map(|name| format!("[systems.{name}.{name}]\n")).collect()
}

/// A system of every registered protocol in each of its routing modes, if it has several, with each of its presets, and with adaptive
/// time-outs.
pub(crate) fn every_mode() -> String {
    let registry = Registry::standard();
    let modes = ["iterative", "recursive"];
    let systems = registry.entries().iter().flat_map(|entry| {
        let name = entry.registered.name;
        let routed = modes.map(|mode| format!("[systems.{name}-{mode}.{name}]\nrouting = \"{mode}\"\n"));
        let mut all = if is_right(&routed[0]) { routed.to_vec() } else { vec![format!("[systems.{name}.{name}]\n")] };
        let presets = (entry.registered.presets)().iter().map(|preset| preset.name);
        all.extend(presets.map(|preset| format!("[systems.{name}-{preset}.{name}]\npreset = \"{preset}\"\n")));
        let adaptive = format!("[systems.{name}-adaptive.{name}]\nrpc_timeout = \"adaptive\"\n");
        all.extend(is_right(&adaptive).then_some(adaptive));
        all
    });
    systems.collect()
}

fn is_right(systems: &str) -> bool {
    let text = format!("population.online = 2\n{systems}");
    let scenario = Scenario::parse("test".into(), "".into(), text, &[]);
    scenario.is_ok_and(|scenario| scenario.runs(Registry::standard().registered()).is_ok())
}

fn checked(run: &Run, outcome: Outcome) -> Ran {
    let ran = Ran { id: run.id.clone(), system: run.system().name.clone(), outcome };
    ran.assert_accounts_balance();
    ran
}

impl Ran {
    /// What holds of every run, whatever it simulates.
    pub(crate) fn assert_accounts_balance(&self) {
        OperationKind::ALL.iter().for_each(|kind| self.assert_operations_add_up(kind.name()));
        assert!(
            self.maybe("busiest_machine_share_ratio").is_none_or(|share| share <= 0.5),
            "{}: a share of one half",
            self.id
        );
        let (least, mean) = (self.maybe("availability_min"), self.maybe("availability_mean"));
        assert!(
            least.zip(mean).is_none_or(|(least, mean)| least <= mean + 1e-9),
            "{}: {least:?} above {mean:?}",
            self.id
        );
    }

    /// A figure that must be there.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        self.maybe(name).unwrap_or_else(|| panic!("{}: no {name}", self.id))
    }

    /// A figure that may not apply.
    pub(crate) fn maybe(&self, name: &str) -> Option<f64> {
        self.outcome.metrics[METRICS.index_of(name).unwrap_or_else(|| panic!("there is no column {name}"))]
    }

    /// A column of the time series: seconds and value, where there is one.
    pub(crate) fn series(&self, name: &str) -> Vec<(f64, f64)> {
        let column = SERIES.index_of(name).unwrap_or_else(|| panic!("there is no series {name}"));
        let seconds = |sample: &peerlab::measure::outcome::Sample| sample.at.as_nanos() as f64 / 1e9;
        self.outcome.samples.iter().filter_map(|sample| Some((seconds(sample), sample.values[column]?))).collect()
    }

    /// The operations issued in these seconds of the run.
    pub(crate) fn issued(&self, from: f64, until: f64) -> impl Iterator<Item = &OperationRow> {
        let within = move |row: &&OperationRow| (from..until).contains(&(row.issued.as_nanos() as f64 / 1e9));
        self.outcome.operations.iter().filter(within)
    }

    /// Holds a figure against what it should be.
    #[track_caller]
    pub(crate) fn assert_near(&self, name: &str, expected: f64, tolerance: f64) {
        let measured = self.figure(name);
        println!("{}: {name} = {measured:.4}, expected {expected:.4} ± {tolerance:.4}", self.id);
        assert!((measured - expected).abs() <= tolerance, "{}: {name} is {measured}, not {expected}", self.id);
    }

    /// "100 % correct": some were asked, and none was incorrect or failed.
    #[track_caller]
    pub(crate) fn assert_all_correct(&self, operation: &str) {
        assert!(self.figure(&format!("{operation}s")) > 0.0, "{}: no {operation}s", self.id);
        let failed: Vec<_> = self.failures(operation).into_iter().filter(|(_, count)| *count > 0.0).collect();
        assert_eq!(self.figure(&format!("{operation}_correct_ratio")), 1.0, "{}: {operation}s: {failed:?}", self.id);
    }

    /// How many operations failed, by cause.
    fn failures(&self, operation: &str) -> Vec<(&'static str, f64)> {
        let column = |cause: &Cause| format!("{operation}_failed_{}", cause.name().replace('-', "_"));
        Cause::ALL.iter().map(|cause| (cause.name(), self.maybe(&column(cause)).unwrap_or(0.0))).collect()
    }

    /// issued = correct + incorrect + failed + abandoned + open, and every failure has its cause.
    fn assert_operations_add_up(&self, operation: &str) {
        let column = |name: &str| self.maybe(&format!("{operation}{name}")).unwrap_or(0.0);
        let issued = column("s");
        assert_eq!(column("_open_ratio"), 0.0, "{}: {operation}s are left undecided", self.id);
        let decided = issued * (1.0 - column("_abandoned_ratio") - column("_open_ratio"));
        let parts = column("_correct_ratio") + column("_incorrect_ratio") + column("_failed_ratio");
        assert!(decided < 0.5 || (parts - 1.0).abs() < 1e-9, "{}: {operation}s decided make up {parts}", self.id);
        let caused: f64 = self.failures(operation).iter().map(|(_, count)| count).sum();
        let failed = column("_failed_ratio") * decided;
        assert!((caused - failed).abs() < 0.01, "{}: {caused} of {failed} failed {operation}s have a cause", self.id);
        let outcomes = ["correct", "incorrect", "failed", "abandoned", "open"];
        let rows: Vec<_> = self.outcome.operations.iter().filter(|row| row.kind == operation).collect();
        let overdue = rows.iter().find(|row| row.timeouts > row.rpcs);
        assert!(overdue.is_none(), "{}: more time-outs than requests: {overdue:?}", self.id);
        assert!(
            rows.iter().all(|row| outcomes.contains(&row.outcome) && (row.outcome == "failed") != row.cause.is_empty())
        );
        assert!(rows.is_empty() || rows.len() as f64 == issued, "{}: {} rows of {issued}", self.id, rows.len());
    }
}

/// Of a trace until the end of the measurement: who came and went, and who asked for what, when; servers left out, and the
/// systems' own names of operations.
pub(crate) fn environment(trace: &str, participants: u32) -> Vec<String> {
    let described = |line: &&str| {
        let mut cells = line.split(',');
        let (event, node) = (cells.nth(1), cells.next().and_then(|node| node.parse::<u32>().ok()));
        matches!(event, Some("up" | "down" | "issue")) && node.is_some_and(|node| node < participants)
    };
    let measured = trace.lines().take_while(|line| !line.contains(",measurement-ends,"));
    let same = |line: &str| line.splitn(7, ',').take(6).collect::<Vec<_>>().join(",");
    measured.filter(described).map(same).collect()
}
