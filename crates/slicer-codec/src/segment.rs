//! Segments: one entropy-coded run of whole planes (spec § Segments and lanes).

use crate::bits::BitReader;
use crate::bytes::Reader;
use crate::classes::combine;
use crate::coding::{Classes, Coding};
use crate::contexts;
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::limits::try_resize;
use crate::rans::Values;
use crate::rans::decode::{Decoder, SingleLane, SlotTables, Stream};
use alloc::vec::Vec;
use slicer_kernels::planes::{LANES, separate};

/// Where the offsets of a decoded segment are.
pub(crate) enum Offsets<'a> {
    /// In a bit section of their own, in scan order.
    Section(BitReader<'a>, usize),
    /// Already read from the single lane's state, in scan order.
    Inline(core::slice::Iter<'a, u32>),
}

impl Offsets<'_> {
    /// The next offset of `n` bits.
    #[inline]
    pub fn next(&mut self, n: u32) -> Result<u32> {
        match self {
            // Running out of offset bits inside a complete segment is damage, not a missing end.
            Self::Section(bits, _) => bits.get(n, Field::Payload).map_err(|e| e.inside_payload(0)),
            Self::Inline(values) => Ok(values.next().copied().unwrap_or(0)),
        }
    }

    /// True if they were read with the tokens, and all have been asked for.
    pub fn are_over(&self) -> bool {
        matches!(self, Self::Inline(values) if values.as_slice().is_empty())
    }

    /// The section must end where the segment ends.
    pub fn finish(&self) -> Result<()> {
        match self {
            Self::Section(bits, len) if bits.finish(Field::Payload)? != *len => {
                Err(Error::new(ErrorCode::Corrupt, Field::Payload, 0, *len as u64))
            }
            _ => Ok(()),
        }
    }
}

/// Class of every plane of a view: a look-up by row and channel.
#[derive(Clone, Copy)]
pub(crate) struct ClassMap<'a> {
    pub channels: usize,
    pub count: usize,
    pub row_classes: &'a [i8],
    pub channel_classes: &'a [i8],
}

impl<'a> ClassMap<'a> {
    pub fn new(classes: &'a Classes, row_classes: &'a [i8], count: usize, view: &View) -> Self {
        Self {
            channels: view.channels,
            count,
            row_classes,
            channel_classes: &classes.channels,
        }
    }

    /// True if every plane has class 0.
    pub fn is_flat(&self) -> bool {
        self.count == 1 || (self.row_classes.is_empty() && self.channel_classes.is_empty())
    }

    /// Class of plane `p` = row · channels + channel.
    #[inline]
    pub fn of(&self, p: usize) -> usize {
        let row = self.row_classes.get(p / self.channels).copied().unwrap_or(0);
        let channel = self.channel_classes.get(p % self.channels).copied().unwrap_or(0);
        combine(row, channel, self.count)
    }

    /// The class of `len` values from scan position `start` on: one where they have one, else one for each value in `each`.
    pub fn spread<'e>(&self, start: usize, plane: usize, len: usize, each: &'e mut Vec<u8>) -> Result<Values<'e>> {
        let (first, mut skip) = (start / plane, start % plane);
        let (mut row, mut from) = (first / self.channels, first % self.channels);
        let alike = self.channel_classes.is_empty() && from * plane + skip + len <= self.channels * plane;
        if self.is_flat() || alike {
            return Ok(Values {
                one: self.of(first),
                each: &[],
            });
        }
        try_resize(each, len, Field::Classes)?;
        let mut rest = &mut each[..];
        while !rest.is_empty() {
            let (values, after) = rest.split_at_mut(rest.len().min((self.channels - from) * plane - skip));
            let class = self.row_classes.get(row).copied().unwrap_or(0);
            match self.channel_classes.get(from..) {
                Some([channel, channels @ ..]) => {
                    let (begun, planes) = values.split_at_mut(values.len().min(plane - skip));
                    begun.fill(combine(class, *channel, self.count) as u8);
                    for (values, &channel) in planes.chunks_mut(plane).zip(channels) {
                        values.fill(combine(class, channel, self.count) as u8);
                    }
                }
                _ => values.fill(combine(class, 0, self.count) as u8),
            }
            (rest, row, from, skip) = (after, row + 1, 0, 0);
        }
        Ok(Values::each(each))
    }
}

/// Takes tokens as they are decoded, in scan order, and reads the offsets that follow some of them.
pub(crate) type Take<'t> = dyn FnMut(&[u8], &mut Offsets<'_>) -> Result<()> + 't;

/// Values that are decoded before they are taken: few enough that their tokens and what becomes of them stay in the first-level
/// cache beside the tables; a multiple of all numbers of lanes.
const PIECE: usize = 4096;

/// A segment of which pieces are handed on. What the taker has against one counts only if nothing is wrong with the streams.
struct Pieces<'a, 't, 'o> {
    take: &'a mut Take<'t>,
    offsets: Offsets<'o>,
    taken: Result<()>,
}

