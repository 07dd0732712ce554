//! The paper's method: ATKF, then MS, then ABQ (spec § Encoder of the method).
//!
//! Definitions are this project's reading of arXiv 2511.11608. `keep` = 1 − s, `asymmetry` = λ, `blocks` = M,
//! `distortion` = δ.

use super::emit::Tokens;
use super::plan::{Quantiser, TokenSink, segment_values};
use super::quantise;
use super::scale_codes::is_usable;
use super::sort;
use super::source::Source;
use crate::bins::{Bin, Bins};
use crate::coding::Domain;
use crate::elements::BLOCK;
use crate::limits::MAX_TOKENS;
use crate::math::log2;
use alloc::vec::Vec;

/// Most magnitude blocks; two bins each and the zero bin fit 256 tokens.
pub(super) const MAX_BLOCKS: u32 = 120;
/// Base-grid levels per distortion limit: the grid's own error is 1/3072 of the limit.
const GRID: f64 = 16.0;
/// Widest offset ABQ may give a block.
const MAX_BITS: u8 = 12;
/// Halves of a score.
const SCORES: usize = 1 << 16;
/// Values the parameter search looks at.
const SEARCH_SAMPLE: usize = 1 << 14;

/// Parameters of the method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// Share of values that survive ATKF, 0–1.
    pub keep: f64,
    /// Score factor of negative values, > 0.
    pub asymmetry: f32,
    /// Number of magnitude blocks, 1–120.
    pub blocks: u32,
    /// Root mean square error allowed in a block, relative to the tensor's RMS.
    pub distortion: f64,
}

/// A block after MS and ABQ, on the base grid.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// Smallest grid magnitude.
    lower: u32,
    bits: u8,
    stride: u32,
    delta: i8,
}

/// ATKF: the score of a value as ordered bits; 0 for ±0.
#[inline]
fn score(x: f32, asymmetry: f32) -> u32 {
    let a = x.abs();
    if x < 0.0 {
        (a * asymmetry).to_bits()
    } else {
        a.to_bits()
    }
}

/// ATKF: the smallest surviving score and how many values of exactly that score survive; `counts` is an old buffer.
fn threshold(source: &Source<'_>, keep: f64, asymmetry: f32, counts: &mut Vec<u32>) -> (u32, usize) {
    let n = source.len();
    let survivors = (keep * n as f64 + 0.5) as usize;
    if survivors == 0 {
        return (u32::MAX, 0);
    }
    // Two passes of a radix selection: high half of the score, then low half within the deciding bucket.
    let (mut prefix, mut rest) = (0u32, survivors);
    for shift in [16, 0] {
        counts.clear();
        counts.resize(SCORES, 0);
        source.for_runs(0, &mut |_, values, _| {
            for &x in values {
                let s = score(x, asymmetry);
                if shift == 16 || s >> 16 == prefix >> 16 {
                    counts[(s >> shift & 0xffff) as usize] += 1;
                }
            }
        });
        for (bucket, &count) in (0..SCORES as u32).zip(counts.iter()).rev() {
            if count as usize >= rest {
                prefix |= bucket << shift;
                break;
            }
            rest -= count as usize;
        }
    }
    (prefix, rest)
}

/// ABQ: the fewest bits whose mean squared error stays below `limit` (grid units squared), with its squared error sum.
fn quantise_block(values: &[u32], room: u32, limit: u64) -> (Block, u64) {
    let lower = values[0];
    let mut best = None;
    for bits in 0..=MAX_BITS {
        let cells = 1u32 << bits;
        let stride = room / cells;
        if stride == 0 {
            break;
        }
        // Twice the error, so that the centre of an even stride stays an integer.
        let (mut sum, mut squares) = (0i64, 0u64);
        for &v in values {
            let cell = ((v - lower) / stride).min(cells - 1);
            let e = 2 * i64::from(v - lower - cell * stride) - i64::from(stride - 1);
            sum += e;
            squares = squares.saturating_add((e * e) as u64);
        }
        let n = values.len() as i64;
        let delta = (128 * sum / (n * i64::from(stride))).clamp(-127, 127);
        // Σ(e − d)² with d = the centroid shift, in the same doubled units.
        // sum² / n without 128 bits: |sum| / n is below 2^32 and so is the remainder's square over n.
        let (q, r) = (sum.unsigned_abs() / n as u64, sum.unsigned_abs() % n as u64);
        let mean_part = q
            .saturating_mul(sum.unsigned_abs() + r)
            .saturating_add(r * r / n as u64);
        let error = squares.saturating_sub(mean_part);
        best = Some((
            Block {
                lower,
                bits,
                stride,
                delta: delta as i8,
            },
            error / 4,
        ));
        if error / 4 <= limit.saturating_mul(n as u64) {
            break;
        }
    }
    best.unwrap_or((
        Block {
            lower,
            bits: 0,
            stride: 1,
            delta: 0,
        },
        0,
    ))
}

