//! A warm decoder, a warm stream in both directions and a warm encoder ask the allocator for nothing; the exceptions are named.

#[path = "tensors/elements.rs"]
mod elements;

use slicer_codec::*;
use std::alloc::{GlobalAlloc, Layout as Block, System};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

thread_local!(static CALLS: Cell<u64> = const { Cell::new(0) });

struct Counting;

// SAFETY: forwards to the system allocator; the counter is a plain thread-local cell that never allocates.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, block: Block) -> *mut u8 {
        let _ = CALLS.try_with(|c| c.set(c.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(block) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, block: Block) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, block) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn calls(f: impl FnOnce()) -> u64 {
    let before = CALLS.with(Cell::get);
    f();
    CALLS.with(Cell::get) - before
}

fn values(n: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..n).flat_map(|_| (next() + next() + next()).to_le_bytes()).collect()
}

#[test]
fn a_warm_decoder_allocates_nothing() {
    let frames: Vec<Vec<u8>> = [Effort::Fast, Effort::Default]
        .into_iter()
        .flat_map(|effort| (0..4).map(move |seed| (effort, seed)))
        .map(|(effort, seed)| {
            let bytes = values(64 * 28 * 28, seed);
            let tensor = TensorRef::new(DType::F32, &[1, 64, 28, 28], &bytes).unwrap();
            let options = EncodeOptions {
                effort,
                ..EncodeOptions::new(Budget::Step(0.05))
            };
            encode(&tensor, &options).unwrap().0
        })
        .collect();
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    for _ in 0..2 {
        for frame in &frames {
            decoder.decode_into(frame, Limits::default(), &mut out).unwrap();
        }
    }
    for frame in &frames {
        let n = calls(|| {
            decoder.decode_into(frame, Limits::default(), &mut out).unwrap();
        });
        assert_eq!(n, 0);
    }
}

#[test]
fn a_warm_stream_allocates_nothing() {
    let plain = StreamOptions {
        checksum: true,
        ..StreamOptions::new(DType::F32, &[8, 576], 0.1)
    };
    let sample = values(8 * 576, 9);
    let sample = TensorRef::new(DType::F32, &[8, 576], &sample).unwrap();
    let adaptive = StreamOptions {
        adaptive: true,
        ..plain.clone()
    };
    let trellis = StreamOptions {
        trellis: true,
        ..plain.clone()
    };
    let integers = StreamOptions {
        dtype: DType::I16,
        step: 5000.0,
        ..plain.clone()
    };
    let settings = [
        ("plain", &plain, None),
        ("classes of a sample", &plain, Some(&sample)),
        ("integers", &integers, None),
        ("adaptive", &adaptive, None),
        ("trellis", &trellis, None),
    ];
    for (name, options, sample) in settings {
        for cap in [None, Some(900)] {
            stream(name, options, sample, cap);
        }
    }
}

/// Codes bodies of unlike sizes and steps, thrice; in the third round nothing may be allocated.
fn stream(name: &str, options: &StreamOptions<'_>, sample: Option<&TensorRef<'_>>, cap: Option<usize>) {
    let mut encoder = StreamEncoder::new(options, sample).unwrap();
    let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
    let (mut body, mut out) = (Vec::new(), Vec::new());
    let row = 576 * options.dtype.size() / 4;
    let rows: Vec<Vec<u8>> = (0..6).map(|seed| values(row * (1 + seed as usize % 3), seed)).collect();
    for round in 0..3 {
        for row in &rows {
            let n = calls(|| {
                encoder.encode_within(row, cap, &mut body).unwrap();
                decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
            });
            assert!(
                round < 2 || n == 0,
                "{name}, cap {cap:?}: {n} allocations in round {round}"
            );
        }
    }
}

/// Tensors that differ in their values alone.
fn tensors(dtype: DType, dims: &[u32]) -> Vec<Vec<u8>> {
    let n = dims.iter().map(|&d| d as usize).product();
    let tensor = |seed| {
        let mut bytes = Vec::new();
        for cell in values(n, seed).chunks_exact(4) {
            let v = f32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]);
            elements::push(dtype, v, &mut bytes);
        }
        bytes
    };
    (1..4).map(tensor).collect()
}

/// Most allocations of any call of an encoder that has coded the same tensors twice before.
fn warm_calls(dtype: DType, dims: &[u32], options: &EncodeOptions, profile: Option<&Arc<Profile>>) -> u64 {
    let tensors = tensors(dtype, dims);
    let (mut encoder, mut out, mut most) = (Encoder::new(), Vec::new(), 0);
    encoder.set_profile(profile.cloned()).unwrap();
    for round in 0..3 {
        for bytes in &tensors {
            let tensor = TensorRef::new(dtype, dims, bytes).unwrap();
            let n = calls(|| {
                encoder.encode(&tensor, options, &mut out).unwrap();
            });
            most = if round < 2 { 0 } else { most.max(n) };
        }
    }
    most
}

const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Default, Effort::Dense];
const PLANES: [u32; 4] = [1, 16, 14, 14];
/// A method with the parameters that it has a search for.
const METHOD: Budget = Budget::Method {
    keep: Some(0.5),
    asymmetry: Some(1.0),
    blocks: Some(8),
    distortion: 0.05,
};

