//! Laws every encoder and decoder of this crate keeps, on random tensors of every type, shape and budget.

mod measured;
mod tensors;

use proptest::prelude::*;
use slicer_codec::*;
use tensors::{dtypes, shapes, tensor};

fn check(dtype: DType, dims: &[u32], bytes: &[u8], options: &EncodeOptions) -> (Vec<u8>, Report, Tensor) {
    let source = TensorRef::new(dtype, dims, bytes).unwrap();
    let (frame, report) = encode(&source, options).unwrap();
    let decoded = decode(&frame, Limits::default()).unwrap();
    assert_eq!((decoded.dtype, decoded.dims.as_slice()), (dtype, dims));
    assert_eq!(decoded.bytes.len(), bytes.len());
    assert!(
        frame.len() <= bytes.len() + 60,
        "never much larger than raw: {} of {}",
        frame.len(),
        bytes.len()
    );
    assert_eq!(report.bytes, frame.len() as u64);
    let s = report.sections;
    let sum = s.header + s.bins + s.tables + s.maps + s.body + s.payload + s.checksum;
    assert_eq!(sum, frame.len(), "sections add up: {s:?}");
    (frame, report, decoded)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn lossless_is_exact(dtype in dtypes(), dims in shapes(), seed: u64, kind: u8) {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(dtype, n, seed, kind);
        let (_, _, decoded) = check(dtype, &dims, &bytes, &EncodeOptions::new(Budget::Lossless));
        prop_assert_eq!(decoded.bytes, bytes);
    }

    #[test]
    fn lossless_keeps_any_bits(dtype in dtypes(), raw in prop::collection::vec(any::<u8>(), 0..3000)) {
        let n = raw.len() / dtype.size();
        let bytes = &raw[..n * dtype.size()];
        let (_, _, decoded) = check(dtype, &[n as u32], bytes, &EncodeOptions::new(Budget::Lossless));
        prop_assert_eq!(&decoded.bytes, bytes);
    }

    #[test]
    fn nrmse_is_kept(dtype in dtypes(), dims in shapes(), seed: u64, kind: u8, target in 0.001f64..0.8, effort in 0u8..3, group in 0u8..3) {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(dtype, n, seed, kind);
        let options = EncodeOptions {
            effort: [Effort::Fast, Effort::Default, Effort::Dense][effort as usize],
            granularity: [Granularity::Tensor, Granularity::Row, Granularity::Channel][group as usize],
            ..EncodeOptions::new(Budget::Nrmse(target))
        };
        let (_, report, _) = check(dtype, &dims, &bytes, &options);
        prop_assert!(report.worst_group <= target);
    }

    #[test]
    fn max_error_is_kept(dtype in dtypes(), dims in shapes(), seed: u64, kind: u8, limit in 1e-5f64..3.0) {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(dtype, n, seed, kind);
        let (_, report, _) = check(dtype, &dims, &bytes, &EncodeOptions::new(Budget::MaxError(limit)));
        prop_assert!(report.max_error <= limit);
    }

    #[test]
    fn caps_are_kept(dtype in dtypes(), dims in shapes(), seed: u64, kind: u8, bits in 0.3f64..9.0) {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(dtype, n, seed, kind);
        let source = TensorRef::new(dtype, &dims, &bytes).unwrap();
        let cap = (bits * n as f64 / 8.0) as u64;
        match encode(&source, &EncodeOptions::new(Budget::BitsPerValue(bits))) {
            Ok((frame, _)) => prop_assert!(frame.len() as u64 <= cap),
            Err(e) => {
                prop_assert_eq!(e.code(), ErrorCode::BudgetUnreachable);
                prop_assert!(e.detail() > cap);
            }
        }
    }

    #[test]
    fn the_method_decodes(dims in shapes(), seed: u64, kind: u8, keep in 0.0f64..1.0, asymmetry in 0.2f32..3.0, blocks in 1u32..40, distortion in 0.01f64..0.6) {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(DType::F32, n, seed, kind);
        let budget = Budget::Method { keep: Some(keep), asymmetry: Some(asymmetry), blocks: Some(blocks), distortion };
        check(DType::F32, &dims, &bytes, &EncodeOptions::new(budget));
        let auto = Budget::Method { keep: None, asymmetry: None, blocks: None, distortion };
        let (_, report, _) = check(DType::F32, &dims, &bytes, &EncodeOptions::new(auto));
        prop_assert!(report.worst_group <= distortion);
    }

    #[test]
    fn encoding_what_was_decoded_changes_nothing(dims in shapes(), seed: u64, step in 0.01f32..2.0) {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(DType::F32, n, seed, 0);
        let options = EncodeOptions::new(Budget::Step(step));
        let (first, _, decoded) = check(DType::F32, &dims, &bytes, &options);
        let (second, _, again) = check(DType::F32, &dims, &decoded.bytes, &options);
        prop_assert_eq!(first, second);
        prop_assert_eq!(decoded, again);
    }

    #[test]
    fn layouts_agree(seed: u64, kind: u8, nhwc: bool) {
        let bytes = tensor(DType::F32, 3 * 5 * 7 * 11, seed, kind);
        let layout = if nhwc { Layout::Nhwc } else { Layout::Custom { axes: [3, 1, 0, 2, 4, 5, 6, 7], groups: [1, 1, 1] } };
        let options = EncodeOptions { layout: Some(layout), ..EncodeOptions::new(Budget::Lossless) };
        let (_, _, decoded) = check(DType::F32, &[3, 5, 7, 11], &bytes, &options);
        prop_assert_eq!(decoded.bytes, bytes);
    }

    #[test]
    fn garbage_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..400), header: bool) {
        if header {
            bytes.splice(0..0, *b"SLCF\x00\x02");
        }
        let limits = Limits { max_bytes: 1 << 20, max_work: 1 << 22 };
        let _ = decode(&bytes, limits);
        let _ = inspect(&bytes, &[], limits);
        let _ = StreamDecoder::new(&bytes, &[], limits);
    }

    #[test]
    fn streams_round_trip(rows in 1u32..9, channels in 1u32..700, seed: u64, kind: u8, step in 0.01f32..1.0, checksum: bool) {
        let sample = tensor(DType::F32, (4 * channels) as usize, seed ^ 99, kind);
        let sample = TensorRef::new(DType::F32, &[4, channels], &sample).unwrap();
        let dims = [8, channels];
        let options = StreamOptions { checksum, ..StreamOptions::new(DType::F32, &dims, step) };
        let mut encoder = StreamEncoder::new(&options, Some(&sample)).unwrap();
        let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
        let (mut body, mut out) = (Vec::new(), Vec::new());
        for i in 0..3 {
            let bytes = tensor(DType::F32, (rows.min(8) * channels) as usize, seed ^ i, kind);
            encoder.encode(&bytes, &mut body).unwrap();
            let (_, dims) = decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
            prop_assert_eq!(dims.as_slice(), &[rows.min(8), channels]);
            for (a, b) in bytes.chunks(4).zip(out.chunks(4)) {
                let (a, b) = (f32::from_le_bytes(a.try_into().unwrap()), f32::from_le_bytes(b.try_into().unwrap()));
                prop_assert!((a - b).abs() <= step * 0.5001 + a.abs() * 1e-6);
            }
        }
    }
}

