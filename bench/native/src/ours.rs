//! The codec under test.

use crate::clock::time_each;
use crate::memory::peak;
use crate::npy::Tensor;
use crate::peers::Times;
use slicer_codec::{Budget, DType, Decoder, Effort, EncodeOptions, Encoder, Limits, Mode, TensorRef};
use std::time::Instant;

/// What is timed: a fixed step, no search, nothing measured afterwards.
pub const SETTINGS: [(&str, Effort); 2] = [
    ("slicer fast: classes", Effort::Fast),
    ("slicer default: classes, contexts", Effort::Default),
];

/// An encoder, a decoder and their buffers, all reused from call to call.
pub struct Pair {
    options: EncodeOptions,
    encoder: Encoder,
    decoder: Decoder,
    frame: Vec<u8>,
    decoded: Vec<u8>,
}

impl Pair {
    pub fn new(effort: Effort, step: f32) -> Self {
        Self {
            options: Self::options(effort, step),
            encoder: Encoder::new(),
            decoder: Decoder::new(),
            frame: Vec::new(),
            decoded: Vec::new(),
        }
    }

    /// What a pair is asked for.
    pub fn options(effort: Effort, step: f32) -> EncodeOptions {
        EncodeOptions {
            effort,
            report: false,
            ..EncodeOptions::new(Budget::Step(step))
        }
    }

    /// Bytes, and nanoseconds of both directions by the clock on the wall.
    pub fn elapsed(&mut self, input: &TensorRef<'_>) -> (usize, u128, u128) {
        let start = Instant::now();
        let report = self.encoder.encode(input, &self.options, &mut self.frame);
        let encode = start.elapsed().as_nanos();
        report.expect("the bench's tensors can be encoded");
        let start = Instant::now();
        let result = self
            .decoder
            .decode_into(&self.frame, Limits::default(), &mut self.decoded);
        let decode = start.elapsed().as_nanos();
        result.expect("a frame just made can be decoded");
        (self.frame.len(), encode, decode)
    }

    /// Encodes and decodes a tensor, each `repeats` times.
    pub fn round(&mut self, tensor: &Tensor, repeats: u32) -> Times {
        let input = reference(tensor);
        let (report, encode) = time_each(repeats, || self.encoder.encode(&input, &self.options, &mut self.frame));
        report.expect("the bench's tensors can be encoded");
        let (result, decode) = time_each(repeats, || {
            self.decoder
                .decode_into(&self.frame, Limits::default(), &mut self.decoded)
        });
        result.expect("a frame just made can be decoded");
        assert_eq!(self.decoded.len(), input.bytes.len());
        let bytes = self.frame.len();
        Times { bytes, encode, decode }
    }
}

fn reference(tensor: &Tensor) -> TensorRef<'_> {
    TensorRef::new(DType::F32, &tensor.dims, tensor.bytes()).expect("bytes and dims come from one file")
}

/// Everything that the cost of coding is told for, by name.
fn settings(step: f32) -> Vec<(&'static str, EncodeOptions)> {
    let set = |budget, mode, effort, report| EncodeOptions {
        mode,
        effort,
        report,
        ..EncodeOptions::new(budget)
    };
    let method = |keep, blocks, distortion| Budget::Method {
        keep,
        asymmetry: keep.map(|_| 1.0),
        blocks,
        distortion,
    };
    vec![
        ("step, fast", set(Budget::Step(step), Mode::Auto, Effort::Fast, false)),
        (
            "step, default",
            set(Budget::Step(step), Mode::Auto, Effort::Default, false),
        ),
        ("step, dense", set(Budget::Step(step), Mode::Auto, Effort::Dense, false)),
        (
            "nrmse 0.03, default",
            set(Budget::Nrmse(0.03), Mode::Auto, Effort::Default, true),
        ),
        (
            "nrmse 0.0001, default",
            set(Budget::Nrmse(0.0001), Mode::Auto, Effort::Default, true),
        ),
        (
            "nrmse 0.03, dense",
            set(Budget::Nrmse(0.03), Mode::Auto, Effort::Dense, true),
        ),
        (
            "the method, distortion 0.1",
            set(method(None, None, 0.1), Mode::Slicer, Effort::Default, true),
        ),
        (
            "the method, all kept, distortion 0.001",
            set(method(Some(1.0), Some(8), 0.001), Mode::Slicer, Effort::Default, true),
        ),
        (
            "2 bits a value, default",
            set(Budget::BitsPerValue(2.0), Mode::Auto, Effort::Default, true),
        ),
        (
            "20 bits a value, default",
            set(Budget::BitsPerValue(20.0), Mode::Auto, Effort::Default, true),
        ),
        ("lossless", set(Budget::Lossless, Mode::Auto, Effort::Default, true)),
    ]
}

/// Peak bytes of a fresh encoder (the caller's tensor added) and of a fresh decoder (its tensor is among what it holds).
pub fn peaks(tensor: &Tensor, step: f32) -> Vec<(&'static str, usize, usize)> {
    let input = reference(tensor);
    let mut rows = Vec::new();
    for (label, options) in settings(step) {
        let mut frame = Vec::new();
        let (result, encode) = peak(|| Encoder::new().encode(&input, &options, &mut frame).map(|_| ()));
        result.expect("the bench's tensors can be encoded");
        let (_, decode) = peak(|| {
            let mut out = Vec::new();
            Decoder::new()
                .decode_into(&frame, Limits::default(), &mut out)
                .expect("a frame just made can be decoded");
            out
        });
        rows.push((label, encode + input.bytes.len(), decode + frame.len()));
    }
    rows
}

/// Encodes a tensor under one of the settings, or decodes its frame, a number of times: for a counter of instructions.
pub fn repeat(tensor: &Tensor, step: f32, setting: &str, way: &str, repeats: u32) {
    let input = reference(tensor);
    let all = settings(step);
    let (_, options) = all.iter().find(|(label, _)| *label == setting).expect("a setting");
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
    let (mut frame, mut out) = (Vec::new(), Vec::new());
    let encodes = if way == "encode" { repeats } else { 1 };
    for _ in 0..encodes {
        encoder
            .encode(&input, options, &mut frame)
            .expect("the bench's tensors can be encoded");
    }
    for _ in encodes..repeats {
        decoder
            .decode_into(&frame, Limits::default(), &mut out)
            .expect("a frame just made can be decoded");
    }
}
