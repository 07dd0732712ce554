//! DCT: orthonormal transforms of a plane's tiles, with an optional frequency weight (spec § 16).

use crate::error::{Field, Result};
use crate::limits::try_resize;
use crate::math::sqrt;
use alloc::vec::Vec;
use slicer_kernels::dct as kernel;
use slicer_kernels::product::Order;

/// Longest axis of a tile.
pub(crate) const TILE: usize = 64;
/// Tile sizes in one plane, at most: two heights times two widths.
const PLANE_SIZES: usize = 4;

/// (−1)^⌊i/2⌋ / i! for i = 2 … 14.
const SERIES: [f64; 15] = {
    let mut series = [0.0; 15];
    let (mut factorial, mut i) = (1.0, 2);
    while i < 15 {
        factorial *= i as f64;
        series[i] = if i & 2 == 0 { 1.0 } else { -1.0 } / factorial;
        i += 1;
    }
    series
};

/// cos(π (2n + 1) k / 2N) · norm: in f64, then rounded to f32.
fn constant(size: usize, k: usize, n: usize, norm: f64) -> f32 {
    use core::f64::consts::PI;
    let mut m = (2 * n + 1) * k % (4 * size);
    let mut negative = false;
    if m > 2 * size {
        m = 4 * size - m;
    }
    if m > size {
        (m, negative) = (2 * size - m, true);
    }
    let horner = |first: usize, x: f64| {
        let mut sum = SERIES[first];
        let mut i = first;
        while i > 3 {
            i -= 2;
            sum = SERIES[i] + x * sum;
        }
        1.0 + x * sum
    };
    let angle = |j: usize| (j as f64 * PI) / (2 * size) as f64;
    let value = if 2 * m <= size {
        let t = angle(m);
        horner(14, t * t)
    } else {
        let t = angle(size - m);
        t * horner(13, t * t)
    };
    let value = (value * norm) as f32;
    if negative { -value } else { value }
}

/// √(1 / N) for the first row of a basis, √(2 / N) for the others.
fn norm(size: usize, k: usize) -> f64 {
    sqrt(if k == 0 { 1.0 } else { 2.0 } / size as f64)
}

/// Bases and weights of the sizes met so far.
#[derive(Default)]
pub(crate) struct Dct {
    /// Size, order (rows: one a frequency) and first entry of every basis in `entries`.
    bases: Vec<(usize, Order, usize)>,
    entries: Vec<f32>,
    line: Vec<f32>,
    /// Weights of the tile sizes of one plane: at most two heights times two widths.
    weights: Vec<f32>,
    /// Height, width and first entry of each in `weights`.
    weighed: Vec<(usize, usize, usize)>,
}

/// First value of part `t` when an axis of `n` values is cut into tiles.
fn edge(n: usize, parts: usize, t: usize) -> usize {
    (t as u64 * n as u64 / parts as u64) as usize
}

impl Dct {
    fn basis(&mut self, size: usize, order: Order) -> Result<usize> {
        if let Some(&(_, _, at)) = self.bases.iter().find(|b| (b.0, b.1) == (size, order)) {
            return Ok(at);
        }
        let at = self.entries.len();
        try_resize(&mut self.entries, at + size * size, Field::Dct)?;
        for k in 0..size {
            let norm = norm(size, k);
            for n in 0..size {
                let place = match order {
                    Order::Rows => k * size + n,
                    Order::Columns => n * size + k,
                };
                self.entries[at + place] = constant(size, k, n, norm);
            }
        }
        self.bases.push((size, order, at));
        Ok(at)
    }

    /// r(u, v) of a tile.
    fn weigh(&mut self, h: usize, w: usize) -> Result<usize> {
        if let Some(&(_, _, at)) = self.weighed.iter().find(|r| (r.0, r.1) == (h, w)) {
            return Ok(at);
        }
        if self.weighed.len() == PLANE_SIZES {
            self.weighed.clear();
            self.weights.clear();
        }
        let at = self.weights.len();
        try_resize(&mut self.weights, at + h * w, Field::Dct)?;
        for (i, r) in self.weights[at..].iter_mut().enumerate() {
            let (u, v) = ((i / w) as f64 / h as f64, (i % w) as f64 / w as f64);
            *r = sqrt(sqrt(1.0 + 16.0 * (u * u + v * v))) as f32;
        }
        self.weighed.push((h, w, at));
        Ok(at)
    }