/// Blocks of sorted magnitudes.
#[derive(Default)]
struct Partition {
    blocks: Vec<Block>,
    /// Magnitudes in each.
    sizes: Vec<usize>,
}

impl Partition {
    /// MS and ABQ over sorted surviving magnitudes; returns the squared error sum.
    fn fill(&mut self, sorted: &[u32], count: u32, limit: u64) -> u64 {
        self.blocks.clear();
        self.split(sorted, count as usize);
        let (mut rest, mut error) = (sorted, 0u64);
        for &size in &self.sizes {
            let (part, after) = rest.split_at(size);
            let next = after.first().map_or(part[size - 1] + 1, |&v| v);
            let (block, e) = quantise_block(part, next - part[0], limit);
            self.blocks.push(block);
            error = error.saturating_add(e);
            rest = after;
        }
        error
    }

    /// MS: sizes of equal-count blocks over sorted magnitudes; equal magnitudes stay together in the lower block.
    fn split(&mut self, sorted: &[u32], blocks: usize) {
        self.sizes.clear();
        let (k, mut start) = (sorted.len(), 0);
        for j in 0..blocks {
            let last = ((j + 1) * k / blocks).max(1) - 1;
            if last < start || k == 0 {
                continue;
            }
            let end = sorted.partition_point(|&v| v <= sorted[last]);
            self.sizes.push(end - start);
            start = end;
            if start == k {
                break;
            }
        }
    }

    /// The blocks, each with its part of the magnitudes.
    fn parts<'a>(&'a self, sorted: &'a [u32]) -> impl Iterator<Item = (&'a Block, &'a [u32])> {
        let mut rest = sorted;
        self.blocks.iter().zip(&self.sizes).map(move |(block, &size)| {
            let (part, after) = rest.split_at(size);
            rest = after;
            (block, part)
        })
    }

    /// Turns the cells of a block into bins of their own where their frequencies differ enough to pay for that.
    ///
    /// The levels stay the same: only the name of a cell is coded by an entropy-coded token instead of offset bits.
    fn split_cells(&self, sorted: &[u32], cells: &mut Vec<Block>) {
        cells.clear();
        let mut room = (MAX_TOKENS - 1) / 2 - self.blocks.len();
        for (block, part) in self.parts(sorted) {
            let added = (1usize << block.bits) - 1;
            let plain = part.len() as f64 * f64::from(block.bits);
            let pays = block.bits <= CELL_BITS && cell_bits(part, block) + added as f64 * BIN_BITS < plain;
            if block.bits == 0 || added > room || !pays {
                cells.push(*block);
                continue;
            }
            room -= added;
            cells.extend((0..1u32 << block.bits).map(|c| Block {
                lower: block.lower + c * block.stride,
                bits: 0,
                ..*block
            }));
        }
    }
}

/// Widest offset whose cells may become bins of their own, and the bits that a bin takes in bins and tables, both signs.
const CELL_BITS: u8 = 6;
const BIN_BITS: f64 = 86.0;

/// Bits that coding the cells of a block's `sorted` magnitudes by their frequency takes, besides the block's own.
fn cell_bits(sorted: &[u32], block: &Block) -> f64 {
    let (total, mut bits, mut rest) = (sorted.len() as f64, 0.0, sorted);
    for cell in 1..=1u32 << block.bits {
        let end = if cell == 1 << block.bits {
            rest.len()
        } else {
            rest.partition_point(|&v| v < block.lower + cell * block.stride)
        };
        if end > 0 {
            bits += end as f64 * log2(total / end as f64);
        }
        rest = &rest[end..];
    }
    bits
}

/// The base grid's step and the distortion limit on it.
fn grid(distortion: f64, rms: f64, peak: f32) -> Option<(f32, u64)> {
    let finest = f64::from(peak) / f64::from(1 << 24);
    let wanted = distortion * rms / GRID;
    let step = (if wanted > finest { wanted } else { finest }) as f32;
    if !is_usable(step) {
        return None;
    }
    let ratio = distortion * rms / f64::from(step);
    Some((step, (ratio * ratio) as u64))
}

/// The method's encoder and its buffers.
#[derive(Default)]
pub(super) struct Blocks {
    partition: Partition,
    /// What the bins are made of.
    cells: Vec<Block>,
    sample: Sample,
}

