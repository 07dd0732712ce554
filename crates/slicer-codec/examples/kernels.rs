//! Runs one of the codec's hot paths a number of times, for an instruction counter: `kernels NAME REPEATS`.
//!
//! Without arguments it prints the names, each with the values that one repeat handles.

use slicer_codec::*;

/// Name, values of a repeat, and what is done for a number of repeats.
type Kernel = (&'static str, usize, fn(usize));

const KERNELS: [Kernel; 8] = [
    ("encode fast", 1 << 16, |n| {
        encode_frames(Effort::Fast, &[8, 32, 16, 16], n)
    }),
    ("encode default", 1 << 16, |n| {
        encode_frames(Effort::Default, &[8, 32, 16, 16], n)
    }),
    ("encode dense", 1 << 12, |n| {
        encode_frames(Effort::Dense, &[1, 16, 16, 16], n)
    }),
    ("decode fast", 1 << 16, |n| {
        decode_frames(Effort::Fast, &[8, 32, 16, 16], n)
    }),
    ("decode default", 1 << 16, |n| {
        decode_frames(Effort::Default, &[8, 32, 16, 16], n)
    }),
    ("decode dense", 1 << 12, |n| {
        decode_frames(Effort::Dense, &[1, 16, 16, 16], n)
    }),
    ("encode token", 576, |n| tokens(n, 1)),
    ("decode token", 576, |n| tokens(1, n)),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, repeats] = &arguments[..] else {
        for (name, values, _) in KERNELS {
            println!("{values} {name}");
        }
        return;
    };
    let repeats = repeats.parse().expect("REPEATS is a number");
    let (_, _, kernel) = KERNELS.iter().find(|k| k.0 == name).expect("NAME is one of the list");
    kernel(repeats);
}

/// Smooth planes of unlike channels with zeros, as bytes: about what lies behind an activation.
fn tensor(dims: &[u32]) -> Vec<u8> {
    let (count, channels) = (dims.iter().product::<u32>(), dims.get(1).copied().unwrap_or(1));
    let plane = dims.iter().skip(2).product::<u32>();
    let mut state = 1u32;
    let mut previous = 0.0f32;
    let values = (0..count).map(|i| {
        let mut noise = 0.0;
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise += (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
        }
        let channel = i / plane % channels;
        previous = 0.6 * previous + noise * (1.0 + (channel % 7) as f32);
        if channel % 3 == 0 { previous.max(0.0) } else { previous }
    });
    values.flat_map(f32::to_le_bytes).collect()
}

fn options(effort: Effort) -> EncodeOptions {
    EncodeOptions {
        effort,
        report: false,
        ..EncodeOptions::new(Budget::Step(0.5))
    }
}

fn encode_frames(effort: Effort, dims: &[u32], repeats: usize) {
    let bytes = tensor(dims);
    let source = TensorRef::new(DType::F32, dims, &bytes).expect("dims and bytes agree");
    let (mut encoder, mut frame) = (Encoder::new(), Vec::new());
    for _ in 0..repeats {
        encoder
            .encode(&source, &options(effort), &mut frame)
            .expect("finite values");
    }
}

fn decode_frames(effort: Effort, dims: &[u32], repeats: usize) {
    let bytes = tensor(dims);
    let source = TensorRef::new(DType::F32, dims, &bytes).expect("dims and bytes agree");
    let (frame, _) = encode(&source, &options(effort)).expect("finite values");
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for _ in 0..repeats {
        decoder
            .decode_into(&frame, Limits::default(), &mut out)
            .expect("a sound frame");
    }
}

/// Bare bodies of one row of hidden states.
fn tokens(encodes: usize, decodes: usize) {
    let bytes = tensor(&[1, 576]);
    let options = StreamOptions::new(DType::F32, &[1, 576], 0.25);
    let mut encoder = StreamEncoder::new(&options, None).expect("sound options");
    let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).expect("a sound setup");
    let (mut body, mut out) = (Vec::new(), Vec::new());
    for _ in 0..encodes {
        encoder.encode(&bytes, &mut body).expect("finite values");
    }
    for _ in 0..decodes {
        decoder
            .decode_into(&body, Limits::default(), &mut out)
            .expect("a sound body");
    }
}
