//! Any number of threads gives the same bytes, reports, values and errors as one.

mod rotation;

use slicer_codec::*;

const THREADS: [usize; 2] = [2, 5];

/// Runs an action with so many threads.
fn with<T: Send>(threads: usize, action: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads can be started").install(action)
}

/// What an action gives, which must be the same for any number of threads.
fn same<T: Send + PartialEq>(what: &str, action: impl Fn() -> T + Sync) -> T {
    let one = with(1, &action);
    for threads in THREADS {
        assert!(
            with(threads, &action) == one,
            "{what}: {threads} threads differ from one"
        );
    }
    one
}

fn random(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    }
}

/// Smooth planes of unlike channels, every third without negative values, now and then a value far outside.
fn tensor(dtype: DType, dims: &[u32], far: bool) -> Vec<u8> {
    let plane: u32 = dims.iter().skip(2).product();
    let (mut next, mut previous) = (random(7), 0.0f32);
    let values = (0..dims.iter().product::<u32>()).map(|i| {
        let noise = (0..4).map(|_| next() as f32 / (1 << 24) as f32 - 0.5).sum::<f32>();
        let channel = i / plane % dims[1];
        previous = 0.6 * previous + noise * (1 + channel % 7) as f32;
        let value = if channel.is_multiple_of(3) {
            previous.max(0.0)
        } else {
            previous
        };
        if far && i % 100_003 == 5 { value * 1e4 } else { value }
    });
    let mut bytes = Vec::new();
    for v in values {
        match dtype {
            DType::F32 => bytes.extend(v.to_le_bytes()),
            DType::Bf16 => bytes.extend(&v.to_le_bytes()[2..]),
            DType::I16 => bytes.extend(((v * 50.0) as i16).to_le_bytes()),
            _ => bytes.push((v * 10.0) as i8 as u8),
        }
    }
    bytes
}

fn options(budget: Budget, effort: Effort) -> EncodeOptions {
    EncodeOptions {
        effort,
        ..EncodeOptions::new(budget)
    }
}

/// Everything of a report but numbers that were not measured.
fn seen(result: &Result<(Vec<u8>, Report)>) -> std::result::Result<(Vec<u8>, String), Error> {
    result.clone().map(|(bytes, report)| (bytes, format!("{report:?}")))
}

/// Encodes and decodes with any number of threads; returns the frame.
fn round_trip(what: &str, dtype: DType, dims: &[u32], bytes: &[u8], options: &EncodeOptions) -> Vec<u8> {
    let source = TensorRef::new(dtype, dims, bytes).expect("dims and bytes agree");
    let (frame, _) = same(what, || seen(&encode(&source, options))).expect("the tensor can be encoded");
    let decoded = same(what, || decode(&frame, Limits::default()));
    assert_eq!(decoded.expect("a sound frame").bytes.len(), bytes.len());
    frame
}

#[test]
fn frames_and_reports() {
    let shapes: [(&[u32], bool); 4] = [
        (&[3, 77, 50, 61], true),
        (&[40, 1021, 4, 4], true),
        (&[2, 3, 700, 301], false),
        (&[1100, 576], false),
    ];
    for (dims, far) in shapes {
        let bytes = tensor(DType::F32, dims, far);
        for (budget, effort, granularity) in [
            (Budget::Step(0.5), Effort::Fast, Granularity::Tensor),
            (Budget::Step(0.5), Effort::Default, Granularity::Tensor),
            (Budget::Nrmse(0.05), Effort::Default, Granularity::Channel),
            (Budget::MaxError(0.1), Effort::Fast, Granularity::Row),
        ] {
            let options = EncodeOptions {
                granularity,
                ..options(budget, effort)
            };
            round_trip(&format!("{dims:?} {options:?}"), DType::F32, dims, &bytes, &options);
        }
    }
}

#[test]
fn other_types_layouts_and_domains() {
    let dims = [2, 80, 70, 64];
    for dtype in [DType::F32, DType::Bf16, DType::I16, DType::I8] {
        let bytes = tensor(dtype, &dims, false);
        for (budget, layout) in [
            (Budget::Lossless, None),
            (Budget::Lossless, Some(Layout::Nhwc)),
            (Budget::Step(1.5), Some(Layout::Nhwc)),
            (Budget::BitsPerValue(2.5), Some(Layout::Rows)),
        ] {
            let options = EncodeOptions {
                layout,
                ..options(budget, Effort::Fast)
            };
            round_trip(&format!("{dtype:?} {options:?}"), dtype, &dims, &bytes, &options);
        }
    }
}

#[test]
fn transforms_and_the_dense_coder() {
    let dims = [1, 140, 64, 64];
    let bytes = tensor(DType::F32, &dims, false);
    let frame = round_trip(
        "dense",
        DType::F32,
        &dims,
        &bytes,
        &options(Budget::Step(1.5), Effort::Dense),
    );
    let features = u32::from(frame[6] & 127) | u32::from(frame[7]) << 7;
    assert_ne!(features & feature::DENSE, 0);
    assert_ne!(features & feature::SEGMENTS, 0);
    damaged("dense", &frame, 6);
}

