//! Segments that come out as levels: with a trellis, the dense coder or adaptive classes (spec § 17 to § 19).

use crate::adaptive;
use crate::bits::BitReader;
use crate::classes::combine;
use crate::coding::Coding;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::rans::Values;
use crate::rans::decode::{SingleLane, SlotTables};
use crate::segment::{ClassMap, open};
use alloc::vec::Vec;
use slicer_dense::{dense, trellis};
use slicer_kernels::planes::LANES;

/// A segment: its payload with the offset in the input, its first plane, and the view it is coded in.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub payload: &'a [u8],
    pub base: usize,
    pub first_plane: usize,
    pub view: View,
}

impl Segment<'_> {
    /// Planes of a row are one after the other: is plane `first_plane + p` the first of a row?
    fn begins_row(&self, plane: usize) -> bool {
        (self.first_plane + plane).is_multiple_of(self.view.channels)
    }

    fn corrupt(&self, detail: u64) -> Error {
        Error::new(ErrorCode::Corrupt, Field::Payload, self.base, detail)
    }
}

/// A segment as the dense coder sees it.
pub(crate) fn shape(view: &View, first_plane: usize) -> dense::Shape {
    dense::Shape {
        channels: view.channels,
        height: view.height,
        width: view.width,
        first_plane,
    }
}

/// Buffers of the decoders of this module.
#[derive(Default)]
pub(crate) struct Scratch {
    model: Option<dense::Model>,
    /// Adaptive classes of the channels.
    channel_classes: Vec<i8>,
    tokens: Vec<u8>,
    /// Levels of the row being decoded.
    row: Vec<i32>,
}

impl Scratch {
    /// Decodes all levels of a segment.
    pub fn decode(
        &mut self,
        coding: &Coding,
        tables: &SlotTables,
        row_classes: &[i8],
        segment: Segment<'_>,
        state: &mut adaptive::State,
        levels: &mut [i32],
    ) -> Result<()> {
        if coding.dense {
            return self.dense(coding, segment, levels);
        }
        if coding.lanes.total() == 1 {
            return self.single(coding, tables, row_classes, segment, state, levels);
        }
        self.multi(coding, tables, row_classes, segment, levels)
    }

    fn dense(&mut self, coding: &Coding, segment: Segment<'_>, levels: &mut [i32]) -> Result<()> {
        let model = self.model.get_or_insert_with(dense::Model::new);
        let shape = shape(&segment.view, segment.first_plane);
        match model.decode(segment.payload, shape, coding.trellis, levels) {
            dense::Outcome::Done => Ok(()),
            dense::Outcome::Corrupt => Err(segment.corrupt(0)),
            dense::Outcome::Full => Err(Error::new(ErrorCode::LimitExceeded, Field::Payload, segment.base, 0)),
        }
    }

    fn single(
        &mut self,
        coding: &Coding,
        tables: &SlotTables,
        row_classes: &[i8],
        segment: Segment<'_>,
        state: &mut adaptive::State,
        levels: &mut [i32],
    ) -> Result<()> {
        let (view, bins) = (&segment.view, coding.bins.list());
        let (per_class, count) = (coding.contexts(), coding.class_count());
        let mut lane = SingleLane::open(tables, segment.payload, segment.base)?;
        let mut walk = trellis::State::default();
        self.row.clear();
        if coding.adaptive && self.row.try_reserve_exact(view.channels).is_err() {
            return Err(Error::new(ErrorCode::LimitExceeded, Field::Payload, segment.base, 0));
        }
        for (p, out) in levels.chunks_mut(view.plane()).enumerate() {
            if segment.begins_row(p) {
                walk = trellis::State::default();
                if coding.adaptive {
                    state.classes(view.channels, &mut self.channel_classes)?;
                }
            }
            let plane = segment.first_plane + p;
            let row = row_classes.get(plane / view.channels).copied().unwrap_or(0);
            let channels = match coding.adaptive {
                true => &self.channel_classes,
                false => &coding.classes.channels,
            };
            let channel = channels.get(plane % view.channels).copied().unwrap_or(0);
            let table = combine(row, channel, count) * per_class;
            for level in out.iter_mut() {
                let union = if coding.trellis { walk.union() } else { 0 };
                let token = lane.token(table + union);
                let bin = &bins[usize::from(token)];
                let offset = if bin.bits > 0 {
                    lane.offset(u32::from(bin.bits))
                } else {
                    0
                };
                *level = bin.level(offset);
                walk = walk.next(*level);
            }
            if coding.adaptive {
                // Planes of one value: a row's levels are known when its last plane is.
                self.row.push(out[0]);
                if segment.begins_row(p + 1) {
                    state.learn(&self.row)?;
                    self.row.clear();
                }
            }
        }
        lane.finish()
    }

    /// Several lanes, one token of each at a time; offsets are read along, because a trellis follows their parity.
    fn multi(
        &mut self,
        coding: &Coding,
        tables: &SlotTables,
        row_classes: &[i8],
        segment: Segment<'_>,
        levels: &mut [i32],
    ) -> Result<()> {
        let (view, bins) = (&segment.view, coding.bins.list());
        let (total, plane, row) = (coding.lanes.total(), view.plane(), view.channels * view.plane());
        let classes = ClassMap::new(&coding.classes, row_classes, coding.class_count(), view);
        let (mut decoder, section) = open(coding, tables, (segment.payload, segment.base))?;
        let mut offsets = BitReader::new(section.0, section.1);
        let mut walk = trellis::Walk::new(total, segment.first_plane * plane, row);
        // A setup has 128 tables at most.
        let mut ahead = [0u8; LANES];
        self.tokens.clear();
        self.tokens.resize(total, 0);
        let first = segment.first_plane * plane;
        for (block, out) in levels.chunks_mut(total).enumerate() {
            let tokens = &mut self.tokens[..out.len()];
            for (lane, table) in ahead.iter_mut().enumerate().take(out.len()) {
                let at = first + block * total + lane;
                let union = walk.union_ahead(lane);
                *table = (classes.of(at / plane) * coding.contexts() + union) as u8;
            }
            decoder.run(Values::each(&ahead[..out.len()]), tokens)?;
            for (level, &token) in out.iter_mut().zip(tokens.iter()) {
                let bin = &bins[usize::from(token)];
                let offset = match u32::from(bin.bits) {
                    0 => 0,
                    bits => offsets.get(bits, Field::Payload).map_err(|e| e.inside_payload(0))?,
                };
                *level = bin.level(offset);
                walk.union();
                walk.push(*level);
            }
        }
        decoder.finish()?;
        if offsets.finish(Field::Payload)? == section.0.len() {
            Ok(())
        } else {
            Err(segment.corrupt(section.0.len() as u64))
        }
    }
}
