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

    /// The class of the values of planes from `first` on: one where they have one, else one for each value in `each`.
    pub fn spread<'e>(&self, first: usize, plane: usize, len: usize, each: &'e mut Vec<u8>) -> Result<Values<'e>> {
        let (mut row, from) = (first / self.channels, first % self.channels);
        let alike = self.channel_classes.is_empty() && from * plane + len <= self.channels * plane;
        if self.is_flat() || alike {
            return Ok(Values {
                one: self.of(first),
                each: &[],
            });
        }
        try_resize(each, len, Field::Classes)?;
        let (mut rest, mut from) = (&mut each[..], from);
        while !rest.is_empty() {
            let (values, after) = rest.split_at_mut(rest.len().min((self.channels - from) * plane));
            let class = self.row_classes.get(row).copied().unwrap_or(0);
            match self.channel_classes.get(from..) {
                Some(channels) if !channels.is_empty() => {
                    for (values, &channel) in values.chunks_mut(plane).zip(channels) {
                        values.fill(combine(class, channel, self.count) as u8);
                    }
                }
                _ => values.fill(combine(class, 0, self.count) as u8),
            }
            (rest, row, from) = (after, row + 1, 0);
        }
        Ok(Values::each(each))
    }
}

/// Reusable memory of the segment decoder.
#[derive(Default)]
pub(crate) struct Scratch {
    group: Vec<u8>,
    offsets: Vec<u32>,
    /// Class of every value.
    classes: Vec<u8>,
}

impl Scratch {
    #[allow(clippy::too_many_arguments)]
    /// Decodes the tokens of planes `first_plane …` into `tokens` (scan order) and leaves the offsets ready to read.
    pub fn decode<'s>(
        &'s mut self,
        coding: &Coding,
        tables: &SlotTables,
        classes: ClassMap<'_>,
        view: &View,
        first_plane: usize,
        payload: (&'s [u8], usize),
        tokens: &mut [u8],
    ) -> Result<Offsets<'s>> {
        if coding.lanes.total() == 1 {
            return self.decode_single(coding, tables, classes, view, first_plane, payload, tokens);
        }
        let (mut decoder, section) = open(coding, tables, payload)?;
        if coding.thresholds.is_empty() {
            let classes = classes.spread(first_plane, view.plane(), tokens.len(), &mut self.classes)?;
            decoder.run(classes, tokens)?;
        } else {
            self.decode_planes(coding, &mut decoder, classes, view, first_plane, tokens)?;
        }
        decoder.finish()?;
        Ok(Offsets::Section(BitReader::new(section.0, section.1), section.0.len()))
    }

    /// Contexts: lane l owns planes l, l + lanes, …; the lanes advance through their planes together.
    fn decode_planes(
        &mut self,
        coding: &Coding,
        decoder: &mut Decoder<'_, '_>,
        classes: ClassMap<'_>,
        view: &View,
        first_plane: usize,
        tokens: &mut [u8],
    ) -> Result<()> {
        let (plane, width) = (view.plane(), view.width);
        // Lanes beyond the planes there are have nothing to do, and must take no memory.
        let total = coding.lanes.total().min(tokens.len() / plane);
        let ranks = contexts::ranks(&coding.bins);
        let map = contexts::map(coding.thresholds.as_slice());
        let neighbours = coding.neighbours(width);
        self.group.clear();
        self.group.resize(total * plane, 0);
        let group = &mut self.group[..];
        for (g, planes) in tokens.chunks_mut(total * plane).enumerate() {
            let active = planes.len() / plane;
            // A setup has 128 tables at most.
            let mut class_tables = [0u8; LANES];
            for (lane, table) in class_tables.iter_mut().enumerate().take(active) {
                *table = (classes.of(first_plane + g * total + lane) * coding.contexts()) as u8;
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
                separate(group, plane, planes);
                continue;
            }
            for (lane, out) in planes.chunks_mut(plane).enumerate() {
                for (pos, token) in out.iter_mut().enumerate() {
                    *token = group[pos * total + lane];
                }
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn decode_single<'s>(
        &'s mut self,
        coding: &Coding,
        tables: &SlotTables,
        classes: ClassMap<'_>,
        view: &View,
        first_plane: usize,
        (payload, base): (&[u8], usize),
        tokens: &mut [u8],
    ) -> Result<Offsets<'s>> {
        if coding.thresholds.is_empty() {
            return self.decode_plain(
                coding,
                tables,
                classes,
                (first_plane, view.plane()),
                (payload, base),
                tokens,
            );
        }
        let (plane, width) = (view.plane(), view.width);
        let ranks = contexts::ranks(&coding.bins);
        let map = contexts::map(coding.thresholds.as_slice());
        let bins = coding.bins.list();
        let mut lane = SingleLane::open(tables, payload, base)?;
        self.reserve(coding, tokens.len(), base)?;
        for (p, out) in tokens.chunks_mut(plane).enumerate() {
            let class = classes.of(first_plane + p) * coding.contexts();
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
                    self.offsets.push(lane.offset(bits));
                }
            }
        }
        lane.finish()?;
        Ok(Offsets::Inline(self.offsets.iter()))
    }

    /// The same where no neighbour counts: runs of values whose tables are known beforehand.
    fn decode_plain<'s>(
        &'s mut self,
        coding: &Coding,
        tables: &SlotTables,
        classes: ClassMap<'_>,
        (first_plane, plane): (usize, usize),
        (payload, base): (&[u8], usize),
        tokens: &mut [u8],
    ) -> Result<Offsets<'s>> {
        let (bins, plain) = (coding.bins.list(), coding.bins.plain());
        let mut lane = SingleLane::open(tables, payload, base)?;
        self.reserve(coding, tokens.len(), base)?;
        let classes = classes.spread(first_plane, plane, tokens.len(), &mut self.classes)?;
        let mut at = 0;
        while at < tokens.len() {
            at += lane.run(classes.from(at), plain, &mut tokens[at..]);
            let bits = u32::from(bins[usize::from(tokens[at - 1])].bits);
            if bits > 0 {
                self.offsets.push(lane.offset(bits));
            }
        }
        lane.finish()?;
        Ok(Offsets::Inline(self.offsets.iter()))
    }

    /// Empties the offsets and makes room for as many as there are values.
    fn reserve(&mut self, coding: &Coding, values: usize, base: usize) -> Result<()> {
        self.offsets.clear();
        if coding.bins.has_offsets() {
            // In one piece: growth by doubling would take three times what was charged.
            let full = |_| Error::new(ErrorCode::LimitExceeded, Field::Payload, base, values as u64);
            self.offsets.try_reserve_exact(values).map_err(full)?;
        }
        Ok(())
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
