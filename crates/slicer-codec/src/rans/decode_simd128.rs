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

/// Decodes whole rows of lanes while every stream has at least eight words left; returns how many values it decoded, none where
/// tables have other precisions than this crate's encoder gives them.
#[target_feature(enable = "simd128")]
pub(super) fn run(d: &mut Decoder<'_, '_>, of: Values<'_>, out: &mut [u8]) -> usize {
    if !of.fit(out.len(), d.tables.count()) {
        return 0;
    }
    // SAFETY: the tables of all values were looked at just now.
    unsafe {
        match d.tables.precision {
            12 => run_rows::<12>(d, of, out),
            10 => run_rows::<10>(d, of, out),
            _ => 0,
        }
    }
}

/// States and words of the streams.
struct Cursor {
    states: [[v128; 2]; 4],
    words: [*const u8; 4],
    ends: [*const u8; 4],
    streams: usize,
}

impl Cursor {
    #[inline(always)]
    fn open(d: &Decoder<'_, '_>) -> Self {
        let mut cursor = Self {
            states: [[u32x4_splat(0); 2]; 4],
            words: [core::ptr::null(); 4],
            ends: [core::ptr::null(); 4],
            streams: d.lanes.streams.min(4),
        };
        for (s, stream) in d.streams.iter().enumerate().take(cursor.streams) {
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
        for (&end, &words) in self.ends.iter().zip(&self.words).take(self.streams) {
            // SAFETY: both pointers are into, or at the end of, the words of one stream.
            rows = rows.min(unsafe { end.offset_from(words) } as usize / 16);
        }
        rows
    }

    #[inline(always)]
    fn close(&self, d: &mut Decoder<'_, '_>) {
        for (s, stream) in d.streams.iter_mut().enumerate().take(self.streams) {
            // SAFETY: `states` is an array of eight u32, 32 writable bytes.
            unsafe {
                let x: *mut v128 = stream.states.as_mut_ptr().cast();
                v128_store(x, self.states[s][0]);
                v128_store(x.add(1), self.states[s][1]);
            }
            // SAFETY: both pointers are into one stream's words.
            stream.pos = unsafe { self.words[s].offset_from(stream.words.as_ptr()) } as usize;
        }
    }
}

/// # Safety
/// `of` must fit `out` and the tables, which must have 2^`P` slots each.
#[target_feature(enable = "simd128")]
unsafe fn run_rows<const P: u32>(d: &mut Decoder<'_, '_>, of: Values<'_>, out: &mut [u8]) -> usize {
    let entries = d.tables.entries.as_ptr();
    let mut cursor = Cursor::open(d);
    let total = 8 * cursor.streams;
    let mut done = 0;
    let one = u32x4_splat((of.one << P) as u32);
    loop {
        let rows = cursor.rows().min((out.len() - done) / total);
        if rows == 0 {
            break;
        }
        for _ in 0..rows {
            for (states, words) in cursor.states.iter_mut().zip(&mut cursor.words).take(cursor.streams) {
                let (low, high) = match of.each {
                    [] => (one, one),
                    // SAFETY: each.len() ≥ out.len() ≥ done + 8, so eight bytes are readable.
                    each => bases::<P>(unsafe { v128_load64_zero(each.as_ptr().add(done).cast()) }),
                };
                // SAFETY: all tables are there; `rows` left sixteen readable bytes per row and as many writable ones as lanes.
                unsafe { step::<P>(states, (low, high), entries, words, out.as_mut_ptr().add(done)) };
                done += 8;
            }
        }
    }
    cursor.close(d);
    done
}

/// Decodes planes side by side in all lanes while every stream has eight words or more left; returns how many positions it
/// decoded, none where not every lane has a plane or tables have another precision than this crate's encoder gives contexts. `out`
/// has a row of tokens for every position.
#[target_feature(enable = "simd128")]
pub(super) fn planes(
    d: &mut Decoder<'_, '_>,
    neighbours: Neighbours<'_>,
    classes: &[u8; 32],
    active: usize,
    out: &mut [u8],
) -> usize {
    const P: u32 = 12;
    let total = d.lanes.total();
    let first = d.tables.count().saturating_sub(neighbours.thresholds.len());
    if active != total || d.tables.precision != P || !Values::each(classes).fit(total, first) {
        return 0;
    }
    let entries = d.tables.entries.as_ptr();
    let mut cursor = Cursor::open(d);
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
            for (s, (states, words)) in cursor
                .states
                .iter_mut()
                .zip(&mut cursor.words)
                .take(cursor.streams)
                .enumerate()
            {
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
                // sixteen readable bytes per row, and done < positions, so the row is there.
                unsafe {
                    let class = v128_load64_zero(classes.as_ptr().add(8 * s).cast());
                    let bases = bases::<P>(u8x16_add(class, context));
                    step::<P>(
                        states,
                        bases,
                        entries,
                        words,
                        out.as_mut_ptr().add(total * done + 8 * s),
                    );
                }
            }
            done += 1;
            column = if column + 1 == neighbours.width { 0 } else { column + 1 };
        }
    }
    cursor.close(d);
    done
}

/// Where the tables of eight lanes begin, from their numbers in the low half.
#[inline(always)]
fn bases<const P: u32>(tables: v128) -> (v128, v128) {
    let tables = u16x8_extend_low_u8x16(tables);
    (
        u32x4_shl(u32x4_extend_low_u16x8(tables), P),
        u32x4_shl(u32x4_extend_high_u16x8(tables), P),
    )
}

/// Advances the eight states of a stream, refills them and writes their tokens.
///
/// # Safety
/// Every lane of `bases` must be where a table of 2^`P` `entries` begins; there must be sixteen readable bytes at `words` and eight
/// writable ones at `out`.
#[inline(always)]
unsafe fn step<const P: u32>(
    states: &mut [v128; 2],
    (low, high): (v128, v128),
    entries: *const u32,
    words: &mut *const u8,
    out: *mut u8,
) {
    // SAFETY: the caller's promises; the first four states take eight bytes at most. The halves are written out because a build for
    // size unrolls no loop.
    unsafe {
        let a = four::<P>(&mut states[0], low, entries, words);
        let b = four::<P>(&mut states[1], high, entries, words);
        // As signed numbers: what is known of unsigned ones makes the compiler build a shuffle, which is slower.
        let narrow = i16x8_narrow_i32x4(i32x4_shr(a, 24), i32x4_shr(b, 24));
        v128_store64_lane::<0>(i8x16_narrow_i16x8(narrow, narrow), out.cast());
    }
}

/// Advances four states and refills them; returns their entries.
///
/// # Safety
/// As for [`step`], with eight readable bytes at `words`.
#[inline(always)]
unsafe fn four<const P: u32>(state: &mut v128, base: v128, entries: *const u32, words: &mut *const u8) -> v128 {
    let x = *state;
    let index = i32x4_add(v128_and(x, u32x4_splat((1 << P) - 1)), base);
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
    let quotient = u32x4_shr(x, P);
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
    // A hungry state only grows when it moves up, and the others are no less than zero.
    *state = v128_or(i32x4_max(x, v128_and(i32x4_shl(x, 16), hungry)), next);
    e
}
