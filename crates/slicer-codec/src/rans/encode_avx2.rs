//! AVX2 twin of the multi-lane encoder: eight states a vector, one sixteen-byte load per symbol.
//!
//! Bit-identical to the portable loop: same arithmetic, same word order (lanes ascending in memory).

#![allow(unsafe_code)]

use super::encode::{Encoder, SPARE, SymbolTables};
use core::arch::x86_64::*;

/// For every set of shedding lanes, a byte shuffle that moves their words to the end of the vector.
static PACK: [[u8; 16]; 256] = {
    let mut table = [[0x80; 16]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut slot) = (8, 8);
        while lane > 0 {
            lane -= 1;
            if mask >> lane & 1 == 1 {
                slot -= 1;
                table[mask][2 * slot] = 2 * lane as u8;
                table[mask][2 * slot + 1] = 2 * lane as u8 + 1;
            }
        }
        mask += 1;
    }
    table
};

/// True if this CPU can run [`run`].
pub(super) fn available() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("popcnt")
}

/// Pushes whole rows of 8 · `S` lanes, last row first.
pub(super) fn run<const S: usize>(encoder: &mut Encoder, tables: &SymbolTables, symbols: &[u16]) {
    let largest = slicer_kernels::largest_symbol(symbols);
    let rows = symbols.len() / (8 * S);
    let room = |s: usize| encoder.at[s] <= encoder.words[s].len() && encoder.at[s] >= 8 * rows + SPARE;
    assert!(usize::from(largest) < tables.symbols.len() && (0..S).all(room));
    // SAFETY: the only caller checks `available()` first; symbols lie inside the tables, and every stream has room for
    // eight words a row and `SPARE` more.
    unsafe { run_streams::<S>(encoder, tables, symbols) }
}

/// # Safety
/// The CPU must have AVX2 and POPCNT; every symbol must be an index of the tables; every stream needs room below its position for
/// eight words a row and [`SPARE`] more.
#[target_feature(enable = "avx2,popcnt")]
unsafe fn run_streams<const S: usize>(encoder: &mut Encoder, tables: &SymbolTables, symbols: &[u16]) {
    let entries: *const __m128i = tables.symbols.as_ptr().cast();
    // The low words of both halves, side by side.
    let low_words = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13));
    let low16 = _mm256_set1_epi32(0xffff);
    let mut states = [_mm256_setzero_si256(); S];
    let mut ends = [core::ptr::null_mut::<u16>(); S];
    for s in 0..S {
        // SAFETY: there are 32 states, eight for each of up to four streams; a stream's position is inside its words.
        unsafe {
            states[s] = _mm256_loadu_si256(encoder.states.as_ptr().add(8 * s).cast());
            ends[s] = encoder.words[s].as_mut_ptr().add(encoder.at[s]);
        }
    }
    let starts = ends;
    for row in symbols.chunks_exact(8 * S).rev() {
        for s in 0..S {
            let symbol = |lane: usize| usize::from(row[8 * s + lane]);
            // SAFETY: every symbol is an index of the tables, whose entries are sixteen bytes.
            let pair = |lane: usize| unsafe {
                let low = _mm_load_si128(entries.add(symbol(lane)));
                let high = _mm_load_si128(entries.add(symbol(lane + 4)));
                _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(low), high)
            };
            // Four fields of eight symbols: a transposition in each half.
            let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3));
            let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
            let last = _mm256_unpacklo_epi64(ab, cd);
            let reciprocal = _mm256_unpackhi_epi64(ab, cd);
            let (ab, cd) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
            let bias = _mm256_unpacklo_epi64(ab, cd);
            let both = _mm256_unpackhi_epi64(ab, cd);
            let x = states[s];
            // States stay below 2^31, and so do the limits: the signed compare is the unsigned one.
            let sheds = _mm256_cmpgt_epi32(x, last);
            let mask = _mm256_movemask_ps(_mm256_castsi256_ps(sheds)) as usize;
            let words = _mm256_permute4x64_epi64::<0b1100>(_mm256_shuffle_epi8(x, low_words));
            // SAFETY: PACK has 256 rows of sixteen bytes and mask < 256. At most eight words a row were shed, so eight
            // more fit below the stream's end.
            unsafe {
                let pack = _mm_loadu_si128(PACK[mask].as_ptr().cast());
                let packed = _mm_shuffle_epi8(_mm256_castsi256_si128(words), pack);
                _mm_storeu_si128(ends[s].sub(8).cast(), packed);
                ends[s] = ends[s].sub(mask.count_ones() as usize);
            }
            let y = _mm256_blendv_epi8(x, _mm256_srli_epi32::<16>(x), sheds);
            let even = _mm256_srli_epi64::<32>(_mm256_mul_epu32(y, reciprocal));
            let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(y), _mm256_srli_epi64::<32>(reciprocal));
            let even = _mm256_mul_epu32(even, _mm256_srli_epi32::<16>(both));
            let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(odd), _mm256_srli_epi64::<48>(both));
            let even = _mm256_srli_epi64::<15>(even);
            let odd = _mm256_slli_epi64::<17>(odd);
            let q = _mm256_blend_epi32::<0b1010_1010>(even, odd);
            let product = _mm256_mullo_epi32(q, _mm256_and_si256(both, low16));
            states[s] = _mm256_add_epi32(_mm256_add_epi32(y, bias), product);
        }
    }
    for s in 0..S {
        // SAFETY: as above; both pointers are into the words of one stream.
        unsafe {
            _mm256_storeu_si256(encoder.states.as_mut_ptr().add(8 * s).cast(), states[s]);
            encoder.at[s] -= starts[s].offset_from(ends[s]) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins::{Bins, Uniform};
    use crate::coding::Lanes;
    use crate::tables::{TableSource, Tables};
    use alloc::vec::Vec;

    #[test]
    fn equals_the_portable_loop() {
        if !available() {
            return;
        }
        let uniform = Uniform {
            negative: 20,
            positive: 20,
            negative_escapes: 3,
            positive_escapes: 3,
            ..Uniform::default()
        };
        let bins = Bins::uniform(uniform, Vec::new()).unwrap();
        let mut seed = 5u32;
        for (case, total) in [8, 32].into_iter().cycle().take(40).enumerate() {
            let source = TableSource::Family {
                shape: (case % 4) as u8,
                first: (case % 20) as u8,
                increment: 1,
            };
            let tables = Tables::new(source, [12, 9][case % 2], 28, &bins, false).unwrap();
            let mut prepared = SymbolTables::default();
            prepared.build(&tables);
            let symbols: Vec<u16> = (0..total * (case * 7 + 1))
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((seed >> 28) as u16 + 12) * 256 + (seed >> 8) as u16 % bins.list().len() as u16
                })
                .collect();
            let lanes = Lanes::with_total(total).unwrap();
            let (mut twin, mut portable) = (Encoder::default(), Encoder::default());
            twin.begin(lanes, symbols.len() / total);
            portable.begin(lanes, symbols.len() / total);
            if total == 32 {
                run::<4>(&mut twin, &prepared, &symbols);
                portable.portable::<4, 8>(&prepared, &symbols);
            } else {
                run::<1>(&mut twin, &prepared, &symbols);
                portable.portable::<1, 8>(&prepared, &symbols);
            }
            assert_eq!(twin.states, portable.states);
            for s in 0..lanes.streams {
                assert_eq!(twin.words[s][twin.at[s]..], portable.words[s][portable.at[s]..]);
            }
        }
    }
}
