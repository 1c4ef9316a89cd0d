//! Bitmap of the pieces of a resource.

/// Set of pieces of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    words: Box<[u64]>,
    len: u32,
    count: u32,
}

impl Bitmap {
    /// Empty set of `len` pieces.
    pub fn new(len: u32) -> Bitmap {
        Bitmap { words: vec![0; len.div_ceil(64) as usize].into(), len, count: 0 }
    }

    /// Full set of `len` pieces.
    pub fn full(len: u32) -> Bitmap {
        (0..len).fold(Bitmap::new(len), |mut bitmap, piece| {
            bitmap.insert(piece);
            bitmap
        })
    }

    /// Set from the words of [`Bitmap::words`]. Panics on too few, or on pieces that the resource does not have.
    pub fn of_words(words: &[u32], len: u32) -> Bitmap {
        let mut bitmap = Bitmap::new(len);
        ones(words.iter().map(|&word| u64::from(word)), 32).for_each(|piece| {
            bitmap.insert(piece);
        });
        bitmap
    }

    /// Content as 32-bit words.
    pub fn words(&self) -> impl Iterator<Item = u32> {
        let halves = self.words.iter().flat_map(|&word| [word as u32, (word >> 32) as u32]);
        halves.take(self.len.div_ceil(32) as usize)
    }

    /// Number of pieces of the resource.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Number of pieces in the set.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Whether a piece is in the set. Panics on a piece that the resource does not have.
    pub fn contains(&self, piece: u32) -> bool {
        assert!(piece < self.len, "piece {piece} of {}", self.len);
        self.words[(piece / 64) as usize] & bit(piece) != 0
    }

    /// Inserts a piece; true if it was not in the set. Panics as [`Bitmap::contains`].
    pub fn insert(&mut self, piece: u32) -> bool {
        let is_new = !self.contains(piece);
        self.words[(piece / 64) as usize] |= bit(piece);
        self.count += u32::from(is_new);
        is_new
    }

    /// Removes a piece; true if it was in the set. Panics as [`Bitmap::contains`].
    pub fn remove(&mut self, piece: u32) -> bool {
        let was_there = self.contains(piece);
        self.words[(piece / 64) as usize] &= !bit(piece);
        self.count -= u32::from(was_there);
        was_there
    }

    /// Pieces of the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        ones(self.words.iter().copied(), 64)
    }

    /// Whether a piece is in this set and in neither of the others.
    pub fn has_beyond(&self, a: &Bitmap, b: &Bitmap) -> bool {
        self.words_beyond(a, b).any(|word| word != 0)
    }

    /// Pieces that are in this set and in neither of the others, in order.
    pub fn beyond(&self, a: &Bitmap, b: &Bitmap) -> impl Iterator<Item = u32> {
        ones(self.words_beyond(a, b), 64)
    }

    fn words_beyond(&self, a: &Bitmap, b: &Bitmap) -> impl Iterator<Item = u64> {
        self.words.iter().zip(&a.words).zip(&b.words).map(|((own, a), b)| own & !a & !b)
    }
}

const fn bit(piece: u32) -> u64 {
    1 << (piece % 64)
}

/// Positions of the ones in a sequence of words of `bits` bits.
fn ones(words: impl Iterator<Item = u64>, bits: u32) -> impl Iterator<Item = u32> {
    (0u32..).zip(words).flat_map(move |(place, mut word)| {
        std::iter::from_fn(move || {
            let one = word.trailing_zeros();
            word &= word.wrapping_sub(1);
            (one < 64).then_some(bits * place + one)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[u32]) -> Bitmap {
        let mut bitmap = Bitmap::new(130);
        pieces.iter().for_each(|&piece| assert!(bitmap.insert(piece)));
        bitmap
    }

    #[test]
    fn pieces_come_back_in_order_across_words() {
        let mut bitmap = of(&[129, 0, 64, 63]);
        assert_eq!(bitmap.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(!bitmap.insert(63) && bitmap.remove(63) && !bitmap.remove(63));
        assert_eq!((bitmap.count(), bitmap.contains(64), bitmap.contains(63)), (3, true, false));
    }

    #[test]
    fn a_bitmap_travels_in_words_of_32_bits() {
        let bitmap = of(&[0, 31, 32, 65, 129]);
        let words: Vec<u32> = bitmap.words().collect();
        assert_eq!((words.len(), Bitmap::of_words(&words, 130)), (5, bitmap));
    }

    #[test]
    fn what_lies_beyond_two_others_is_in_neither() {
        let (all, a, b) = (Bitmap::full(130), of(&[1, 2, 100]), of(&[2, 129]));
        assert_eq!(all.beyond(&a, &b).count(), 126);
        assert_eq!(of(&[1, 2, 70, 129]).beyond(&a, &b).collect::<Vec<_>>(), [70]);
        assert!(!of(&[1, 129]).has_beyond(&a, &b));
    }
}