impl Blocks {
    /// Encodes with given parameters. `false` if the tensor's range defeats the base grid (all zero, or subnormal).
    pub fn encode(
        &mut self,
        source: &Source<'_>,
        m: &Method,
        rms: f64,
        peak: f32,
        tokens: &mut Tokens,
        quantiser: &mut Quantiser,
    ) -> bool {
        let Some((step, limit)) = grid(m.distortion, rms, peak) else {
            return false;
        };
        // As large as the tensor, and of no use beyond this: the one buffer that is not kept.
        let survivors = (m.keep * source.len() as f64 + 0.5) as usize;
        let mut magnitudes: Vec<u32> = Vec::new();
        if magnitudes.try_reserve_exact(survivors.max(SCORES)).is_err() {
            return false;
        }
        let (lowest, ties) = threshold(source, m.keep, m.asymmetry, &mut magnitudes);
        magnitudes.clear();
        let mut levels = [0i32; BLOCK];
        let survivors = Survivors {
            asymmetry: m.asymmetry,
            lowest,
            ties,
            step,
        };
        survivors.each(source, &mut levels, &mut |_, levels| {
            magnitudes.extend(levels.iter().filter(|&&k| k != 0).map(|k| k.unsigned_abs()));
        });
        sort::sort(&mut magnitudes);
        self.partition.fill(&magnitudes, m.blocks, limit);
        self.partition.split_cells(&magnitudes, &mut self.cells);
        drop(magnitudes);
        let list = &self.cells[..];
        let Some(bins) = bins(list, core::mem::take(&mut quantiser.bins).into_buffer()) else {
            return false;
        };
        let zero = bins.zero() as u8;
        let mut sink = TokenSink::new(tokens, &source.view);
        survivors.each(source, &mut levels, &mut |at, levels| {
            sink.run(at);
            for &k in levels {
                if k == 0 {
                    sink.token(zero);
                    continue;
                }
                let v = k.unsigned_abs();
                let j = list.partition_point(|b| b.lower <= v).max(1) - 1;
                let block = &list[j];
                let last = (1u32 << block.bits) - 1;
                let cell = (v.saturating_sub(block.lower) / block.stride).min(last);
                if k > 0 {
                    sink.token(zero + 1 + j as u8);
                    sink.offset(cell, u32::from(block.bits));
                } else {
                    sink.token(zero - 1 - j as u8);
                    sink.offset(last - cell, u32::from(block.bits));
                }
            }
        });
        sink.finish();
        (quantiser.domain, quantiser.step, quantiser.bins) = (Domain::Real, step, bins);
        quantiser.scales.clear();
        true
    }

    /// Picks keep, asymmetry and blocks by estimated cost, so that the whole tensor's error stays at `distortion`.
    ///
    /// The squared error of a value does not depend on its sign, so asymmetries other than 1 are tried last, at the best
    /// number of blocks only.
    pub fn choose(&mut self, source: &Source<'_>, distortion: f64, rms: f64, peak: f32) -> Option<Method> {
        let (step, limit) = grid(distortion, rms, peak)?;
        let (sample, partition) = (&mut self.sample, &mut self.partition);
        sample.take(source, step, limit);
        let mut best: Option<(f64, Method)> = None;
        let mut consider = |asymmetry: f32, blocks: u32| {
            if let Some((cost, keep)) = sample.best_keep(asymmetry, blocks, partition)
                && best.is_none_or(|(c, _)| cost < c)
            {
                best = Some((
                    cost,
                    Method {
                        keep,
                        asymmetry,
                        blocks,
                        distortion,
                    },
                ));
            }
            best.map(|(_, m)| m)
        };
        for blocks in [1, 2, 3, 4, 6, 8, 12, 16, 24, 32] {
            consider(1.0, blocks);
        }
        let blocks = consider(1.0, 8)?.blocks;
        consider(0.75, blocks);
        consider(1.25, blocks)
    }
}

/// What ATKF keeps, on the base grid: scores above `lowest`, and the first `ties` of those equal to it.
struct Survivors {
    asymmetry: f32,
    lowest: u32,
    ties: usize,
    step: f32,
}

impl Survivors {
    /// Runs over the tensor's levels with everything that is filtered set to 0.
    fn each(&self, source: &Source<'_>, levels: &mut [i32; BLOCK], f: &mut dyn FnMut(usize, &[i32])) {
        let mut ties = self.ties;
        source.for_runs(segment_values(&source.view), &mut |at, values, _| {
            let levels = &mut levels[..values.len()];
            quantise::levels(values, 1.0 / self.step, 0.0, levels);
            for (k, &x) in levels.iter_mut().zip(values) {
                let s = score(x, self.asymmetry);
                if s < self.lowest {
                    *k = 0;
                } else if s == self.lowest {
                    if ties == 0 {
                        *k = 0;
                    } else {
                        ties -= 1;
                    }
                }
            }
            f(at, levels);
        });
    }
}

