//! Caps handed through the decoder: nothing is allocated and no loop entered before its size was charged here (spec § Limits).

use crate::error::{Error, ErrorCode, Field, Result};
use alloc::vec::Vec;

/// Most elements a tensor may have (format limit).
pub const MAX_ELEMENTS: u64 = (1 << 31) - 1;
/// Most frequency tables in one setup.
pub const MAX_TABLES: usize = 128;
/// Most bins, and so tokens, in one setup.
pub const MAX_TOKENS: usize = 256;
/// Highest rank of a tensor.
pub const MAX_RANK: usize = 8;

/// What a decoder may spend on one call. The defaults suit trusted peers on a desktop; servers should lower them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes the decoder may allocate for the tensor and its working memory. Default 1 GiB. What a decoder keeps for later calls was
    /// charged to those that made it grow.
    pub max_bytes: u64,
    /// Work units the decoder may spend; one unit is about one decoded value. Default 2^32.
    pub max_work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_work: 1 << 32,
        }
    }
}

/// The running account of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    bytes: u64,
    work: u64,
}

impl Account {
    pub fn new(limits: Limits) -> Self {
        Self {
            bytes: limits.max_bytes,
            work: limits.max_work,
        }
    }

    /// Charges `n` bytes of memory before they are allocated.
    pub fn charge_bytes(&mut self, n: u64, field: Field, offset: usize) -> Result<()> {
        self.bytes =
            self.bytes
                .checked_sub(n)
                .ok_or(Error::new(ErrorCode::LimitExceeded, field, offset, self.bytes))?;
        Ok(())
    }

    /// Bytes that are left to charge.
    #[cfg(feature = "threads")]
    pub fn bytes_left(&self) -> u64 {
        self.bytes
    }

    /// Charges `n` work units before the work is done.
    pub fn charge_work(&mut self, n: u64, field: Field, offset: usize) -> Result<()> {
        self.work = self
            .work
            .checked_sub(n)
            .ok_or(Error::new(ErrorCode::LimitExceeded, field, offset, self.work))?;
        Ok(())
    }
}

/// Sizes `buffer` to `len` elements, reusing its capacity; running out of memory is an error, never an abort.
///
/// Elements that were there keep what they held, new ones are zero: every caller overwrites them all.
pub(crate) fn try_resize<T: Clone + Default>(buffer: &mut Vec<T>, len: usize, field: Field) -> Result<()> {
    buffer.truncate(len);
    buffer
        .try_reserve_exact(len - buffer.len())
        .map_err(|_| Error::new(ErrorCode::LimitExceeded, field, 0, (len * size_of::<T>()) as u64))?;
    buffer.resize(len, T::default());
    Ok(())
}

/// Empties `buffer` and makes room for `len` bytes; `false` if there is none.
///
/// A buffer that is too small is freed first: growing it would hold both for a moment.
#[cfg(feature = "encode")]
pub(crate) fn try_renew(buffer: &mut Vec<u8>, len: usize) -> bool {
    buffer.clear();
    if buffer.capacity() < len {
        *buffer = Vec::new();
    }
    buffer.try_reserve_exact(len).is_ok()
}
