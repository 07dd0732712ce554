//! Hidden states of a language model, one token at a time: a setup sent once, then a bare body of a few bytes more than its
//! payload for every row. `cargo run --release --example tokens`.

use slicer_codec::{DType, Limits, StreamDecoder, StreamEncoder, StreamOptions};

/// Values of a row.
const CHANNELS: u32 = 576;
/// What a value may be off by is half of this.
const STEP: f32 = 0.5;

fn main() -> slicer_codec::Result<()> {
    run()
}

/// Sends 32 rows, and one under a cap.
pub fn run() -> slicer_codec::Result<()> {
    // One row a body, and channel classes that follow what was sent before: no sample of rows is needed.
    let mut options = StreamOptions::new(DType::F32, &[1, CHANNELS], STEP);
    options.adaptive = true;

    let mut sender = StreamEncoder::new(&options, None)?;
    let setup = sender.setup();
    let mut receiver = StreamDecoder::new(&setup, &[], Limits::default())?;

    let (mut body, mut row) = (Vec::new(), Vec::new());
    let mut sent = 0;
    for token in 0..32 {
        let values = hidden_state(token);
        sender.encode(&values, &mut body)?;
        // The carrier keeps bodies apart, in this order: the classes depend on every one before.
        receiver.decode_into(&body, Limits::default(), &mut row)?;
        assert!(worst(&values, &row) <= STEP * 0.5001);
        sent += body.len();
    }
    let raw = 32 * 4 * CHANNELS as usize;
    println!(
        "32 tokens: {sent} bytes and a setup of {}, instead of {raw}",
        setup.len()
    );

    // Under a cap the step is made coarser for the rows that need it.
    sender.encode_within(&hidden_state(99), Some(120), &mut body)?;
    receiver.decode_into(&body, Limits::default(), &mut row)?;
    println!("under a cap of 120 bytes: {}", body.len());
    Ok(())
}

/// A row as little-endian bytes: channels of unlike sizes, as hidden states have them.
fn hidden_state(token: u32) -> Vec<u8> {
    let value = |c: u32| (c as f32 * 1.7 + token as f32 * 0.9).sin() * (1.0 + (c % 13) as f32);
    (0..CHANNELS).flat_map(|c| value(c).to_le_bytes()).collect()
}

/// The largest absolute difference of two rows.
fn worst(a: &[u8], b: &[u8]) -> f32 {
    let floats = |bytes: &[u8]| -> Vec<f32> {
        let quads = bytes.chunks_exact(4);
        quads.map(|q| f32::from_le_bytes([q[0], q[1], q[2], q[3]])).collect()
    };
    let pairs = floats(a).into_iter().zip(floats(b));
    pairs.fold(0.0, |worst, (x, y)| worst.max((x - y).abs()))
}
