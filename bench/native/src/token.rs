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

/// Int8 levels under the largest magnitude, and back.
fn absmax(values: &[f32], levels: &mut [i8], back: &mut [f32]) {
    let peak = values.iter().fold(0f32, |m, v| m.max(v.abs()));
    let inverse = 127.0 / peak;
    for (k, v) in levels.iter_mut().zip(values) {
        *k = (v * inverse).round_ties_even() as i8;
    }
    let step = peak / 127.0;
    for (v, &k) in back.iter_mut().zip(levels.iter()) {
        *v = f32::from(k) * step;
    }
    std::hint::black_box(back);
}
