//! The nodes that lookups of gets have passed, until the copies are left with them ([`super::node::cache`]).

use crate::model::{OpId, Passed};

/// Nodes passed, by the slots of operations.
#[derive(Debug, Default)]
pub struct LookupPaths {
    of: Vec<Option<(OpId, Vec<Passed>)>>,
}

impl LookupPaths {
    /// The lookup of a get has passed a node.
    pub fn add(&mut self, op: OpId, passed: Passed) {
        if self.of.len() <= op.slot() {
            self.of.resize_with(op.slot() + 1, || None);
        }
        match &mut self.of[op.slot()] {
            Some((of, path)) if *of == op => path.push(passed),
            other => *other = Some((op, vec![passed])),
        }
    }

    /// The get has its record: the nodes that its lookup has passed, which are forgotten here.
    pub fn take(&mut self, op: OpId) -> Vec<Passed> {
        let path = self.of.get_mut(op.slot()).and_then(Option::take);
        path.filter(|(of, _)| *of == op).map_or(Vec::new(), |(_, path)| path)
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        let paths = self.of.iter().flatten().map(|(_, path)| path.capacity() * size_of::<Passed>());
        self.of.capacity() * size_of::<Option<(OpId, Vec<Passed>)>>() + paths.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NodeId;

    #[test]
    fn a_path_is_taken_once_and_not_by_the_next_operation_in_the_slot() {
        let (mut paths, [old, new]) = (LookupPaths::default(), [0, 1].map(|generation| OpId::new(3, generation)));
        let [a, b] = [1, 2].map(|node| Passed { node: NodeId(node), nearer: 0 });
        [a, b].into_iter().for_each(|passed| paths.add(old, passed));
        assert_eq!((paths.take(old), paths.take(old)), (vec![a, b], vec![]));
        paths.add(old, a);
        assert_eq!(paths.take(new), []);
        paths.add(old, a);
        paths.add(new, b);
        assert_eq!(paths.take(new), [b]);
    }
}
