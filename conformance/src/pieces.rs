//! Ways of cutting the same bytes to pieces. A cut is told by where its pieces end.

/// All in one piece.
pub(crate) fn whole(len: usize) -> Vec<usize> {
    if len == 0 { Vec::new() } else { vec![len] }
}

/// Every byte a piece of its own.
pub(crate) fn bytes(len: usize) -> Vec<usize> {
    (1..=len).collect()
}

/// At random, into pieces of up to `longest` bytes.
pub(crate) fn random(len: usize, longest: usize, dice: &mut Dice) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut end = 0;
    while end < len {
        end = (end + 1 + dice.below(longest)).min(len);
        ends.push(end);
    }
    ends
}

/// Chance that comes out the same for the same seed, case and way of cutting: SplitMix64.
pub(crate) struct Dice(u64);

impl Dice {
    /// `name` keeps a case's cuts the same whatever cases go before it.
    pub(crate) fn new(seed: u64, name: &str) -> Dice {
        let mut dice = Dice(seed);
        for byte in name.bytes() {
            dice.0 = dice.next() ^ u64::from(byte);
        }
        dice
    }

    /// A number from 0 to `limit - 1`, near enough evenly for small limits.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_has_all_the_bytes() {
        for len in 0..200 {
            let mut dice = Dice::new(7, "a");
            for ends in [whole(len), bytes(len), random(len, 1, &mut dice), random(len, 9, &mut dice)] {
                assert!(ends.is_sorted_by(|a, b| a < b), "{ends:?}");
                assert!(ends.first() != Some(&0));
                assert_eq!(ends.last().copied().unwrap_or(0), len);
            }
        }
    }

    #[test]
    fn chance_hangs_on_seed_and_name_alone() {
        let cut = |seed, name| random(1000, 20, &mut Dice::new(seed, name));
        assert_eq!(cut(1, "a"), cut(1, "a"));
        assert_ne!(cut(1, "a"), cut(2, "a"));
        assert_ne!(cut(1, "a"), cut(1, "b"));
        assert!(cut(1, "a").len() > 50);
    }
}
