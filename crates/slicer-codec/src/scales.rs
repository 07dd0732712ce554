//! Scales: per-row and per-channel factors of the step, in eighth octaves (spec § Scales).

use crate::error::{Error, ErrorCode, Field, Result};
use crate::math::exp2_eighths;

/// The step a group of values is reconstructed with: step · row factor · channel factor, rounded to f32 after each product.
///
/// Fails where the product leaves the positive finite range, so that no reconstruction can divide or overflow silently.
pub(crate) fn effective_step(step: f32, row: i8, channel: i8, offset: usize) -> Result<f32> {
    let e = (step * exp2_eighths(row)) * exp2_eighths(channel);
    if e > 0.0 && e < f32::INFINITY {
        Ok(e)
    } else {
        Err(Error::new(
            ErrorCode::Corrupt,
            Field::Scales,
            offset,
            u64::from(e.to_bits()),
        ))
    }
}
