//! The worked examples of `spec/bitstream.md`, appendix A: the files decode to the values the text states, and are what this
//! encoder writes. `UPDATE_EXAMPLES=1` rewrites the files.

// The crate's own examples, here so that they need no test program of their own.
mod examples;

use slicer_codec::*;
use std::path::PathBuf;

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn compare(name: &str, bytes: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../spec/examples")
        .join(name);
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}");
}

/// Example 1: the smallest useful frame, two floats as they are.
#[test]
fn raw_frame() {
    let bytes = floats(&[1.5, -2.0]);
    let tensor = TensorRef::new(DType::F32, &[2], &bytes).unwrap();
    let options = EncodeOptions {
        mode: Mode::Raw,
        ..EncodeOptions::new(Budget::Lossless)
    };
    let (frame, _) = encode(&tensor, &options).unwrap();
    compare("1-raw.slcf", &frame);
    assert_eq!(decode(&frame, Limits::default()).unwrap().bytes, bytes);
}

/// Example 2: eight values on a grid of 0.5, one lane, one inline or built-in table, an outlier with offset bits.
#[test]
fn uniform_frame() {
    let bytes = floats(&[0.0, 0.5, -0.5, 0.0, 1.0, 0.0, -0.5, 5.5]);
    let tensor = TensorRef::new(DType::F32, &[2, 4], &bytes).unwrap();
    let options = EncodeOptions {
        mode: Mode::Uniform,
        effort: Effort::Fast,
        ..EncodeOptions::new(Budget::Step(0.5))
    };
    let (frame, report) = encode(&tensor, &options).unwrap();
    assert_eq!(report.mode, Mode::Uniform);
    compare("2-uniform.slcf", &frame);
    assert_eq!(decode(&frame, Limits::default()).unwrap().bytes, bytes);
}

/// Example 3: a setup sent once and a bare body of two rows with their own classes.
#[test]
fn stream() {
    let options = StreamOptions::new(DType::F32, &[8, 3], 0.25);
    let mut encoder = StreamEncoder::new(&options, None).unwrap();
    compare("3-stream.setup", &encoder.setup());
    let bytes = floats(&[0.25, -0.5, 0.0, 3.0, 0.0, -5.25]);
    let mut body = Vec::new();
    encoder.encode(&bytes, &mut body).unwrap();
    compare("3-stream.body", &body);
    let mut out = Vec::new();
    let mut decoder = StreamDecoder::new(&encoder.setup(), &[], Limits::default()).unwrap();
    let (_, dims) = decoder.decode_into(&body, Limits::default(), &mut out).unwrap();
    assert_eq!((dims.as_slice(), out), (&[2, 3][..], bytes));
}
