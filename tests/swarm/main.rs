//! Random scenarios: what `check` accepts runs to its end, its figures are sound, and equal runs are equal.
//!
//! A few hundred are tried with the other tests; `scripts/swarm N SEED` tries as many others as wanted. One that fails is shrunk and
//! printed as a file that runs.

mod grow;
#[path = "../validation/lab.rs"]
#[allow(dead_code, reason = "most of it serves the tests of the validation")]
mod lab;
mod mutate;
mod promises;
mod results;
mod schema;
mod shrink;
mod written;

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::channel;
use std::sync::{Mutex, Once};
use std::thread;
use std::time::Duration;

use promises::Kept;
use rayon::prelude::*;
use serde_json::Value;

/// How many are tried, and the seed of the first.
fn wanted(otherwise: u64) -> (u64, u64) {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse().expect("a whole number"));
    (number("SWARM").unwrap_or(otherwise), number("SWARM_SEED").unwrap_or(0))
}

fn schema() -> Value {
    peerlab::scenario::schema(peerlab::registry::Registry::standard().registered())
}

/// Runs `one` for each number; the first failure in words, and how many kept what they promise.
fn swarm(count: u64, one: impl Fn(u64) -> Result<Kept, String> + Sync) -> (Vec<Kept>, Option<String>) {
    let failure = Mutex::new(None::<(u64, String)>);
    keep_quiet();
    let kept = (0..count).into_par_iter().filter_map(|number| match one(number) {
        Ok(kept) => Some(kept),
        Err(why) => {
            let mut first = failure.lock().expect("nobody panics with it");
            if first.as_ref().is_none_or(|(earlier, _)| number < *earlier) {
                *first = Some((number, why));
            }
            None
        }
    });
    let kept: Vec<Kept> = kept.collect();
    let failures = count - kept.len() as u64;
    let first = failure.into_inner().expect("nobody panics with it");
    (kept, first.map(|(number, why)| format!("{failures} fail, the first is number {number}:\n{why}")))
}

/// Panics of the threads that try are caught and told with what led to them; those of the tests themselves are printed.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name().is_some() {
                hook(info);
            }
        }));
    });
}

/// Longer than anything takes here that ends at all.
const LONGEST: Duration = Duration::from_secs(100);

/// What is said of what takes longer.
const ENDLESS: &str = "it does not end";

/// What `one` gives on so many threads of its own.
///
/// # Errors
/// A panic, or that it does not end.
fn within<T: Send + 'static>(threads: usize, one: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| error.to_string())?;
    let (told, heard) = channel();
    pool.spawn(move || drop(told.send(panic::catch_unwind(AssertUnwindSafe(one)))));
    let ended = heard.recv_timeout(LONGEST).map_err(|_| ENDLESS.to_owned())?;
    ended.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        format!("a panic: {}", text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default())
    })
}

#[test]
fn random_scenarios_keep_what_check_promises() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let (count, seed) = wanted(200);
    let (kept, failure) = swarm(count, |number| {
        let document = grow::scenario(&schema, &validator, seed + number)?;
        if count == 1 {
            println!("{}", grow::text(&document));
        }
        promises::hold(&document, number).map_err(|why| {
            let fails =
                |smaller: &Value| promises::hold(smaller, number).is_err_and(|other| kind(&other) == kind(&why));
            let smallest = shrink::shrink(&document, &fails);
            format!("seed {}: {}\n\n{}", seed + number, first_line(&why), grow::text(&smallest))
        })
    });
    let events: u64 = kept.iter().map(|kept| if let Kept::Ran(events) = kept { *events } else { 0 }).sum();
    let long = kept.iter().filter(|kept| **kept == Kept::TooLong).count();
    println!("{count} scenarios, {events} events; {long} would be long");
    assert!(failure.is_none(), "{}", failure.unwrap_or_default());
    assert!(long < kept.len() / 2 && events / count > 2_000, "they are too long or too short to say much");
}

/// What a failure is about: what differs from one scenario to the next left out.
fn kind(why: &str) -> String {
    let line = first_line(why);
    let about = line.split_once(": ").map_or(line, |(_, about)| about);
    about.chars().filter(|letter| !letter.is_ascii_digit()).take(60).collect()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[test]
fn mutated_scenarios_and_data_are_refused_in_words_or_right() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let (count, seed) = wanted(300);
    let grown: Vec<Value> = (0..16)
        .into_par_iter()
        .map(|number| grow::scenario(&schema, &validator, seed + number).unwrap_or_else(|why| panic!("{why}")))
        .collect();
    let (kept, failure) = swarm(count, |number| mutate::read(&grown[number as usize % grown.len()], seed + number));
    let of = |how: fn(&Kept) -> bool| kept.iter().filter(|kept| how(kept)).count();
    let (ran, long) = (of(|kept| matches!(kept, Kept::Ran(_))), of(|kept| *kept == Kept::TooLong));
    println!("{count} mutations: {ran} ran, {long} would be long, {} were refused", of(|kept| *kept == Kept::Refused));
    assert!(failure.is_none(), "{}", failure.unwrap_or_default());
    assert!(ran > kept.len() / 20 && ran < kept.len() * 3 / 4, "they are too strange or too plain to say much");
}

/// What the swarm has found, shrunk.
#[test]
fn what_was_found_is_mended() {
    let delays = ["constant", "floor"].map(|law| {
        format!(
            "population.online = 6\nnetwork.latency.{law} = \"18446744073s\"\n[systems.a.kademlia]\n[systems.b.chord]\n"
        )
    });
    for text in delays {
        let runs = grow::runs(&text).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(matches!(promises::complete(runs.runs), Ok(Kept::Ran(events)) if events > 0), "{text}");
    }
}

/// A transfer that arrives beyond the end of time is under way at the end, in every system and whatever is on its way.
#[test]
fn what_arrives_beyond_the_end_of_time_is_under_way() {
    let ways = [
        "",
        "population.start = \"join\"\n",
        "network.nat.preset = \"home-2010\"\n",
        "network.nat.preset = \"home-2010\"\ntraversal = { transport = \"connection\", relays = {} }\n",
        "network.access = { uplink = \"1Mbit/s\", downlink = \"8Mbit/s\" }\n",
        "network.wire.preset = \"https\"\n",
        "storage = { pieces = 3, parity = 2 }\n",
        "storage.placement = \"random-participants\"\n",
        "population.churn = { preset = \"kad\", time_scale = 0.02, graceful = 0.5, notice = \"5s\" }\n",
    ];
    for way in ways {
        let text = format!(
            "population.online = 20\nresources = {{ count = 3, size = \"1MiB\" }}\nnetwork.latency.constant = \"213503d\"\n\
             workload = {{ put.every = \"5s\", get.every = \"5s\" }}\ntime = {{ warmup = \"1min\", measure = \"2min\" }}\n{way}\
             [systems.server.client-server]\n[systems.table.full-table]\n[systems.ring.chord]\n[systems.kad.kademlia]\n"
        );
        let runs = grow::runs(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let kept = promises::complete(runs.runs);
        assert!(matches!(kept, Ok(Kept::Ran(events)) if events > 0), "{way}: {kept:?}");
    }
}

#[test]
fn mutated_results_are_drawn_or_refused_in_words() {
    let made = results::Made::new();
    let (count, seed) = wanted(40);
    let (_, failure) = swarm(count, |number| made.read(seed + number));
    assert!(failure.is_none(), "{}", failure.unwrap_or_default());
}
