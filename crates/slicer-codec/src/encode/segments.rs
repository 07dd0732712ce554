//! From tokens to the bytes of a segment (the encoder's side of spec § Segments and lanes).

use super::bands::Bands;
use super::emit::Tokens;
use crate::bits::BitReader;
use crate::bytes::put_varint;
use crate::coding::Coding;
use crate::contexts;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::levels;
use crate::rans::Values;
use crate::rans::encode::{Encoder, SingleLane, SymbolTables};
use crate::segment::ClassMap;
use alloc::vec::Vec;
use slicer_dense::{dense, trellis};
use slicer_kernels::planes::LANES;

/// What all segments of a body have in common.
pub(super) struct Job<'a> {
    pub coding: &'a Coding,
    pub view: &'a View,
    pub tables: &'a SymbolTables,
    pub classes: ClassMap<'a>,
    pub tokens: &'a Tokens,
    /// Planes of a segment.
    pub per: usize,
}

/// Codes segments; its buffers outlive them.
#[derive(Default)]
pub(super) struct Coder {
    encoder: Encoder,
    symbols: Vec<u16>,
    /// Planes side by side.
    rows: Vec<u8>,
    /// First symbol of every plane's tables.
    bases: Vec<u16>,
    /// Ranks of the row above.
    line: Vec<u8>,
    words: Vec<[u8; 2]>,
    values: Vec<u32>,
    /// Class of every value.
    classes: Vec<u8>,
    model: Option<dense::Model>,
}

impl Coder {
    /// Appends segment `s`, whose levels only the dense coder needs.
    pub fn segment(&mut self, job: &Job<'_>, s: usize, levels: &mut [i32], out: &mut Vec<u8>) -> Result<()> {
        let Job {
            coding, view, classes, ..
        } = *job;
        let first = s * job.per;
        if coding.dense {
            let model = self.model.get_or_insert_with(dense::Model::new);
            return match model.encode(out, levels::shape(view, first), coding.trellis, levels) {
                dense::Outcome::Done => Ok(()),
                _ => {
                    let values = view.elements() as u64;
                    Err(Error::argument(ErrorCode::LimitExceeded, Field::Data, values))
                }
            };
        }
        let end = view.planes().min(first + job.per);
        let tokens = &job.tokens.tokens[first * view.plane()..end * view.plane()];
        let offsets = &job.tokens.offsets[job.tokens.starts[s]..job.tokens.starts[s + 1]];
        let total = coding.lanes.total();
        if total > 1 && !coding.thresholds.is_empty() {
            self.planes(job, first, tokens);
            self.close(coding, offsets, out);
            return Ok(());
        }
        if total == 1 && coding.contexts() == 1 {
            let mut each = core::mem::take(&mut self.classes);
            let classes = match coding.adaptive {
                true => Values::each(&job.tokens.classes),
                false => classes.spread(first * view.plane(), view.plane(), tokens.len(), &mut each)?,
            };
            self.lane(job, classes, tokens, offsets, out)?;
            self.classes = each;
            return Ok(());
        }
        self.symbols(job, first, tokens);
        if coding.adaptive {
            for (symbol, &class) in self.symbols.iter_mut().zip(&job.tokens.classes) {
                *symbol += u16::from(class) * coding.contexts() as u16 * 256;
            }
        }
        if coding.trellis {
            self.unions(job, first, offsets)?;
        }
        if total == 1 {
            // Contexts and unions: every value has its own table.
            let mut each = core::mem::take(&mut self.classes);
            each.clear();
            each.extend(self.symbols.iter().map(|&s| (s >> 8) as u8));
            let classes = Values::each(&each);
            self.lane(job, classes, tokens, offsets, out)?;
            self.classes = each;
        } else {
            self.encoder.begin(coding.lanes, self.symbols.len().div_ceil(total));
            self.encoder.rows(job.tables, &self.symbols, total);
            self.close(coding, offsets, out);
        }
        Ok(())
    }

    /// Table and token of every value, in scan order.
    fn symbols(&mut self, job: &Job<'_>, first: usize, tokens: &[u8]) {
        let Job {
            coding, view, classes, ..
        } = *job;
        let (plane, width) = (view.plane(), view.width);
        // What is there is overwritten.
        self.symbols.resize(tokens.len(), 0);
        let contexts = coding.contexts();
        let symbols = &mut self.symbols[..];
        if classes.is_flat() || coding.adaptive {
            slicer_kernels::widen(tokens, symbols);
        } else {
            self.bases.clear();
            let base = |p| (classes.of(p) * contexts) as u16 * 256;
            self.bases.extend((first..first + tokens.len() / plane).map(base));
            slicer_kernels::widen_planes(tokens, plane, &self.bases, symbols);
        }
        if !coding.thresholds.is_empty() {
            let ranks = contexts::ranks(&coding.bins);
            let map = contexts::map(coding.thresholds.as_slice()).map(|c| u16::from(c) * 256);
            for (symbols, tokens) in self.symbols.chunks_mut(plane).zip(tokens.chunks(plane)) {
                self.line.clear();
                self.line.resize(width, 0);
                for (symbols, tokens) in symbols.chunks_mut(width).zip(tokens.chunks(width)) {
                    let mut left = 0;
                    for ((symbol, &token), up) in symbols.iter_mut().zip(tokens).zip(&mut self.line) {
                        *symbol += map[usize::from(left + *up)];
                        left = ranks[usize::from(token)];
                        *up = left;
                    }
                }
            }
        }
    }

