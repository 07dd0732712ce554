//! Tensors and frames of every tier, small enough for miri, which looks for undefined behaviour: `npm run miri`.
//!
//! Under miri everything takes some ten thousand times as long, and the fixed costs of a frame (tables, the dense coder's models)
//! most of that: there, a frame of each kind has to do.
#![cfg(feature = "encode")]

#[path = "tensors/elements.rs"]
mod elements;

use slicer_codec::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FLOATS: [DType; 3] = [DType::F32, DType::F16, DType::Bf16];
const INTEGERS: [DType; 4] = [DType::I8, DType::U8, DType::I16, DType::I32];

/// The half of the range that most values of [`tensor`] lie in: a step this coarse leaves few tokens, and so short tables.
fn unit(dtype: DType) -> f64 {
    match dtype {
        DType::F32 | DType::F16 | DType::Bf16 => 0.5,
        DType::I8 | DType::U8 => 10.0,
        DType::I16 => 250.0,
        DType::I32 => 5e5,
    }
}

/// Values between neighbours that are alike, now and then one far outside.
fn tensor(dtype: DType, count: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in 0..count {
        let far = if i % 97 == 13 { 3.0 } else { 1.0 };
        elements::push(dtype, (((i * 37) % 101) as f32 - 50.0) * 0.02 * far, &mut bytes);
    }
    bytes
}

/// There and back; without miri twice, with the same encoder and decoder.
fn round_trip_of(source: &TensorRef<'_>, options: &EncodeOptions, profile: Option<Arc<Profile>>) {
    let (mut encoder, mut decoder, unmeasured) = (Encoder::new(), Decoder::new(), profile.is_some() || !options.report);
    encoder.set_profile(profile.clone()).unwrap();
    if let Some(profile) = profile {
        decoder.add_profile(profile).unwrap();
    }
    let (mut frame, mut back) = (Vec::new(), Vec::new());
    for _ in 0..if cfg!(miri) { 1 } else { 2 } {
        let report = encoder.encode(source, options, &mut frame).unwrap();
        let (dtype, dims) = decoder.decode_into(&frame, Limits::default(), &mut back).unwrap();
        assert_eq!(
            (dtype, dims, back.len()),
            (source.dtype, source.dims, source.bytes.len())
        );
        assert!(report.nrmse < 0.5 || unmeasured, "{options:?}: {report:?}");
        assert!(
            report.nrmse > 0.0 || unmeasured || back == source.bytes,
            "{options:?}: {report:?}"
        );
    }
}

fn round_trip(dtype: DType, dims: &[u32], options: &EncodeOptions, profile: Option<Arc<Profile>>) {
    let bytes = tensor(dtype, dims.iter().product());
    round_trip_of(&TensorRef::new(dtype, dims, &bytes).unwrap(), options, profile);
}

fn with(effort: Effort, budget: Budget) -> EncodeOptions {
    EncodeOptions {
        effort,
        ..EncodeOptions::new(budget)
    }
}

fn step(dtype: DType) -> Budget {
    Budget::Step(unit(dtype) as f32)
}

#[test]
fn raw_frames() {
    for dtype in FLOATS.into_iter().chain(INTEGERS) {
        let options = EncodeOptions {
            mode: Mode::Raw,
            ..with(Effort::Fast, Budget::Lossless)
        };
        round_trip(dtype, &[3, 7], &options, None);
    }
}

#[test]
fn fast_frames() {
    let types = FLOATS.into_iter().chain(INTEGERS);
    for dtype in types.filter(|t| !cfg!(miri) || [DType::F32, DType::Bf16, DType::I8].contains(t)) {
        round_trip(dtype, &[1, 2, 4, 12], &with(Effort::Fast, step(dtype)), None);
    }
}

#[test]
fn scales_classes_and_contexts() {
    let options = EncodeOptions {
        granularity: Granularity::Channel,
        report: !cfg!(miri),
        ..with(Effort::Default, Budget::Step(0.8))
    };
    round_trip(DType::F32, &[1, 3, 6, 16], &options, None);
}

#[test]
#[cfg_attr(miri, ignore = "many tries, and nothing that the others do not do")]
fn an_error_budget() {
    let options = with(Effort::Default, Budget::Nrmse(0.4));
    round_trip(DType::F32, &[20, 4], &options, None);
}

#[test]
fn lossless_frames() {
    for dtype in FLOATS.into_iter().take(if cfg!(miri) { 1 } else { 3 }) {
        // Within an octave, where few bins do.
        let mut bytes = Vec::new();
        (0..40).for_each(|i| elements::push(dtype, 1.0 + (i * 37 % 40) as f32 / 50.0, &mut bytes));
        let options = with(Effort::Fast, Budget::Lossless);
        round_trip_of(&TensorRef::new(dtype, &[2, 20], &bytes).unwrap(), &options, None);
    }
}

