//! Named random streams: every draw of the environment is a function of (seed, purpose, entity).
//!
//! A [`Stream`] is ChaCha8 keyed by (seed, purpose) with the entity as its stream number, so two purposes or two
//! entities never share draws by accident, and participant 7 is independent of the rest of a scenario. A ChaCha8 state
//! is 304 bytes: derive it at set-up. Per-packet draws come from a [`Noise`], 8 bytes per node.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Source of random bits, from which all samplers draw.
pub trait Source {
    /// Next 64 random bits.
    fn next_u64(&mut self) -> u64;

    /// Uniform on `[0, 1)`, in steps of 2⁻⁵³. One draw.
    fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform on `(0, 1]`: safe for a logarithm. One draw.
    fn unit_above_zero(&mut self) -> f64 {
        1.0 - self.unit()
    }

    /// Uniform on `0 .. bound` without bias (Lemire, ACM TOMACS 2019: multiply, and reject the short remainder).
    ///
    /// Usually one draw. Panics if `bound` is zero.
    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below zero");
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            let low = product as u64;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// Index of one of `shares`, which add up to one, each with its probability. One draw.
    ///
    /// They add up to one only within rounding: a draw beyond the end selects the last that is above zero. Panics if
    /// none is.
    fn among(&mut self, shares: &[f64]) -> usize {
        let mut left = self.unit();
        let found = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        found.unwrap_or_else(|| shares.iter().rposition(|share| *share > 0.0).expect("one share is above zero"))
    }

    /// Bernoulli draw: true with probability `p`. Always one draw, so that streams stay aligned for any `p`.
    fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

/// Purpose of a stream, part of its key. Up to 16 ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose([u8; 16]);

impl Purpose {
    /// Purpose with this name. Panics (at compile time in a `const`) on names longer than 16 bytes.
    pub const fn new(name: &str) -> Purpose {
        let bytes = name.as_bytes();
        assert!(bytes.len() <= 16, "a purpose has at most 16 characters");
        let mut padded = [0; 16];
        let mut i = 0;
        while i < bytes.len() {
            padded[i] = bytes[i];
            i += 1;
        }
        Purpose(padded)
    }
}

/// Random streams of one run.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    pub const fn new(seed: u64) -> Streams {
        Streams { seed }
    }

    /// Stream of `entity` for `purpose`. Equal arguments give equal draws on any machine.
    pub fn stream(&self, purpose: Purpose, entity: u64) -> Stream {
        self.part(purpose, entity, 0)
    }

    /// Stream of one part of an entity's draws for a purpose (an operation of a participant, one of its sessions), so
    /// that the part needs no state of its own and does not depend on other parts.
    pub fn part(&self, purpose: Purpose, entity: u64, part: u64) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&part.to_le_bytes());
        key[16..].copy_from_slice(&purpose.0);
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(entity);
        Stream(rng)
    }

    /// Salt of (seed, purpose) for [`hash_pair`].
    pub fn salt(&self, purpose: Purpose) -> u64 {
        self.stream(purpose, u64::MAX).next_u64()
    }

    /// Small generator for `entity`, seeded from its stream.
    pub fn noise(&self, purpose: Purpose, entity: u64) -> Noise {
        Noise(self.stream(purpose, entity).next_u64())
    }
}

/// ChaCha8 stream (304 bytes), for draws of the environment at set-up or rarely.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Source for Stream {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Small generator, SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): 8 bytes of state, for packet noise and a protocol's
/// own choices.
#[derive(Clone, Copy, Debug)]
pub struct Noise(u64);

impl Source for Noise {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

impl Noise {
    /// Generator from a raw seed, for tests.
    pub const fn new(seed: u64) -> Noise {
        Noise(seed)
    }
}

/// Bijective mixing of 64 bits (SplitMix64's finaliser).
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Random number of the unordered pair {a, b}: symmetric, constant over a run, and nothing is stored.
pub fn hash_pair(salt: u64, a: u32, b: u32) -> u64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    mix(mix(salt ^ (u64::from(low) << 32 | u64::from(high))).wrapping_add(salt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_purpose_and_entity_and_on_nothing_else() {
        let first = |seed, purpose, entity| Streams::new(seed).stream(Purpose::new(purpose), entity).next_u64();
        assert_eq!(first(1, "churn", 7), first(1, "churn", 7));
        assert_ne!(first(1, "churn", 7), first(2, "churn", 7));
        assert_ne!(first(1, "churn", 7), first(1, "keys", 7));
        assert_ne!(first(1, "churn", 7), first(1, "churn", 8));
    }

    #[test]
    fn streams_keep_their_golden_values() {
        let mut stream = Streams::new(42).stream(Purpose::new("churn"), 7);
        let drawn = [stream.next_u64(), stream.next_u64()];
        assert_eq!(drawn, GOLDEN_STREAM);
        let mut noise = Noise::new(42);
        assert_eq!([noise.next_u64(), noise.next_u64()], GOLDEN_NOISE);
    }

    const GOLDEN_STREAM: [u64; 2] = [8_088_853_451_456_741_243, 18_249_303_412_693_221_666];
    /// The reference implementation's first outputs for seed 42.
    const GOLDEN_NOISE: [u64; 2] = [0xbdd7_3226_2feb_6e95, 0x28ef_e333_b266_f103];

    #[test]
    fn below_is_uniform_by_chi_square() {
        let mut noise = Noise::new(1);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            counts[noise.below(10) as usize] += 1;
        }
        let chi_square: f64 = counts.iter().map(|&n| (f64::from(n) - 1e4) * (f64::from(n) - 1e4) / 1e4).sum();
        assert!(chi_square < 27.88, "p < 0.001 for 9 degrees of freedom: {chi_square}");
    }

    #[test]
    fn shares_are_drawn_as_often_as_they_say_and_one_of_zero_never() {
        let (shares, mut noise, mut counts) = ([0.0, 0.5, 0.2, 0.3, 0.0], Noise::new(2), [0u32; 5]);
        (0..100_000).for_each(|_| counts[noise.among(&shares)] += 1);
        for (count, share) in counts.into_iter().zip(shares) {
            let deviation = (1e5 * share * (1.0 - share)).sqrt();
            assert!((f64::from(count) - 1e5 * share).abs() <= 4.0 * deviation, "{counts:?}");
        }
        assert_eq!(noise.among(&[0.0, 1e-300, 0.0]), 1, "what falls out at the end");
    }

    #[test]
    fn a_pair_hashes_alike_both_ways() {
        assert_eq!(hash_pair(5, 1, 2), hash_pair(5, 2, 1));
        assert_ne!(hash_pair(5, 1, 2), hash_pair(5, 1, 3));
        assert_ne!(hash_pair(5, 1, 2), hash_pair(6, 1, 2));
    }
}
