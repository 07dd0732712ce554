//! From tokens to bytes: setups and bodies (the encoder's side of spec § Framing).

use super::plan::Plan;
use super::segments::{Coder, Job};
use crate::bytes::{put_varint, varint_len};
use crate::classes;
use crate::coding::{Coding, Parts};
use crate::crc32c::crc32c;
use crate::crew::Crew;
use crate::error::Result;
use crate::frame::{DRAFT, Framing, MAGIC, VERSION, body_flag};
use crate::layout::View;
use crate::rans::encode::SymbolTables;
use crate::segment::ClassMap;
use crate::setup::{Setup, feature};
use alloc::vec::Vec;
use core::ops::Range;

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
    crew: Crew<Coder>,
    lengths: Vec<u32>,
}

impl Emitter {
    /// Writes a standalone frame.
    pub fn standalone(&mut self, plan: &Plan, tokens: &mut Tokens, out: &mut Vec<u8>) -> Result<Sections> {
        out.clear();
        out.extend(MAGIC);
        out.extend([VERSION, DRAFT]);
        let Parts { bins, tables, maps } = plan.setup.write(out);
        let mut sections = Sections {
            header: out.len() - bins - tables - maps,
            bins,
            tables,
            maps,
            ..Sections::default()
        };
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
        let (_, count) = coding.segmentation(&plan.view);
        let listed = count.saturating_sub(usize::from(framing == Framing::Bare));
        let table = out.len();
        // Segments of large tensors take from 16 kB to 2 MB; behind other tables the payload is moved, and is short.
        let room = 3 * listed;
        out.resize(table + room, 0);
        self.segments(coding, &plan.view, info, tokens, out)?;
        sections.payload = out.len() - table - room;
        sections.body = put_lengths(out, table..table + room, &self.lengths[..listed]) - start;
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
        // The dense coder's are written over, by themselves.
        let mut levels = core::mem::take(&mut tokens.levels);
        let (per, count) = coding.segmentation(view);
        let job = Job {
            coding,
            view,
            tables: &self.tables,
            classes: ClassMap::new(&coding.classes, &info.row_classes, coding.class_count(), view),
            tokens,
            per,
        };
        let mut parts = levels.chunks_mut((per * view.plane()).max(1));
        let items = (0..count).map(|s| (s, parts.next().unwrap_or_default()));
        let lengths = &mut self.lengths;
        lengths.clear();
        let result = self.crew.append(
            items,
            out,
            |coder, (s, levels), out| coder.segment(&job, s, levels, out),
            |length| lengths.push(length as u32),
        );
        tokens.levels = levels;
        result
    }
}

/// Puts the segment table in front of the payload, which is only known to be this long once it is there: where its place is,
/// or the payload is moved. Returns where the payload begins.
fn put_lengths(out: &mut Vec<u8>, place: Range<usize>, lengths: &[u32]) -> usize {
    let table: usize = lengths.iter().map(|&l| varint_len(l)).sum();
    let begin = place.start + table;
    let end = out.len() - place.end + begin;
    if begin != place.end {
        out.resize(end.max(out.len()), 0);
        out.copy_within(place.end..place.end + (end - begin), begin);
        out.truncate(end);
    }
    for &length in lengths {
        put_varint(out, length);
    }
    out.copy_within(end.., place.start);
    out.truncate(end);
    begin
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
