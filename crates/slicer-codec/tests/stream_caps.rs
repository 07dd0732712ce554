//! Streams at their edges: byte caps far below the step's cost, levels beyond the trellis, resets that are taken back.
#![cfg(feature = "encode")]

use slicer_codec::{DType, ErrorCode, Limits, StreamDecoder, StreamEncoder, StreamOptions};

/// Rows of a fixed generator, −1 … 1.
fn noise(seed: u32, n: usize) -> Vec<f32> {
    let mut s = seed;
    let next = |_| {
        s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        s as i32 as f32 / 2_147_483_648.0
    };
    (0..n).map(next).collect()
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn open(options: &StreamOptions<'_>) -> (StreamEncoder, StreamDecoder) {
    let encoder = StreamEncoder::new(options, None).unwrap();
    let decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
    (encoder, decoder)
}

#[test]
fn a_cap_ends_in_a_body_or_an_error() {
    for (step, trellis) in [(1e-6, false), (1e-5, false), (1e-5, true), (1e-3, false), (0.1, true)] {
        let mut options = StreamOptions::new(DType::F32, &[4, 64], step);
        options.trellis = trellis;
        for (seed, cap) in (4..240).step_by(3).enumerate() {
            let (mut encoder, mut decoder) = open(&options);
            let (values, mut body, mut out) = (noise(seed as u32, 64), Vec::new(), Vec::new());
            if encoder.encode_within(&bytes(&values), Some(cap), &mut body).is_ok() {
                assert!(body.len() <= cap);
                // Never finer than the stream's own step.
                assert!(body[0] & 2 == 0 || body[2] as i8 > 0, "{step} {cap}");
                decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
            }
        }
    }
}

#[test]
fn values_beyond_the_trellis_are_kept_as_they_are() {
    let mut options = StreamOptions::new(DType::F32, &[1, 3], 1e-6);
    options.trellis = true;
    let (mut encoder, mut decoder) = open(&options);
    let (values, mut body, mut out) = (bytes(&[1e4, 1.0, -2e10]), Vec::new(), Vec::new());
    encoder.encode(&values, &mut body).unwrap();
    decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
    assert_eq!(out, values);
}

#[test]
fn a_restored_state_takes_a_reset_back() {
    let mut options = StreamOptions::new(DType::F32, &[1, 64], 0.1);
    options.adaptive = true;
    let (mut encoder, mut decoder) = open(&options);
    let (mut body, mut out) = (Vec::new(), Vec::new());
    for seed in 0..20 {
        let row: Vec<f32> = noise(seed, 64)
            .iter()
            .enumerate()
            .map(|(i, v)| v * (1 << (i % 7)) as f32)
            .collect();
        if seed == 12 {
            let state = encoder.state().clone();
            encoder.reset();
            encoder.restore(&state).unwrap();
        }
        encoder.encode(&bytes(&row), &mut body).unwrap();
        decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
        assert_eq!(encoder.state(), decoder.state());
    }
}

/// A step of 3e35 has no fifteen octaves above it: a cap out of reach must be called that, whatever the values are.
#[test]
fn a_cap_out_of_reach_is_an_error_for_the_largest_values_too() {
    let options = StreamOptions::new(DType::F32, &[1, 12], 3.4e35);
    let (mut encoder, _) = open(&options);
    let values: Vec<f32> = (0..12).map(|i| [3.4e38, -3.4e38, 1.0][i % 3]).collect();
    let mut body = Vec::new();
    let error = encoder.encode_within(&bytes(&values), Some(1), &mut body).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BudgetUnreachable);
}

#[test]
fn a_quiet_row_after_a_loud_one_finds_its_class() {
    let options = StreamOptions::new(DType::F32, &[1, 576], 0.5);
    let quiet: Vec<f32> = noise(7, 576)
        .iter()
        .map(|v| if v.abs() > 0.99 { *v } else { 0.0 })
        .collect();
    let (mut fresh, mut after) = (open(&options).0, open(&options).0);
    let (mut expected, mut body) = (Vec::new(), Vec::new());
    fresh.encode(&bytes(&quiet), &mut expected).unwrap();
    for scale in [1.0, 30.0, 1000.0, 1e5] {
        let loud: Vec<f32> = noise(3, 576).iter().map(|v| v * scale).collect();
        after.encode(&bytes(&loud), &mut body).unwrap();
        after.encode(&bytes(&quiet), &mut body).unwrap();
        assert_eq!(body.len(), expected.len(), "after a row {scale} times as loud");
    }
}
