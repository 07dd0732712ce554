//! A warm decoder, and a warm stream in both directions, ask the allocator for nothing.

use slicer_codec::*;
use std::alloc::{GlobalAlloc, Layout as Block, System};
use std::cell::Cell;

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
