//! From tokens to bytes: setups, bodies, segments (the encoder's side of spec § Framing and § Segments and lanes).

use super::bands::Bands;
use super::plan::Plan;
use crate::bits::BitReader;
use crate::bytes::{put_varint, varint_len};
use crate::classes;
use crate::coding::Coding;
use crate::contexts;
use crate::crc32c::crc32c;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::frame::{DRAFT, Framing, MAGIC, VERSION, body_flag};
use crate::layout::View;
use crate::levels;
use crate::rans::Values;
use crate::rans::encode::{Encoder, SingleLane, SymbolTables};
use crate::segment::ClassMap;
use crate::setup::{Setup, feature};
use alloc::vec::Vec;
use slicer_dense::{dense, trellis};
use slicer_kernels::planes::LANES;

/// Tokens of a whole tensor in scan order, with their offsets packed per segment.
#[derive(Default)]
pub(super) struct Tokens {
    /// One token per value.
    pub tokens: Vec<u8>,
    /// Offset bits; every segment starts at a whole byte.
    pub offsets: Vec<u8>,
    /// Where each segment's offsets begin, and the end.
    pub starts: Vec<usize>,
    /// Class of every value, for adaptive classes.
    pub classes: Vec<u8>,
    /// Levels instead, for the dense coder.
    pub levels: Vec<i32>,
}

/// Side information of one body.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyInfo {
    pub step_index: i8,
    /// Adaptive classes begin anew.
    pub reset: bool,
    pub row_scales: Vec<i8>,
    pub row_classes: Vec<i8>,
}

/// Bytes per section of what was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sections {
    /// Magic, version and the setup without bins, tables and maps.
    pub header: usize,
    /// Bins.
    pub bins: usize,
    /// Tables.
    pub tables: usize,
    /// Scales, classes, contexts, segment size.
    pub maps: usize,
    /// Body header, row scales and classes, segment lengths.
    pub body: usize,
    /// Entropy-coded or raw payload.
    pub payload: usize,
    /// CRC-32C.
    pub checksum: usize,
}

/// Reusable memory of the emitter.
#[derive(Default)]
pub(super) struct Emitter {
    tables: SymbolTables,
    encoder: Encoder,
    symbols: Vec<u16>,
    /// Planes side by side.
    rows: Vec<u8>,
    /// First symbol of every plane's tables.
    bases: Vec<u16>,
    /// Ranks of the row above.
    line: Vec<u8>,
    lengths: Vec<u32>,
    words: Vec<[u8; 2]>,
    values: Vec<u32>,
    /// Class of every value.
    classes: Vec<u8>,
    model: Option<dense::Model>,
}

impl Emitter {
    /// Writes a standalone frame.
    pub fn standalone(&mut self, plan: &Plan, tokens: &mut Tokens, out: &mut Vec<u8>) -> Result<Sections> {
        out.clear();
        out.extend(MAGIC);
        out.extend([VERSION, DRAFT]);
        plan.setup.write(out);
        let mut sections = setup_sections(&plan.setup, out.len());
        if let Some(coding) = &plan.setup.coding {
            self.tables.build(&coding.tables);
        }
        self.body(plan, tokens, Framing::Standalone, out, &mut sections)?;
        out.extend(crc32c(out).to_le_bytes());
        sections.checksum = 4;
        Ok(sections)
    }

    /// Prepares for bare bodies of one setup.
    pub fn prepare(&mut self, coding: &Coding) {
        self.tables.build(&coding.tables);
    }

    /// Appends a body.
    pub fn body(
        &mut self,
        plan: &Plan,
        tokens: &mut Tokens,
        framing: Framing,
        out: &mut Vec<u8>,
        sections: &mut Sections,
    ) -> Result<()> {
        let start = out.len();
        let info = &plan.body;
        let step = info.step_index != 0;
        let step_flag = if step { body_flag::STEP } else { 0 };
        out.push(step_flag | if info.reset { body_flag::RESET } else { 0 });
        if plan.setup.features & feature::ROWS != 0 {
            put_varint(out, plan.rows);
        }
        if step {
            out.push(info.step_index as u8);
        }
        classes::write_list(&info.row_scales, out);
        classes::write_list(&info.row_classes, out);
        let Some(coding) = &plan.setup.coding else {
            return Ok(());
        };
        let table = out.len();
        self.segments(coding, &plan.view, info, tokens, out)?;
        let listed = self.lengths.len() - usize::from(framing == Framing::Bare && !self.lengths.is_empty());
        sections.payload = out.len() - table;
        sections.body = insert_lengths(out, table, &self.lengths[..listed]) - start;
        Ok(())
    }

