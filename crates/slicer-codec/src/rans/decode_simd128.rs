//! WASM SIMD128 twin of [`super::decode::Decoder::run`]: four states a vector, table look-ups by scalar loads.
//!
//! Bit-identical to the portable loop: same entries, same word order (lanes ascending).

#![allow(unsafe_code)]

use super::decode::Decoder;
use super::{LOWER, Values};
use core::arch::wasm32::*;
use slicer_kernels::planes::Neighbours;

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
#[target_feature(enable = "simd128")]
pub(super) fn run(d: &mut Decoder<'_, '_>, of: Values<'_>, out: &mut [u8]) -> usize {
    if !of.fit(out.len(), d.tables.count()) {
        return 0;
    }
    // SAFETY: the tables of all values were looked at just now.
    unsafe {
        if d.lanes.streams == 4 {
            run_streams::<4>(d, of, out)
        } else {
            run_streams::<1>(d, of, out)
        }
    }
}

/// States and words of `S` streams.
struct Cursor<const S: usize> {
    states: [[v128; 2]; S],
    words: [*const u8; S],
    ends: [*const u8; S],
}

impl<const S: usize> Cursor<S> {
    #[inline(always)]
    fn open(d: &Decoder<'_, '_>) -> Self {
        let mut cursor = Self {
            states: [[u32x4_splat(0); 2]; S],
            words: [core::ptr::null(); S],
            ends: [core::ptr::null(); S],
        };
        for s in 0..S {
            let stream = &d.streams[s];
            let x = &stream.states;
            cursor.states[s] = [u32x4(x[0], x[1], x[2], x[3]), u32x4(x[4], x[5], x[6], x[7])];
            // SAFETY: a position is never beyond its words.
            cursor.words[s] = unsafe { stream.words.as_ptr().add(stream.pos) };
            cursor.ends[s] = stream.words.as_ptr_range().end;
        }
        cursor
    }

    /// Rows that need no check: each takes at most sixteen bytes of a stream.
    #[inline(always)]
    fn rows(&self) -> usize {
        let mut rows = usize::MAX;
        for s in 0..S {
            // SAFETY: both pointers are into, or at the end of, the words of one stream.
            rows = rows.min(unsafe { self.ends[s].offset_from(self.words[s]) } as usize / 16);
        }
        rows
    }

    #[inline(always)]
    fn close(&self, d: &mut Decoder<'_, '_>) {
        for s in 0..S {
            // SAFETY: `states` is an array of eight u32, 32 writable bytes.
            unsafe {
                let x: *mut v128 = d.streams[s].states.as_mut_ptr().cast();
                v128_store(x, self.states[s][0]);
                v128_store(x.add(1), self.states[s][1]);
            }
            // SAFETY: both pointers are into one stream's words.
            d.streams[s].pos = unsafe { self.words[s].offset_from(d.streams[s].words.as_ptr()) } as usize;
        }
    }
}

fn constants(d: &Decoder<'_, '_>) -> Constants {
    Constants {
        precision: d.tables.precision,
        slot_mask: u32x4_splat((1 << d.tables.precision) - 1),
    }
}

/// # Safety
/// `of` must fit `out` and the tables.
#[target_feature(enable = "simd128")]
unsafe fn run_streams<const S: usize>(d: &mut Decoder<'_, '_>, of: Values<'_>, out: &mut [u8]) -> usize {
    let total = 8 * S;
    let entries = &d.tables.entries;
    let constants = constants(d);
    let mut cursor = Cursor::<S>::open(d);
    let mut done = 0;
    let one = u32x4_splat((of.one << constants.precision) as u32);
    loop {
        let rows = cursor.rows().min((out.len() - done) / total);
        if rows == 0 {
            break;
        }
        for _ in 0..rows {
            for ((states, words), at) in cursor.states.iter_mut().zip(&mut cursor.words).zip((done..).step_by(8)) {
                let (low, high) = match of.each {
                    [] => (one, one),
                    // SAFETY: each.len() ≥ out.len() ≥ done + total, so eight bytes are readable at done + 8 s.
                    each => bases(
                        unsafe { v128_load64_zero(each.as_ptr().add(at).cast()) },
                        constants.precision,
                    ),
                };
                // SAFETY: all tables are there; `rows` left sixteen readable bytes per row, and the first half takes at most eight. The halves
                // are written out because a build for size unrolls no loop.
                let (a, b) = unsafe {
                    (
                        step(&mut states[0], low, entries.as_ptr(), &constants, words),
                        step(&mut states[1], high, entries.as_ptr(), &constants, words),
                    )
                };
                let narrow = u16x8_narrow_i32x4(a, b);
                let bytes = u8x16_narrow_i16x8(narrow, narrow);
                // SAFETY: `rows` left `total` writable bytes at `done`, and 8 s + 8 ≤ total.
                unsafe { v128_store64_lane::<0>(bytes, out.as_mut_ptr().add(at).cast()) };
            }
            done += total;
        }
    }
    cursor.close(d);
    done
}