impl Pieces<'_, '_, '_> {
    fn hand(&mut self, tokens: &[u8]) {
        if self.taken.is_ok() {
            self.taken = (self.take)(tokens, &mut self.offsets);
        }
    }

    fn finish(self, base: usize) -> Result<()> {
        self.taken?;
        self.offsets.finish().map_err(|e| e.at(base))
    }
}

/// Reusable memory of the segment decoder.
#[derive(Default)]
pub(crate) struct Scratch {
    tokens: Vec<u8>,
    group: Vec<u8>,
    offsets: Vec<u32>,
    /// Class of every value.
    classes: Vec<u8>,
}

impl Scratch {
    /// Decodes `planes` planes from `first_plane` on, and hands their tokens to `take`.
    #[allow(clippy::too_many_arguments)]
    pub fn decode(
        &mut self,
        coding: &Coding,
        tables: &SlotTables,
        classes: ClassMap<'_>,
        view: &View,
        (first_plane, planes): (usize, usize),
        payload: (&[u8], usize),
        take: &mut Take<'_>,
    ) -> Result<()> {
        if coding.lanes.total() == 1 {
            return self.decode_single(coding, tables, classes, view, (first_plane, planes), payload, take);
        }
        let (mut decoder, section) = open(coding, tables, payload)?;
        let mut pieces = Pieces {
            take,
            offsets: Offsets::Section(BitReader::new(section.0, section.1), section.0.len()),
            taken: Ok(()),
        };
        if coding.thresholds.is_empty() {
            let (start, plane) = (first_plane * view.plane(), view.plane());
            let values = planes * plane;
            try_resize(&mut self.tokens, values.min(PIECE), Field::Segments)?;
            for at in (0..values).step_by(PIECE) {
                let tokens = &mut self.tokens[..PIECE.min(values - at)];
                let classes = classes.spread(start + at, plane, tokens.len(), &mut self.classes)?;
                decoder.run(classes, tokens)?;
                pieces.hand(tokens);
            }
        } else {
            self.decode_planes(coding, &mut decoder, classes, view, (first_plane, planes), &mut pieces)?;
        }
        decoder.finish()?;
        pieces.finish(payload.1)
    }

