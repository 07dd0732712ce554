//! AVX2 twin of [`super::decode::Decoder::run`]: eight states a vector, table look-ups one by one, which is faster than a gather
//! (by an eighth on Zen 3). What a state waits for is the way from one to the next, so that way is kept short.
//!
//! Bit-identical to the portable loop: same entries, same word order (lanes ascending), checked by `tests::twin`.

#![allow(unsafe_code)]

use super::decode::Decoder;
use super::{LOWER, Values};
use core::arch::x86_64::*;
use slicer_kernels::planes::Neighbours;

/// For every set of hungry lanes, a byte shuffle that gives each lane its next word, zero-extended, and the others zero; the words
/// are in both halves of the vector.
static TAKE: [[u8; 32]; 256] = {
    let mut table = [[0x80; 32]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut word) = (0, 0);
        while lane < 8 {
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

/// True if this CPU can run [`run`].
pub(super) fn available() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("popcnt")
}

/// Decodes whole rows of lanes while every stream has eight words or more left; returns how many values it decoded.
pub(super) fn run(d: &mut Decoder<'_, '_>, of: Values<'_>, out: &mut [u8]) -> usize {
    if !of.fit(out.len(), d.tables.count()) {
        return 0;
    }
    // SAFETY: the only caller checks `available()` first, and the tables of all values were looked at just now.
    unsafe {
        if d.lanes.streams == 4 {
            run_streams::<4>(d, of, out)
        } else {
            run_streams::<1>(d, of, out)
        }
    }
}

/// What every row needs.
#[derive(Clone, Copy)]
struct Constants {
    entries: *const i32,
    shift: __m128i,
    slot_mask: __m256i,
}

impl Constants {
    fn of(d: &Decoder<'_, '_>) -> Self {
        // SAFETY: SSE2 and AVX instructions without memory; the only callers checked `available()`.
        unsafe {
            Self {
                entries: d.tables.entries.as_ptr().cast(),
                shift: _mm_cvtsi32_si128(d.tables.precision as i32),
                slot_mask: _mm256_set1_epi32((1 << d.tables.precision) - 1),
            }
        }
    }

    /// The entries of eight slots.
    ///
    /// # Safety
    /// The CPU must have AVX2, and every slot must be that of an entry.
    #[inline]
    #[target_feature(enable = "avx2,popcnt")]
    unsafe fn entries(self, slots: __m256i) -> __m256i {
        // SAFETY: entries are four bytes each, and the caller says that they are there.
        let entry = |slot: u64| unsafe { *self.entries.add(slot as usize) };
        let four = |slots: __m128i| {
            let (a, b) = (_mm_cvtsi128_si64(slots) as u64, _mm_extract_epi64::<1>(slots) as u64);
            let low = _mm_insert_epi32::<1>(_mm_cvtsi32_si128(entry(a & 0xffff_ffff)), entry(a >> 32));
            let high = _mm_insert_epi32::<1>(_mm_cvtsi32_si128(entry(b & 0xffff_ffff)), entry(b >> 32));
            _mm_unpacklo_epi64(low, high)
        };
        let (low, high) = (_mm256_castsi256_si128(slots), _mm256_extracti128_si256::<1>(slots));
        _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(four(low)), four(high))
    }
}

/// States and words of `S` streams.
struct Cursor<const S: usize> {
    states: [__m256i; S],
    words: [*const u8; S],
    ends: [*const u8; S],
}

impl<const S: usize> Cursor<S> {
    /// # Safety
    /// The CPU must have AVX2.
    #[target_feature(enable = "avx2,popcnt")]
    unsafe fn open(d: &Decoder<'_, '_>) -> Self {
        let mut cursor = Self {
            states: [_mm256_setzero_si256(); S],
            words: [core::ptr::null(); S],
            ends: [core::ptr::null(); S],
        };
        for s in 0..S {
            let stream = &d.streams[s];
            // SAFETY: `states` is an array of eight u32, 32 readable bytes; a position is never beyond its words.
            unsafe {
                cursor.states[s] = _mm256_loadu_si256(stream.states.as_ptr().cast());
                cursor.words[s] = stream.words.as_ptr().add(stream.pos);
                cursor.ends[s] = stream.words.as_ptr_range().end;
            }
        }
        cursor
    }

    /// Rows that need no check: each takes at most sixteen bytes of a stream.
    fn rows(&self) -> usize {
        let mut rows = usize::MAX;
        for s in 0..S {
            // SAFETY: both pointers are into, or at the end of, the words of one stream.
            rows = rows.min(unsafe { self.ends[s].offset_from(self.words[s]) } as usize / 16);
        }
        rows
    }

