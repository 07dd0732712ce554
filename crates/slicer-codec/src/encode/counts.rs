//! Histograms of a tensor's tokens, whole or by class and context; of a large tensor, of a sample.

use super::bands::Bands;
use super::plan::Tools;
use super::tools;
use crate::bins::Bins;
use crate::contexts::{self, MAX_RANK};
use crate::layout::View;
use crate::segment::ClassMap;
use crate::tables::TableSource;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use slicer_kernels::planes::{self, LANES};
use slicer_kernels::{Partial, count, count_planes};

/// Tokens that are enough to choose tools by; tables are always made from all.
const SAMPLE: usize = 1 << 15;
/// Positions that are sampled together, at least.
const PIECE: usize = 48;

/// Histogram over tokens.
pub(super) type Histogram = Vec<u32>;

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

/// A tensor's tokens, ready to be counted.
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

    /// How busy each channel and each row is: sums of ranks.
    pub fn activity(&self) -> [Vec<u64>; 2] {
        let (view, zero) = (self.view, self.bins.zero() as u8);
        let mut channels = vec![0; view.channels];
        let rows = self.tokens.chunks((view.channels * view.plane()).max(1));
        let rows = rows
            .map(|tokens| slicer_kernels::activity(tokens, view.plane(), zero, MAX_RANK, &mut channels))
            .collect();
        [channels, rows]
    }

    /// Histograms by channel, one after the other.
    pub fn by_channel(&self) -> Vec<u32> {
        let n = self.bins.list().len();
        let mut all = vec![0; self.view.channels * n];
        for (p, plane) in self.tokens.chunks(self.view.plane()).enumerate() {
            let histogram = &mut all[p % self.view.channels * n..][..n];
            for &t in plane {
                histogram[usize::from(t)] += 1;
            }
        }
        all
    }

    /// A histogram for every table, as if all tokens had been counted.
    pub fn all(&self, map: Map<'_>) -> Vec<Histogram> {
        self.counted(map, self.stride)
    }

    /// The same tools with tables made from all tokens.
    pub fn exact(&self, tools: Tools) -> Tools {
        if self.stride == 1 || !matches!(tools.tables.source, TableSource::Inline(_)) {
            return tools;
        }
        let thresholds = tools.thresholds;
        let map = Map {
            classes: tools.tables.count / (thresholds.as_slice().len() + 1),
            row_classes: &tools.row_classes,
            channel_classes: &tools.channel_classes,
            thresholds: thresholds.as_slice(),
        };
        let made = tools::inline(&self.counted(map, 1), self.bins);
        Tools {
            tables: made.tables,
            payload_bits: made.payload_bits,
            ..tools
        }
    }

    fn counted(&self, map: Map<'_>, stride: usize) -> Vec<Histogram> {
        let classes = ClassMap {
            channels: self.view.channels,
            count: map.classes,
            row_classes: map.row_classes,
            channel_classes: map.channel_classes,
        };
        let n = self.bins.list().len();
        let tables = map.classes * (map.thresholds.len() + 1);
        let mut counters = Vec::new();
        let (counted, parts) = if map.thresholds.is_empty() {
            counters.resize(4 * tables, [0; 256]);
            (self.by_class(classes, stride, counters.as_chunks_mut().0), 4)
        } else {
            counters.resize(2 * tables, [0; 256]);
            (self.by_context(classes, map.thresholds, stride, &mut counters), 2)
        };
        let scale = |sum: u32| match self.tokens.len() == counted {
            true => sum,
            false => (u64::from(sum) * self.tokens.len() as u64).div_ceil(counted.max(1) as u64) as u32,
        };
        let whole = |p: &[[u32; 256]]| (0..n).map(|t| scale(p.iter().map(|part| part[t]).sum())).collect();
        counters.chunks_exact(parts).map(whole).collect()
    }

    fn by_class(&self, classes: ClassMap<'_>, stride: usize, partial: &mut [Partial]) -> usize {
        let (plane, channels) = (self.view.plane(), self.view.channels);
        let mut done = 0;
        let mut own: Vec<u8> = Vec::new();
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
                count_planes(row, plane, plane, &own, partial);
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

    fn by_context(
        &self,
        classes: ClassMap<'_>,
        thresholds: &[u8],
        stride: usize,
        counters: &mut [[u32; 256]],
    ) -> usize {
        let plane = self.view.plane();
        let neighbours = contexts::neighbours(self.bins, self.view.width, thresholds);
        let (mut rows, mut symbols) = (Vec::new(), Vec::new());
        let mut done = 0;
        for (g, group) in self.tokens.chunks(LANES * plane).enumerate() {
            let active = group.len() / plane;
            let mut bases = [0u16; LANES];
            for (lane, base) in bases.iter_mut().enumerate().take(active) {
                *base = (classes.of(g * LANES + lane) * (thresholds.len() + 1)) as u16 * 256;
            }
            let mut bands = Bands::of(self.view, sampled(g, plane, stride));
            while let Some(band) = bands.previous() {
                band.symbols(group, plane, neighbours, &bases, &mut rows, &mut symbols);
                done += band.len() * active;
                planes::count_symbols(&symbols, counters);
            }
        }
        done
    }
}
