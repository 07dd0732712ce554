//! The lossless encoder: levels are the order-preserving image of the bits, or the integers themselves.

use super::emit::Tokens;
use super::plan::{Quantiser, TokenSink, run_end};
use super::sort;
use super::source::Source;
use super::uniform::{self, Levels};
use crate::bins::{Bin, Bins};
use crate::coding::Domain;
use crate::elements::{self, BLOCK};
use crate::error::{Error, ErrorCode, Field, Result};
use crate::limits::{MAX_TOKENS, try_renew};
use alloc::vec::Vec;

/// Values looked at to find constants that deserve a bin of their own.
const SAMPLE: usize = 4096;
/// Room for the offsets of a run beyond the last byte that is allowed.
const SPARE: usize = 4 * BLOCK + 8;
/// A value this frequent in the sample (one in 64) gets its own bin.
const FREQUENT: usize = 64;
/// Most bins of single values.
const MAX_EXACT: usize = 16;

/// Codes a tensor exactly; `false` where no bins can, or where the offsets of floats alone take more than `most` bytes.
pub(super) fn encode(
    source: &Source<'_>,
    most: usize,
    levels: &mut Levels,
    tokens: &mut Tokens,
    quantiser: &mut Quantiser,
) -> Result<bool> {
    if !source.tensor.dtype.is_float() && uniform::encode_integers(source, levels, tokens, quantiser)? {
        return Ok(true);
    }
    let (dtype, bytes) = (source.tensor.dtype, source.tensor.bytes);
    let mut exact = [0; MAX_EXACT];
    let exact = frequent(source, &mut exact);
    let buffer = core::mem::take(&mut quantiser.bins).into_buffer();
    let Some(bins) = bins(exact, range(source), dtype.size(), buffer) else {
        return Ok(false);
    };
    quantiser.bins = bins;
    let bins = &quantiser.bins;
    let widest = bins.list().iter().fold(0, |w, b| w.max(usize::from(b.bits)));
    let bits = source.len() as u64 * widest as u64;
    let size = usize::try_from(bits / 8 + SPARE as u64).unwrap_or(usize::MAX);
    let size = size.min(most.saturating_add(SPARE));
    levels.lend(&mut tokens.tokens);
    if !try_renew(&mut tokens.offsets, size) {
        return Err(Error::argument(ErrorCode::LimitExceeded, Field::Data, bits / 8));
    }
    let mut sink = TokenSink::new(tokens, &source.view);
    let mut levels_block = [0i32; BLOCK];
    let mut at = 0;
    while at < source.len() {
        let end = run_end(&source.view, at, source.len());
        sink.run(at);
        let block = &mut levels_block[..end - at];
        elements::load_levels(dtype, &source.view, bytes, at, block);
        for &mut level in block {
            let token = bins.find(level) as u8;
            let bin = &bins.list()[usize::from(token)];
            sink.token(token);
            sink.offset((i64::from(level) - i64::from(bin.lower)) as u32, u32::from(bin.bits));
        }
        if sink.offset_bytes() > most {
            sink.finish();
            return Ok(false);
        }
        at = end;
    }
    sink.finish();
    let domain = if dtype.is_float() {
        Domain::FloatBits
    } else {
        Domain::Integer
    };
    (quantiser.domain, quantiser.step) = (domain, 1.0);
    quantiser.scales.clear();
    Ok(true)
}

/// Levels that repeat often, ascending: zeros, clipping points.
fn frequent<'a>(source: &Source<'_>, exact: &'a mut [u32; MAX_EXACT]) -> &'a [u32] {
    let n = source.len().min(SAMPLE);
    let mut sample = [0; SAMPLE];
    let sample = &mut sample[..n];
    let stride = source.len() / n.max(1);
    for (i, s) in sample.iter_mut().enumerate() {
        *s = source.tensor.dtype.load_level(source.tensor.bytes, i * stride) as u32 ^ FLIP;
    }
    sort::sort(sample);
    // Most frequent first, in a list too short for anything but insertion.
    let (mut runs, mut count) = ([(0, 0); MAX_EXACT], 0);
    for run in sample
        .chunk_by(|a, b| a == b)
        .filter(|run| run.len() > 1 && run.len() * FREQUENT >= n)
    {
        let at = runs[..count].iter().take_while(|r| r.0 >= run.len()).count();
        if at < MAX_EXACT {
            count = MAX_EXACT.min(count + 1);
            runs[at..count].rotate_right(1);
            runs[at] = (run.len(), run[0]);
        }
    }
    let exact = &mut exact[..count];
    for (level, run) in exact.iter_mut().zip(runs) {
        *level = run.1;
    }
    sort::sort(exact);
    exact
}

/// Turns a level into what sorts like it without a sign, and back.
const FLIP: u32 = 1 << 31;

fn range(source: &Source<'_>) -> (i32, i32) {
    let (dtype, bytes) = (source.tensor.dtype, source.tensor.bytes);
    (0..source.len()).fold((i32::MAX, i32::MIN), |(lo, hi), i| {
        let level = dtype.load_level(bytes, i);
        (lo.min(level), hi.max(level))
    })
}

/// Bins that cover the range: one per exact level, the gaps in runs of equal power-of-two width, at most 256 in all.
///
/// For f32 a width of 2^23 is one binade, for f16 2^10; smaller widths follow the distribution inside a binade as far as the
/// number of tokens allows.
fn bins(exact: &[u32], (lo, hi): (i32, i32), size: usize, mut list: Vec<Bin>) -> Option<Bins> {
    let finest = if size == 4 { 20 } else { 4 };
    (finest..=32u8).find_map(|bits| {
        list.clear();
        let mut next = i64::from(lo);
        let fill = |from: i64, to: i64, list: &mut Vec<Bin>| {
            let mut at = from;
            while at < to && list.len() <= MAX_TOKENS {
                // Aligned to the width, cut to the largest power of two that fits.
                let aligned = (at >> bits << bits) + (1i64 << bits);
                let room = (to.min(aligned) - at) as u64;
                let own = (63 - room.leading_zeros()) as u8;
                list.push(Bin {
                    lower: at as i32,
                    bits: own,
                    stride: 1,
                    delta: 0,
                });
                at += 1i64 << own;
            }
        };
        for &e in exact {
            let e = (e ^ FLIP) as i32;
            fill(next, i64::from(e), &mut list);
            list.push(Bin::unit(e));
            next = i64::from(e) + 1;
        }
        // Round the end up to a whole bin where the level range allows: fewer odd pieces.
        let end = (((i64::from(hi) >> bits) + 1) << bits).min(1 << 31);
        fill(next, end.max(next), &mut list);
        if list.len() > MAX_TOKENS {
            None
        } else {
            Bins::listed(core::mem::take(&mut list)).ok()
        }
    })
}
