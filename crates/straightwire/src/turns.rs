//! Which request of a pipeline it is that something happens to.

use std::collections::BTreeMap;
use std::mem;

/// What is known of the request that it is about now, and of others that wait for their turn.
pub(crate) struct Turns<T> {
    pub(crate) now: T,
    index: usize,
    others: BTreeMap<usize, T>,
}

impl<T> Turns<T> {
    pub(crate) fn new(now: T) -> Turns<T> {
        Turns { now, index: 0, others: BTreeMap::new() }
    }

    /// It is about the request with this index from now on, of which nothing is known but `new`. The first one
    /// begins anew.
    pub(crate) fn begin(&mut self, index: usize, new: T) {
        let before = mem::replace(&mut self.now, new);
        if index == 0 {
            self.forget_others();
        } else if index != self.index {
            self.others.insert(self.index, before);
        }
        self.index = index;
    }

    /// It is about that request again. What is known of the one before is kept if that is still to go on.
    pub(crate) fn turn_to(&mut self, index: usize, goes_on: impl FnOnce(&T) -> bool) {
        let Some(next) = self.others.remove(&index) else { return };
        let before = mem::replace(&mut self.now, next);
        if goes_on(&before) {
            self.others.insert(self.index, before);
        }
        self.index = index;
    }

    /// The others have no turn any more.
    pub(crate) fn forget_others(&mut self) {
        self.others.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_and_those_that_are_over_are_forgotten() {
        let mut turns = Turns::new("before");
        for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
            turns.begin(index, name);
        }
        turns.turn_to(0, |_| true);
        assert_eq!(turns.now, "a");
        turns.turn_to(2, |_| true);
        assert_eq!(turns.now, "c");
        turns.begin(2, "another c");
        turns.turn_to(0, |_| true);
        turns.turn_to(1, |_| false);
        assert_eq!((turns.now, &turns.others), ("b", &BTreeMap::from([(2, "another c")])));
        turns.begin(0, "new");
        assert!(turns.now == "new" && turns.others.is_empty());
    }
}
