//! Slab: values that wait under a number, whose slots are used again.

/// Values under their slot numbers; a slot that is emptied is filled next.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Stores a value. Gives its slot.
    pub fn park(&mut self, value: T) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.slots[slot as usize] = Some(value);
        slot
    }

    /// Empties a slot that is not empty.
    pub fn take(&mut self, slot: u32) -> T {
        self.free.push(slot);
        self.slots[slot as usize].take().expect("a slot is emptied once")
    }

    /// Value in a slot, if there is one.
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Value in a slot, to be changed, if there is one.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether all slots are empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Slot numbers that have ever been used: each is below this.
    pub fn capacity(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Option<T>>() + self.free.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_was_emptied_is_filled_next() {
        let mut slab = Slab::default();
        let slots = ["a", "b", "c"].map(|value| slab.park(value));
        assert_eq!((slots, slab.len()), ([0, 1, 2], 3));
        assert_eq!((slab.take(1), slab.get(1), slab.get(2)), ("b", None, Some(&"c")));
        assert_eq!((slab.park("d"), slab.len(), slab.capacity()), (1, 3, 3));
    }
}