    /// Calls `f(self, plane, first value, tile height, tile width)` for every tile of every plane.
    fn tiles(
        &mut self,
        planes: &mut [f32],
        (height, width): (usize, usize),
        mut f: impl FnMut(&mut Self, &mut [f32], usize, usize, usize) -> Result<()>,
    ) -> Result<()> {
        let (down, across) = (height.div_ceil(TILE), width.div_ceil(TILE));
        for plane in planes.chunks_exact_mut((height * width).max(1)) {
            for i in 0..down {
                let (top, bottom) = (edge(height, down, i), edge(height, down, i + 1));
                for j in 0..across {
                    let (left, right) = (edge(width, across, j), edge(width, across, j + 1));
                    f(self, plane, top * width + left, bottom - top, right - left)?;
                }
            }
        }
        Ok(())
    }

    /// Turns the coefficients of whole planes back into values.
    pub fn inverse(&mut self, planes: &mut [f32], size: (usize, usize), weighted: bool) -> Result<()> {
        self.run(planes, size, weighted, Order::Rows, kernel::inverse)
    }

    /// Turns whole planes into coefficients; with `weighted`, divided by r(u, v).
    #[cfg(feature = "encode")]
    pub fn forward(&mut self, planes: &mut [f32], size: (usize, usize), weighted: bool) -> Result<()> {
        self.run(planes, size, weighted, Order::Columns, kernel::forward)
    }

    fn run(
        &mut self,
        planes: &mut [f32],
        size: (usize, usize),
        weighted: bool,
        across: Order,
        kernel: fn(&mut [f32], kernel::Tile, kernel::Bases<'_>, &mut [f32]),
    ) -> Result<()> {
        let stride = size.1;
        self.tiles(planes, size, |this, plane, first, h, w| {
            let (down, across) = (this.basis(h, Order::Rows)?, this.basis(w, across)?);
            let weights = if weighted { Some(this.weigh(h, w)?) } else { None };
            try_resize(&mut this.line, h * w, Field::Dct)?;
            let bases = kernel::Bases {
                down: &this.entries[down..down + h * h],
                across: &this.entries[across..across + w * w],
                weights: weights.map_or(&[], |at| &this.weights[at..at + h * w]),
            };
            kernel(
                &mut plane[first..],
                kernel::Tile { h, w, stride },
                bases,
                &mut this.line,
            );
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_of_the_text() {
        let bits = |n, k, i| constant(n, k, i, norm(n, k)).to_bits();
        assert_eq!(bits(2, 1, 1), 0xBF35_04F3);
        assert_eq!(bits(3, 2, 1), 0xBF51_05EC);
        assert_eq!(bits(7, 3, 2), 0xBF05_682E);
        assert_eq!(bits(14, 13, 6), 0x3EC0_4D0F);
        assert_eq!(bits(64, 31, 20), 0x3E30_9EF7);
        assert_eq!(bits(64, 63, 63), 0xBB8E_2871);
        assert_eq!(constant(1, 0, 0, norm(1, 0)), 1.0);
    }

    #[test]
    fn inverse_undoes_forward() {
        for size in [(1, 1), (1, 7), (5, 1), (3, 4), (14, 14), (65, 2), (2, 130)] {
            let n = size.0 * size.1;
            let values: Vec<f32> = (0..2 * n).map(|i| ((i * 37 + 11) % 101) as f32 - 50.0).collect();
            for weighted in [false, true] {
                let (mut z, mut dct) = (values.clone(), Dct::default());
                dct.forward(&mut z, size, weighted).unwrap();
                dct.inverse(&mut z, size, weighted).unwrap();
                assert!(
                    z.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-3),
                    "{size:?} {weighted}"
                );
            }
        }
    }
}
