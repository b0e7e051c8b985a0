//! gzip: members of a header, deflated data and a trailer (RFC 1952).

use flate2::{Crc, Decompress};

use super::inflate::inflate;
use super::stage::{Decode, MORE, Step};

/// Bits of the flags in a header (2.3.1).
const HEADER_CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const RESERVED: u8 = 0b1110_0000;

/// How a header begins: two bytes that mark it, then the one method there is.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// The parts of a member in their order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// Ten bytes, of which so many have come.
    Fixed(usize),
    ExtraLen(usize),
    Extra(u16),
    Name,
    Comment,
    HeaderCrc(usize),
    Data,
    Trailer(usize),
}

pub(super) struct Gzip {
    part: Part,
    flags: u8,
    /// The number that is coming, its lowest byte first.
    number: u64,
    /// Of the header, then of the data.
    crc: Crc,
    data: Decompress,
    members: u64,
}

impl Default for Gzip {
    fn default() -> Gzip {
        let data = Decompress::new(false);
        Gzip { part: Part::Fixed(0), flags: 0, number: 0, crc: Crc::new(), data, members: 0 }
    }
}

impl Decode for Gzip {
    fn name(&self) -> &'static str {
        "gzip"
    }

    fn is_whole(&self) -> bool {
        self.part == Part::Fixed(0) && self.members > 0
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut step = Step::default();
        while step.damage.is_none() {
            let (input, output) = (&input[step.taken..], &mut output[step.given..]);
            if self.part == Part::Data {
                let (data, is_end) = inflate(&mut self.data, input, output);
                self.crc.update(&output[..data.given]);
                step.taken += data.taken;
                step.given += data.given;
                step.damage = data.damage;
                if !is_end {
                    break;
                }
                self.enter(Part::Trailer(0));
            } else if let [byte, ..] = input {
                step.taken += 1;
                step.damage = self.take(*byte).err();
            } else {
                break;
            }
        }
        step
    }
}

impl Gzip {
    /// Takes a byte of what is around the data.
    fn take(&mut self, byte: u8) -> Result<(), &'static str> {
        let is_header = !matches!(self.part, Part::HeaderCrc(_) | Part::Trailer(_));
        let header_crc = u64::from(self.crc.sum() & 0xffff);
        if is_header {
            self.crc.update(&[byte]);
        }
        match self.part {
            Part::Fixed(at @ 0..3) if byte != MAGIC[at] => {
                return Err(if self.members > 0 { MORE } else { "another beginning" });
            }
            Part::Fixed(3) if byte & RESERVED != 0 => return Err("flags that nobody knows"),
            Part::Fixed(at) => {
                if at == 3 {
                    self.flags = byte;
                }
                if at < 9 { self.part = Part::Fixed(at + 1) } else { self.enter(Part::ExtraLen(0)) }
            }
            Part::ExtraLen(at) => {
                if self.number_is_here(at, 2, byte) {
                    self.enter(Part::Extra(self.number as u16));
                } else {
                    self.part = Part::ExtraLen(at + 1);
                }
            }
            Part::Extra(left) => self.enter(Part::Extra(left - 1)),
            Part::Name if byte == 0 => self.enter(Part::Comment),
            Part::Comment if byte == 0 => self.enter(Part::HeaderCrc(0)),
            Part::Name | Part::Comment | Part::Data => {}
            Part::HeaderCrc(at) => {
                if !self.number_is_here(at, 2, byte) {
                    self.part = Part::HeaderCrc(at + 1);
                } else if self.number == header_crc {
                    self.enter(Part::Data);
                } else {
                    return Err("another checksum of the header");
                }
            }
            Part::Trailer(at) => {
                if !self.number_is_here(at, 8, byte) {
                    self.part = Part::Trailer(at + 1);
                } else if self.number as u32 != self.crc.sum() {
                    return Err("another checksum");
                } else if (self.number >> 32) as u32 != self.crc.amount() {
                    return Err("another length");
                } else {
                    self.members += 1;
                    self.enter(Part::Fixed(0));
                }
            }
        }
        Ok(())
    }

    /// Goes to this part, or to the first one after it that there is.
    fn enter(&mut self, mut part: Part) {
        self.number = 0;
        loop {
            part = match part {
                Part::ExtraLen(_) if self.flags & EXTRA == 0 => Part::Name,
                Part::Extra(0) => Part::Name,
                Part::Name if self.flags & NAME == 0 => Part::Comment,
                Part::Comment if self.flags & COMMENT == 0 => Part::HeaderCrc(0),
                Part::HeaderCrc(_) if self.flags & HEADER_CRC == 0 => Part::Data,
                part => break self.part = part,
            };
        }
        match self.part {
            Part::Data => {
                self.crc.reset();
                self.data.reset(false);
            }
            Part::Fixed(_) => self.crc.reset(),
            _ => {}
        }
    }

    /// Adds byte `at` to the number, which has so many bytes; whether it is whole.
    fn number_is_here(&mut self, at: usize, bytes: usize, byte: u8) -> bool {
        self.number |= u64::from(byte) << (8 * at);
        at + 1 == bytes
    }
}
