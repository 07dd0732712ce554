//! Channel transform and mean: from a profile's coefficients back to channels (spec § 15).

use crate::error::{Field, Result};
use crate::limits::try_resize;
use alloc::vec::Vec;
use slicer_kernels::dct::mix;

/// Adds a number to every value of a channel's plane.
pub(crate) fn add_means(planes: &mut [f32], plane: usize, means: &[f32]) {
    for (values, &mean) in planes.chunks_exact_mut(plane.max(1)).zip(means.iter().cycle()) {
        values.iter_mut().for_each(|v| *v += mean);
    }
}

/// y[c] = Σ A[c][k] · z[k] in every row of a tensor: from `from` coefficients to `to` channels.
pub(crate) fn mix_rows(
    matrix: &[f32],
    (from, to): (usize, usize),
    plane: usize,
    rows: usize,
    values: &mut Vec<f32>,
    scratch: &mut Vec<f32>,
) -> Result<()> {
    try_resize(scratch, rows * to * plane, Field::Transform)?;
    for r in 0..rows {
        let (z, y) = (
            &values[r * from * plane..][..from * plane],
            &mut scratch[r * to * plane..][..to * plane],
        );
        mix(matrix, to, plane, z, y);
    }
    core::mem::swap(values, scratch);
    Ok(())
}
