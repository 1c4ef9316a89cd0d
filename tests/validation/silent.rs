//! An overlay that says nothing: for studies of what machines hold, in which nobody looks anything up.

use peerlab::measure::outcome::Outcome;
use peerlab::model::{Cause, Envelope, Metric, NodeId};
use peerlab::overlay::{self, *};
use peerlab::registry::{Entry, Registry};
use peerlab::run::{Wanted, simulate};
use peerlab::scenario::Run;

use super::lab;

/// The table `[systems.NAME.silent]`.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

impl overlay::Config for Config {
    fn check(&self) -> Result<(), Problem> {
        Ok(())
    }
}

/// A node that knows nobody.
struct Silent;

impl Protocol for Silent {
    type Config = Config;
    type Message = NodeId;
    type Timer = ();
    type Shared = ();
    const RULE: Rule<Silent> = Rule::Closest(Metric::Ring);

    fn new(_: &Config, _: &View<'_>) -> Silent {
        Silent
    }

    fn start(&mut self, cx: &mut Context<'_, Silent>, _: Option<NodeId>) {
        cx.joined();
    }

    fn start_converged(&mut self, _: &mut Context<'_, Silent>, _: &Roster) {}

    fn on_message(&mut self, _: &mut Context<'_, Silent>, _: &Envelope, _: NodeId) {}

    fn on_timer(&mut self, _: &mut Context<'_, Silent>, (): ()) {}

    fn walk(&mut self, cx: &mut Context<'_, Silent>, walk: Walk) {
        cx.give_up(walk.op, Cause::NoContact);
    }

    fn contacts(&self, (): &(), _: &View<'_>, _: &mut Vec<NodeId>) {}

    fn heap_bytes(&self) -> HeapBytes {
        HeapBytes::default()
    }
}

/// Runs all of a scenario that may have systems of this protocol, `silent`, only.
pub(crate) fn all(text: &str, wanted: Wanted) -> Vec<(Run, Outcome)> {
    let registry = Registry::standard().with(Entry::of::<Silent>("silent", "says nothing", "nowhere"));
    let scenario = lab::scenario(text, "");
    let runs = scenario.runs(registry.registered()).unwrap_or_else(|error| panic!("{error}")).runs;
    let outcome = |run: Run| {
        let outcome = simulate::<Silent>(&run.plan, run.system(), run.seed, wanted, None, &|_, _| true);
        (run, outcome.expect("nobody stops it"))
    };
    runs.into_iter().map(outcome).collect()
}
