//! The uniform encoder: one step for all, unit bins with doubling escapes, so that outliers never clip.

use super::emit::Tokens;
use super::plan::{Quantiser, TokenSink, run_end, segment_values};
use super::quantise::{self, MAX_LEVEL};
use super::scale_codes::GroupSteps;
use super::source::Source;
use super::tally::{NEAR, Tally};
use crate::bins::{Bin, Bins, Uniform};
use crate::bits::BitWriter;
use crate::coding::Domain;
use crate::crew::Crew;
use crate::elements::{self, BLOCK};
use crate::error::{Error, ErrorCode, Field, Result};
use crate::layout::View;
use crate::limits::{MAX_TOKENS, try_renew};
use crate::math::log2;
use alloc::vec::Vec;

/// Levels whose range is checked at a time.
const CHUNK: usize = slicer_kernels::CHUNK;
/// Levels that are enough for a histogram; of more, a part of every run is counted.
const SAMPLE: usize = 1 << 15;
/// Levels that are told apart while the bins are open.
const HISTOGRAM: usize = 2 * NEAR as usize + 3;

/// Levels of a whole tensor: small ones as bytes, of the others no more than the number of their bits.
#[derive(Default)]
pub(super) struct Levels {
    /// Levels in two's complement, clamped to ±(`NEAR` + 1).
    near: Vec<u8>,
    /// Of every so many levels one was counted, or more.
    stride: usize,
    tallies: Crew<Tally>,
    /// Levels −127 (and all below) … 127 (and all above).
    histogram: Vec<u32>,
    residual: Residual,
}

/// Σ and count of (|x| / step − |level|) for |level| = 1 and 2: where the values of a bin really lie.
type Residual = [(f64, f64); 2];

/// Rounding rule of the uniform encoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rounding {
    /// Added to |x| / step before rounding; ≤ 0.
    pub bias: f32,
    /// Reconstruct at the mean of each bin's values rather than at its centre.
    pub centroids: bool,
}

/// Rounding to the nearest level.
pub(super) const PLAIN: Rounding = Rounding {
    bias: 0.0,
    centroids: false,
};
/// A dead zone a fifth wider, with reconstruction at the centroids.
pub(super) const DEAD_ZONE: Rounding = Rounding {
    bias: -0.1,
    centroids: true,
};

/// Σ error² per group when a source is quantised with the given steps; centroids count where there is one group.
pub(super) fn errors(source: &Source<'_>, steps: &GroupSteps, rounding: Rounding, out: &mut Vec<f64>) {
    out.clear();
    out.resize(source.groups(), 0.0);
    let mut levels = [0i32; BLOCK];
    let mut difference = [0f32; BLOCK];
    let mut shifts = [(0.0f64, 0.0f64); 2];
    source.for_runs(0, &mut |_, values, group| {
        let step = steps.step(group);
        let levels = &mut levels[..values.len()];
        quantise::levels(values, 1.0 / step, rounding.bias, levels);
        for ((d, &x), &k) in difference.iter_mut().zip(values).zip(levels.iter()) {
            *d = x - k as f32 * step;
        }
        out[group] += super::source::sum_squares(&difference[..values.len()]);
        if rounding.centroids {
            for (&d, &k) in difference.iter().zip(levels.iter()) {
                if k == 1 || k == -1 || k == 2 || k == -2 {
                    let slot = &mut shifts[k.unsigned_abs() as usize - 1];
                    slot.0 += f64::from(if k < 0 { -d } else { d });
                    slot.1 += 1.0;
                }
            }
        }
    });
    if rounding.centroids && out.len() == 1 {
        for (sum, n) in shifts.into_iter().filter(|s| s.1 > 0.0) {
            out[0] -= sum * sum / n;
        }
    }
}

/// h · log2 h.
fn share(h: u32) -> f64 {
    if h > 0 { f64::from(h) * log2(f64::from(h)) } else { 0.0 }
}

impl Levels {
    /// Makes room for this many levels, where possible in the buffer of old tokens; `false` if there is none.
    pub fn reserve(&mut self, values: usize, tokens: &mut Vec<u8>) -> bool {
        if self.near.capacity() < tokens.capacity() {
            core::mem::swap(&mut self.near, tokens);
        }
        // What is there may stay: it is overwritten.
        self.near.truncate(values);
        self.near.try_reserve_exact(values - self.near.len()).is_ok()
    }

    /// Leaves the larger of both buffers to the tokens, for an encoder that has no levels.
    pub fn lend(&mut self, tokens: &mut Vec<u8>) {
        if tokens.capacity() < self.near.capacity() {
            core::mem::swap(&mut self.near, tokens);
        }
    }