    /// Appends the segments and collects their lengths.
    fn segments(
        &mut self,
        coding: &Coding,
        view: &View,
        info: &BodyInfo,
        tokens: &mut Tokens,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (per, count) = coding.segmentation(view);
        let classes = ClassMap::new(&coding.classes, &info.row_classes, coding.class_count(), view);
        self.lengths.clear();
        for s in 0..count {
            let first = s * per;
            let planes = per.min(view.planes() - first);
            let range = first * view.plane()..(first + planes) * view.plane();
            let before = out.len();
            if coding.dense {
                let model = self.model.get_or_insert_with(dense::Model::new);
                let levels = &mut tokens.levels[range];
                if model.encode(out, levels::shape(view, first), coding.trellis, levels) != dense::Outcome::Done {
                    let values = tokens.levels.len() as u64;
                    return Err(Error::argument(ErrorCode::LimitExceeded, Field::Data, values));
                }
                self.lengths.push((out.len() - before) as u32);
                continue;
            }
            let offsets = &tokens.offsets[tokens.starts[s]..tokens.starts[s + 1]];
            if coding.lanes.total() > 1 && !coding.thresholds.is_empty() {
                self.planes(coding, view, classes, first, &tokens.tokens[range]);
                self.close(coding, offsets, out);
                self.lengths.push((out.len() - before) as u32);
                continue;
            }
            if coding.lanes.total() == 1 && coding.contexts() == 1 {
                let mut each = core::mem::take(&mut self.classes);
                let classes = match coding.adaptive {
                    true => Values {
                        one: 0,
                        each: &tokens.classes,
                    },
                    false => classes.spread(first, view.plane(), range.len(), &mut each)?,
                };
                self.lane(coding, classes, &tokens.tokens[range], offsets, out)?;
                self.classes = each;
                self.lengths.push((out.len() - before) as u32);
                continue;
            }
            self.symbols(coding, view, classes, first, &tokens.tokens[range.clone()]);
            if coding.adaptive {
                for (symbol, &class) in self.symbols.iter_mut().zip(&tokens.classes) {
                    *symbol += u16::from(class) * coding.contexts() as u16 * 256;
                }
            }
            if coding.trellis {
                self.unions(coding, view, first, offsets)?;
            }
            if coding.lanes.total() == 1 {
                // Contexts and unions: every value has its own table.
                let mut each = core::mem::take(&mut self.classes);
                each.clear();
                each.extend(self.symbols.iter().map(|&s| (s >> 8) as u8));
                let classes = Values { one: 0, each: &each };
                self.lane(coding, classes, &tokens.tokens[range], offsets, out)?;
                self.classes = each;
            } else {
                let total = coding.lanes.total();
                self.encoder.begin(coding.lanes, self.symbols.len().div_ceil(total));
                self.encoder.rows(&self.tables, &self.symbols, total);
                self.close(coding, offsets, out);
            }
            self.lengths.push((out.len() - before) as u32);
        }
        Ok(())
    }

    /// Table and token of every value, in scan order.
    fn symbols(&mut self, coding: &Coding, view: &View, classes: ClassMap<'_>, first: usize, tokens: &[u8]) {
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
    fn unions(&mut self, coding: &Coding, view: &View, first: usize, offsets: &[u8]) -> Result<()> {
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
        coding: &Coding,
        classes: Values<'_>,
        mut tokens: &[u8],
        offsets: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.values(coding, tokens, offsets)?;
        let words = core::mem::take(&mut self.words);
        let mut lane = SingleLane::new(&self.tables, words, tokens.len(), self.values.len());
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
    fn planes(&mut self, coding: &Coding, view: &View, classes: ClassMap<'_>, first: usize, tokens: &[u8]) {
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
                self.encoder.rows(&self.tables, &self.symbols, active);
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

/// Puts the segment table in front of the payload, which is only known to be this long once it is there. Returns where the
/// payload begins.
fn insert_lengths(out: &mut Vec<u8>, at: usize, lengths: &[u32]) -> usize {
    if lengths.is_empty() {
        return at;
    }
    let table: usize = lengths.iter().map(|&l| varint_len(l)).sum();
    let end = out.len();
    for &length in lengths {
        put_varint(out, length);
    }
    out[at..].rotate_right(table);
    debug_assert_eq!(out.len(), end + table);
    at + table
}

/// Writes a frame that carries the tensor's bytes as they are.
pub(super) fn raw(plan_setup: &Setup, bytes: &[u8], out: &mut Vec<u8>) -> Sections {
    out.clear();
    out.extend(MAGIC);
    out.extend([VERSION, DRAFT]);
    plan_setup.write(out);
    let header = out.len();
    out.reserve_exact(bytes.len() + 5);
    out.push(body_flag::RAW);
    out.extend(bytes);
    out.extend(crc32c(out).to_le_bytes());
    Sections {
        header,
        body: 1,
        payload: bytes.len(),
        checksum: 4,
        ..Sections::default()
    }
}

/// Splits the bytes of a setup that ends at `end` into sections.
fn setup_sections(setup: &Setup, end: usize) -> Sections {
    let Some(coding) = &setup.coding else {
        return Sections {
            header: end,
            ..Sections::default()
        };
    };
    let mut bytes = Vec::new();
    if !coding.dense {
        coding.bins.write(&mut bytes);
    }
    let bins = bytes.len();
    if !coding.dense {
        coding.tables.write(&mut bytes);
    }
    let tables = bytes.len() - bins;
    bytes.clear();
    let mut maps = 0;
    if setup.features & feature::SCALES != 0 {
        classes::write_list(&coding.scales.channels, &mut bytes);
        maps += 1;
    }
    if setup.features & feature::CLASSES != 0 {
        classes::write_list(coding.own_channel_classes(), &mut bytes);
        maps += 1;
    }
    if setup.features & feature::CONTEXTS != 0 {
        maps += 1 + coding.thresholds.as_slice().len();
    }
    if setup.features & feature::SEGMENTS != 0 {
        maps += varint_len(coding.segment_planes);
    }
    maps += bytes.len();
    Sections {
        header: end - bins - tables - maps,
        bins,
        tables,
        maps,
        ..Sections::default()
    }
}
