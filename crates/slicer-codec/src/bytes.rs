//! Byte-level reading and writing: little-endian fields and LEB128 variable-length integers (spec § Notation).

use crate::error::{Error, ErrorCode, Field, Result};
use alloc::vec::Vec;

/// One field as [`crate::inspect`] reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Which field.
    pub field: Field,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The field's value where a single number describes it, else 0.
    pub value: f64,
}

/// A checked cursor over the input. With a trace attached it also records every field it passes.
pub(crate) struct Reader<'a> {
    data: &'a [u8],
    pos: usize,
    trace: Option<&'a mut Vec<Entry>>,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            pos: 0,
            trace: None,
        }
    }

    pub fn traced(data: &'a [u8], trace: &'a mut Vec<Entry>) -> Self {
        Self {
            data,
            pos: 0,
            trace: Some(trace),
        }
    }

    pub fn pos(&self) -> usize {
        self.pos
    }

    pub fn remaining(&self) -> usize {
        self.data.len() - self.pos
    }

    pub fn note(&mut self, field: Field, start: usize, value: f64) {
        let end = self.pos;
        if let Some(trace) = &mut self.trace {
            trace.push(Entry {
                field,
                start,
                end,
                value,
            });
        }
    }

    pub fn fail<T>(&self, code: ErrorCode, field: Field, detail: u64) -> Result<T> {
        Err(Error::new(code, field, self.pos, detail))
    }

    pub fn take(&mut self, n: usize, field: Field) -> Result<&'a [u8]> {
        if n > self.remaining() {
            return Err(Error::new(
                ErrorCode::Truncated,
                field,
                self.data.len(),
                (n - self.remaining()) as u64,
            ));
        }
        let bytes = &self.data[self.pos..self.pos + n];
        self.pos += n;
        Ok(bytes)
    }

    /// Gives back the last `n` bytes taken.
    pub fn rewind(&mut self, n: usize) {
        self.pos -= n;
    }

    pub fn u8(&mut self, field: Field) -> Result<u8> {
        Ok(self.take(1, field)?[0])
    }

    pub fn u32(&mut self, field: Field) -> Result<u32> {
        let b = self.take(4, field)?;
        Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// LEB128, at most five bytes, canonical (no padding with zero groups) and below 2^32.
    pub fn varint(&mut self, field: Field) -> Result<u32> {
        let start = self.pos;
        let mut value = 0u64;
        for i in 0..5 {
            let byte = self.u8(field)?;
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                if (byte == 0 && i > 0) || value > u64::from(u32::MAX) {
                    break;
                }
                return Ok(value as u32);
            }
        }
        Err(Error::new(ErrorCode::Corrupt, field, start, value))
    }
}

/// Appends a LEB128 integer.
#[cfg(feature = "encode")]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that [`put_varint`] needs.
#[cfg(feature = "encode")]
pub(crate) fn varint_len(value: u32) -> usize {
    (38 - (value | 1).leading_zeros() as usize) / 7
}

/// Signed to unsigned, small magnitudes first: 0, −1, 1, −2, …
#[cfg(feature = "encode")]
pub(crate) fn zigzag(v: i32) -> u32 {
    ((v << 1) ^ (v >> 31)) as u32
}

/// Inverse of [`zigzag`].
pub(crate) fn unzigzag(u: u32) -> i32 {
    (u >> 1) as i32 ^ -((u & 1) as i32)
}
