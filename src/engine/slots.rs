//! The slots of the event queue: linked lists of small chunks in one slab, and a bitmap of which slots hold anything.
//!
//! A slot only collects; it is sorted when its turn comes. Chunks of [`CHUNK`] entries keep a list's entries together
//! (one cache miss for seven, not for each), and one slab for all slots with a free list bounds the memory by the most
//! entries ever pending, however they moved over the slots.

use super::prefetch;

/// Entries in a chunk: with entries of 64 bytes a chunk is 456 bytes, about seven cache lines in a row.
const CHUNK: usize = 7;
/// Slots in a ring: 64 words of 64, so that one more word says which words are not empty.
pub(super) const SLOTS: usize = 64 * 64;
/// The end of a list.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Chunk<T> {
    entries: [T; CHUNK],
    /// The next chunk of the slot, or of the free list.
    next: u32,
}

/// The chunks of all slots of all rings.
pub(super) struct Slab<T> {
    chunks: Vec<Chunk<T>>,
    free: u32,
}

impl<T: Copy> Slab<T> {
    pub(super) fn new() -> Slab<T> {
        Slab { chunks: Vec::new(), free: NONE }
    }

    /// A chunk that holds `entry` only, before `next`.
    #[inline(always)]
    fn chunk(&mut self, entry: T, next: u32) -> u32 {
        let index = self.free;
        if index == NONE {
            self.chunks.push(Chunk { entries: [entry; CHUNK], next });
            return u32::try_from(self.chunks.len() - 1).expect("fewer than 2³² chunks");
        }
        let chunk = &mut self.chunks[index as usize];
        self.free = chunk.next;
        chunk.entries[0] = entry;
        chunk.next = next;
        index
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk<T>>()
    }
}

/// A list of chunks: all but the first are full. Its length is beside the chunks, so that adding an entry only writes to
/// memory, which nobody waits for.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    first: u32,
    /// Entries in the first chunk.
    len: u32,
}

impl Chain {
    const EMPTY: Chain = Chain { first: NONE, len: 0 };

    /// Takes out any entry; an emptied chunk goes back to the slab.
    pub(super) fn pop<T: Copy>(&mut self, slab: &mut Slab<T>) -> Option<T> {
        let chunk = slab.chunks.get(self.first as usize)?;
        self.len -= 1;
        let entry = chunk.entries[self.len as usize];
        if self.len == 0 {
            self.release(slab);
        }
        Some(entry)
    }

    /// Moves all entries to the end of `out`; the chunks go back to the slab.
    pub(super) fn empty_into<T: Copy>(mut self, slab: &mut Slab<T>, out: &mut Vec<T>) {
        while let Some(chunk) = slab.chunks.get(self.first as usize) {
            if let Some(next) = slab.chunks.get(chunk.next as usize) {
                prefetch(next);
            }
            // Not `extend_from_slice`, which clones generic entries field by field.
            out.extend(chunk.entries[..self.len as usize].iter().copied());
            self.release(slab);
        }
    }

    /// Gives the first chunk back to the slab.
    fn release<T>(&mut self, slab: &mut Slab<T>) {
        let chunk = &mut slab.chunks[self.first as usize];
        let next = std::mem::replace(&mut chunk.next, slab.free);
        slab.free = std::mem::replace(&mut self.first, next);
        self.len = CHUNK as u32;
    }
}

/// [`SLOTS`] slots, each an unsorted list of entries.
pub(super) struct Ring {
    slots: Vec<Chain>,
    occupied: [u64; 64],
    /// Bit i: `occupied[i]` is not zero.
    words: u64,
}

impl Ring {
    pub(super) fn new() -> Ring {
        Ring { slots: vec![Chain::EMPTY; SLOTS], occupied: [0; 64], words: 0 }
    }

    #[inline(always)]
    pub(super) fn push<T: Copy>(&mut self, slab: &mut Slab<T>, slot: usize, entry: T) {
        let chain = &mut self.slots[slot];
        if chain.first == NONE {
            self.occupied[slot / 64] |= 1 << (slot % 64);
            self.words |= 1 << (slot / 64);
        } else if (chain.len as usize) < CHUNK {
            slab.chunks[chain.first as usize].entries[chain.len as usize] = entry;
            chain.len += 1;
            return;
        }
        *chain = Chain { first: slab.chunk(entry, chain.first), len: 1 };
    }

    /// Empties a slot.
    pub(super) fn take(&mut self, slot: usize) -> Chain {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        if self.occupied[slot / 64] == 0 {
            self.words &= !(1 << (slot / 64));
        }
        std::mem::replace(&mut self.slots[slot], Chain::EMPTY)
    }

    /// Asks for the memory of the first chunk of each of the next `count` occupied slots.
    pub(super) fn prefetch<T>(&self, slab: &Slab<T>, count: usize) {
        let mut next = self.first_from(0);
        for _ in 0..count {
            let Some(slot) = next else { return };
            let Chain { first, len } = self.slots[slot];
            prefetch(&slab.chunks[first as usize].entries[..len as usize]);
            next = if slot + 1 < SLOTS { self.first_from(slot + 1).filter(|&other| other > slot) } else { None };
        }
    }

    /// The first occupied slot from `start` on, around the ring.
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

    #[test]
    fn the_first_occupied_slot_is_found_around_the_ring() {
        for occupied in [0, 1, 63, 64, 65, 2000, 4032, 4094, 4095] {
            let (mut ring, mut slab) = (Ring::new(), Slab::new());
            assert_eq!(ring.first_from(occupied), None);
            ring.push(&mut slab, occupied, 'a');
            for start in 0..SLOTS {
                assert_eq!(ring.first_from(start), Some(occupied), "from {start}");
            }
        }
    }

    #[test]
    fn of_two_occupied_slots_the_one_ahead_comes_first() {
        let (mut ring, mut slab) = (Ring::new(), Slab::new());
        for slot in [70, 75, 3000] {
            ring.push(&mut slab, slot, ());
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
                ring.push(&mut slab, 5, number);
            }
            let mut chain = ring.take(5);
            let mut taken: Vec<_> = (0..50).filter_map(|_| chain.pop(&mut slab)).collect();
            chain.empty_into(&mut slab, &mut taken);
            taken.sort_unstable();
            assert_eq!(taken, (0..100).collect::<Vec<_>>());
            assert_eq!(ring.first_from(0), None);
            assert_eq!(slab.chunks.len(), 100usize.div_ceil(CHUNK), "round {round}");
        }
    }
}
