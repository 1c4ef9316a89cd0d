//! Slots of the event queue: linked lists of small chunks in one slab, and a bitmap of the occupied slots.
//!
//! A slot only collects; it is sorted when it is opened. Chunks of [`CHUNK`] entries keep a list's entries together (a
//! chunk is contiguous in memory), and one slab with a free list for all slots bounds the memory by the largest number
//! of pending entries, whatever their distribution over the slots. An entry of an opened slot stays in place until it
//! is popped.

use super::prefetch;

/// Entries of a chunk. A power of two, so that a place gives its chunk.
const CHUNK: usize = 8;
/// Slots of a ring: 64 words of 64, so that one more word tells which words are not empty.
pub(super) const SLOTS: usize = 64 * 64;
/// End of a list.
const NONE: u32 = u32::MAX;

/// Chunks of all slots of all rings, contiguous.
pub(super) struct Slab<T> {
    entries: Vec<T>,
    /// Next chunk of the slot or of the free list, by chunk.
    next: Vec<u32>,
    free: u32,
}

impl<T: Copy> Slab<T> {
    pub(super) fn new() -> Slab<T> {
        Slab { entries: Vec::new(), next: Vec::new(), free: NONE }
    }

    /// Whether there is no free chunk.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.free == NONE
    }

    /// Adds a free chunk, filled with `entry` as a placeholder.
    #[cold]
    pub(super) fn grow(&mut self, entry: T) {
        assert!(self.next.len() < NONE as usize / CHUNK, "fewer than 2³² entries");
        self.entries.resize(self.entries.len() + CHUNK, entry);
        self.next.push(self.free);
        self.free = self.next.len() as u32 - 1;
    }

    /// Takes a free chunk, which must exist, and links it before `next`.
    #[inline(always)]
    fn take(&mut self, next: u32) -> u32 {
        let chunk = self.free;
        self.free = std::mem::replace(&mut self.next[chunk as usize], next);
        chunk
    }

    /// Entry at a place.
    #[inline(always)]
    pub(super) fn get(&self, place: u32) -> &T {
        &self.entries[place as usize]
    }

    /// Entry at a place, or `None`: a caller that only prefetches needs no code for a panic.
    #[inline(always)]
    pub(super) fn find(&self, place: u32) -> Option<&T> {
        self.entries.get(place as usize)
    }

    /// Entry at a place, mutable.
    #[inline(always)]
    pub(super) fn at(&mut self, place: u32) -> &mut T {
        &mut self.entries[place as usize]
    }

    /// Releases the chunks linked from `first` to `last`.
    pub(super) fn release(&mut self, first: u32, last: u32) {
        self.next[last as usize] = std::mem::replace(&mut self.free, first);
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<T>() + self.next.capacity() * 4
    }
}

/// List of chunks, all full but the first. The length is kept outside the chunks, so that adding an entry only writes
/// to memory, which does not stall.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    first: u32,
    /// Number of entries in the first chunk.
    len: u32,
}

impl Chain {
    const EMPTY: Chain = Chain { first: NONE, len: 0 };

    /// Removes any entry; an emptied chunk returns to the slab.
    pub(super) fn pop<T: Copy>(&mut self, slab: &mut Slab<T>) -> Option<T> {
        let next = *slab.next.get(self.first as usize)?;
        self.len -= 1;
        let entry = slab.entries[self.first as usize * CHUNK + self.len as usize];
        if self.len == 0 {
            slab.release(self.first, self.first);
            *self = Chain { first: next, len: CHUNK as u32 };
        }
        Some(entry)
    }

    /// Calls `each` with the entries and their places. Returns the first and the last chunk, to be released when all
    /// entries were popped. The list must not be empty.
    pub(super) fn open<T: Copy>(self, slab: &Slab<T>, mut each: impl FnMut(&T, u32)) -> (u32, u32) {
        let Chain { first, mut len } = self;
        let mut chunk = first;
        loop {
            let next = slab.next[chunk as usize];
            if next != NONE {
                prefetch(&slab.entries[next as usize * CHUNK..][..CHUNK]);
            }
            let start = chunk as usize * CHUNK;
            let entries = &slab.entries[start..start + len as usize];
            entries.iter().zip(start as u32..).for_each(|(entry, place)| each(entry, place));
            if next == NONE {
                return (first, chunk);
            }
            (chunk, len) = (next, CHUNK as u32);
        }
    }
}

/// Ring of [`SLOTS`] slots, each an unsorted list of entries.
pub(super) struct Ring {
    slots: Vec<Chain>,
    occupied: [u64; 64],
    /// Bitmap of the words of `occupied` that are not zero.
    words: u64,
}

