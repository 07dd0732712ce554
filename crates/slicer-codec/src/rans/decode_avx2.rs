//! AVX2 twin of [`super::decode::Decoder::run`]: eight states a vector, table look-ups by gather.
//!
//! Bit-identical to the portable loop: same entries, same word order (lanes ascending), checked by `tests::twin`.

#![allow(unsafe_code)]

use super::LOWER;
use super::decode::{Bases, Decoder};
use core::arch::x86_64::*;

/// For every set of hungry lanes, which of the next words each lane takes.
static TAKE: [[u32; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut word) = (0, 0);
        while lane < 8 {
            if mask >> lane & 1 == 1 {
                table[mask][lane] = word;
                word += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
};

/// True if this CPU can run [`run`].
pub(super) fn available() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// Decodes whole rows of lanes while every stream has at least eight words left; returns how many values it decoded.
pub(super) fn run(d: &mut Decoder<'_, '_>, bases: Bases<'_>, out: &mut [u8]) -> usize {
    // SAFETY: the only caller checks `available()` first, which is all `target_feature` asks for.
    unsafe {
        if d.lanes.streams == 4 {
            run_streams::<4>(d, bases, out)
        } else {
            run_streams::<1>(d, bases, out)
        }
    }
}

/// # Safety
/// The CPU must have AVX2.
#[target_feature(enable = "avx2")]
unsafe fn run_streams<const S: usize>(d: &mut Decoder<'_, '_>, bases: Bases<'_>, out: &mut [u8]) -> usize {
    let total = 8 * S;
    let entries = &d.tables.entries;
    if entries.is_empty() || entries.len() > i32::MAX as usize || matches!(bases, Bases::Each(b) if b.len() < out.len())
    {
        return 0;
    }
    let shift = _mm_cvtsi32_si128(d.tables.precision as i32);
    let slot_mask = _mm256_set1_epi32((1 << d.tables.precision) - 1);
    let last = _mm256_set1_epi32(entries.len() as i32 - 1);
    let low12 = _mm256_set1_epi32(0xfff);
    let one = _mm256_set1_epi32(1);
    let lower = _mm256_set1_epi32(LOWER as i32);
    let mut states = [_mm256_setzero_si256(); S];
    let mut pos = [0usize; S];
    for s in 0..S {
        // SAFETY: `states` is an array of eight u32, 32 readable bytes.
        states[s] = unsafe { _mm256_loadu_si256(d.streams[s].states.as_ptr().cast()) };
        pos[s] = d.streams[s].pos;
    }
    let mut done = 0;
    let mut base = match bases {
        Bases::One(b) => _mm256_set1_epi32(b as i32),
        Bases::Each(_) => _mm256_setzero_si256(),
    };
    while done + total <= out.len() && (0..S).all(|s| pos[s] + 16 <= d.streams[s].words.len()) {
        let mut tokens = [_mm256_setzero_si256(); S];
        for s in 0..S {
            if let Bases::Each(all) = bases {
                // SAFETY: all.len() ≥ out.len() ≥ done + total, so eight u32 are readable at done + 8 s.
                base = unsafe { _mm256_loadu_si256(all.as_ptr().add(done + 8 * s).cast()) };
            }
            let x = states[s];
            let index = _mm256_min_epu32(_mm256_add_epi32(_mm256_and_si256(x, slot_mask), base), last);
            // SAFETY: every index was clamped to entries.len() − 1, entries are four bytes each.
            let e = unsafe { _mm256_i32gather_epi32::<4>(entries.as_ptr().cast(), index) };
            let frequency = _mm256_add_epi32(_mm256_and_si256(e, low12), one);
            let bias = _mm256_and_si256(_mm256_srli_epi32::<12>(e), low12);
            tokens[s] = _mm256_srli_epi32::<24>(e);
            let x = _mm256_add_epi32(_mm256_mullo_epi32(frequency, _mm256_srl_epi32(x, shift)), bias);
            // States stay below 2^31, so the signed compare is the unsigned one.
            let hungry = _mm256_cmpgt_epi32(lower, x);
            let mask = _mm256_movemask_ps(_mm256_castsi256_ps(hungry)) as usize;
            // SAFETY: the loop condition left 16 readable bytes at pos[s]; TAKE has 256 rows of eight and mask < 256.
            let (words, take) = unsafe {
                (
                    _mm_loadu_si128(d.streams[s].words.as_ptr().add(pos[s]).cast()),
                    _mm256_loadu_si256(TAKE[mask].as_ptr().cast()),
                )
            };
            let words = _mm256_permutevar8x32_epi32(_mm256_cvtepu16_epi32(words), take);
            let refilled = _mm256_or_si256(_mm256_slli_epi32::<16>(x), words);
            states[s] = _mm256_blendv_epi8(x, refilled, hungry);
            pos[s] += 2 * mask.count_ones() as usize;
        }
        if S == 4 {
            let ab = _mm256_packus_epi32(tokens[0], tokens[1]);
            let cd = _mm256_packus_epi32(tokens[2], tokens[3]);
            let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
            let bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order);
            // SAFETY: the loop condition left 32 writable bytes at `done`.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().add(done).cast(), bytes) };
        } else {
            let mut row = [0u32; 8];
            // SAFETY: `row` has eight u32, 32 writable bytes.
            unsafe { _mm256_storeu_si256(row.as_mut_ptr().cast(), tokens[0]) };
            for (o, &t) in out[done..done + 8].iter_mut().zip(&row) {
                *o = t as u8;
            }
        }
        done += total;
    }
    for s in 0..S {
        // SAFETY: `states` is an array of eight u32, 32 writable bytes.
        unsafe { _mm256_storeu_si256(d.streams[s].states.as_mut_ptr().cast(), states[s]) };
        d.streams[s].pos = pos[s];
    }
    done
}
