//! The binary range coder under the dense coder (spec § 18.1): 32-bit range, carry propagation, no end mark.

use alloc::vec::Vec;

/// Codes one bit with the probability of a one in 1/65536; the encoder takes `bit`, the decoder returns it.
pub trait BitCoder {
    /// `one` lies in 1 … 65535.
    fn code(&mut self, one: u32, bit: bool) -> bool;
}

/// Below this the range is renormalised by a byte.
const TOP: u32 = 1 << 24;

/// Reads a segment. Bytes beyond its end are zeros, so the encoder may leave trailing zeros out.
pub struct RangeDecoder<'a> {
    bytes: &'a [u8],
    at: usize,
    range: u32,
    /// Distance of the code from the bottom of the range.
    code: u32,
}

impl<'a> RangeDecoder<'a> {
    /// Begins a segment.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            bytes,
            at: 0,
            range: u32::MAX,
            code: 0,
        };
        for _ in 0..4 {
            decoder.code = decoder.code << 8 | decoder.byte();
        }
        decoder
    }

    #[inline]
    fn byte(&mut self) -> u32 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        u32::from(byte)
    }

    /// True if every byte of the segment was needed and the code lay inside the range.
    pub fn is_done(&self) -> bool {
        self.at >= self.bytes.len() && self.bytes.last() != Some(&0)
    }
}

impl BitCoder for RangeDecoder<'_> {
    #[inline]
    fn code(&mut self, one: u32, _: bool) -> bool {
        let bound = (self.range >> 16) * one;
        let bit = self.code < bound;
        if bit {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        while self.range < TOP {
            self.range <<= 8;
            self.code = self.code << 8 | self.byte();
        }
        bit
    }
}

/// Writes a segment.
pub struct RangeEncoder<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    low: u64,
    range: u32,
    /// The last byte that a carry may still change; none before the first.
    held: Option<u8>,
    /// Bytes FF behind it.
    full: usize,
}

impl<'a> RangeEncoder<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            start,
            low: 0,
            range: u32::MAX,
            held: None,
            full: 0,
        }
    }

    fn shift(&mut self) {
        let carry = (self.low >> 32) as u8;
        let top = (self.low >> 24) as u8;
        if carry == 0 && top == 0xff {
            self.full += 1;
        } else {
            if let Some(held) = self.held {
                self.out.push(held.wrapping_add(carry));
            }
            for _ in 0..self.full {
                self.out.push(0xffu8.wrapping_add(carry));
            }
            self.full = 0;
            self.held = Some(top);
        }
        self.low = (self.low & 0x00ff_ffff) << 8;
    }

    /// Ends the segment with the shortest string inside the range; trailing zeros are left out.
    pub fn finish(mut self) {
        let last = self.low + u64::from(self.range) - 1;
        let mut bits = 32;
        while bits > 0 {
            let value = last >> bits << bits;
            if value >= self.low {
                self.low = value;
                break;
            }
            bits -= 1;
        }
        for _ in 0..5 {
            self.shift();
        }
        while self.out.len() > self.start && self.out.last() == Some(&0) {
            self.out.pop();
        }
    }
}

impl BitCoder for RangeEncoder<'_> {
    #[inline]
    fn code(&mut self, one: u32, bit: bool) -> bool {
        let bound = (self.range >> 16) * one;
        if bit {
            self.range = bound;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
        }
        while self.range < TOP {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}