    /// Quantises a source.
    pub fn quantise(&mut self, source: &Source<'_>, steps: &GroupSteps, rounding: Rounding) {
        self.clear(source.len());
        self.near.resize(source.len(), 0);
        let (stride, cut) = (self.stride, segment_length(&source.view));
        let parts = self.near.chunks_mut(cut).enumerate();
        let quantise = |tally: &mut Tally, (s, mut near): (usize, &mut [u8])| {
            let mut residual = Residual::default();
            let (mut wide, mut floats) = ([0i32; BLOCK], [0f32; BLOCK]);
            source.for_cells(s * cut..s * cut + near.len(), &mut |cells, group| {
                let (own, rest) = core::mem::take(&mut near).split_at_mut(cells.len());
                near = rest;
                let step = steps.step(group);
                let inverse = 1.0 / step;
                if !rounding.centroids && tally.quantise(cells, inverse, rounding.bias, stride, own) {
                    return;
                }
                let (levels, values) = (&mut wide[..cells.len()], &mut floats[..cells.len()]);
                slicer_kernels::load(cells.as_flattened(), values);
                quantise::levels(values, inverse, rounding.bias, levels);
                if rounding.centroids {
                    collect_residuals(values, levels, step, &mut residual);
                }
                tally.push(levels, stride, own);
            });
            Ok(residual)
        };
        let total = &mut self.residual;
        let done = self.tallies.each(parts, quantise, |part| {
            for (total, part) in total.iter_mut().zip(part) {
                (total.0, total.1) = (total.0 + part.0, total.1 + part.1);
            }
        });
        debug_assert!(done.is_ok(), "quantising has no errors");
        self.settle();
    }

    /// Takes levels of an integer tensor as they are.
    pub fn push(&mut self, levels: &[i32]) {
        let start = self.near.len();
        self.near.resize(start + levels.len(), 0);
        self.tallies.first.push(levels, self.stride, &mut self.near[start..]);
    }

    /// Starts over for this many levels.
    fn clear(&mut self, values: usize) {
        self.stride = (values / SAMPLE).max(1);
        self.tallies.for_all(Tally::clear);
        self.residual = Residual::default();
    }

    /// Joins what was counted; after the last push.
    fn settle(&mut self) {
        self.tallies.join(Tally::add);
        self.tallies.first.histogram(self.stride, &mut self.histogram);
    }

    /// Reconstruction shifts of levels ±1 and ±2 towards zero, in 1/256 of a step, and how many of them matter.
    fn shrink(&self, rounding: Rounding) -> (u8, [i8; 3]) {
        let (mut shrink, mut count) = ([0; 3], 0);
        if rounding.centroids {
            for (i, &(sum, n)) in self.residual.iter().enumerate() {
                let mean = if n > 0.0 { -256.0 * sum / n } else { 0.0 };
                shrink[i] = ((mean + 1024.5) as i32 - 1024).clamp(-100, 100) as i8;
                if shrink[i] != 0 {
                    count = i as u8 + 1;
                }
            }
        }
        (count, shrink)
    }

    /// Bins with the cheapest number of unit levels: rarer levels share escapes.
    pub fn bins(&self, rounding: Rounding, buffer: Vec<Bin>) -> Option<Bins> {
        let (tally, (shrinks, shrink)) = (&self.tallies.first, self.shrink(rounding));
        let (low, high) = (tally.lowest.unsigned_abs(), tally.highest as u32);
        // A count's own share of the entropy, which every candidate but for its escapes has in common.
        let mut shares = [0.0; HISTOGRAM];
        for (own, &h) in shares.iter_mut().zip(&self.histogram) {
            *own = share(h);
        }
        let cost = |units: u32| {
            let (p, n) = (units.min(high), units.min(low));
            self.cost(&shares, n, p)
        };
        let escapes = |units: u32, limit: u32| {
            let mut count = 0u8;
            while limit > units && u64::from(units) + (1u64 << count) - 1 < u64::from(limit) {
                count += 1;
            }
            count
        };
        let fits = |u: u32| {
            let (n, p) = (u.min(low), u.min(high));
            n + p + u32::from(escapes(n, low)) + u32::from(escapes(p, high)) < MAX_TOKENS as u32
        };
        let most = low.max(high).min(NEAR as u32);
        let candidates = [most, 120, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1, 0];
        let units = candidates
            .into_iter()
            .filter(|&u| u <= most && fits(u))
            .min_by(|&a, &b| cost(a).total_cmp(&cost(b)))
            .unwrap_or(0);
        let (negative, positive) = (units.min(low), units.min(high));
        let spec = Uniform {
            negative,
            positive,
            negative_escapes: escapes(negative, low),
            positive_escapes: escapes(positive, high),
            first_bits: 0,
            shrinks,
            shrink,
        };
        Bins::uniform(spec, buffer).ok()
    }