/// Parts of a frame that stand by themselves: its setup with the version, and its body without the last segment's length.
fn taken_apart(frame: &[u8], sections: Sections) -> (Vec<u8>, Vec<u8>) {
    let setup = sections.header + sections.bins + sections.tables + sections.maps;
    let payload = setup + sections.body;
    let more = frame[..payload - 1].iter().rev().take_while(|&&b| b > 127).count();
    let body = [&frame[setup..payload - 1 - more], &frame[payload..frame.len() - 4]];
    (frame[4..setup].to_vec(), body.concat())
}

#[test]
fn bare_bodies() {
    let dims = [1, 140, 64, 64];
    let bytes = tensor(DType::F32, &dims, true);
    let source = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
    for effort in [Effort::Fast, Effort::Default] {
        let what = format!("a body, {effort:?}");
        let (frame, report) = encode(&source, &options(Budget::Step(0.5), effort)).unwrap();
        let (setup, body) = taken_apart(&frame, report.sections);
        let decoded = |body: &[u8]| {
            let (mut decoder, mut out) = (StreamDecoder::new(&setup, &[], Limits::default()).unwrap(), Vec::new());
            // Twice, the second time with what the first left.
            (0..2)
                .map(|_| {
                    decoder
                        .decode_into(body, Limits::default(), &mut out)
                        .map(|_| out.clone())
                })
                .collect::<Vec<_>>()
        };
        let all = same(&what, || decoded(&body));
        let expected = decode(&frame, Limits::default()).unwrap().bytes;
        assert!(all.iter().all(|tensor| tensor.as_ref() == Ok(&expected)));
        for case in 1..5 {
            let mut broken = body.clone();
            let at = case * (body.len() / 5);
            broken[at..at + 9].fill(0x5a);
            same(&what, || decoded(&broken));
            broken.truncate(at);
            let all = same(&what, || decoded(&broken));
            assert!(all.iter().all(Result::is_err));
        }
    }
    // One that is made as a body has one segment, however large.
    let options = StreamOptions::new(DType::F32, &dims, 0.5);
    same("a stream", || {
        let (mut encoder, mut body) = (StreamEncoder::new(&options, Some(&source)).unwrap(), Vec::new());
        let sections = encoder.encode(&bytes, &mut body).unwrap();
        let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
        let mut out = Vec::new();
        decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
        (encoder.setup(), body, sections, out)
    });
}

#[test]
fn channel_transforms() {
    let dims = [2, 70, 64, 64];
    let bytes = tensor(DType::F32, &dims, false);
    let source = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
    for (tools, effort, granularity) in [
        (recipe::TRANSFORM, Effort::Default, Granularity::Tensor),
        (recipe::TRANSFORM | recipe::DCT, Effort::Dense, Granularity::Tensor),
        (recipe::TRANSFORM, Effort::Fast, Granularity::Channel),
    ] {
        let what = format!("a transform, {tools} {effort:?}");
        let profile = rotation::profile(70, 50, tools, 3);
        let options = EncodeOptions {
            granularity,
            ..options(Budget::Step(0.5), effort)
        };
        let (frame, _) = same(&what, || {
            let (mut encoder, mut frame) = (Encoder::new(), Vec::new());
            encoder.set_profile(Some(profile.clone())).unwrap();
            let report = encoder.encode(&source, &options, &mut frame);
            seen(&report.map(|report| (frame, report)))
        })
        .unwrap();
        let decoded = |frame: &[u8]| {
            let (mut decoder, mut out) = (Decoder::new(), Vec::new());
            decoder.add_profile(profile.clone()).unwrap();
            decoder.decode_into(frame, Limits::default(), &mut out).map(|_| out)
        };
        let all = same(&what, || decoded(&frame)).expect("a sound frame");
        assert_eq!(all.len(), bytes.len());
        if granularity == Granularity::Tensor {
            let unknown = same(&what, || decode(&frame, Limits::default())).unwrap_err();
            assert_eq!(unknown.code(), ErrorCode::UnknownProfile);
        }
        for at in [frame.len() / 4, frame.len() / 2] {
            let mut broken = frame.clone();
            broken[at..at + 9].fill(0x5a);
            same(&what, || decoded(&sealed(broken.clone()))).ok();
        }
    }
}

#[test]
fn tensors_that_cannot_be_encoded() {
    let dims = [1, 300, 64, 64];
    let mut bytes = tensor(DType::F32, &dims, false);
    let nan = f32::NAN.to_le_bytes();
    for at in [1_200_000, 700_001, 3] {
        bytes[4 * at..4 * at + 4].copy_from_slice(&nan);
        let source = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
        let error = same("NaN", || {
            seen(&encode(&source, &options(Budget::Step(0.5), Effort::Fast)))
        })
        .unwrap_err();
        assert_eq!((error.code(), error.detail()), (ErrorCode::NonFinite, at as u64));
    }
}

/// The frame with its checksum put right.
fn sealed(mut frame: Vec<u8>) -> Vec<u8> {
    let end = frame.len() - 4;
    let sum = crc32c(&frame[..end]).to_le_bytes();
    frame[end..].copy_from_slice(&sum);
    frame
}

