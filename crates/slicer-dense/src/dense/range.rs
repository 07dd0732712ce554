//! The binary range coder under the dense coder (spec § 18.1): 32-bit range, carry propagation, no end mark.

use alloc::vec::Vec;

/// Below this the range is renormalised by a byte.
const TOP: u32 = 1 << 24;

/// What the coder reads or writes.
pub trait Bytes {
    /// Moves the bottom of the range up by a byte.
    fn shift(&mut self, low: i64) -> i64;

    /// True where bits are read.
    fn reads(&self) -> bool;
}

/// Codes bits, either way: one type for both, so that what surrounds it is compiled once.
pub struct RangeCoder<'a> {
    bytes: &'a mut dyn Bytes,
    reads: bool,
    range: u32,
    /// Bottom of the range; a reader's counts from the code, and is never above 0.
    low: i64,
}

impl<'a> RangeCoder<'a> {
    /// Begins a segment.
    #[inline]
    pub fn new(bytes: &'a mut dyn Bytes) -> Self {
        let reads = bytes.reads();
        let mut low = 0;
        if reads {
            for _ in 0..4 {
                low = bytes.shift(low);
            }
        }
        Self {
            bytes,
            reads,
            range: u32::MAX,
            low,
        }
    }

    /// Codes one bit with the probability of a one in 1/65536, 1 … 65535; a writer takes `bit`, a reader returns it.
    #[inline(always)]
    pub fn code(&mut self, one: u32, bit: bool) -> bool {
        let bound = (self.range >> 16) * one;
        let above = self.low + i64::from(bound);
        let bit = if self.reads { above > 0 } else { bit };
        if bit {
            self.range = bound;
        } else {
            self.low = above;
            self.range -= bound;
        }
        while self.range < TOP {
            self.range <<= 8;
            self.low = self.bytes.shift(self.low);
        }
        bit
    }

    /// Ends the segment: bottom and size of what is left of the range.
    #[inline]
    pub fn end(self) -> (i64, u32) {
        (self.low, self.range)
    }
}

/// Reads a segment. Bytes beyond its end are zeros, so the encoder may leave trailing zeros out.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// At the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// True if every byte of the segment was needed and the code lay inside the range.
    pub fn is_done(&self) -> bool {
        self.at >= self.bytes.len() && self.bytes.last() != Some(&0)
    }
}

impl Bytes for Reader<'_> {
    fn shift(&mut self, low: i64) -> i64 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        // 32 bits: those above are left only where no encoder wrote the bytes.
        let code = (-low) as u32;
        -i64::from(code << 8 | u32::from(byte))
    }

    fn reads(&self) -> bool {
        true
    }
}

/// Writes a segment.
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    /// The last byte that a carry may still change; none before the first.
    held: Option<u8>,
    /// Bytes FF behind it.
    full: usize,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            start,
            held: None,
            full: 0,
        }
    }

    /// Ends the segment with the shortest string inside the range; trailing zeros are left out.
    pub fn finish(mut self, (mut low, range): (i64, u32)) {
        let last = low + i64::from(range) - 1;
        let mut bits = 32;
        while bits > 0 {
            let value = last >> bits << bits;
            if value >= low {
                low = value;
                break;
            }
            bits -= 1;
        }
        for _ in 0..5 {
            low = self.shift(low);
        }
        while self.out.len() > self.start && self.out.last() == Some(&0) {
            self.out.pop();
        }
    }
}

impl Bytes for Writer<'_> {
    fn shift(&mut self, low: i64) -> i64 {
        let carry = (low >> 32) as u8;
        let top = (low >> 24) as u8;
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
        (low & 0x00ff_ffff) << 8
    }

    fn reads(&self) -> bool {
        false
    }
}
