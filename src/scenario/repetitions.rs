//! Repetitions of a sweep: their number and seeds.

use serde::Deserialize;
use toml::de::ValueDeserializer;

use super::document::Document;
use super::file;
use super::problem::Problem;

/// Most runs of one system in a sweep: each is held in memory from the start, and has rows in every file.
pub(super) const MOST_RUNS: u64 = 100_000;

/// Number of runs of each system at each of `points` parameter points.
pub(super) fn count(document: &Document<'_>, points: u64) -> Result<u32, Problem> {
    let Some(sweep) = document.get(&["sweep"]) else { return Ok(1) };
    let sweep = file::Sweep::deserialize(ValueDeserializer::from(sweep.clone()))?;
    let wrong =
        |message: String, help: String| Err(Problem::new(document.span(&["sweep", "repetitions"]), message).help(help));
    match u64::from(sweep.repetitions) {
        0 => wrong("`repetitions` cannot be 0".into(), "write 1 or more".into()),
        repetitions if repetitions * points > MOST_RUNS => {
            let at = if points > 1 { format!(" at each of {points} points") } else { String::new() };
            wrong(
                format!("{repetitions} repetitions{at} are too many"),
                format!("write {} at most", MOST_RUNS / points),
            )
        }
        _ => Ok(sweep.repetitions),
    }
}

/// Seed of a repetition: that of the scenario for number 0, for others the first 53 bits, most significant first, of the
/// BLAKE3 hash of 26 bytes: `repetition` in ASCII, then `first` and `number` as 64-bit little-endian integers.
///
/// So sweeps of consecutive seeds share no run. Numbers of 53 bits survive readers of CSV and JSON that know only floats, and
/// are integers in TOML.
pub(super) fn seed(first: u64, number: u32) -> u64 {
    if number == 0 {
        return first;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"repetition").update(&first.to_le_bytes()).update(&u64::from(number).to_le_bytes());
    let bits = hasher.finalize().as_bytes().first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    bits.expect("a hash has 32 bytes") >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_of_repetitions_keep_their_golden_values() {
        assert_eq!([0, 1, 2].map(|number| seed(42, number)), [42, 5_124_120_540_765_988, 7_250_058_562_281_754]);
    }

    #[test]
    fn seeds_fit_into_a_float_and_no_two_are_the_same() {
        let mut seeds: Vec<u64> = (1..100).flat_map(|first| (0..100).map(move |number| seed(first, number))).collect();
        assert!(seeds.iter().all(|&seed| seed < 1 << 53 && seed as f64 as u64 == seed));
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 99 * 100);
    }
}
