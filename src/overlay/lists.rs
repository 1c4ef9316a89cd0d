//! A pool of short lists: what a packet carries besides its fixed part, kept outside the event.
//!
//! A block is taken when a message is built and goes back when the packet is delivered or lost, so the pool holds as
//! many blocks as were ever in flight at once and the steady state allocates nothing.

use crate::engine::prefetch;

/// A handle of a list in flight: 24 bits of block, 8 of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(u32);

impl List {
    const fn block(self) -> usize {
        (self.0 >> 8) as usize
    }

    /// Entries in the list.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(self) -> usize {
        (self.0 & 0xff) as usize
    }
}

/// All lists in flight.
#[derive(Debug)]
pub struct Lists {
    stride: usize,
    blocks: Vec<u32>,
    free: Vec<u32>,
}

impl Lists {
    /// A pool of lists of at most `longest` entries (at most 255).
    pub fn new(longest: usize) -> Lists {
        assert!(longest <= 255, "a list holds at most 255 entries, not {longest}");
        Lists { stride: longest.max(1), blocks: Vec::new(), free: Vec::new() }
    }

    /// Copies `entries` into the pool. Panics on more entries than the pool was made for.
    pub fn put(&mut self, entries: impl IntoIterator<Item = u32>) -> List {
        let block = self.free.pop().unwrap_or_else(|| {
            let block = (self.blocks.len() / self.stride) as u32;
            assert!(block < 1 << 24, "more than 2^24 lists in flight");
            self.blocks.resize(self.blocks.len() + self.stride, 0);
            block
        });
        let start = block as usize * self.stride;
        let mut entries = entries.into_iter();
        let mut len = 0;
        for (place, entry) in self.blocks[start..start + self.stride].iter_mut().zip(entries.by_ref()) {
            *place = entry;
            len += 1;
        }
        assert!(entries.next().is_none(), "a list longer than the {} entries agreed on", self.stride);
        List(block << 8 | len)
    }

    /// The entries of a list in flight.
    pub fn get(&self, list: List) -> &[u32] {
        let start = list.block() * self.stride;
        &self.blocks[start..start + list.len()]
    }

    /// Asks for the memory of a list in flight.
    pub fn prefetch(&self, list: List) {
        prefetch(self.get(list));
    }

    /// Gives a list's block back.
    pub fn free(&mut self, list: List) {
        debug_assert!(!self.free.contains(&(list.0 >> 8)) || self.free.len() > 64, "freed twice");
        self.free.push(list.0 >> 8);
    }

    /// Lists taken and not given back.
    pub fn in_use(&self) -> usize {
        self.blocks.len() / self.stride - self.free.len()
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        (self.blocks.capacity() + self.free.capacity()) * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_block_is_taken_again() {
        let mut lists = Lists::new(4);
        let a = lists.put([1, 2, 3]);
        let b = lists.put([4]);
        assert_eq!((lists.get(a), lists.get(b), lists.in_use()), (&[1, 2, 3][..], &[4][..], 2));
        lists.free(a);
        let c = lists.put([9, 9, 9, 9]);
        assert_eq!((c.block(), lists.get(c), lists.in_use()), (a.block(), &[9, 9, 9, 9][..], 2));
    }

    #[test]
    #[should_panic(expected = "longer than the 2 entries")]
    fn a_list_past_its_limit_is_our_own_mistake() {
        Lists::new(2).put([1, 2, 3]);
    }
}
