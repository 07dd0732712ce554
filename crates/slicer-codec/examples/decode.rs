//! A frame from someone we do not trust, back to a tensor: `cargo run --release --example decode [FILE]`.
//!
//! Without a file a small frame is made first.

use slicer_codec::{Budget, DType, EncodeOptions, Limits, Result, TensorRef, decode, encode, inspect};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    run(std::env::args().nth(1))
}

/// Decodes the frame in a file, or one that is made here.
pub fn run(path: Option<String>) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let frame = match path {
        Some(path) => std::fs::read(path)?,
        None => made_here()?,
    };
    // Nothing is allocated beyond the first, and no loop runs longer than the second allows, whatever the bytes say.
    let limits = Limits {
        max_bytes: 64 << 20,
        max_work: 1 << 26,
    };
    for field in inspect(&frame, &[], limits)? {
        println!("{:6}..{:<6} {:?} {}", field.start, field.end, field.field, field.value);
    }
    let tensor = decode(&frame, limits)?;
    println!(
        "{:?} {:?}, {} bytes",
        tensor.dtype,
        tensor.dims.as_slice(),
        tensor.bytes.len()
    );

    // A damaged frame is an error with a code and a place, never a part of a tensor.
    let mut damaged = frame.clone();
    damaged[frame.len() / 2] ^= 1;
    match decode(&damaged, limits) {
        Ok(_) => println!("one flipped bit: not noticed, because this frame has no checksum"),
        Err(error) => println!("one flipped bit: {:?} at byte {}", error.code(), error.offset()),
    }
    Ok(())
}

/// A frame of integers, kept exactly.
fn made_here() -> Result<Vec<u8>> {
    let bytes: Vec<u8> = (0..600u32).map(|i| (i * i / 97) as u8).collect();
    let tensor = TensorRef::new(DType::U8, &[20, 30], &bytes)?;
    Ok(encode(&tensor, &EncodeOptions::new(Budget::Lossless))?.0)
}
