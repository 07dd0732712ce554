//! The laws of `conformance/suite` that the other tests leave out, on the native build: what is promised is measured here on
//! what was decoded, and not taken from the encoder's report.

use crate::tensors::{dtypes, shapes, tensor, values};
use proptest::prelude::*;
use slicer_codec::*;

/// Room between these sums and the core's.
const SLACK: f64 = 1.0 + 1e-9;
/// Caps for bytes that nobody vouches for.
const LIMITS: Limits = Limits {
    max_bytes: 1 << 24,
    max_work: 1 << 24,
};

fn efforts() -> impl Strategy<Value = Effort> {
    prop_oneof![Just(Effort::Fast), Just(Effort::Default), Just(Effort::Dense)]
}

fn granularities() -> impl Strategy<Value = Granularity> {
    prop_oneof![
        Just(Granularity::Tensor),
        Just(Granularity::Row),
        Just(Granularity::Channel)
    ]
}

/// Every way to ask, in steps that suit the values drawn.
fn budgets() -> impl Strategy<Value = Budget> {
    prop_oneof![
        prop_oneof![Just(0.3), Just(0.1), Just(0.0316), Just(0.001)].prop_map(Budget::Nrmse),
        prop_oneof![Just(0.5), Just(0.01), Just(1e-4)].prop_map(Budget::MaxError),
        (1u32..40).prop_map(|n| Budget::BitsPerValue(f64::from(n) / 4.0)),
        (30u64..3000).prop_map(Budget::Bytes),
        Just(Budget::Lossless),
        (0.02f64..0.4).prop_map(|distortion| Budget::Method {
            keep: None,
            asymmetry: None,
            blocks: None,
            distortion
        }),
    ]
}

/// A finite tensor of any type and shape: type, dims, bytes.
fn tensors() -> impl Strategy<Value = (DType, Vec<u32>, Vec<u8>)> {
    (dtypes(), shapes(), any::<u64>(), any::<u8>()).prop_map(|(dtype, dims, seed, kind)| {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(dtype, n, seed, kind);
        (dtype, dims, bytes)
    })
}

/// The frame, or nothing where a cap is out of reach; every other error fails.
fn attempt(dtype: DType, dims: &[u32], bytes: &[u8], options: &EncodeOptions) -> Option<(Vec<u8>, Report)> {
    match encode(&TensorRef::new(dtype, dims, bytes).unwrap(), options) {
        Ok(made) => Some(made),
        Err(e) if e.code() == ErrorCode::BudgetUnreachable => None,
        Err(e) => panic!("{e}"),
    }
}

/// √(Σe²/Σx²) of the whole and of the worst group, and the largest error. A group without energy must come back exactly.
struct Found {
    nrmse: f64,
    worst: f64,
    max: f64,
}

fn measure(before: &[f64], after: &[f64], groups: usize, group: impl Fn(usize) -> usize) -> Found {
    // Divided by the largest value, so that squares of the largest floats stay finite.
    let unit = before.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let unit = if unit > 0.0 { unit } else { 1.0 };
    let mut sums = vec![(0.0f64, 0.0f64); groups.max(1)];
    let mut max = 0.0f64;
    for (i, (x, y)) in before.iter().zip(after).enumerate() {
        max = max.max((x - y).abs());
        let sum = &mut sums[group(i)];
        sum.0 += ((x - y) / unit).powi(2);
        sum.1 += (x / unit).powi(2);
    }
    let nrmse = |(error, energy): (f64, f64)| match (error, energy) {
        (0.0, _) => 0.0,
        (_, 0.0) => f64::INFINITY,
        (error, energy) => (error / energy).sqrt(),
    };
    let total = sums.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    Found {
        nrmse: nrmse(total),
        worst: sums.iter().copied().map(nrmse).fold(0.0, f64::max),
        max,
    }
}

/// Measures a frame by the groups of a granularity, in the default layouts: rows, or planes where the rank is 4 or more.
fn found(dtype: DType, dims: &[u32], bytes: &[u8], made: &(Vec<u8>, Report), granularity: Granularity) -> Found {
    let back = decode(&made.0, Limits::default()).unwrap();
    assert_eq!((back.dtype, back.dims.as_slice()), (dtype, dims));
    let (before, after) = (values(dtype, bytes), values(dtype, &back.bytes));
    assert_eq!(before.len(), after.len());
    let [rows, channels, height, width] = made.1.view.map(|n| n as usize);
    let plane = (height * width).max(1);
    match granularity {
        Granularity::Tensor => measure(&before, &after, 1, |_| 0),
        Granularity::Row => measure(&before, &after, rows, |i| i / (channels * plane)),
        Granularity::Channel => measure(&before, &after, channels, |i| i / plane % channels),
    }
}

