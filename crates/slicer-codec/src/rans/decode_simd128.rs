//! WASM SIMD128 twin of [`super::decode::Decoder::run`]: four states a vector, table look-ups by scalar loads.
//!
//! Bit-identical to the portable loop: same entries, same word order (lanes ascending).

#![allow(unsafe_code)]

use super::LOWER;
use super::decode::{Bases, Decoder};
use core::arch::wasm32::*;

/// For every set of hungry lanes, a byte shuffle that gives each its next word, zero-extended; 0xff selects zero.
static TAKE: [[u8; 16]; 16] = {
    let mut table = [[0xff; 16]; 16];
    let mut mask = 0;
    while mask < 16 {
        let (mut lane, mut word) = (0, 0);
        while lane < 4 {
            if mask >> lane & 1 == 1 {
                table[mask][4 * lane] = 2 * word;
                table[mask][4 * lane + 1] = 2 * word + 1;
                word += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
};

/// Decodes whole rows of lanes while every stream has at least eight words left; returns how many values it decoded.
pub(super) fn run(d: &mut Decoder<'_, '_>, bases: Bases<'_>, out: &mut [u8]) -> usize {
    if d.lanes.streams == 4 {
        run_streams::<4>(d, bases, out)
    } else {
        run_streams::<1>(d, bases, out)
    }
}

fn run_streams<const S: usize>(d: &mut Decoder<'_, '_>, bases: Bases<'_>, out: &mut [u8]) -> usize {
    let total = 8 * S;
    let entries = &d.tables.entries;
    if entries.is_empty() || matches!(bases, Bases::Each(b) if b.len() < out.len()) {
        return 0;
    }
    let precision = d.tables.precision;
    let slot_mask = u32x4_splat((1 << precision) - 1);
    let last = u32x4_splat(entries.len() as u32 - 1);
    let low12 = u32x4_splat(0xfff);
    let one = u32x4_splat(1);
    let lower = u32x4_splat(LOWER);
    let mut states = [[u32x4_splat(0); 2]; S];
    let mut pos = [0usize; S];
    for s in 0..S {
        let x = &d.streams[s].states;
        states[s] = [u32x4(x[0], x[1], x[2], x[3]), u32x4(x[4], x[5], x[6], x[7])];
        pos[s] = d.streams[s].pos;
    }
    let mut done = 0;
    while done + total <= out.len() && (0..S).all(|s| pos[s] + 16 <= d.streams[s].words.len()) {
        for s in 0..S {
            let mut tokens = [u32x4_splat(0); 2];
            for h in 0..2 {
                let base = match bases {
                    Bases::One(b) => u32x4_splat(b),
                    // SAFETY: bases.len() ≥ out.len() ≥ done + total, so four u32 are readable at done + 8 s + 4 h.
                    Bases::Each(all) => unsafe { v128_load(all.as_ptr().add(done + 8 * s + 4 * h).cast()) },
                };
                let x = states[s][h];
                let index = u32x4_min(i32x4_add(v128_and(x, slot_mask), base), last);
                // SAFETY: every index was clamped to entries.len() − 1.
                let e = unsafe {
                    u32x4(
                        *entries.get_unchecked(u32x4_extract_lane::<0>(index) as usize),
                        *entries.get_unchecked(u32x4_extract_lane::<1>(index) as usize),
                        *entries.get_unchecked(u32x4_extract_lane::<2>(index) as usize),
                        *entries.get_unchecked(u32x4_extract_lane::<3>(index) as usize),
                    )
                };
                let frequency = i32x4_add(v128_and(e, low12), one);
                let bias = v128_and(u32x4_shr(e, 12), low12);
                tokens[h] = u32x4_shr(e, 24);
                let x = i32x4_add(i32x4_mul(frequency, u32x4_shr(x, precision)), bias);
                let hungry = u32x4_lt(x, lower);
                let mask = i32x4_bitmask(hungry) as usize;
                // SAFETY: the loop condition left 16 bytes at the row's first position and the first half took at most
                // eight of them; a shuffle row has 16 bytes and mask < 16.
                let (words, take) = unsafe {
                    (
                        v128_load64_zero(d.streams[s].words.as_ptr().add(pos[s]).cast()),
                        v128_load(TAKE[mask].as_ptr().cast()),
                    )
                };
                let refilled = v128_or(i32x4_shl(x, 16), i8x16_swizzle(words, take));
                states[s][h] = v128_bitselect(refilled, x, hungry);
                pos[s] += 2 * mask.count_ones() as usize;
            }
            let narrow = u16x8_narrow_i32x4(tokens[0], tokens[1]);
            let bytes = u8x16_narrow_i16x8(narrow, narrow);
            // SAFETY: the loop condition left `total` writable bytes at `done`, and 8 s + 8 ≤ total.
            unsafe { v128_store64_lane::<0>(bytes, out.as_mut_ptr().add(done + 8 * s).cast()) };
        }
        done += total;
    }
    for s in 0..S {
        // SAFETY: `states` is an array of eight u32, 32 writable bytes.
        unsafe {
            let x: *mut v128 = d.streams[s].states.as_mut_ptr().cast();
            v128_store(x, states[s][0]);
            v128_store(x.add(1), states[s][1]);
        }
        d.streams[s].pos = pos[s];
    }
    done
}
