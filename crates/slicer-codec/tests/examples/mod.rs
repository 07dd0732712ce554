//! The examples run, and what they assert holds.
#![allow(dead_code, reason = "nobody calls an example's main here")]

#[path = "../../examples/decode.rs"]
mod decode_a_frame;
#[path = "../../examples/encode.rs"]
mod encode_a_tensor;
#[path = "../../examples/tokens.rs"]
mod tokens;

#[test]
fn the_examples_run() {
    encode_a_tensor::run(None).unwrap();
    decode_a_frame::run(None).unwrap();
    tokens::run().unwrap();
}