    /// Contexts: lane l owns planes l, l + lanes, …; the lanes advance through their planes together.
    fn decode_planes(
        &mut self,
        coding: &Coding,
        decoder: &mut Decoder<'_, '_>,
        classes: ClassMap<'_>,
        view: &View,
        (first_plane, planes): (usize, usize),
        pieces: &mut Pieces<'_, '_, '_>,
    ) -> Result<()> {
        let (plane, width) = (view.plane(), view.width);
        // Lanes beyond the planes there are have nothing to do, and must take no memory.
        let total = coding.lanes.total().min(planes);
        let ranks = contexts::ranks(&coding.bins);
        let map = contexts::map(coding.thresholds.as_slice());
        let neighbours = coding.neighbours(width);
        try_resize(&mut self.tokens, total * plane, Field::Segments)?;
        try_resize(&mut self.group, total * plane, Field::Segments)?;
        let group = &mut self.group[..];
        for first in (0..planes).step_by(total) {
            let active = total.min(planes - first);
            let tokens = &mut self.tokens[..active * plane];
            // A setup has 128 tables at most.
            let mut class_tables = [0u8; LANES];
            for (lane, table) in class_tables.iter_mut().enumerate().take(active) {
                *table = (classes.of(first_plane + first + lane) * coding.contexts()) as u8;
            }
            let mut row_tables = [0u8; LANES];
            let from = match total == coding.lanes.total() {
                true => decoder.planes(neighbours, &class_tables, active, group),
                false => 0,
            };
            for pos in from..plane {
                let (done, row) = group.split_at_mut(pos * total);
                let left = if pos % width > 0 {
                    &done[(pos - 1) * total..][..total]
                } else {
                    &[]
                };
                let up = if pos >= width {
                    &done[(pos - width) * total..][..total]
                } else {
                    &[]
                };
                for lane in 0..active {
                    let rank = |row: &[u8]| row.get(lane).map_or(0, |&t| usize::from(ranks[usize::from(t)]));
                    row_tables[lane] = class_tables[lane] + map[rank(left) + rank(up)];
                }
                decoder.run(Values::each(&row_tables[..active]), &mut row[..active])?;
            }
            // In WASM the plain loop below does: vectors of bytes are slow to transpose there, and the code is long.
            if total == LANES && !cfg!(target_arch = "wasm32") {
                separate(group, plane, tokens);
            } else {
                for (lane, out) in tokens.chunks_mut(plane).enumerate() {
                    let column = group[lane..].iter().step_by(total);
                    out.iter_mut().zip(column).for_each(|(token, &of)| *token = of);
                }
            }
            pieces.hand(tokens);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn decode_single(
        &mut self,
        coding: &Coding,
        tables: &SlotTables,
        classes: ClassMap<'_>,
        view: &View,
        (first_plane, planes): (usize, usize),
        (payload, base): (&[u8], usize),
        take: &mut Take<'_>,
    ) -> Result<()> {
        let plane = view.plane();
        try_resize(&mut self.tokens, planes * plane, Field::Segments)?;
        let mut lane = SingleLane::open(tables, payload, base)?;
        self.reserve(coding, base)?;
        if coding.thresholds.is_empty() {
            let classes = classes.spread(first_plane * plane, plane, self.tokens.len(), &mut self.classes)?;
            plain_lane(coding, &mut lane, classes, &mut self.tokens, &mut self.offsets);
        } else {
            let classes = |p| classes.of(first_plane + p) * coding.contexts();
            context_lane(coding, &mut lane, classes, view, &mut self.tokens, &mut self.offsets);
        }
        lane.finish()?;
        take(&self.tokens, &mut Offsets::Inline(self.offsets.iter()))
    }

    /// Empties the offsets and makes room for as many as there are tokens.
    fn reserve(&mut self, coding: &Coding, base: usize) -> Result<()> {
        let values = self.tokens.len();
        self.offsets.clear();
        if coding.bins.has_offsets() {
            // In one piece: growth by doubling would take three times what was charged.
            let full = |_| Error::new(ErrorCode::LimitExceeded, Field::Payload, base, values as u64);
            self.offsets.try_reserve_exact(values).map_err(full)?;
        }
        Ok(())
    }
}

/// One lane where no neighbour counts: runs of values whose tables are known beforehand.
fn plain_lane(
    coding: &Coding,
    lane: &mut SingleLane<'_, '_>,
    classes: Values<'_>,
    tokens: &mut [u8],
    offsets: &mut Vec<u32>,
) {
    let (bins, plain) = (coding.bins.list(), coding.bins.plain());
    let mut at = 0;
    while at < tokens.len() {
        at += lane.run(classes.from(at), plain, &mut tokens[at..]);
        let bits = u32::from(bins[usize::from(tokens[at - 1])].bits);
        if bits > 0 {
            offsets.push(lane.offset(bits));
        }
    }
}

/// One lane with contexts; `first` is the first table of a plane.
fn context_lane(
    coding: &Coding,
    lane: &mut SingleLane<'_, '_>,
    first: impl Fn(usize) -> usize,
    view: &View,
    tokens: &mut [u8],
    offsets: &mut Vec<u32>,
) {
    let (bins, width) = (coding.bins.list(), view.width);
    let ranks = contexts::ranks(&coding.bins);
    let map = contexts::map(coding.thresholds.as_slice());
    for (p, out) in tokens.chunks_mut(view.plane()).enumerate() {
        let class = first(p);
        for pos in 0..out.len() {
            let left = if pos % width > 0 {
                ranks[usize::from(out[pos - 1])]
            } else {
                0
            };
            let up = if pos >= width {
                ranks[usize::from(out[pos - width])]
            } else {
                0
            };
            let context = usize::from(map[usize::from(left + up)]);
            let token = lane.token(class + context);
            out[pos] = token;
            let bits = u32::from(bins[usize::from(token)].bits);
            if bits > 0 {
                offsets.push(lane.offset(bits));
            }
        }
    }
}

/// Splits a multi-lane segment into its streams and the offset section.
pub(crate) fn open<'t, 'p>(
    coding: &Coding,
    tables: &'t SlotTables,
    (payload, base): (&'p [u8], usize),
) -> Result<(Decoder<'t, 'p>, (&'p [u8], usize))> {
    let lanes = coding.lanes;
    let has_offsets = coding.bins.has_offsets();
    let mut r = Reader::new(payload);
    let at = |e: Error| e.inside_payload(base);
    // The last length is implied unless the offset section follows.
    let written = lanes.streams - usize::from(!has_offsets);
    let mut lengths = [0usize; 4];
    for length in &mut lengths[..written] {
        *length = r.varint(Field::Payload).map_err(at)? as usize;
    }
    let mut streams = [None; 4];
    for s in 0..lanes.streams {
        let length = if s < written { lengths[s] } else { r.remaining() };
        let start = base + r.pos();
        let bytes = r.take(length, Field::Payload).map_err(at)?;
        streams[s] = Some(Stream::open(bytes, lanes.width, start)?);
    }
    let idle = Stream {
        words: &[],
        pos: 0,
        states: [0; 8],
        width: 0,
        base: 0,
    };
    let start = base + r.pos();
    let section = r.take(r.remaining(), Field::Payload)?;
    Ok((
        Decoder {
            tables,
            streams: streams.map(|s| s.unwrap_or(idle)),
            lanes,
        },
        (section, start),
    ))
}