#[test]
fn every_prefix_is_truncated() {
    for (i, dims) in [
        vec![1u32, 8, 9, 9],
        vec![3, 300],
        vec![4000],
        vec![1, 64, 16, 16],
        vec![],
    ]
    .into_iter()
    .enumerate()
    {
        let n = dims.iter().product::<u32>() as usize;
        let bytes = tensor(DType::F32, n, 5 + i as u64, i as u8);
        let source = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
        for budget in [Budget::Nrmse(0.1), Budget::Lossless, Budget::Step(0.3)] {
            let (frame, _) = encode(&source, &EncodeOptions::new(budget)).unwrap();
            for cut in 0..frame.len() {
                let e = decode(&frame[..cut], Limits::default()).unwrap_err();
                assert_eq!(e.code(), ErrorCode::Truncated, "{cut} of {}: {e}", frame.len());
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_seen() {
    let bytes = tensor(DType::F32, 2048, 3, 1);
    let source = TensorRef::new(DType::F32, &[1, 8, 16, 16], &bytes).unwrap();
    let (frame, _) = encode(&source, &EncodeOptions::new(Budget::Nrmse(0.1))).unwrap();
    for bit in 0..8 * frame.len() {
        let mut broken = frame.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&broken, Limits::default()).is_err(), "bit {bit}");
    }
}