/// What a decoder may answer to anything: a whole tensor, or an error that points into the input.
fn survive(bytes: &[u8]) -> bool {
    match decode(bytes, LIMITS) {
        Ok(tensor) => {
            let n: u64 = tensor.dims.as_slice().iter().map(|&d| u64::from(d)).product();
            assert_eq!(tensor.bytes.len() as u64, n * tensor.dtype.size() as u64);
            true
        }
        Err(e) => {
            assert!(e.offset() <= bytes.len() as u64, "{e} in {} bytes", bytes.len());
            false
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn error_budgets_are_kept_as_measured(
        (dtype, dims, bytes) in tensors(), limit in 0.0005f64..0.7, largest: bool, effort in efforts(), granularity in granularities(),
    ) {
        let budget = if largest { Budget::MaxError(limit) } else { Budget::Nrmse(limit) };
        let options = EncodeOptions { effort, granularity, ..EncodeOptions::new(budget) };
        let made = attempt(dtype, &dims, &bytes, &options).expect("an error budget is always within reach");
        let found = found(dtype, &dims, &bytes, &made, granularity);
        let got = if largest { found.max } else { found.worst };
        prop_assert!(got <= limit * SLACK, "{got} for {limit}");
    }

    #[test]
    fn the_report_tells_what_decoding_gives((dtype, dims, bytes) in tensors(), budget in budgets(), effort in efforts()) {
        let options = EncodeOptions { effort, ..EncodeOptions::new(budget) };
        let Some(made) = attempt(dtype, &dims, &bytes, &options) else { return Ok(()) };
        let found = found(dtype, &dims, &bytes, &made, Granularity::Tensor);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.max(b) + 1e-12;
        let report = made.1;
        prop_assert!(near(report.nrmse, found.nrmse) || found.nrmse == f64::INFINITY, "{} {}", report.nrmse, found.nrmse);
        prop_assert!(near(report.max_error, found.max), "{} {}", report.max_error, found.max);
        prop_assert_eq!((report.bytes, report.raw_bytes), (made.0.len() as u64, bytes.len() as u64));
    }

    #[test]
    fn caps_of_bytes_are_kept((dtype, dims, bytes) in tensors(), cap in 1u64..3000, effort in efforts()) {
        let options = EncodeOptions { effort, ..EncodeOptions::new(Budget::Bytes(cap)) };
        if let Some((frame, _)) = attempt(dtype, &dims, &bytes, &options) {
            prop_assert!(frame.len() as u64 <= cap);
        }
    }

    #[test]
    fn raw_and_lossless_keep_every_bit(dtype in dtypes(), raw in prop::collection::vec(any::<u8>(), 0..2000), stored: bool, effort in efforts()) {
        let n = raw.len() / dtype.size();
        let bytes = &raw[..n * dtype.size()];
        let mode = if stored { Mode::Raw } else { Mode::Lossless };
        let options = EncodeOptions { mode, effort, ..EncodeOptions::new(Budget::Lossless) };
        let (frame, report) = attempt(dtype, &[n as u32], bytes, &options).unwrap();
        prop_assert_eq!(decode(&frame, Limits::default()).unwrap().bytes, bytes);
        prop_assert_eq!((report.nrmse, report.max_error), (0.0, 0.0));
    }

    #[test]
    fn every_effort_decodes_alike_in_a_used_decoder((dtype, dims, bytes) in tensors(), budget in budgets(), order in Just([Effort::Fast, Effort::Default, Effort::Dense]).prop_shuffle()) {
        let (mut decoder, mut encoder) = (Decoder::new(), Encoder::new());
        let (mut frame, mut out) = (Vec::new(), Vec::new());
        let source = TensorRef::new(dtype, &dims, &bytes).unwrap();
        for effort in order {
            let options = EncodeOptions { effort, ..EncodeOptions::new(budget) };
            let Some((fresh, _)) = attempt(dtype, &dims, &bytes, &options) else { continue };
            encoder.encode(&source, &options, &mut frame).unwrap();
            prop_assert_eq!(&frame, &fresh, "a used encoder differs");
            decoder.decode_into(&frame, Limits::default(), &mut out).unwrap();
            prop_assert_eq!(&out, &decode(&fresh, Limits::default()).unwrap().bytes, "a used decoder differs");
            let exact = EncodeOptions { effort, ..EncodeOptions::new(Budget::Lossless) };
            encoder.encode(&source, &exact, &mut frame).unwrap();
            decoder.decode_into(&frame, Limits::default(), &mut out).unwrap();
            prop_assert_eq!(&out, &bytes);
        }
    }

    #[test]
    fn what_was_decoded_encodes_to_itself(dims in shapes(), seed: u64, kind: u8, share in prop_oneof![Just(1.0f32), Just(0.3), Just(0.01)], fast: bool) {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(DType::F32, n, seed, kind);
        let largest = values(DType::F32, &bytes).iter().fold(0.0f64, |m, x| m.max(x.abs()));
        // With 24 bits a level of 2^15 lies clear of the next one's half.
        let step = (largest / 1000.0 * f64::from(share)).max(1e-30) as f32;
        let effort = if fast { Effort::Fast } else { Effort::Default };
        let options = EncodeOptions { effort, mode: Mode::Uniform, ..EncodeOptions::new(Budget::Step(step)) };
        let (first, _) = attempt(DType::F32, &dims, &bytes, &options).unwrap();
        let decoded = decode(&first, Limits::default()).unwrap().bytes;
        let (second, _) = attempt(DType::F32, &dims, &decoded, &options).unwrap();
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(decode(&second, Limits::default()).unwrap().bytes, decoded);
    }

    #[test]
    fn the_fields_of_an_inspection_cover_the_frame((dtype, dims, bytes) in tensors(), budget in budgets()) {
        let Some((frame, _)) = attempt(dtype, &dims, &bytes, &EncodeOptions::new(budget)) else { return Ok(()) };
        let fields = inspect(&frame, &[], Limits::default()).unwrap();
        let mut at = 0;
        for field in fields {
            prop_assert!(field.start <= at && field.end <= frame.len(), "a gap before {}", field.start);
            at = at.max(field.end);
        }
        prop_assert_eq!(at, frame.len());
    }

    #[test]
    fn values_that_are_not_finite_are_refused(dims in shapes(), seed: u64, at: usize, nan: bool, half: bool) {
        let n = dims.iter().product::<u32>() as usize;
        prop_assume!(n > 0);
        let dtype = if half { DType::F16 } else { DType::F32 };
        let mut bytes = tensor(dtype, n, seed, 0);
        let bad: &[u8] = match (half, nan) {
            (false, true) => &[0, 0, 0xc0, 0x7f],
            (false, false) => &[0, 0, 0x80, 0xff],
            (true, true) => &[1, 0x7e],
            (true, false) => &[0, 0xfc],
        };
        let at = at % n * dtype.size();
        bytes[at..at + bad.len()].copy_from_slice(bad);
        let e = encode(&TensorRef::new(dtype, &dims, &bytes).unwrap(), &EncodeOptions::new(Budget::Nrmse(0.1))).unwrap_err();
        prop_assert_eq!(e.code(), ErrorCode::NonFinite);
    }

    #[test]
    fn any_bytes_and_damaged_frames_are_an_error_or_a_tensor(
        (dtype, dims, bytes) in tensors(), budget in budgets(), hits in prop::collection::vec((any::<u32>(), any::<u8>()), 1..7), noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        survive(&noise);
        let Some((mut frame, _)) = attempt(dtype, &dims, &bytes, &EncodeOptions::new(budget)) else { return Ok(()) };
        let cut = hits[0].0 as usize % frame.len();
        prop_assert!(!survive(&frame[..cut]), "a prefix was decoded");
        let longer = [&frame[..], &noise[..]].concat();
        prop_assert!(noise.is_empty() || !survive(&longer), "the longer frame was decoded");
        for (at, byte) in hits {
            let length = frame.len();
            frame[at as usize % length] = byte;
        }
        survive(&frame);
        let _ = inspect(&frame, &[], LIMITS);
    }

    #[test]
    fn bodies_come_back_within_half_a_step_and_both_ends_agree(
        rows in 0u32..6, width in 1u32..90, seed: u64, kind in 0u8..5, trellis: bool, adaptive: bool, checksum: bool, shape in 0u8..4, room in 0usize..600,
    ) {
        // A stream of at most one row has exactly one.
        let dims = [rows.max(2), width];
        let bytes = tensor(DType::F32, (rows * width) as usize, seed, kind);
        let before = values(DType::F32, &bytes);
        let largest = before.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let step = (largest / 1000.0).max(1e-30) as f32;
        let options = StreamOptions { shape, checksum, trellis, adaptive, ..StreamOptions::new(DType::F32, &dims, step) };
        let mut encoder = StreamEncoder::new(&options, None).unwrap();
        let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
        let (mut body, mut out) = (Vec::new(), Vec::new());
        for cap in [None, Some(64 + room), Some(1 + room), None] {
            let state = encoder.state().clone();
            if let Err(e) = encoder.encode_within(&bytes, cap, &mut body) {
                prop_assert_eq!(e.code(), ErrorCode::BudgetUnreachable);
                prop_assert!(cap.is_some() && *encoder.state() == state, "a refusal changed the state");
                continue;
            }
            prop_assert!(body.len() <= cap.unwrap_or(usize::MAX));
            let (_, back) = decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
            prop_assert_eq!(back.as_slice(), &[rows, width][..]);
            prop_assert!(encoder.state() == decoder.state(), "the ends remember different things");
            if cap.is_some() {
                continue;
            }
            // A trellis trades error for bits.
            let half = f64::from(step) * if trellis { 2.0 } else { 0.5 } + largest * 2f64.powi(-22) + 1e-37;
            let after = values(DType::F32, &out);
            for (x, y) in before.iter().zip(after) {
                prop_assert!((x - y).abs() <= half, "{x} became {y} at a step of {step}");
            }
        }
    }
}
