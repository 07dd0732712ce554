//! A token at a time: a row of hidden states as a bare body, beside int8 with one scale.

use crate::clock::time;
use slicer_codec::{DType, Limits, StreamDecoder, StreamEncoder, StreamOptions};

/// Values of a token.
pub const VALUES: usize = 576;
/// Tokens that are timed together: the clock is no finer.
const TOKENS: u64 = 200;

/// Nanoseconds that one token takes.
pub struct Times {
    pub bytes: usize,
    pub encode: u64,
    pub decode: u64,
    pub int8: u64,
}

/// Encodes and decodes one token many times.
pub fn round() -> Times {
    let mut state = 1u32;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let values: Vec<f32> = (0..VALUES)
        .map(|_| 1.7 * (uniform() + uniform() + uniform() + uniform()))
        .collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let options = StreamOptions::new(DType::F32, &[1, VALUES as u32], 0.35);
    let mut encoder = StreamEncoder::new(&options, None).expect("sound options");
    let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).expect("a sound setup");
    let (mut body, mut out) = (Vec::new(), Vec::new());
    let mut encoded = || encoder.encode(&bytes, &mut body).map(|_| ());
    let (_, encode) = time(|| (0..TOKENS).all(|_| encoded().is_ok()));
    let mut decoded = || decoder.decode_into(&body, Limits::default(), &mut out);
    let (_, decode) = time(|| (0..TOKENS).all(|_| decoded().is_ok()));
    let (mut levels, mut back) = (vec![0i8; VALUES], vec![0f32; VALUES]);
    let (_, int8) = time(|| {
        for _ in 0..TOKENS {
            absmax(std::hint::black_box(&values), &mut levels, &mut back);
        }
    });
    Times {
        bytes: body.len(),
        encode: encode / TOKENS,
        decode: decode / TOKENS,
        int8: int8 / TOKENS,
    }
}

/// Int8 levels under the largest magnitude, and back; with AVX2 where there is one, so that the baseline is at its best.
fn absmax(values: &[f32], levels: &mut [i8], back: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if crate::peers::quantise::has_avx2() {
        // SAFETY: the processor has AVX2, which is all the function asks for.
        return unsafe { absmax_avx2(values, levels, back) };
    }
    absmax_loop(values, levels, back);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn absmax_avx2(values: &[f32], levels: &mut [i8], back: &mut [f32]) {
    absmax_loop(values, levels, back);
}

/// Adding 1.5 · 2^23 leaves the nearest integer in the low bits of the mantissa.
#[inline(always)]
fn absmax_loop(values: &[f32], levels: &mut [i8], back: &mut [f32]) {
    const MAGIC: f32 = 12_582_912.0;
    // Of magnitudes, the largest float has the largest bits.
    let peak = values.iter().fold(0, |m, v| m.max(v.to_bits() & 0x7fff_ffff));
    let peak = f32::from_bits(peak);
    let inverse = 127.0 / peak;
    for (k, v) in levels.iter_mut().zip(values) {
        *k = (v * inverse + MAGIC).to_bits() as i8;
    }
    let step = peak / 127.0;
    for (v, &k) in back.iter_mut().zip(std::hint::black_box(&*levels)) {
        *v = f32::from(k) * step;
    }
    std::hint::black_box(back);
}
