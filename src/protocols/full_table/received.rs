//! Which changes of the log a machine has received: nearly always all up to a position, with a few gaps below it.

use std::ops::Range;

/// A set of log positions, as sorted runs that neither overlap nor touch. 8 bytes a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Received {
    runs: Vec<Range<u32>>,
}

impl Received {
    /// Nothing received yet.
    pub(super) const fn new() -> Received {
        Received { runs: Vec::new() }
    }

    /// O(log runs).
    pub(super) fn contains(&self, index: u32) -> bool {
        let at = self.runs.partition_point(|run| run.end <= index);
        self.runs.get(at).is_some_and(|run| run.start <= index)
    }

    /// Past the last change received.
    pub(super) fn position(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.end)
    }

    /// Adds a run. O(log runs) at the end, where it nearly always is.
    pub(super) fn insert(&mut self, run: Range<u32>) {
        if run.is_empty() {
            return;
        }
        let from = self.runs.partition_point(|other| other.end < run.start);
        let to = self.runs.partition_point(|other| other.start <= run.end);
        let merged = match self.runs[from..to] {
            [] => run,
            [ref first, ..] => run.start.min(first.start)..run.end.max(self.runs[to - 1].end),
        };
        self.runs.splice(from..to, [merged]);
    }

    /// The first run of received changes within `range`, cut to it; empty, at its end, if there is none.
    pub(super) fn run_in(&self, range: Range<u32>) -> Range<u32> {
        let at = self.runs.partition_point(|run| run.end <= range.start);
        match self.runs.get(at) {
            Some(run) if run.start < range.end => run.start.max(range.start)..run.end.min(range.end),
            _ => range.end..range.end,
        }
    }

    /// The first gap that is not all before `from`, cut to begin there; the last gap has no end (`u32::MAX`).
    pub(super) fn gap_from(&self, from: u32) -> Range<u32> {
        let at = self.runs.partition_point(|run| run.end < from);
        match self.runs.get(at) {
            Some(run) if run.start <= from => run.end..self.runs.get(at + 1).map_or(u32::MAX, |next| next.start),
            Some(run) => from..run.start,
            None => from..u32::MAX,
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.runs.capacity() * size_of::<Range<u32>>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_comes_in_order_is_one_run() {
        let mut received = Received::default();
        (0..1000).for_each(|index| received.insert(index..index + 1));
        assert_eq!((received.runs.len(), received.position()), (1, 1000));
        assert_eq!((received.gap_from(0), received.gap_from(2000)), (1000..u32::MAX, 2000..u32::MAX));
    }

    #[test]
    fn gaps_are_asked_for_one_after_the_other() {
        let received = Received { runs: vec![0..3, 5..6, 9..12] };
        assert_eq!(received.gap_from(0), 3..5);
        assert_eq!(received.gap_from(4), 4..5);
        assert_eq!(received.gap_from(5), 6..9);
        assert_eq!(received.gap_from(9), 12..u32::MAX);
        assert_eq!(received.run_in(3..20), 5..6);
        assert_eq!(received.run_in(6..9), 9..9);
        assert_eq!(received.run_in(10..11), 10..11);
    }

    proptest! {
        #[test]
        fn runs_agree_with_a_set_of_bits(inserted in prop::collection::vec((0u32..60, 0u32..9), 0..20)) {
            let mut received = Received::default();
            let mut bits = [false; 80];
            for (start, length) in inserted {
                received.insert(start..start + length);
                bits[start as usize..(start + length) as usize].fill(true);
            }
            for index in 0..70u32 {
                prop_assert_eq!(received.contains(index), bits[index as usize]);
                let gap = received.gap_from(index);
                prop_assert!((index..gap.start).all(|i| bits[i as usize]));
                prop_assert!((gap.start..gap.end.min(80)).all(|i| !bits[i as usize]) && !gap.is_empty());
                let run = received.run_in(index..70);
                prop_assert!((index..run.start).all(|i| !bits[i as usize]));
                prop_assert!(run.clone().all(|i| bits[i as usize]) && (run.end == 70 || !bits[run.end as usize]));
            }
            prop_assert!(received.runs.is_sorted_by(|a, b| a.end < b.start));
        }
    }
}
