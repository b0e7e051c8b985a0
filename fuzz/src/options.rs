//! What of an input is no message.

/// The first bytes of an input: what is to be done with the rest. Where there are no more, they are zeros.
pub struct Options<'a>(&'a [u8]);

impl<'a> Options<'a> {
    /// Those of the first line, and what follows it: so an input is written by hand as easily as it is changed
    /// by the fuzzer.
    pub fn before(input: &'a [u8]) -> (Options<'a>, &'a [u8]) {
        match input.iter().position(|&byte| byte == b'\n') {
            Some(end) => (Options(&input[..end]), &input[end + 1..]),
            None => (Options(input), &[]),
        }
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&b'0', &[]));
        self.0 = rest;
        *first
    }

    /// One of so many choices: `0` the first, `1` the second.
    pub fn choice(&mut self, choices: u8) -> u8 {
        self.byte().wrapping_sub(b'0') % choices
    }

    /// `1` is yes.
    pub fn flag(&mut self) -> bool {
        self.choice(2) == 1
    }

    /// A size, small ones among them: `0` is 1, `1` is 2, and beyond `?` they grow fast.
    pub fn size(&mut self) -> usize {
        match usize::from(self.byte().wrapping_sub(b'0')) {
            small @ 0..=15 => small + 1,
            large => 1 << (large % 17),
        }
    }
}
