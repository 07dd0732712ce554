//! WASM SIMD128 twin of the multi-lane encoder: four states a vector, one sixteen-byte load per symbol.
//!
//! Bit-identical to the portable loop: same arithmetic, same word order (lanes ascending in memory).

#![allow(unsafe_code)]

use super::encode::{Encoder, SPARE, SymbolTables};
use core::arch::wasm32::*;

/// For every set of shedding lanes, a byte shuffle that moves their words to the end of eight bytes.
static PACK: [[u8; 16]; 16] = {
    let mut table = [[0xff; 16]; 16];
    let mut mask = 0;
    while mask < 16 {
        let (mut lane, mut slot) = (4, 4);
        while lane > 0 {
            lane -= 1;
            if mask >> lane & 1 == 1 {
                slot -= 1;
                table[mask][2 * slot] = 4 * lane as u8;
                table[mask][2 * slot + 1] = 4 * lane as u8 + 1;
            }
        }
        mask += 1;
    }
    table
};

/// Pushes whole rows of 8 · `streams` lanes, last row first.
#[target_feature(enable = "simd128")]
pub(super) fn run(encoder: &mut Encoder, tables: &SymbolTables, symbols: &[u16], streams: usize) {
    let rows = symbols.len() / (8 * streams);
    let largest = slicer_kernels::largest_symbol(symbols);
    let room = |s: usize| encoder.at[s] <= encoder.words[s].len() && encoder.at[s] >= 8 * rows + SPARE;
    assert!(usize::from(largest) < tables.symbols.len() && streams <= 4 && (0..streams).all(room));
    // SAFETY: symbols lie inside the tables, and every stream has room for eight words a row and `SPARE` more.
    unsafe { run_streams(encoder, tables, symbols, streams) }
}

/// # Safety
/// Every symbol must be an index of the tables; each of at most four streams needs room below its position for eight
/// words a row and [`SPARE`] more.
#[target_feature(enable = "simd128")]
unsafe fn run_streams(encoder: &mut Encoder, tables: &SymbolTables, symbols: &[u16], streams: usize) {
    let entries: *const v128 = tables.symbols.as_ptr().cast();
    let mut states = [[u32x4_splat(0); 2]; 4];
    let mut ends = [core::ptr::null_mut::<u16>(); 4];
    for s in 0..streams {
        // SAFETY: there are 32 states, eight for each stream; a stream's position is inside its words.
        unsafe {
            let state: *const v128 = encoder.states.as_ptr().add(8 * s).cast();
            states[s] = [v128_load(state), v128_load(state.add(1))];
            ends[s] = encoder.words[s].as_mut_ptr().add(encoder.at[s]);
        }
    }
    let starts = ends;
    for row in symbols.chunks_exact(8 * streams).rev() {
        for ((row, states), end) in row.chunks_exact(8).zip(&mut states).zip(&mut ends) {
            // SAFETY: as this function's own demands; a row of a stream has eight symbols. The halves are written out because
            // a build for size unrolls no loop.
            unsafe {
                states[1] = push(states[1], row.as_ptr().add(4), entries, end);
                states[0] = push(states[0], row.as_ptr(), entries, end);
            }
        }
    }
    for s in 0..streams {
        // SAFETY: as above; both pointers are into the words of one stream.
        unsafe {
            let state: *mut v128 = encoder.states.as_mut_ptr().add(8 * s).cast();
            v128_store(state, states[s][0]);
            v128_store(state.add(1), states[s][1]);
            encoder.at[s] -= starts[s].offset_from(ends[s]) as usize;
        }
    }
}

/// Pushes four symbols to four states; returns the states.
///
/// # Safety
/// Four symbols, each an index of the entries, and room for four words below `end`.
#[inline(always)]
unsafe fn push(x: v128, symbols: *const u16, entries: *const v128, end: &mut *mut u16) -> v128 {
    // SAFETY: the caller's promises.
    let [a, b, c, d] = unsafe {
        [
            v128_load(entries.add(usize::from(*symbols))),
            v128_load(entries.add(usize::from(*symbols.add(1)))),
            v128_load(entries.add(usize::from(*symbols.add(2)))),
            v128_load(entries.add(usize::from(*symbols.add(3)))),
        ]
    };
    // Four fields of four symbols: a transposition.
    let (ab, cd) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
    let last = i64x2_shuffle::<0, 2>(ab, cd);
    let reciprocal = i64x2_shuffle::<1, 3>(ab, cd);
    let (ab, cd) = (i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d));
    let bias = i64x2_shuffle::<0, 2>(ab, cd);
    let both = i64x2_shuffle::<1, 3>(ab, cd);
    let sheds = i32x4_gt(x, last);
    let mask = i32x4_bitmask(sheds) as usize;
    // SAFETY: PACK has sixteen rows of sixteen bytes and mask < 16; the caller left room for four words.
    unsafe {
        let packed = i8x16_swizzle(x, v128_load(PACK.as_ptr().add(mask).cast()));
        v128_store64_lane::<0>(packed, end.sub(4).cast());
        *end = end.sub(mask.count_ones() as usize);
    }
    let y = v128_bitselect(u32x4_shr(x, 16), x, sheds);
    let q = i32x4_shuffle::<1, 3, 5, 7>(
        u64x2_extmul_low_u32x4(y, reciprocal),
        u64x2_extmul_high_u32x4(y, reciprocal),
    );
    let scale = u32x4_shr(both, 16);
    // The product is below 2^46; 17 bits up, the quotient is its high half.
    let q = i32x4_shuffle::<1, 3, 5, 7>(
        i64x2_shl(u64x2_extmul_low_u32x4(q, scale), 17),
        i64x2_shl(u64x2_extmul_high_u32x4(q, scale), 17),
    );
    i32x4_add(i32x4_add(y, bias), i32x4_mul(q, v128_and(both, u32x4_splat(0xffff))))
}