#[test]
#[cfg_attr(miri, ignore = "two counts of 65,536 scores take two minutes")]
fn the_method() {
    let budget = Budget::Method {
        keep: Some(0.9),
        asymmetry: Some(1.0),
        blocks: Some(4),
        distortion: 0.05,
    };
    round_trip(DType::F32, &[1, 2, 4, 5], &with(Effort::Fast, budget), None);
}

#[test]
#[cfg_attr(miri, ignore = "the profile's frame is of that tier")]
fn the_dense_tier() {
    round_trip(DType::F32, &[1, 1, 5, 8], &with(Effort::Dense, Budget::Step(0.5)), None);
}

#[test]
#[cfg_attr(
    miri,
    ignore = "48 tables on either side take minutes; there are streams among the vectors"
)]
fn streams() {
    for (adaptive, trellis) in [(true, false), (false, false), (false, true)] {
        let options = StreamOptions {
            adaptive,
            trellis,
            checksum: adaptive,
            ..StreamOptions::new(DType::F32, &[2, 12], 0.05)
        };
        let mut encoder = StreamEncoder::new(&options, None).unwrap();
        let (bytes, mut bodies) = (tensor(DType::F32, 24), [Vec::new(), Vec::new()]);
        for body in &mut bodies {
            encoder.encode(&bytes, body).unwrap();
        }
        let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
        for body in bodies {
            let mut out = Vec::new();
            decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
            assert_eq!(out.len(), bytes.len());
        }
    }
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors")
}

/// One in `stride` of the files of a drawer with this extension that have at most `most` bytes.
fn files(drawer: &str, extension: &str, most: usize, stride: usize) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(vectors().join(drawer)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let small = |path: &PathBuf| path.metadata().unwrap().len() <= most as u64;
    paths.retain(|path| path.extension().is_some_and(|e| e == extension) && small(path));
    paths.sort();
    paths.into_iter().step_by(stride).collect()
}

fn limits() -> Limits {
    Limits {
        max_bytes: 1 << 16,
        max_work: 1 << 14,
    }
}

#[test]
fn profiles() {
    let mut seen = [0; 2];
    for path in files("profiles", "slcp", 150, if cfg!(miri) { 5 } else { 1 }) {
        let bytes = std::fs::read(path).unwrap();
        seen[usize::from(Profile::parse(&bytes, limits()).is_ok())] += 1;
    }
    assert!(seen[0] > 3 && seen[1] > 3, "errors and profiles: {seen:?}");
    // Means, classes, a transform both ways and a recipe.
    let full = std::fs::read(vectors().join("profiles/full.slcp")).unwrap();
    let profile = Arc::new(Profile::parse(&full, limits()).unwrap());
    let options = EncodeOptions {
        // What is measured is decoded, which is done here anyway.
        report: false,
        ..with(Effort::Default, Budget::Step(0.5))
    };
    round_trip(DType::F32, &[1, 3, 2, 3], &options, Some(profile));
}

/// What comes out is judged elsewhere; here, that all ends in a tensor or an error.
#[test]
fn small_vectors() {
    let mut seen = [0; 2];
    for drawer in ["must-read", "legal-but-rare", "malformed", "invalid"] {
        for path in files(drawer, "slcf", 120, if cfg!(miri) { 40 } else { 1 }) {
            let frame = std::fs::read(path).unwrap();
            seen[usize::from(decode(&frame, limits()).is_ok())] += 1;
        }
        for path in files(drawer, "setup", 80, if cfg!(miri) { 20 } else { 1 }) {
            let setup = std::fs::read(&path).unwrap();
            let body = std::fs::read(path.with_extension("body")).unwrap_or_default();
            let decoded = StreamDecoder::new(&setup, &[], limits())
                .and_then(|mut decoder| decoder.decode_into(&body, limits(), &mut Vec::new()));
            seen[usize::from(decoded.is_ok())] += 1;
        }
    }
    assert!(seen[0] > 4 && seen[1] > 4, "errors and tensors: {seen:?}");
}

#[test]
fn hostile_bytes() {
    let bytes = tensor(DType::F32, 24);
    let source = TensorRef::new(DType::F32, &[2, 3, 4], &bytes).unwrap();
    let (frame, _) = encode(&source, &with(Effort::Fast, Budget::Step(0.3))).unwrap();
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    for at in (4..frame.len() - 4).step_by(if cfg!(miri) { 4 } else { 1 }) {
        for bit in [0, 6] {
            let mut wrong = frame.clone();
            wrong[at] ^= 1 << bit;
            let end = wrong.len() - 4;
            let sum = crc32c(&wrong[..end]);
            wrong[end..].copy_from_slice(&sum.to_le_bytes());
            let _ = decoder.decode_into(&wrong, limits(), &mut out);
        }
        assert!(decoder.decode_into(&frame[..at], limits(), &mut out).is_err());
    }
}
