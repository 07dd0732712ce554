//! rANS decoding: slot tables, one state at a time and all lanes together (spec § rANS).

use super::{LOWER, SINGLE_START, Values};
use crate::coding::Lanes;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::limits::try_resize;
use crate::tables::Tables;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use slicer_kernels::planes::{LANES, Neighbours};

/// One entry per slot of every table: frequency − 1 (bits 0–11), slot − start (12–23), token (24–31).
#[derive(Default)]
pub(crate) struct SlotTables {
    pub entries: Vec<u32>,
    pub precision: u32,
}

impl SlotTables {
    /// Expands frequencies to slots, reusing memory.
    pub fn build(&mut self, tables: &Tables) -> Result<()> {
        self.precision = tables.precision;
        let slots = 1usize << tables.precision;
        try_resize(&mut self.entries, tables.count * slots, Field::Tables)?;
        for t in 0..tables.count {
            let mut at = t * slots;
            for (token, &f) in tables.table(t).iter().enumerate() {
                for i in 0..u32::from(f) {
                    self.entries[at] = (u32::from(f) - 1) | i << 12 | (token as u32) << 24;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// Tables there are.
    #[cfg(any(
        all(feature = "std", target_arch = "x86_64"),
        all(target_arch = "wasm32", feature = "simd128")
    ))]
    pub fn count(&self) -> usize {
        self.entries.len() >> self.precision
    }

    #[inline(always)]
    fn step(&self, x: u32, table: usize) -> (u8, u32) {
        let slot = x & ((1 << self.precision) - 1);
        let e = self.entries[(table << self.precision) + slot as usize];
        (
            (e >> 24) as u8,
            ((e & 0xfff) + 1) * (x >> self.precision) + (e >> 12 & 0xfff),
        )
    }
}

/// The words and states of one stream.
#[derive(Clone, Copy)]
pub(crate) struct Stream<'a> {
    pub words: &'a [u8],
    pub pos: usize,
    pub states: [u32; 8],
    pub width: usize,
    /// Where the stream begins in the whole input, for errors.
    pub base: usize,
}

impl<'a> Stream<'a> {
    /// Reads the initial states of a stream with two lanes or more.
    pub fn open(bytes: &'a [u8], width: usize, base: usize) -> Result<Self> {
        let corrupt = |code, detail| Error::new(code, Field::Payload, base, detail);
        if bytes.len() < 4 * width || !bytes.len().is_multiple_of(2) {
            return Err(corrupt(ErrorCode::Corrupt, bytes.len() as u64));
        }
        let mut states = [LOWER; 8];
        for (x, b) in states.iter_mut().zip(bytes[..4 * width].chunks_exact(4)) {
            *x = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            if *x < LOWER || *x >= LOWER << 16 {
                return Err(corrupt(ErrorCode::Corrupt, u64::from(*x)));
            }
        }
        Ok(Self {
            words: bytes,
            pos: 4 * width,
            states,
            width,
            base,
        })
    }

    #[inline(always)]
    fn refill(&mut self, lane: usize) -> Result<()> {
        if self.states[lane] < LOWER {
            let Some(w) = self.words.get(self.pos..self.pos + 2) else {
                return Err(Error::new(ErrorCode::Corrupt, Field::Payload, self.base + self.pos, 2));
            };
            self.states[lane] = self.states[lane] << 16 | u32::from(u16::from_le_bytes([w[0], w[1]]));
            self.pos += 2;
        }
        Ok(())
    }

    /// All words used and all states back where the encoder began?
    pub fn finish(&self) -> Result<()> {
        if self.pos != self.words.len() || self.states[..self.width].iter().any(|&x| x != LOWER) {
            return Err(Error::new(ErrorCode::Corrupt, Field::Payload, self.base + self.pos, 0));
        }
        Ok(())
    }
}

/// All lanes of a segment.
pub(crate) struct Decoder<'t, 'p> {
    pub tables: &'t SlotTables,
    pub streams: [Stream<'p>; 4],
    pub lanes: Lanes,
}

impl Decoder<'_, '_> {
    /// Decodes `out` in lane order: value i belongs to lane i mod total.
    pub fn run(&mut self, of: Values<'_>, out: &mut [u8]) -> Result<()> {
        let (total, width) = (self.lanes.total(), self.lanes.width);
        let done = self.whole_rows(of, out);
        for (i, tokens) in out[done..].chunks_mut(total).enumerate() {
            for (lane, token) in tokens.iter_mut().enumerate() {
                let stream = &mut self.streams[lane / width];
                let (t, x) = self
                    .tables
                    .step(stream.states[lane % width], of.of(done + i * total + lane));
                *token = t;
                stream.states[lane % width] = x;
                stream.refill(lane % width)?;
            }
        }
        Ok(())
    }

    /// Decodes rows of lanes as far as a SIMD twin can; returns how many values it decoded.
    #[allow(unused_variables)]
    fn whole_rows(&mut self, of: Values<'_>, out: &mut [u8]) -> usize {
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        if self.lanes.width == 8 && super::decode_avx2::available() {
            return super::decode_avx2::run(self, of, out);
        }
        #[cfg(all(target_arch = "wasm32", feature = "simd128"))]
        if self.lanes.width == 8 {
            return super::decode_simd128::run(self, of, out);
        }
        0
    }