impl Ring {
    pub(super) fn new() -> Ring {
        Ring { slots: vec![Chain::EMPTY; SLOTS], occupied: [0; 64], words: 0 }
    }

    /// Place for another entry of a slot. The slab must not be full.
    #[inline(always)]
    pub(super) fn add<T: Copy>(&mut self, slab: &mut Slab<T>, slot: usize) -> u32 {
        let chain = &mut self.slots[slot];
        if chain.first == NONE {
            self.occupied[slot / 64] |= 1 << (slot % 64);
            self.words |= 1 << (slot / 64);
        } else if (chain.len as usize) < CHUNK {
            let place = chain.first * CHUNK as u32 + chain.len;
            chain.len += 1;
            return place;
        }
        *chain = Chain { first: slab.take(chain.first), len: 1 };
        chain.first * CHUNK as u32
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.words == 0
    }

    /// Empties a slot.
    pub(super) fn take(&mut self, slot: usize) -> Chain {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        if self.occupied[slot / 64] == 0 {
            self.words &= !(1 << (slot / 64));
        }
        std::mem::replace(&mut self.slots[slot], Chain::EMPTY)
    }

    /// Prefetches the first chunk of the next occupied slot.
    pub(super) fn prefetch<T: Copy>(&self, slab: &Slab<T>) {
        if let Some(slot) = self.first_from(0) {
            let first = self.slots[slot].first as usize * CHUNK;
            prefetch(&slab.entries[first..first + CHUNK]);
        }
    }

    /// First occupied slot from `start` on, around the ring.
    pub(super) fn first_from(&self, start: usize) -> Option<usize> {
        let word = start / 64;
        let rest = self.occupied[word] & (u64::MAX << (start % 64));
        if rest != 0 {
            return Some(word * 64 + rest.trailing_zeros() as usize);
        }
        // Behind `start`, in the order of the words from the next one on; the last of them is `word` itself.
        let turn = (word as u32 + 1) % 64;
        let ahead = self.words.rotate_right(turn);
        if ahead == 0 {
            return None;
        }
        let word = (ahead.trailing_zeros() + turn) as usize % 64;
        Some(word * 64 + self.occupied[word].trailing_zeros() as usize)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Chain>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push<T: Copy>(ring: &mut Ring, slab: &mut Slab<T>, slot: usize, entry: T) {
        if slab.is_full() {
            slab.grow(entry);
        }
        let place = ring.add(slab, slot);
        *slab.at(place) = entry;
    }

    #[test]
    fn the_first_occupied_slot_is_found_around_the_ring() {
        for occupied in [0, 1, 63, 64, 65, 2000, 4032, 4094, 4095] {
            let (mut ring, mut slab) = (Ring::new(), Slab::new());
            assert_eq!(ring.first_from(occupied), None);
            push(&mut ring, &mut slab, occupied, 'a');
            for start in 0..SLOTS {
                assert_eq!(ring.first_from(start), Some(occupied), "from {start}");
            }
        }
    }

    #[test]
    fn of_two_occupied_slots_the_one_ahead_comes_first() {
        let (mut ring, mut slab) = (Ring::new(), Slab::new());
        for slot in [70, 75, 3000] {
            push(&mut ring, &mut slab, slot, ());
        }
        for (start, first) in [(0, 70), (70, 70), (71, 75), (76, 3000), (3000, 3000), (3001, 70)] {
            assert_eq!(ring.first_from(start), Some(first), "from {start}");
        }
    }

    #[test]
    fn a_slot_gives_back_what_it_was_given_and_its_chunks_are_used_again() {
        let (mut ring, mut slab) = (Ring::new(), Slab::new());
        for round in 0..3 {
            for number in 0..100 {
                push(&mut ring, &mut slab, 5, number);
            }
            let mut chain = ring.take(5);
            let mut taken: Vec<_> = (0..50).filter_map(|_| chain.pop(&mut slab)).collect();
            let mut at = Vec::new();
            let (first, last) = chain.open(&slab, |&entry, place| {
                taken.push(entry);
                at.push(*slab.get(place));
            });
            assert_eq!(taken[50..], at);
            slab.release(first, last);
            taken.sort_unstable();
            assert_eq!(taken, (0..100).collect::<Vec<_>>());
            assert_eq!(ring.first_from(0), None);
            assert_eq!(slab.next.len(), 100usize.div_ceil(CHUNK) + 1, "round {round}"); // one is kept free
        }
    }
}
