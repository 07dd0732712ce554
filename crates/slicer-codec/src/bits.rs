//! Bit-level reading and writing, least significant bit first (spec § Notation).

use crate::error::{Error, ErrorCode, Field, Result};
#[cfg(feature = "encode")]
use alloc::vec::Vec;

/// Reads bits from a byte slice whose first byte lies at `base` of the whole input.
pub(crate) struct BitReader<'a> {
    data: &'a [u8],
    next: usize,
    acc: u64,
    have: u32,
    base: usize,
}

impl<'a> BitReader<'a> {
    pub fn new(data: &'a [u8], base: usize) -> Self {
        Self {
            data,
            next: 0,
            acc: 0,
            have: 0,
            base,
        }
    }

    /// Reads `n` ≤ 32 bits.
    #[inline]
    pub fn get(&mut self, n: u32, field: Field) -> Result<u32> {
        while self.have < n {
            let Some(&byte) = self.data.get(self.next) else {
                return Err(Error::new(ErrorCode::Truncated, field, self.base + self.next, 1));
            };
            self.acc |= u64::from(byte) << self.have;
            self.next += 1;
            self.have += 8;
        }
        let value = (self.acc & ((1u64 << n) - 1)) as u32;
        self.acc >>= n;
        self.have -= n;
        Ok(value)
    }

    /// Bytes touched so far, if the unused bits of the last one are zero; they must be.
    pub fn finish(&self, field: Field) -> Result<usize> {
        if self.acc != 0 || self.have >= 8 {
            return Err(Error::new(ErrorCode::Corrupt, field, self.base + self.next, self.acc));
        }
        Ok(self.next)
    }
}

/// Collects bits into bytes.
#[cfg(feature = "encode")]
#[derive(Default)]
pub(crate) struct BitWriter {
    pub bytes: Vec<u8>,
    acc: u64,
    have: u32,
}

#[cfg(feature = "encode")]
impl BitWriter {
    /// Appends the low `n` ≤ 32 bits of `value`; higher bits must be zero.
    #[inline]
    pub fn put(&mut self, value: u32, n: u32) {
        self.acc |= u64::from(value) << self.have;
        self.have += n;
        while self.have >= 8 {
            self.bytes.push(self.acc as u8);
            self.acc >>= 8;
            self.have -= 8;
        }
    }

    /// Pads with zero bits to a whole byte.
    pub fn align(&mut self) {
        if self.have > 0 {
            self.bytes.push(self.acc as u8);
            self.acc = 0;
            self.have = 0;
        }
    }

    /// A writer that appends to whole bytes.
    pub fn after(bytes: Vec<u8>) -> Self {
        Self { bytes, acc: 0, have: 0 }
    }
}