/// Damages a frame in several places at a time; each must be the same error.
fn damaged(what: &str, frame: &[u8], cases: usize) {
    let mut next = random(99);
    let mut errors = 0;
    for case in 0..cases {
        let mut bytes = frame.to_vec();
        for _ in 0..1 + case % 4 {
            let at = 60 + next() as usize % (frame.len() - 64);
            bytes[at] ^= 1 << (next() % 8);
        }
        let bytes = sealed(bytes);
        errors += usize::from(same(what, || decode(&bytes, Limits::default())).is_err());
    }
    assert!(errors > 0, "no damage was noticed");
}

#[test]
fn damaged_frames() {
    let dims = [1, 300, 64, 64];
    for (dtype, budget, layout) in [
        (DType::F32, Budget::Step(0.5), None),
        (DType::F32, Budget::Step(0.02), Some(Layout::Nhwc)),
        (DType::I8, Budget::Lossless, Some(Layout::Nhwc)),
        (DType::I16, Budget::Lossless, None),
    ] {
        let bytes = tensor(dtype, &dims, true);
        let options = EncodeOptions {
            layout,
            ..options(budget, Effort::Fast)
        };
        let frame = round_trip("before damage", dtype, &dims, &bytes, &options);
        damaged("damage", &frame, 12);
        for limit in [1 << 20, 5 << 20, 6_500_000, 7 << 20, 20 << 20] {
            let limits = Limits {
                max_bytes: limit,
                ..Limits::default()
            };
            let result = same("limits", || decode(&frame, limits));
            assert!(result.is_err() || limit > 1 << 20);
            assert!(result.is_ok() || limit < 20 << 20);
        }
    }
}

/// A frame of 2^18 zeros in 16 segments of 256 planes of 64 values: a state of 1 and no words.
fn zeros(dtype: u8, domain: u8, layout: u8, lower: u8) -> Vec<u8> {
    let mut frame = b"SLCF\0\x02".to_vec();
    frame.extend([0x11, 0x18 | dtype, 64, 64, 64, layout | domain << 2]);
    if domain == 0 {
        frame.extend(0.5f32.to_le_bytes());
    }
    // A list of one bin, one table of the family, segments of 256 planes.
    frame.extend([1, 1, lower, 0, 1, 1, 0, 16, 1, 0x80, 2, 0]);
    frame.resize(frame.len() + 16, 3);
    for _ in 0..16 {
        frame.extend([1, 0, 0]);
    }
    frame.extend([0; 4]);
    sealed(frame)
}

#[test]
fn the_first_error_is_the_one() {
    for layout in [1, 2] {
        let frame = zeros(0, 0, layout, 0);
        let tensor = same("zeros", || decode(&frame, Limits::default())).expect("a sound frame");
        assert!(tensor.bytes.iter().all(|&b| b == 0));
        let payload = frame.len() - 4 - 3 * 16;
        for broken in [&[15][..], &[10, 9], &[14, 2, 7], &[1, 0]] {
            let mut bytes = frame.clone();
            broken.iter().for_each(|s| bytes[payload + 3 * s] = 2);
            let bytes = sealed(bytes);
            let error = same("broken", || decode(&bytes, Limits::default())).unwrap_err();
            let first = *broken.iter().min().unwrap();
            let at = (payload + 3 * first) as u64;
            assert!(
                error.offset() >= at && error.offset() <= at + 3,
                "{error:?} is not about {first}"
            );
        }
    }
    // Level 200 is no int8: the first segment's error, though a later one is broken too.
    for layout in [1, 2] {
        let mut frame = zeros(3, 1, layout, 0x90);
        frame.splice(
            frame.iter().position(|&b| b == 0x90).unwrap() + 1..,
            [3].into_iter().chain(frame[15..].to_vec()),
        );
        same("outside", || {
            decode(&sealed(frame.clone()), Limits::default()).unwrap_err()
        });
    }
}

#[test]
fn a_decoder_that_is_used_again() {
    let dims = [1, 300, 64, 64];
    let bytes = tensor(DType::F32, &dims, false);
    let source = TensorRef::new(DType::F32, &dims, &bytes).unwrap();
    let frames: Vec<_> = [Effort::Fast, Effort::Default]
        .map(|effort| encode(&source, &options(Budget::Step(0.5), effort)).unwrap().0)
        .into();
    let decoded = with(1, || decode(&frames[0], Limits::default()).unwrap().bytes);
    with(3, || {
        let (mut decoder, mut encoder, mut out) = (Decoder::new(), Encoder::new(), Vec::new());
        for i in 0..4 {
            let mut broken = frames[0].clone();
            broken[100_000] ^= 1;
            assert!(
                decoder
                    .decode_into(&sealed(broken), Limits::default(), &mut out)
                    .is_err()
            );
            assert!(out.is_empty());
            decoder
                .decode_into(&frames[i % 2], Limits::default(), &mut out)
                .unwrap();
            assert_eq!(out, decoded);
            encoder
                .encode(&source, &options(Budget::Step(0.5), Effort::Fast), &mut out)
                .unwrap();
            assert_eq!(out, frames[0]);
        }
    });
}