/// Decodes planes side by side in 32 lanes while every stream has eight words or more left; returns how many positions it
/// decoded, none where not every lane has a plane. `out` has a row of tokens for every position.
#[target_feature(enable = "simd128")]
pub(super) fn planes(
    d: &mut Decoder<'_, '_>,
    neighbours: Neighbours<'_>,
    classes: &[u8; 32],
    active: usize,
    out: &mut [u8],
) -> usize {
    const S: usize = 4;
    let total = 8 * S;
    let first = d.tables.count().saturating_sub(neighbours.thresholds.len());
    if active != total || !Values::each(classes).fit(total, first) {
        return 0;
    }
    let entries = &d.tables.entries;
    let constants = constants(d);
    let mut cursor = Cursor::<S>::open(d);
    let (zero, most) = (u8x16_splat(neighbours.zero), u8x16_splat(neighbours.most));
    let rank = |tokens: v128| u8x16_min(v128_or(u8x16_sub_sat(tokens, zero), u8x16_sub_sat(zero, tokens)), most);
    let (mut done, mut column) = (0, 0);
    let positions = out.len() / total;
    loop {
        let rows = cursor.rows().min(positions - done);
        if rows == 0 {
            break;
        }
        for _ in 0..rows {
            for s in 0..S {
                // SAFETY: a position before this one, and eight of the lanes.
                let before = |distance: usize| unsafe {
                    v128_load64_zero(out.as_ptr().add(total * (done - distance) + 8 * s).cast())
                };
                let mut sum = u8x16_splat(0);
                if column > 0 {
                    sum = rank(before(1));
                }
                if done >= neighbours.width {
                    sum = u8x16_add(sum, rank(before(neighbours.width)));
                }
                let mut context = u8x16_splat(0);
                for &t in neighbours.thresholds {
                    context = u8x16_sub(context, u8x16_ge(sum, u8x16_splat(t)));
                }
                // SAFETY: eight of 32 bytes; a class has a table for each context, and a context is a number of thresholds; `rows` left
                // sixteen readable bytes per row, of which the first half takes at most eight.
                let (a, b) = unsafe {
                    let class = v128_load64_zero(classes.as_ptr().add(8 * s).cast());
                    let (low, high) = bases(u8x16_add(class, context), constants.precision);
                    let (states, words) = (&mut cursor.states[s], &mut cursor.words[s]);
                    (
                        step(&mut states[0], low, entries.as_ptr(), &constants, words),
                        step(&mut states[1], high, entries.as_ptr(), &constants, words),
                    )
                };
                let narrow = u16x8_narrow_i32x4(a, b);
                let bytes = u8x16_narrow_i16x8(narrow, narrow);
                // SAFETY: done < positions, so the row is there.
                unsafe { v128_store64_lane::<0>(bytes, out.as_mut_ptr().add(total * done + 8 * s).cast()) };
            }
            done += 1;
            column = if column + 1 == neighbours.width { 0 } else { column + 1 };
        }
    }
    cursor.close(d);
    done
}

struct Constants {
    precision: u32,
    slot_mask: v128,
}

/// Where the tables of eight lanes begin, from their numbers in the low half.
#[inline(always)]
fn bases(tables: v128, precision: u32) -> (v128, v128) {
    let tables = u16x8_extend_low_u8x16(tables);
    (
        u32x4_shl(u32x4_extend_low_u16x8(tables), precision),
        u32x4_shl(u32x4_extend_high_u16x8(tables), precision),
    )
}

/// Advances four states and refills them; returns their tokens.
///
/// # Safety
/// Every lane of `base` must be where a table of `entries` begins, and there must be eight readable bytes at `words`.
#[inline(always)]
unsafe fn step(state: &mut v128, base: v128, entries: *const u32, c: &Constants, words: &mut *const u8) -> v128 {
    let x = *state;
    let index = i32x4_add(v128_and(x, c.slot_mask), base);
    let (low, high) = (u64x2_extract_lane::<0>(index), u64x2_extract_lane::<1>(index));
    // SAFETY: slots of tables that have all of theirs.
    let e = unsafe {
        let e = v128_load32_zero(entries.add(low as u32 as usize));
        let e = v128_load32_lane::<1>(e, entries.add((low >> 32) as usize));
        let e = v128_load32_lane::<2>(e, entries.add(high as u32 as usize));
        v128_load32_lane::<3>(e, entries.add((high >> 32) as usize))
    };
    let low12 = u32x4_splat(0xfff);
    // The entry has the frequency less one.
    let quotient = u32x4_shr(x, c.precision);
    let bias = i32x4_add(quotient, v128_and(u32x4_shr(e, 12), low12));
    let x = i32x4_add(i32x4_mul(v128_and(e, low12), quotient), bias);
    // States stay below 2^31, so the signed compare is the unsigned one.
    let hungry = i32x4_lt(x, u32x4_splat(LOWER));
    let mask = i32x4_bitmask(hungry) as usize;
    // SAFETY: the caller left eight readable bytes; TAKE has sixteen rows of sixteen bytes and mask < 16.
    let next = unsafe {
        let next = v128_load64_zero((*words).cast());
        *words = words.add(2 * mask.count_ones() as usize);
        i8x16_swizzle(next, v128_load(TAKE.as_ptr().add(mask).cast()))
    };
    *state = v128_or(v128_bitselect(i32x4_shl(x, 16), x, hungry), next);
    u32x4_shr(e, 24)
}
