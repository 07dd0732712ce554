//! Histograms of a tensor's tokens, whole or by class and context; of a large tensor, of a sample.

use super::bands::Bands;
use crate::bins::Bins;
use crate::contexts::{self, MAX_RANK};
use crate::crew::Crew;
use crate::layout::View;
use crate::segment::ClassMap;
use alloc::vec::Vec;
use core::ops::Range;
use slicer_kernels::planes::{self, LANES};
use slicer_kernels::{count, count_planes};

/// Tokens that are enough to choose tools by; tables are always made from all.
const SAMPLE: usize = 1 << 15;
/// Tokens that are worth handing to another thread.
const PART: usize = 1 << 16;
/// Positions that are sampled together, at least.
const PIECE: usize = 48;

/// What classes belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Channel,
    Row,
}

impl Axis {
    /// Class lists of rows and channels.
    pub fn lists(self, classes: &[i8]) -> (&[i8], &[i8]) {
        match self {
            Self::Row => (classes, &[]),
            Self::Channel => (&[], classes),
        }
    }
}

/// Which table a token belongs to.
#[derive(Clone, Copy)]
pub(super) struct Map<'a> {
    pub classes: usize,
    pub row_classes: &'a [i8],
    pub channel_classes: &'a [i8],
    pub thresholds: &'a [u8],
}

impl Default for Map<'_> {
    fn default() -> Self {
        Self {
            classes: 1,
            row_classes: &[],
            channel_classes: &[],
            thresholds: &[],
        }
    }
}

/// Buffers of counting.
#[derive(Default)]
pub(super) struct Counters {
    /// More than one for each table, lest a token wait for the same one before it.
    partial: Vec<[u32; 256]>,
    /// Class of every channel.
    own: Vec<u8>,
    /// Planes side by side, and their symbols.
    rows: Vec<u8>,
    symbols: Vec<u16>,
}

/// A tensor's tokens, ready to be counted. Histograms have a count for every bin, and lie one after the other.
#[derive(Clone, Copy)]
pub(super) struct Counts<'a> {
    pub view: &'a View,
    pub bins: &'a Bins,
    tokens: &'a [u8],
    /// Of so many tokens one is counted.
    stride: usize,
}

/// The positions of plane `p`, or of a group of planes, that a sample of one in `stride` takes: some of each plane, from places
/// that differ, lest the sample prefer channels, rows or borders.
fn sampled(p: usize, plane: usize, stride: usize) -> Range<usize> {
    if stride == 1 {
        return 0..plane;
    }
    let length = (plane / stride).max(PIECE).min(plane);
    let scattered = (p as u32).wrapping_mul(0x9e37_79b1) >> 8;
    // One plane in so many, where a share of each would be too short.
    if !(scattered as usize).is_multiple_of((length * stride / plane).max(1)) {
        return 0..0;
    }
    let from = (scattered >> 8) as usize % (plane - length + 1);
    from..from + length
}

impl<'a> Counts<'a> {
    pub fn new(tokens: &'a [u8], view: &'a View, bins: &'a Bins) -> Self {
        let stride = (tokens.len() / SAMPLE).max(1);
        Self {
            view,
            bins,
            tokens,
            stride,
        }
    }

    /// The same with all tokens, where these are a sample.
    pub fn whole(self) -> Option<Self> {
        (self.stride > 1).then_some(Self { stride: 1, ..self })
    }

    /// How busy each channel and each row is: sums of ranks.
    pub fn activity(&self, channels: &mut Vec<u64>, rows: &mut Vec<u64>) {
        let (view, zero) = (self.view, self.bins.zero() as u8);
        channels.clear();
        channels.resize(view.channels, 0);
        rows.clear();
        #[cfg(feature = "threads")]
        if crate::crew::pays(self.tokens.len()) {
            return self.shared_activity(channels, rows);
        }
        let by_row = self.tokens.chunks((view.channels * view.plane()).max(1));
        rows.extend(by_row.map(|tokens| slicer_kernels::activity(tokens, view.plane(), zero, MAX_RANK, channels)));
    }

    /// The same by several threads, which take some channels of all rows at a time: a thousand values of each row at least.
    #[cfg(feature = "threads")]
    fn shared_activity(&self, channels: &mut [u64], rows: &mut Vec<u64>) {
        let (plane, all, zero) = (self.view.plane(), channels.len(), self.bins.zero() as u8);
        let per = all.div_ceil(16).max(1024usize.div_ceil(plane));
        let part = |(): &mut (), (i, sums): (usize, &mut [u64])| {
            let from = i * per * plane;
            let busy = |row: &[u8]| {
                let tokens = &row[from..from + sums.len() * plane];
                slicer_kernels::activity(tokens, plane, zero, MAX_RANK, sums)
            };
            Ok(self.tokens.chunks(all * plane).map(busy).collect())
        };
        rows.resize(self.tokens.len() / (all * plane), 0);
        let parts = channels.chunks_mut(per).enumerate();
        let done = Crew::default().each(parts, part, |part: Vec<u64>| {
            rows.iter_mut().zip(part).for_each(|(sum, busy)| *sum += busy);
        });
        debug_assert!(done.is_ok(), "counting has no errors");
    }

