//! AVX2 twin of [`super::decode::Decoder::run`]: eight states a vector, table look-ups by gather.
//!
//! Bit-identical to the portable loop: same entries, same word order (lanes ascending), checked by `tests::twin`.

#![allow(unsafe_code)]

use super::LOWER;
use super::decode::{Bases, Decoder};
use core::arch::x86_64::*;

/// For every set of hungry lanes, a byte shuffle that gives each lane its next word.
static TAKE: [[u8; 16]; 256] = {
    let mut table = [[0x80; 16]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut word) = (0, 0);
        while lane < 8 {
            if mask >> lane & 1 == 1 {
                table[mask][2 * lane] = 2 * word;
                table[mask][2 * lane + 1] = 2 * word + 1;
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
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("popcnt")
}

/// Decodes whole rows of lanes while every stream has eight words or more left; returns how many values it decoded.
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
/// The CPU must have AVX2 and POPCNT.
#[target_feature(enable = "avx2,popcnt")]
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
    let mut words = [core::ptr::null::<u8>(); S];
    let mut ends = words;
    for s in 0..S {
        let stream = &d.streams[s];
        // SAFETY: `states` is an array of eight u32, 32 readable bytes; a position is never beyond its words.
        unsafe {
            states[s] = _mm256_loadu_si256(stream.states.as_ptr().cast());
            words[s] = stream.words.as_ptr().add(stream.pos);
            ends[s] = stream.words.as_ptr_range().end;
        }
    }
    let mut done = 0;
    let mut base = match bases {
        Bases::One(b) => _mm256_set1_epi32(b as i32),
        Bases::Each(_) => _mm256_setzero_si256(),
    };
    loop {
        // A row takes at most sixteen bytes of a stream: so many rows need no check.
        let mut rows = (out.len() - done) / total;
        for s in 0..S {
            // SAFETY: both pointers are into, or at the end of, the words of one stream.
            rows = rows.min(unsafe { ends[s].offset_from(words[s]) } as usize / 16);
        }
        if rows == 0 {
            break;
        }
        for _ in 0..rows {
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
                // SAFETY: `rows` left sixteen readable bytes per row; TAKE has 256 rows of sixteen and mask < 256.
                let next = unsafe {
                    let take = _mm_loadu_si128(TAKE[mask].as_ptr().cast());
                    let next = _mm_shuffle_epi8(_mm_loadu_si128(words[s].cast()), take);
                    words[s] = words[s].add(2 * mask.count_ones() as usize);
                    _mm256_cvtepu16_epi32(next)
                };
                let refilled = _mm256_or_si256(_mm256_slli_epi32::<16>(x), next);
                states[s] = _mm256_blendv_epi8(x, refilled, hungry);
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
    }
    for s in 0..S {
        let stream = &mut d.streams[s];
        // SAFETY: `states` is an array of eight u32, 32 writable bytes; both pointers are into one stream's words.
        unsafe {
            _mm256_storeu_si256(stream.states.as_mut_ptr().cast(), states[s]);
            stream.pos = words[s].offset_from(stream.words.as_ptr()) as usize;
        }
    }
    done
}
