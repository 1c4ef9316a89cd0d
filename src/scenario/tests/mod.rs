//! Scenarios as a user writes them, and what comes back.

mod changes;
mod classes;
mod grid;
mod mistakes;
mod nats;
mod networks;
mod plans;
mod sets;
mod shapes;
mod traversals;

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AnyConfig, Kind, Plan, Problems, Registered, Scenario, Sessions, parse_config};
use crate::engine::{Duration, DurationLaw, Law};
use crate::model::Metric;
use crate::overlay::{Config, Placement, Problem};

/// A protocol that the scenario does not know.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Toy {
    /// Contacts to keep.
    k: u32,
    refresh: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<DurationLaw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

impl Default for Toy {
    fn default() -> Toy {
        Toy { k: 20, refresh: Duration::from_secs(600), service: None, region: None }
    }
}

impl Config for Toy {
    fn check(&self) -> Result<(), Problem> {
        let wrong = |key, message: &str| Err(Problem { key, message: message.into() });
        match self.k {
            0 => wrong("k", "must be at least 1"),
            99 if self.service.is_none() => wrong("service.constant", "99 contacts need a service time"),
            _ => Ok(()),
        }
    }
}

const fn toy(name: &'static str) -> Registered {
    Registered {
        name,
        parse: parse_config::<Toy>,
        for_copies: |config: &AnyConfig, _| Arc::new(config.downcast_ref::<Toy>().unwrap().clone()),
        most_copies: |config: &AnyConfig| config.downcast_ref::<Toy>().unwrap().most_copies(),
        doubt: |config: &AnyConfig| config.downcast_ref::<Toy>().unwrap().doubt(),
        rpc_timeout: |_| Duration::from_millis(1500),
        presets: Toy::presets,
        schema: |generator| generator.subschema_for::<Toy>(),
        in_full: false,
        longest_period: |config: &AnyConfig| config.downcast_ref::<Toy>().unwrap().refresh,
        nodes_per_machine: |_| 1,
        regions: |config: &AnyConfig| vec![config.downcast_ref::<Toy>().unwrap().region.clone()],
        placement: Placement::Everyone(Metric::Ring),
        filtered: |config: &AnyConfig| {
            let k = config.downcast_ref::<Toy>().unwrap().k;
            (k == 7).then(|| Problem { key: "k", message: "seven are too few".into() })
        },
        remerges: |_| false,
        most_nodes: 1_000_000,
    }
}

const REGISTERED: &[Registered] = &[toy("ring"), toy("kademlia")];

/// The shortest scenario.
const SHORT: &str = "population.online = 100\nsystems.a.ring = {}\n";

fn load(text: &str, sets: &[&str]) -> Result<Scenario, Problems> {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    Scenario::parse("dir/s.toml".into(), PathBuf::from("dir"), text.into(), &sets)
}

/// The plan of a file without axes.
fn plan(text: &str, sets: &[&str]) -> Arc<Plan> {
    let runs = load(text, sets).and_then(|scenario| scenario.runs(REGISTERED));
    Arc::clone(&runs.unwrap_or_else(|problems| panic!("{problems}")).runs[0].plan)
}

/// The laws of session and downtime.
fn laws(plan: &Plan) -> (Law, Law) {
    match &plan.population.churn.as_ref().expect("there is churn").sessions {
        Sessions::Laws { session, downtime } => (session.clone(), downtime.clone()),
        Sessions::Trace(_) => panic!("there are no laws"),
    }
}

/// What the user is told.
fn errors(text: &str, sets: &[&str]) -> String {
    match load(text, sets).and_then(|scenario| scenario.runs(REGISTERED)) {
        Ok(_) => panic!("nothing is wrong with\n{text}"),
        Err(problems) => problems.to_string(),
    }
}