    /// Eight tokens of stream `s`, those of idle lanes without meaning; `base` is where each lane's table begins.
    ///
    /// # Safety
    /// The CPU must have AVX2 and POPCNT, the stream sixteen bytes left, and every lane of `base` must be where a table begins.
    #[inline]
    #[target_feature(enable = "avx2,popcnt")]
    unsafe fn step(&mut self, s: usize, c: Constants, base: __m256i, active: __m256i) -> __m256i {
        let low12 = _mm256_set1_epi32(0xfff);
        let x = self.states[s];
        // SAFETY: the tables have all their slots.
        let e = unsafe { c.entries(_mm256_add_epi32(_mm256_and_si256(x, c.slot_mask), base)) };
        // The entry has the frequency less one.
        let quotient = _mm256_srl_epi32(x, c.shift);
        let bias = _mm256_add_epi32(quotient, _mm256_and_si256(_mm256_srli_epi32::<12>(e), low12));
        let y = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_and_si256(e, low12), quotient), bias);
        // States stay below 2^31, so the signed compare is the unsigned one.
        let hungry = _mm256_and_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(LOWER as i32), y), active);
        let mask = _mm256_movemask_ps(_mm256_castsi256_ps(hungry)) as usize;
        // SAFETY: the caller left sixteen readable bytes; TAKE has 256 rows of 32 and mask < 256.
        let next = unsafe {
            let words = _mm256_broadcastsi128_si256(_mm_loadu_si128(self.words[s].cast()));
            self.words[s] = self.words[s].add(2 * mask.count_ones() as usize);
            _mm256_shuffle_epi8(words, _mm256_loadu_si256(TAKE[mask].as_ptr().cast()))
        };
        let shifted = _mm256_sllv_epi32(y, _mm256_and_si256(hungry, _mm256_set1_epi32(16)));
        self.states[s] = _mm256_blendv_epi8(x, _mm256_or_si256(shifted, next), active);
        _mm256_srli_epi32::<24>(e)
    }

    /// # Safety
    /// The CPU must have AVX2; this must be the cursor of the same decoder.
    #[target_feature(enable = "avx2,popcnt")]
    unsafe fn close(&self, d: &mut Decoder<'_, '_>) {
        for s in 0..S {
            let stream = &mut d.streams[s];
            // SAFETY: `states` is an array of eight u32, 32 writable bytes; both pointers are into one stream's words.
            unsafe {
                _mm256_storeu_si256(stream.states.as_mut_ptr().cast(), self.states[s]);
                stream.pos = self.words[s].offset_from(stream.words.as_ptr()) as usize;
            }
        }
    }
}

/// Four times eight tokens as bytes in order.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn bytes(tokens: [__m256i; 4]) -> __m256i {
    let ab = _mm256_packus_epi32(tokens[0], tokens[1]);
    let cd = _mm256_packus_epi32(tokens[2], tokens[3]);
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order)
}

