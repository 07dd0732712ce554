//! Profiles end to end: means, classes and a transform, in frames and in streams.

mod rotation;

use proptest::prelude::*;
use rotation::profile;
use slicer_codec::*;

/// Cases of every law.
const CASES: u32 = 200;

fn values(n: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32
    };
    (0..n)
        .flat_map(|_| (next() + next() + next() - 1.5).to_le_bytes())
        .collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

fn nrmse(a: &[f32], b: &[f32]) -> f64 {
    let error: f64 = a.iter().zip(b).map(|(x, y)| f64::from(x - y).powi(2)).sum();
    let energy: f64 = a.iter().map(|x| f64::from(*x).powi(2)).sum();
    (error / energy.max(1e-30)).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn frames_decode_with_their_profile_alone(
        rows in 1u32..3, channels in 1u32..20, height in 1u32..9, width in 1u32..9, tools in 0u8..64, seed: u32,
    ) {
        let profile = profile(channels as usize, channels as usize, tools, seed % 1000);
        let dims = [rows, channels, height, width];
        let bytes = values(dims.iter().product::<u32>() as usize, seed);
        let tensor = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
        let mut encoder = Encoder::new();
        encoder.set_profile(Some(profile.clone())).unwrap();
        let options = EncodeOptions { effort: Effort::Dense, ..EncodeOptions::new(Budget::Step(0.02)) };
        let (mut frame, mut out) = (Vec::new(), Vec::new());
        encoder.encode(&tensor, &options, &mut frame).unwrap();
        let mut decoder = Decoder::new();
        let used = decoder.decode_into(&frame, Limits::default(), &mut out);
        let error = used.err().map(|e| e.code());
        prop_assert!(error.is_none() || error == Some(ErrorCode::UnknownProfile));
        decoder.add_profile(profile).unwrap();
        decoder.decode_into(&frame, Limits::default(), &mut out).unwrap();
        let (before, after) = (floats(&bytes), floats(&out));
        // A few values near zero have hardly any energy to compare with.
        prop_assert!(nrmse(&before, &after) < 0.2 || worst(&before, &after) < 0.15, "{}", nrmse(&before, &after));
    }

    #[test]
    fn streams_keep_their_state(
        channels in 2u32..60, trellis: bool, adaptive: bool, with_profile: bool, tools in 0u8..2, seed: u32,
    ) {
        let profile = with_profile.then(|| profile(channels as usize, channels as usize, tools, seed % 1000));
        let profiles: Vec<_> = profile.clone().into_iter().collect();
        let dims = [4, channels];
        let options = StreamOptions { trellis, adaptive, profile, ..StreamOptions::new(DType::F32, &dims, 0.05) };
        let mut encoder = StreamEncoder::new(&options, None).unwrap();
        let mut decoder = StreamDecoder::new(&encoder.setup(), &profiles, Limits::default()).unwrap();
        let (mut body, mut out) = (Vec::new(), Vec::new());
        let mut held = None;
        for i in 0..8u32 {
            let bytes = values((channels * (1 + i % 4)) as usize, seed ^ i);
            encoder.encode(&bytes, &mut body).unwrap();
            decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
            prop_assert_eq!(encoder.state(), decoder.state());
            prop_assert!(worst(&floats(&bytes), &floats(&out)) < 0.25);
            match i {
                2 => held = Some((encoder.state().clone(), decoder.state().clone())),
                // A rollback, then a loss.
                4 => {
                    let (a, b) = held.clone().unwrap();
                    encoder.restore(&a).unwrap();
                    decoder.restore(&b).unwrap();
                }
                5 => {
                    encoder.encode(&bytes, &mut body).unwrap();
                    encoder.reset();
                }
                _ => {}
            }
        }
        let before = decoder.state().clone();
        body.truncate(body.len() / 2);
        if decoder.decode_into(&body, Limits::default(), &mut out).is_err() {
            prop_assert_eq!(&before, decoder.state());
        }
    }

    #[test]
    fn byte_caps_of_bodies_are_kept(channels in 8u32..200, cap in 8usize..120, trellis: bool, seed: u32) {
        let dims = [1, channels];
        let options = StreamOptions { trellis, ..StreamOptions::new(DType::F32, &dims, 0.01) };
        let mut encoder = StreamEncoder::new(&options, None).unwrap();
        let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
        let (mut body, mut out) = (Vec::new(), Vec::new());
        match encoder.encode_within(&values(channels as usize, seed), Some(cap), &mut body) {
            Ok(_) => {
                prop_assert!(body.len() <= cap);
                decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
            }
            Err(e) => prop_assert_eq!(e.code(), ErrorCode::BudgetUnreachable),
        }
    }
}

#[test]
fn a_profile_for_other_channels_is_refused() {
    let mut encoder = Encoder::new();
    encoder.set_profile(Some(profile(5, 3, 0, 1))).unwrap();
    let bytes = values(6 * 4, 1);
    let tensor = TensorRef::new(DType::F32, &[1, 6, 2, 2], &bytes).unwrap();
    let error = encoder
        .encode(&tensor, &EncodeOptions::new(Budget::Step(0.1)), &mut Vec::new())
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::ProfileMismatch);
    let options = StreamOptions {
        profile: Some(profile(5, 3, 0, 1)),
        ..StreamOptions::new(DType::F32, &[1, 6], 0.1)
    };
    assert_eq!(
        StreamEncoder::new(&options, None).err().map(|e| e.code()),
        Some(ErrorCode::ProfileMismatch)
    );
}

#[test]
fn an_expected_divergence_takes_its_step_from_the_curve() {
    let mut encoder = Encoder::new();
    let bytes = values(4 * 64, 1);
    let tensor = TensorRef::new(DType::F32, &[1, 4, 8, 8], &bytes).unwrap();
    let options = EncodeOptions::new(Budget::ExpectedKl(0.0316));
    let refused = encoder.encode(&tensor, &options, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidBudget);
    encoder.set_profile(Some(profile(4, 4, 0, 1))).unwrap();
    let report = encoder.encode(&tensor, &options, &mut Vec::new()).unwrap();
    assert!((report.step - 0.2).abs() < 0.02, "{}", report.step);
    let beyond = EncodeOptions::new(Budget::ExpectedKl(1.0));
    assert!(encoder.encode(&tensor, &beyond, &mut Vec::new()).is_err());
}
