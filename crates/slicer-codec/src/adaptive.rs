//! Adaptive classes: channel classes that follow the levels decoded so far (spec § 19.1).

use crate::error::{Error, ErrorCode, Field, Result};
use crate::limits::try_resize;
use alloc::vec::Vec;

/// Rows after which a channel's number adapts no slower.
const SLOWEST: u8 = 63;

/// What both ends remember between the bodies of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct State {
    count: u8,
    numbers: Vec<i32>,
}

impl Clone for State {
    fn clone(&self) -> Self {
        Self {
            count: self.count,
            numbers: self.numbers.clone(),
        }
    }

    /// Into the memory there is: states are set aside with every body.
    fn clone_from(&mut self, other: &Self) {
        self.count = other.count;
        self.numbers.clone_from(&other.numbers);
    }
}

/// Quarter octaves of v ≥ 1.
fn quarters(v: u32) -> i32 {
    let t = 31 - v.leading_zeros();
    (4 * t + ((u64::from(v) * 4) >> t) as u32) as i32 - 4
}

impl State {
    /// Forgets everything.
    pub fn reset(&mut self) {
        self.count = 0;
    }

    /// Class integer of every channel for the next row.
    pub(crate) fn classes(&self, channels: usize, out: &mut Vec<i8>) -> Result<()> {
        try_resize(out, channels, Field::Classes)?;
        out.fill(0);
        if self.count > 0 {
            for (class, &a) in out.iter_mut().zip(&self.numbers) {
                *class = (((a + 128) >> 8) - 8).clamp(-63, 63) as i8;
            }
        }
        Ok(())
    }

    /// Learns from a row's levels.
    pub(crate) fn learn(&mut self, levels: &[i32]) -> Result<()> {
        if levels.is_empty() {
            return Ok(());
        }
        try_resize(&mut self.numbers, levels.len(), Field::Classes)?;
        let observe = |level: i32| quarters(4 * level.unsigned_abs().min(65535) + 1);
        if self.count == 0 {
            let sum: i64 = levels.iter().map(|&l| i64::from(observe(l))).sum();
            self.numbers.fill(256 * (sum / levels.len() as i64) as i32);
        }
        let d = 10 * i32::from(self.count) + 16;
        let rate = (1_310_720 + d) / (2 * d);
        for (a, &level) in self.numbers.iter_mut().zip(levels) {
            *a += ((256 * observe(level) - *a) * rate) >> 16;
        }
        self.count = (self.count + 1).min(SLOWEST);
        Ok(())
    }

    /// An error unless this is a state of a stream with that many channels.
    pub(crate) fn check(&self, channels: usize) -> Result<()> {
        if self.count == 0 || self.numbers.len() == channels {
            return Ok(());
        }
        let found = self.numbers.len() as u64;
        Err(Error::argument(ErrorCode::InvalidOption, Field::Classes, found))
    }

    /// The state as bytes, to be restored later: the count, then the numbers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers: &[i32] = if self.count > 0 { &self.numbers } else { &[] };
        let mut bytes = alloc::vec![self.count];
        bytes.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
        bytes
    }

    /// A state from its bytes; `None` if they are none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&count, rest) = bytes.split_first()?;
        let words = rest.chunks_exact(4);
        let fits = count <= SLOWEST && words.remainder().is_empty() && (count > 0 || rest.is_empty());
        let number = |b: &[u8]| i32::from_le_bytes([b[0], b[1], b[2], b[3]]).clamp(-(1 << 16), 1 << 16);
        fits.then(|| Self {
            count,
            numbers: words.map(number).collect(),
        })
    }
}
