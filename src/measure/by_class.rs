//! Figures by class of participants: the columns of `classes.csv`, and what is counted for them.

use std::sync::LazyLock;

use super::catalogue::{Better, Catalogue, Figures, OPERATIONS, add};
use super::metrics::Metrics;
use super::observer::Ended;
use super::outcome::ClassRow;
use super::results::Group;
use crate::engine::Time;
use crate::model::{NodeId, Operation, Verdict};
use crate::scenario::plan::Plan;

/// The columns of `classes.csv` after `class`, in their order. All are of the class's participants in the measurement.
pub static CLASSES: LazyLock<Catalogue> = LazyLock::new(|| {
    use Better::*;
    let mut list = Vec::new();
    add(
        &mut list,
        "participants",
        "machines",
        Neither,
        "all of the class who are ever online, in the warm-up or later",
    );
    add(&mut list, "online_mean", "machines", Neither, "those online, time mean");
    for operation in OPERATIONS {
        add(&mut list, format!("{operation}s"), "", Neither, format!("{operation}s that they issued"));
        for (outcome, better) in [("correct", Higher), ("incorrect", Lower), ("failed", Lower)] {
            let about = format!("{outcome} {operation}s of those decided");
            add(&mut list, format!("{operation}_{outcome}_ratio"), "", better, about);
        }
        for (outcome, what) in [("abandoned", "abandoned"), ("open", "under way at the end")] {
            let about = format!("{operation}s {what}, of those issued");
            add(&mut list, format!("{operation}_{outcome}_ratio"), "", Neither, about);
        }
        let about = format!("time from issue to answer of their correct {operation}s, mean");
        add(&mut list, format!("{operation}_latency_mean_ms"), "ms", Lower, about);
    }
    let about = "requests processed for operations of others, per second online, mean over machines";
    add(&mut list, "requests_per_online_s_mean", "1/s", Lower, about);
    let about = "bytes sent because of others, per second online, mean over machines";
    add(&mut list, "upload_per_online_s_mean", "B/s", Lower, about);
    add(&mut list, "records_mean", "records", Lower, "records held while online, mean over machines");
    add(&mut list, "bytes_per_online_s_mean", "B/s", Lower, "bytes put on the wire per machine and second online");
    let about = "records that did not fit on a disk, each time that one was offered";
    add(&mut list, "records_refused", "records", Lower, about);
    Catalogue::new(list)
});

/// What is counted by class beside the counters of the machines; nothing without classes.
#[derive(Default)]
pub struct ByClass {
    names: Vec<String>,
    /// The class of each participant.
    of: Vec<u8>,
    /// By class, then by kind of operation.
    counts: Vec<[Count; 3]>,
    refused: Vec<u64>,
}

/// How the counted operations of one kind have ended.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    issued: u64,
    correct: u64,
    incorrect: u64,
    failed: u64,
    abandoned: u64,
    open: u64,
    latency_ns: u128,
}

impl ByClass {
    /// `of`: the class of each participant.
    pub fn new(plan: &Plan, of: Vec<u8>) -> ByClass {
        let names: Vec<String> = plan.population.classes.iter().map(|class| class.name.clone()).collect();
        let (counts, refused) = (vec![Default::default(); names.len()], vec![0; names.len()]);
        ByClass { of, counts, refused, names }
    }

    /// The class of a machine; `None` without classes, and of a server.
    pub fn class(&self, machine: NodeId) -> Option<usize> {
        self.of.get(machine.index()).map(|class| usize::from(*class))
    }

    /// An operation that counts was issued.
    pub fn issued(&mut self, operation: &Operation) {
        if let Some(class) = self.class(operation.node) {
            self.counts[class][operation.kind as usize].issued += 1;
        }
    }

    /// An operation that counts ended.
    pub fn ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        let Some(class) = self.class(operation.node) else { return };
        let count = &mut self.counts[class][operation.kind as usize];
        match ended.verdict {
            Verdict::Correct => {
                count.correct += 1;
                count.latency_ns += u128::from((at - operation.issued).as_nanos());
            }
            Verdict::Incorrect => count.incorrect += 1,
            Verdict::Failed(_) => count.failed += 1,
            Verdict::Abandoned => count.abandoned += 1,
            Verdict::Open => count.open += 1,
        }
    }

    /// A machine's disk had no room for a record.
    pub fn refused(&mut self, machine: NodeId) {
        if let Some(class) = self.class(machine) {
            self.refused[class] += 1;
        }
    }

    /// The warm-up is over: refusals are counted from now on (and operations that are issued from now on).
    pub fn measurement_begins(&mut self) {
        self.refused.fill(0);
    }
}

impl Count {
    fn report(&self, kind: &str, figures: &mut Figures) {
        if self.issued == 0 {
            return;
        }
        let mut set = |name: &str, value: Option<f64>| figures.set_some(&format!("{kind}{name}"), value);
        let decided = self.correct + self.incorrect + self.failed;
        set("s", Some(self.issued as f64));
        for (name, part) in [("correct", self.correct), ("incorrect", self.incorrect), ("failed", self.failed)] {
            set(&format!("_{name}_ratio"), ratio(part as f64, decided as f64));
        }
        for (name, part) in [("abandoned", self.abandoned), ("open", self.open)] {
            set(&format!("_{name}_ratio"), ratio(part as f64, self.issued as f64));
        }
        set("_latency_mean_ms", ratio(self.latency_ns as f64 / 1e6, self.correct as f64));
    }
}

impl Metrics {
    /// The figures of each class in a measurement that has been closed which do not depend on how its last operations end.
    pub fn class_figures(&self) -> Vec<Figures> {
        (0..self.classes.names.len()).map(|class| self.figures_of_class(class)).collect()
    }

    /// A row for each class, with the figures of operations, which have all ended.
    pub fn class_rows(&self, figures: Vec<Figures>) -> Vec<ClassRow> {
        let of_operations = self.classes.names.iter().zip(&self.classes.counts).zip(figures);
        let row = |((name, counts), mut figures): ((&String, &[Count; 3]), Figures)| {
            OPERATIONS.iter().zip(counts).for_each(|(kind, count)| count.report(kind, &mut figures));
            ClassRow { class: name.clone(), values: figures.into_values() }
        };
        of_operations.map(row).collect()
    }

    fn figures_of_class(&self, class: usize) -> Figures {
        let mut figures = Figures::new(&CLASSES);
        let all = self.machines.iter().zip(&self.carried).zip(&self.classes.of);
        let (mut participants, mut online_s, mut sent) = (0u32, 0.0, 0);
        for ((machine, carried), _) in all.filter(|(_, of)| usize::from(**of) == class) {
            participants += u32::from(machine.came);
            online_s += machine.online().as_secs_f64();
            sent += carried.sent;
        }
        figures.set("participants", participants.into());
        figures.set_some("online_mean", ratio(online_s, self.closed_at().since(self.began).as_secs_f64()));
        for (_, quantity, values) in self.loads(Group::Class(class)) {
            let mean = ratio(values.iter().sum(), values.len() as f64);
            figures.set_some(&format!("{quantity}_mean"), mean.filter(|_| quantity != "records" || self.resources > 0));
        }
        figures.set_some("bytes_per_online_s_mean", ratio(sent as f64, online_s));
        if self.resources > 0 {
            figures.set("records_refused", self.classes.refused[class] as f64);
        }
        figures
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
