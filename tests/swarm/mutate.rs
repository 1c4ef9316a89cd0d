//! Texts with a token too many, too few or another: they are refused in words, or right.

use std::path::Path;

use peerlab::engine::{Noise, Source};
use peerlab::registry::Registry;
use peerlab::scenario::Scenario;
use serde_json::Value;

use super::grow;
use super::promises::Kept;

/// What may stand in the place of a token.
const STRANGE: [&str; 24] = [
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
/// Data files, each with a scenario that reads it.
const DATA: [(&str, &str); 4] = [
    ("matrix.csv", "network.latency.matrix.file = \"matrix.csv\""),
    ("places.csv", "network.latency.coordinates.file = \"places.csv\""),
    ("sessions.csv", "population.churn.trace = \"sessions.csv\""),
    ("requests.csv", "workload.trace = \"requests.csv\"\nresources.count = 1"),
];

/// A text with up to three tokens changed.
fn mutated(text: &str, random: &mut Noise) -> String {
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

/// Mutates a grown scenario, or a data file, and reads it.
///
/// # Errors
/// A panic, or an error that names no place.
pub fn read(document: &Value, seed: u64) -> Result<Kept, String> {
    let mut random = Noise::new(seed);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/swarm/data");
    let chosen = DATA.get(random.below(2 * DATA.len() as u64) as usize);
    for (file, _) in DATA {
        let text = std::fs::read_to_string(data.join(file)).map_err(|error| error.to_string())?;
        let is_chosen = chosen.is_some_and(|(name, _)| *name == file);
        let text = if is_chosen { mutated(&text, &mut random) } else { text };
        std::fs::write(folder.path().join(file), text).map_err(|error| error.to_string())?;
    }
    let text = match chosen {
        Some((_, line)) => format!("{line}\npopulation.participants = 4\npopulation.online = 3\n[systems.a.chord]\n"),
        None => mutated(&grow::text(document), &mut random),
    };
    let said = std::panic::catch_unwind(|| {
        let scenario = Scenario::parse("swarm.toml".into(), folder.path().into(), text.clone(), &[]);
        let scenario = scenario.map_err(|problems| problems.to_string())?;
        scenario.runs(Registry::standard().registered()).map(drop).map_err(|problems| problems.to_string())
    });
    match said {
        Err(_) => Err(format!("a panic: {}\n{text}", chosen.map_or("scenario", |(file, _)| file))),
        Ok(Err(problem)) if !problem.contains("-->") && !problem.contains(" line ") => {
            Err(format!("an error without a place: {problem}\n{text}"))
        }
        Ok(_) => Ok(Kept::Ran(0)),
    }
}