    /// Bits of the level histogram when levels beyond −n…p share doubling escapes; a unit bin costs about a bit of table,
    /// two more if it is used.
    fn cost(&self, shares: &[f64], n: u32, p: u32) -> f64 {
        let mut merged = [0u32; 80];
        let (mut bits, mut total, mut used) = (0.0, 0.0, 0.0);
        let mut add = |h: u32, share: f64| {
            if h > 0 {
                bits -= share;
                used += 1.0;
            }
        };
        let mut extra = 0.0;
        for (i, (&h, &own)) in self.histogram.iter().zip(shares).enumerate() {
            let level = i as i32 - 127;
            total += f64::from(h);
            let beyond = if level < 0 {
                level.unsigned_abs().saturating_sub(n)
            } else {
                (level as u32).saturating_sub(p)
            };
            if beyond == 0 {
                add(h, own);
            } else {
                let escape = 31 - beyond.leading_zeros();
                merged[escape as usize + if level < 0 { 40 } else { 0 }] += h;
                extra += f64::from(h) * f64::from(escape);
            }
        }
        merged.iter().for_each(|&h| add(h, share(h)));
        let total_bits = if total > 0.0 { total * log2(total) } else { 0.0 };
        total_bits + bits + extra + 2.0 * used + f64::from(n + p)
    }

    /// Bytes that the offsets of the collected levels take, about where not all were counted.
    fn offset_bytes(&self, bins: &Bins) -> usize {
        let near = self.histogram.iter().zip(-NEAR - 1..).map(|(&h, level)| match h {
            0 => 0,
            _ => u64::from(h) * u64::from(bins.list()[bins.find(level)].bits),
        });
        ((near.sum::<u64>() + self.tallies.first.far_bits) / 8) as usize
    }

    /// Writes the tokens and offsets of the collected levels for these bins. `again` gives all levels once more, in runs that
    /// never straddle a segment; it is asked where bytes did not hold them.
    pub fn tokens(&mut self, source: &Source<'_>, bins: &Bins, again: Again<'_>, out: &mut Tokens) {
        // Without memory for that, growth by doubling has none either.
        let _ = try_renew(&mut out.offsets, self.offset_bytes(bins) + CHUNK);
        let units = unit_range(bins);
        // The levels become tokens where they are, or where they were.
        core::mem::swap(&mut out.tokens, &mut self.near);
        if self.tallies.first.far_bits > 0 {
            let ((low, high), zero) = (units, bins.zero() as u8);
            let mut sink = TokenSink::new(out, &source.view);
            again(&mut |at, levels| {
                sink.run(at);
                for &k in levels {
                    let token = match i32::from(low) <= k && k <= i32::from(high) {
                        true => (k as u8).wrapping_add(zero),
                        false => put(&mut sink.bits, bins, k),
                    };
                    sink.token(token);
                }
            });
            return sink.finish();
        }
        out.classes.clear();
        out.offsets.clear();
        out.starts.clear();
        out.starts.push(0);
        let (mut end, starts) = (0, &mut out.starts);
        let done = Crew::<()>::default().append(
            out.tokens.chunks_mut(segment_length(&source.view)),
            &mut out.offsets,
            |(), levels, bytes| {
                let mut bits = BitWriter::after(core::mem::take(bytes));
                to_tokens(levels, units, bins, &mut bits);
                bits.align();
                *bytes = bits.bytes;
                Ok(())
            },
            |length| {
                end += length;
                starts.push(end);
            },
        );
        debug_assert!(done.is_ok(), "all levels have tokens");
    }
}

/// Values of a segment, where one is all there may be.
fn segment_length(view: &View) -> usize {
    match segment_values(view) {
        0 => view.elements().max(1),
        n => n,
    }
}

fn collect_residuals(values: &[f32], levels: &[i32], step: f32, residual: &mut Residual) {
    let inverse = 1.0 / f64::from(step);
    for (&x, &k) in values.iter().zip(levels) {
        let a = k.unsigned_abs();
        if a == 1 || a == 2 {
            let slot = &mut residual[(a - 1) as usize];
            slot.0 += (f64::from(x) * inverse).abs() - f64::from(a);
            slot.1 += 1.0;
        }
    }
}

/// Gives levels with the scan position of the first, run by run.
type Again<'a> = &'a dyn Fn(&mut dyn FnMut(usize, &[i32]));

