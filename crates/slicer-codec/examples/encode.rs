//! A tensor at a cut, to a frame whose error is guaranteed: `cargo run --release --example encode [FILE]`.
//!
//! With a file name the frame is written there; `decode` reads it.

use slicer_codec::{Budget, DType, EncodeOptions, TensorRef, encode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(std::env::args().nth(1))
}

/// Encodes, and writes the frame where a path is given.
pub fn run(path: Option<String>) -> Result<(), Box<dyn std::error::Error>> {
    // What a network would compute: 64 channels of 14 × 14, half of each cut off by a ReLU.
    let dims = [1, 64, 14, 14];
    let count: u32 = dims.iter().product();
    let values = (0..count).map(|i| ((i as f32 * 0.37).sin() + (i as f32 * 0.011).cos()).max(0.0));
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();

    let tensor = TensorRef::new(DType::F32, &dims, &bytes)?;
    // At most 5 % of the tensor's root mean square, measured on the finished frame.
    let (frame, report) = encode(&tensor, &EncodeOptions::new(Budget::Nrmse(0.05)))?;
    assert!(report.nrmse <= 0.05);

    let ratio = report.raw_bytes as f64 / report.bytes as f64;
    println!(
        "{} bytes instead of {}: 1/{ratio:.1} at an NRMSE of {:.4}",
        report.bytes, report.raw_bytes, report.nrmse
    );
    println!("by section: {:?}", report.sections);
    if let Some(path) = path {
        std::fs::write(&path, &frame)?;
        println!("written to {path}");
    }
    Ok(())
}
