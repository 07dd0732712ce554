//! Reconstruction: from a level and its bin to a value (spec § Reconstruction).

use crate::bins::{Bin, Bins};
use crate::dtype::saturate_f32;
use slicer_dense::trellis::shift;

/// The value of a level in the real domain under an effective step, rounded once to f32.
///
/// The point 256·level + 128·(stride − 1) + delta·stride is an integer below 2^41, so the f64 product with step/256 is
/// off by at most one rounding; where the point is a multiple of 256 below 2^24 this equals the plain f32 product.
/// A product beyond the largest finite f32 saturates to it.
#[inline]
pub(crate) fn value(bin: &Bin, level: i32, step: f32) -> f32 {
    point(bin.point256(level), step)
}

/// The value of a point in 1/256 of a step.
#[inline]
fn point(point256: i64, step: f32) -> f32 {
    saturate_f32((point256 as f64 * (f64::from(step) / 256.0)) as f32)
}

/// The value of a level of a union quantiser (spec § 17); of any level in steps of one for union 0.
#[inline]
pub(crate) fn lattice(level: i32, union: usize, step: f32) -> f32 {
    point(256 * i64::from(level) - 128 * i64::from(shift(union, level)), step)
}

/// Values of all bins without offset bits under one step; the hot path is one look-up per value.
pub(crate) fn fill_lut(bins: &Bins, step: f32, lut: &mut [f32; 256]) {
    for (slot, bin) in lut.iter_mut().zip(bins.list()) {
        *slot = value(bin, bin.lower, step);
    }
}
