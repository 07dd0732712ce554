//! The two passes of a tile's DCT, and the channel transform, as products (spec § 15, § 16).

use crate::product::{Order, Shape, product};

/// A tile of h × w values inside a plane whose lines are `stride` apart; the plane's slice begins at the tile.
#[derive(Clone, Copy)]
pub struct Tile {
    /// Lines.
    pub h: usize,
    /// Values of a line.
    pub w: usize,
    /// Distance of lines.
    pub stride: usize,
}

/// Bases of a tile and its weights, empty without.
#[derive(Clone, Copy)]
pub struct Bases<'a> {
    /// Of the height, h × h, row k = frequency.
    pub down: &'a [f32],
    /// Of the width, w × w: row k = frequency for the inverse, column k = frequency for the forward transform.
    pub across: &'a [f32],
    /// r(u, v), h × w.
    pub weights: &'a [f32],
}

impl Tile {
    /// Lines of a plane times a matrix, or a matrix times lines of a plane.
    fn shape(&self, inputs: usize, matrix_stride: usize, stride: usize, out_stride: usize) -> Shape {
        Shape {
            outputs: self.h,
            inputs,
            width: self.w,
            matrix_stride,
            stride,
            out_stride,
        }
    }
}

/// From coefficients to values; `lines` holds h × w.
pub fn inverse(plane: &mut [f32], tile: Tile, bases: Bases<'_>, lines: &mut [f32]) {
    let Tile { h, w, stride } = tile;
    for (line, weights) in plane.chunks_mut(stride).zip(bases.weights.chunks_exact(w)) {
        line.iter_mut().zip(weights).for_each(|(z, r)| *z *= r);
    }
    product(plane, Order::Rows, bases.across, tile.shape(w, stride, w, w), lines);
    product(bases.down, Order::Columns, lines, tile.shape(h, h, w, stride), plane);
}

/// From values to coefficients, divided by the weights.
pub fn forward(plane: &mut [f32], tile: Tile, bases: Bases<'_>, lines: &mut [f32]) {
    let Tile { h, w, stride } = tile;
    product(bases.down, Order::Rows, plane, tile.shape(h, h, stride, w), lines);
    product(lines, Order::Rows, bases.across, tile.shape(w, w, w, stride), plane);
    for (line, weights) in plane.chunks_mut(stride).zip(bases.weights.chunks_exact(w)) {
        line.iter_mut().zip(weights).for_each(|(z, r)| *z /= r);
    }
}

/// `y[c] = Σ A[c][k] · z[k]` for every position; `matrix` holds A column by column, ascending k.
pub fn mix(matrix: &[f32], channels: usize, plane: usize, coefficients: &[f32], out: &mut [f32]) {
    let inputs = coefficients.len() / plane.max(1);
    // Of planes of one value, the channels lie in a line.
    let (order, outputs, width) = if plane == 1 {
        (Order::Rows, 1, channels)
    } else {
        (Order::Columns, channels, plane)
    };
    let shape = Shape {
        outputs,
        inputs,
        width,
        matrix_stride: channels,
        stride: width,
        out_stride: width,
    };
    let (left, right) = if plane == 1 {
        (coefficients, matrix)
    } else {
        (matrix, coefficients)
    };
    product(left, order, right, shape, out);
}

/// Four sums of products at once: none waits for another.
fn dots(rows: &[f32], values: &[f32], out: &mut [f32]) {
    let n = values.len();
    for (rows, out) in rows.chunks(4 * n).zip(out.chunks_mut(4)) {
        let row = |r: usize| rows.chunks_exact(n).nth(r).unwrap_or(values);
        let mut sums = [0.0f32; 4];
        for ((((x, a), b), c), d) in values.iter().zip(row(0)).zip(row(1)).zip(row(2)).zip(row(3)) {
            for (sum, m) in sums.iter_mut().zip([a, b, c, d]) {
                *sum += m * x;
            }
        }
        out.copy_from_slice(&sums[..out.len()]);
    }
}

/// `z[k] = Σ F[k][c] · x[c]` for every position; `matrix` holds F row by row, ascending c.
pub fn project(matrix: &[f32], channels: usize, plane: usize, values: &[f32], out: &mut [f32]) {
    if plane == 1 && channels > 0 {
        return dots(matrix, &values[..channels], out);
    }
    let shape = Shape {
        outputs: out.len() / plane.max(1),
        inputs: channels,
        width: plane,
        matrix_stride: channels,
        stride: plane,
        out_stride: plane,
    };
    product(matrix, Order::Rows, values, shape, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn one_position_is_projected_as_any() {
        for channels in 1..10 {
            for outputs in 1..10 {
                let matrix: Vec<f32> = (0..channels * outputs)
                    .map(|i| ((i * 37 + 11) % 101) as f32 / 64.0 - 0.7)
                    .collect();
                let values: Vec<f32> = (0..channels).map(|i| ((i * 53 + 7) % 97) as f32 / 64.0 - 0.7).collect();
                let pairs: Vec<f32> = values.iter().flat_map(|&x| [x, -x]).collect();
                let mut one = alloc::vec![0.0; outputs];
                let mut two = alloc::vec![0.0; 2 * outputs];
                project(&matrix, channels, 1, &values, &mut one);
                project(&matrix, channels, 2, &pairs, &mut two);
                assert!(
                    one.iter()
                        .zip(two.iter().step_by(2))
                        .all(|(a, b)| a.to_bits() == b.to_bits())
                );
            }
        }
    }
}
