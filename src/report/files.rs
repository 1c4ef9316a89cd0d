//! The list of the files of results, with the columns that no catalogue of figures has.

/// A file that a directory of results may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultFile {
    pub name: &'static str,
    /// What it holds and when it is written.
    pub about: &'static str,
    /// Columns of its own, which stand behind those that name the run and before those of a catalogue.
    pub columns: &'static [Described],
}

/// A column's name and meaning.
pub type Described = (&'static str, &'static str);

/// Every file that a directory of results may have beside its charts: what [`super::staged::Staged::commit`] clears away
/// when new results come.
pub const FILES: [ResultFile; 13] = [
    file("runs.csv", "One row per run (one system, one parameter point, one seed) with every metric.", &[]),
    file(
        "summary.csv",
        "One row per parameter point, system and metric: statistics over the repetitions. Begins with the axes.",
        &SUMMARY,
    ),
    file("timeseries.csv", "One row per sample of each run, warm-up included.", &SERIES),
    file("load.csv", "The 101 quantiles of each load and latency, with Lorenz curves.", &LOAD),
    file("events.csv", "One row per start and end of each of the scenario's `[[events]]`. Only with events.", &EVENT),
    file("classes.csv", "One row per class of participants. Only with `[[population.classes]]`.", &CLASS),
    file("pairs.csv", "Outcomes of dials between each two classes of NAT. Only with connections.", &PAIR),
    file(
        "nodes.csv",
        "One row per machine that was ever online, with its class in a last column `class` where there are classes. `run` writes \
         it up to 100,000 machines, `sweep` with `--nodes`.",
        &NODE,
    ),
    file("operations.csv", "One row per operation. Only with `run --operations`.", &OPERATION),
    file(
        "resources.csv",
        "One row per resource. `run` writes it up to 100,000 resources, `sweep` with `--resources`.",
        &RESOURCE,
    ),
    file(
        "scenario.toml",
        "The resolved scenario: defaults of presets and `--set` applied. It can be run again as it is.",
        &[],
    ),
    file(
        "timing.json",
        "Processor seconds, events and memory of each run. The only file that differs between two executions.",
        &[],
    ),
    file(
        "manifest.json",
        "What is needed to repeat the results: version and commit of the program, command, name and hash of the scenario, \
         seeds, a fingerprint of each run, runs that are missing and why, warnings. Written last: a directory with a \
         manifest is complete.",
        &[],
    ),
];

const fn file(name: &'static str, about: &'static str, columns: &'static [Described]) -> ResultFile {
    ResultFile { name, about, columns }
}

/// The columns of `summary.csv`, behind axes, `system` and `metric`.
pub const SUMMARY: [Described; 10] = [
    ("n", "runs in which the metric applies"),
    ("mean", "arithmetic mean"),
    ("sd", "sample standard deviation"),
    ("ci95_low", "lower end of the 95 % confidence interval of the mean (Student's t)"),
    ("ci95_high", "upper end of that interval"),
    ("min", "smallest value"),
    ("p25", "first quartile"),
    ("median", "median"),
    ("p75", "third quartile"),
    ("max", "largest value"),
];

/// The first column of `timeseries.csv`.
pub const SERIES: [Described; 1] =
    [("time_s", "seconds since the start of the run; the row is of the interval that ends there")];

/// The first column of `load.csv`.
pub const LOAD: [Described; 1] = [("quantile", "0, 0.01, … 1")];

/// The columns of `events.csv`.
pub const EVENT: [Described; 2] =
    [("time_s", "seconds since the start of the run"), ("event", "what begins or is over")];

/// The first column of `classes.csv`.
pub const CLASS: [Described; 1] = [("class", "name of the class; the row is of its participants in the measurement")];

/// The first columns of `pairs.csv`.
pub const PAIR: [Described; 2] =
    [("from", "NAT class of the machine that dials"), ("reached", "NAT class of the machine that is dialled")];

/// The columns of `nodes.csv`. With classes of participants a column `class` follows.
pub const NODE: [Described; 10] = [
    ("machine", "number of the machine"),
    ("role", "`participant`, `server` or `bootstrap`"),
    ("online_s", "seconds online in the measurement"),
    ("requests_per_online_s", "load: requests processed for others, per second online"),
    ("upload_per_online_s", "load: bytes sent because of others, per second online"),
    ("records_mean", "load: records held, time mean while online"),
    ("bytes_sent", "bytes put on the wire"),
    ("bytes_received", "bytes that arrived"),
    ("contacts", "routing entries held at the end; empty if it was not joined then"),
    ("peers_contacted", "different machines that it sent something to; of a sample of machines only"),
];

/// The columns of `operations.csv`.
pub const OPERATION: [Described; 11] = [
    ("participant", "number of the machine that issued the operation"),
    ("session", "number of the session, from 0"),
    ("number", "number of the operation in that session, from 0"),
    ("kind", "`lookup`, `get` or `put`"),
    ("issued_s", "seconds since the start of the run"),
    ("outcome", "`correct`, `incorrect`, `failed`, `abandoned` or `open`"),
    ("cause", "cause of a failure"),
    ("latency_ms", "from issue to answer; empty without one"),
    ("hops", "depth of the node where a correct operation ended"),
    ("rpcs", "requests sent by any node on its behalf"),
    ("timeouts", "those of them that timed out"),
];

/// The columns of `resources.csv`.
pub const RESOURCE: [Described; 8] = [
    ("resource", "number of the resource"),
    ("rank", "rank by popularity at the start, from 1"),
    ("size_bytes", "size of the whole resource"),
    ("pieces", "pieces that are stored, coded ones included"),
    ("needed", "pieces that give the resource back"),
    ("lost_s", "seconds since the start of the run when it was lost; empty if it was not"),
    ("lost_by", "what took the last piece that was needed: a departure, or expiry"),
    ("availability_mean", "share of the time in which it was available"),
];