    /// Decodes planes side by side in all lanes, as far as a SIMD twin can; returns how many positions it decoded. `out` has a
    /// row of tokens for every position, of which the first `active` count.
    #[allow(unused_variables)]
    pub fn planes(
        &mut self,
        neighbours: Neighbours<'_>,
        classes: &[u8; LANES],
        active: usize,
        out: &mut [u8],
    ) -> usize {
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        if self.lanes.width == 8 && super::decode_avx2::available() {
            return super::decode_avx2::planes(self, neighbours, classes, active, out);
        }
        #[cfg(all(target_arch = "wasm32", feature = "simd128"))]
        if self.lanes.width == 8 {
            return super::decode_simd128::planes(self, neighbours, classes, active, out);
        }
        0
    }

    pub fn finish(&self) -> Result<()> {
        self.streams[..self.lanes.streams].iter().try_for_each(Stream::finish)
    }
}

/// The single lane: its offset bits travel in the same state.
pub(crate) struct SingleLane<'t, 'p> {
    tables: &'t SlotTables,
    words: &'p [u8],
    pos: usize,
    x: u32,
    base: usize,
}

impl<'t, 'p> SingleLane<'t, 'p> {
    /// Reads the initial state: three bytes if the payload's length is odd, else four.
    pub fn open(tables: &'t SlotTables, bytes: &'p [u8], base: usize) -> Result<Self> {
        let state_len = if bytes.len() % 2 == 1 { 3 } else { 4 };
        if bytes.len() < state_len {
            return Err(Error::new(ErrorCode::Corrupt, Field::Payload, base, bytes.len() as u64));
        }
        let mut b = [0; 4];
        b[..state_len].copy_from_slice(&bytes[..state_len]);
        let x = u32::from_le_bytes(b);
        if x >= LOWER << 16 {
            return Err(Error::new(ErrorCode::Corrupt, Field::Payload, base, u64::from(x)));
        }
        Ok(Self {
            tables,
            words: bytes,
            pos: state_len,
            x,
            base,
        })
    }

    #[inline(always)]
    fn refill(&mut self) {
        // No word left is no error: near the end the state may be small (see `SINGLE_START`).
        if self.x < LOWER && self.pos < self.words.len() {
            self.x = self.x << 16 | u32::from(u16::from_le_bytes([self.words[self.pos], self.words[self.pos + 1]]));
            self.pos += 2;
        }
    }

    #[inline(always)]
    pub fn token(&mut self, table: usize) -> u8 {
        let (token, x) = self.tables.step(self.x, table);
        self.x = x;
        self.refill();
        token
    }

    /// Decodes tokens, each by the table that is its class, up to and including the first that is not one of the `plain` ones,
    /// first and count: an offset may follow it. Returns how many.
    pub fn run(&mut self, classes: Values<'_>, plain: (u8, u16), out: &mut [u8]) -> usize {
        let mut done = 0;
        while done < out.len() {
            // A small state after its word is damage or near the end, and takes no second one.
            if self.tables.precision == 12 && self.x >= LOWER && self.pos < self.words.len() {
                done += self.ahead(classes.from(done), plain, &mut out[done..]);
            } else {
                out[done] = self.token(classes.of(done));
                done += 1;
            }
            if u16::from(out[done - 1].wrapping_sub(plain.0)) >= plain.1 {
                break;
            }
        }
        done
    }

    /// [`Self::run`] for tables of 4096 slots, as long as there are words.
    ///
    /// Nothing counts here but the way from one state to the next. A state that asks for a word has that word's low bits for
    /// its next slot, so the look-up does not wait until the state is put together.
    #[inline(never)]
    fn ahead(&mut self, classes: Values<'_>, plain: (u8, u16), out: &mut [u8]) -> usize {
        let tables = self.tables.entries.as_chunks::<4096>().0;
        let one = &tables[classes.one];
        let (mut x, words) = (self.x, &self.words[self.pos..]);
        let (mut at, mut done) = (0, 0);
        let (first, count) = (u32::from(plain.0), u32::from(plain.1));
        // Here `x` is the state before it took its word.
        for out in out {
            let Some(&word) = words[at..].first_chunk() else { break };
            let word = u32::from(u16::from_le_bytes(word));
            let table = classes.each.get(done).map_or(one, |&class| &tables[usize::from(class)]);
            let hungry = x < LOWER;
            let (full, short) = (table[(x & 0xfff) as usize], table[(word & 0xfff) as usize]);
            let e = select_unpredictable(hungry, short, full);
            let quotient = select_unpredictable(hungry, x << 16 | word, x) >> 12;
            at += 2 * usize::from(hungry);
            x = (e & 0xfff) * quotient + (quotient + (e >> 12 & 0xfff));
            let token = e >> 24;
            *out = token as u8;
            done += 1;
            if token.wrapping_sub(first) >= count {
                break;
            }
        }
        (self.x, self.pos) = (x, self.pos + at);
        self.refill();
        done
    }

    /// Reads `n` ≤ 32 offset bits, 15 at most at a time, low bits first.
    #[inline]
    pub fn offset(&mut self, n: u32) -> u32 {
        let (mut value, mut have) = (0u32, 0);
        while have < n {
            let take = (n - have).min(15);
            value |= (self.x & ((1 << take) - 1)) << have;
            self.x >>= take;
            self.refill();
            have += take;
        }
        value
    }

    pub fn finish(&self) -> Result<()> {
        if self.pos != self.words.len() || self.x != SINGLE_START {
            return Err(Error::new(
                ErrorCode::Corrupt,
                Field::Payload,
                self.base + self.pos,
                u64::from(self.x),
            ));
        }
        Ok(())
    }
}