/// Negative blocks outermost first, the zero bin, positive blocks.
fn bins(blocks: &[Block], mut list: Vec<Bin>) -> Option<Bins> {
    list.clear();
    for b in blocks.iter().rev() {
        let end = i64::from(b.lower) + (i64::from(b.stride) << b.bits) - 1;
        list.push(Bin {
            lower: i32::try_from(-end).ok()?,
            bits: b.bits,
            stride: b.stride,
            delta: -b.delta,
        });
    }
    list.push(Bin::unit(0));
    for b in blocks {
        let lower = i32::try_from(b.lower).ok()?;
        list.push(Bin {
            lower,
            bits: b.bits,
            stride: b.stride,
            delta: b.delta,
        });
    }
    Bins::listed(list).ok()
}

/// Sorted grid magnitudes of a sample, for the parameter search.
#[derive(Default)]
struct Sample {
    positive: Vec<u32>,
    negative: Vec<u32>,
    /// Those of both signs that survive.
    survivors: Vec<u32>,
    n: usize,
    limit: u64,
    /// Share of the tensor that the sample is.
    share: f64,
}

impl Sample {
    /// Takes some of a tensor's values on the base grid.
    fn take(&mut self, source: &Source<'_>, step: f32, limit: u64) {
        let stride = (source.len() / SEARCH_SAMPLE).max(1);
        let Self { positive, negative, .. } = self;
        positive.clear();
        negative.clear();
        let (mut levels, mut n) = ([0i32; BLOCK], 0);
        source.for_runs(0, &mut |at, values, _| {
            let levels = &mut levels[..values.len()];
            quantise::levels(values, 1.0 / step, 0.0, levels);
            for (_, &k) in levels
                .iter()
                .enumerate()
                .filter(|(i, _)| (at + i).is_multiple_of(stride))
            {
                n += 1;
                if k > 0 {
                    positive.push(k as u32);
                } else if k < 0 {
                    negative.push(k.unsigned_abs());
                }
            }
        });
        sort::sort(positive);
        sort::sort(negative);
        (self.n, self.limit, self.share) = (n, limit, n as f64 / source.len() as f64);
    }

    /// The smallest keep (of a bisection) whose error is allowed, with its cost in bits.
    fn best_keep(&mut self, asymmetry: f32, blocks: u32, partition: &mut Partition) -> Option<(f64, f64)> {
        let peak = self.positive.last().max(self.negative.last()).copied()?;
        let (mut low, mut high) = (0u32, peak);
        let mut found = None;
        // The dropped magnitudes below a threshold grow with it, and with them the error: bisect the threshold.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.cost(asymmetry, blocks, middle, partition) {
                Some(result) => {
                    found = Some(result);
                    low = middle + 1;
                }
                None => high = middle,
            }
        }
        found.or_else(|| self.cost(asymmetry, blocks, 0, partition))
    }

    /// Bits and keep with everything below `threshold` dropped; `None` if the error exceeds the limit.
    fn cost(&mut self, asymmetry: f32, count: u32, threshold: u32, partition: &mut Partition) -> Option<(f64, f64)> {
        let negative_threshold = (f64::from(threshold) / f64::from(asymmetry)) as u32;
        let p = self.positive.partition_point(|&v| v < threshold);
        let q = self.negative.partition_point(|&v| v < negative_threshold);
        let dropped: u64 = self.positive[..p]
            .iter()
            .chain(&self.negative[..q])
            .map(|&v| u64::from(v) * u64::from(v))
            .sum();
        merge(&self.positive[p..], &self.negative[q..], &mut self.survivors);
        let survivors = &self.survivors[..];
        let error = partition.fill(survivors, count, self.limit);
        if dropped.saturating_add(error) > self.limit.saturating_mul(self.n as u64) {
            return None;
        }
        let total = self.n as f64;
        let surprise = |k: usize| if k == 0 { 0.0 } else { k as f64 * log2(total / k as f64) };
        let mut bits = surprise(self.n - survivors.len());
        for (block, part) in partition.parts(survivors) {
            let size = part.len();
            // A sign bit each; offsets, or cells with bins of their own.
            let mut inside = size as f64 * f64::from(block.bits);
            if (1..=CELL_BITS).contains(&block.bits) {
                let added = f64::from((1u32 << block.bits) - 1) * BIN_BITS * self.share;
                inside = inside.min(cell_bits(part, block) + added);
            }
            bits += surprise(size) + size as f64 + inside + BIN_BITS * self.share;
        }
        Some((bits, survivors.len() as f64 / total))
    }
}

/// Merges two sorted runs.
fn merge(mut a: &[u32], mut b: &[u32], merged: &mut Vec<u32>) {
    merged.clear();
    while let (Some(&x), Some(&y)) = (a.first(), b.first()) {
        if x <= y {
            merged.push(x);
            a = &a[1..];
        } else {
            merged.push(y);
            b = &b[1..];
        }
    }
    merged.extend_from_slice(a);
    merged.extend_from_slice(b);
}
