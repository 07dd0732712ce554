//! A tensor of 2^22 values, which is cut into segments: one thread against two, and the memory beyond input and output.

use crate::memory::peak;
use crate::ours::{Pair, SETTINGS};
use slicer_codec::{DType, Decoder, Encoder, Limits, TensorRef};

const DIMS: [u32; 4] = [1, 1024, 64, 64];
const STEP: f32 = 0.5;
/// Runs of everything, in turn, so that all see the same load.
const ROUNDS: usize = 12;

/// Best nanoseconds of each setting, direction and number of threads, as JSON objects: wall time, because that is what threads
/// are for.
pub fn threads() -> Vec<String> {
    let bytes = tensor();
    let input = TensorRef::new(DType::F32, &DIMS, &bytes).expect("dims and bytes agree");
    let pools = [1, 2].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        (threads, pool.expect("threads can be started"))
    });
    let mut rows = Vec::new();
    for (codec, effort) in SETTINGS {
        let mut pairs = [Pair::new(effort, STEP), Pair::new(effort, STEP)];
        let mut best = [(0, u128::MAX, u128::MAX); 2];
        for _ in 0..ROUNDS {
            for ((pair, best), (_, pool)) in pairs.iter_mut().zip(&mut best).zip(&pools) {
                let (bytes, encode, decode) = pool.install(|| pair.elapsed(&input));
                *best = (bytes, best.1.min(encode), best.2.min(decode));
            }
        }
        for ((bytes, encode, decode), (threads, _)) in best.into_iter().zip(&pools) {
            rows.push(format!(
                "{{\"codec\": \"{codec}\", \"threads\": {threads}, \"values\": {}, \"bytes\": {bytes}, \"encode\": {encode}, \"decode\": {decode}}}",
                bytes_of(&DIMS) / 4
            ));
        }
    }
    rows
}

/// Peaks of the heap of a fresh encoder and a fresh decoder, the caller's tensor and frame included, as JSON objects.
pub fn peaks() -> Vec<String> {
    let bytes = tensor();
    let input = TensorRef::new(DType::F32, &DIMS, &bytes).expect("dims and bytes agree");
    let rows = SETTINGS.map(|(codec, effort)| {
        let options = Pair::options(effort, STEP);
        let mut frame = Vec::new();
        let (result, encode) = peak(|| Encoder::new().encode(&input, &options, &mut frame));
        result.expect("the bench's tensors can be encoded");
        let (_, decode) = peak(|| {
            let mut out = Vec::new();
            let decoded = Decoder::new().decode_into(&frame, Limits::default(), &mut out);
            decoded.expect("a frame just made can be decoded");
            out
        });
        format!(
            "{{\"setting\": \"{codec}\", \"tensor\": {}, \"frame\": {}, \"encode\": {}, \"decode\": {}}}",
            bytes.len(),
            frame.len(),
            encode + bytes.len(),
            decode + frame.len()
        )
    });
    rows.into()
}

fn bytes_of(dims: &[u32]) -> usize {
    4 * dims.iter().product::<u32>() as usize
}

/// Smooth planes of unlike channels, every third without negative values: about what lies behind an activation.
fn tensor() -> Vec<u8> {
    let plane = DIMS[2] * DIMS[3];
    let (mut state, mut previous) = (1u32, 0.0f32);
    let mut bytes = Vec::with_capacity(bytes_of(&DIMS));
    for i in 0..DIMS.iter().product::<u32>() {
        let mut noise = 0.0;
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise += (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
        }
        let channel = i / plane;
        previous = 0.6 * previous + noise * (1 + channel % 7) as f32;
        let value = if channel.is_multiple_of(3) {
            previous.max(0.0)
        } else {
            previous
        };
        bytes.extend(value.to_le_bytes());
    }
    bytes
}
