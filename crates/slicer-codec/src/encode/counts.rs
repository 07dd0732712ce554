//! Histograms of a tensor's tokens, whole or by class and context; of a large tensor, of a sample.

use super::bands::Bands;
use crate::bins::Bins;
use crate::contexts::{self, MAX_RANK};
use crate::layout::View;
use crate::segment::ClassMap;
use alloc::vec::Vec;
use core::ops::Range;
use slicer_kernels::planes::{self, LANES};
use slicer_kernels::{count, count_planes};

/// Tokens that are enough to choose tools by; tables are always made from all.
const SAMPLE: usize = 1 << 15;
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
        let by_row = self.tokens.chunks((view.channels * view.plane()).max(1));
        rows.extend(by_row.map(|tokens| slicer_kernels::activity(tokens, view.plane(), zero, MAX_RANK, channels)));
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
    pub fn all(&self, map: Map<'_>, counters: &mut Counters, histograms: &mut Vec<u32>) {
        let classes = ClassMap {
            channels: self.view.channels,
            count: map.classes,
            row_classes: map.row_classes,
            channel_classes: map.channel_classes,
        };
        let n = self.bins.list().len();
        let tables = map.classes * (map.thresholds.len() + 1);
        let parts = if map.thresholds.is_empty() { 4 } else { 2 };
        counters.partial.clear();
        counters.partial.resize(parts * tables, [0; 256]);
        let counted = if map.thresholds.is_empty() {
            self.by_class(classes, counters)
        } else {
            self.by_context(classes, map.thresholds, counters)
        };
        let scale = |sum: u32| match self.tokens.len() == counted {
            true => sum,
            false => (u64::from(sum) * self.tokens.len() as u64).div_ceil(counted.max(1) as u64) as u32,
        };
        histograms.clear();
        for p in counters.partial.chunks_exact(parts) {
            histograms.extend((0..n).map(|t| scale(p.iter().map(|part| part[t]).sum())));
        }
    }

    fn by_class(&self, classes: ClassMap<'_>, counters: &mut Counters) -> usize {
        let (plane, channels, stride) = (self.view.plane(), self.view.channels, self.stride);
        let (partial, own) = (counters.partial.as_chunks_mut().0, &mut counters.own);
        let mut done = 0;
        own.clear();
        for (r, row) in self.tokens.chunks(channels * plane).enumerate() {
            if own.is_empty() || !classes.row_classes.is_empty() {
                own.clear();
                own.extend((0..channels).map(|c| classes.of(r * channels + c) as u8));
            }
            // Of planes too short for a sample, whole rows are taken.
            let mut planes = 0..channels;
            while plane < PIECE && stride > 1 && planes.start < channels {
                let part = planes.start..channels.min(planes.start + PIECE / plane);
                planes.start = part.end;
                if !sampled(r * channels + part.start, PIECE, stride).is_empty() {
                    let tokens = &row[part.start * plane..part.end * plane];
                    count_planes(tokens, plane, plane, &own[part], partial);
                    done += tokens.len();
                }
            }
            if planes.is_empty() {
                continue;
            }
            if stride == 1 {
                count_planes(row, plane, plane, own, partial);
                done += row.len();
                continue;
            }
            for (c, tokens) in row.chunks(plane).enumerate() {
                let tokens = &tokens[sampled(r * channels + c, plane, stride)];
                done += tokens.len();
                count(tokens, &mut partial[usize::from(own[c])]);
            }
        }
        done
    }

    fn by_context(&self, classes: ClassMap<'_>, thresholds: &[u8], counters: &mut Counters) -> usize {
        let (plane, stride) = (self.view.plane(), self.stride);
        let neighbours = contexts::neighbours(self.bins, self.view.width, thresholds);
        let Counters {
            partial, rows, symbols, ..
        } = counters;
        let mut done = 0;
        for (g, group) in self.tokens.chunks(LANES * plane).enumerate() {
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