fn with(effort: Effort, budget: Budget) -> EncodeOptions {
    EncodeOptions {
        effort,
        ..EncodeOptions::new(budget)
    }
}

#[track_caller]
fn assert_calls(most: u64, dtype: DType, dims: &[u32], options: &EncodeOptions) {
    let n = warm_calls(dtype, dims, options, None);
    assert!(n <= most, "{n} allocations: {dtype:?}, {dims:?}, {options:?}");
}

#[test]
fn a_warm_encoder_allocates_nothing_at_a_step() {
    let shapes: [&[u32]; 6] = [
        &PLANES,
        &[50, 96],
        &[3000],
        &[4, 8, 20, 20],
        &[1, 2, 3, 4],
        &[1, 1, 64, 64],
    ];
    for effort in EFFORTS {
        for dims in shapes {
            assert_calls(0, DType::F32, dims, &with(effort, Budget::Step(0.05)));
        }
        for dtype in [DType::F16, DType::Bf16, DType::I8, DType::U8, DType::I16, DType::I32] {
            let step = match dtype {
                DType::F16 | DType::Bf16 => 0.05,
                DType::I32 => 50_000.0,
                _ => 3.0,
            };
            assert_calls(0, dtype, &PLANES, &with(effort, Budget::Step(step)));
        }
        // Most levels far from 0, which bytes do not hold.
        assert_calls(0, DType::F32, &PLANES, &with(effort, Budget::Step(0.001)));
        for granularity in [Granularity::Row, Granularity::Channel] {
            let options = EncodeOptions {
                granularity,
                ..with(effort, Budget::Step(0.05))
            };
            assert_calls(0, DType::F32, &[5, 16, 8, 8], &options);
        }
    }
    // Threads share segments, and rayon allocates for that.
    if cfg!(feature = "threads") {
        return;
    }
    let segments = [1, 32, 128, 160];
    assert_calls(0, DType::F32, &segments, &with(Effort::Fast, Budget::Step(0.05)));
    assert_calls(0, DType::F32, &segments, &with(Effort::Default, Budget::Step(0.05)));
}

#[test]
fn a_warm_encoder_allocates_nothing_without_loss() {
    let types = [
        DType::F32,
        DType::F16,
        DType::Bf16,
        DType::I8,
        DType::U8,
        DType::I16,
        DType::I32,
    ];
    for dtype in types {
        for effort in [Effort::Fast, Effort::Default] {
            assert_calls(0, dtype, &PLANES, &with(effort, Budget::Lossless));
        }
        let raw = EncodeOptions {
            mode: Mode::Raw,
            ..with(Effort::Fast, Budget::Lossless)
        };
        assert_calls(0, dtype, &PLANES, &raw);
    }
}

#[test]
fn a_warm_encoder_allocates_nothing_for_most_searches() {
    for effort in EFFORTS {
        for budget in [Budget::MaxError(0.05), Budget::Bytes(1500), Budget::BitsPerValue(2.0)] {
            assert_calls(0, DType::F32, &PLANES, &with(effort, budget));
            assert_calls(0, DType::F32, &[50, 96], &with(effort, budget));
        }
        for granularity in [Granularity::Row, Granularity::Channel] {
            let options = EncodeOptions {
                granularity,
                mode: Mode::Uniform,
                ..with(effort, Budget::Nrmse(0.05))
            };
            assert_calls(0, DType::F32, &[5, 16, 8, 8], &options);
        }
    }
    for effort in [Effort::Fast, Effort::Default] {
        assert_calls(0, DType::F32, &PLANES, &with(effort, Budget::Nrmse(0.05)));
    }
}

#[test]
fn a_warm_encoder_allocates_nothing_with_a_profile() {
    // Means, classes, a transform both ways, a recipe and a curve, for three channels.
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors/profiles/full.slcp");
    let profile = Profile::parse(&std::fs::read(file).unwrap(), Limits::default()).unwrap();
    let profile = Arc::new(profile);
    for effort in EFFORTS {
        for budget in [Budget::Step(0.05), Budget::Bytes(600), Budget::MaxError(0.1)] {
            let n = warm_calls(DType::F32, &[2, 3, 16, 16], &with(effort, budget), Some(&profile));
            assert_eq!(n, 0, "{effort:?}, {budget:?}");
        }
    }
}

/// An error budget measures frames of the fast and of the dense coder, and the decoder that does so forgets the buffers of the one
/// for the other, as decoders do for their callers' limits.
#[test]
fn a_warm_encoder_that_measures_both_coders_allocates_what_their_decoders_do() {
    for dims in [&PLANES[..], &[50, 96]] {
        assert_calls(9, DType::F32, dims, &with(Effort::Dense, Budget::Nrmse(0.05)));
    }
}

/// The method sorts the magnitudes of a tensor in a buffer that may be as large as the tensor itself: kept, it would stand beside
/// the frame. That is one allocation for each frame that is tried.
#[test]
fn a_warm_encoder_of_the_method_allocates_one_buffer_a_frame() {
    for effort in EFFORTS {
        assert_calls(1, DType::F32, &PLANES, &with(effort, METHOD));
        let options = EncodeOptions {
            mode: Mode::Slicer,
            ..with(effort, Budget::Nrmse(0.05))
        };
        assert_calls(1, DType::F32, &PLANES, &options);
    }
}