/// Calls `f` with the levels of a quantised source, run by run: the same runs, and so the same levels, each time.
fn for_levels(source: &Source<'_>, steps: &GroupSteps, rounding: Rounding, f: &mut dyn FnMut(usize, &[i32])) {
    let mut levels = [0i32; BLOCK];
    source.for_runs(segment_values(&source.view), &mut |at, values, group| {
        let levels = &mut levels[..values.len()];
        quantise::levels(values, 1.0 / steps.step(group), rounding.bias, levels);
        f(at, levels);
    });
}

/// Collects the offset of a level; returns its token.
pub(super) fn put(bits: &mut BitWriter, bins: &Bins, level: i32) -> u8 {
    let token = bins.find(level) as u8;
    let bin = &bins.list()[usize::from(token)];
    bits.put((i64::from(level) - i64::from(bin.lower)) as u32, u32::from(bin.bits));
    token
}

/// Turns levels in bytes into tokens, and collects their offsets; those of `units`, first and last, have a bin each.
pub(super) fn to_tokens(levels: &mut [u8], units: (i8, i8), bins: &Bins, bits: &mut BitWriter) {
    let (zero, (low, high)) = (bins.zero() as u8, units);
    let mut flags = [false; BLOCK / CHUNK];
    for block in levels.chunks_mut(BLOCK) {
        // Unit bins are consecutive, so their tokens are a sum; the few other levels are put right afterwards.
        slicer_kernels::tokens(block, zero, low, high, &mut flags);
        for (levels, _) in block.chunks_mut(CHUNK).zip(&flags).filter(|&(_, &outside)| outside) {
            for t in levels {
                let k = *t as i8;
                *t = match low <= k && k <= high {
                    true => t.wrapping_add(zero),
                    false => put(bits, bins, k.into()),
                };
            }
        }
    }
}

/// The levels around 0 that have a bin each and are kept as bytes: the first and the last.
pub(super) fn unit_range(bins: &Bins) -> (i8, i8) {
    let units = |beyond: usize| beyond.min(NEAR as usize) as i8;
    let (first, count) = bins.plain();
    let below = bins.zero() - usize::from(first);
    (-units(below), units(usize::from(count) - 1 - below))
}

/// Quantises a source uniformly; `false` if the levels do not fit the bins.
pub(super) fn encode(
    source: &Source<'_>,
    steps: &GroupSteps,
    rounding: Rounding,
    levels: &mut Levels,
    tokens: &mut Tokens,
    quantiser: &mut Quantiser,
) -> bool {
    if !levels.reserve(source.len(), &mut tokens.tokens) {
        return false;
    }
    levels.quantise(source, steps, rounding);
    let tally = &levels.tallies.first;
    if tally.lowest <= -MAX_LEVEL || tally.highest >= MAX_LEVEL {
        return false;
    }
    let buffer = core::mem::take(&mut quantiser.bins).into_buffer();
    let Some(bins) = levels.bins(rounding, buffer) else {
        return false;
    };
    let again: Again<'_> = &|f| for_levels(source, steps, rounding, f);
    levels.tokens(source, &bins, again, tokens);
    (quantiser.domain, quantiser.step, quantiser.bins) = (Domain::Real, steps.base(), bins);
    quantiser.scales.clear();
    quantiser.scales.extend_from_slice(steps.codes());
    true
}

/// Codes an integer tensor exactly: level = value; `false` if the levels do not fit the bins.
pub(super) fn encode_integers(
    source: &Source<'_>,
    levels: &mut Levels,
    tokens: &mut Tokens,
    quantiser: &mut Quantiser,
) -> Result<bool> {
    if !levels.reserve(source.len(), &mut tokens.tokens) {
        let values = source.len() as u64;
        return Err(Error::argument(ErrorCode::LimitExceeded, Field::Data, values));
    }
    levels.clear(source.len());
    levels.near.clear();
    let (dtype, bytes) = (source.tensor.dtype, source.tensor.bytes);
    let again: Again<'_> = &|f| {
        let mut block = [0i32; BLOCK];
        let mut at = 0;
        while at < source.len() {
            let end = run_end(&source.view, at, source.len());
            elements::load_levels(dtype, &source.view, bytes, at, &mut block[..end - at]);
            f(at, &block[..end - at]);
            at = end;
        }
    };
    again(&mut |_, block| levels.push(block));
    levels.settle();
    let tally = &levels.tallies.first;
    if tally.lowest < -MAX_LEVEL || tally.highest > MAX_LEVEL {
        return Ok(false);
    }
    let buffer = core::mem::take(&mut quantiser.bins).into_buffer();
    let Some(bins) = levels.bins(PLAIN, buffer) else {
        return Ok(false);
    };
    levels.tokens(source, &bins, again, tokens);
    (quantiser.domain, quantiser.step, quantiser.bins) = (Domain::Integer, 1.0, bins);
    quantiser.scales.clear();
    Ok(true)
}