    /// Moves symbols to the tables of their union quantisers, which follow the levels' parity.
    fn unions(&mut self, job: &Job<'_>, first: usize, offsets: &[u8]) -> Result<()> {
        let Job { coding, view, .. } = *job;
        let (start, row) = (first * view.plane(), view.channels * view.plane());
        let mut walk = trellis::Walk::new(coding.lanes.total(), start, row);
        let mut bits = BitReader::new(offsets, 0);
        for symbol in &mut self.symbols {
            let bin = &coding.bins.list()[usize::from(*symbol & 255)];
            let offset = match u32::from(bin.bits) {
                0 => 0,
                n => bits.get(n, Field::Payload)?,
            };
            *symbol += 256 * walk.union() as u16;
            walk.push(bin.level(offset));
        }
        Ok(())
    }

    /// One lane, tokens and offsets in one state; each token by the table that is its class.
    fn lane(
        &mut self,
        job: &Job<'_>,
        classes: Values<'_>,
        mut tokens: &[u8],
        offsets: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let coding = job.coding;
        self.values(coding, tokens, offsets)?;
        let words = core::mem::take(&mut self.words);
        let mut lane = SingleLane::new(job.tables, words, tokens.len(), self.values.len());
        let (from, count) = coding.bins.plain();
        while !self.values.is_empty() {
            // Some of them have no offset either.
            let beyond_plain = |&t: &u8| u16::from(t.wrapping_sub(from)) >= count;
            let Some(at) = tokens.iter().rposition(beyond_plain) else {
                break;
            };
            lane.tokens(&tokens[at + 1..], classes.from(at + 1));
            let token = tokens[at];
            let width = u32::from(coding.bins.list()[usize::from(token)].bits);
            if width > 0 {
                lane.offset(self.values.pop().unwrap_or(0), width);
            }
            lane.token(classes.of(at) as u16 * 256 + u16::from(token));
            tokens = &tokens[..at];
        }
        lane.tokens(tokens, classes);
        self.words = lane.finish(out);
        Ok(())
    }

    /// Reads the offsets of tokens, if there are any.
    fn values(&mut self, coding: &Coding, tokens: &[u8], offsets: &[u8]) -> Result<()> {
        self.values.clear();
        if offsets.is_empty() {
            return Ok(());
        }
        let mut bits = BitReader::new(offsets, 0);
        for &token in tokens {
            let width = coding.bins.list()[usize::from(token)].bits;
            if width > 0 {
                self.values.push(bits.get(width.into(), Field::Payload)?);
            }
        }
        Ok(())
    }

    /// Codes a segment whose lanes own a plane each, so that neighbours are rows: the last group of planes first.
    fn planes(&mut self, job: &Job<'_>, first: usize, tokens: &[u8]) {
        let Job {
            coding, view, classes, ..
        } = *job;
        let (plane, total) = (view.plane(), coding.lanes.total());
        let neighbours = coding.neighbours(view.width);
        self.encoder
            .begin(coding.lanes, (tokens.len() / plane).div_ceil(total) * plane);
        for (g, group) in tokens.chunks(total * plane).enumerate().rev() {
            let active = group.len() / plane;
            let mut bases = [0u16; LANES];
            for (lane, base) in bases.iter_mut().enumerate().take(active) {
                *base = (classes.of(first + g * total + lane) * coding.contexts()) as u16 * 256;
            }
            let mut bands = Bands::of(view, 0..plane);
            while let Some(band) = bands.previous() {
                band.symbols(group, plane, neighbours, &bases, &mut self.rows, &mut self.symbols);
                self.encoder.rows(job.tables, &self.symbols, active);
            }
        }
    }

    /// Writes what the lanes hold, then the offsets.
    fn close(&mut self, coding: &Coding, offsets: &[u8], out: &mut Vec<u8>) {
        let written = coding.lanes.streams - usize::from(!coding.bins.has_offsets());
        for s in 0..written {
            put_varint(out, self.encoder.len(s) as u32);
        }
        for s in 0..coding.lanes.streams {
            self.encoder.write(s, out);
        }
        out.extend(offsets);
    }
}