    /// The histogram of one channel, of all its tokens.
    pub fn of_channel(&self, channel: usize, histogram: &mut [u32]) {
        let plane = self.view.plane();
        histogram.fill(0);
        for row in self.tokens.chunks(self.view.channels * plane) {
            for &t in &row[channel * plane..(channel + 1) * plane] {
                histogram[usize::from(t)] += 1;
            }
        }
    }

    /// A histogram for every table, as if all tokens had been counted.
    pub fn all(&self, map: Map<'_>, crew: &mut Crew<Counters>, histograms: &mut Vec<u32>) {
        let classes = ClassMap {
            channels: self.view.channels,
            count: map.classes,
            row_classes: map.row_classes,
            channel_classes: map.channel_classes,
        };
        let n = self.bins.list().len();
        let tables = map.classes * (map.thresholds.len() + 1);
        let plain = map.thresholds.is_empty();
        let parts = if plain { 4 } else { 2 };
        let begin = |counters: &mut Counters| counters.partial.resize(parts * tables, [0; 256]);
        crew.for_all(|counters| counters.partial.clear());
        // Whole rows, or parts of the only one; whole groups of planes; a sample of planes all at once.
        let (plane, channels) = (self.view.plane(), self.view.channels);
        let per = || match (PART / plane).max(1) {
            _ if plain && self.stride > 1 => usize::MAX,
            per if plain && self.view.rows > 1 => per.next_multiple_of(channels),
            per if plain => per,
            per => per.next_multiple_of(LANES),
        };
        let count = |counters: &mut Counters, planes| {
            begin(counters);
            match plain {
                true => self.by_class(classes, planes, counters),
                false => self.by_context(classes, map.thresholds, planes, counters),
            }
        };
        let mut counted = 0;
        let planes = self.tokens.len() / plane.max(1);
        crew.parts(self.tokens.len(), planes, per, count, |n| counted += n);
        crew.join(|counters, others| {
            // It may be that others did everything, or nothing.
            begin(counters);
            let sums = counters.partial.as_flattened_mut().iter_mut();
            sums.zip(others.partial.as_flattened()).for_each(|(sum, n)| *sum += n);
        });
        let counters = &crew.first;
        let scale = |sum: u32| match self.tokens.len() == counted {
            true => sum,
            false => (u64::from(sum) * self.tokens.len() as u64).div_ceil(counted.max(1) as u64) as u32,
        };
        histograms.clear();
        for p in counters.partial.chunks_exact(parts) {
            histograms.extend((0..n).map(|t| scale(p.iter().map(|part| part[t]).sum())));
        }
    }

    /// Counts tokens of these planes, which are whole rows or lie in one; returns how many. A sample takes whole rows.
    fn by_class(&self, classes: ClassMap<'_>, all: Range<usize>, counters: &mut Counters) -> usize {
        let (plane, channels, stride) = (self.view.plane(), self.view.channels, self.stride);
        let (partial, own) = (counters.partial.as_chunks_mut().0, &mut counters.own);
        let (mut done, mut first) = (0, all.start);
        own.clear();
        for row in self.tokens[first * plane..all.end * plane].chunks(channels * plane) {
            if own.is_empty() || !classes.row_classes.is_empty() {
                own.clear();
                own.extend((first..first + row.len() / plane).map(|p| classes.of(p) as u8));
            }
            // Of planes too short for a sample, whole rows are taken.
            let mut planes = 0..channels;
            while plane < PIECE && stride > 1 && planes.start < channels {
                let part = planes.start..channels.min(planes.start + PIECE / plane);
                planes.start = part.end;
                if !sampled(first + part.start, PIECE, stride).is_empty() {
                    let tokens = &row[part.start * plane..part.end * plane];
                    count_planes(tokens, plane, plane, &own[part], partial);
                    done += tokens.len();
                }
            }
            if stride == 1 {
                count_planes(row, plane, plane, own, partial);
                done += row.len();
            } else if !planes.is_empty() {
                for (c, tokens) in row.chunks(plane).enumerate() {
                    let tokens = &tokens[sampled(first + c, plane, stride)];
                    done += tokens.len();
                    count(tokens, &mut partial[usize::from(own[c])]);
                }
            }
            first += channels;
        }
        done
    }

    /// Counts tokens of these planes, which begin with a group, by class and context; returns how many.
    fn by_context(
        &self,
        classes: ClassMap<'_>,
        thresholds: &[u8],
        all: Range<usize>,
        counters: &mut Counters,
    ) -> usize {
        let (plane, stride) = (self.view.plane(), self.stride);
        let neighbours = contexts::neighbours(self.bins, self.view.width, thresholds);
        let Counters {
            partial, rows, symbols, ..
        } = counters;
        let mut done = 0;
        let tokens = &self.tokens[all.start * plane..all.end * plane];
        for (g, group) in (all.start / LANES..).zip(tokens.chunks(LANES * plane)) {
            let active = group.len() / plane;
            let mut bases = [0u16; LANES];
            for (lane, base) in bases.iter_mut().enumerate().take(active) {
                *base = (classes.of(g * LANES + lane) * (thresholds.len() + 1)) as u16 * 256;
            }
            let mut bands = Bands::of(self.view, sampled(g, plane, stride));
            while let Some(band) = bands.previous() {
                band.symbols(group, plane, neighbours, &bases, rows, symbols);
                done += band.len() * active;
                planes::count_symbols(symbols, partial);
            }
        }
        done
    }
}
