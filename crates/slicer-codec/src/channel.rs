//! Channel transform and mean: from a profile's coefficients back to channels (spec § 15).

use crate::dct::add_scaled;
use crate::error::{Field, Result};
use crate::limits::try_resize;
use alloc::vec::Vec;

/// y[c] = Σ A[c][k] · z[k] for every position: from `coefficients.len() / plane` planes to `channels` planes.
///
/// `matrix` holds A column by column. One accumulator per output, ascending k, every product and sum rounded; positions are
/// independent, so any number of them may advance together.
pub(crate) fn mix(matrix: &[f32], channels: usize, plane: usize, coefficients: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (column, z) in matrix.chunks_exact(channels).zip(coefficients.chunks_exact(plane)) {
        for (&a, out) in column.iter().zip(out.chunks_exact_mut(plane)) {
            add_scaled(out, a, z);
        }
    }
}

/// Adds a number to every value of a channel's plane.
pub(crate) fn add_means(planes: &mut [f32], plane: usize, means: &[f32]) {
    for (values, &mean) in planes.chunks_exact_mut(plane.max(1)).zip(means.iter().cycle()) {
        values.iter_mut().for_each(|v| *v += mean);
    }
}

/// Mixes every row of a tensor, through a buffer of one row.
pub(crate) fn mix_rows(
    matrix: &[f32],
    (from, to): (usize, usize),
    plane: usize,
    rows: usize,
    values: &mut Vec<f32>,
    scratch: &mut Vec<f32>,
) -> Result<()> {
    if plane == 1 {
        return mix_single(matrix, (from, to), rows, values, scratch);
    }
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

/// Planes of one value: a column of A serves a whole row at once.
fn mix_single(
    matrix: &[f32],
    (from, to): (usize, usize),
    rows: usize,
    values: &mut Vec<f32>,
    scratch: &mut Vec<f32>,
) -> Result<()> {
    try_resize(scratch, rows * to, Field::Transform)?;
    for (z, y) in values.chunks_exact(from).zip(scratch.chunks_exact_mut(to)) {
        y.fill(0.0);
        for (column, &z) in matrix.chunks_exact(to).zip(z) {
            add_scaled(y, z, column);
        }
    }
    core::mem::swap(values, scratch);
    Ok(())
}
