//! What a node has under way, and the memory for it, which all nodes share.
//!
//! A node has no lookup under way most of the time, and one nearly always when it has any. So its own part is one pointer to
//! the first of a list, and the lookups come from a pool and go back to it: the steady state allocates nothing, and idle
//! nodes keep no memory.

use std::ops::{Deref, DerefMut};

use crate::engine::prefetch;

/// One thing under way, with all that it has allocated. Boxed, so that it stays where it is when it is taken out.
pub type Task<T> = Box<Entry<T>>;

/// See [`Task`].
#[derive(Clone, Debug, Default)]
pub struct Entry<T> {
    value: T,
    next: Option<Task<T>>,
}

impl<T> Deref for Entry<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Entry<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// What one node has under way: few, the latest first. 8 bytes.
#[derive(Clone, Debug)]
pub struct Ongoing<T> {
    first: Option<Task<T>>,
}

impl<T> Default for Ongoing<T> {
    fn default() -> Self {
        Ongoing { first: None }
    }
}

impl<T> Ongoing<T> {
    pub fn push(&mut self, mut task: Task<T>) {
        task.next = self.first.take();
        self.first = Some(task);
    }

    /// Takes out the first one for which `which` is true.
    pub fn take(&mut self, which: impl Fn(&T) -> bool) -> Option<Task<T>> {
        let mut place = &mut self.first;
        while place.as_ref().is_some_and(|task| !which(task)) {
            place = &mut place.as_mut().expect("it was looked at").next;
        }
        let mut task = place.take()?;
        *place = task.next.take();
        Some(task)
    }

    /// The latest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::successors(self.first.as_deref(), |task| task.next.as_deref()).map(|task| &task.value)
    }

    /// One after the other: a list that drops itself goes as deep as it is long.
    pub fn clear(&mut self) {
        while let Some(mut task) = self.first.take() {
            self.first = task.next.take();
        }
    }

    /// Asks for the memory of the latest.
    pub fn prefetch(&self) {
        self.first.as_deref().into_iter().for_each(prefetch);
    }

    /// Bytes allocated, those included that `more` says of each.
    pub fn heap_bytes(&self, more: impl Fn(&T) -> usize) -> usize {
        self.iter().map(|value| size_of::<Entry<T>>() + more(value)).sum()
    }
}

impl<T> Drop for Ongoing<T> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Tasks that are done, for use again.
#[derive(Debug)]
pub struct Pool<T> {
    done: Vec<Task<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { done: Vec::new() }
    }
}

impl<T: Default> Pool<T> {
    /// One that was done, as it was left, or a new one.
    pub fn take(&mut self) -> Task<T> {
        self.done.pop().unwrap_or_default()
    }

    pub fn give(&mut self, task: Task<T>) {
        self.done.push(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_taken_out_from_anywhere_and_its_memory_is_used_again() {
        let (mut pool, mut ongoing) = (Pool::default(), Ongoing::default());
        for number in 1..=4 {
            let mut task: Task<Vec<u32>> = pool.take();
            task.push(number);
            ongoing.push(task);
        }
        for (number, left) in [(2, vec![4, 3, 1]), (4, vec![3, 1]), (1, vec![3]), (3, vec![])] {
            let task = ongoing.take(|task| task[0] == number).expect("it is there");
            assert_eq!(**task, [number]);
            pool.give(task);
            assert_eq!(ongoing.iter().map(|task| task[0]).collect::<Vec<_>>(), left);
            assert!(ongoing.take(|task| task[0] == number).is_none());
        }
        assert_eq!(**pool.take(), [3], "as it was left");
        assert_eq!(size_of::<Ongoing<Vec<u32>>>(), 8);
    }

    #[test]
    fn any_number_of_tasks_goes_without_going_deep() {
        let mut ongoing = Ongoing::default();
        (0..1_000_000_u32).for_each(|_| ongoing.push(Task::default()));
        assert_eq!(ongoing.iter().count(), 1_000_000);
        ongoing.push(Task::<u32>::default());
        drop(ongoing);
    }
}