/// # Safety
/// The CPU must have AVX2 and POPCNT; `of` must fit `out` and the tables.
#[target_feature(enable = "avx2,popcnt")]
unsafe fn run_streams<const S: usize>(d: &mut Decoder<'_, '_>, of: Values<'_>, out: &mut [u8]) -> usize {
    let total = 8 * S;
    let constants = Constants::of(d);
    // SAFETY: the CPU has AVX2.
    let mut cursor = unsafe { Cursor::<S>::open(d) };
    let active = _mm256_set1_epi32(-1);
    let mut done = 0;
    let mut base = _mm256_set1_epi32((of.one << d.tables.precision) as i32);
    loop {
        let rows = cursor.rows().min((out.len() - done) / total);
        if rows == 0 {
            break;
        }
        for _ in 0..rows {
            let mut tokens = [_mm256_setzero_si256(); 4];
            for (s, tokens) in tokens.iter_mut().enumerate().take(S) {
                if !of.each.is_empty() {
                    // SAFETY: of.each.len() ≥ out.len() ≥ done + total, so eight bytes are readable at done + 8 s.
                    let tables = unsafe { _mm_loadl_epi64(of.each.as_ptr().add(done + 8 * s).cast()) };
                    base = _mm256_sll_epi32(_mm256_cvtepu8_epi32(tables), constants.shift);
                }
                // SAFETY: the CPU has AVX2 and POPCNT, `rows` left sixteen bytes per row, and all tables are there.
                *tokens = unsafe { cursor.step(s, constants, base, active) };
            }
            if S == 4 {
                // SAFETY: the loop condition left 32 writable bytes at `done`.
                unsafe { _mm256_storeu_si256(out.as_mut_ptr().add(done).cast(), bytes(tokens)) };
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
    // SAFETY: the cursor of this decoder.
    unsafe { cursor.close(d) };
    done
}

/// Decodes planes side by side in all lanes, the first `active` of them busy, while every stream has eight words or more left;
/// returns how many positions it decoded. `out` has a row of tokens for every position.
pub(super) fn planes(
    d: &mut Decoder<'_, '_>,
    neighbours: Neighbours<'_>,
    classes: &[u8; 32],
    active: usize,
    out: &mut [u8],
) -> usize {
    let first = d.tables.count().saturating_sub(neighbours.thresholds.len());
    if !Values::each(classes).fit(classes.len(), first) {
        return 0;
    }
    // SAFETY: the only caller checks `available()` first, and every class has a table for each context.
    unsafe {
        if d.lanes.streams == 4 {
            run_planes::<4>(d, neighbours, classes, active, out)
        } else {
            run_planes::<1>(d, neighbours, classes, active, out)
        }
    }
}

/// # Safety
/// The CPU must have AVX2 and POPCNT; every class must have a table for each context.
#[target_feature(enable = "avx2,popcnt")]
unsafe fn run_planes<const S: usize>(
    d: &mut Decoder<'_, '_>,
    neighbours: Neighbours<'_>,
    classes: &[u8; 32],
    active: usize,
    out: &mut [u8],
) -> usize {
    let total = 8 * S;
    let constants = Constants::of(d);
    // SAFETY: the CPU has AVX2.
    let mut cursor = unsafe { Cursor::<S>::open(d) };
    let (zero, most) = (
        _mm256_set1_epi8(neighbours.zero as i8),
        _mm256_set1_epi8(neighbours.most as i8),
    );
    let none = _mm256_setzero_si256();
    let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    let (mut class, mut busy) = ([none; S], [none; S]);
    for s in 0..S {
        // SAFETY: eight of 32 bytes.
        let tables = unsafe { _mm_loadl_epi64(classes.as_ptr().add(8 * s).cast()) };
        class[s] = _mm256_sll_epi32(_mm256_cvtepu8_epi32(tables), constants.shift);
        busy[s] = _mm256_cmpgt_epi32(_mm256_set1_epi32(active as i32 - 8 * s as i32), lanes);
    }
    let rank = |tokens: __m256i| {
        let distance = _mm256_or_si256(_mm256_subs_epu8(tokens, zero), _mm256_subs_epu8(zero, tokens));
        _mm256_min_epu8(distance, most)
    };
    let (mut done, mut column, mut left) = (0, 0, none);
    let positions = out.len() / total;
    loop {
        let rows = cursor.rows().min(positions - done);
        if rows == 0 {
            break;
        }
        for _ in 0..rows {
            let mut sum = if column > 0 { left } else { none };
            if done >= neighbours.width {
                // SAFETY: a whole row that was decoded before.
                let up = unsafe {
                    let row = out.as_ptr().add(total * (done - neighbours.width));
                    match S {
                        4 => _mm256_loadu_si256(row.cast()),
                        _ => _mm256_castsi128_si256(_mm_loadl_epi64(row.cast())),
                    }
                };
                sum = _mm256_add_epi8(sum, rank(up));
            }
            let mut context = none;
            for &t in neighbours.thresholds {
                let reached = _mm256_cmpeq_epi8(_mm256_max_epu8(sum, _mm256_set1_epi8(t as i8)), sum);
                context = _mm256_sub_epi8(context, reached);
            }
            let (low, high) = (_mm256_castsi256_si128(context), _mm256_extracti128_si256::<1>(context));
            let contexts = [low, _mm_srli_si128::<8>(low), high, _mm_srli_si128::<8>(high)];
            let mut tokens = [none; 4];
            for s in 0..S {
                let context = _mm256_sll_epi32(_mm256_cvtepu8_epi32(contexts[s]), constants.shift);
                let base = _mm256_add_epi32(class[s], context);
                // SAFETY: the CPU has AVX2 and POPCNT, `rows` left sixteen bytes per row, and a context is a number of thresholds.
                tokens[s] = unsafe { cursor.step(s, constants, base, busy[s]) };
            }
            let tokens = bytes(tokens);
            left = rank(tokens);
            // SAFETY: done < positions, so there are as many writable bytes as lanes.
            unsafe {
                let row = out.as_mut_ptr().add(total * done);
                match S {
                    4 => _mm256_storeu_si256(row.cast(), tokens),
                    _ => _mm_storel_epi64(row.cast(), _mm256_castsi256_si128(tokens)),
                }
            };
            done += 1;
            column = if column + 1 == neighbours.width { 0 } else { column + 1 };
        }
    }
    // SAFETY: the cursor of this decoder.
    unsafe { cursor.close(d) };
    done
}
