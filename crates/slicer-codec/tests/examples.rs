//! The examples run, and what they assert holds.
#![cfg(all(feature = "std", feature = "encode"))]

#[path = "../examples/encode.rs"]
mod encode_a_tensor;

#[path = "../examples/tokens.rs"]
mod tokens;

#[path = "../examples/decode.rs"]
mod decode_a_frame;

#[test]
fn the_examples_run() {
    tokens::run().unwrap();
    encode_a_tensor::run(None).unwrap();
    decode_a_frame::run(None).unwrap();
}
