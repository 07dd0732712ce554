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
pub(super) fn run(encoder: &mut Encoder, tables: &SymbolTables, symbols: &[u16], streams: usize) {
    let rows = symbols.len() / (8 * streams);
    let largest = symbols.iter().fold(0, |m, &s| if s > m { s } else { m });
    let room = |s: usize| encoder.at[s] <= encoder.words[s].len() && encoder.at[s] >= 8 * rows + SPARE;
    assert!(usize::from(largest) < tables.symbols.len() && streams <= 4 && (0..streams).all(room));
    // SAFETY: symbols lie inside the tables, and every stream has room for eight words a row and `SPARE` more.
    unsafe { run_streams(encoder, tables, symbols, streams) }
}

/// # Safety
/// Every symbol must be an index of the tables; each of at most four streams needs room below its position for eight
/// words a row and [`SPARE`] more.
unsafe fn run_streams(encoder: &mut Encoder, tables: &SymbolTables, symbols: &[u16], streams: usize) {
    let entries: *const v128 = tables.symbols.as_ptr().cast();
    let low16: v128 = u32x4_splat(0xffff);
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
        for ((row, halves), at) in row.chunks_exact(8).zip(&mut states).zip(&mut ends) {
            for h in [1, 0] {
                // SAFETY: every symbol is an index of the tables, whose entries are sixteen bytes.
                let entry = |lane: usize| unsafe { v128_load(entries.add(usize::from(row[4 * h + lane]))) };
                // Four fields of four symbols: a transposition.
                let (a, b, c, d) = (entry(0), entry(1), entry(2), entry(3));
                let (ab, cd) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
                let last = i64x2_shuffle::<0, 2>(ab, cd);
                let reciprocal = i64x2_shuffle::<1, 3>(ab, cd);
                let (ab, cd) = (i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d));
                let bias = i64x2_shuffle::<0, 2>(ab, cd);
                let both = i64x2_shuffle::<1, 3>(ab, cd);
                let x = halves[h];
                let sheds = i32x4_gt(x, last);
                let mask = i32x4_bitmask(sheds) as usize;
                // SAFETY: PACK has sixteen rows of sixteen bytes and mask < 16. At most four words per half row were shed, so
                // four more fit below.
                unsafe {
                    let packed = i8x16_swizzle(x, v128_load(PACK[mask].as_ptr().cast()));
                    v128_store64_lane::<0>(packed, at.sub(4).cast());
                    *at = at.sub(mask.count_ones() as usize);
                }
                let y = v128_bitselect(u32x4_shr(x, 16), x, sheds);
                let high = |low: v128, high: v128| i32x4_shuffle::<1, 3, 5, 7>(low, high);
                let q = high(
                    u64x2_extmul_low_u32x4(y, reciprocal),
                    u64x2_extmul_high_u32x4(y, reciprocal),
                );
                let scale = u32x4_shr(both, 16);
                // The product is below 2^46; 17 bits up, the quotient is its high half.
                let q = high(
                    i64x2_shl(u64x2_extmul_low_u32x4(q, scale), 17),
                    i64x2_shl(u64x2_extmul_high_u32x4(q, scale), 17),
                );
                halves[h] = i32x4_add(i32x4_add(y, bias), i32x4_mul(q, v128_and(both, low16)));
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
