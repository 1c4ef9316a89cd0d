//! Texts with a token too many, too few or another, and values at the ends of their kind: they are refused in words, or right.

use std::fs;
use std::path::Path;

use peerlab::engine::{Noise, Source};
use serde_json::{Value, json};

use super::promises::{self, Kept};
use super::shrink::shrink;
use super::{ENDLESS, first_line, grow, kind, within};

/// What may stand in the place of a token.
pub(crate) const STRANGE: [&str; 24] = [
    "",
    "0",
    "-1",
    "1",
    "2",
    "0.5",
    "1e309",
    "1e-320",
    "nan",
    "inf",
    "18446744073709551616",
    "4294967295",
    "true",
    "\"\"",
    "\"1ns\"",
    "\"900d\"",
    "\"1e30s\"",
    "\"off\"",
    "[]",
    "{}",
    "=",
    ",",
    "\u{feff}",
    "\"\u{e9}\u{0}\"",
];
/// The ends of what there is of each kind.
const INTEGERS: [u64; 12] =
    [0, 1, 2, 64, 255, 256, 4_096, 65_535, 65_536, 1_000_000, 4_294_967_295, 9_007_199_254_740_993];
const FLOATS: [f64; 12] =
    [0.0, -0.0, 5e-324, 1e-300, 1e-9, 0.999_999_999_999_999_9, 1.0, 2.0, 1e6, 1e9, 1e300, f64::MAX];
const DURATIONS: [&str; 14] = [
    "0s",
    "1ns",
    "2ns",
    "1us",
    "1ms",
    "1s",
    "65536s",
    "1d",
    "365d",
    "36500d",
    "213503d",
    "213504d",
    "18446744073s",
    "1e30s",
];
const SIZES: [&str; 8] = ["0B", "1B", "2B", "65536B", "1GiB", "1TiB", "18446744073709551615B", "0.5B"];
const RATES: [&str; 7] = ["1bit/s", "8bit/s", "0.001bit/s", "1kbit/s", "1000Gbit/s", "1e30bit/s", "unlimited"];

/// Data files, each with a scenario that reads it.
const DATA: [(&str, &str); 4] = [
    ("matrix.csv", "network.latency.matrix.file = \"matrix.csv\""),
    ("places.csv", "network.latency.coordinates.file = \"places.csv\""),
    ("sessions.csv", "population.churn.trace = \"sessions.csv\""),
    ("requests.csv", "workload.trace = \"requests.csv\"\nresources.count = 1"),
];

/// The rest of a scenario that reads one of them.
const READS: &str = "population.participants = 4\npopulation.online = 3\nworkload.get.every = \"20s\"\n\
                     time = { warmup = \"1min\", measure = \"5min\" }\n[systems.a.chord]\n";

/// A text with up to three tokens changed.
pub(crate) fn mutated(text: &str, random: &mut Noise) -> String {
    let mut tokens = tokens(text);
    for _ in 0..1 + random.below(3) {
        if tokens.is_empty() {
            break;
        }
        let at = random.below(tokens.len() as u64) as usize;
        let other = random.below(tokens.len() as u64) as usize;
        match random.below(5) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[other]),
            2 => tokens.swap(at, other),
            3 => tokens[at] = STRANGE[random.below(STRANGE.len() as u64) as usize],
            _ => tokens.truncate(at),
        }
    }
    tokens.concat()
}

/// A document with up to three values changed for extreme ones of their kind.
fn extreme(document: &Value, random: &mut Noise) -> Value {
    let mut other = document.clone();
    for _ in 0..1 + random.below(2) {
        let mut leaves = Vec::new();
        leaves_of(&mut other, &mut leaves);
        let at = random.below(leaves.len() as u64) as usize;
        let leaf = &mut *leaves[at];
        *leaf = match leaf {
            Value::Number(number) if number.is_f64() => json!(FLOATS[random.below(FLOATS.len() as u64) as usize]),
            Value::Number(_) => json!(INTEGERS[random.below(INTEGERS.len() as u64) as usize]),
            Value::String(text) => {
                let of: &[&str] = if text.ends_with("B") {
                    &SIZES
                } else if text.ends_with("/s") {
                    &RATES
                } else if text.starts_with(|letter: char| letter.is_ascii_digit()) {
                    &DURATIONS
                } else {
                    &["off", "a", "none", "unlimited"]
                };
                json!(of[random.below(of.len() as u64) as usize])
            }
            _ => continue,
        };
    }
    other
}

/// Every value that is no table and no list.
fn leaves_of<'a>(value: &'a mut Value, leaves: &mut Vec<&'a mut Value>) {
    match value {
        Value::Object(table) => table.values_mut().for_each(|child| leaves_of(child, leaves)),
        Value::Array(list) => list.iter_mut().for_each(|child| leaves_of(child, leaves)),
        leaf => leaves.push(leaf),
    }
}

/// Words, numbers, blanks, and everything else letter by letter.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |letter: char| match letter {
        letter if letter.is_alphanumeric() || "_.-".contains(letter) => 1,
        ' ' => 2,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let mut from = 0;
    let mut before = None;
    for (at, letter) in text.char_indices() {
        if before.is_some_and(|before| before != kind(letter) || before == 0) {
            tokens.push(&text[from..at]);
            from = at;
        }
        before = Some(kind(letter));
    }
    tokens.push(&text[from..]);
    tokens
}

/// Mutates a grown scenario, or a data file, and reads it; what is right all the same is estimated and run.
///
/// # Errors
/// A panic, an error that names no place, or a promise that is broken.
pub(crate) fn read(document: &Value, seed: u64) -> Result<Kept, String> {
    let mut random = Noise::new(seed);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let chosen = DATA.get(random.below(4 * DATA.len() as u64) as usize);
    let mut data = String::new();
    for (file, _) in DATA {
        let mut text = fs::read_to_string(grow::data().join(file)).map_err(|error| error.to_string())?;
        if chosen.is_some_and(|(name, _)| *name == file) {
            text = mutated(&text, &mut random);
            data = format!("{file}:\n{text}");
        }
        fs::write(folder.path().join(file), text).map_err(|error| error.to_string())?;
    }
    let text = match chosen {
        Some((_, line)) => format!("{line}\n{READS}"),
        None if random.chance(0.8) => grow::text(&extreme(document, &mut random)),
        None => mutated(&grow::text(document), &mut random),
    };
    one(folder.path(), &text).map_err(|why| {
        let is_like = |other: &str| kind(other) == kind(&why);
        let fails = |smaller: &Value| {
            let text = toml::to_string(smaller).ok();
            text.is_some_and(|text| one(folder.path(), &text).is_err_and(|other| is_like(&other)))
        };
        // What does not end takes too long to be shrunk.
        let whole = toml::from_str::<Value>(&text).ok().filter(|whole| why != ENDLESS && fails(whole));
        let smallest = whole.map_or(text.clone(), |whole| grow::text(&shrink(&whole, &fails)));
        format!("seed {seed}: {}\n\n{smallest}\n{data}", first_line(&why))
    })
}

/// Reads one text, and runs it if it is right.
fn one(folder: &Path, text: &str) -> Result<Kept, String> {
    let (folder, owned) = (folder.to_owned(), text.to_owned());
    match within(1, move || grow::runs_in(&folder, &owned))? {
        Ok(runs) => promises::complete(runs.runs),
        Err(problem) if !problem.contains("-->") && !problem.contains(" line ") => {
            Err(format!("an error without a place: {problem}"))
        }
        Err(_) => Ok(Kept::Refused),
    }
}
